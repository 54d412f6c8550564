/**
 * What is wrong with a camera, in words that say what to do.
 *
 * Pure.
 */

/** By the name of the error that `getUserMedia` fails with. @type {Object<string, string>} */
const WORDS = {
  NotAllowedError: "The camera is not allowed here. Allow it in the browser's settings for this page, beside its address, then try again.",
  NotFoundError: "No camera was found. Connect one, then try again.",
  NotReadableError: "The camera is in use elsewhere, or switched off. Close other apps that use it, then try again.",
  SecurityError: "The camera is switched off for web pages on this device. Allow it in the settings of the device or the browser.",
};
/** Names that mean the same. @type {Object<string, string>} */
const SAME = { PermissionDeniedError: "NotAllowedError", DevicesNotFoundError: "NotFoundError", OverconstrainedError: "NotFoundError", AbortError: "NotReadableError" };

/**
 * Why a camera did not start.
 * @param {{name: string, message: string}} error
 */
export function cameraTrouble({ name, message }) {
  return WORDS[SAME[name] ?? name] ?? `The camera does not start: ${message || name}. Try again, or take another browser.`;
}

/**
 * What stands in the way before a camera is asked for; "" where nothing does.
 * @param {{secure: boolean, camera: boolean, protocol: string}} page whether its origin is secure, and there is a way to cameras
 * @param {{paired?: boolean, phones?: boolean, trouble?: string} | null} state of `state.json`; null where nobody answers
 */
export function pageTrouble({ secure, camera, protocol }, state) {
  if (!secure && protocol === "http:") {
    return "This page came over plain HTTP, and browsers give the camera to none such. Scan the code in the reader's terminal: it leads to the page over HTTPS.";
  }
  if (!secure) return "This page's certificate is not trusted, and browsers give the camera to none such. The reader's help page says how to trust it.";
  if (!camera) return "This browser gives no page the camera. Take another browser, or a newer one.";
  if (!state) return "The reader cannot be reached. Is it running, and is this phone in the same network?";
  if (state.trouble) return state.trouble;
  if (state.paired === false) return "This phone is not paired. Scan the code in the reader's terminal with it.";
  if (state.phones === false) return "This feed takes no phones: it is read elsewhere, or its reader was begun without them.";
  return "";
}
