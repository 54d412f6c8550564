/**
 * The page: what is read, where it is read.
 *
 * Owns: the connection and what of the page gets its messages. Does not own what they do with them.
 */

import { welcome } from "./devices.js";
import { connect } from "./feed.js";
import { Hearing } from "./hearing.js";
import { List } from "./list.js";
import { pair } from "./pairing.js";
import { Settings, storage } from "./settings.js";
import { AnySocket } from "./socket.js";
import { Cameras } from "./wall.js";

/** @type {(selector: string) => HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** With so many of the last events of each camera the list begins, some 3 MB; all that a reader keeps may be gigabytes. */
const EVENTS = 2_000;
const url = new URL("feed", location.href);
url.protocol = url.protocol.replace("http", "ws");
const connection = find("#connection");
const settings = new Settings(storage());
settings.bind(/** @type {HTMLFormElement} */ (find("#settings form")));

/** Said only where it lasts: a connection that is there within a moment is nothing to read. */
const telling = setTimeout(() => (connection.textContent = "Connecting."), 1_000);
try {
  // Where that cannot be had, the connection tries until it can.
  const state = await pair().catch(() => ({ paired: true, pairing: false, phones: false }));
  welcome(state, find);
  if (state.paired) await show(state.phones);
} catch (error) {
  connection.textContent = /** @type {Error} */ (error).message;
}
clearTimeout(telling);

/** Have every part of the page told what comes. @param {boolean} [phones] whether those are taken */
async function show(phones) {
  const feed = connect(url, {
    back: EVENTS,
    WebSocket: AnySocket,
    onConnection(connected) {
      clearTimeout(telling);
      connection.textContent = connected ? "" : "The connection is lost; trying again.";
    },
  });
  const cameras = new Cameras(find("#cameras"), { feed, settings, phones });
  const list = new List(find("#list"), cameras);
  const camera = /** @type {HTMLSelectElement} */ (find("[name=heard]"));
  const hearing = new Hearing({ actions: find("#actions"), region: find("#heard"), note: find("#hearing"), camera }, settings);
  for await (const message of feed) for (const part of [cameras, list, hearing]) part.take(message);
}
