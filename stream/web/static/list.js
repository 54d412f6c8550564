/**
 * The list of what was read: searched, selected, copied, written to files.
 *
 * Owns: its part of the page, of which only the rows on screen exist, and when pictures of texts are taken. Does not own what is
 * remembered (listed.js), where pictures are kept (crops.js), nor what files look like (exporting.js).
 */

import { Crops } from "./crops.js";
import { csv, json } from "./exporting.js";
import { make } from "./make.js";
import { grouped, Listed } from "./listed.js";
import { meanings } from "./meaning.js";

/** @typedef {import("./listed.js").Entry} Entry @typedef {import("./listed.js").Group} Group @typedef {import("./feed.js").Entity} Entity */

/** What comes is shown so often. */
const REFRESH_MS = 250;
/** Rows beyond those on screen, so that scrolling shows no gap. */
const SPARE = 5;
/** Pictures of texts taken at a time: each is some milliseconds of packing. */
const CROPS = 2;
/** Pixels of a picture of a text at most: what a row has room for on a fine screen. */
const CROP_SIZE = [320, 120];
const COPIED_MS = 1500;
const COPY = "⧉";

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const CALENDAR = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const FILES = {
  csv: { write: csv, type: "text/csv" },
  json: { write: json, type: "application/json" },
};

/** A row on screen, and what it shows. @typedef {{row: HTMLElement, index: number, drawn: string, parts: any}} Row */

/** The list; `take` hands it every message of the feed. */
export class List {
  #listed = new Listed();
  #crops = new Crops();
  #cameras;
  /** What each picture shows that was taken, nothing where that was not sure. @type {WeakMap<Entry, string>} */
  #taken = new WeakMap();
  /** @type {Group[]} */
  #found = [];
  /** What was found by: the state of what is remembered, and what was looked for. */
  #state = "";
  #sought = "";
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Set<string>} */
  #selected = new Set();
  /** Of a row, CSS pixels: all are of one height, so that it is known where each of thousands is. */
  #height = 80;
  /** The row that the keyboard is at, and the one from which a range is selected. */
  #active = "";
  #anchor = "";
  /** What was selected as a range, which another end replaces. @type {string[]} */
  #range = [];
  #timer = 0;

  #search = make("input", { type: "search", autocomplete: "off", ariaLabel: "Search", placeholder: "Search texts, cameras" });
  #which = make("select", { ariaLabel: "Show" }, new Option("everything", "all"), new Option("in view", "in"), new Option("earlier", "was"));
  #count = make("p", { className: "count" });
  #all = make("button", { type: "button", onclick: () => this.#selectAll() });
  #copy = make("button", { type: "button", textContent: "Copy", onclick: () => this.#copySelected() });
  #files = ["csv", "json"].map((kind) =>
    make("button", { type: "button", textContent: kind.toUpperCase(), onclick: () => this.#export(/** @type {"csv"} */ (kind)) }),
  );
  #bars = make("div", { className: "bars" });
  #grid = make("div", { className: "rows", role: "grid", ariaLabel: "Texts", ariaMultiSelectable: "true" });
  #space = make("div", { role: "rowgroup" });
  #none = make("p", { className: "none" });

  /**
   * @param {HTMLElement} root an empty element with a height of its own
   * @param {{show: (source: string, entity: Entity) => void, crop: (source: string, entity: Entity) => Promise<HTMLCanvasElement | null>}} cameras
   */
  constructor(root, cameras) {
    this.#cameras = cameras;
    const hint = make("p", {
      id: "list-hint",
      className: "unseen",
      textContent: "Arrows move, space selects, with shift several, control A all; enter shows where it is, control C copies.",
    });
    this.#grid.setAttribute("aria-describedby", hint.id);
    this.#grid.append(this.#space);
    root.classList.add("list");
    this.#bars.append(
      make("div", { className: "bar" }, this.#search, this.#which),
      make("div", { className: "bar" }, this.#count, this.#all, this.#copy, ...this.#files),
    );
    root.append(this.#bars, this.#grid, this.#none, hint);
    for (const control of [this.#search, this.#which]) control.addEventListener("input", () => this.#refresh());
    this.#grid.addEventListener("scroll", () => this.#draw());
    this.#grid.addEventListener("keydown", (event) => this.#press(event));
    this.#grid.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#refresh()).observe(this.#grid);
    document.addEventListener("visibilitychange", () => this.#soon());
    this.#refresh();
  }

  /** @param {{kind: string, source: string, body: any}} message */
  take(message) {
    this.#listed.take(message);
    this.#soon();
  }

  #soon() {
    if (document.hidden) return;
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      this.#refresh();
      this.#takeCrops();
    }, REFRESH_MS);
  }

  // What is found, and what of it is on screen.

  #refresh() {
    const [words, which] = [this.#search.value, /** @type {import("./listed.js").Which} */ (this.#which.value)];
    const sought = `${which} ${words}`;
    const state = `${this.#listed.revision} ${sought}`;
    const isNew = state !== this.#state;
    this.#state = state;
    if (isNew) this.#found = grouped(this.#listed.found(words, which));
    for (const key of isNew ? this.#selected : []) if (!this.#listed.get(key)) this.#selected.delete(key);
    this.#drawBars();
    this.#measure();
    this.#space.style.height = `${this.#found.length * this.#height}px`;
    if (sought !== this.#sought) this.#grid.scrollTop = 0;
    else if (isNew && (this.#grid.scrollTop > 0 || this.#grid.matches(":hover, :focus-within"))) this.#hold();
    this.#sought = sought;
    this.#draw();
  }

  /** Keep what is looked at where it is, though others came or went above. */
  #hold() {
    const places = new Map(this.#found.map(({ key }, index) => [key, index]));
    const shifts = [...this.#rows].flatMap(([key, { index }]) => (places.has(key) ? [/** @type {number} */ (places.get(key)) - index] : []));
    // By most of them, as one may have gone from above the others to below.
    const shift = shifts.sort((one, other) => one - other)[shifts.length >> 1] ?? 0;
    if (shift) this.#grid.scrollTop += shift * this.#height;
  }

  #measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.#height = rem * parseFloat(getComputedStyle(this.#grid).getPropertyValue("--row") || "5");
  }

  #draw() {
    const height = this.#height;
    const { scrollTop, clientHeight } = this.#grid;
    const first = Math.max(0, Math.floor(scrollTop / height) - SPARE);
    const last = Math.ceil((scrollTop + clientHeight) / height) + SPARE;
    const wanted = new Map(this.#found.slice(first, last).map((entry, index) => [entry.key, first + index]));
    // The row that has the focus stays, wherever it is, as the focus would be gone with it.
    const active = this.#found.findIndex(({ key }) => key === this.#active);
    if (active >= 0) wanted.set(this.#active, active);
    const lost = this.#rows.get(this.#active);
    const hadFocus = active < 0 && lost?.row.contains(document.activeElement);
    for (const [key, { row, parts }] of this.#rows) {
      if (wanted.has(key)) continue;
      URL.revokeObjectURL(parts.picture.src);
      row.remove();
      this.#rows.delete(key);
    }
    for (const [key, index] of wanted) this.#drawRow(this.#found[index], index, height);
    this.#sort();
    const stop = this.#rows.get(this.#active) ?? this.#rows.get(this.#found[Math.ceil(scrollTop / height)]?.key);
    for (const each of this.#rows.values()) {
      each.row.tabIndex = each === stop ? 0 : -1;
      for (const link of each.row.querySelectorAll("a")) link.tabIndex = each.row.tabIndex;
    }
    if (hadFocus && lost && this.#found.length) this.#go(Math.min(lost.index, this.#found.length - 1));
  }

  /** Have the rows in the order in which they are seen, as that is how they are read aloud. */
  #sort() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    /** @type {Node | null} */
    let next = null;
    for (const { row } of [...this.#rows.values()].sort((one, other) => other.index - one.index)) {
      if (!row.parentNode || row.nextSibling !== next) this.#space.insertBefore(row, next);
      next = row;
    }
    // What is moved loses it.
    if (focused !== document.activeElement) focused?.focus({ preventScroll: true });
  }

  /** @param {Group} entry @param {number} index @param {number} height */
  #drawRow(entry, index, height) {
    const known = this.#rows.get(entry.key);
    const shown = known ?? this.#makeRow(entry);
    const { row, parts } = shown;
    const { source, entity, earlier, isInView, all = [] } = entry;
    const isSelected = this.#isSelected(entry);
    if (shown.index !== index) {
      shown.index = index;
      row.style.transform = `translateY(${index * height}px)`;
      row.ariaRowIndex = String(index + 1);
    }
    const facts = [
      source,
      ...(all.length ? [`${all.length} times`] : []),
      isInView ? `since ${time(entity.first_seen)}` : time(entity.first_seen, entity.last_seen),
      `${Math.round(100 * entity.confidence)} % sure`,
      entity.reads === 1 ? "read once" : `read ${entity.reads} times`,
    ];
    if (earlier.length) facts.push(`was ${earlier.at(-1)}`);
    const meant = meanings(entity);
    const drawn = [isSelected, isInView, entity.text, ...meant.map(({ words }) => words), ...facts].join("\n");
    // A click has changed it already.
    parts.box.checked = isSelected;
    if (drawn === shown.drawn) return;
    shown.drawn = drawn;
    row.ariaSelected = String(isSelected);
    row.classList.toggle("in", isInView);
    parts.box.ariaLabel = `Select ${entity.text}`;
    parts.copy.ariaLabel = `Copy ${entity.text}`;
    parts.text.textContent = parts.text.title = entity.text;
    parts.facts.replaceChildren(...meant.map(meaning), ...facts.map((words) => make("span", { textContent: words })));
  }

  /** @param {Group} entry @returns {Row} */
  #makeRow(entry) {
    const { key } = entry;
    const box = make("input", { type: "checkbox", tabIndex: -1 });
    const picture = make("img", { alt: "", hidden: true });
    const text = make("span", { className: "text", dir: "auto" });
    const facts = make("span", { className: "facts" });
    const copy = make("button", { type: "button", tabIndex: -1, textContent: COPY, title: "Copy" });
    const cells = [[make("label", {}, box)], [picture], [text, facts], [copy]].map((parts) => make("div", { role: "gridcell" }, ...parts));
    cells[1].className = "crop";
    const row = make("div", { role: "row" }, ...cells);
    row.dataset.key = key;
    const made = { row, index: -1, drawn: "", parts: { box, picture, text, facts, copy } };
    this.#rows.set(key, made);
    this.#drawCrop(entry);
    return made;
  }

  #drawBars() {
    const [count, selected] = [this.#found.length, this.#selected.size];
    const texts = count === 1 ? "1 text" : `${count} texts`;
    const words = selected ? `${texts}, ${selected} selected` : texts;
    if (this.#count.textContent !== words) this.#count.textContent = words;
    this.#all.textContent = selected ? "Select none" : "Select all";
    this.#all.disabled = !count && !selected;
    this.#copy.disabled = !selected;
    for (const file of this.#files) {
      file.disabled = !count && !selected;
      file.ariaLabel = `${file.textContent} file of ${selected ? `the ${selected} selected` : `all ${count} found`}`;
    }
    this.#bars.hidden = !this.#listed.size;
    this.#grid.hidden = !count;
    this.#grid.ariaRowCount = String(count);
    this.#none.hidden = Boolean(count);
    this.#none.textContent = this.#listed.size ? "Nothing that was read is like that." : "Nothing was read yet.";
  }

  // Pictures.

  async #takeCrops() {
    let left = CROPS;
    for (const entry of this.#listed.found("", "in")) {
      const { key, source, entity } = entry;
      // One of any state is better than none, and one of what it says for sure is better than that.
      const says = entity.state === "settled" ? entity.text : "";
      const before = this.#taken.get(entry);
      if (before !== undefined && (!says || says === before)) continue;
      this.#taken.set(entry, says);
      const canvas = await this.#cameras.crop(source, entity);
      if (!canvas) {
        if (before === undefined) this.#taken.delete(entry);
        else this.#taken.set(entry, before);
        continue;
      }
      // Before a reload there may have been a better one.
      if (!says && (await this.#crops.get(key))) continue;
      small(canvas).toBlob(async (picture) => {
        if (!picture) return;
        await this.#crops.put(key, picture);
        const row = this.#found.find(({ key: first, all }) => first === key || all?.some((each) => each.key === key));
        if (row) this.#drawCrop(row);
      }, "image/jpeg", 0.85);
      left -= 1;
      if (!left) return this.#soon();
    }
  }

  /** Show the newest picture of a row. @param {Group} entry */
  async #drawCrop({ key, all = [] }) {
    let picture = await this.#crops.get(all[0]?.key ?? key);
    for (const each of all.slice(1, 9)) picture ??= await this.#crops.get(each.key);
    const shown = this.#rows.get(key)?.parts.picture;
    if (!picture || !shown) return;
    URL.revokeObjectURL(shown.src);
    shown.src = URL.createObjectURL(picture);
    shown.hidden = false;
  }

  // Keyboard and pointer.

  /** @param {KeyboardEvent} event */
  #press(event) {
    const at = this.#found.findIndex(({ key }) => key === this.#keyOf(event));
    const page = Math.max(1, Math.floor(this.#grid.clientHeight / this.#height) - 1);
    const last = this.#found.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last }[event.key];
    const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (at < 0) return;
    if (to !== undefined) {
      const next = Math.max(0, Math.min(to, last));
      if (event.shiftKey) this.#selectRange(this.#anchor || this.#found[at].key, next);
      else this.#anchor = "";
      this.#go(next);
    } else if (isCommand && event.key === "a") this.#selectAll(true);
    else if (isCommand && event.key === "c" && !String(getSelection())) this.#copySelected(this.#found[at]);
    else if (event.target !== this.#rows.get(this.#found[at].key)?.row) return;
    else if (event.key === " ") this.#toggle(this.#found[at]);
    else if (event.key === "Enter") this.#point(this.#found[at]);
    else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const key = this.#keyOf(event);
    const index = this.#found.findIndex((entry) => entry.key === key);
    if (index < 0 || /** @type {Element} */ (event.target).closest("a")) return;
    const entry = this.#found[index];
    const { box, copy } = /** @type {Row} */ (this.#rows.get(key)).parts;
    this.#active = key;
    if (event.target === copy) this.#say(copy, this.#write([entry]), ["✓", "✗"]);
    else if (event.shiftKey && this.#anchor) this.#selectRange(this.#anchor, index);
    // A click at the box's label is followed by one at the box.
    else if (event.target === box || event.ctrlKey || event.metaKey) this.#toggle(entry);
    else if (!(/** @type {Element} */ (event.target).closest("label")) && !String(getSelection())) this.#point(entry);
    this.#draw();
  }

  /** Show where it is, or was: what is gone is none of those that are there, though its number may be. @param {Entry} entry */
  #point({ source, entity, isInView }) {
    this.#cameras.show(source, isInView ? entity : { ...entity, id: -1 });
  }

  /** @param {Event} event */
  #keyOf({ target }) {
    return /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-key]"))?.dataset.key ?? "";
  }

  /** Put the keyboard at a row. @param {number} index */
  #go(index) {
    this.#active = this.#found[index].key;
    const [top, height] = [index * this.#height, this.#height];
    const { scrollTop, clientHeight } = this.#grid;
    this.#grid.scrollTop = Math.max(top + height - clientHeight, Math.min(scrollTop, top));
    this.#draw();
    this.#rows.get(this.#active)?.row.focus({ preventScroll: true });
  }

  /** Whether a row is, which may have got another key as others were found. @param {Group} entry */
  #isSelected({ key, all }) {
    return this.#selected.has(key) || Boolean(all?.some((each) => this.#selected.has(each.key)));
  }

  /** @param {Group} entry */
  #toggle(entry) {
    const { key, all = [entry] } = entry;
    if (!this.#isSelected(entry)) this.#selected.add(key);
    else for (const each of all) this.#selected.delete(each.key);
    this.#anchor = key;
    this.#range = [];
    this.#refresh();
  }

  /** @param {string} from key @param {number} to index */
  #selectRange(from, to) {
    const start = Math.max(0, this.#found.findIndex(({ key }) => key === from));
    for (const key of from === this.#anchor ? this.#range : []) this.#selected.delete(key);
    this.#anchor = from;
    this.#range = this.#found.slice(Math.min(start, to), Math.max(start, to) + 1).map(({ key }) => key);
    for (const key of this.#range) this.#selected.add(key);
    this.#refresh();
  }

  #selectAll(all = !this.#selected.size) {
    this.#selected = new Set(all ? this.#found.map(({ key }) => key) : []);
    this.#refresh();
  }

  // Ways out.

  /** What is selected, in any search, as it is ordered; else all that is found. @returns {Group[]} */
  get #chosen() {
    return this.#selected.size ? grouped(this.#listed.found()).filter((row) => this.#isSelected(row)) : this.#found;
  }

  /** @param {Entry} [active] what is copied where nothing is selected */
  #copySelected(active) {
    this.#say(this.#copy, this.#write(active && !this.#selected.size ? [active] : this.#chosen));
  }

  /** @param {Entry[]} entries @returns {Promise<boolean>} */
  #write(entries) {
    return copy(entries.map(({ entity }) => entity.text).join("\n"));
  }

  /** @param {HTMLElement} button @param {Promise<boolean>} copied @param {string[]} words for that it was, and that it was not */
  async #say(button, copied, words = ["Copied", "Not allowed"]) {
    const before = button === this.#copy ? "Copy" : COPY;
    button.textContent = words[(await copied) ? 0 : 1];
    setTimeout(() => (button.textContent = before), COPIED_MS);
  }

  /** @param {keyof FILES} kind */
  #export(kind) {
    const { write, type } = FILES[kind];
    const href = URL.createObjectURL(new Blob([write(this.#chosen.flatMap((row) => row.all ?? [row]))], { type }));
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "");
    make("a", { href, download: `glyphfeed-${stamp}.${kind}` }).click();
    // The browser has begun to read it by then.
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }
}

/** @param {number} from Unix seconds @param {number} [to] */
function time(from, to = from) {
  const [start, end] = [from, to].map((at) => new Date(at * 1000));
  const isToday = start.toDateString() === new Date().toDateString();
  return (isToday ? CLOCK : CALENDAR).formatRange(start, end);
}

/** Shrink a picture to what a row has room for. @param {HTMLCanvasElement} canvas */
function small(canvas) {
  const scale = Math.min(1, CROP_SIZE[0] / canvas.width, CROP_SIZE[1] / canvas.height);
  if (scale === 1) return canvas;
  const [width, height] = [canvas.width, canvas.height].map((length) => Math.max(1, Math.round(length * scale)));
  const shrunk = make("canvas", { width, height });
  shrunk.getContext("2d")?.drawImage(canvas, 0, 0, width, height);
  return shrunk;
}

/**
 * Put words into the clipboard. Over plain HTTP from another machine browsers have the old way alone.
 * @param {string} words
 */
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const area = make("textarea", { value: words, className: "unseen" });
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    before?.focus({ preventScroll: true });
    return copied;
  }
}

/** @param {import("./meaning.js").Meaning} meaning */
function meaning({ words, kind, href }) {
  const className = kind === "rule" ? "meaning rule" : "meaning";
  if (!href) return make("span", { className, textContent: words });
  return make("a", { className, textContent: words, href, target: "_blank", rel: "noreferrer" });
}
