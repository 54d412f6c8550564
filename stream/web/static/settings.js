/**
 * What somebody has chosen on a page, kept by the browser.
 *
 * Owns: the choices, their usual values, and that a page works where nothing can be kept.
 */

const KEY = "glyphfeed";
/** What is chosen where nothing was; what is kept must be of the same type. */
const USUAL = {
  /** How texts are shown: labels, outlines, replaced, none. */
  mode: "labels",
  /** The letters of labels, CSS pixels. */
  size: 14,
  /** How dark the ground of labels is, percent. */
  plate: 75,
  /** How many labels there are at most, 1 to 5. */
  density: 3,
  /** Whether texts are shown that are not trusted yet. */
  tentative: false,
  /** How fast a voice reads aloud, 1 as it does by itself. */
  rate: "1",
  /** The camera that is heard; none for all. */
  heard: "",
  /** Whether screen readers are told what is read. */
  polite: true,
  /** How a camera is turned, by its name. @type {Object<string, {rotation: number, mirrored: boolean}>} */
  views: {},
};

/** The choices as properties of `values`; a `change` event comes with each change. */
export class Settings extends EventTarget {
  #storage;

  /** @param {Storage | undefined} storage */
  constructor(storage) {
    super();
    this.#storage = storage;
    /** @type {typeof USUAL & Object<string, any>} */
    this.values = { ...USUAL, ...this.#kept() };
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.values = { ...this.values, [name]: value };
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.values));
    } catch {
      // The browser keeps nothing, as in a private window; it holds as long as the page does.
    }
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Have the controls of a form show the choices of their names, and make them.
   * @param {HTMLFormElement} form
   */
  bind(form) {
    for (const control of /** @type {Iterable<HTMLInputElement>} */ (form.elements)) {
      const value = this.values[control.name];
      if (control.type === "radio") control.checked = control.value === value;
      else if (control.type === "checkbox") control.checked = value === true;
      else if (value !== undefined) control.value = value;
    }
    form.addEventListener("input", ({ target }) => {
      const control = /** @type {HTMLInputElement} */ (target);
      const number = control.type === "range" ? control.valueAsNumber : control.value;
      this.set(control.name, control.type === "checkbox" ? control.checked : number);
    });
  }

  #kept() {
    try {
      const kept = Object.entries(JSON.parse(this.#storage?.getItem(KEY) ?? "{}"));
      const usual = /** @type {Object<string, any>} */ (USUAL);
      return Object.fromEntries(kept.filter(([name, value]) => !(name in usual) || typeof value === typeof usual[name]));
    } catch {
      return {};
    }
  }
}

/** The browser's storage, where there is one: asking for it fails where it is forbidden. */
export function storage() {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
