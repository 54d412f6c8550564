/**
 * What is said next of what is read: each text once, what is large and in the middle first, and where it is.
 *
 * Owns: the choice, the order and the words. Pure; does not own the voice (hearing.js).
 */

/** @typedef {import("./feed.js").Entity} Entity */

/** One thing to be said: sentences that are short enough for every voice. @typedef {{source: string, sentences: string[]}} Said */

/** What was read so long ago is not told any more: one hears of what is there. By the reader's clock, as that of the page may differ. */
const FRESH_S = 10;
/** So long the other lines of a sign are waited for. */
const BLOCK_S = 1.5;
/** Chrome cuts a voice off after 14 s, which are 150 letters at a quiet pace. */
const LETTERS = 150;
const PLACES = [
  ["upper left", "top", "upper right"],
  ["left", "middle", "right"],
  ["lower left", "bottom", "lower right"],
];

/** What is known of one camera: texts to be said and since when, by the reader's clock, and those that were. */
class Heard {
  epoch = "";
  /** The last `text/` message. @type {any} */
  view = null;
  /** The reader's clock, as far as it was heard. */
  now = 0;
  /** @type {Map<number, number>} */
  waiting = new Map();
  /** @type {Set<number>} */
  said = new Set();

  /** @param {string} epoch */
  constructor(epoch) {
    this.epoch = epoch;
  }
}

/** What is still to be said of all cameras. */
export class Saying {
  /** @type {Map<string, Heard>} */
  #heard = new Map();

  /** The cameras that were heard of. */
  get sources() {
    return [...this.#heard.keys()].sort();
  }

  /** @param {{kind: string, source: string, body: any}} message */
  take({ kind, source, body }) {
    if (kind !== "event" && kind !== "text") return;
    const known = this.#heard.get(source);
    const heard = known && known.epoch === body.epoch ? known : new Heard(body.epoch);
    this.#heard.set(source, heard);
    heard.now = Math.max(heard.now, body.published_at);
    if (kind === "text") {
      heard.view = body;
      for (const [id, at] of heard.waiting) if (heard.now - at > FRESH_S) heard.waiting.delete(id);
    } else if (body.type === "read" && !heard.said.has(body.entity.id)) heard.waiting.set(body.entity.id, body.published_at);
    else if (body.type === "left") for (const each of [heard.waiting, heard.said]) each.delete(body.entity.id);
  }

  /** Say what is in view now, though it was read or said before, for as long as it is. */
  begin() {
    for (const { view, waiting } of this.#heard.values()) {
      for (const { id, state } of view?.texts ?? []) if (state === "settled") waiting.set(id, Infinity);
    }
  }

  /** Say nothing of what waits. */
  skip() {
    for (const { waiting, said } of this.#heard.values()) {
      for (const id of waiting.keys()) said.add(id);
      waiting.clear();
    }
  }

  /**
   * What is to be said now, which then counts as said; null where there is nothing yet.
   * @param {string} [source] this camera's alone
   * @param {number} [letters] of a sentence at most
   * @returns {Said | null}
   */
  next(source = "", letters = LETTERS) {
    const choices = [...this.#heard].flatMap(([name, heard]) =>
      source && name !== source ? [] : blocks(heard).map((block) => ({ name, heard, block, weight: weigh(block, heard.view.size) })),
    );
    const best = choices.sort((one, other) => other.weight - one.weight)[0];
    if (!best) return null;
    const { name, heard, block } = best;
    for (const { id } of block) {
      heard.waiting.delete(id);
      heard.said.add(id);
    }
    const words = `${block.map(({ text }) => text).join(", ")}, ${bearing(block, heard.view.size)}`;
    return { source: name, sentences: sentences(!source && this.#heard.size > 1 ? `${name}: ${words}` : words, letters) };
  }
}

/**
 * What belongs together and is to be said now, in the order in which it is read.
 * @param {Heard} heard
 * @returns {Entity[][]}
 */
function blocks({ view, waiting, now }) {
  if (!view || !waiting.size) return [];
  const byId = new Map(view.texts.map((/** @type {Entity} */ text) => [text.id, text]));
  return view.blocks.flatMap((/** @type {number[]} */ ids) => {
    const texts = ids.map((id) => /** @type {Entity} */ (byId.get(id))).filter((text) => text?.text);
    const isNew = texts.filter(({ id }) => waiting.has(id));
    const isWhole = texts.every(({ state }) => state !== "reading");
    const isDue = isNew.some(({ id }) => now - /** @type {number} */ (waiting.get(id)) > BLOCK_S);
    return isNew.length && (isWhole || isDue) ? [isNew] : [];
  });
}

/**
 * How much something is to the fore, 0..1: how large its letters are, which is how near it is, and half as much how far from the
 * middle of the picture, which is where one looks.
 * @param {Entity[]} texts
 * @param {[number, number]} size
 */
function weigh(texts, size) {
  const height = Math.max(...texts.map(({ polygon }) => distance(polygon[0], /** @type {Point} */ (polygon.at(-1)))));
  const [x, y] = middle(texts, size);
  const away = Math.min(1, Math.hypot(x - 0.5, y - 0.5) / Math.SQRT1_2);
  return Math.min(1, height / size[1]) * (1 - away / 2);
}

/**
 * Where texts are in the picture, 0..1.
 * @param {Entity[]} texts
 * @param {[number, number]} size
 */
function middle(texts, size) {
  return size.map((length, axis) => {
    const places = texts.flatMap(({ polygon }) => polygon.map((point) => point[axis]));
    return (Math.min(...places) + Math.max(...places)) / 2 / length;
  });
}

/** @typedef {[number, number]} Point @param {Point} one @param {Point} other */
function distance([x, y], [u, v]) {
  return Math.hypot(u - x, v - y);
}

/** @param {Entity[]} texts @param {[number, number]} size */
function bearing(texts, size) {
  const [column, row] = middle(texts, size).map((place) => Math.max(0, Math.min(2, Math.floor(place * 3))));
  return PLACES[row][column];
}

/**
 * Cut words into sentences of so many letters at most, between words where that is possible.
 * @param {string} words
 * @param {number} letters
 */
export function sentences(words, letters) {
  const made = [];
  let rest = words.trim();
  while (rest.length > letters) {
    const space = rest.lastIndexOf(" ", letters);
    const end = space > 0 ? space : letters;
    made.push(rest.slice(0, end));
    rest = rest.slice(end).trim();
  }
  return [...made, rest];
}
