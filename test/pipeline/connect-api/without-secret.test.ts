import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutSecret } from "../../../pipeline/connect-api/without-secret.ts";

const KEY = `sk-a/b"c\\d&e+F=0`;
const clean = withoutSecret(KEY, "(key)");
const each = (written: (character: string) => string) => Array.from(KEY, written).join("");
const hex = (character: string) => character.charCodeAt(0).toString(16);

test.each([
  ["as it is", KEY],
  ["as JSON", JSON.stringify(KEY).slice(1, -1)],
  ["as JSON in JSON", JSON.stringify(JSON.stringify(KEY)).slice(3, -3)],
  ["as JSON with escaped slashes", JSON.stringify(KEY).slice(1, -1).replaceAll("/", "\\/")],
  ["in JSON's escapes", each((character) => `\\u00${hex(character)}`)],
  ["in JSON's escapes in JSON, in capitals", each((character) => `\\\\u00${hex(character).toUpperCase()}`)],
  ["in percent signs", encodeURIComponent(KEY)],
  ["in percent signs throughout", each((character) => `%${hex(character)}`)],
  ["in HTML", KEY.replaceAll("&", "&amp;").replaceAll('"', "&quot;")],
  ["in HTML's numbers", each((character) => `&#${character.charCodeAt(0)};`)],
  ["in HTML's hexadecimal numbers", each((character) => `&#x${hex(character)};`)],
])("a key that stands there %s", (_, written) => {
  expect(clean(`bad key ${written}!`)).toBe("bad key (key)!");
});

test("all texts of a value, and its names, but nothing else", () => {
  expect(clean({ a: [`x${KEY}`, 1, null, true], [KEY]: { b: KEY } })).toEqual({ a: ["x(key)", 1, null, true], "(key)": { b: "(key)" } });
});

test("whatever the key, it is not there any more, and what is not the key stays", () => {
  const keys = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1 });
  fc.assert(
    fc.property(keys, (key) => {
      const [said] = withoutSecret(key, " ")([`"${key}"`]);
      expect(said).not.toContain(key);
    }),
    { examples: [['"\\"'], ['"'], ["\\"]] },
  );
  expect(clean("sk-a/b is not the key")).toBe("sk-a/b is not the key");
});

test("a megabyte of backslashes, zeros or the key's own beginning takes a moment", () => {
  for (const piece of ["\\", "&#0", "0", "sk-a/", "%"]) {
    const text = piece.repeat(1_000_000 / piece.length);
    expect(clean(text)).toBe(text);
  }
});
