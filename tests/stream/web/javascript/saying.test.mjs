import assert from "node:assert/strict";
import test from "node:test";

import { Saying, sentences } from "./saying.js";

/** A text with its middle at a place of a picture of 900 x 900, and letters of this height. */
function entity(id, text, [x, y] = [450, 450], height = 30, state = "settled") {
  const [left, right, top, bottom] = [x - 50, x + 50, y - height / 2, y + height / 2];
  return { id, text, state, polygon: [[left, top], [right, top], [right, bottom], [left, bottom]] };
}

/** What is to be said, with ways to tell it; texts are a block each, those in an array one together. */
function saying() {
  const it = new Saying();
  const told = (kind, source, body) => it.take({ kind, source, body: { epoch: "one", ...body } });
  const view = (at, blocks, { source = "door", ...more } = {}) => {
    const lines = blocks.map((block) => [block].flat());
    told("text", source, { published_at: at, size: [900, 900], texts: lines.flat(), blocks: lines.map((block) => block.map(({ id }) => id)), ...more });
  };
  const event = (at, type, id, { source = "door", ...more } = {}) => told("event", source, { published_at: at, type, entity: { id }, ...more });
  /** Texts in view that were just read. */
  const read = (at, blocks, more) => {
    view(at, blocks, more);
    for (const { id } of blocks.flat()) event(at, "read", id, more);
  };
  const all = (...by) => {
    const said = [];
    for (let next = it.next(...by); next; next = it.next(...by)) said.push(...next.sentences);
    return said;
  };
  return { it, view, event, read, all };
}

test("each text is said once, with where it is", () => {
  const { read, view, all } = saying();
  const texts = [100, 450, 800].flatMap((y, row) => [100, 450, 800].map((x, column) => entity(3 * row + column, "EXIT", [x, y])));
  read(1, texts);
  assert.deepEqual(
    new Set(all()),
    new Set(["upper left", "top", "upper right", "left", "middle", "right", "lower left", "bottom", "lower right"].map((place) => `EXIT, ${place}`)),
  );
  read(2, texts);
  assert.deepEqual(all(), []);
  view(3, [entity(1, "EXIT 2")]);
  assert.deepEqual(all(), []);
});

test("what is large and in the middle comes first", () => {
  const { read, all } = saying();
  read(1, [entity(1, "small aside", [50, 50], 20), entity(2, "small ahead", [450, 450], 20), entity(3, "large aside", [850, 850], 80)]);
  assert.deepEqual(all(), ["large aside, lower right", "small ahead, middle", "small aside, upper left"]);
});

test("the lines of a sign are said together once they have settled, and not waited for for ever", () => {
  const { read, view, event, all } = saying();
  const [first, second] = [entity(1, "Esplanade", [450, 430]), entity(2, "Station", [450, 470])];
  read(1, [first]);
  view(1, [[first, { ...second, state: "reading" }]]);
  assert.deepEqual(all(), []);
  view(1.2, [[first, second]]);
  event(1.2, "read", 2);
  assert.deepEqual(all(), ["Esplanade, Station, middle"]);
  const third = entity(3, "2 km", [450, 500]);
  view(4, [[first, second, third, entity(4, "?", [450, 520], 20, "reading")]]);
  event(4, "read", 3);
  assert.deepEqual(all(), []);
  view(5.6, [[first, second, third, entity(4, "?", [450, 520], 20, "reading")]]);
  assert.deepEqual(all(), ["2 km, middle"]);
});

test("only a settled reading that was told of counts, and only what is in view is said", () => {
  const { it, view, event, all } = saying();
  view(1, [entity(1, "seen and not told of")]);
  event(1, "read", 2);
  event(1, "changed", 1);
  assert.deepEqual(all(), []);
  view(2, [entity(2, "told of")]);
  assert.deepEqual(all(), ["told of, middle"]);
  assert.equal(it.next(), null);
});

test("what was read long ago is not said, but where one begins to listen", () => {
  const { it, view, event, all } = saying();
  for (const id of [1, 2]) event(1, "read", id);
  view(500, [entity(1, "old"), entity(3, "not settled", [450, 450], 30, "reading")]);
  assert.deepEqual(all(), []);
  it.begin();
  view(600, [entity(1, "old")]);
  assert.deepEqual(all(), ["old, middle"]);
  assert.deepEqual(all(), []);
});

test("what was skipped is not said later", () => {
  const { it, read, view, all } = saying();
  read(1, [entity(1, "EXIT"), entity(2, "Bakery")]);
  assert.equal(it.next().sentences.length, 1);
  it.skip();
  view(2, [entity(1, "EXIT"), entity(2, "Bakery")]);
  assert.deepEqual(all(), []);
});

test("a text that left and is read again, and the same after a restart, is news", () => {
  const { read, event, all } = saying();
  read(1, [entity(1, "EXIT")]);
  assert.equal(all().length, 1);
  event(20, "left", 1);
  read(30, [entity(2, "EXIT")]);
  assert.equal(all().length, 1);
  read(40, [entity(2, "EXIT")], { epoch: "two" });
  assert.equal(all().length, 1);
});

test("one camera alone is heard where that is wanted, and of several each is named", () => {
  const { read, all } = saying();
  read(1, [entity(1, "EXIT")]);
  read(1, [entity(1, "PARKING")], { source: "yard" });
  assert.deepEqual(all("yard"), ["PARKING, middle"]);
  assert.deepEqual(all(), ["door: EXIT, middle"]);
});

test("no sentence is longer than a voice can say, and none loses a letter", () => {
  const words = Array.from({ length: 60 }, (_, number) => `word${number}`).join(" ");
  const cut = sentences(words, 150);
  assert.ok(cut.every(({ length }) => length <= 150 && length > 100 - 60));
  assert.equal(cut.join(" "), words);
  assert.deepEqual(sentences("x".repeat(5), 2), ["xx", "xx", "x"]);
  assert.deepEqual(sentences("short", 150), ["short"]);
  const { read, all } = saying();
  read(1, [entity(1, words)]);
  assert.ok(all("", 80).every(({ length }) => length <= 80));
});
