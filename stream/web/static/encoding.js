/**
 * Makes JPEGs of a canvas: in a worker where the browser can, else as it likes.
 */

/** @typedef {{width: number, height: number, quality: number}} Form */

export class Encoder {
  #worker = globalThis.OffscreenCanvas ? new Worker(new URL("encode.js", import.meta.url)) : null;

  /**
   * Encode what is on a canvas now; one at a time.
   * @param {HTMLCanvasElement} canvas
   * @param {Form} form
   * @returns {Promise<ArrayBuffer | null>} null where that failed
   */
  async encode(canvas, form) {
    const worker = this.#worker;
    if (!worker) return this.#slowly(canvas, form);
    const image = await createImageBitmap(canvas);
    const bytes = await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => resolve(null);
      worker.postMessage({ image, ...form }, [image]);
    });
    // A worker that cannot, such as one whose canvas knows no 2D, is not asked again.
    if (!bytes) this.#worker = null;
    return bytes;
  }

  /** @param {HTMLCanvasElement} canvas @param {Form} form @returns {Promise<ArrayBuffer | null>} */
  async #slowly(canvas, { width, height, quality }) {
    const small = document.createElement("canvas");
    [small.width, small.height] = [width, height];
    small.getContext("2d", { alpha: false })?.drawImage(canvas, 0, 0, width, height);
    const blob = await new Promise((resolve) => small.toBlob(resolve, "image/jpeg", quality));
    return blob && /** @type {Blob} */ (blob).arrayBuffer();
  }
}
