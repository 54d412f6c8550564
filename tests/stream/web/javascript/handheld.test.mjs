// What of the phone's page needs no camera: words for what is wrong, where texts lead, how good pictures are.

import assert from "node:assert/strict";
import { test } from "node:test";

import { links } from "./links.js";
import { Quality } from "./quality.js";
import { cameraTrouble, pageTrouble } from "./trouble.js";

const FINE = { secure: true, camera: true, protocol: "https:" };
const PAIRED = { paired: true, phones: true };

test("each thing that stands in the way has words of its own, which say what to do", () => {
  assert.equal(pageTrouble(FINE, PAIRED), "");
  assert.match(pageTrouble({ ...FINE, secure: false, protocol: "http:" }, PAIRED), /plain HTTP.*Scan the code/);
  assert.match(pageTrouble({ ...FINE, secure: false }, PAIRED), /not trusted.*help page/);
  assert.match(pageTrouble({ ...FINE, camera: false }, PAIRED), /another browser/);
  assert.match(pageTrouble(FINE, null), /cannot be reached/);
  assert.match(pageTrouble(FINE, { paired: false }), /not paired.*Scan/);
  assert.equal(pageTrouble(FINE, { paired: false, trouble: "This code is old." }), "This code is old.");
  assert.match(pageTrouble(FINE, { paired: true, phones: false }), /takes no phones/);
});

test("so has each way in which a camera does not start", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "SecurityError"];
  assert.equal(new Set(names.map((name) => cameraTrouble({ name, message: "" }))).size, names.length);
  assert.equal(cameraTrouble({ name: "OverconstrainedError", message: "" }), cameraTrouble({ name: "NotFoundError", message: "" }));
  assert.match(cameraTrouble({ name: "OddError", message: "it burns" }), /it burns/);
});

test("what leads somewhere in a text is found", () => {
  const found = (text) => links(text).map(({ href }) => href);
  assert.deepEqual(found("Visit www.example.org/menu, or HTTPS://a.example/b."), ["https://www.example.org/menu", "HTTPS://a.example/b"]);
  assert.deepEqual(found("info@bakery.example.de or Tel. +49 (89) 1234-567"), ["mailto:info@bakery.example.de", "tel:+49891234567"]);
  assert.deepEqual(found("OPEN 9.30 TO 18.00, PRICE 12.50, EXIT 12"), []);
  assert.deepEqual(found("javascript:alert(1)"), []);
});

test("pictures get smaller as the way gets slow, and better again with patience", () => {
  const quality = new Quality();
  const begin = [quality.side, quality.quality];
  let now = 0;
  const send = (ms, count) => {
    for (let at = 0; at < count; at += 1) quality.took(ms, (now += 100));
  };
  send(20, 50);
  assert.deepEqual([quality.side, quality.quality], begin);
  send(300, 2);
  assert.equal(quality.side, begin[0]);
  assert.ok(quality.quality < begin[1]);
  send(5000, 20);
  assert.ok(quality.side < begin[0]);
  const least = quality.side;
  send(10, 15);
  assert.equal(quality.side, least);
  send(10, 300);
  assert.deepEqual([quality.side, quality.quality], begin);
});
