import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { CatchingUp, connect, shown } from "./feed.mjs";

/** Scripts of which each is a test, and others of chance. */
const [NAMED, CHANCE] = [process.env.NAMED, process.env.CHANCE].map((path) => JSON.parse(readFileSync(path, "utf-8")));

function readMessage(words) {
  const [topic, epoch, seq, last] = words.split(" ");
  const [kind, source] = topic.split("/");
  const told = last ? { last_event_seq: Number(last.replace("last=", "")) } : {};
  return { topic, kind, source, body: { v: 1, source, epoch, seq: Number(seq), ...told }, missed: 0, lost: false, restarted: false };
}

function writeMessage({ topic, body: { epoch, seq, last_event_seq: last } }) {
  return [topic, epoch, seq, ...(last === undefined ? [] : [`last=${last}`])].join(" ");
}

const writePosition = ({ epoch, seq }) => `${epoch || "-"} ${seq}`;

function writeHanded({ message, position }) {
  const { missed, lost, restarted } = message;
  const told = [missed && `missed=${missed}`, lost && "lost", restarted && "restarted"].filter(Boolean);
  return [writeMessage(message), ...told, ...(position ? ["@", writePosition(position)] : [])].join(" ");
}

function played(catchingUp, { handed: _, ...step }) {
  for (const said of ["connected", "arrived"]) {
    if (!step[said]) continue;
    catchingUp[said]();
    return step;
  }
  if (step.request !== undefined) {
    const request = catchingUp.request();
    return { request: request && `${request.source} ${writePosition(request.position)}${request.last ? ` last=${request.last}` : ""}` };
  }
  let handed;
  if (step.take) handed = catchingUp.take(readMessage(step.take));
  else if (step.refuse) handed = catchingUp.refuse();
  else handed = catchingUp.answer({ events: step.answer.map(readMessage), complete: step.complete, more: step.more });
  return { ...step, handed: handed.map(writeHanded) };
}

function readSince(since) {
  return since && Object.fromEntries(
    Object.entries(since).map(([source, words]) => {
      const [epoch, seq] = words.split(" ");
      return [source, { epoch: epoch === "-" ? "" : epoch, seq: Number(seq) }];
    }),
  );
}

function play({ name, topics, since, back, steps }) {
  const catchingUp = new CatchingUp(topics, readSince(since) ?? undefined, back);
  assert.deepEqual(
    steps.map((step) => played(catchingUp, step)),
    steps,
    name,
  );
}

for (const script of NAMED) test(script.name, () => play(script));

test("whatever chance brings is handed on as in Python", () => {
  assert.ok(CHANCE.length);
  for (const script of CHANCE) play(script);
});

const BOX = [[10, 20], [50, 20], [50, 32], [10, 32]];
const TEXT = {
  id: 1,
  state: "settled",
  text: "EXIT",
  polygon: BOX,
  velocity: [100, -40],
  words: [{ text: "EXIT", polygon: BOX, confidence: 1 }],
  chars: [{ char: "E", polygon: BOX, confidence: 1, alternatives: [] }],
};
const BODY = { source: "cam1", frame: 7, size: [1280, 720], captured_at: 1000, texts: [TEXT] };

test("a text is where its velocity has carried it, for a quarter of a second at most, with its words and characters", () => {
  for (const [time, dx, dy] of [[1000, 0, 0], [1000.125, 12.5, -5], [1000.25, 25, -10], [1007, 25, -10], [999.875, -12.5, 5], [990, -25, 10]]) {
    const moved = BOX.map(([x, y]) => [x + dx, y + dy]);
    const { texts, age_s: age, ...rest } = shown(BODY, time);
    assert.equal(age, time - 1000);
    assert.deepEqual(rest, { source: "cam1", frame: 7, size: [1280, 720], coasting: [], tentative: [] });
    assert.deepEqual([texts[0].polygon, texts[0].words[0].polygon, texts[0].chars[0].polygon], [moved, moved, moved]);
    assert.deepEqual({ ...texts[0], polygon: BOX, words: TEXT.words, chars: TEXT.chars }, TEXT);
  }
  assert.deepEqual(BODY.texts[0].polygon, BOX);
});

test("texts are told apart by how far they can be trusted, and characters need not be there", () => {
  const texts = ["settled", "coasting", "tentative", "reading", "later"].map((state, id) => ({ ...TEXT, id, state, chars: undefined }));
  const parts = shown({ ...BODY, texts }, 1000);
  const ids = (part) => part.map(({ id }) => id);
  assert.deepEqual([ids(parts.texts), ids(parts.coasting), ids(parts.tentative)], [[0, 3], [1], [2]]);
});

test("what cannot work is said at once", () => {
  assert.throws(() => connect("ws://127.0.0.1:1/feed", { WebSocket: null }), /no WebSocket here/);
});
