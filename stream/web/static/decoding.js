/**
 * Pictures from JPEGs.
 *
 * Owns: that the page's own thread does not decode them, nor bring them to another size.
 */

const worker = new Worker(new URL("decode.js", import.meta.url));
/** @type {Map<number, (image: ImageBitmap | null) => void>} */
const waiting = new Map();
let last = 0;

worker.onmessage = ({ data: { number, image } }) => {
  waiting.get(number)?.(image);
  waiting.delete(number);
};

/**
 * The picture that a JPEG holds, or null where it holds none.
 * @param {Uint8Array} jpeg
 * @param {ImageBitmapOptions} [options]
 * @returns {Promise<ImageBitmap | null>}
 */
export function decode(jpeg, options) {
  return new Promise((resolve) => {
    waiting.set((last += 1), resolve);
    worker.postMessage({ number: last, jpeg, options });
  });
}
