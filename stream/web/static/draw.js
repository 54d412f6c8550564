/**
 * Draws what is read over a picture, on a 2D canvas.
 *
 * Owns: how texts and their labels look. Does not own where labels go (labels.js), nor where the picture is (place.js).
 */

/** @typedef {import("./place.js").Point} Point */
/** @typedef {import("./place.js").Placement} Placement */
/** @typedef {import("./feed.js").Entity} Entity */
/** @typedef {import("./feed.js").Shown} Shown */
/** @typedef {import("./labels.js").Label} Label */
/** @typedef {import("./labels.js").Named} Named */
/** @typedef {import("./ink.js").Colours} Colours */

/**
 * `size` is that of the letters of labels in CSS pixels, `plate` how dark their ground is, 0 to 1. `marked` are the ids of texts
 * to be pointed out, `colours` says what a text is replaced in.
 * @typedef {object} Style
 * @property {"labels" | "outlines" | "replaced" | "none"} mode
 * @property {number} size
 * @property {number} plate
 * @property {number} dpr
 * @property {boolean} [tentative] whether those are shown, too
 * @property {Set<number>} [marked]
 * @property {(text: Entity) => Colours} [colours]
 */

const FONT = "system-ui, sans-serif";
const LINE = "#7ef0cf";
const MARK = "#ffd84d";
/** A text that a rule matches. */
const FLAGGED = "#ff7a6b";
const HALO = "rgb(0 0 0 / 0.7)";
/** How the outline of a text tells its state: width in CSS pixels, alpha and dashes. @type {Object<string, [number, number, number[]]>} */
const OUTLINES = { settled: [2, 1, []], reading: [1, 1, []], coasting: [2, 0.45, []], tentative: [1, 0.7, [3, 3]] };
/** What may still change is not written anew: it would flicker. */
const REPLACED = ["settled", "coasting"];
/** Beyond this age of their frame texts are not where they were. */
const FADED_S = 0.25;
const FADED = 0.35;
/** Of the picture's width a label takes at most so much. */
const WIDEST = 0.6;
const MEASURED_LIMIT = 2_000;
/** @type {Map<string, {text: string, width: number}>} */
const measured = new Map();
/** Some megabytes at most. */
const STAMPS_LIMIT = 200;
/** @type {Map<string, HTMLCanvasElement>} */
const stamps = new Map();

/**
 * What of all that is in view is to be drawn, the surest last, over the others.
 * @param {Shown} shown
 * @param {Style} style
 * @returns {Entity[]}
 */
export function visible({ tentative, coasting, texts }, style) {
  const [settled, reading] = [true, false].map((is) => texts.filter(({ state }) => (state === "settled") === is));
  return [...(style.tentative ? tentative : []), ...reading, ...coasting, ...settled];
}

/**
 * The texts that are to be labelled, as `arrange` takes them: in pixels of the canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {Shown} shown
 * @param {Placement} place
 * @param {Style} style
 * @returns {Named[]}
 */
export function named(context, shown, place, style) {
  const widest = Math.min(shown.size[0] * place.scale, context.canvas.width) * WIDEST;
  context.font = font(style);
  return visible(shown, style)
    .filter(({ text }) => text)
    .map(({ id, text, state, polygon }) => {
      const label = measure(context, text, widest);
      const unit = style.size * style.dpr;
      return { id, state, text: label.text, size: [label.width + unit, unit * 1.7], polygon: polygon.map(place.toCanvas) };
    });
}

/**
 * Draw what is in view over a picture that is there already, in the way that was chosen.
 * @param {CanvasRenderingContext2D} context in pixels of the canvas, that is without a transform
 * @param {Shown} shown
 * @param {Placement} place
 * @param {Style} style
 * @param {Label[]} labels
 */
export function draw(context, shown, place, style, labels) {
  if (style.mode === "none") return;
  context.save();
  const fade = Math.abs(shown.age_s) > FADED_S ? FADED : 1;
  context.save();
  clip(context, shown.size, place);
  for (const text of visible(shown, style)) {
    const [width, alpha, dashes] = OUTLINES[text.state];
    const points = text.polygon.map(place.toCanvas);
    const isMarked = style.marked?.has(text.id);
    context.globalAlpha = alpha * fade;
    const colours = style.mode === "replaced" && REPLACED.includes(text.state) && text.text ? style.colours?.(text) : undefined;
    if (colours) replace(context, text, place, colours);
    if (!colours || isMarked) outline(context, points, style.dpr, isMarked ? 3 : width, dashes, isMarked ? MARK : text.flags?.length ? FLAGGED : LINE);
  }
  context.restore();
  if (style.mode === "labels") for (const label of labels) drawLabel(context, label, style, fade);
  context.restore();
}

/**
 * Draw the outline of a text, with a halo that shows on any ground.
 * @param {CanvasRenderingContext2D} context
 * @param {Point[]} points in pixels of the canvas
 * @param {number} dpr
 * @param {number} [width] in CSS pixels
 * @param {number[]} [dashes]
 * @param {string} [colour]
 */
export function outline(context, points, dpr, width = 3, dashes = [], colour = MARK) {
  trace(context, points, true);
  context.lineJoin = "round";
  context.setLineDash([]);
  context.lineWidth = (width + 2) * dpr;
  context.strokeStyle = HALO;
  context.stroke();
  context.setLineDash(dashes.map((length) => length * dpr));
  context.lineWidth = width * dpr;
  context.strokeStyle = colour;
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Label} label @param {Style} style @param {number} fade */
function drawLabel(context, label, style, fade) {
  const { state, more, leader, alpha } = label;
  const { size, dpr } = style;
  const [width, height] = label.size;
  // Where the pixels are, so that letters are as sharp as they were painted.
  const [x, y] = [Math.round(label.x), Math.round(label.y)];
  context.globalAlpha = alpha * fade * OUTLINES[state][1];
  context.setLineDash([]);
  if (leader) {
    trace(context, leader, false);
    context.lineWidth = 1.5 * dpr;
    context.strokeStyle = HALO;
    context.stroke();
    context.lineWidth = dpr;
    context.strokeStyle = LINE;
    context.stroke();
  }
  if (label.text) context.drawImage(stampOf(label, style), x, y);
  if (!more) return;
  const words = `+${more}`;
  context.font = font(style);
  context.textAlign = "left";
  context.textBaseline = "middle";
  const wide = context.measureText(words).width + (size * dpr) / 2;
  context.fillStyle = LINE;
  context.beginPath();
  context.roundRect(x + width, y, wide, height, 4 * dpr);
  context.fill();
  context.fillStyle = "#10141a";
  context.fillText(words, x + width + (size * dpr) / 4, y + height / 2 + dpr / 2);
}

/** A label as it is painted, which takes ten times as long as putting it where it goes. @param {Label} label @param {Style} style */
function stampOf({ text, size: [width, height] }, style) {
  const { size, plate, dpr } = style;
  const key = `${font(style)} ${plate} ${width} ${text}`;
  let stamp = stamps.get(key);
  if (stamp) return stamp;
  stamp = document.createElement("canvas");
  [stamp.width, stamp.height] = [Math.ceil(width), Math.ceil(height)];
  const context = /** @type {CanvasRenderingContext2D} */ (stamp.getContext("2d"));
  context.fillStyle = `rgb(16 20 24 / ${plate})`;
  context.beginPath();
  context.roundRect(0, 0, width, height, 4 * dpr);
  context.fill();
  context.font = font(style);
  context.textBaseline = "middle";
  context.lineJoin = "round";
  // A halo helps as far as the ground does not.
  context.lineWidth = 2 * dpr;
  context.strokeStyle = HALO;
  const [left, middle] = [(size * dpr) / 2, height / 2 + dpr / 2];
  context.strokeText(text, left, middle);
  context.fillStyle = "#fff";
  context.fillText(text, left, middle);
  if (stamps.size >= STAMPS_LIMIT) stamps.clear();
  stamps.set(key, stamp);
  return stamp;
}

/** Paint a text over with its own ground, and write it there anew. @param {CanvasRenderingContext2D} context @param {Entity} text @param {Placement} place @param {Colours} colours */
function replace(context, text, place, { ink, paper }) {
  context.fillStyle = paper;
  trace(context, text.polygon.map(place.toCanvas), true);
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = paper;
  context.stroke();
  context.fillStyle = ink;
  const [top, bottom] = edges(text.polygon.map(place.toCanvas));
  if (top.length === 2) for (const part of parts(text)) write(context, part.text, part.polygon.map(place.toCanvas));
  else writeAlong(context, text.text, top, bottom);
}

/** The words where each has its place, else the whole. @param {Entity} text */
function parts(text) {
  return text.words.length && text.words.map((word) => word.text).join(" ") === text.text ? text.words : [text];
}

/**
 * The edges above and below the letters, both from their beginning to their end.
 * @param {Point[]} polygon
 * @returns {[Point[], Point[]]}
 */
export function edges(polygon) {
  const half = Math.ceil(polygon.length / 2);
  return [polygon.slice(0, half), polygon.slice(half).reverse()];
}

/** Write words into a quad, as large as they fit. @param {CanvasRenderingContext2D} context @param {string} text @param {Point[]} quad */
function write(context, text, quad) {
  const [start, end, , below] = quad;
  const height = 100;
  context.font = `600 ${height * 0.8}px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const width = context.measureText(text).width || 1;
  context.save();
  context.transform(
    (end[0] - start[0]) / width,
    (end[1] - start[1]) / width,
    (below[0] - start[0]) / height,
    (below[1] - start[1]) / height,
    start[0],
    start[1],
  );
  context.fillText(text, 0, height * 0.53);
  context.restore();
}

/** Write words along a curve, letter by letter. @param {CanvasRenderingContext2D} context @param {string} text @param {Point[]} top @param {Point[]} bottom */
function writeAlong(context, text, top, bottom) {
  const letters = [...text];
  letters.forEach((letter, at) => {
    const [from, to] = [at / letters.length, (at + 1) / letters.length];
    write(context, letter, [along(top, from), along(top, to), along(bottom, to), along(bottom, from)]);
  });
}

/**
 * The point of a line of points at a share of its length.
 * @param {Point[]} line
 * @param {number} share
 * @returns {Point}
 */
export function along(line, share) {
  const lengths = line.slice(1).map(([x, y], at) => Math.hypot(x - line[at][0], y - line[at][1]));
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  let at = 0;
  while (at < lengths.length - 1 && left > lengths[at]) left -= lengths[at++];
  const part = lengths[at] ? left / lengths[at] : 0;
  const [[x, y], [nextX, nextY]] = [line[at], line[at + 1] ?? line[at]];
  return [x + (nextX - x) * part, y + (nextY - y) * part];
}

/** @param {CanvasRenderingContext2D} context @param {Point[]} points @param {boolean} isClosed */
function trace(context, points, isClosed) {
  context.beginPath();
  for (const point of points) context.lineTo(...point);
  if (isClosed) context.closePath();
}

/**
 * Draw nothing beside the picture, where there is a margin beside it: a text may lie outside of it in part.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} size
 * @param {Placement} place
 */
function clip(context, [width, height], place) {
  trace(context, [[0, 0], [width, 0], [width, height], [0, height]].map((point) => place.toCanvas(/** @type {Point} */ (point))), true);
  context.clip();
}

/** @param {{size: number, dpr: number}} style */
function font({ size, dpr }) {
  return `600 ${size * dpr}px ${FONT}`;
}

/**
 * A text as it is written on a label, cut where it is too long, and how wide that is.
 * @param {CanvasRenderingContext2D} context with its font
 * @param {string} text
 * @param {number} widest
 */
function measure(context, text, widest) {
  const key = `${context.font} ${Math.round(widest)} ${text}`;
  let found = measured.get(key);
  if (!found) {
    found = { text, width: context.measureText(text).width };
    if (found.width > widest) {
      const cut = `${[...text].slice(0, Math.max(4, Math.floor((text.length * widest) / found.width) - 1)).join("").trimEnd()}…`;
      found = { text: cut, width: context.measureText(cut).width };
    }
    if (measured.size >= MEASURED_LIMIT) measured.clear();
    measured.set(key, found);
  }
  return found;
}
