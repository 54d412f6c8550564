import assert from "node:assert/strict";
import test from "node:test";

import { fold, grouped, LIMIT, Listed } from "./listed.js";

function entity(id, text, { rev = 1, state = "settled", at = 100 + id, until = at + 1, ...more } = {}) {
  const polygon = [[0, 0], [90, 0], [90, 10], [0, 10]];
  const words = [{ text, polygon, confidence: 0.9 }];
  return { id, rev, state, text, confidence: 0.9, polygon, words, velocity: [0, 0], reads: 1, first_seen: at, last_seen: until, ...more };
}

/** A list with ways to tell it of one camera. */
function list(source = "door") {
  const listed = new Listed();
  const of = (epoch) => ({
    texts: (at, ...texts) => listed.take({ kind: "text", source, body: { epoch, captured_at: at, texts } }),
    event: (type, text, more) => listed.take({ kind: "event", source, body: { epoch, type, entity: text, ...more } }),
    status: (state) => listed.take({ kind: "status", source, body: { epoch, state } }),
  });
  return { listed, of, ...of("one") };
}

const say = (entries) => entries.map(({ isInView, entity: { text } }) => `${isInView ? "in" : "was"} ${text}`);

test("what is in view comes first, the newest on top, and then what was, the last on top", () => {
  const { listed, texts, event } = list();
  event("read", entity(1, "long ago", { until: 101 }));
  event("read", entity(2, "a while ago", { until: 150 }));
  event("read", entity(3, "old sign"));
  texts(200, entity(3, "old sign"), entity(4, "new sign", { at: 190 }));
  event("read", entity(4, "new sign", { at: 190 }));
  assert.deepEqual(say(listed.found()), ["in new sign", "in old sign", "was a while ago", "was long ago"]);
  assert.deepEqual(say(listed.found("", "in")), ["in new sign", "in old sign"]);
  assert.deepEqual(say(listed.found("", "was")), ["was a while ago", "was long ago"]);
});

test("a sign that comes back is one row, which says how often, and nothing of it is lost", () => {
  const { listed, texts, event } = list();
  for (const id of [1, 2, 3]) event("read", entity(id, "Nam Library"));
  event("read", entity(4, "EXIT"));
  const rows = grouped(listed.found());
  assert.deepEqual(rows.map(({ entity: { id }, all }) => [id, all?.length]), [[4, undefined], [3, 3]]);
  assert.deepEqual(rows[1].all.map(({ entity: { id } }) => id), [3, 2, 1]);
  // By the same key as before when it is there again; two signs at once are two.
  texts(200, entity(8, "Nam Library"), entity(9, "Nam Library"));
  const again = grouped(listed.found());
  assert.deepEqual(again.map(({ entity: { id }, all }) => [id, all?.length]), [[9, 4], [8, undefined], [4, undefined]]);
  assert.equal(again[0].key, rows[1].key);
});

test("a text that is not trusted is not listed, and one that never settled is forgotten once it is gone", () => {
  const { listed, texts } = list();
  texts(1, entity(1, "guess", { state: "tentative" }), entity(2, "", { state: "reading" }), entity(3, "EXI", { state: "reading" }));
  assert.deepEqual(say(listed.found()), ["in EXI"]);
  texts(3);
  assert.equal(listed.size, 0);
});

test("one that was read is kept when it is gone, without its words", () => {
  const { listed, texts } = list();
  texts(1, entity(1, "EXIT"));
  texts(3);
  const [entry] = listed.found();
  assert.deepEqual([entry.isInView, entry.entity.text, entry.entity.words], [false, "EXIT", []]);
});

test("a text that is missing for a moment, or in doubt, does not leave the view", () => {
  const { listed, texts } = list();
  texts(1, entity(1, "EXIT"));
  const { revision } = listed;
  texts(1.5);
  texts(2, entity(1, "EXI?", { state: "tentative" }));
  texts(2.9);
  assert.deepEqual(say(listed.found()), ["in EXIT"]);
  assert.equal(listed.revision, revision);
  texts(3.1);
  assert.deepEqual(say(listed.found()), ["was EXIT"]);
});

test("changed updates the entry, and what it said before can still be found", () => {
  const { listed, texts, event } = list();
  texts(1, entity(1, "Gate 4"));
  event("read", entity(1, "Gate 4"));
  texts(2, entity(1, "Gate 7", { rev: 2 }));
  event("changed", entity(1, "Gate 7", { rev: 2 }), { previous: "Gate 4" });
  assert.deepEqual(say(listed.found("gate 4")), ["in Gate 7"]);
  for (let minute = 0; minute < 90; minute += 1) event("changed", entity(1, `12:${minute}`, { rev: 3 + minute }), { previous: `12:${minute - 1}` });
  assert.equal(listed.found()[0].earlier.length, 5);
});

test("left moves it to what was, with what is known last; an event that came late takes nothing back", () => {
  const { listed, texts, event } = list();
  texts(1, entity(1, "new words", { rev: 5 }));
  event("read", entity(1, "old words", { rev: 4 }));
  assert.deepEqual(say(listed.found()), ["in new words"]);
  event("left", entity(1, "new words", { rev: 6, until: 42 }));
  const [entry] = listed.found();
  assert.deepEqual([entry.isInView, entry.entity.last_seen], [false, 42]);
});

test("after a restart everything of the run before was, also of cameras that are not there any more", () => {
  const { listed, of, texts } = list();
  texts(1, entity(1, "EXIT"));
  listed.take({ kind: "text", source: "yard", body: { epoch: "one", captured_at: 1, texts: [entity(1, "PARKING")] } });
  of("two").texts(9, entity(1, "EXIT", { at: 300 }));
  assert.deepEqual(say(listed.found()), ["in EXIT", "was EXIT", "was PARKING"].sort());
  // What was on its way since before the restart changes nothing.
  of("one").texts(1.1, entity(1, "EXIT"));
  assert.deepEqual(say(listed.found("", "in")), ["in EXIT"]);
  assert.equal(new Set(listed.found().map(({ key }) => key)).size, 3);
});

test("a camera that ended, failed or connects anew has nothing in view; one that is stalled may have", () => {
  const { listed, texts, status } = list();
  texts(1, entity(1, "EXIT"));
  status("stalled");
  assert.deepEqual(say(listed.found()), ["in EXIT"]);
  for (const state of ["ended", "failed", "connecting"]) {
    texts(1, entity(1, "EXIT"));
    status(state);
    assert.deepEqual(say(listed.found()), ["was EXIT"], state);
  }
});

test("all words are sought, in any order, in texts and cameras' names, whatever their case and accents", () => {
  const { listed, event } = list("Tür-2");
  ["Große Bäckerei", "STRASSE", "Øresund Æble", "Ｅｘｉｔ №１２", "ΟΔΟΣ ΑΘΗΝΑΣ", "한국어"].forEach((text, id) => event("read", entity(id, text)));
  const found = (words) => listed.found(words).map(({ entity: { text } }) => text);
  assert.deepEqual(found("backerei GROSSE"), ["Große Bäckerei"]);
  assert.deepEqual(found("straße"), ["STRASSE"]);
  assert.deepEqual(found("oresund aeble"), ["Øresund Æble"]);
  assert.deepEqual(found("exit 12"), ["Ｅｘｉｔ №１２"]);
  assert.deepEqual(found("οδος"), ["ΟΔΟΣ ΑΘΗΝΑΣ"]);
  assert.deepEqual(found("한"), ["한국어"]);
  assert.deepEqual(found("backerei tur-2"), ["Große Bäckerei"]);
  assert.deepEqual(found("backerei exit"), []);
  assert.equal(found("  ").length, 6);
  assert.equal(fold("Ǆ"), fold("ǆ"));
});

test("of more than a bound those go that have been out of view for longest", () => {
  const { listed, texts, event } = list();
  for (let id = 1; id <= LIMIT + 9; id += 1) event("read", entity(id, `text ${id}`));
  texts(LIMIT * 2, entity(1, "text 1"));
  assert.equal(listed.found().length, LIMIT);
  assert.equal(listed.size, LIMIT);
  assert.deepEqual(say(listed.found("text")).slice(0, 1), ["in text 1"]);
  assert.equal(listed.get("door one 2"), undefined);
});
