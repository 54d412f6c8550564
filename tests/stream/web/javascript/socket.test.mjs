import assert from "node:assert/strict";
import test from "node:test";

import "./websocket.mjs";

/** A server that sends back what it gets, by itself and behind networks that refuse web sockets. */
const { DIRECT, REFUSING, COUNTING, SILENT, GONE } = process.env;
let page = 0;
/** The module as another page loads it, which knows nothing of what was tried before. */
const loaded = () => import(`./socket.js?${(page += 1)}`);

/** What comes of one kind, waited for one by one. */
function incoming(socket, kind) {
  const [come, waiting] = [[], []];
  socket.addEventListener(kind, (event) => (waiting.length ? waiting.shift()(event) : come.push(event)));
  return () => (come.length ? Promise.resolve(come.shift()) : new Promise((resolve) => waiting.push(resolve)));
}

async function opened(AnySocket, url) {
  const socket = new AnySocket(url);
  await incoming(socket, "open")();
  return socket;
}

async function echo(socket) {
  const next = incoming(socket, "message");
  const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
  const sent = ["Größe → 12", "", bytes, bytes.buffer.slice(0, 1), new Blob([bytes.subarray(0, 70_000)]), "x".repeat(70_000)];
  for (const data of sent) socket.send(data);
  for (const data of sent) {
    const { data: back } = await next();
    if (typeof data === "string") assert.equal(back, data);
    else assert.deepEqual(new Uint8Array(back), new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : (data.buffer?.slice(0) ?? data)));
  }
}

for (const [name, url] of [["a web socket", DIRECT], ["refused one", REFUSING], ["kept waiting for one", SILENT]]) {
  test(`messages of any kind and length go both ways and in order: ${name}`, async () => {
    const { AnySocket } = await loaded();
    const socket = await opened(AnySocket, url);
    assert.equal(socket.readyState, 1);
    if (url !== DIRECT) await echo(socket);
    else for (const text of ["Größe → 12", "x".repeat(10_000)]) {
      const next = incoming(socket, "message");
      socket.send(text);
      assert.equal((await next()).data, text);
    }
    const closed = incoming(socket, "close")();
    socket.close();
    await closed;
    assert.equal(socket.readyState, 3);
  });
}

test("what was found out is known to the next connection of the page", async () => {
  const { AnySocket } = await loaded();
  (await opened(AnySocket, COUNTING)).close();
  (await opened(AnySocket, COUNTING)).close();
});

test("what is sent just before the end arrives, and how the server ends it is told", async () => {
  const { AnySocket } = await loaded();
  const socket = await opened(AnySocket, REFUSING);
  const closed = incoming(socket, "close");
  socket.send("end 4001 because");
  const { code, reason, wasClean } = await closed();
  assert.deepEqual([code, reason, wasClean], [4001, "because", true]);
  const last = await opened(AnySocket, REFUSING);
  last.send("remember me");
  last.close();
  const other = await opened(AnySocket, REFUSING);
  const next = incoming(other, "message");
  for (;;) {
    other.send("remembered?");
    if ((await next()).data === "remember me") break;
  }
  other.close();
});

test("where nobody is, that is told once", async () => {
  const { AnySocket } = await loaded();
  const socket = new AnySocket(GONE);
  const [closed, errors] = [incoming(socket, "close"), incoming(socket, "error")];
  await errors();
  const { code, wasClean } = await closed();
  assert.deepEqual([code, wasClean, socket.readyState], [1006, false, 3]);
  socket.send("nothing");
  socket.close();
});

test("before it is open nothing can be sent, and it can be given up", async () => {
  const { AnySocket } = await loaded();
  const socket = new AnySocket(SILENT);
  assert.throws(() => socket.send("early"), { name: "InvalidStateError" });
  const closed = incoming(socket, "close")();
  socket.close();
  assert.equal((await closed).code, 1000);
});
