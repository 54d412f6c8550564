/**
 * The colours that a text is written in.
 *
 * Owns: telling ink from paper. `colours` is pure.
 */

/** @typedef {import("./place.js").Point} Point */
/** Colours as CSS has them. @typedef {{ink: string, paper: string}} Colours */

const [WIDTH, HEIGHT] = [48, 12];
/** Of what is outside of the picture nothing is known. */
export const UNKNOWN = { ink: "#fff", paper: "#0b0d10" };

/**
 * The two colours of a patch with a text in it: what is mostly at its rim is the paper, what differs from that the ink.
 * @param {Uint8ClampedArray} rgba of `width` by `height` pixels, of which those that are transparent are outside of the picture
 * @param {number} width
 * @param {number} height
 * @returns {Colours}
 */
export function colours(rgba, width, height) {
  /** @param {(x: number, y: number) => boolean} which */
  const pixels = (which) =>
    [...Array(width * height).keys()]
      .filter((at) => rgba[4 * at + 3] && which(at % width, Math.floor(at / width)))
      .map((at) => rgba.subarray(4 * at, 4 * at + 3));
  const rim = pixels((x, y) => y === 0 || y === height - 1 || x === 0 || x === width - 1);
  if (!rim.length) return UNKNOWN;
  const paper = median(rim);
  const all = pixels(() => true).sort((one, other) => difference(other, paper) - difference(one, paper));
  let ink = median(all.slice(0, Math.ceil(all.length / 10)));
  // Letters that cannot be told from their ground are written so that they can be read.
  if (difference(ink, paper) < 60) ink = luma(paper) > 128 ? [0, 0, 0] : [255, 255, 255];
  return { ink: css(ink), paper: css(paper) };
}

/**
 * The colours of a text in a picture.
 * @param {CanvasImageSource} picture
 * @param {Point[]} quad in pixels of that picture
 * @returns {Colours}
 */
export function coloursOf(picture, quad) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const [start, end, below] = [quad[0], quad[Math.ceil(quad.length / 2) - 1], quad[quad.length - 1]];
  const patch = new DOMMatrix([
    (end[0] - start[0]) / WIDTH,
    (end[1] - start[1]) / WIDTH,
    (below[0] - start[0]) / HEIGHT,
    (below[1] - start[1]) / HEIGHT,
    ...start,
  ]);
  context.setTransform(patch.inverse());
  context.drawImage(picture, 0, 0);
  return colours(context.getImageData(0, 0, WIDTH, HEIGHT).data, WIDTH, HEIGHT);
}

/** @param {ArrayLike<number>[]} colours @returns {number[]} */
function median(colours) {
  return [0, 1, 2].map((at) => colours.map((colour) => colour[at]).sort((one, other) => one - other)[colours.length >> 1]);
}

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
function difference(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

/** @param {number[]} colour */
function luma([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** @param {number[]} colour */
function css(colour) {
  return `rgb(${colour.join(" ")})`;
}
