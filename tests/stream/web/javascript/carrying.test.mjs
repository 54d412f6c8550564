// How texts are carried from the picture that they were read in to the one on the screen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Carrying } from "./carrying.js";
import { carry, chain, pyramid, step } from "./motion.js";

const [WIDTH, HEIGHT] = [160, 90];
const SIZE = [1280, 720];
/** A text of 24 pixels' height. */
const QUAD = [
  [560, 340],
  [720, 344],
  [719, 368],
  [559, 364],
];
const HEIGHT_OF_TEXT = 24;

/** Numbers that look like chance, always the same. */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A surface with structure at every scale: what is seen at a place, in pixels of the small picture. */
function surface(seed) {
  const random = chance(seed);
  const waves = Array.from({ length: 60 }, () => {
    const [length, angle] = [5 + 40 * random() ** 2, 2 * Math.PI * random()];
    return [(2 * Math.PI * Math.cos(angle)) / length, (2 * Math.PI * Math.sin(angle)) / length, 2 * Math.PI * random(), 4 + length / 6];
  });
  return (x, y) => 128 + waves.reduce((sum, [u, v, phase, strength]) => sum + strength * Math.sin(u * x + v * y + phase), 0);
}

/** The picture of a function of the place, with the noise of a camera. */
function picture(at, seed = 1) {
  const random = chance(seed);
  const data = new Float32Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) data[y * WIDTH + x] = Math.max(0, Math.min(255, at(x, y) + 4 * (random() - 0.5)));
  }
  return pyramid({ width: WIDTH, height: HEIGHT, data });
}

/** A turn and a zoom about the middle, and a shift in pixels: where a point goes, and what is seen where it has gone. */
function motion({ angle = 0, zoom = 1, shift: [u, v] = [0, 0] }) {
  const [cos, sin] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
  const [mx, my] = [WIDTH / 2, HEIGHT / 2];
  const map = [cos, sin, -sin, cos, (mx - cos * mx + sin * my + u) / WIDTH, (my - sin * mx - cos * my + v) / WIDTH];
  const back = (x, y) => {
    const [dx, dy] = [x - mx - u, y - my - v];
    return [mx + (cos * dx + sin * dy) / zoom ** 2, my + (-sin * dx + cos * dy) / zoom ** 2];
  };
  return { map, seen: (scene) => (x, y) => scene(...back(x, y)) };
}

function text(fields = {}) {
  const words = [{ text: "a", polygon: QUAD, confidence: 1 }];
  return { id: 1, rev: 1, state: "settled", text: "a", confidence: 1, polygon: QUAD, words, velocity: [0, 0], ...fields };
}

const body = (frame, fields = {}) => ({ source: "phone-1", frame, size: SIZE, captured_at: 5, texts: [text()], ...fields });

/** How far a polygon is from where it should be, in heights of the text. */
function miss(polygon, map, quad = QUAD) {
  const right = quad.map((point) => carry(map, point, SIZE[0]));
  return Math.max(...polygon.map(([x, y], at) => Math.hypot(x - right[at][0], y - right[at][1]))) / HEIGHT_OF_TEXT;
}

test("a step of a hand is seen to a fraction of a pixel", () => {
  const scene = surface(7);
  for (const way of [{ shift: [0.4, -0.3] }, { shift: [5, 3] }, { shift: [-24, 6] }, { angle: 0.05, shift: [2, 0] }, { zoom: 1.06 }]) {
    const { map, seen } = motion(way);
    const { map: found, sure } = step(picture(scene), picture(seen(scene), 2));
    assert.ok(sure);
    const [is, should] = [carry(found, [80, 45], WIDTH), carry(map, [80, 45], WIDTH)];
    assert.ok(Math.hypot(is[0] - should[0], is[1] - should[1]) < 0.25, `${JSON.stringify(way)}: ${is}, not ${should}`);
  }
});

test("a picture of something else is no step, and nor is one without structure", () => {
  assert.equal(step(picture(surface(7)), picture(() => 90)).sure, false);
  assert.equal(step(picture(() => 90), picture(() => 90, 2)).sure, false);
});

test("a text is drawn where it is when its answer comes five pictures later", () => {
  const scene = surface(3);
  const carrying = new Carrying();
  const way = (n) => motion({ angle: 0.008 * n, zoom: 1 + 0.006 * n, shift: [2.3 * n, -1.1 * n] });
  for (let n = 0; n < 10; n += 1) {
    // The camera makes it brighter meanwhile.
    carrying.look(picture((x, y) => (1 + 0.01 * n) * way(n).seen(scene)(x, y), n + 1), 100 + n / 30);
    if (n === 2) carrying.sent(41);
    if (n < 7) assert.equal(carrying.shown(), null);
    if (n === 6) assert.ok(carrying.take(body(41)));
    if (n < 7) continue;
    const back = motion({ angle: -0.016, zoom: 1 / 1.012 }).map;
    const from = chain([1, 0, 0, 1, -4.6 / WIDTH, 2.2 / WIDTH], back);
    const { texts, frame, age_s: age } = carrying.shown();
    assert.deepEqual([frame, age], [41, 0]);
    assert.ok(miss(texts[0].polygon, chain(from, way(n).map)) < 0.08);
    assert.deepEqual(texts[0].words[0].polygon, texts[0].polygon);
  }
});

test("a text that is nearer than what is behind it goes its own way", () => {
  const [behind, before] = [surface(3), surface(4)];
  /** A sign in the middle that goes twice as far as the wall. */
  const scene = (n) => (x, y) => {
    const [sx, sy] = [x - 1.6 * n, y + 0.8 * n];
    return Math.abs(sx - 80) < 26 && Math.abs(sy - 45) < 14 ? before(sx, sy) : behind(x - 0.8 * n, y + 0.4 * n);
  };
  const carrying = new Carrying();
  for (let n = 0; n < 5; n += 1) {
    carrying.look(picture(scene(n), n + 1), 100);
    if (n === 0) carrying.sent(1);
  }
  const wall = [
    [160, 100],
    [320, 100],
    [320, 124],
    [160, 124],
  ];
  carrying.take(body(1, { texts: [text(), text({ id: 2, polygon: wall })] }));
  const { texts } = carrying.shown();
  assert.ok(miss(texts[0].polygon, [1, 0, 0, 1, (4 * 1.6) / WIDTH, (-4 * 0.8) / WIDTH]) < 0.15);
  assert.ok(miss(texts[1].polygon, [1, 0, 0, 1, (4 * 0.8) / WIDTH, (-4 * 0.4) / WIDTH], wall) < 0.15);
});

test("only the newest answer counts, to a picture that was sent", () => {
  const carrying = new Carrying();
  const still = picture(surface(3));
  carrying.look(still, 100);
  carrying.sent(1);
  carrying.sent(2);
  assert.equal(carrying.take(body(3)), false);
  assert.ok(carrying.take(body(2)));
  assert.equal(carrying.take(body(1)), false);
  assert.ok(carrying.take(body(2, { texts: [] })));
  assert.deepEqual(carrying.shown().texts, []);
});

test("what nobody can vouch for is told as late, and what is old is not drawn", () => {
  const carrying = new Carrying();
  carrying.look(picture(surface(3)), 100);
  carrying.sent(1);
  carrying.take(body(1));
  carrying.look(picture(surface(900)), 100.1);
  assert.ok(carrying.shown().age_s > 0.25);
  carrying.look(picture(surface(3)), 103);
  assert.equal(carrying.shown(), null);
});

test("with another camera nothing holds that was read before", () => {
  const carrying = new Carrying();
  carrying.look(picture(surface(3)), 100);
  carrying.sent(1);
  carrying.look(pyramid({ width: 90, height: 160, data: new Float32Array(90 * 160) }), 100.1);
  assert.equal(carrying.take(body(1)), false);
  assert.equal(carrying.shown(), null);
});

test("maps are put together in their order", () => {
  const [first, then] = [motion({ angle: 0.3 }).map, motion({ shift: [3, 4], zoom: 2 }).map];
  const [one, other] = [carry(chain(first, then), [10, 20], WIDTH), carry(then, carry(first, [10, 20], WIDTH), WIDTH)];
  assert.ok(Math.hypot(one[0] - other[0], one[1] - other[1]) < 1e-9);
});
