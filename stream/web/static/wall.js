/**
 * The cameras of the page: one whole, or all of them side by side.
 *
 * Owns: which cameras there are, which one is looked at, and which of them pictures are asked for. Does not own a camera's own
 * part of the page (camera.js).
 */

import { Camera, element } from "./camera.js";
import { Clock } from "./clock.js";

/** @typedef {import("./feed.js").Entity} Entity */
/** @typedef {import("./feed.js").Message} Message */

const TICK_MS = 500;
/** A reader that was started anew tells of its cameras within so long; those that it does not tell of are gone. */
const GONE_MS = 5_000;
/** The server takes 64 topics, and the others of a page are no more than these. */
const PICTURES_LIMIT = 56;
/** Who looks at something else for so long needs no pictures meanwhile. */
const HIDDEN_MS = 5_000;
const SAID_MS = 6_000;
/** cam2 comes before cam10. */
const NAMES = new Intl.Collator("en", { numeric: true });

export class Cameras {
  #root;
  #page;
  /** @type {Map<string, Camera>} */
  #cameras = new Map();
  /** Which cameras are on the screen. @type {Set<string>} */
  #seen = new Set();
  #whole = "";
  /** Whether somebody has chosen between one and all of them. */
  #isChosen = false;
  #epoch = "";
  #asked = "";
  /** Which cameras have ended, and whether they are shown. */
  #over = "";
  #isUnfolded = false;
  #wall = element("div", "wall");
  #back = /** @type {HTMLButtonElement} */ (element("button", "back", "All cameras"));
  #ended = /** @type {HTMLButtonElement} */ (element("button", "ended"));
  #said = element("p", "said");
  #saying = 0;
  #observer = new IntersectionObserver((entries) => this.#observe(entries), { rootMargin: "20%" });
  #hidden = 0;

  /**
   * @param {HTMLElement} root
   * @param {{feed: import("./feed.js").Feed, settings: import("./settings.js").Settings, phones?: boolean}} page whether it takes phones
   */
  constructor(root, { feed, settings, phones }) {
    this.#root = root;
    this.#page = { feed, settings, clock: new Clock() };
    this.#back.type = "button";
    this.#back.addEventListener("click", () => history.back());
    this.#ended.type = "button";
    this.#ended.addEventListener("click", () => {
      this.#isUnfolded = !this.#isUnfolded;
      this.#arrange();
    });
    this.#said.setAttribute("role", "status");
    root.append(this.#back, this.#said, this.#wall, element("p", "none", `No camera is read yet.${phones ? " This device's camera can be: its button is above." : ""}`), this.#ended);
    settings.addEventListener("change", () => this.#each((camera) => camera.invalidate()));
    addEventListener("popstate", ({ state }) => this.#choose(state?.camera ?? ""));
    addEventListener("keydown", ({ key, target }) => {
      const isElsewhere = document.querySelector(":popover-open, dialog[open]") || /** @type {Element} */ (target).closest("input");
      if (key === "Escape" && this.#isChosen && !isElsewhere) history.back();
    });
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#ask(), HIDDEN_MS);
      else this.#ask();
    });
    setInterval(() => {
      this.#each((camera) => camera.tick(feed.connected));
      this.#fold();
    }, TICK_MS);
    this.#arrange();
  }

  /** @param {Message} message */
  take(message) {
    const { kind, source, body } = message;
    if (!["text", "status", "picture"].includes(kind)) return;
    this.#page.clock.heard(body.published_at, Date.now() / 1000);
    if (body.epoch !== this.#epoch && kind !== "picture") this.#begin(body.epoch);
    const camera = this.#cameras.get(source) ?? this.#add(source);
    camera.take(message);
    if (kind !== "status") return;
    camera.tick(this.#page.feed.connected);
    this.#fold();
  }

  /**
   * Bring a camera to the front, and point out where a text is, or was.
   * @param {string} source
   * @param {Entity} [entity]
   */
  show(source, entity) {
    const camera = this.#cameras.get(source);
    if (!camera) return this.#say(`${source} is not read any more.`);
    if (this.#whole !== source) this.#open(source);
    if (entity) camera.mark(entity);
    camera.element.scrollIntoView({ block: "nearest" });
  }

  /**
   * The part of the picture that a text is in, if that picture is at hand.
   * @param {string} source
   * @param {Entity} entity
   * @returns {Promise<HTMLCanvasElement | null>}
   */
  async crop(source, entity) {
    return (await this.#cameras.get(source)?.crop(entity)) ?? null;
  }

  /** Width and height of a camera's picture. @param {string} source @returns {[number, number]} */
  size(source) {
    return this.#cameras.get(source)?.size ?? [0, 0];
  }

  /** @param {string} words */
  #say(words) {
    clearTimeout(this.#saying);
    this.#said.textContent = words;
    if (words) this.#saying = setTimeout(() => this.#say(""), SAID_MS);
  }

  /** Put away what has ended, and show again what has come back. */
  #fold() {
    const over = [...this.#cameras].filter(([, { isOver }]) => isOver).map(([source]) => source).join();
    if (over === this.#over) return;
    this.#over = over;
    this.#arrange();
  }

  /** @param {(camera: Camera) => void} act */
  #each(act) {
    for (const camera of this.#cameras.values()) act(camera);
  }

  /** @param {string} source */
  #add(source) {
    const camera = new Camera(source, { ...this.#page, open: () => this.#open(source) });
    this.#cameras.set(source, camera);
    const after = [...this.#cameras.keys()].sort(NAMES.compare).find((name) => NAMES.compare(name, source) > 0) ?? "";
    this.#wall.insertBefore(camera.element, this.#cameras.get(after)?.element ?? null);
    this.#observer.observe(camera.element);
    // After a reload.
    if (!this.#isChosen && history.state?.camera === source) this.#choose(source);
    else this.#arrange();
    return camera;
  }

  /** A reader was started anew, maybe with other cameras. @param {string} epoch */
  #begin(epoch) {
    this.#epoch = epoch;
    setTimeout(() => {
      for (const [source, camera] of this.#cameras) {
        if (this.#epoch !== epoch || camera.epoch === epoch) continue;
        this.#observer.unobserve(camera.element);
        camera.remove();
        this.#cameras.delete(source);
        this.#seen.delete(source);
        if (this.#whole === source) this.#choose("");
      }
      this.#arrange();
    }, GONE_MS);
  }

  /** Look at one camera; the browser's way back leads to where one was. @param {string} source */
  #open(source) {
    if (source === this.#whole) return;
    history[this.#isChosen && this.#whole ? "replaceState" : "pushState"]({ camera: source }, "");
    this.#choose(source);
  }

  /** @param {string} source none for all of them */
  #choose(source) {
    this.#isChosen = source !== "";
    this.#whole = source;
    this.#arrange();
  }

  #arrange() {
    const over = [...this.#cameras.keys()].filter((source) => this.#cameras.get(source)?.isOver);
    // Where there is nothing else, they are shown.
    const folded = this.#isUnfolded || over.length === this.#cameras.size ? [] : over;
    const names = [...this.#cameras.keys()].filter((source) => !folded.includes(source));
    if (!this.#isChosen) this.#whole = names.length === 1 ? names[0] : "";
    this.#root.classList.toggle("one", this.#whole !== "");
    this.#root.classList.toggle("many", names.length > 1);
    for (const [source, camera] of this.#cameras) {
      camera.whole = source === this.#whole;
      camera.element.hidden = this.#whole ? source !== this.#whole : folded.includes(source);
    }
    this.#ended.hidden = this.#isChosen || !over.length || over.length === this.#cameras.size;
    this.#ended.textContent = over.length === 1 ? "1 camera has ended" : `${over.length} cameras have ended`;
    this.#ended.ariaExpanded = String(this.#isUnfolded);
    this.#back.hidden = !this.#isChosen || this.#cameras.size < 2;
    this.#ask();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #observe(entries) {
    for (const [source, camera] of this.#cameras) {
      for (const { target, isIntersecting } of entries) {
        if (target === camera.element) this.#seen[isIntersecting ? "add" : "delete"](source);
      }
    }
    this.#ask();
  }

  /** Ask for pictures of the cameras that are looked at, and of no others. */
  #ask() {
    const names = this.#whole ? [this.#whole] : [...this.#seen].sort(NAMES.compare).slice(0, PICTURES_LIMIT);
    const topics = document.hidden ? [] : names.map((source) => `picture/${source} `);
    if (topics.join() === this.#asked) return;
    this.#asked = topics.join();
    this.#page.feed.subscribe(topics);
  }
}
