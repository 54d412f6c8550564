/**
 * How large and how good pictures are sent, by how long they take to arrive.
 *
 * Pure. The size is the last that is given up: small letters need it.
 */

/**
 * The longer side in pixels, the quality of the JPEG, and how many milliseconds a picture may take to arrive: a smaller one is taken
 * only where nothing is read in time otherwise.
 */
const LEVELS = [
  [1280, 0.8, 120],
  [1280, 0.6, 150],
  [1280, 0.4, 400],
  [960, 0.4, 600],
  [640, 0.4, 1000],
];
/** Of that, what leaves room for a better one. */
const QUICK = 0.25;
/** How much the newest picture says of the link. */
const SHARE = 0.3;
/** So long a level is tried before a better one, and twice as long where that was too much. */
const PATIENCE_MS = 4_000;
const LONGEST_MS = 60_000;

export class Quality {
  #level = 0;
  #usual = NaN;
  #since = 0;
  #patience = PATIENCE_MS;
  #isTrial = false;

  /** The longer side in pixels. */
  get side() {
    return LEVELS[this.#level][0];
  }

  /** The quality of the JPEG, 0 to 1. */
  get quality() {
    return LEVELS[this.#level][1];
  }

  /**
   * Learn how long a picture was on its way.
   * @param {number} ms
   * @param {number} now in milliseconds, of any clock
   */
  took(ms, now) {
    this.#usual = Number.isNaN(this.#usual) ? ms : this.#usual + SHARE * (ms - this.#usual);
    const stayed = now - this.#since;
    const most = LEVELS[this.#level][2];
    if (this.#usual > most && this.#level < LEVELS.length - 1) {
      if (this.#isTrial && stayed < this.#patience) this.#patience = Math.min(2 * this.#patience, LONGEST_MS);
      this.#change(1, now);
    } else if (this.#usual < QUICK * most && this.#level > 0 && stayed > this.#patience) {
      this.#change(-1, now);
    }
  }

  /** @param {1 | -1} step @param {number} now */
  #change(step, now) {
    this.#level += step;
    this.#isTrial = step < 0;
    this.#since = now;
    this.#usual = NaN;
  }
}
