/**
 * Carries what was read in one picture of a camera to the picture that is on the screen, by how the pictures have moved since.
 *
 * Owns: which pictures are remembered, and when an answer is too old. Pure; how motion is seen is motion.js' matter.
 */

import { STILL, carry, chain, fit, follow, near, points, step } from "./motion.js";

/** @typedef {import("./motion.js").Pyramid} Pyramid */
/** @typedef {import("./motion.js").Affine} Affine */
/** @typedef {import("./feed.js").Entity} Entity */
/** `taken` is when the picture was taken that they were read in. @typedef {import("./feed.js").Shown & {taken: number}} Carried */

/** A picture that was sent, and the way from there to the one on the screen. @typedef {{picture: Pyramid, at: number, points: number[][], map: Affine}} Sent */

/** So many pictures wait for their texts at most. */
const WAITING = 32;
/** Seconds after which texts are not carried on: nothing newer is read. */
const OLD_S = 2;
/** Seconds that texts whose way was lost count as late, so that they are faded. */
const LOST_S = 0.5;

export class Carrying {
  /** @type {Map<number, Sent>} */
  #sent = new Map();
  /** @type {Pyramid | null} */
  #picture = null;
  #at = 0;
  /** The last message with texts. @type {any} */
  #body = null;
  /** Whether every step since has been seen. */
  #sure = true;
  /** What is to be drawn, until something is new. @type {Carried | null} */
  #shown = null;

  /**
   * Another picture is on the screen.
   * @param {Pyramid} picture always of the same size, or it is another camera's
   * @param {number} at when it was taken, in seconds of any clock
   */
  look(picture, at) {
    const before = this.#picture;
    if (before?.[0].width !== picture[0].width || before[0].height !== picture[0].height) {
      this.forget();
    } else {
      const { map, sure } = step(before, picture);
      this.#sure &&= sure;
      for (const sent of this.#sent.values()) sent.map = chain(sent.map, map);
    }
    this.#picture = picture;
    this.#at = at;
    this.#shown = null;
  }

  /**
   * The picture on the screen is sent.
   * @param {number} frame its number
   */
  sent(frame) {
    const picture = this.#picture;
    if (!picture) return;
    this.#sent.set(frame, { picture, at: this.#at, points: points(picture), map: STILL });
    for (const oldest of this.#sent.keys()) if (this.#sent.size > WAITING) this.#sent.delete(oldest);
  }

  /**
   * Take what was read.
   * @param {any} body of a `text/` message
   * @returns {boolean} whether it is of use: it belongs to a picture that is remembered, and nothing newer was there before
   */
  take(body) {
    if (!this.#sent.has(body.frame)) return false;
    for (const frame of this.#sent.keys()) if (frame < body.frame) this.#sent.delete(frame);
    this.#body = body;
    this.#sure = true;
    this.#shown = null;
    return true;
  }

  /** Another camera, or the picture was turned: nothing that was read holds any longer. */
  forget() {
    this.#sent.clear();
    this.#body = this.#picture = this.#shown = null;
  }

  /**
   * What is to be drawn on the picture on the screen, in pixels of `size`; null where nothing was read, or too long ago. `age_s` is 0 as
   * long as the way to this picture is known.
   * @returns {Carried | null}
   */
  shown() {
    const body = this.#body;
    const sent = body && this.#sent.get(body.frame);
    if (!sent || !this.#picture || this.#at - sent.at > OLD_S) return null;
    this.#shown ??= this.#carried(body, sent, this.#picture);
    return this.#shown;
  }

  /**
   * @param {any} body
   * @param {Sent} sent
   * @param {Pyramid} picture
   * @returns {Carried}
   */
  #carried(body, sent, picture) {
    const width = picture[0].width;
    const pairs = picture === sent.picture ? [] : follow(sent.picture, picture, sent.points, sent.map);
    const found = fit(pairs, width, sent.map);
    if (found) sent.map = found.map;
    const scale = width / body.size[0];
    /** @param {Entity} text */
    const carried = (text) => {
      const own = near(pairs, width, sent.map, text.polygon.map(([x, y]) => [x * scale, y * scale]));
      /** @template {{polygon: [number, number][]}} T @param {T} part @returns {T} */
      const move = (part) => ({ ...part, polygon: part.polygon.map((point) => carry(own, point, body.size[0])) });
      return { ...move(text), words: text.words.map(move), ...(text.chars && { chars: text.chars.map(move) }) };
    };
    const texts = body.texts.map(carried);
    /** @param {string[]} states */
    const those = (...states) => texts.filter((/** @type {Entity} */ { state }) => states.includes(state));
    return {
      source: body.source,
      frame: body.frame,
      size: body.size,
      age_s: found || this.#sure ? 0 : LOST_S,
      taken: sent.at,
      texts: those("reading", "settled"),
      coasting: those("coasting"),
      tentative: those("tentative"),
    };
  }
}
