import assert from "node:assert/strict";
import test from "node:test";

import { csv, json } from "./exporting.js";

function entry(text, { earlier = [], source = "door" } = {}) {
  const polygon = [[0, 0], [90, 0], [90, 10], [0, 10]];
  const entity = { id: 7, rev: 2, state: "settled", text, confidence: 0.938, polygon, words: [], reads: 2, first_seen: 1796006991.5, last_seen: 1796006993 };
  return { key: "door a1 7", source, epoch: "a1", entity, earlier, isInView: false, isRead: true, shownAt: 0, folded: "" };
}

const cells = (entries) => csv(entries).slice(1).trimEnd().split("\r\n").slice(1);

test("a line of CSV has all that is known, and times that every program reads", () => {
  assert.equal(csv([]), "\ufeffcamera,text,earlier,attributes,rules,in view,first seen,last seen,confidence,times read,id,run\r\n");
  assert.deepEqual(cells([entry("EXIT 12", { earlier: ["EXIT 1", "EXIT 2"] })]), [
    "door,EXIT 12,EXIT 1 | EXIT 2,,,no,2026-11-30T02:49:51.500Z,2026-11-30T02:49:53.000Z,0.938,2,7,a1",
  ]);
});

test("what a text means and the rules that it matches have columns of their own", () => {
  const told = entry("2,80 €");
  told.entity.attributes = [{ kind: "price", value: 2.8, span: [0, 6], unit: "EUR", label: "was", alternatives: [280] }];
  told.entity.flags = [{ rule: "=cheap", span: [0, 6], action: "flag" }, { rule: "=cheap", span: [0, 1], action: "flag" }];
  assert.match(cells([told])[0], /^door,"2,80 €",,price 2\.8 EUR or 280 \(was\),'=cheap,no,/);
  assert.deepEqual(JSON.parse(json([told]))[0].flags[0], { rule: "=cheap", span: [0, 6], action: "flag" });
});

test("commas, quotes and breaks are quoted", () => {
  assert.match(cells([entry('a,"b"')])[0], /^door,"a,""b""",/);
  assert.match(csv([entry("a\nb")]), /door,"a\nb",/);
});

test("nothing that was read is a formula, whatever stands on the sign", () => {
  for (const text of ["=1+1", "+49 30", "-10 %", "@home", "\t=1", " =cmd|' /C calc'!A0", "＝1", "|x", "%0"]) {
    assert.ok(cells([entry(text)])[0].split(",")[1].replace(/^"/, "").startsWith("'"), text);
  }
  assert.match(csv([entry("\r=1")]), /door,"'\r=1"/);
  assert.match(cells([entry("-", { source: "-cam" })])[0], /^'-cam,'-,/);
  assert.match(cells([entry("1-2=3", { earlier: ["=x"] })])[0], /^door,1-2=3,'=x,/);
});

test("JSON has the feed's names and the words as they were read", () => {
  const [read] = JSON.parse(json([entry("=1+1")]));
  assert.deepEqual(read, {
    source: "door",
    epoch: "a1",
    id: 7,
    text: "=1+1",
    earlier: [],
    attributes: [],
    flags: [],
    in_view: false,
    first_seen: 1796006991.5,
    last_seen: 1796006993,
    confidence: 0.938,
    reads: 2,
    polygon: [[0, 0], [90, 0], [90, 10], [0, 10]],
  });
});
