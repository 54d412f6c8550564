/**
 * What of the page stands between a device and the cameras: pairing, other devices, and this device's own camera.
 *
 * Owns: the words and the code on the page. Does not own what is asked of the server (pairing.js).
 */

import { another, drawCode } from "./pairing.js";

const SCAN = "This device is not paired yet. Scan the code in the terminal that glyphfeed runs in, or on a device that is paired.";

/**
 * Show what there is for this device.
 * @param {import("./pairing.js").State} state
 * @param {(selector: string) => HTMLElement} find
 */
export function welcome({ paired, pairing, phones, trouble }, find) {
  find("#phone").hidden = !phones;
  find("#add").hidden = !(paired && pairing);
  find("#code").addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") showCode(find);
  });
  if (paired) return;
  find("#cameras").replaceChildren(Object.assign(document.createElement("p"), { className: "none", textContent: [trouble, SCAN].filter(Boolean).join(" ") }));
}

/** Show a code that pairs one more device. @param {(selector: string) => HTMLElement} find */
async function showCode(find) {
  const [words, canvas] = [find("#code p"), /** @type {HTMLCanvasElement} */ (find("#code canvas"))];
  canvas.hidden = true;
  words.textContent = "";
  try {
    const { address, rows, seconds } = await another();
    drawCode(canvas, rows);
    canvas.hidden = false;
    canvas.setAttribute("aria-label", `QR code of ${address}`);
    words.textContent = `Scan this with the other device within ${Math.round(seconds / 60)} minutes. It is for one device.`;
  } catch (error) {
    words.textContent = /** @type {Error} */ (error).message;
  }
}
