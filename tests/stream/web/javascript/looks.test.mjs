import assert from "node:assert/strict";
import test from "node:test";

import { Clock } from "./clock.js";
import { along, edges } from "./draw.js";
import { colours, UNKNOWN } from "./ink.js";
import { Settings } from "./settings.js";

test("the edges of a text go from its beginning to its end, of quads and of curves", () => {
  assert.deepEqual(edges([[0, 0], [9, 0], [9, 3], [0, 3]]), [[[0, 0], [9, 0]], [[0, 3], [9, 3]]]);
  const curve = [[0, 2], [5, 0], [10, 2], [10, 5], [5, 3], [0, 5]];
  assert.deepEqual(edges(curve), [[[0, 2], [5, 0], [10, 2]], [[0, 5], [5, 3], [10, 5]]]);
});

test("a point is found along a line by its share of the length", () => {
  const line = [[0, 0], [10, 0], [10, 30]];
  assert.deepEqual([0, 0.125, 0.25, 0.5, 1].map((share) => along(line, share)), [[0, 0], [5, 0], [10, 0], [10, 10], [10, 30]]);
});

function patch(paper, ink) {
  const pixels = Array.from({ length: 48 * 12 }, (_, at) => (at % 48 > 8 && at % 48 < 40 && at > 96 && at < 480 && at % 3 ? ink : paper));
  return new Uint8ClampedArray(pixels.flatMap((colour) => [...colour, 255]));
}

test("ink is told from paper, dark on light and light on dark", () => {
  for (const [paper, ink] of [[[240, 238, 230], [20, 30, 90]], [[10, 60, 20], [250, 250, 240]], [[200, 30, 30], [250, 220, 60]]]) {
    assert.deepEqual(colours(patch(paper, ink), 48, 12), { ink: `rgb(${ink.join(" ")})`, paper: `rgb(${paper.join(" ")})` });
  }
});

test("where they cannot be told apart it is written so that it can be read", () => {
  assert.equal(colours(patch([90, 90, 90], [95, 95, 95]), 48, 12).ink, "rgb(255 255 255)");
  assert.equal(colours(patch([200, 200, 200], [195, 195, 195]), 48, 12).ink, "rgb(0 0 0)");
});

test("what is outside of the picture does not count", () => {
  const half = patch([200, 30, 30], [250, 220, 60]).map((value, at) => ((at >> 2) % 48 < 24 ? 0 : value));
  assert.deepEqual(colours(half, 48, 12), { ink: "rgb(250 220 60)", paper: "rgb(200 30 30)" });
  assert.deepEqual(colours(new Uint8ClampedArray(48 * 12 * 4), 48, 12), UNKNOWN);
});

test("the reader's clock is known, whatever that of the page says, also once one of them was set", () => {
  const clock = new Clock();
  assert.equal(clock.at(500), 500);
  // The page is an hour ahead, and messages take 20 to 200 ms.
  for (let at = 0; at < 20; at++) clock.heard(1000 + at, 4600 + at + [0.2, 0.02, 0.1][at % 3]);
  assert.ok(Math.abs(clock.at(4630) - 1029.98) < 1e-6);
  for (let at = 20; at < 90; at++) clock.heard(1000 + at, 1000 + at + 0.05);
  assert.ok(Math.abs(clock.at(1100) - 1099.95) < 1e-6);
  // Back by more than it knows.
  for (let at = 90; at < 200; at++) clock.heard(1000 + at, 5000 + at);
  assert.ok(Math.abs(clock.at(5210) - 1210) < 1e-6);
});

test("what was chosen is kept, and what cannot be is not believed", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const settings = new Settings(storage);
  let changes = 0;
  settings.addEventListener("change", () => (changes += 1));
  settings.set("size", 20);
  assert.deepEqual([changes, new Settings(storage).values.size, new Settings(storage).values.mode], [1, 20, "labels"]);
  kept.set("glyphfeed", '{"size": "large", "mode": "outlines", "later": 1}');
  const { size, mode, later } = new Settings(storage).values;
  assert.deepEqual([size, mode, later], [14, "outlines", 1]);
  for (const strange of ["no JSON", "null", "[1]"]) {
    kept.set("glyphfeed", strange);
    assert.equal(new Settings(storage).values.size, 14);
  }
});

test("where nothing can be kept it holds as long as the page", () => {
  const full = { getItem: () => null, setItem: () => { throw new Error("full"); } };
  const settings = new Settings(full);
  settings.set("size", 20);
  assert.equal(settings.values.size, 20);
  assert.equal(new Settings(undefined).values.size, 14);
});
