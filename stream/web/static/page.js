/**
 * The page: what is read, as it is read.
 *
 * Owns: the words on the page. Does not own how they come here (feed.js).
 */

import { connect } from "./feed.js";

const EVENTS = 30;
const TYPES = { read: "read", changed: "changed", left: "gone" };

const url = new URL("feed", location.href);
url.protocol = url.protocol.replace("http", "ws");
const connection = document.querySelector("#connection");
const sources = document.querySelector("#sources");
const events = document.querySelector("#events");
/** What is shown of each source, by its name. */
const shown = new Map();

/** Make an element with words in it, which are never taken for HTML. */
function element(name, words = "", className = "") {
  const made = document.createElement(name);
  made.textContent = words;
  if (className) made.className = className;
  return made;
}

/** The part of the page for a source. */
function partOf(source) {
  if (shown.has(source)) return shown.get(source);
  const [section, title, health, texts] = [element("section"), element("h2", source), element("p"), element("ul", "", "texts")];
  title.id = `source-${source}`;
  section.setAttribute("aria-labelledby", title.id);
  section.append(title, health, texts);
  sources.append(section);
  const part = { section, health, texts, drawn: "" };
  shown.set(source, part);
  return part;
}

/** Show what is in view, in reading order, and touch the page only where that is something else than before. */
function showTexts({ source, texts, blocks }) {
  const part = partOf(source);
  const byId = new Map(texts.map((text) => [text.id, text]));
  const visible = blocks.flat().map((id) => byId.get(id)).filter((text) => text?.text);
  const drawn = visible.map(({ id, rev }) => `${id}.${rev}`).join();
  if (drawn === part.drawn) return;
  part.drawn = drawn;
  part.texts.replaceChildren(...visible.map(({ text, state }) => element("li", text, state)));
}

function showStatus({ source, state, detail, fps_out: fps }) {
  const words = state === "live" ? `live, ${fps.toFixed(1)} pictures a second` : [state, detail].filter(Boolean).join(": ");
  const { health } = partOf(source);
  if (health.textContent !== words) health.textContent = words;
}

function showEvent({ source, type, captured_at: at, entity, previous }) {
  const item = element("li");
  const clock = element("time", new Date(at * 1000).toLocaleTimeString());
  clock.dateTime = new Date(at * 1000).toISOString();
  const words = previous === undefined ? entity.text : `${entity.text} (was: ${previous})`;
  item.append(clock, element("span", `${source} ${TYPES[type] ?? type}`, "type"), element("span", words));
  events.append(item);
  while (events.children.length > EVENTS) events.firstChild.remove();
}

/** A reader that was started anew tells of its sources again, and there may be others now. */
function forget() {
  sources.replaceChildren();
  shown.clear();
}

const SHOW = { text: showTexts, status: showStatus, event: showEvent };

const feed = connect(url, {
  onConnection(connected) {
    connection.textContent = connected ? "Connected." : "The connection is lost; trying again.";
  },
});
let epoch = "";
try {
  for await (const { kind, body } of feed) {
    if (kind !== "event" && body.epoch !== epoch) {
      forget();
      epoch = body.epoch;
    }
    SHOW[kind]?.(body);
  }
} catch (error) {
  connection.textContent = error.message;
}
