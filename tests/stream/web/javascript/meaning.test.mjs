import assert from "node:assert/strict";
import test from "node:test";

import { meanings } from "./meaning.js";

const attribute = (kind, value, more = {}) => ({ kind, value, span: [0, 1], ...more });
const href = (kind, value) => meanings({ attributes: [attribute(kind, value)] })[0].href;

test("a text of which nothing is known means nothing", () => {
  assert.deepEqual(meanings({}), []);
});

test("values are told in words, and each rule once", () => {
  const told = meanings({
    attributes: [
      attribute("unit_price", 1.98, { unit: "EUR/kg" }),
      attribute("size", [30, 40], { unit: "cm" }),
      attribute("plate", { country: "DE", number: "B-AB 12" }, { alternatives: [{ country: "AT", number: "B-AB 12" }] }),
      attribute("weight", 500, { unit: "g", label: "net" }),
    ],
    flags: [
      { rule: "cheap", span: [0, 1], action: "flag" },
      { rule: "cheap", span: [2, 3], action: "flag" },
    ],
  });
  assert.deepEqual(
    told.map(({ words }) => words),
    ["unit price 1.98 EUR/kg", "size 30 x 40 cm", "plate DE B-AB 12 or AT B-AB 12", "weight 500 g (net)", "cheap"],
  );
  assert.equal(told.at(-1).kind, "rule");
});

test("pages, telephones and mail lead somewhere, and nothing else does", () => {
  assert.equal(href("url", "https://example.com/a"), "https://example.com/a");
  assert.equal(href("phone", "+493012345678"), "tel:+493012345678");
  assert.equal(href("email", "a@example.com"), "mailto:a@example.com");
  for (const value of ["javascript:alert(1)", "data:text/html,x", "https://", 7, null, { href: "https://example.com" }]) {
    assert.equal(href("url", value), undefined);
  }
  assert.equal(href("phone", "javascript:1"), undefined);
  assert.equal(href("email", "a@b?bcc=c@d"), undefined);
  assert.equal(href("note", "https://example.com/"), undefined);
});
