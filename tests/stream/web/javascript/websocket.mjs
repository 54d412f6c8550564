// A web socket for a Node that has none of its own: as much of one as the feed's client uses, and no checks but for the handshake.

import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

class PlainWebSocket extends EventTarget {
  #socket = null;
  #rest = Buffer.alloc(0);
  #ended = false;

  constructor(url) {
    super();
    const key = randomBytes(16).toString("base64");
    const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": key };
    const asked = request(url.replace(/^ws/, "http"), { headers });
    asked.on("error", () => this.#end("error"));
    asked.on("response", () => this.#end("error"));
    asked.on("upgrade", ({ headers: answered }, socket, head) => {
      const accept = createHash("sha1").update(key + GUID).digest("base64");
      if (answered["sec-websocket-accept"] !== accept || this.#ended) {
        socket.destroy();
        this.#end("error");
        return;
      }
      this.#socket = socket;
      socket.setNoDelay();
      socket.on("error", () => {});
      socket.on("close", () => this.#end("close"));
      socket.on("data", (data) => this.#read(data));
      this.dispatchEvent(new Event("open"));
      this.#read(head);
    });
    asked.end();
  }

  send(text) {
    this.#write(0x1, Buffer.from(text));
  }

  close() {
    if (this.#socket) this.#write(0x8, Buffer.alloc(0));
    this.#socket?.end();
    this.#ended = true;
  }

  #write(opcode, data) {
    const mask = randomBytes(4);
    const long = data.length > 125;
    const head = Buffer.from([0x80 | opcode, 0x80 | (long ? 126 : data.length), ...(long ? [data.length >> 8, data.length & 255] : [])]);
    this.#socket.write(Buffer.concat([head, mask, data.map((byte, at) => byte ^ mask[at & 3])]));
  }

  #read(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    while (this.#rest.length >= 2) {
      const opcode = this.#rest[0] & 15;
      let [begin, length] = [2, this.#rest[1] & 127];
      if (length > 125) begin = length === 126 ? 4 : 10;
      if (this.#rest.length < begin) return;
      if (length === 126) length = this.#rest.readUInt16BE(2);
      else if (length === 127) length = Number(this.#rest.readBigUInt64BE(2));
      if (this.#rest.length < begin + length) return;
      const frame = Buffer.from(this.#rest.subarray(begin, begin + length));
      this.#rest = this.#rest.subarray(begin + length);
      if (opcode === 0x9) this.#write(0xa, frame);
      else if (opcode === 0x8) this.#socket.end();
      else if (opcode === 0x1) this.#tell(frame.toString());
      else if (opcode === 0x2) this.#tell(frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.length));
    }
  }

  #tell(data) {
    if (!this.#ended) this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  #end(how) {
    if (!this.#ended) this.dispatchEvent(new Event(how));
    this.#ended = true;
  }
}

globalThis.WebSocket ??= PlainWebSocket;
export const WebSocket = globalThis.WebSocket;
