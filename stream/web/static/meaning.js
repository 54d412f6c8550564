/**
 * What a text means and which rules it matches, in words for people, and where it leads.
 *
 * Pure. What leads somewhere is judged here, as a feed may say anything.
 */

/** @typedef {import("./feed.js").Entity} Entity */
/** One thing that is known of a text; `kind` is that of the attribute, or "rule". @typedef {{words: string, kind: string, href?: string}} Meaning */

/**
 * @param {Pick<Entity, "attributes" | "flags">} entity
 * @returns {Meaning[]}
 */
export function meanings({ attributes = [], flags = [] }) {
  const rules = new Set(flags.map(({ rule }) => rule));
  return [
    ...attributes.map(({ kind, value, unit = "", label = "", alternatives = [] }) => ({
      kind,
      words: [kind.replaceAll("_", " "), said(value), unit, ...alternatives.map((other) => `or ${said(other)}`), label && `(${label})`]
        .filter(Boolean)
        .join(" "),
      href: leadsTo(kind, value),
    })),
    ...[...rules].map((rule) => ({ kind: "rule", words: rule })),
  ];
}

/** @param {unknown} value */
function said(value) {
  if (Array.isArray(value)) return value.join(" x ");
  return typeof value === "object" && value ? Object.values(value).join(" ") : String(value);
}

/** @param {string} kind @param {unknown} value */
function leadsTo(kind, value) {
  if (typeof value !== "string") return undefined;
  if (kind === "url" && /^https?:\/\//i.test(value) && URL.canParse(value)) return value;
  if (kind === "phone" && /^\+?\d+$/.test(value)) return `tel:${value}`;
  if (kind === "email" && /^[^\s@?&]+@[^\s@?&]+$/.test(value)) return `mailto:${value}`;
  return undefined;
}
