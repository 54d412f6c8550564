/**
 * What is read, read aloud, or told to a screen reader.
 *
 * Owns: the voice, the one region that screen readers are told by, and their controls. Does not own what is said (saying.js).
 */

import { make } from "./make.js";
import { Saying } from "./saying.js";

/** A screen reader is told so often at most, as it says the last one to its end. */
const POLITE_MS = 1500;
/** Texts of one sign come one after the other. */
const SOON_MS = 200;
/** A voice that has not ended after so long has fallen silent without a word, as Safari's does. */
const PATIENCE_MS = 4000;
const LETTER_MS = 120;
/** Chrome's voices end after 14 s, whatever is left. */
const LETTERS = 145;

/** Says what is new; `take` hands it every message of the feed. */
export class Hearing {
  #settings;
  #region;
  #note;
  #camera;
  #saying = new Saying();
  #speech = window.speechSynthesis;
  /** What is spoken just now; Chrome forgets that it ends if nobody holds it. @type {SpeechSynthesisUtterance | null} */
  #utterance = null;
  #hasVoice = false;
  #isOn = false;
  #toldAt = -POLITE_MS;
  #timer = 0;
  #watchdog = 0;

  #aloud = make("button", { type: "button", textContent: "Read aloud", ariaPressed: "false", onclick: () => this.#switch() });
  #skip = make("button", { type: "button", textContent: "Skip", hidden: true, onclick: () => this.#silence() });

  /**
   * `settings` has the values `rate`, `heard`, a camera or nothing for all, and `polite`, whether screen readers are told.
   * @param {{actions: HTMLElement, region: HTMLElement, note: HTMLElement, camera: HTMLSelectElement}} page where the buttons go, the
   *   region that screen readers are told by, the place for trouble, and the choice of a camera
   * @param {import("./settings.js").Settings} settings
   */
  constructor({ actions, region, note, camera }, settings) {
    this.#settings = settings;
    this.#region = region;
    this.#note = note;
    this.#camera = camera;
    actions.prepend(this.#aloud, this.#skip);
    this.#offer();
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#utterance) return;
      // It means this, and not also the way back to all cameras.
      event.stopPropagation();
      this.#silence();
    });
    if (this.#speech) return;
    this.#aloud.disabled = true;
    this.#tell("This browser cannot read aloud.");
  }

  /** Whether what is read is read aloud. */
  get enabled() {
    return this.#isOn;
  }

  /** @param {{kind: string, source: string, body: any}} message */
  take(message) {
    const known = this.#saying.sources.length;
    this.#saying.take(message);
    if (this.#saying.sources.length !== known) this.#offer();
    this.#soon();
  }

  /** Have the cameras to choose from that were heard of, and the one that is chosen. */
  #offer() {
    const { heard } = this.#settings.values;
    const names = [...new Set([...this.#saying.sources, ...(heard ? [heard] : [])])].sort();
    this.#camera.replaceChildren(new Option("every camera", ""), ...names.map((name) => new Option(name)));
    this.#camera.value = heard;
  }

  #soon(delay = SOON_MS) {
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      this.#next();
    }, delay);
  }

  #next() {
    if (this.#isOn) {
      if (this.#utterance) return;
      const said = this.#saying.next(this.#settings.values.heard, Math.floor(LETTERS * Math.min(1, this.#rate)));
      if (said) this.#speak(said.sentences);
    } else if (this.#settings.values.polite) {
      const rest = this.#toldAt + POLITE_MS - performance.now();
      if (rest > 0) return this.#soon(rest);
      const said = this.#saying.next(this.#settings.values.heard);
      if (!said) return;
      this.#toldAt = performance.now();
      this.#region.textContent = said.sentences.join(" ");
      this.#soon(POLITE_MS);
    }
  }

  // The voice.

  get #rate() {
    return Number(this.#settings.values.rate);
  }

  #switch() {
    this.#isOn = !this.#isOn;
    this.#aloud.ariaPressed = String(this.#isOn);
    if (this.#isOn) {
      this.#saying.begin();
      // Phones speak only once they have been made to by a tap.
      this.#speak(["Reading aloud."]);
    } else {
      this.#silence();
    }
  }

  #silence() {
    this.#saying.skip();
    this.#end();
    this.#speech.cancel();
  }

  #end() {
    clearTimeout(this.#watchdog);
    this.#utterance = null;
    this.#skip.hidden = true;
  }

  /** @param {string[]} sentences */
  #speak([first, ...rest]) {
    const utterance = new SpeechSynthesisUtterance(first);
    utterance.rate = this.#rate;
    const over = () => {
      if (this.#utterance !== utterance) return;
      this.#end();
      if (rest.length && this.#isOn) this.#speak(rest);
      else this.#soon();
    };
    utterance.onstart = () => {
      this.#hasVoice = true;
      this.#tell("");
    };
    utterance.onend = over;
    utterance.onerror = ({ error }) => {
      if (!["canceled", "interrupted"].includes(error)) this.#miss();
      over();
    };
    this.#utterance = utterance;
    this.#skip.hidden = false;
    this.#watchdog = window.setTimeout(() => {
      this.#speech.cancel();
      this.#miss();
      over();
    }, PATIENCE_MS + (LETTER_MS * first.length) / this.#rate);
    this.#speech.speak(utterance);
  }

  #miss() {
    if (!this.#hasVoice) this.#tell("Nothing is heard: this browser may have no voice. The system's settings can add one.");
  }

  /** @param {string} words */
  #tell(words) {
    this.#note.textContent = words;
    this.#note.hidden = !words;
  }
}
