/**
 * How the picture of a camera in a hand has moved, from small grey pictures in a millisecond or two.
 *
 * The whole picture is matched coarsely, however far it went; then points with structure are followed through a pyramid (Lucas and
 * Kanade 1981, Bouguet 2001), and an affine map is fitted to them that a minority of wrong ones does not bend. Pure. Maps work on
 * fractions of the picture's width, in both directions, so that pictures of every size share them; points are pixels.
 */

/**
 * `[a, b, c, d, e, f]` as a canvas takes it: x' = ax + cy + e, y' = bx + dy + f.
 * @typedef {number[]} Affine
 */

/** A grey picture, row by row, 0 to 255. @typedef {{width: number, height: number, data: Float32Array}} Level */

/** A grey picture, and behind it its half, its quarter and so on. @typedef {Level[]} Pyramid */

/** Where a point was and where it is, in pixels: `[x, y, x', y']`. @typedef {number[]} Pair */

/** @type {Affine} */
export const STILL = [1, 0, 0, 1, 0, 0];

/** No level is smaller than this, in pixels across or down. */
const SMALLEST = 20;
/** Of its width, or height: the picture may go so far at once. */
const FARTHEST = 0.2;
/** A point's surroundings reach so many pixels to each side. */
const REACH = 4;
const WINDOW = (2 * REACH + 1) ** 2;
/** In each square of so many pixels the best point is followed. */
const CELL = 10;
/** The weaker eigenvalue of a point's gradients, squared grey levels a pixel: below, noise is followed. */
const STRUCTURE = 4;
/** Of the variance of a point's surroundings: with so much left over it is something else. */
const UNLIKE = 0.4;
const ITERATIONS = 5;
/** Pixels: a step this short ends the search. */
const SHORT = 0.02;
/** Pixels: a pair that misses the common map by so much counts a quarter. */
const MISS = 0.35;
/** How often the common map is fitted, at first with a MISS of 5.6 pixels. */
const ROUNDS = 6;
/** Fewer pairs that agree say nothing, nor does a lesser share of them all. */
const FEWEST = 6;
const SHARE = 0.2;
/** Pixels: what is so far from a text counts 0.6 there. */
const NEAR = 8;
/** The common map counts as much as so many pairs in the text. */
const COMMON = 0.3;
/** Pixels: a pair that misses its neighbours by so much counts a quarter, in the end. */
const NEAR_MISS = 1;

/**
 * Both maps, one after the other.
 * @param {Affine} first
 * @param {Affine} then
 * @returns {Affine}
 */
export function chain([a, b, c, d, e, f], [g, h, i, j, k, l]) {
  return [g * a + i * b, h * a + j * b, g * c + i * d, h * c + j * d, g * e + i * f + k, h * e + j * f + l];
}

/**
 * Where a map takes a point.
 * @param {Affine} map
 * @param {number[]} point
 * @param {number} [width] of the picture that the point is a pixel of
 * @returns {[number, number]}
 */
export function carry([a, b, c, d, e, f], [x, y], width = 1) {
  return [a * x + c * y + e * width, b * x + d * y + f * width];
}

/**
 * Make grey what a canvas gives as red, green, blue and opacity.
 * @param {Uint8ClampedArray} rgba
 * @param {number} width
 * @param {number} height
 * @returns {Pyramid}
 */
export function grey(rgba, width, height) {
  const data = new Float32Array(width * height);
  for (let i = 0, j = 0; i < data.length; i += 1, j += 4) data[i] = 0.299 * rgba[j] + 0.587 * rgba[j + 1] + 0.114 * rgba[j + 2];
  return pyramid({ width, height, data });
}

/**
 * @param {Level} level
 * @returns {Pyramid}
 */
export function pyramid(level) {
  const all = [level];
  while (Math.min(level.width, level.height) >= 2 * SMALLEST) {
    level = half(level);
    all.push(level);
  }
  return all;
}

/** @param {Level} level */
function half({ width: wide, height: high, data: from }) {
  const [width, height] = [wide >> 1, high >> 1];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let i = y * width, end = i + width, j = 2 * y * wide; i < end; i += 1, j += 2) {
      data[i] = (from[j] + from[j + 1] + from[j + wide] + from[j + wide + 1]) / 4;
    }
  }
  return { width, height, data };
}

/**
 * How most of the picture has moved, coarsely.
 * @param {Pyramid} before
 * @param {Pyramid} after
 * @returns {{map: Affine, sure: boolean}} and whether enough of it agrees
 */
export function step(before, after) {
  const [one, other] = [before.slice(1), after.slice(1)];
  const from = points(one);
  /** @param {Affine} guess */
  const attempt = (guess) => fit(follow(one, other, from, guess), one[0].width, guess);
  const guess = shift(one, other);
  const first = attempt(guess);
  // What is near and what is far go apart: then the shift may belong to neither.
  const second = first && first.agree > from.length / 2 ? null : attempt(STILL);
  const best = second && second.agree > (first?.agree ?? 0) ? second : first;
  return { map: best?.map ?? guess, sure: best !== null };
}

/**
 * The shift under which the smallest pictures differ least.
 * @param {Pyramid} before
 * @param {Pyramid} after
 * @returns {Affine}
 */
function shift(before, after) {
  const [{ width, height, data: from }, { data: to }] = [before[before.length - 1], after[after.length - 1]];
  const [wide, high] = [Math.round(width * FARTHEST), Math.round(height * FARTHEST)];
  let [least, u, v] = [Infinity, 0, 0];
  for (const dy of outwards(high)) {
    for (const dx of outwards(wide)) {
      const [left, right, top, bottom] = [Math.max(0, -dx), width - Math.max(0, dx), Math.max(0, -dy), height - Math.max(0, dy)];
      const count = (right - left) * (bottom - top);
      let sum = 0;
      for (let y = top; y < bottom && sum < least * count; y += 1) {
        for (let i = y * width + left, j = i + dy * width + dx, end = y * width + right; i < end; i += 1, j += 1) {
          sum += Math.abs(to[j] - from[i]);
        }
      }
      if (sum < least * count) [least, u, v] = [sum / count, dx, dy];
    }
  }
  return [1, 0, 0, 1, u / width, v / width];
}

/** 0, 1, -1, 2, -2 and so on: what is best comes soon, and the others are given up early. @param {number} far */
function outwards(far) {
  return Array.from({ length: 2 * far + 1 }, (_, n) => (n % 2 ? (n + 1) / 2 : -n / 2));
}

/**
 * The points of a picture that can be followed, well spread.
 * @param {Pyramid} picture
 * @returns {number[][]}
 */
export function points([{ width, height, data }]) {
  const found = [];
  const margin = REACH + 2;
  for (let top = margin; top < height - margin; top += CELL) {
    for (let left = margin; left < width - margin; left += CELL) {
      let [best, px, py] = [STRUCTURE, 0, 0];
      for (let y = top; y < top + CELL && y < height - margin; y += 3) {
        for (let x = left; x < left + CELL && x < width - margin; x += 3) {
          const value = structure(data, width, y * width + x);
          if (value > best) [best, px, py] = [value, x, y];
        }
      }
      if (px) found.push([px, py]);
    }
  }
  return found;
}

/**
 * The weaker eigenvalue of the gradients around a pixel (Shi and Tomasi 1994), from nine of them.
 * @param {Float32Array} data
 * @param {number} width
 * @param {number} at
 */
function structure(data, width, at) {
  let [xx, xy, yy] = [0, 0, 0];
  for (let v = -2; v <= 2; v += 2) {
    for (let i = at + v * width - 2, end = i + 5; i < end; i += 2) {
      const [gx, gy] = [data[i + 1] - data[i - 1], data[i + width] - data[i - width]];
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
    }
  }
  return ((xx + yy) / 2 - Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy)) / 36;
}

/**
 * Follow points of one picture into another; those that cannot be are left out.
 * @param {Pyramid} before
 * @param {Pyramid} after
 * @param {number[][]} from
 * @param {Affine} guess
 * @returns {Pair[]}
 */
export function follow(before, after, from, guess) {
  const width = before[0].width;
  const pairs = [];
  for (const [x, y] of from) {
    const to = carry(guess, [x, y], width);
    /** @type {number[] | null} */
    let way = [to[0] - x, to[1] - y];
    for (let level = before.length - 1; level >= 0; level -= 1) {
      const scale = 2 ** level;
      const [u, v] = way;
      const found = track(before[level], after[level], Math.floor(x / scale), Math.floor(y / scale), u / scale, v / scale);
      if (found) way = [found[0] * scale, found[1] * scale];
      else if (level === 0) way = null;
    }
    if (way) pairs.push([x, y, x + way[0], y + way[1]]);
  }
  return pairs;
}

const [PATCH, GX, GY] = [new Float32Array(WINDOW), new Float32Array(WINDOW), new Float32Array(WINDOW)];

/**
 * How far the surroundings of a pixel have gone on one level, or null.
 * @param {Level} before
 * @param {Level} after
 * @param {number} x
 * @param {number} y
 * @param {number} u a guess
 * @param {number} v
 */
function track({ width, height, data: from }, { data: to }, x, y, u, v) {
  const margin = REACH + 1;
  if (x < margin || y < margin || x >= width - margin || y >= height - margin) return null;
  let [xx, xy, yy, sx, sy, mean, power] = [0, 0, 0, 0, 0, 0, 0];
  for (let j = -REACH, k = 0; j <= REACH; j += 1) {
    for (let i = -REACH, at = (y + j) * width + x - REACH; i <= REACH; i += 1, k += 1, at += 1) {
      const [gx, gy] = [(from[at + 1] - from[at - 1]) / 2, (from[at + width] - from[at - width]) / 2];
      PATCH[k] = from[at];
      mean += from[at] / WINDOW;
      power += from[at] ** 2;
      GX[k] = gx;
      GY[k] = gy;
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
      sx += gx;
      sy += gy;
    }
  }
  const det = xx * yy - xy * xy;
  if (det < 1e-3 * WINDOW * WINDOW) return null;
  let rest = 0;
  for (let round = 0; round < ITERATIONS; round += 1) {
    const [left, top] = [Math.floor(x + u), Math.floor(y + v)];
    if (!(left >= REACH && top >= REACH && left < width - margin && top < height - margin)) return null;
    const [fx, fy] = [x + u - left, y + v - top];
    const [w0, w1, w2, w3] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
    let [ex, ey, sum, squares] = [0, 0, 0, 0];
    for (let j = -REACH, k = 0; j <= REACH; j += 1) {
      for (let i = -REACH, at = (top + j) * width + left - REACH; i <= REACH; i += 1, k += 1, at += 1) {
        const miss = PATCH[k] - w0 * to[at] - w1 * to[at + 1] - w2 * to[at + width] - w3 * to[at + width + 1];
        sum += miss;
        squares += miss * miss;
        ex += miss * GX[k];
        ey += miss * GY[k];
      }
    }
    // Brighter or darker as a whole is no motion.
    ex -= (sum / WINDOW) * sx;
    ey -= (sum / WINDOW) * sy;
    rest = squares - sum ** 2 / WINDOW;
    const [du, dv] = [(yy * ex - xy * ey) / det, (xx * ey - xy * ex) / det];
    u += du;
    v += dv;
    if (du * du + dv * dv < SHORT * SHORT) break;
  }
  return rest < UNLIKE * (power - WINDOW * mean ** 2) ? [u, v] : null;
}

/**
 * The map that most pairs agree with; null where too few do.
 * @param {Pair[]} pairs
 * @param {number} width of the picture
 * @param {Affine} guess
 * @returns {{map: Affine, agree: number} | null} and how many they are
 */
export function fit(pairs, width, guess) {
  let map = guess;
  let agree = 0;
  // From far to near: what misses at first is not what misses in the end.
  for (let round = ROUNDS - 1; round >= 0; round -= 1) {
    const reach = MISS * 2 ** Math.max(round - 1, 0);
    let [xx, xy, x1, yy, y1, one, xu, yu, u1, xv, yv, v1] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    agree = 0;
    for (const [x, y, u, v] of pairs) {
      const at = carry(map, [x, y], width);
      const miss = ((u - at[0]) ** 2 + (v - at[1]) ** 2) / reach ** 2;
      const w = 1 / (1 + miss) ** 2;
      if (miss < 4) agree += 1;
      xx += w * x * x;
      xy += w * x * y;
      x1 += w * x;
      yy += w * y * y;
      y1 += w * y;
      one += w;
      xu += w * x * u;
      yu += w * y * u;
      u1 += w * u;
      xv += w * x * v;
      yv += w * y * v;
      v1 += w * v;
    }
    if (agree < Math.max(FEWEST, SHARE * pairs.length)) return null;
    // Cramer's rule for the two systems, which are symmetric and share their left sides.
    const [A, B, C, D, E, F] = [yy * one - y1 * y1, x1 * y1 - xy * one, xy * y1 - x1 * yy, xx * one - x1 * x1, xy * x1 - xx * y1, xx * yy - xy * xy];
    const det = xx * A + xy * B + x1 * C;
    if (!(Math.abs(det) > 1e-9)) return null;
    /** @param {number} p @param {number} q @param {number} r */
    const solve = (p, q, r) => [(A * p + B * q + C * r) / det, (B * p + D * q + E * r) / det, (C * p + E * q + F * r) / det];
    const [[a, c, e], [b, d, f]] = [solve(xu, yu, u1), solve(xv, yv, v1)];
    map = [a, b, c, d, e / width, f / width];
  }
  return { map, agree };
}

/**
 * The common map, shifted to what the pairs in and around a text say: what is nearer than the rest, or moves by itself, goes its own way.
 * @param {Pair[]} pairs
 * @param {number} width of the picture
 * @param {Affine} map
 * @param {number[][]} polygon of the text
 * @returns {Affine}
 */
export function near(pairs, width, map, polygon) {
  const [xs, ys] = [0, 1].map((axis) => polygon.map((point) => point[axis]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const close = [];
  for (const [x, y, u, v] of pairs) {
    const far = Math.max(left - x, x - right, 0) ** 2 + Math.max(top - y, y - bottom, 0) ** 2;
    if (far > (3 * NEAR) ** 2) continue;
    const at = carry(map, [x, y], width);
    close.push([Math.exp(far / (-2 * NEAR ** 2)), u - at[0], v - at[1]]);
  }
  let [dx, dy] = [0, 0];
  for (let round = 5; round >= 0; round -= 1) {
    const reach = NEAR_MISS * 2 ** Math.max(round - 2, 0);
    let [sum, sx, sy] = [COMMON, 0, 0];
    for (const [weight, u, v] of close) {
      const w = weight / (1 + ((u - dx) ** 2 + (v - dy) ** 2) / reach ** 2) ** 2;
      sum += w;
      sx += w * u;
      sy += w * v;
    }
    [dx, dy] = [sx / sum, sy / sum];
  }
  const [a, b, c, d, e, f] = map;
  return [a, b, c, d, e + dx / width, f + dy / width];
}
