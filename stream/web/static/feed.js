/**
 * The client of the feed for browsers and Node, over the web socket of `glyphfeed web`; docs/feed.md describes both.
 *
 *     import { connect } from "./feed.js";
 *
 *     const feed = connect("ws://127.0.0.1:5580/feed", { topics: ["event/"] });
 *     for await (const { body, missed } of feed) {
 *       if (missed) console.log(`${missed} events of ${body.source} are lost`);
 *       console.log(body.type, body.source, body.entity.text);
 *     }
 *
 * Owns: the connection and its renewal, and what a program sees of it. What is handed on when, whatever happens on the way, is
 * decided by `CatchingUp`, which is pure and the same as that of the Python client. It depends on nothing.
 */

/**
 * A place among the events of one source: just after the one with this epoch and seq; `{epoch: "", seq: 0}` is before them all.
 * @typedef {{epoch: string, seq: number}} Position
 */

/**
 * The corners of a text in pixels of the source picture, clockwise, beginning at the top left of the text as it is read.
 * @typedef {[number, number][]} Polygon
 */

/**
 * One text as docs/feed.md describes it.
 * @typedef {object} Entity
 * @property {number} id
 * @property {number} rev
 * @property {"tentative" | "reading" | "settled" | "coasting"} state
 * @property {string} text
 * @property {number} confidence
 * @property {Polygon} polygon
 * @property {{text: string, polygon: Polygon, confidence: number}[]} words
 * @property {{char: string, polygon: Polygon, confidence: number, alternatives: [string, number][]}[]} [chars]
 * @property {{kind: string, value: any, span: [number, number], unit?: string, label?: string, alternatives?: any[]}[]} [attributes]
 * @property {{rule: string, span: [number, number], action: string}[]} [flags]
 * @property {[number, number]} velocity pixels a second
 * @property {number} reads
 * @property {number} first_seen Unix seconds
 * @property {number} last_seen Unix seconds
 */

/**
 * One message of the feed. `body` holds every field that docs/feed.md names; `missed` counts the events of this source that are
 * lost for good just before this message, `lost` says that some are, counted or not, and `restarted` that the reader was started
 * anew. With `picture/` alone come `jpeg`, and `text`, the body of the `text/` message of the same frame, or where that did not
 * come, of the last frame before it; null where none came.
 * @typedef {object} Message
 * @property {string} topic
 * @property {string} kind `text`, `event`, `status`, `picture`, or a word of a later version
 * @property {string} source
 * @property {any} body
 * @property {number} missed
 * @property {boolean} lost
 * @property {boolean} restarted
 * @property {Uint8Array} [jpeg]
 * @property {any} [text]
 */

/**
 * @typedef {object} Options
 * @property {string | string[]} [topics] a prefix or several; a trailing space ends a topic. All but pictures if not said.
 * @property {Object<string, Position>} [since] where to go on, by source: what `positions` was when it ended. Without it, from now.
 * @property {number} [back] without `since`, with how many of the last events of each source to begin
 * @property {(connected: boolean) => void} [onConnection] told when the connection is there, and when it is gone
 * @property {new (url: string) => any} [WebSocket] for a Node that has none of its own, such as that of the package `ws`
 */

const VERSION = 1;
const TOPICS = ["text/", "event/", "status/"];
/** Kinds of messages that tell a state, so that the newest is enough. */
const REPLACED = ["text", "status", "picture"];
const PICTURES = "picture/";
/** A picture comes after the text of its frame, and is made and sent while those of later ones come: a second or so. */
const TEXTS_KEPT = 32;
/** A text is carried on so long after its picture at most, so that none sails away when messages stop. */
const CARRIED_S = 0.25;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** The reader says something every second; a connection that is silent for longer is asked whether it still leads anywhere. */
const SILENCE_MS = 15_000;
/** The server answers at once, unless the way to it is cut. */
const PATIENCE_MS = 5_000;
/** The server itself waits for the reader's answer for 5 s; a connection over a bad network takes as long. */
const ANSWER_MS = 10_000;
/** So long after the first message the reader has sent the last status of each source, even one that has much else to do. */
const ARRIVED_MS = 5_000;
/** Where the reader is heard and does not answer for so long, what it was asked for counts as lost. */
const GIVE_UP_MS = 20_000;
const RETRY_MS = 1_000;
/** Where more lies here than the program has taken, the past is not asked for yet. */
const ASK_BELOW = 1_000;
/** Where so much lies here, the connection is given up until the program has taken it; then what was told meanwhile is asked for. */
const MOST = 10_000;

/**
 * Connect to a feed, and stay connected until `close`.
 *
 * Neither the server nor the reader need be there yet. Each event comes once and in order, across every outage and restart; where
 * events are really lost, the message after them says so. Of texts, statuses and pictures a slow program gets the newest.
 * @param {string | URL} url such as `ws://127.0.0.1:5580/feed`
 * @param {Options} [options]
 * @returns {Feed}
 */
export function connect(url, options = {}) {
  return new Feed(url, options);
}

/**
 * What of one source is to be drawn over the picture of a moment, with polygons in pixels of `size` as they are then. `texts` were
 * seen and can be trusted; `coasting` ones are not seen just now, their place is predicted; `tentative` ones are better hidden.
 * `age_s` is how much older the picture is that they were seen in: beyond 0.25 s they stand still, fade them.
 * @typedef {object} Shown
 * @property {string} source
 * @property {number} frame
 * @property {[number, number]} size
 * @property {number} age_s
 * @property {Entity[]} texts
 * @property {Entity[]} coasting
 * @property {Entity[]} tentative
 */

/**
 * What of a `text/` message is to be drawn at a Unix time, that of the picture which is shown.
 * @param {any} body
 * @param {number} time
 * @returns {Shown}
 */
export function shown(body, time) {
  const age_s = time - body.captured_at;
  // Also before it, by as much, where the shown picture is the older one.
  const carried_s = Math.max(-CARRIED_S, Math.min(age_s, CARRIED_S));
  /** @type {Entity[]} */
  const texts = body.texts.map((/** @type {Entity} */ text) => moved(text, carried_s));
  return {
    source: body.source,
    frame: body.frame,
    size: body.size,
    age_s,
    texts: texts.filter(({ state }) => state === "reading" || state === "settled"),
    coasting: texts.filter(({ state }) => state === "coasting"),
    tentative: texts.filter(({ state }) => state === "tentative"),
  };
}

/**
 * Carry a text, its words and characters on by its velocity.
 * @param {Entity} text
 * @param {number} seconds
 * @returns {Entity}
 */
function moved(text, seconds) {
  const [dx, dy] = text.velocity.map((speed) => speed * seconds);
  /** @template {{polygon: Polygon}} T @param {T} part @returns {T} */
  const move = (part) => ({ ...part, polygon: part.polygon.map(([x, y]) => [x + dx, y + dy]) });
  return { ...move(text), words: text.words.map(move), ...(text.chars && { chars: text.chars.map(move) }) };
}

/** A feed that was connected to; see `connect`. Take its messages with `for await`, from one place at a time. */
export class Feed {
  #url;
  #topics;
  #onConnection;
  #WebSocket;
  #catchingUp;
  /** @type {any} */
  #socket = null;
  #connected = false;
  /** Whether anything came over this connection. */
  #heard = false;
  #closed = false;
  #attempts = 0;
  #number = 0;
  /** What was asked, and since when the reader has been heard meanwhile. @type {(Request & {id: number, heard: number | null}) | null} */
  #asked = null;
  /** @type {Map<string, {message: Message, position: Position | null}>} */
  #queue = new Map();
  /** The last `text/` message of each source, all of one epoch. @type {Map<string, any>} */
  #texts = new Map();
  /** The last ones of each source in the order in which they came, for pictures. @type {Map<string, any[]>} */
  #recent = new Map();
  #epoch = "";
  /** @type {Map<string, Position>} */
  #positions;
  /** @type {{resolve: (result: IteratorResult<Message, undefined>) => void, reject: (error: Error) => void} | null} */
  #taker = null;
  /** @type {Error | null} */
  #error = null;
  /** Timers by what they are for, so that none outlives its reason. @type {Map<string, any>} */
  #timers = new Map();

  /**
   * See `connect`.
   * @param {string | URL} url
   * @param {Options} [options]
   */
  constructor(url, { topics = TOPICS, since, back, onConnection = () => {}, WebSocket = /** @type {any} */ (globalThis).WebSocket } = {}) {
    if (!WebSocket) throw new Error("There is no WebSocket here: take Node 22 or newer, or hand one over as an option.");
    this.#url = String(url);
    this.#topics = [topics].flat();
    this.#onConnection = onConnection;
    this.#WebSocket = WebSocket;
    this.#catchingUp = new CatchingUp(this.#topics, since, back);
    this.#positions = new Map(Object.entries(since ?? {}));
    globalThis.addEventListener?.("online", this.#wake);
    globalThis.document?.addEventListener("visibilitychange", this.#wake);
    this.#connect();
  }

  /** Whether the connection to the server is there; what lies beyond it tell the `status/` messages. */
  get connected() {
    return this.#connected;
  }

  /**
   * The last event of each source that was handed over, to be stored by who wants to go on after it later (`since`).
   * @returns {Object<string, Position>}
   */
  get positions() {
    return Object.fromEntries(this.#positions);
  }

  /**
   * Where the texts of each source, or of one, are at a Unix time, by their last message that was received. Give it the time of the
   * picture that is shown, or where none is, that of the clock.
   * @param {number} time
   * @param {string} [source]
   * @returns {Shown[]}
   */
  at(time, source) {
    const names = source === undefined ? [...this.#texts.keys()].sort() : [source].filter((name) => this.#texts.has(name));
    return names.map((name) => shown(this.#texts.get(name), time));
  }

  /**
   * Have pictures of these topics from now on, such as `picture/cam1 `, and no others; what else comes is as before.
   * @param {string[]} pictures
   */
  subscribe(pictures) {
    this.#topics = [...this.#topics.filter((topic) => !topic.startsWith(PICTURES)), ...pictures];
    this.#subscribe();
  }

  /**
   * Say that a picture was drawn, or will not be: only then the next one of its source is sent, and that is the newest.
   * @param {Message} picture
   */
  drawn({ source, body }) {
    this.#send({ op: "drawn", source, frame: body.frame });
  }

  /** End the connection and every loop over the messages; twice is fine. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#hangUp();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    globalThis.removeEventListener?.("online", this.#wake);
    globalThis.document?.removeEventListener("visibilitychange", this.#wake);
    this.#queue.clear();
    this.#offer();
  }

  /**
   * Messages until `close`. Leaving the loop does not end the connection: another loop goes on where it ended. After a picture the
   * next one of its source comes once `drawn` was called.
   * @returns {AsyncIterableIterator<Message>}
   */
  [Symbol.asyncIterator]() {
    return {
      next: () => this.#next(),
      return: async () => ({ done: true, value: undefined }),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** @returns {Promise<IteratorResult<Message, undefined>>} */
  #next() {
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
      this.#offer();
      if (this.#taker && !this.#socket && !this.#timers.has("connect")) {
        // The connection had been given up because too much lay here.
        this.#connect();
      } else {
        this.#ask();
      }
    });
  }

  /** Hand the next message to the loop that waits for it. */
  #offer() {
    if (!this.#taker) return;
    const message = this.#take();
    const { resolve, reject } = this.#taker;
    if (!message && !this.#closed) return;
    this.#taker = null;
    if (message) resolve({ done: false, value: message });
    else if (this.#error) reject(this.#error);
    else resolve({ done: true, value: undefined });
  }

  /** The next message that lies here and is wanted. */
  #take() {
    for (const [key, { message, position }] of this.#queue) {
      this.#queue.delete(key);
      if (position) this.#positions.set(message.source, position);
      if (!begins(message.topic, this.#topics)) continue;
      return message.kind === "picture" ? { ...message, text: this.#textOf(message) } : message;
    }
    return null;
  }

  /** @param {Message} picture */
  #textOf({ source, body: { epoch, frame } }) {
    const texts = (this.#recent.get(source) ?? []).filter((text) => text.epoch === epoch && text.frame <= frame);
    return texts.reduce((best, text) => (best && (best.frame - text.frame || best.seq - text.seq) > 0 ? best : text), null);
  }

  /** @param {Handed} handed */
  #queueUp({ message, position }) {
    const { topic, kind, body } = message;
    const key = REPLACED.includes(kind) ? topic : `${topic} ${body.epoch} ${body.seq}`;
    const before = this.#queue.get(key);
    if (!before) {
      this.#queue.set(key, { message, position });
      return;
    }
    const newest = {
      ...message,
      missed: message.missed + before.message.missed,
      lost: message.lost || before.message.lost,
      restarted: message.restarted || before.message.restarted,
    };
    if (body.epoch === before.message.body.epoch) {
      // In the place of the older one, and with its position: between the two there may be events.
      before.message = newest;
    } else {
      // Nothing of a new epoch comes before the events of the old one.
      this.#queue.delete(key);
      this.#queue.set(key, { message: newest, position });
    }
  }

  // The connection.

  #connect() {
    this.#stopTimer("connect");
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    /** @param {(event: any) => void} handle what to do, unless this connection was given up meanwhile */
    const ours = (handle) => (/** @type {any} */ event) => {
      if (this.#socket === socket) handle(event);
    };
    socket.addEventListener("open", ours(() => this.#opened()));
    socket.addEventListener("message", ours(({ data }) => this.#receive(data)));
    // Some send only one of the two.
    socket.addEventListener("close", ours(() => this.#lose()));
    socket.addEventListener("error", ours(() => this.#lose()));
    this.#startTimer("alive", ANSWER_MS, () => this.#lose());
  }

  #opened() {
    this.#connected = true;
    this.#stayAlive();
    this.#subscribe();
    this.#catchingUp.connected();
    if (this.#asked) {
      this.#asked.heard = null;
      this.#request();
    }
    this.#ask();
    this.#onConnection(true);
  }

  #subscribe() {
    this.#send({ op: "subscribe", topics: [...new Set([...this.#topics, ...this.#topics.map(healthTopic)])] });
  }

  /** Give the connection up, and do not come back by itself. */
  #hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    this.#stopTimer("alive");
    this.#stopTimer("answer");
    this.#stopTimer("connect");
    this.#stopTimer("arrived");
    this.#heard = false;
    socket?.close();
    if (this.#connected) {
      this.#connected = false;
      this.#onConnection(false);
    }
  }

  /** The connection is gone, or leads nowhere: try again, less and less often, and not all clients at the same moment. */
  #lose() {
    this.#hangUp();
    if (this.#closed) return;
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.#attempts, LONGEST_WAIT_MS);
    this.#attempts += 1;
    this.#startTimer("connect", longest * (0.5 + Math.random() / 2), () => this.#connect());
  }

  /** The network is back, or somebody looks at the page again: do not wait any longer. */
  #wake = () => {
    if (this.#closed || globalThis.document?.visibilityState === "hidden") return;
    this.#attempts = 0;
    if (this.#connected) this.#ping();
    else if (this.#timers.has("connect")) this.#connect();
  };

  #stayAlive() {
    this.#startTimer("alive", SILENCE_MS, () => this.#ping());
  }

  /** Anything that comes in time will do for an answer. */
  #ping() {
    this.#send({ op: "ping", id: (this.#number += 1) });
    this.#startTimer("alive", PATIENCE_MS, () => this.#lose());
  }

  /** @param {object} order */
  #send(order) {
    if (this.#connected) this.#socket.send(JSON.stringify(order));
  }

  /** @param {string} name @param {number} delay @param {() => void} act */
  #startTimer(name, delay, act) {
    this.#stopTimer(name);
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      act();
    }, delay);
    this.#timers.set(name, timer);
  }

  /** @param {string} name */
  #stopTimer(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  // What comes, and what is asked.

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    this.#attempts = 0;
    this.#stayAlive();
    try {
      if (typeof data === "string" && data.startsWith("{")) this.#answered(JSON.parse(data));
      else this.#told(parse(data));
    } catch (error) {
      this.#error = /** @type {Error} */ (error);
      this.close();
    }
  }

  /** @param {Message} message */
  #told(message) {
    if (this.#asked) this.#asked.heard ??= Date.now();
    if (!this.#heard) this.#startTimer("arrived", ARRIVED_MS, () => this.#catchingUp.arrived());
    this.#heard = true;
    if (message.kind === "text") this.#remember(message.body);
    this.#handOn(this.#catchingUp.take(message));
  }

  /** @param {any} body of a `text/` message */
  #remember(body) {
    if (body.epoch !== this.#epoch) this.#texts.clear();
    this.#epoch = body.epoch;
    this.#recent.set(body.source, [...(this.#recent.get(body.source) ?? []), body].slice(-TEXTS_KEPT));
    if (!(this.#texts.get(body.source)?.seq >= body.seq)) this.#texts.set(body.source, body);
  }

  /** @param {Handed[]} handed */
  #handOn(handed) {
    for (const each of handed) this.#queueUp(each);
    if (this.#queue.size >= MOST) this.#hangUp();
    this.#offer();
    this.#ask();
  }

  /** Ask what is wanted next, if anything is. */
  #ask() {
    if (!this.#connected || this.#asked || this.#queue.size >= ASK_BELOW) return;
    const request = this.#catchingUp.request();
    if (!request) return;
    this.#asked = { ...request, id: 0, heard: null };
    this.#request();
  }

  #request() {
    if (!this.#asked) return;
    const { source, position, last } = this.#asked;
    this.#asked.id = this.#number += 1;
    this.#send({ op: "events", id: this.#asked.id, source, epoch: position.epoch, since: position.seq, ...(last && { last }) });
    this.#startTimer("answer", ANSWER_MS, () => this.#unanswered());
  }

  /** @param {any} answer */
  #answered(answer) {
    if (!this.#asked || answer.id !== this.#asked.id) return;
    this.#stopTimer("answer");
    if (!Array.isArray(answer.events)) {
      this.#unanswered();
      return;
    }
    const events = answer.events.map((/** @type {any} */ body) => messageOf(`event/${body?.source}`, body));
    this.#asked = null;
    this.#handOn(this.#catchingUp.answer({ events, complete: answer.complete === true, more: answer.more === true }));
  }

  /** The reader is not there, or has other things to do: ask again, but not for ever. */
  #unanswered() {
    if (this.#asked?.heard && Date.now() - this.#asked.heard >= GIVE_UP_MS) {
      this.#asked = null;
      this.#handOn(this.#catchingUp.refuse());
    } else {
      this.#startTimer("answer", RETRY_MS, () => this.#request());
    }
  }
}

/** Events of one source that wait for an answer at most. Those beyond are asked for later. */
const WAITING_LIMIT = 10_000;
/** Earlier epochs of one source of which it is remembered how far they went. */
const EPOCHS_LIMIT = 100;
/** The kinds of messages that are numbered, in the order in which they are handed on after a wait. */
const KINDS = ["event", "text", "status"];

/**
 * What the reader is to be asked: the events of a source after a position, all of them or the `last` so many.
 * @typedef {{source: string, position: Position, last: number}} Request
 */

/**
 * Events as `event/` messages, oldest first. `complete` says that nothing between the position that was asked for and the first of
 * them is gone, `more` that further ones wait to be asked for.
 * @typedef {{events: Message[], complete: boolean, more: boolean}} Answer
 */

/**
 * A message for the program, and the last event of its source that was handed on by then; null where events are not followed.
 * @typedef {{message: Message, position: Position | null}} Handed
 */

/**
 * The messages of one feed, put in order for a program that asked for `topics`: each event once, in order, whatever happens on the
 * way. Pure; line for line what the Python client does, where it is explained.
 */
export class CatchingUp {
  #topics;
  #joins;
  #back;
  /** @type {Map<string, Source>} */
  #sources = new Map();
  /** @type {string[]} */
  #queue = [];
  /** @type {Request | null} */
  #asked = null;
  /** The epoch of the first message: what came before that one is not asked for. @type {string | null} */
  #joined = null;
  #hasArrived = false;

  /**
   * @param {string[]} topics
   * @param {Object<string, Position>} [since]
   * @param {number} [back]
   */
  constructor(topics, since, back = 0) {
    this.#topics = topics;
    this.#joins = !since;
    this.#back = since ? 0 : back;
    for (const [source, position] of Object.entries(since ?? {})) {
      if (this.#wants("event", source)) this.#new(source).follow(position);
    }
  }

  /**
   * Take in what came over the feed, repeated or not, in whatever order; what can be handed on now.
   * @param {Message} message
   * @returns {Handed[]}
   */
  take(message) {
    if (!KINDS.includes(message.kind)) return [{ message, position: null }];
    this.#joined ??= message.body.epoch;
    const source = this.#sourceOf(message);
    const handed = this.#take(source, message);
    if (source.lacks()) this.#want(message.source);
    return handed;
  }

  /** Have every source asked for: nobody knows what was missed while there was no connection. */
  connected() {
    for (const [name, source] of this.#sources) if (source.follows) this.#want(name);
  }

  /**
   * Say that the connection has been there long enough for what a reader sends whoever comes: the last status of each source. One
   * that shows up from now on is new.
   */
  arrived() {
    this.#hasArrived = true;
  }

  /**
   * What to ask next; null while a request is on its way, or when nothing is wanted.
   * @returns {Request | null}
   */
  request() {
    const name = this.#asked ? undefined : this.#queue.shift();
    if (name === undefined) return null;
    const position = this.#source(name).ask();
    this.#asked = { source: name, position, last: position.epoch ? 0 : this.#back };
    return this.#asked;
  }

  /**
   * Take in the answer to the last request; what can be handed on now.
   * @param {Answer} answer
   * @returns {Handed[]}
   */
  answer(answer) {
    const [name, source] = this.#endRequest();
    const handed = this.#fetch(source, name, answer);
    const last = answer.events.at(-1);
    if (!answer.more || !last) return [...handed, ...this.#settle(source, name, true)];
    source.page = { epoch: last.body.epoch, seq: last.body.seq };
    this.#want(name);
    return handed;
  }

  /**
   * Give up the last request, as nobody answers; what has come is handed on, and what is missing is told.
   * @returns {Handed[]}
   */
  refuse() {
    const [name, source] = this.#endRequest();
    return this.#settle(source, name, false);
  }

  /** @param {string} kind @param {string} source */
  #wants(kind, source) {
    return begins(`${kind}/${source}`, this.#topics);
  }

  /** @param {string} name */
  #new(name) {
    const source = new Source(this.#wants("event", name));
    this.#sources.set(name, source);
    return source;
  }

  /** @param {string} name */
  #want(name) {
    if (!this.#queue.includes(name) && this.#asked?.source !== name) this.#queue.push(name);
  }

  /** @param {string} name */
  #source(name) {
    return /** @type {Source} */ (this.#sources.get(name));
  }

  /** @returns {[string, Source]} */
  #endRequest() {
    if (!this.#asked) throw new Error("Nothing was asked.");
    const name = this.#asked.source;
    this.#asked = null;
    return [name, this.#source(name)];
  }

  /** @param {Message} message */
  #sourceOf({ source: name, kind, body }) {
    const source = this.#sources.get(name) ?? this.#new(name);
    if (source.wantsEvents && !source.follows && ["", body.epoch].includes(source.epoch)) {
      if (!this.#joins) source.follow({ epoch: "", seq: 0 });
      else if (this.#hasArrived || body.epoch !== this.#joined) source.follow({ epoch: body.epoch, seq: 0 });
      else if (kind === "status") source.follow(this.#behind(body.epoch, lastEventSeq(body)));
      else if (kind === "event") source.follow(this.#behind(body.epoch, body.seq - 1));
    }
    return source;
  }

  /** @param {string} epoch @param {number} seq @returns {Position} */
  #behind(epoch, seq) {
    return seq >= this.#back ? { epoch, seq: seq - this.#back } : { epoch: "", seq: 0 };
  }

  /**
   * @param {Source} source
   * @param {Message} message
   * @returns {Handed[]}
   */
  #take(source, message) {
    const { kind, body } = message;
    if (body.seq <= source.seen(message)) return [];
    if (body.epoch !== source.epoch && source.follows) {
      source.wait(message);
      return [];
    }
    if (body.epoch !== source.epoch) source.begin(body.epoch);
    if (kind !== "event" || !source.follows || body.seq === source.seen(message) + 1) return [this.#hand(source, message)];
    source.wait(message);
    return [];
  }

  /**
   * @param {Source} source
   * @param {string} name
   * @param {Answer} answer
   */
  #fetch(source, name, answer) {
    const handed = [];
    source.lost ||= !answer.complete;
    for (const event of answer.events) {
      if (event.source !== name || event.body.seq <= source.seen(event)) continue;
      if (event.body.epoch !== source.epoch) {
        const isCut = source.epoch === "" && this.#back > 0 && answer.complete;
        source.begin(event.body.epoch);
        source.moved = true;
        if (isCut) source.follow({ epoch: event.body.epoch, seq: event.body.seq - 1 });
      }
      handed.push(this.#hand(source, event));
    }
    return handed;
  }

  /**
   * @param {Source} source
   * @param {string} name
   * @param {boolean} answered
   */
  #settle(source, name, answered) {
    const handed = [];
    let isWhole = answered;
    for (const message of [...inOrder(source.early), ...source.ripeStates()]) {
      const { epoch, seq } = message.body;
      if (seq <= source.seen(message)) continue;
      if (epoch !== source.epoch) {
        if (answered && source.isOver(message)) continue;
        source.lost ||= source.follows && !isWhole;
        isWhole = false;
        source.begin(epoch);
      }
      handed.push(this.#hand(source, message));
    }
    source.early = [];
    source.moved = false;
    source.giveUp();
    const late = source.late;
    source.late = [];
    for (const message of late) handed.push(...this.#take(source, message));
    if (source.lacks()) this.#want(name);
    return handed;
  }

  /**
   * @param {Source} source
   * @param {Message} message
   * @returns {Handed}
   */
  #hand(source, message) {
    source.missed += source.count(message);
    const changes = {};
    // A status that the program did not ask for it does not see.
    if (this.#wants(message.kind, message.source)) {
      if (source.restarted) {
        changes.restarted = true;
        source.restarted = false;
      }
      if (message.kind !== "text" && (source.missed || source.lost)) {
        changes.missed = source.missed;
        changes.lost = true;
        source.missed = 0;
        source.lost = false;
      }
    }
    return { message: { ...message, ...changes }, position: source.position };
  }
}

/** One source: how far it was handed on, what waits, and what is still to be told of losses. */
class Source {
  epoch = "";
  /** By epoch and kind, the number of the last message handed on. @type {Map<string, {[kind: string]: number}>} */
  epochs = new Map();
  /** Whether its events are put in order: they are wanted, and it is known where they begin. */
  follows = false;
  /** What the last status of this epoch says is the last event. */
  told = 0;
  /** Events that had come before the last request and wait for its answer. @type {Message[]} */
  early = [];
  /** Events that have come since. @type {Message[]} */
  late = [];
  /** The newest text and status of another epoch, by kind. @type {Map<string, Message>} */
  states = new Map();
  /** Where the next page begins. @type {Position | null} */
  page = null;
  /** Whether the answers to what was asked go on in another epoch. */
  moved = false;
  restarted = false;
  missed = 0;
  lost = false;
  #toldEarly = 0;
  /** @type {string | undefined} */
  #epochEarly;

  /** @param {boolean} wantsEvents */
  constructor(wantsEvents) {
    this.wantsEvents = wantsEvents;
  }

  /** @returns {Position | null} */
  get position() {
    return this.follows ? { epoch: this.epoch, seq: this.#last } : null;
  }

  get #last() {
    return this.epochs.get(this.epoch)?.event ?? 0;
  }

  /** @param {Position} position */
  follow({ epoch, seq }) {
    this.follows = true;
    this.epoch = epoch;
    this.epochs.set(epoch, { ...this.epochs.get(epoch), event: seq });
  }

  /** @param {Message} message */
  seen({ kind, body }) {
    return this.epochs.get(body.epoch)?.[kind] ?? 0;
  }

  /** @param {string} epoch */
  begin(epoch) {
    this.restarted = this.epoch !== "";
    this.follows ||= this.restarted && this.wantsEvents;
    this.epoch = epoch;
    const numbers = { event: 0, ...this.epochs.get(epoch) };
    this.epochs.delete(epoch);
    this.epochs.set(epoch, numbers);
    this.told = this.#toldEarly = 0;
    if (this.epochs.size > EPOCHS_LIMIT) this.epochs.delete(/** @type {string} */ (this.epochs.keys().next().value));
  }

  /** @param {Message} message */
  count({ kind, body }) {
    const numbers = this.epochs.get(this.epoch) ?? {};
    this.epochs.set(this.epoch, numbers);
    const missing = kind === "event" && this.follows ? body.seq - (numbers.event ?? 0) - 1 : 0;
    numbers[kind] = body.seq;
    if (kind === "status") this.told = lastEventSeq(body);
    return missing;
  }

  /** @param {Message} message */
  wait(message) {
    if (this.#epochOfStates !== message.body.epoch) this.states.clear();
    if (message.kind !== "event") this.states.set(message.kind, message);
    else if (this.early.length + this.late.length < WAITING_LIMIT) this.late.push(message);
  }

  ripeStates() {
    if (![this.epoch, this.#epochEarly].includes(this.#epochOfStates)) return [];
    const states = [...this.states.values()];
    this.states.clear();
    return inOrder(states);
  }

  /** @returns {string | undefined} */
  get #epochOfStates() {
    return this.states.values().next().value?.body.epoch;
  }

  /** @param {Message} message */
  isOver({ kind, body: { epoch } }) {
    const isEvent = kind === "event";
    if (!this.moved && !(isEvent && this.epochs.has(epoch))) return false;
    if (isEvent) {
      this.epochs = new Map([[epoch, {}], ...this.epochs]);
      this.lost = true;
    }
    return true;
  }

  lacks() {
    return this.late.length + this.early.length + this.states.size > 0 || this.#unseen(this.told) > 0;
  }

  /** @returns {Position} */
  ask() {
    this.early.push(...this.late);
    this.late = [];
    this.#toldEarly = this.told;
    this.#epochEarly = this.#epochOfStates;
    const page = this.page;
    this.page = null;
    return page ?? { epoch: this.epoch, seq: this.#last };
  }

  giveUp() {
    const unseen = this.#unseen(this.#toldEarly);
    if (unseen > 0) {
      this.missed += unseen;
      this.lost = true;
      /** @type {{[kind: string]: number}} */ (this.epochs.get(this.epoch)).event += unseen;
    }
    this.#toldEarly = 0;
  }

  /** @param {number} told */
  #unseen(told) {
    return this.follows ? told - this.#last : 0;
  }
}

/**
 * Sort messages that came in any order: epochs as they were first seen, in each the events by their numbers, then the states.
 * @param {Message[]} messages
 */
function inOrder(messages) {
  const epochs = [...new Set(messages.map(({ body }) => body.epoch))];
  /** @param {Message} message */
  const place = ({ kind, body }) => [epochs.indexOf(body.epoch), KINDS.indexOf(kind), body.seq];
  return [...messages].sort((one, other) => {
    const [ours, theirs] = [place(one), place(other)];
    const at = ours.findIndex((number, index) => number !== theirs[index]);
    return at < 0 ? 0 : ours[at] - theirs[at];
  });
}

/** @param {any} body of a `status/` message */
function lastEventSeq({ last_event_seq: last }) {
  return Number.isInteger(last) ? last : 0;
}

/**
 * Whether a topic begins with one of these; a trailing space ends a topic.
 * @param {string} topic
 * @param {string[]} prefixes
 */
function begins(topic, prefixes) {
  return prefixes.some((prefix) => `${topic} `.startsWith(prefix));
}

/**
 * The topic of the statuses that tell how many events there were, for a topic that may be one of events.
 * @param {string} topic
 */
function healthTopic(topic) {
  const [kind, ...source] = topic.split("/");
  if (source.length) return kind === "event" ? ["status", ...source].join("/") : topic;
  return kind && "event/".startsWith(kind) ? "status/" : topic;
}

/**
 * Read a frame of the web socket.
 * @param {string | ArrayBuffer} data
 * @returns {Message}
 */
function parse(data) {
  const bytes = typeof data === "string" ? null : new Uint8Array(data);
  const end = bytes ? bytes.indexOf(0x0a) : 0;
  const words = bytes ? new TextDecoder().decode(bytes.subarray(0, end)) : String(data);
  const space = words.indexOf(" ");
  let body;
  try {
    body = JSON.parse(words.slice(space + 1));
  } catch {
    body = null;
  }
  if (space < 0 || end < 0 || body?.v === undefined) {
    throw new Error("A message came that does not belong to a text feed: is this the address of another program?");
  }
  const message = messageOf(words.slice(0, space), body);
  if (bytes) message.jpeg = bytes.subarray(end + 1);
  return message;
}

/**
 * @param {string} topic
 * @param {any} body
 * @returns {Message}
 */
function messageOf(topic, body) {
  if (body?.v !== VERSION) {
    throw new Error(`The feed speaks version ${body?.v} and this client version ${VERSION}: take the client that comes with it.`);
  }
  return { topic, kind: topic.split("/", 1)[0], source: body.source, body, missed: 0, lost: false, restarted: false };
}
