/**
 * The page: what is read, where it is read.
 *
 * Owns: the connection and what of the page gets its messages. Does not own what they do with them.
 */

import { connect } from "./feed.js";
import { Hearing } from "./hearing.js";
import { List } from "./list.js";
import { Settings, storage } from "./settings.js";
import { Cameras } from "./wall.js";

/** @type {(selector: string) => HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const url = new URL("feed", location.href);
url.protocol = url.protocol.replace("http", "ws");
const connection = find("#connection");
const settings = new Settings(storage());
settings.bind(/** @type {HTMLFormElement} */ (find("#settings form")));

/** Said only where it lasts: a connection that is there within a moment is nothing to read. */
let telling = setTimeout(() => (connection.textContent = "Connecting."), 1_000);
const feed = connect(url, {
  since: {},
  onConnection(connected) {
    clearTimeout(telling);
    connection.textContent = connected ? "" : "The connection is lost; trying again.";
  },
});
const cameras = new Cameras(find("#cameras"), { feed, settings });
const list = new List(find("#list"), cameras);
const choice = /** @type {HTMLSelectElement} */ (find("[name=heard]"));
const hearing = new Hearing({ actions: find("#actions"), region: find("#heard"), note: find("#hearing"), camera: choice }, settings);
/** What of the page takes messages. @type {{take: (message: import("./feed.js").Message) => void}[]} */
const parts = [cameras, list, hearing];
try {
  for await (const message of feed) for (const part of parts) part.take(message);
} catch (error) {
  connection.textContent = /** @type {Error} */ (error).message;
}
