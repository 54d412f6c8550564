/**
 * The page on which a phone's own camera is read.
 *
 * Owns: the way of a picture from the camera to the reader and to the screen, when the camera is on, and the words on the page. Does
 * not own the camera (lens.js), the connection (link.js), nor what is drawn (screen.js).
 */

import { Encoder } from "./encoding.js";
import { Lens } from "./lens.js";
import { Link } from "./link.js";
import { links } from "./links.js";
import { pair } from "./pairing.js";
import { Quality } from "./quality.js";
import { Screen } from "./screen.js";
import { Settings, storage } from "./settings.js";
import { AnySocket } from "./socket.js";
import { cameraTrouble, pageTrouble } from "./trouble.js";

/** @typedef {import("./feed.js").Entity} Entity */

/** @type {(selector: string) => any} */
const find = (selector) => document.querySelector(selector);
const [stage, video, state, trouble, begin, below, list, dialog] = ["#stage", "video", "#state", "#trouble", "#begin", "#below", "#texts", "#text"].map(find);
const BEGIN = begin.textContent;
/** A frozen picture is read again so often, as what is read gets better with it. */
const AGAIN = 12;
/** A camera that was taken away is tried again after so long. */
const RETRY_MS = 1_000;

const url = new URL("phone", location.href);
url.protocol = url.protocol.replace("http", "ws");
const kept = storage();
const settings = new Settings(kept);
const screen = new Screen(stage, settings, tell);
const lens = new Lens(video, lost);
const encoder = new Encoder();
const quality = new Quality();
/** @type {Link | null} */
let link = null;
/** Whether the camera was asked for, and not stopped since. */
let isWanted = false;
let isEncoding = false;
let starts = 0;
let shownTime = -1;
/** How often the picture that is shown may still be sent. */
let sendable = 0;
let takenAt = 0;
let source = "";
/** @type {any} */
let lock = null;

// The way of a picture.

/** @param {number} now @param {{captureTime?: number}} [metadata] */
function see(now, metadata) {
  watch();
  const isNew = Boolean(metadata) || video.currentTime !== shownTime;
  shownTime = video.currentTime;
  if (!isNew || screen.isFrozen || !lens.isOpen || !video.videoWidth) return;
  takenAt = (performance.timeOrigin + (metadata?.captureTime ?? now)) / 1000;
  screen.show(video, takenAt);
  sendable = 1;
  send();
}

/** Be told of the camera's next picture. */
function watch() {
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(see);
  else requestAnimationFrame(see);
}

/** Send the picture that is shown, if one is wanted and this one is not there. */
async function send() {
  if (isEncoding || !sendable || !link?.isDue) return;
  isEncoding = true;
  sendable -= 1;
  const { picture } = screen;
  const ratio = Math.min(1, quality.side / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * ratio));
  const taken = link.take(takenAt);
  screen.sent(taken.frame);
  taken.send(await encoder.encode(picture, { width, height, quality: quality.quality }), [width, height]);
  isEncoding = false;
  send();
}

const listener = {
  /** @param {string} name */
  welcome(name) {
    source = name;
    screen.forget();
  },
  credit: send,
  /** @param {any} body */
  text(body) {
    screen.take(body);
    showTexts();
  },
  /** @param {any} body */
  status({ state: health, detail }) {
    if (health === "failed" || health === "ended") say(state, `${source}: ${detail || health}`);
    else say(state, source);
  },
  /** @param {number} ms */
  arrived: (ms) => quality.took(ms, performance.now()),
  /** @param {string} sentence */
  trouble: (sentence) => say(state, sentence || source),
  /** @param {string} sentence */
  taken(sentence) {
    stop(sentence);
    say(begin, "Take it back");
  },
};

// The camera: on, off, and on again.

/** @param {string} [camera] its id */
async function start(camera = kept?.getItem("glyphfeed.camera") ?? "") {
  const attempt = (starts += 1);
  isWanted = true;
  say(trouble, "");
  say(begin, BEGIN);
  say(state, "Starting the camera.");
  try {
    await lens.open(camera);
  } catch (error) {
    // Of several attempts the last one counts.
    if (attempt === starts) stop(cameraTrouble(/** @type {Error} */ (error)));
    return;
  }
  // It was stopped, or the page hidden, while somebody was asked.
  if (!isWanted || document.hidden) lens.close();
  if (!lens.isOpen || attempt !== starts) return;
  remember("on");
  screen.mirrored = lens.mirrored;
  screen.own = lens.zooms;
  for (const part of [stage, below]) part.hidden = false;
  find("#start").hidden = true;
  find("#torch").hidden = !lens.hasTorch;
  press("#torch", false);
  freeze(false);
  link ??= new Link(url, identity(), listener, AnySocket);
  say(state, source || "Looking for the reader.");
  choose();
  stayAwake();
}

/** @param {string} [why] */
function stop(why = "") {
  isWanted = false;
  remember("");
  pause(true);
  screen.forget();
  for (const part of [stage, below, list]) part.hidden = true;
  find("#list").setAttribute("aria-expanded", "false");
  find("#start").hidden = false;
  say(state, "");
  say(trouble, why);
  begin.focus();
}

/** @param {boolean} [isForGood] */
function pause(isForGood = false) {
  lens.close();
  link?.close(isForGood);
  link = null;
  lock?.release();
  lock = null;
}

/** The camera was taken away: by another app, or as it was unplugged. */
function lost() {
  say(state, "The camera was taken away; trying again.");
  setTimeout(() => isWanted && !document.hidden && !screen.isFrozen && !lens.isOpen && start(), RETRY_MS);
}

async function stayAwake() {
  try {
    lock = await navigator.wakeLock?.request("screen");
  } catch {
    // The battery is low, or the page is not in front: then it sleeps.
  }
}

document.addEventListener("visibilitychange", () => {
  if (!isWanted) return;
  if (document.hidden) pause();
  // A frozen picture needs no camera.
  else if (!screen.isFrozen) start();
});

/** Keep for this tab whether the camera is on, or tell what was kept. @param {string} [value] */
function remember(value) {
  try {
    if (value === undefined) return sessionStorage.getItem("glyphfeed.phone");
    sessionStorage.setItem("glyphfeed.phone", value);
  } catch {
    // The browser keeps nothing.
  }
  return "";
}

/** By what the reader knows this phone again. */
function identity() {
  const key = "glyphfeed.identity";
  const known = kept?.getItem(key) ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    kept?.setItem(key, known);
  } catch {
    // Then it is another phone the next time.
  }
  return known;
}

async function choose() {
  const cameras = await lens.choices();
  const select = find("#choice select");
  find("#choice").hidden = cameras.length < 2;
  select.replaceChildren(...cameras.map(({ id, name }) => new Option(name, id, false, id === lens.id)));
}

// What somebody does.

/** @param {boolean} on */
function freeze(on) {
  screen.isFrozen = on;
  sendable = on ? AGAIN : 0;
  press("#freeze", on);
  if (on) {
    send();
    return;
  }
  screen.unzoom();
  if (isWanted && !lens.isOpen) start();
}

/** @param {string} button @param {boolean} isPressed */
function press(button, isPressed) {
  find(button).setAttribute("aria-pressed", String(isPressed));
}

const ACTS = {
  begin: () => begin.getAttribute("aria-disabled") !== "true" && start(),
  freeze: () => freeze(!screen.isFrozen),
  torch: async () => press("#torch", await lens.light(find("#torch").getAttribute("aria-pressed") !== "true")),
  out: () => screen.zoomBy(0.8),
  in: () => screen.zoomBy(1.25),
  list() {
    list.hidden = !list.hidden;
    find("#list").setAttribute("aria-expanded", String(!list.hidden));
    showTexts();
  },
  end: () => stop(),
  close: () => dialog.close(),
};
for (const [id, act] of Object.entries(ACTS)) find(`#${id}`).addEventListener("click", act);
find("#choice select").addEventListener("change", (/** @type {any} */ { target }) => {
  kept?.setItem("glyphfeed.camera", target.value);
  start(target.value);
});

// Texts.

/** The buttons of the list, by the ids of their texts. @type {Map<number, HTMLElement>} */
const items = new Map();

/** Show the texts in view as a list, and touch only what is something else than before. */
function showTexts() {
  const texts = screen.texts;
  say(find("#list"), texts.length ? `Texts (${texts.length})` : "Texts");
  if (list.hidden) return;
  const ids = new Set(texts.map(({ id }) => id));
  for (const [id, item] of items) {
    // Who is on it stays there.
    if (ids.has(id) || item.contains(document.activeElement)) continue;
    item.remove();
    items.delete(id);
  }
  for (const text of texts) {
    let item = items.get(text.id);
    if (!item) {
      item = document.createElement("li");
      item.append(document.createElement("button"));
      list.querySelector("ul").append(item);
      items.set(text.id, item);
    }
    const button = /** @type {HTMLButtonElement} */ (item.firstChild);
    say(button, text.text);
    button.onclick = () => tell(text);
  }
}

/** What can be done with a text. @param {Entity} text */
function tell({ text }) {
  const done = dialog.querySelector(".done");
  const acts = dialog.querySelector(".acts");
  say(find("#words"), text);
  say(done, "");
  acts.replaceChildren();
  /** @param {string} name @param {() => void} act */
  const button = (name, act) => {
    const made = document.createElement("button");
    made.textContent = name;
    made.addEventListener("click", act);
    acts.append(made);
  };
  /** @param {string} words @param {string} href */
  const anchor = (words, href) => acts.append(Object.assign(document.createElement("a"), { className: "button", textContent: words, href, target: "_blank", rel: "noreferrer" }));
  button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(done, "Copied.");
    } catch {
      say(done, "This browser did not let it be copied; mark the words above instead.");
    }
  });
  if (globalThis.speechSynthesis) {
    button("Speak", () => {
      speechSynthesis.cancel();
      speechSynthesis.speak(new SpeechSynthesisUtterance(text));
    });
  }
  for (const { words, href } of links(text)) anchor(`Open ${words}`, href);
  anchor("Search the web", `https://duckduckgo.com/?q=${encodeURIComponent(text)}`);
  dialog.showModal();
  find("#words").focus();
}

/** @param {HTMLElement} element @param {string} words */
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

// The beginning.

const page = { secure: isSecureContext, camera: Boolean(navigator.mediaDevices?.getUserMedia), protocol: location.protocol };
const why = pageTrouble(page, await pair().catch(() => null));
say(trouble, why);
begin.setAttribute("aria-disabled", String(Boolean(why)));
watch();
// The page was thrown away while it was not in front.
if (!why && remember()) start();
