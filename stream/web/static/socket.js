/**
 * A web socket where there can be one, and requests that stand for it where there cannot.
 *
 * Some networks refuse web sockets, and some phones do under a certificate that was only clicked away. So one is tried, and where
 * it is not there within two seconds, the same messages go by POST; once that has worked, this page does not try again.
 *
 * Owns: the way of messages. What they say is the business of whoever sends them. It depends on nothing.
 */

const PATIENCE_MS = 2_000;
const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
const [TEXT, BINARY, END] = [0, 1, 2];
/** Bytes before the content of a message: its kind, and its length. */
const HEAD = 5;
/** So much goes in one request, and one message in any case. */
const BATCH = 48 * 1024;
/** As a web socket says it: no end was said. */
const ABNORMAL = 1006;

/** Whether web sockets were refused here, and requests were not. */
let isRefused = false;

/**
 * As much of a WebSocket as programs here use: `addEventListener` for `open`, `message`, `close` and `error`, `send`, `close`,
 * `readyState`, `bufferedAmount`. Binary messages come as ArrayBuffer.
 */
export class AnySocket extends EventTarget {
  binaryType = "arraybuffer";
  readyState = CONNECTING;
  #url;
  /** @type {any} */
  #socket = null;
  #session = "";
  /** What is to be sent, in order. @type {(string | ArrayBuffer | ArrayBufferView | Blob)[]} */
  #queue = [];
  /** Bytes of that. */
  #queued = 0;
  /** The requests that send, one after the other. @type {Promise<void> | null} */
  #sending = null;
  #ending = new AbortController();

  /** @param {string | URL} url such as `wss://10.0.0.7:5580/feed` */
  constructor(url) {
    super();
    this.#url = new URL(url);
    if (isRefused || !globalThis.WebSocket) this.#post();
    else this.#try();
  }

  get url() {
    return String(this.#url);
  }

  get bufferedAmount() {
    return this.#socket?.bufferedAmount ?? this.#queued;
  }

  /** @param {string | ArrayBuffer | ArrayBufferView | Blob} data */
  send(data) {
    if (this.readyState === CONNECTING) throw new DOMException("It is not open yet.", "InvalidStateError");
    if (this.readyState !== OPEN) return;
    if (this.#socket) {
      this.#socket.send(data);
      return;
    }
    this.#queue.push(data);
    this.#queued += sizeOf(data);
    this.#sending ??= this.#sendAll();
  }

  close(code = 1000, reason = "") {
    if (this.readyState >= CLOSING) return;
    const wasOpen = this.readyState === OPEN;
    this.readyState = CLOSING;
    if (this.#socket) {
      this.#socket.close(code, reason);
    } else {
      this.#leave(wasOpen).then(() => this.#end(code, reason));
    }
  }

  // As a web socket.

  #try() {
    let isDecided = false;
    const decide = () => {
      clearTimeout(timer);
      const was = isDecided;
      isDecided = true;
      return !was;
    };
    /** @type {any} */
    let socket = null;
    const refuse = () => {
      if (!decide()) return;
      socket?.close();
      if (this.readyState === CONNECTING) this.#post();
    };
    const timer = setTimeout(refuse, PATIENCE_MS);
    try {
      socket = new WebSocket(this.#url);
    } catch {
      refuse();
      return;
    }
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      if (!decide()) return;
      if (this.readyState !== CONNECTING) {
        socket.close();
        return;
      }
      this.#socket = socket;
      this.#open();
    });
    socket.addEventListener("message", (/** @type {any} */ { data }) => this.#socket && this.#tell(data));
    // Some send only one of the two.
    for (const name of ["close", "error"]) {
      socket.addEventListener(name, (/** @type {any} */ { code, reason }) => {
        if (this.#socket) this.#end(code ?? ABNORMAL, reason ?? "");
        else refuse();
      });
    }
  }

  // As requests.

  async #post() {
    try {
      const { session } = await (await this.#ask("open")).json();
      this.#session = session;
    } catch {
      this.#end(ABNORMAL);
      return;
    }
    isRefused = Boolean(globalThis.WebSocket);
    if (this.readyState !== CONNECTING) {
      this.#leave(true);
      return;
    }
    this.#open();
    try {
      while (this.readyState === OPEN) this.#read(await (await this.#ask("receive")).arrayBuffer());
    } catch {
      this.#end(ABNORMAL);
    }
  }

  /** @param {string} verb @param {Blob | null} [body] @param {RequestInit} [options] */
  async #ask(verb, body = null, options = { signal: this.#ending.signal }) {
    const url = new URL(this.#url);
    url.protocol = url.protocol.replace("ws", "http");
    url.pathname = url.pathname.replace(/([^/]*)$/, `poll/$1/${verb}`);
    const headers = this.#session ? { "poll-session": this.#session } : undefined;
    const answer = await fetch(url, { method: "POST", cache: "no-store", headers, body, ...options });
    if (!answer.ok) throw new Error(`It was answered with ${answer.status}.`);
    return answer;
  }

  /** @param {ArrayBuffer} body */
  #read(body) {
    const view = new DataView(body);
    for (let at = 0; at < body.byteLength && this.readyState === OPEN; ) {
      const [kind, begins] = [view.getUint8(at), at + HEAD];
      at = begins + view.getUint32(at + 1);
      const content = body.slice(begins, at);
      if (kind === END) this.#end(view.getUint16(begins), textOf(content.slice(2)));
      else this.#tell(kind === TEXT ? textOf(content) : content);
    }
  }

  async #sendAll() {
    try {
      while (this.#queue.length) {
        let count = 0;
        for (let size = 0; count < this.#queue.length && (!count || size + sizeOf(this.#queue[count]) <= BATCH); count += 1) {
          size += sizeOf(this.#queue[count]);
        }
        const batch = this.#queue.splice(0, count);
        await this.#ask("send", new Blob(batch.flatMap(framed)));
        for (const data of batch) this.#queued -= sizeOf(data);
      }
    } catch {
      this.#end(ABNORMAL);
    }
    this.#sending = null;
  }

  /** Let what was sent go first; whether the server hears of the end is not waited for. @param {boolean} wasOpen */
  async #leave(wasOpen) {
    await this.#sending;
    if (wasOpen) this.#ask("close", null, { keepalive: true }).catch(() => {});
    this.#ending.abort();
  }

  // What is told.

  #open() {
    this.readyState = OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** @param {string | ArrayBuffer} data */
  #tell(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  /** @param {number} code @param {string} [reason] */
  #end(code, reason = "") {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#ending.abort();
    if (code === ABNORMAL) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason, wasClean: code !== ABNORMAL }));
  }
}

/** @param {ArrayBuffer} content */
function textOf(content) {
  return new TextDecoder().decode(content);
}

/** Bytes of a message, those of a text as its letters at least. @param {any} data @returns {number} */
function sizeOf(data) {
  return data.length ?? data.byteLength ?? data.size;
}

/** A message as it lies in a body, in parts. @param {any} data @returns {BlobPart[]} */
function framed(data) {
  const isText = typeof data === "string";
  const content = isText ? new TextEncoder().encode(data) : data;
  const head = new DataView(new ArrayBuffer(HEAD));
  head.setUint8(0, isText ? TEXT : BINARY);
  head.setUint32(1, content.byteLength ?? content.size);
  return [head.buffer, content];
}
