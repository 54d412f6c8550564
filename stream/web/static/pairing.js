/**
 * Pairing this device with the server, and others by a code that it shows.
 *
 * Owns: the code in the address, and what is asked about pairing. Does not own the words on the page. The cookie that it gets is
 * one that no script can read.
 */

const FRAGMENT = "#pair=";
const TRIES = 4;
const WAIT_MS = 1_000;
/** Light modules around a code, as scanners expect. */
const QUIET = 4;

/**
 * What there is for this device. `paired` says that it is let in, `pairing` that others must be, too; the rest is told to those
 * who are let in alone. `trouble` is a sentence where a code was there and did not help.
 * @typedef {{paired: boolean, pairing: boolean, phones?: boolean, version?: string, trouble?: string}} State
 */

/**
 * Take the code out of the address, if there is one, have this device paired by it, and tell where it stands.
 * @returns {Promise<State>}
 */
export async function pair() {
  const code = location.hash.startsWith(FRAGMENT) ? location.hash.slice(FRAGMENT.length) : "";
  // At once, so that it is in no history, bookmark or screenshot.
  if (code) history.replaceState(history.state, "", location.pathname + location.search);
  const state = await stateOf();
  if (!code || state.paired) return state;
  const answer = await ask("pair", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code }) });
  return answer.ok ? stateOf() : { ...state, trouble: await answer.text() };
}

/**
 * An address that pairs one more device within so many seconds, and its QR code: a row a text, `1` for dark.
 * @returns {Promise<{address: string, rows: string[], seconds: number}>}
 */
export async function another() {
  const answer = await ask("pair/another", { method: "POST" });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/**
 * Draw a QR code, black on white whatever the page's colours are.
 * @param {HTMLCanvasElement} canvas which gets its size in pixels
 * @param {string[]} rows
 * @param {number} [scale] pixels of a module
 */
export function drawCode(canvas, rows, scale = 8) {
  canvas.width = canvas.height = (rows.length + 2 * QUIET) * scale;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  rows.forEach((row, y) => [...row].forEach((module, x) => {
    if (module === "1") context.fillRect((x + QUIET) * scale, (y + QUIET) * scale, scale, scale);
  }));
}

/** @returns {Promise<State>} */
async function stateOf() {
  return (await ask("state.json")).json();
}

/** Ask, and again where the network fails. @param {string} path @param {RequestInit} [options] */
async function ask(path, options) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(new URL(path, location.href), { cache: "no-store", ...options });
    } catch (error) {
      if (attempt === TRIES) throw error;
      await new Promise((done) => setTimeout(done, WAIT_MS * attempt));
    }
  }
}
