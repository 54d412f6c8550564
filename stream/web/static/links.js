/**
 * What in a text leads somewhere: web pages, addresses of mail, telephone numbers.
 *
 * Pure. What is read off a sign seldom says https://, so that a name with a known ending will do.
 */

const ENDINGS = "com|org|net|info|eu|de|at|ch|fr|it|es|nl|uk|us|io|app|dev|shop";
const WEB = new RegExp(`\\b(?:https?://\\S+|(?:[a-z0-9-]+\\.)+(?:${ENDINGS})\\b(?:/\\S*)?)`, "gi");
const MAIL = /\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g;
/** Eight digits at least, with what stands between them. */
const TELEPHONE = /(?:\+|\b)\d(?:[\s()/.-]{0,2}\d){7,14}\b/g;

/**
 * @param {string} text
 * @returns {{words: string, href: string}[]}
 */
export function links(text) {
  const found = [];
  const rest = text.replace(MAIL, (words) => {
    found.push({ words, href: `mailto:${words}` });
    return " ";
  });
  for (const [match] of rest.matchAll(WEB)) {
    const words = match.replace(/[.,;:!?)\]]+$/, "");
    const href = /^https?:/i.test(words) ? words : `https://${words}`;
    if (URL.canParse(href)) found.push({ words, href });
  }
  for (const [words] of rest.replace(WEB, " ").matchAll(TELEPHONE)) found.push({ words, href: `tel:${words.replace(/[^\d+]/g, "")}` });
  return found;
}
