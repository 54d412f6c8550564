/**
 * A camera of this device: which one, its light, its zoom.
 *
 * Owns: the stream. Does not own what is done with its pictures.
 */

const WANTED = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

export class Lens {
  #video;
  #onEnd;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {Object<string, any>} */
  #applied = {};

  /**
   * @param {HTMLVideoElement} video that plays what the camera sees
   * @param {() => void} onEnd told when the camera was taken away
   */
  constructor(video, onEnd) {
    this.#video = video;
    this.#onEnd = onEnd;
  }

  /**
   * Open a camera: the one with this id, or else the rear one.
   * @param {string} [id]
   * @returns {Promise<void>} fails as `getUserMedia` does
   */
  async open(id) {
    this.close();
    /** @param {MediaTrackConstraints} which */
    const ask = (which) => navigator.mediaDevices.getUserMedia({ audio: false, video: { ...WANTED, ...which } });
    const rear = { facingMode: { ideal: "environment" } };
    let stream;
    try {
      stream = await ask(id ? { deviceId: { exact: id } } : rear);
    } catch (error) {
      // It may have been unplugged since it was chosen.
      if (!id || !["OverconstrainedError", "NotFoundError"].includes(/** @type {Error} */ (error).name)) throw error;
      stream = await ask(rear);
    }
    const [track] = stream.getVideoTracks();
    this.close();
    this.#track = track;
    track.addEventListener("ended", () => this.#track === track && this.#onEnd());
    this.#video.srcObject = stream;
    await this.#video.play();
  }

  close() {
    this.#track?.stop();
    this.#track = null;
    this.#applied = {};
    this.#video.srcObject = null;
  }

  get isOpen() {
    return this.#track?.readyState === "live";
  }

  get id() {
    return this.#track?.getSettings().deviceId ?? "";
  }

  /** Whether it looks at who holds it, so that it is shown as in a mirror. */
  get mirrored() {
    return this.#track?.getSettings().facingMode === "user";
  }

  /** What it can do beside pictures. @returns {{torch?: boolean, zoom?: {min: number, max: number}}} */
  get #abilities() {
    return /** @type {any} */ (this.#track?.getCapabilities?.()) ?? {};
  }

  get hasTorch() {
    return this.#abilities.torch === true;
  }

  /** Switch its light. @param {boolean} on @returns {Promise<boolean>} whether it is on */
  async light(on) {
    return (await this.#apply({ torch: on })) && on;
  }

  /** How far it zooms by itself, and a way to do so; null where it does not. */
  get zooms() {
    const { zoom: range } = this.#abilities;
    if (!range || range.max <= range.min) return null;
    const settings = /** @type {any} */ (this.#track?.getSettings());
    let zoom = settings.zoom ?? range.min;
    /** @param {number} factor */
    return (factor) => {
      zoom = Math.max(range.min, Math.min(zoom * factor, range.max));
      this.#apply({ zoom });
    };
  }

  /** @param {Object<string, any>} setting */
  async #apply(setting) {
    // What is not said again counts as no longer wanted.
    this.#applied = { ...this.#applied, ...setting };
    try {
      await this.#track?.applyConstraints({ advanced: [/** @type {any} */ (this.#applied)] });
      return true;
    } catch {
      return false;
    }
  }

  /** The cameras that there are; their names are known once one was allowed. @returns {Promise<{id: string, name: string}[]>} */
  async choices() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices
      .filter(({ kind, deviceId }) => kind === "videoinput" && deviceId)
      .map(({ deviceId, label }, at) => ({ id: deviceId, name: label || `Camera ${at + 1}` }));
  }
}
