import assert from "node:assert/strict";
import test from "node:test";

import { connect } from "./feed.js";

/** The other end of the connection. */
class Socket extends EventTarget {
  static last;
  sent = [];

  constructor() {
    super();
    Socket.last = this;
    setTimeout(() => this.dispatchEvent(new Event("open")));
  }

  send(words) {
    this.sent.push(JSON.parse(words));
  }

  close() {}

  tell(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  text(seq, frame, source = "cam1", epoch = "one") {
    this.tell(`text/${source} ${JSON.stringify({ v: 1, source, epoch, seq, frame, captured_at: frame / 30, texts: [] })}`);
  }

  picture(frame, source = "cam1", epoch = "one") {
    const body = { v: 1, source, epoch, seq: frame + 1, frame, captured_at: frame / 30 };
    this.tell(new TextEncoder().encode(`picture/${source} ${JSON.stringify(body)}\njpeg`).buffer);
  }
}

async function connected(topics) {
  const feed = connect("ws://there", { topics, WebSocket: Socket });
  await new Promise((resolve) => setTimeout(resolve, 5));
  return [feed, Socket.last];
}

async function nextPicture(feed) {
  for await (const message of feed) if (message.kind === "picture") return message;
}

test("a picture brings the text of its frame, the newest of those, or the last one before it", async () => {
  const [feed, socket] = await connected(["text/", "picture/"]);
  for (const [seq, frame] of [[1, 0], [2, 1], [3, 1], [4, 2], [5, 4]]) socket.text(seq, frame);
  socket.text(1, 1, "cam2");
  const seqs = [];
  for (const frame of [1, 2, 3, 5]) {
    socket.picture(frame);
    seqs.push((await nextPicture(feed)).text.seq);
  }
  assert.deepEqual(seqs, [3, 4, 4, 5]);
  // The server sends it later where a newer one has taken its place.
  socket.text(9, 8);
  socket.text(8, 7);
  socket.picture(7);
  assert.equal((await nextPicture(feed)).text.seq, 8);
  socket.picture(9, "cam1", "two");
  assert.equal((await nextPicture(feed)).text, null);
  feed.close();
});

test("the next picture is asked for once one was drawn, and not before", async () => {
  const [feed, socket] = await connected(["picture/"]);
  socket.picture(4);
  socket.picture(2, "cam2");
  const pictures = [await nextPicture(feed), await nextPicture(feed)];
  const drawn = () => socket.sent.filter(({ op }) => op === "drawn");
  assert.deepEqual(drawn(), []);
  feed.drawn(pictures[1]);
  assert.deepEqual(drawn(), [{ op: "drawn", source: "cam2", frame: 2 }]);
  feed.close();
});

test("which pictures come can be changed, and nothing else is", async () => {
  const [feed, socket] = await connected(["text/", "event/", "picture/a "]);
  feed.subscribe(["picture/b ", "picture/c "]);
  feed.subscribe([]);
  const topics = socket.sent.filter(({ op }) => op === "subscribe").map((order) => order.topics);
  assert.deepEqual(topics, [
    ["text/", "event/", "picture/a ", "status/"],
    ["text/", "event/", "picture/b ", "picture/c ", "status/"],
    ["text/", "event/", "status/"],
  ]);
  socket.picture(1, "a");
  socket.text(1, 1, "a");
  for await (const { kind } of feed) {
    assert.equal(kind, "text");
    break;
  }
  feed.close();
});
