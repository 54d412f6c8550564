/**
 * Entries of the list as files: CSV for spreadsheets, JSON for programs.
 *
 * Owns: what is written, and how. Pure.
 */

/** @typedef {import("./listed.js").Entry} Entry */

import { meanings } from "./meaning.js";

const COLUMNS = ["camera", "text", "earlier", "attributes", "rules", "in view", "first seen", "last seen", "confidence", "times read", "id", "run"];
/**
 * What spreadsheets take for the beginning of a formula, after spaces as well; see OWASP, CSV Injection. The wide forms count in
 * some settings of East Asian languages.
 */
const FORMULA = /^[\s\0]*[=+\-@|%＝＋－＠]|^[\t\r\n]/;

/**
 * The entries as CSV (RFC 4180), with a byte order mark, as spreadsheets read no umlauts without.
 * @param {Entry[]} entries
 */
export function csv(entries) {
  const lines = [COLUMNS, ...entries.map(fields)].map((line) => line.map(cell).join(","));
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

/**
 * The entries as JSON, under the names that the feed has for them.
 * @param {Entry[]} entries
 */
export function json(entries) {
  const records = entries.map(({ source, epoch, isInView, earlier, entity }) => {
    const { id, text, confidence, reads, first_seen, last_seen, polygon, attributes = [], flags = [] } = entity;
    return { source, epoch, id, text, earlier, attributes, flags, in_view: isInView, first_seen, last_seen, confidence, reads, polygon };
  });
  return `${JSON.stringify(records, null, 1)}\n`;
}

/** @param {Entry} entry */
function fields({ source, epoch, isInView, earlier, entity }) {
  const { id, text, confidence, reads, first_seen, last_seen } = entity;
  const times = [first_seen, last_seen].map((at) => new Date(at * 1000).toISOString());
  const [rules, attributes] = [true, false].map((are) =>
    meanings(entity)
      .filter(({ kind }) => (kind === "rule") === are)
      .map(({ words }) => words)
      .join(" | "),
  );
  return [source, text, earlier.join(" | "), attributes, rules, isInView ? "yes" : "no", ...times, confidence, reads, id, epoch];
}

/** @param {string | number} value */
function cell(value) {
  const words = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}
