/**
 * The pictures of what was read, kept in the browser for another time.
 *
 * Owns: where they are kept (IndexedDB), and how many. Does not own where they come from (camera.js).
 */

/** Pictures are a few kilobytes each; the oldest go. */
const LIMIT = 2_000;
const LIMIT_BYTES = 32 * 1024 * 1024;
/** Pictures that may come before the oldest are looked for. */
const TRIM_EVERY = 50;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Where a browser keeps nothing, as some do for private windows, there is nothing, and nobody is told. */
export class Crops {
  #limit;
  #limitBytes;
  #database;
  #put = 0;

  /** @param {{limit?: number, limitBytes?: number}} [bounds] */
  constructor({ limit = LIMIT, limitBytes = LIMIT_BYTES } = {}) {
    this.#limit = limit;
    this.#limitBytes = limitBytes;
    this.#database = this.#open().catch(() => null);
  }

  async #open() {
    const opening = indexedDB.open("glyphfeed", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("crops").createIndex("age", ["at", "bytes"]);
    return await done(opening);
  }

  /** @param {IDBTransactionMode} mode @param {(crops: IDBObjectStore) => Promise<any>} act */
  async #with(mode, act) {
    const database = await this.#database;
    try {
      return database && (await act(database.transaction("crops", mode).objectStore("crops")));
    } catch {
      // Such as a disk that is full.
      return null;
    }
  }

  /** @param {string} key @returns {Promise<Blob | null>} */
  async get(key) {
    const found = await this.#with("readonly", (crops) => done(crops.get(key)));
    return found ? new Blob([found.data], { type: found.type }) : null;
  }

  /** @param {string} key @param {Blob} picture */
  async put(key, picture) {
    // Safari cannot keep a Blob everywhere.
    const value = { at: Date.now(), bytes: picture.size, type: picture.type, data: await picture.arrayBuffer() };
    await this.#with("readwrite", (crops) => done(crops.put(value, key)));
    if (this.#put++ % TRIM_EVERY === 0) await this.#with("readwrite", (crops) => this.#trim(crops));
  }

  /** @param {IDBObjectStore} crops */
  #trim(crops) {
    let [count, bytes] = [0, 0];
    const cursor = crops.index("age").openKeyCursor(null, "prev");
    return new Promise((resolve, reject) => {
      cursor.onerror = () => reject(cursor.error);
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (!at) return resolve(null);
        [count, bytes] = [count + 1, bytes + /** @type {[number, number]} */ (at.key)[1]];
        if (count > this.#limit || bytes > this.#limitBytes) crops.delete(at.primaryKey);
        at.continue();
      };
    });
  }
}
