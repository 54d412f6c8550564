import assert from "node:assert/strict";
import test from "node:test";

import { arrange, boxOf, glide } from "./labels.js";

const BOUNDS = [0, 0, 1000, 600];

function text(id, x, y, width = 100, height = 30, state = "settled") {
  const polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  return { id, state, text: `text ${id}`, size: [80, 24], polygon };
}

const boxOfLabel = ({ x, y, size }) => [x, y, x + size[0], y + size[1]];
const meets = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];

function check(texts, labels) {
  const boxes = labels.map(boxOfLabel);
  boxes.forEach((box, at) => {
    assert.ok(box[0] >= 0 && box[1] >= 0 && box[2] <= 1000 && box[3] <= 600, `${box} is outside`);
    for (const other of boxes.slice(at + 1)) assert.ok(!meets(box, other), "two labels meet");
    for (const { polygon } of texts) assert.ok(!meets(box, boxOf(polygon)), "a label hides a text");
  });
}

/** As a sheet of a street would have it, always the same. */
function street(count, seed = 7) {
  let state = seed;
  const next = (most) => (state = (state * 16807) % 2147483647) % most;
  return Array.from({ length: count }, (_, id) => text(id, next(880), next(560), 20 + next(100), 10 + next(30)));
}

test("a label is beside its text and hides none, also at the edges", () => {
  for (const [x, y] of [[400, 300], [0, 0], [900, 0], [0, 570], [900, 570], [-50, 300]]) {
    const texts = [text(1, x, y)];
    const [label] = arrange(texts, [], BOUNDS);
    assert.equal(label.leader, null);
    check(texts, [label]);
  }
});

test("no label hides a text or another label, however many there are, and each text has one or is counted", () => {
  for (const count of [5, 20, 60, 200]) {
    const texts = street(count);
    const labels = arrange(texts, [], BOUNDS);
    check(texts, labels);
    assert.equal(labels.length + labels.reduce((sum, { more }) => sum + more, 0), count);
  }
});

test("where there is no room beside a text a line leads from it to its label", () => {
  const texts = [text(1, 400, 300), ...[[280, 240], [400, 240], [520, 240], [280, 300], [520, 300], [280, 360], [400, 360], [520, 360]].map(([x, y], at) => text(at + 2, x, y, 115, 55))];
  const label = arrange(texts, [], BOUNDS).find(({ id }) => id === 1);
  const [[fromX, fromY], [toX, toY]] = label.leader;
  assert.ok(fromX >= 400 && fromX <= 500 && fromY >= 300 && fromY <= 330);
  const [left, top, right, bottom] = boxOfLabel(label);
  assert.ok(toX >= left && toX <= right && toY >= top && toY <= bottom && Math.hypot(toX - fromX, toY - fromY) > 30);
});

test("a label keeps its place beside its text while that is free", () => {
  let texts = [text(1, 400, 300), text(2, 400, 272, 100, 26)];
  const before = arrange(texts, [], BOUNDS);
  const place = ({ x, y }, box) => [x - box[0], y - box[1]];
  const [first] = before.filter(({ id }) => id === 1);
  // The other one goes away, and above there would be room now.
  texts = [text(1, 420, 310)];
  const [after] = arrange(texts, before, BOUNDS);
  assert.equal(after.slot, first.slot);
  assert.deepEqual(place(after, [420, 310]), place(first, [400, 300]));
  assert.notEqual(arrange(texts, [], BOUNDS)[0].slot, first.slot);
});

test("who has a label keeps it before who comes", () => {
  const small = text(1, 400, 300, 20, 10);
  const before = arrange([small], [], BOUNDS);
  const [label] = arrange([small, text(2, 380, 200, 300, 60)], before, BOUNDS, 2000 / 600_000);
  assert.equal(label.id, 1);
  assert.equal(label.more, 1);
});

test("labels cover no more than is allowed, and what has none is counted in a corner if need be", () => {
  const texts = street(20);
  const labels = arrange(texts, [], BOUNDS, 0.02);
  assert.ok(labels.length * 80 * 24 <= 0.02 * 600_000);
  assert.equal(labels.length + labels.reduce((sum, { more }) => sum + more, 0), 20);
  const [corner] = arrange(texts, [], BOUNDS, 0);
  assert.deepEqual([corner.text, corner.more, corner.x, corner.y], ["", 20, 0, 576]);
});

test("texts outside of what is seen have no label and are not counted", () => {
  assert.deepEqual(arrange([text(1, -200, 10), text(2, 1200, 10)], [], BOUNDS), []);
});

test("a label goes with its text at once, and to another place beside it bit by bit", () => {
  const [label] = arrange([text(1, 400, 300)], [], BOUNDS);
  let { labels: shown, moving } = glide([label], [], 0.016);
  assert.ok(moving && shown[0].alpha < 0.2);
  ({ labels: shown, moving } = glide([label], shown, 1));
  assert.deepEqual([moving, shown[0].alpha, shown[0].x, shown[0].y], [false, 1, label.x, label.y]);
  // The text jumps.
  const [jumped] = arrange([text(1, 450, 330)], [label], BOUNDS);
  ({ labels: shown, moving } = glide([jumped], shown, 0.016));
  assert.deepEqual([moving, shown[0].x, shown[0].y], [false, jumped.x, jumped.y]);
  // Another place.
  const other = { ...jumped, x: jumped.x + 100 };
  const way = [];
  for (let at = 0; at < 100; at++) {
    ({ labels: shown, moving } = glide([other], shown, 1 / 60));
    way.push(shown[0].x);
    if (!moving) break;
  }
  assert.ok(way.length > 5 && way.length < 60 && way.every((x, at) => at === 0 || x >= way[at - 1]));
  assert.equal(way.at(-1), other.x);
});
