/**
 * The phone's screen: the camera's picture, and on it what it says, where it is by now.
 *
 * Owns: the canvas, the picture that is shown, zoom and pan, and what was tapped. Does not own how texts look (draw.js), nor how
 * they come to their places (carrying.js).
 *
 * The picture is drawn on the canvas with its texts, instead of lying as a video below them: so both are always of the same moment.
 */

import { Carrying } from "./carrying.js";
import { draw, named } from "./draw.js";
import { arrange, boxOf, glide } from "./labels.js";
import { grey } from "./motion.js";
import { placement } from "./place.js";

/** @typedef {import("./feed.js").Entity} Entity */
/** @typedef {[number, number]} Point */

/** The longer side of the picture that is worked with, and of the one whose motion is looked at, in pixels. */
const [SIDE, SMALL_SIDE] = [1280, 160];
const MOST_ZOOM = 8;
/** The picture fills the screen where no more than so many times what is seen of it is cut off. */
const MOST_CUT = 2;
/** More pixels are not seen, and cost as much. */
const MOST_DPR = 2;
/** Labels cover such a share of the picture at most, and leave room for the buttons above and below, in CSS pixels. */
const COVERAGE = 0.2;
const [ABOVE, BELOW] = [56, 64];
/** A finger hits what is so near, in CSS pixels, and is still when it goes no further. */
const [NEAR, STILL] = [22, 8];
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {number} width @param {number} height @param {boolean} [isRead] whether its pixels are looked at */
function canvasOf(width, height, isRead = false) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false, willReadFrequently: isRead }));
  return { canvas, context };
}

export class Screen {
  #stage;
  #canvas;
  #context;
  #settings;
  #onTap;
  #carrying = new Carrying();
  #picture = canvasOf(1, 1);
  /** Made small first where the picture is, and then read: what is read comes from the graphics card. */
  #small = [canvasOf(1, 1), canvasOf(1, 1, true)];
  /** @type {import("./labels.js").Label[]} */
  #labels = [];
  #zoom = 1;
  /** @type {Point | undefined} */
  #centre;
  /** @type {import("./place.js").Placement | null} */
  #place = null;
  /** @type {Map<number, Point>} */
  #fingers = new Map();
  #isTap = false;
  #request = 0;
  #drawnAt = 0;
  #taken = 0;
  mirrored = false;
  /** The camera's own zoom, where it has one: it goes closer by a factor. @type {((factor: number) => void) | null} */
  own = null;
  isFrozen = false;

  /**
   * @param {HTMLElement} stage with a canvas in it
   * @param {import("./settings.js").Settings} settings
   * @param {(text: Entity) => void} onTap
   */
  constructor(stage, settings, onTap) {
    this.#stage = stage;
    this.#canvas = /** @type {HTMLCanvasElement} */ (stage.querySelector("canvas"));
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { alpha: false }));
    this.#settings = settings;
    this.#onTap = onTap;
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
    this.#listen();
  }

  /** The picture that is shown. */
  get picture() {
    return this.#picture.canvas;
  }

  /** The texts in view, in reading order. @returns {Entity[]} */
  get texts() {
    const shown = this.#carrying.shown();
    return shown ? [...shown.texts, ...shown.coasting].filter(({ text }) => text) : [];
  }

  /**
   * Show what a camera sees now.
   * @param {HTMLVideoElement} video
   * @param {number} at when it was taken, seconds
   */
  show(video, at) {
    const { videoWidth: wide, videoHeight: high } = video;
    const ratio = Math.min(1, SIDE / Math.max(wide, high));
    const [width, height] = [Math.round(wide * ratio), Math.round(high * ratio)];
    if (this.picture.width !== width || this.picture.height !== height) {
      const part = SMALL_SIDE / Math.max(width, height);
      this.#picture = canvasOf(width, height);
      this.#small = [false, true].map((isRead) => canvasOf(Math.round(width * part), Math.round(height * part), isRead));
      this.unzoom();
    }
    this.#picture.context.drawImage(video, 0, 0, width, height);
    this.#taken = at;
    const [{ canvas, context }, { context: read }] = this.#small;
    context.imageSmoothingQuality = "medium";
    context.drawImage(this.picture, 0, 0, canvas.width, canvas.height);
    read.drawImage(canvas, 0, 0);
    this.#carrying.look(grey(read.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height), at);
    this.invalidate();
  }

  /** The picture that is shown is sent. @param {number} frame its number */
  sent(frame) {
    this.#carrying.sent(frame);
  }

  /** Take what was read. @param {any} body of a `text/` message */
  take(body) {
    if (this.#carrying.take(body)) this.invalidate();
  }

  /** Nothing that was read or sent holds any longer. */
  forget() {
    this.#carrying.forget();
    this.invalidate();
  }

  /** Draw with the next frame of the screen, however often it is said before. */
  invalidate() {
    this.#request ||= requestAnimationFrame((now) => this.#draw(now));
  }

  /** @param {number} now */
  #draw(now) {
    this.#request = 0;
    const { width, height } = this.picture;
    if (width < 2 || !this.#canvas.width) return;
    const context = this.#context;
    const place = this.#placeOf([width, height]);
    this.#place = place;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#0b0d10";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.setTransform(...place.matrix);
    context.drawImage(this.picture, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const shown = this.#carrying.shown();
    if (shown && this.#drawTexts(now, shown)) this.invalidate();
    this.#drawnAt = now;
    // For who measures how well that goes.
    this.#stage.dispatchEvent(new CustomEvent("drawn", { detail: { shown, taken: this.#taken } }));
  }

  /** @param {number} now @param {import("./feed.js").Shown} shown @returns {boolean} whether labels are on their way */
  #drawTexts(now, shown) {
    const { mode, size, plate, tentative } = this.#settings.values;
    const style = { mode: mode === "replaced" ? "labels" : mode, size, plate: plate / 100, dpr: this.#dpr, tentative };
    // Where the texts are in the picture that was sent, whatever its size was.
    const place = this.#placeOf(shown.size);
    const bounds = /** @type {import("./labels.js").Box} */ ([0, ABOVE * this.#dpr, this.#canvas.width, this.#canvas.height - BELOW * this.#dpr]);
    const arranged = arrange(named(this.#context, shown, place, style), this.#labels, bounds, COVERAGE);
    const { labels, moving } = glide(arranged, this.#labels, CALM.matches ? 1 : Math.min((now - this.#drawnAt) / 1000, 0.05));
    this.#labels = labels;
    draw(this.#context, shown, place, style, labels);
    return moving;
  }

  /** @param {number[]} size of a picture @returns {import("./place.js").Placement} */
  #placeOf([width, height]) {
    const [dpr, ratio] = [this.#dpr, width / this.picture.width];
    const centre = this.#centre && /** @type {Point} */ (this.#centre.map((value) => value * ratio));
    const box = /** @type {Point} */ ([this.#canvas.width / dpr, this.#canvas.height / dpr]);
    const shapes = (width * box[1]) / (height * box[0]);
    // A picture that lies across the screen would lose most of itself.
    const fit = Math.max(shapes, 1 / shapes) > MOST_CUT ? "contain" : "cover";
    return placement({ picture: [width, height], box, fit, dpr, mirrored: this.mirrored, zoom: this.#zoom, centre });
  }

  get #dpr() {
    return Math.min(devicePixelRatio || 1, MOST_DPR);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas;
    [this.#canvas.width, this.#canvas.height] = [clientWidth, clientHeight].map((side) => Math.round(side * this.#dpr));
    this.#labels = [];
    // At once, as the canvas is empty now.
    cancelAnimationFrame(this.#request);
    this.#draw(performance.now());
  }

  // What somebody does with it.

  /** Zoom the camera, where it does so itself and sees something new, else the picture. @param {number} by @param {Point} [at] */
  zoomBy(by, at) {
    if (this.own && !this.isFrozen) this.own(by);
    else this.#lookAt(this.#zoom * by, at);
  }

  /** See the whole picture again. */
  unzoom() {
    this.#lookAt(1);
  }

  /** @param {number} zoom @param {Point} [at] a point of the canvas that stays where it is */
  #lookAt(zoom, at) {
    const fixed = at && this.#place?.toPicture(at);
    this.#zoom = Math.max(1, Math.min(zoom, MOST_ZOOM));
    const size = /** @type {Point} */ ([this.picture.width, this.picture.height]);
    if (this.#zoom === 1) this.#centre = undefined;
    else this.#centre ??= /** @type {Point} */ (size.map((side) => side / 2));
    const place = this.#placeOf(size);
    if (at && fixed) this.#move(fixed, place.toPicture(at), place);
    else this.#place = place;
    this.invalidate();
  }

  /** @param {Point} from a point of the picture @param {Point} to where it is to be seen @param {import("./place.js").Placement} place */
  #move(from, to, place) {
    if (this.#zoom === 1) return;
    this.#centre = [place.centre[0] + from[0] - to[0], place.centre[1] + from[1] - to[1]];
    this.#place = this.#placeOf([this.picture.width, this.picture.height]);
    this.#centre = this.#place.centre;
    this.invalidate();
  }

  /** @param {MouseEvent} event @returns {Point} in pixels of the canvas */
  #pointOf({ clientX, clientY }) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return [(clientX - left) * this.#dpr, (clientY - top) * this.#dpr];
  }

  #listen() {
    const stage = this.#stage;
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      this.#fingers.set(event.pointerId, this.#pointOf(event));
      this.#isTap = this.#fingers.size === 1;
    });
    stage.addEventListener("pointermove", (event) => this.#drag(event.pointerId, this.#pointOf(event)));
    stage.addEventListener("pointerup", (event) => {
      if (this.#isTap) this.#tap(this.#pointOf(event));
      this.#fingers.delete(event.pointerId);
      this.#isTap = false;
    });
    stage.addEventListener("pointercancel", ({ pointerId }) => this.#fingers.delete(pointerId));
    stage.addEventListener("wheel", (event) => this.zoomBy(Math.exp(event.deltaY / -500), this.#pointOf(event)), { passive: true });
    stage.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "+" || event.key === "=") this.zoomBy(1.25);
      else if (event.key === "-") this.zoomBy(0.8);
      else if (step && this.#place) {
        const to = step.map((side) => side * 60 * this.#dpr);
        this.#move(this.#place.toPicture([to[0], to[1]]), this.#place.toPicture([0, 0]), this.#place);
        event.preventDefault();
      }
    });
  }

  /** @param {number} finger @param {Point} to */
  #drag(finger, to) {
    const from = this.#fingers.get(finger);
    const place = this.#place;
    if (!from || !place) return;
    if (this.#isTap && distance(from, to) < STILL * this.#dpr) return;
    this.#isTap = false;
    this.#fingers.set(finger, to);
    const other = [...this.#fingers].find(([id]) => id !== finger)?.[1];
    if (other) this.zoomBy(distance(to, other) / Math.max(distance(from, other), 1), [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2]);
    else this.#move(place.toPicture(from), place.toPicture(to), place);
  }

  /** @param {Point} at */
  #tap(at) {
    const shown = this.#carrying.shown();
    if (!shown) return;
    const place = this.#placeOf(shown.size);
    const [x, y] = at;
    let [best, nearest] = [/** @type {Entity | null} */ (null), NEAR * this.#dpr];
    for (const text of this.texts) {
      const label = this.#labels.find(({ id }) => id === text.id);
      const boxes = [boxOf(text.polygon.map(place.toCanvas))];
      if (label) boxes.push([label.x, label.y, label.x + label.size[0], label.y + label.size[1]]);
      for (const [left, top, right, bottom] of boxes) {
        const far = Math.hypot(Math.max(left - x, x - right, 0), Math.max(top - y, y - bottom, 0));
        if (far < nearest) [best, nearest] = [text, far];
      }
    }
    if (best) this.#onTap(best);
  }
}

/** @param {Point} one @param {Point} other */
function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
