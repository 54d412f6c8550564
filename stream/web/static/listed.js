/**
 * What the list remembers: each text that was read, where and when, whether it is in view, and how it is found.
 *
 * Owns: the entries, their order, and search. Pure; does not own how they look (list.js), nor how they are written (exporting.js).
 */

import { meanings } from "./meaning.js";

/** @typedef {import("./feed.js").Entity} Entity */

/**
 * One text of one run of the reader; `entity` is the newest that is known of it, without its words once it is out of view.
 * `earlier` holds what it said before it changed, the newest last; `isRead` that it has settled, so that it is kept.
 * @typedef {object} Entry
 * @property {string} key
 * @property {string} source
 * @property {string} epoch
 * @property {Entity} entity
 * @property {string[]} earlier
 * @property {boolean} isInView
 * @property {boolean} isRead
 * @property {number} shownAt Unix seconds of the last picture that it was in
 * @property {string} folded what is searched
 */

/** An entry with those before it that said the same, which are one row, by a key that stays. @typedef {Entry & {all?: Entry[]}} Group */
/** Which of the entries are wanted. @typedef {"all" | "in" | "was"} Which */

/** Entries that are kept; beyond them those that have been out of view for longest go. A kilobyte each, about. */
export const LIMIT = 20_000;
/** Earlier readings of a text that are kept: a clock has a new one each minute. */
const EARLIER_LIMIT = 5;
/** So long a text may be missing from what is told before it counts as out of view, so that the list does not flicker. */
const MISSING_S = 1;
/** Letters that accents are no separate part of. */
const LETTERS = { æ: "ae", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ø: "o", œ: "oe", ς: "σ" };

/**
 * Make what is the same but for case, accents and width equal, letter for letter, for search.
 * @param {string} words
 */
export function fold(words) {
  const bare = words.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  // Capitals first, as only they know that ß is SS.
  return bare.toUpperCase().toLowerCase().replace(/[æđðħıłøœς]/g, (letter) => LETTERS[/** @type {"æ"} */ (letter)]);
}

/** All that was read, by any number of cameras, in any number of runs. */
export class Listed {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** What is in view of each camera. @type {Map<string, Set<Entry>>} */
  #views = new Map();
  /** The reader's present run, and those that are over. */
  #epoch = "";
  /** @type {Set<string>} */
  #over = new Set();
  /** In the order of before, with those that are new at its end. @type {Entry[]} */
  #ordered = [];
  #isOrdered = true;
  /** Changes whenever another answer may be found. */
  revision = 0;

  /** @returns {number} */
  get size() {
    return this.#entries.size;
  }

  /** @param {string} key @returns {Entry | undefined} */
  get(key) {
    return this.#entries.get(key);
  }

  /**
   * Take in a message of the feed; events have to come in order, each once.
   * @param {{kind: string, source: string, body: any}} message
   */
  take({ kind, source, body }) {
    if (kind === "event") this.#takeEvent(source, body);
    else if (kind === "text" && this.#isPresent(body)) this.#takeTexts(source, body);
    else if (kind === "status" && this.#isPresent(body) && body.state !== "live") this.#takeSilence(source, body);
  }

  /**
   * The entries that have all these words in what they say, said, or in their camera's name: those in view first, then by when
   * they were there.
   * @param {string} [words]
   * @param {Which} [which]
   * @returns {Entry[]}
   */
  found(words = "", which = "all") {
    const wanted = fold(words).split(/\s+/).filter(Boolean);
    if (!this.#isOrdered) this.#order();
    return this.#ordered.filter(
      ({ folded, isInView }) => (which === "all" || isInView === (which === "in")) && wanted.every((word) => folded.includes(word)),
    );
  }

  #order() {
    const kept = this.#ordered.filter((entry) => this.#entries.get(entry.key) === entry);
    // That most are in order already makes it fast.
    this.#ordered = kept.sort(compare);
    for (const { key } of this.#ordered.splice(LIMIT)) this.#entries.delete(key);
    this.#isOrdered = true;
  }

  /**
   * Whether a state is of the reader's present run; with the first of another one all that was in view before was.
   * @param {{epoch: string}} body
   */
  #isPresent({ epoch }) {
    if (epoch === this.#epoch) return true;
    if (this.#over.has(epoch)) return false;
    this.#over.add(this.#epoch);
    this.#epoch = epoch;
    for (const view of this.#views.values()) for (const entry of view) this.#leave(entry);
    return true;
  }

  /** @param {string} source @param {any} body of an `event/` message */
  #takeEvent(source, { epoch, type, entity, previous }) {
    const known = this.#entries.get(`${source} ${epoch} ${entity.id}`);
    const entry = known ?? this.#add(source, epoch, entity);
    entry.isRead = true;
    if (type === "changed" && previous && !entry.earlier.includes(previous)) {
      entry.earlier = [...entry.earlier, previous].slice(-EARLIER_LIMIT);
    }
    // The text/ message of the same picture, or of a later one, was there before.
    if (!known || entity.rev >= entry.entity.rev) this.#describe(entry, entity);
    if (type === "left") this.#leave(entry);
  }

  /** @param {string} source @param {any} body of a `text/` message */
  #takeTexts(source, { epoch, captured_at: at, texts }) {
    const view = this.#views.get(source) ?? new Set();
    this.#views.set(source, view);
    for (const /** @type {Entity} */ entity of texts) {
      let entry = this.#entries.get(`${source} ${epoch} ${entity.id}`);
      if (entity.state === "tentative" || !entity.text) {
        // What was read and is in doubt now is still there.
        if (entry?.isRead && entry.isInView) entry.shownAt = at;
        continue;
      }
      entry ??= this.#add(source, epoch, entity);
      entry.isRead ||= entity.state === "settled";
      if (!entry.isInView || entity.rev !== entry.entity.rev) this.#describe(entry, entity);
      entry.entity = entity;
      entry.shownAt = at;
      entry.isInView = true;
      view.add(entry);
    }
    for (const entry of view) if (at - entry.shownAt > MISSING_S) this.#leave(entry);
  }

  /** @param {string} source @param {any} body of a `status/` message of a camera that sends nothing */
  #takeSilence(source, { state }) {
    if (state === "stalled") return;
    for (const entry of this.#views.get(source) ?? []) this.#leave(entry);
  }

  /** @param {string} source @param {string} epoch @param {Entity} entity */
  #add(source, epoch, entity) {
    const key = `${source} ${epoch} ${entity.id}`;
    /** @type {Entry} */
    const entry = { key, source, epoch, entity, earlier: [], isInView: false, isRead: false, shownAt: 0, folded: "" };
    this.#entries.set(key, entry);
    this.#ordered.push(entry);
    this.#describe(entry, entity);
    return entry;
  }

  /** @param {Entry} entry @param {Entity} entity */
  #describe(entry, entity) {
    entry.entity = entry.isInView ? entity : bare(entity);
    entry.folded = fold([entity.text, ...meanings(entity).map(({ words }) => words), ...entry.earlier, entry.source].join("\n"));
    this.#change();
  }

  /** @param {Entry} entry */
  #leave(entry) {
    this.#views.get(entry.source)?.delete(entry);
    entry.isInView = false;
    entry.entity = bare(entry.entity);
    // What was never read for sure is not worth remembering, and is not told of again.
    if (!entry.isRead) this.#entries.delete(entry.key);
    this.#change();
  }

  #change() {
    this.#isOrdered = false;
    this.revision += 1;
    // Where nobody looks for a long time.
    if (this.#ordered.length > 2 * LIMIT) this.#order();
  }
}

/**
 * Join what is out of view to the last that said the same before the same camera; what is in view has a row each.
 * @param {Entry[]} entries as they are found
 * @returns {Group[]}
 */
export function grouped(entries) {
  /** @type {Map<string, Entry[]>} */
  const groups = new Map();
  const rows = [];
  for (const entry of entries) {
    const same = `${entry.source} ${entry.entity.text}`;
    const group = entry.isInView ? undefined : groups.get(same);
    if (group) group.push(entry);
    else {
      const begun = [entry];
      rows.push(begun);
      if (!groups.has(same)) groups.set(same, begun);
    }
  }
  return rows.map((all) => (all.length > 1 ? { ...all[0], key: /** @type {Entry} */ (all.at(-1)).key, all } : all[0]));
}

/** @param {Entry} one @param {Entry} other */
function compare(one, other) {
  if (one.isInView !== other.isInView) return one.isInView ? -1 : 1;
  const time = one.isInView ? "first_seen" : "last_seen";
  return other.entity[time] - one.entity[time] || other.entity.id - one.entity.id;
}

/**
 * A text without its parts, which take ten times the space.
 * @param {Entity} entity
 * @returns {Entity}
 */
function bare({ chars, ...entity }) {
  return { ...entity, words: [] };
}
