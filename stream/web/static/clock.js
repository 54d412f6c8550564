/**
 * The reader's clock, as far as a page can know it.
 *
 * Owns: that a phone whose clock is wrong does not take each picture for an old one. Pure.
 *
 * A message cannot come before it was sent: the least difference between its arrival and `published_at` is that of the clocks, and
 * the quickest way between them. The least of the last while holds, as clocks are set now and then.
 */

const WHILE_S = 30;

export class Clock {
  #least = Infinity;
  #before = Infinity;
  #since = -Infinity;

  /**
   * Take in when a message was sent and when it came, Unix seconds of the two clocks.
   * @param {number} sent
   * @param {number} came
   */
  heard(sent, came) {
    if (Math.abs(came - this.#since) > WHILE_S) {
      this.#before = this.#since === -Infinity ? Infinity : this.#least;
      this.#least = Infinity;
      this.#since = came;
    }
    this.#least = Math.min(this.#least, came - sent);
  }

  /**
   * What the reader's clock says when that of the page says this.
   * @param {number} here
   */
  at(here) {
    const least = Math.min(this.#least, this.#before);
    return Number.isFinite(least) ? here - least : here;
  }
}
