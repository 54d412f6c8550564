/**
 * Where the points of a picture are on a canvas.
 *
 * Owns: the one map between the two, whatever the box, the pixel ratio, the turn, the mirror and the zoom are. Pure.
 */

/** @typedef {[number, number]} Point */

/**
 * `box` is in CSS pixels, the canvas has `dpr` as many. `rotation` is how far the picture is turned clockwise to be shown, and
 * `mirrored` swaps left and right of what is shown then. With `zoom` 1 the picture fits into the box, or covers it; `centre` is the
 * point of the picture in the middle of the box, as far as that leaves no margin beside a picture that is larger than the box.
 * @typedef {object} View
 * @property {Point} picture width and height in pixels
 * @property {Point} box
 * @property {"contain" | "cover"} [fit]
 * @property {number} [dpr]
 * @property {0 | 90 | 180 | 270} [rotation]
 * @property {boolean} [mirrored]
 * @property {number} [zoom]
 * @property {Point} [centre]
 */

/**
 * `matrix` is what `context.setTransform(...matrix)` takes to draw the picture at (0, 0) in its own size. `scale` is in canvas
 * pixels per pixel of the picture, and `centre` the one that holds.
 * @typedef {object} Placement
 * @property {[number, number, number, number, number, number]} matrix
 * @property {number} scale
 * @property {Point} centre
 * @property {(point: Point) => Point} toCanvas
 * @property {(point: Point) => Point} toPicture
 */

/** Cosine and sine, without their rounding. @type {Object<number, Point>} */
const TURNS = { 0: [1, 0], 90: [0, 1], 180: [-1, 0], 270: [0, -1] };

/**
 * @param {View} view
 * @returns {Placement}
 */
export function placement({ picture, box, fit = "contain", dpr = 1, rotation = 0, mirrored = false, zoom = 1, centre }) {
  const [cos, sin] = TURNS[rotation];
  const [width, height] = sin ? [picture[1], picture[0]] : picture;
  const fits = [box[0] / width, box[1] / height];
  const scale = (fit === "cover" ? Math.max(...fits) : Math.min(...fits)) * zoom * dpr;
  const side = mirrored ? -scale : scale;
  const [middleX, middleY] = [picture[0] / 2, picture[1] / 2];
  // From the picture's middle to the point in the middle of the box, as shown.
  const [dx, dy] = centre ? [centre[0] - middleX, centre[1] - middleY] : [0, 0];
  const shiftX = within(cos * dx - sin * dy, (width - (box[0] * dpr) / scale) / 2);
  const shiftY = within(sin * dx + cos * dy, (height - (box[1] * dpr) / scale) / 2);
  const a = side * cos;
  const b = scale * sin;
  const c = -side * sin;
  const d = scale * cos;
  const e = (box[0] * dpr) / 2 - a * middleX - c * middleY - side * shiftX;
  const f = (box[1] * dpr) / 2 - b * middleX - d * middleY - scale * shiftY;
  const area = a * d - b * c;
  return {
    matrix: [a, b, c, d, e, f],
    scale,
    centre: [middleX + cos * shiftX + sin * shiftY, middleY - sin * shiftX + cos * shiftY],
    toCanvas: ([x, y]) => [a * x + c * y + e, b * x + d * y + f],
    toPicture: ([x, y]) => [(d * (x - e) - c * (y - f)) / area, (a * (y - f) - b * (x - e)) / area],
  };
}

/** @param {number} value @param {number} limit none where it is negative */
function within(value, limit) {
  return Math.max(-Math.max(limit, 0), Math.min(value, Math.max(limit, 0)));
}
