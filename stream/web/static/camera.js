/**
 * One camera on the page: its picture with what it says drawn on it, and how old that is.
 *
 * Owns: the canvas, which text belongs to which picture, credits, zoom and pan. Does not own how texts look (draw.js), nor which
 * cameras are on the page (wall.js).
 */

import { decode } from "./decoding.js";
import { shown } from "./feed.js";
import { arrange, boxOf, glide } from "./labels.js";
import { draw, named, outline } from "./draw.js";
import { coloursOf, UNKNOWN } from "./ink.js";
import { placement } from "./place.js";

/** @typedef {import("./feed.js").Entity} Entity */
/** @typedef {import("./feed.js").Message} Message */
/** @typedef {import("./place.js").Point} Point */
/** A picture, and the width that it was to have; 0 for its own. @typedef {{message: Message, image: ImageBitmap, width: number}} Picture */

/** A picture of which nothing newer has come for so long is said to be old. */
const LATE_S = 2;
/** Without a picture by then texts are drawn on a plain ground: a recording that is replayed has none. */
const PATIENCE_S = 1;
/** A tile asks for its next picture so long after it has drawn one; twenty of them are forty pictures a second. */
const TILE_PAUSE_MS = 400;
const CARRIED_S = 0.25;
/** What is pointed out is so for a while. */
const MARKED_MS = 4_000;
/** A camera that has ended is still looked at for so long. */
const OVER_MS = 60_000;
const KEPT = 4;
const KEPT_APART_S = 0.3;
const MOST_ZOOM = 12;
/** A picture that is made larger than that is so where it is drawn: there would be too much of it to hand on. */
const MOST_SCALE = 1.5;
const COLOURS_LIMIT = 500;
/** The greatest share of a picture that labels cover, by the density that was chosen. */
const COVERAGE = [0, 0.04, 0.1, 0.2, 0.4, 1];
const TILE_COVERAGE = 0.15;
const STATES = { connecting: "Connecting", live: "Live", stalled: "Stands still", ended: "Ended", failed: "Failed" };

/** Make an element with words in it, which are never taken for HTML. @param {string} name @param {string} className @param {string} words */
export function element(name, className = "", words = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = words;
  return made;
}

export class Camera {
  /** The epoch of what was heard last. */
  epoch = "";
  #feed;
  #settings;
  #clock;
  #canvas = /** @type {HTMLCanvasElement} */ (element("canvas"));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { alpha: false }));
  #screen = element("div", "screen");
  #title = /** @type {HTMLButtonElement} */ (element("button", "name"));
  #health = element("p", "health");
  #age = element("p", "age");
  #trouble = element("p", "trouble");
  /** How it is in a word, and why, for which a tile has one line. */
  #what = element("b");
  #why = element("span");
  #frame = 0;
  /** The picture that is shown, and the one to be shown next. @type {Picture | null} */
  #picture = null;
  /** @type {Picture | null} */
  #next = null;
  /** Pictures of the last second or so, as they came. @type {Message[]} */
  #kept = [];
  /** The text that belongs to the shown picture, or without one, the newest. */
  #text = /** @type {any} */ (null);
  #newest = /** @type {any} */ (null);
  #status = /** @type {any} */ (null);
  /** Since when it has ended, where it has. @type {number | null} */
  #ended = null;
  #begun = performance.now();
  #came = 0;
  /** Labels in their places, and as they are on their way there. @type {import("./labels.js").Label[]} */
  #arranged = [];
  /** @type {import("./labels.js").Label[]} */
  #labels = [];
  #isArranged = false;
  #drawnAt = 0;
  /** @type {Map<string, import("./ink.js").Colours>} */
  #colours = new Map();
  /** What is pointed out: a text, or the place where one was. @type {{entity: Entity, until: number} | null} */
  #mark = null;
  #isWhole = false;
  #zoom = 1;
  /** @type {Point | undefined} */
  #centre;
  /** @type {import("./place.js").Placement | null} */
  #place = null;
  /** The fingers on the picture. @type {Map<number, Point>} */
  #fingers = new Map();
  #timer = 0;
  #aspect = "";

  /**
   * @param {string} source
   * @param {{feed: import("./feed.js").Feed, settings: import("./settings.js").Settings, clock: import("./clock.js").Clock, open: () => void}} page
   */
  constructor(source, { feed, settings, clock, open }) {
    this.source = source;
    this.#feed = feed;
    this.#settings = settings;
    this.#clock = clock;
    this.element = element("article", "camera");
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#title.textContent = source;
    this.#title.type = "button";
    this.#title.addEventListener("click", open);
    this.#trouble.append(this.#what, this.#why);
    this.#screen.append(this.#canvas, this.#trouble, this.#age);
    const heading = element("h2");
    heading.append(this.#title);
    const caption = element("div", "caption");
    caption.append(heading, this.#health, this.#tools());
    this.element.append(this.#screen, caption);
    this.#screen.setAttribute("role", "group");
    this.#screen.setAttribute("aria-label", `Picture of ${source}`);
    this.#listen();
    this.#resized = new ResizeObserver(() => this.#resize());
    this.#resized.observe(this.#screen);
  }

  #resized;

  /** Leave the page for good. */
  remove() {
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.element.remove();
    this.#picture?.image.close();
    this.#next?.image.close();
  }

  /** Whether it is the one camera that is looked at, and not a tile. @param {boolean} isWhole */
  set whole(isWhole) {
    this.#isWhole = isWhole;
    this.element.classList.toggle("whole", isWhole);
    this.#screen.tabIndex = isWhole ? 0 : -1;
    if (!isWhole) this.#look(1);
    this.#credit();
  }

  /** @param {Message} message */
  take(message) {
    const { kind, body } = message;
    if (kind !== "picture" && body.epoch !== this.epoch) {
      // What it said before it was started anew does not hold any more; its last picture stays until there is another.
      this.epoch = body.epoch;
      this.#newest = this.#status = null;
    }
    if (kind === "picture") this.#decode(message);
    if (kind === "status") this.#note(body);
    if (kind !== "text") return;
    this.#newest = body;
    if (!this.#picture) this.#text = body;
    else if (!this.#belongs(body)) return;
    else this.#text = body;
    this.invalidate();
  }

  /** @param {any} status */
  #note(status) {
    // One that had ended before it was heard of has nothing to show.
    if (status.state !== "ended") this.#ended = null;
    else this.#ended ??= this.#status ? performance.now() : -Infinity;
    this.#status = status;
  }

  /** Whether it has ended a while ago. */
  get isOver() {
    return this.#ended !== null && performance.now() - this.#ended > OVER_MS;
  }

  /** Whether a text is a further one of the shown picture's frame. @param {any} body */
  #belongs(body) {
    const picture = /** @type {any} */ (this.#picture?.message.body);
    return body.epoch === picture.epoch && body.frame === picture.frame;
  }

  /** @param {Message} message */
  async #decode(message) {
    const shown = this.#picture?.message;
    if (message !== shown) this.#came = performance.now();
    const { size } = message.body;
    const width = this.#widthOf(size);
    const height = Math.max(1, Math.round((width * size[1]) / size[0]));
    const options = { resizeWidth: width, resizeHeight: height, resizeQuality: /** @type {const} */ (width < size[0] / 2 ? "medium" : "low") };
    const image = await decode(/** @type {Uint8Array} */ (message.jpeg), width ? options : undefined);
    // Whatever it was, the next one may be a picture.
    if (!image) return this.#feed.drawn(message);
    // Of the shown one in another size the next one may have come meanwhile.
    if (message === shown && (this.#next || this.#picture?.message !== shown)) return image.close();
    this.#next?.image.close();
    this.#next = { message, image, width };
    this.invalidate();
  }

  /** How wide a picture is to be so that it need not be scaled when it is drawn, which is more often; 0 for as it is. @param {Point} size */
  #widthOf(size) {
    const scale = this.#canvas.width && this.#zoom === 1 ? this.#placement(size).scale : 0;
    return scale > MOST_SCALE ? 0 : Math.round(size[0] * scale);
  }

  /** Draw with the next frame of the screen, however often it is said before. */
  invalidate() {
    this.#isArranged = false;
    this.#drawSoon();
  }

  #drawSoon() {
    this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  /** @param {number} now */
  #draw(now) {
    this.#frame = 0;
    if (this.#next) this.#show();
    const size = this.#text?.size ?? this.#picture?.message.body.size;
    if (!size || !this.#canvas.width || !(this.#picture || this.#isWithout)) return;
    const place = this.#placement(size);
    this.#place = place;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#0b0d10";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (this.#picture) {
      const { image } = this.#picture;
      const [a, b, c, d, e, f] = place.matrix;
      const isUpright = a > 0 && d > 0;
      if (isUpright && image.width === Math.round(size[0] * place.scale)) {
        // Pixel by pixel; half of one off is less than what scaling costs.
        context.drawImage(image, Math.round(e), Math.round(f));
      } else {
        context.setTransform(a, b, c, d, e, f);
        // Better than this costs ten times as much where the processor draws, and shows only where a picture is made much smaller.
        context.imageSmoothingQuality = (place.scale * size[0]) / image.width < 0.5 ? "medium" : "low";
        context.drawImage(image, 0, 0, ...size);
        context.setTransform(1, 0, 0, 1, 0, 0);
      }
    }
    if (this.#text && this.#drawTexts(now, place)) this.#drawSoon();
    this.#drawnAt = now;
    this.#credit();
  }

  /** Draw what is read; whether something moves on without news. @param {number} now @param {import("./place.js").Placement} place */
  #drawTexts(now, place) {
    const [text, picture, context] = [this.#text, this.#picture, this.#context];
    const time = picture ? picture.message.body.captured_at : this.#now();
    const parts = shown(text, time);
    const style = this.#style();
    let moving = !picture && parts.age_s < CARRIED_S && text.texts.length > 0;
    if (style.mode === "labels") {
      if (!this.#isArranged || !picture) {
        const coverage = this.#isWhole ? COVERAGE[this.#settings.values.density] : TILE_COVERAGE;
        this.#arranged = arrange(named(context, parts, place, style), this.#arranged, this.#bounds(parts.size, place), coverage);
        this.#isArranged = true;
      }
      const step = STILL.matches ? 1 : Math.min((now - this.#drawnAt) / 1000, 0.05);
      const gliding = glide(this.#arranged, this.#labels, step);
      this.#labels = gliding.labels;
      moving ||= gliding.moving;
    }
    draw(context, parts, place, style, this.#labels);
    if (this.#mark && !text.texts.some(({ id }) => id === this.#mark?.entity.id)) {
      outline(context, this.#mark.entity.polygon.map(place.toCanvas), this.#dpr, 3, [8, 6]);
    }
    return moving;
  }

  /** Take the next picture for the shown one, with its text. */
  #show() {
    const next = /** @type {Picture} */ (this.#next);
    const old = this.#picture;
    this.#next = null;
    old?.image.close();
    if (old && old.message !== next.message) this.#keep(old.message);
    this.#picture = next;
    this.#text = next.message.text;
    const newest = this.#newest;
    // A further text of this frame may have come while the picture was decoded.
    if (newest && this.#belongs(newest) && newest.seq > (this.#text?.seq ?? 0)) this.#text = newest;
    this.#owed = next.message;
  }

  /** The picture for which the server waits to hear that it was drawn. @type {Message | null} */
  #owed = null;

  #credit() {
    if (!this.#owed) return;
    const pay = () => {
      clearTimeout(this.#timer);
      this.#timer = 0;
      if (this.#owed) this.#feed.drawn(this.#owed);
      this.#owed = null;
    };
    if (this.#isWhole) pay();
    else this.#timer ||= setTimeout(pay, TILE_PAUSE_MS);
  }

  /** Keep a picture that was shown for a while. @param {Message} picture */
  #keep(picture) {
    const last = this.#kept.at(-1);
    if (last && Math.abs(picture.body.captured_at - last.body.captured_at) < KEPT_APART_S) return;
    this.#kept = [...this.#kept, picture].slice(-KEPT);
  }

  /** The picture that shows best what a text says, if one is here of a second around it. @param {Entity} entity */
  #pictureOf(entity) {
    const pictures = [...this.#kept, ...(this.#picture ? [this.#picture.message] : [])];
    /** @param {Message} picture */
    const apart = ({ body }) => Math.abs(body.captured_at - entity.last_seen);
    const best = pictures.sort((one, other) => apart(one) - apart(other))[0];
    return best && apart(best) <= 1 ? best : null;
  }

  /** The part of a picture that a text is in, if a picture is here of a second around it. @param {Entity} entity @returns {Promise<HTMLCanvasElement | null>} */
  async crop(entity) {
    const picture = this.#pictureOf(entity);
    // As it came: the one that is shown may be smaller.
    const image = picture && (await decode(/** @type {Uint8Array} */ (picture.jpeg)));
    if (!image) return null;
    const cut = this.#cut(image, picture, entity);
    image.close();
    return cut;
  }

  /** @param {ImageBitmap} image @param {Message} picture @param {Entity} entity @returns {HTMLCanvasElement | null} */
  #cut(image, { body, text }, entity) {
    // Where it was in that very picture, if that is known: over a second a hand moves a sign by more than its size.
    const there = text?.texts.find((/** @type {Entity} */ { id }) => id === entity.id);
    const { polygon, velocity } = there ?? entity;
    const carried = body.captured_at - (there ? text.captured_at : entity.last_seen);
    const ratio = image.width / body.size[0];
    const [left, top, right, bottom] = boxOf(polygon.map(([x, y]) => [x + velocity[0] * carried, y + velocity[1] * carried]));
    const margin = (bottom - top) * 0.15;
    const [x, y] = [Math.max(0, left - margin) * ratio, Math.max(0, top - margin) * ratio];
    const width = Math.min(image.width, (right + margin) * ratio) - x;
    const height = Math.min(image.height, (bottom + margin) * ratio) - y;
    if (width < 1 || height < 1) return null;
    const canvas = /** @type {HTMLCanvasElement} */ (element("canvas"));
    [canvas.width, canvas.height] = [Math.round(width), Math.round(height)];
    canvas.getContext("2d")?.drawImage(image, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  /** Point out where a text is, or was. @param {Entity} entity */
  mark(entity) {
    const mark = { entity, until: performance.now() + MARKED_MS };
    this.#mark = mark;
    this.#look(1);
    setTimeout(() => {
      if (this.#mark === mark) this.#mark = null;
      this.invalidate();
    }, MARKED_MS);
  }

  /** Width and height of the picture, pixels. */
  get size() {
    return (this.#newest ?? this.#picture?.message.body ?? this.#text)?.size ?? [0, 0];
  }

  /** Say how it is: twice a second is enough. @param {boolean} isConnected whether the server is there */
  tick(isConnected) {
    const { state = "connecting", detail = "", fps_out: fps = 0 } = this.#status ?? {};
    const count = (this.#newest?.texts ?? []).filter((/** @type {Entity} */ text) => text.state !== "tentative" && text.text).length;
    const isLive = state === "live";
    const word = STATES[/** @type {keyof STATES} */ (state)] ?? state;
    const health = isLive ? `Live · ${fps.toFixed(fps < 10 ? 1 : 0)}/s · ${count} ${count === 1 ? "text" : "texts"}` : word;
    this.element.dataset.state = isConnected ? state : "connecting";
    say(this.#health, isConnected ? health : "Not connected");
    const [what, why] = isLive || !isConnected || !this.#status ? ["", ""] : [word, detail];
    say(this.#what, what);
    say(this.#why, why);
    this.#trouble.title = why;
    this.#screen.classList.toggle("dim", !isLive || !isConnected);
    // Another screen may have another pixel ratio.
    this.#resize();
    // So far away that it needs other pixels, or nearer, or turned.
    if (this.#picture && this.#canvas.width && this.#picture.width !== this.#widthOf(this.#picture.message.body.size)) this.#decode(this.#picture.message);
    say(this.#age, this.#ageWords(state));
    if (this.#isWithout) this.invalidate();
  }

  /** @param {string} state */
  #ageWords(state) {
    if (!this.#picture) return state === "live" && this.#isWithout ? "No picture" : "";
    const age = this.#now() - this.#picture.message.body.captured_at;
    if (age < LATE_S || state === "ended") return "";
    const isComing = performance.now() - this.#came < 1000 * LATE_S;
    return `${isComing ? "Late" : "Frozen"}: ${this.#isWhole ? "this picture is " : ""}${duration(age)} old`;
  }

  /** Whether there is no picture, and was time enough for one. */
  get #isWithout() {
    return !this.#picture && performance.now() - this.#begun > 1000 * PATIENCE_S;
  }

  #now() {
    return this.#clock.at(Date.now() / 1000);
  }

  get #dpr() {
    return globalThis.devicePixelRatio || 1;
  }

  /** @param {Point} size */
  #placement(size) {
    const { rotation = 0, mirrored = false } = this.#settings.values.views[this.source] ?? {};
    const [dpr, zoom, centre] = [this.#dpr, this.#zoom, this.#centre];
    /** @type {Point} */
    const box = [this.#canvas.width / dpr, this.#canvas.height / dpr];
    const aspect = (rotation % 180 ? [...size].reverse() : size).join(" / ");
    if (this.#aspect !== aspect) this.#screen.style.setProperty("--aspect", (this.#aspect = aspect));
    return placement({ picture: size, box, dpr, rotation: /** @type {0} */ (rotation), mirrored, zoom, centre });
  }

  /** The part of the canvas that the picture is on. @param {Point} size @param {import("./place.js").Placement} place @returns {import("./labels.js").Box} */
  #bounds([width, height], place) {
    const [left, top, right, bottom] = boxOf([place.toCanvas([0, 0]), place.toCanvas([width, height])]);
    return [Math.max(left, 0), Math.max(top, 0), Math.min(right, this.#canvas.width), Math.min(bottom, this.#canvas.height)];
  }

  /** @returns {import("./draw.js").Style} */
  #style() {
    const { mode, size, plate, tentative } = this.#settings.values;
    const scale = this.#isWhole ? 1 : 0.8;
    const marked = new Set(this.#mark ? [this.#mark.entity.id] : []);
    return { mode: /** @type {any} */ (mode), size: size * scale, plate: plate / 100, dpr: this.#dpr, tentative, marked, colours: (text) => this.#coloursOf(text) };
  }

  /** The colours of a text, as they were when it came to say what it says. @param {Entity} text */
  #coloursOf(text) {
    const key = `${this.#text.epoch} ${text.id} ${text.rev}`;
    let colours = this.#colours.get(key);
    if (!colours) {
      const picture = this.#picture;
      if (!picture) return UNKNOWN;
      const ratio = picture.image.width / picture.message.body.size[0];
      colours = coloursOf(picture.image, text.polygon.map(([x, y]) => [x * ratio, y * ratio]));
      if (this.#colours.size >= COLOURS_LIMIT) this.#colours.clear();
      this.#colours.set(key, colours);
    }
    return colours;
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#screen;
    const size = [Math.round(width * this.#dpr), Math.round(height * this.#dpr)];
    if (this.#canvas.width === size[0] && this.#canvas.height === size[1]) return;
    [this.#canvas.width, this.#canvas.height] = size;
    this.#arranged = this.#labels = [];
    this.#isArranged = false;
    // At once, as the canvas is empty now.
    cancelAnimationFrame(this.#frame);
    this.#draw(performance.now());
  }

  // What somebody does with it.

  #tools() {
    const tools = element("div", "tools");
    const buttons = /** @type {[string, string, () => void][]} */ ([
      ["−", "Zoom out", () => this.#zoomBy(1 / 1.5)],
      ["+", "Zoom in", () => this.#zoomBy(1.5)],
      ["↻", "Turn", () => this.#turn({ turn: 90 })],
      ["⇋", "Mirror", () => this.#turn({ mirror: true })],
      ["⛶", "Full screen", () => this.#fill()],
    ]);
    for (const [sign, name, act] of buttons) {
      const button = /** @type {HTMLButtonElement} */ (element("button", "tool", sign));
      button.type = "button";
      button.title = name;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", act);
      tools.append(button);
    }
    return tools;
  }

  #listen() {
    const screen = this.#screen;
    screen.addEventListener("keydown", (event) => {
      const act = KEYS[event.key];
      if (!this.#isWhole || !act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act({ zoom: (by) => this.#zoomBy(by), move: (x, y) => this.#moveBy([x * 60, y * 60]), turn: (how) => this.#turn(how), fill: () => this.#fill() });
    });
    screen.addEventListener(
      "wheel",
      (event) => {
        if (!this.#isWhole) return;
        event.preventDefault();
        this.#zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), this.#pointOf(event));
      },
      { passive: false },
    );
    screen.addEventListener("dblclick", (event) => this.#isWhole && this.#zoomBy(this.#zoom > 1 ? 0 : 2.5, this.#pointOf(event)));
    screen.addEventListener("pointerdown", (event) => {
      if (!this.#isWhole) return;
      this.#fingers.set(event.pointerId, this.#pointOf(event));
      screen.setPointerCapture(event.pointerId);
    });
    screen.addEventListener("pointermove", (event) => this.#drag(event));
    for (const type of ["pointerup", "pointercancel"]) screen.addEventListener(type, (event) => this.#fingers.delete(/** @type {PointerEvent} */ (event).pointerId));
    screen.addEventListener("click", () => this.#isWhole || this.#title.click());
  }

  /** @param {MouseEvent} event @returns {Point} in pixels of the canvas */
  #pointOf({ clientX, clientY }) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return [(clientX - left) * this.#dpr, (clientY - top) * this.#dpr];
  }

  /** One finger moves the picture, two move and zoom it. @param {PointerEvent} event */
  #drag(event) {
    const before = [...this.#fingers.values()];
    if (!this.#fingers.has(event.pointerId)) return;
    this.#fingers.set(event.pointerId, this.#pointOf(event));
    const after = [...this.#fingers.values()];
    const [from, to] = [middle(before), middle(after)];
    if (before.length > 1) this.#zoomBy(spread(after) / (spread(before) || 1), from);
    this.#moveBy([(from[0] - to[0]) / this.#dpr, (from[1] - to[1]) / this.#dpr]);
  }

  /** Zoom around a point of the canvas, or its middle. @param {number} factor @param {Point} [around] */
  #zoomBy(factor, around = [this.#canvas.width / 2, this.#canvas.height / 2]) {
    if (!this.#place) return;
    const held = this.#place.toPicture(around);
    const zoom = Math.max(1, Math.min(this.#zoom * factor, MOST_ZOOM));
    const share = this.#zoom / zoom;
    const { centre } = this.#place;
    this.#look(zoom, [held[0] + (centre[0] - held[0]) * share, held[1] + (centre[1] - held[1]) * share]);
  }

  /** Move what is seen by so much of the screen, CSS pixels. @param {Point} by */
  #moveBy([x, y]) {
    if (!this.#place) return;
    const { width, height } = this.#canvas;
    this.#look(this.#zoom, this.#place.toPicture([width / 2 + x * this.#dpr, height / 2 + y * this.#dpr]));
  }

  /** @param {number} zoom @param {Point} [centre] */
  #look(zoom, centre) {
    this.#zoom = zoom;
    this.#screen.classList.toggle("zoomed", zoom > 1);
    this.#centre = zoom > 1 ? centre : undefined;
    // What holds is what the edges of the picture allow.
    if (this.#place) this.#place = this.#placement(this.size);
    if (this.#centre) this.#centre = this.#place?.centre;
    this.invalidate();
  }

  /** Turn or mirror the picture, from now on. @param {{turn?: number, mirror?: boolean}} how */
  #turn({ turn = 0, mirror = false }) {
    const { views } = this.#settings.values;
    const { rotation = 0, mirrored = false } = views[this.source] ?? {};
    this.#centre = undefined;
    this.#settings.set("views", { ...views, [this.source]: { rotation: (rotation + turn) % 360, mirrored: mirrored !== mirror } });
  }

  /** Fill the screen, or leave it; phones that know no such thing fill the page. */
  #fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.element.requestFullscreen) this.element.requestFullscreen().catch(() => this.element.classList.toggle("filling"));
    else this.element.classList.toggle("filling");
  }
}

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** What keys do. @type {Object<string, (camera: {zoom: (by: number) => void, move: (x: number, y: number) => void, turn: (how: object) => void, fill: () => void}) => void>} */
const KEYS = {
  "+": ({ zoom }) => zoom(1.5),
  "=": ({ zoom }) => zoom(1.5),
  "-": ({ zoom }) => zoom(1 / 1.5),
  0: ({ zoom }) => zoom(0),
  ArrowLeft: ({ move }) => move(-1, 0),
  ArrowRight: ({ move }) => move(1, 0),
  ArrowUp: ({ move }) => move(0, -1),
  ArrowDown: ({ move }) => move(0, 1),
  f: ({ fill }) => fill(),
  r: ({ turn }) => turn({ turn: 90 }),
  m: ({ turn }) => turn({ mirror: true }),
};

/** Say something, and touch the page only where that is something else than before. @param {HTMLElement} where @param {string} words */
function say(where, words) {
  if (where.textContent !== words) where.textContent = words;
}

/** @param {number} seconds */
function duration(seconds) {
  const units = /** @type {[number, string][]} */ ([[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]]);
  const [size, name] = units.find(([length]) => seconds >= length) ?? units[3];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** @param {Point[]} points @returns {Point} */
function middle(points) {
  return [0, 1].map((at) => points.reduce((sum, point) => sum + point[at], 0) / points.length);
}

/** How far apart the first two are. @param {Point[]} points */
function spread([one, other]) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
