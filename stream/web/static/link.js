/**
 * The phone's connection to the reader: pictures there, on credit, and what was read in them back.
 *
 * Owns: credits, the numbers of pictures, and the renewal of the connection. Does not own the pictures.
 */

const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [250, 5_000];
/** Who was refused asks again, but not at once. */
const REFUSED_MS = 5_000;
/** A status comes every second; who hears nothing for so long asks whether anybody is there, and waits as long for the answer. */
const SILENCE_MS = 5_000;

/**
 * What is told, and when. `trouble` is a sentence, or "" when all is well again; `arrived` tells how many milliseconds a picture took.
 * @typedef {object} Listener
 * @property {(source: string) => void} welcome pictures are numbered anew from now on
 * @property {() => void} credit
 * @property {(body: any) => void} text
 * @property {(body: any) => void} status
 * @property {(ms: number) => void} arrived
 * @property {(sentence: string) => void} trouble
 * @property {(sentence: string) => void} taken another page has taken over, and nothing more is tried
 */

export class Link {
  #url;
  #phone;
  #listener;
  #WebSocket;
  /** @type {any} */
  #socket = null;
  #credits = 0;
  #number = 0;
  #attempts = 0;
  #pings = 0;
  /** When a picture was sent, by the number of the ping after it. @type {Map<number, number>} */
  #sent = new Map();
  #isOpen = true;
  #isRefused = false;
  #timer = /** @type {any} */ (0);
  #silence = /** @type {any} */ (0);

  /**
   * @param {string | URL} url
   * @param {string} phone by what it is known, which it keeps to itself
   * @param {Listener} listener
   * @param {new (url: string) => any} [WebSocket]
   */
  constructor(url, phone, listener, WebSocket = globalThis.WebSocket) {
    this.#url = String(url);
    this.#phone = phone;
    this.#listener = listener;
    this.#WebSocket = WebSocket;
    this.#connect();
    addEventListener("online", this.#wake);
  }

  /** Whether a picture is wanted. */
  get isDue() {
    return this.#credits > 0;
  }

  /**
   * Take a number for the picture that is taken now. What it returns sends that picture, or gives its credit back where there is none.
   * @param {number} captured_at Unix seconds
   * @returns {{frame: number, send: (jpeg: ArrayBuffer | null, size: number[]) => void}}
   */
  take(captured_at) {
    const [socket, frame] = [this.#socket, this.#number];
    this.#credits -= 1;
    this.#number += 1;
    return {
      frame,
      send: (jpeg, size) => {
        // The connection that it was taken for may be gone.
        if (socket !== this.#socket || !socket) return;
        if (!jpeg) {
          this.#credits += 1;
          return;
        }
        const head = new TextEncoder().encode(`${JSON.stringify({ frame, captured_at, size })}\n`);
        const message = new Uint8Array(head.length + jpeg.byteLength);
        message.set(head);
        message.set(new Uint8Array(jpeg), head.length);
        socket.send(message);
        this.#sent.set((this.#pings += 1), performance.now());
        socket.send(JSON.stringify({ op: "ping", id: this.#pings }));
      },
    };
  }

  /** Take leave. @param {boolean} [isForGood] whether the reader need not wait for this phone */
  close(isForGood = false) {
    const socket = this.#socket;
    this.#isOpen = false;
    removeEventListener("online", this.#wake);
    this.#hangUp();
    if (isForGood && socket?.readyState === 1) socket.send('{"op":"bye"}');
    socket?.close();
  }

  #hangUp() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket = null;
    this.#credits = 0;
    this.#sent.clear();
  }

  #connect() {
    clearTimeout(this.#timer);
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    this.#isRefused = false;
    socket.binaryType = "arraybuffer";
    /** @param {(event: any) => void} handle */
    const ours = (handle) => (/** @type {any} */ event) => {
      if (this.#socket === socket) handle(event);
    };
    socket.addEventListener("open", ours(() => socket.send(JSON.stringify({ op: "hello", phone: this.#phone }))));
    socket.addEventListener("message", ours(({ data }) => this.#receive(data)));
    socket.addEventListener("close", ours(() => this.#lose()));
    socket.addEventListener("error", ours(() => this.#lose()));
    this.#listen(2 * SILENCE_MS);
  }

  #lose() {
    const socket = this.#socket;
    this.#hangUp();
    socket?.close();
    if (!this.#isOpen) return;
    if (!this.#isRefused) this.#listener.trouble("The connection to the reader is lost; trying again.");
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#attempts, LONGEST_WAIT_MS);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#connect(), this.#isRefused ? REFUSED_MS : wait * (0.5 + Math.random() / 2));
  }

  #wake = () => {
    this.#attempts = 0;
    if (!this.#socket) this.#connect();
  };

  /** @param {number} [patience] */
  #listen(patience = SILENCE_MS) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.#socket.readyState !== 1) return this.#lose();
      this.#socket.send(JSON.stringify({ op: "ping", id: (this.#pings += 1) }));
      this.#silence = setTimeout(() => this.#lose(), SILENCE_MS);
    }, patience);
  }

  /** @param {string} data */
  #receive(data) {
    this.#listen();
    const brace = data.indexOf("{");
    const [kind] = data.slice(0, brace).split("/");
    const body = JSON.parse(data.slice(brace));
    if (kind === "text") this.#listener.text(body);
    else if (kind === "status") this.#listener.status(body);
    else if (body.op === "next") {
      this.#credits += 1;
      this.#listener.credit();
    } else if (body.op === "welcome") {
      this.#number = body.first;
      this.#attempts = 0;
      this.#listener.welcome(body.source);
      this.#listener.trouble("");
    } else if (body.op === "refused" && body.replaced) {
      // Both pages would take the phone from each other for ever.
      this.close();
      this.#listener.taken(body.detail);
    } else if (body.op === "refused") {
      this.#isRefused = true;
      this.#listener.trouble(body.detail);
    } else if (body.error) {
      this.#listener.trouble(body.error);
    } else if (this.#sent.has(body.id)) {
      this.#listener.arrived(performance.now() - /** @type {number} */ (this.#sent.get(body.id)));
      this.#sent.delete(body.id);
    }
  }
}
