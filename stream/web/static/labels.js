/**
 * Where labels go: beside what they name, over no text and no other label, and where they were before.
 *
 * Owns: their places, and how they move to new ones. Pure; does not own how they look (draw.js).
 */

/** @typedef {import("./place.js").Point} Point */

/**
 * A text that is to have a label, in pixels of the canvas; `size` is that of its label.
 * @typedef {object} Named
 * @property {number} id
 * @property {string} state
 * @property {string} text
 * @property {Point} size
 * @property {Point[]} polygon
 */

/**
 * A label, with its upper left corner. `slot` is which place beside its text it has. `leader` is a line to a text that is further
 * away, and `more` how many texts around had no room for theirs.
 * @typedef {object} Label
 * @property {number} id
 * @property {string} state
 * @property {string} text
 * @property {Point} size
 * @property {Point} anchor the middle of its text
 * @property {Point} extent width and height of its text
 * @property {number} x
 * @property {number} y
 * @property {number} slot
 * @property {Point[] | null} leader
 * @property {number} more
 * @property {number} alpha
 */

/** A box: left, top, right, bottom. @typedef {[number, number, number, number]} Box */

/** How long a label takes to its new place and to be seen, seconds: the time constant, and the whole. */
const GLIDE_S = 0.08;
const APPEAR_S = 0.15;
/** Of the height of a label, how far it is from its text, and how far apart those are that a line leads to. */
const GAP = 0.2;
const RINGS = [1.2, 2.4, 4];
/** How wide "+9" is, in heights of a label. */
const MORE = 1.2;
/** @type {Object<string, number>} */
const RANKS = { settled: 0, reading: 1, coasting: 2, tentative: 3 };

/**
 * Give each text a label that has room for one. Those that had one keep its place beside their text while that is free.
 * @param {Named[]} texts
 * @param {Label[]} previous
 * @param {Box} bounds no label goes beyond
 * @param {number} [coverage] labels cover at most such a share of the bounds
 * @returns {Label[]}
 */
export function arrange(texts, previous, bounds, coverage = 1) {
  const slots = new Map(previous.map(({ id, slot }) => [id, slot]));
  const boxes = new Map(texts.map((text) => [text.id, boxOf(text.polygon)]));
  const inside = texts.filter(({ id }) => meets(/** @type {Box} */ (boxes.get(id)), bounds));
  const taken = [...boxes.values()];
  let left = coverage * (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]);
  /** @type {Label[]} */
  const labels = [];
  /** @type {Named[]} */
  const without = [];
  for (const text of inside.sort((one, other) => compare(one, other, slots))) {
    const box = /** @type {Box} */ (boxes.get(text.id));
    const label = text.size[0] * text.size[1] <= left ? fit(text, box, slots.get(text.id), taken, bounds) : null;
    if (!label) {
      without.push(text);
      continue;
    }
    left -= text.size[0] * text.size[1];
    taken.push(boxAt([label.x, label.y], text.size));
    labels.push(label);
  }
  count(without, labels, taken, boxes, bounds);
  return labels;
}

/**
 * Labels on their way from where they are shown to their places, some time later.
 * @param {Label[]} labels as they were arranged
 * @param {Label[]} before as they were shown
 * @param {number} seconds since
 * @returns {{labels: Label[], moving: boolean}}
 */
export function glide(labels, before, seconds) {
  const shown = new Map(before.map((label) => [label.id, label]));
  const part = 1 - Math.exp(-seconds / GLIDE_S);
  let moving = false;
  const moved = labels.map((label) => {
    const old = shown.get(label.id);
    // A text carries its label with it; only the place beside it is taken slowly.
    const [fromX, fromY] = old ? [old.x - old.anchor[0] + label.anchor[0], old.y - old.anchor[1] + label.anchor[1]] : [label.x, label.y];
    const [dx, dy] = [label.x - fromX, label.y - fromY];
    const isThere = Math.hypot(dx, dy) < 0.5;
    const alpha = Math.min(1, (old ? old.alpha : 0) + seconds / APPEAR_S);
    moving ||= !isThere || alpha < 1;
    const [x, y] = isThere ? [label.x, label.y] : [fromX + dx * part, fromY + dy * part];
    return { ...label, x, y, alpha, leader: label.leader && lineBetween(label.anchor, label.extent, boxAt([x, y], label.size)) };
  });
  return { labels: moved, moving };
}

/** Who had a label keeps it; then what is surer, and then what is larger, comes first. @param {Named} one @param {Named} other @param {Map<number, number>} slots */
function compare(one, other, slots) {
  const had = Number(slots.has(other.id)) - Number(slots.has(one.id));
  return had || RANKS[one.state] - RANKS[other.state] || areaOf(boxOf(other.polygon)) - areaOf(boxOf(one.polygon)) || one.id - other.id;
}

/**
 * @param {Named} text
 * @param {Box} box
 * @param {number | undefined} before
 * @param {Box[]} taken
 * @param {Box} bounds
 * @returns {Label | null}
 */
function fit(text, box, before, taken, bounds) {
  const places = placesBeside(box, text.size);
  const order = [...(before === undefined ? [] : [before]), ...places.keys()];
  for (const slot of order) {
    const [x, y] = into(places[slot], text.size, bounds);
    const own = boxAt([x, y], text.size);
    if (taken.some((other) => meets(own, other)) || !holds(bounds, own)) continue;
    const { id, state, size } = text;
    /** @type {Point} */
    const anchor = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    /** @type {Point} */
    const extent = [box[2] - box[0], box[3] - box[1]];
    const leader = slot < places.length - 8 * RINGS.length ? null : lineBetween(anchor, extent, own);
    return { id, state, text: text.text, size, anchor, extent, x, y, slot, leader, more: 0, alpha: 1 };
  }
  return null;
}

/**
 * The places of a label beside a text, the best first: those that touch it, then those that a line leads to.
 * @param {Box} box
 * @param {Point} size
 * @returns {Point[]}
 */
function placesBeside([left, top, right, bottom], [width, height]) {
  const gap = GAP * height;
  const [middleX, middleY] = [(left + right - width) / 2, (top + bottom - height) / 2];
  const [above, below] = [top - height - gap, bottom + gap];
  /** @type {Point[]} */
  const places = [
    [left, above],
    [left, below],
    [right + gap, middleY],
    [left - width - gap, middleY],
    [middleX, above],
    [middleX, below],
    [right - width, above],
    [right - width, below],
  ];
  for (const ring of RINGS) {
    const far = ring * height;
    for (const y of [above - far, below + far]) for (const x of [left, left - width, right]) places.push([x, y]);
    places.push([right + gap + far, middleY], [left - width - gap - far, middleY]);
  }
  return places;
}

/**
 * Tell of texts without a label with that of a neighbour, or where there is none, in a corner.
 * @param {Named[]} without
 * @param {Label[]} labels
 * @param {Box[]} taken
 * @param {Map<number, Box>} boxes
 * @param {Box} bounds
 */
function count(without, labels, taken, boxes, bounds) {
  // Behind it there is room to say so.
  const roomy = labels.filter(({ x, y, size: [width, height] }) => {
    const behind = boxAt([x + width, y], [MORE * height, height]);
    return holds(bounds, behind) && !taken.some((other) => meets(behind, other));
  });
  for (const { id, size } of without) {
    const box = /** @type {Box} */ (boxes.get(id));
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    /** @param {Label} label */
    const distance = ({ anchor }) => Math.hypot(anchor[0] - x, anchor[1] - y);
    if (!labels.length) {
      const corner = { anchor: /** @type {Point} */ ([bounds[0], bounds[3]]), x: bounds[0], y: bounds[3] - size[1] };
      const nothing = { id: -1, state: "settled", text: "", slot: 0, leader: null, more: 0, alpha: 1 };
      labels.push({ ...nothing, ...corner, size: [0, size[1]], extent: [0, 0] });
    }
    (roomy.length ? roomy : labels).reduce((nearest, label) => (distance(label) < distance(nearest) ? label : nearest)).more += 1;
  }
}

/** @param {Point[]} points @returns {Box} */
export function boxOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** @param {Point} corner @param {Point} size @returns {Box} */
function boxAt([x, y], [width, height]) {
  return [x, y, x + width, y + height];
}

/** @param {Box} box */
function areaOf([left, top, right, bottom]) {
  return (right - left) * (bottom - top);
}

/** @param {Box} one @param {Box} other */
function meets(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

/** @param {Box} outer @param {Box} inner */
function holds(outer, inner) {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}

/** A place pushed into the bounds. @param {Point} corner @param {Point} size @param {Box} bounds @returns {Point} */
function into([x, y], [width, height], [left, top, right, bottom]) {
  return [Math.max(left, Math.min(x, right - width)), Math.max(top, Math.min(y, bottom - height))];
}

/** From the rim of a text to its label. @param {Point} anchor @param {Point} extent @param {Box} box @returns {Point[]} */
function lineBetween([x, y], [width, height], [left, top, right, bottom]) {
  const end = into([x, y], [0, 0], [left, top, right, bottom]);
  return [into(end, [0, 0], [x - width / 2, y - height / 2, x + width / 2, y + height / 2]), end];
}
