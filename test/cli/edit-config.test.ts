/** A setting that is put into somebody's configuration leaves everything else as it was. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { parseConfig } from "../../schemas/config-text.ts";
import { configTemplate } from "../../cli/config-template.ts";
import { withSetting } from "../../cli/edit-config.ts";

const KEYS = ["Customer ID", 'Say "Email"'];
const WRITTEN = '["Customer ID", "Say \\"Email\\""]';
const edited = (text: string) => withSetting(text, "contacts", "keys", KEYS);

describe("a setting is put", () => {
  test.each<[where: string, before: string, after: string]>([
    [
      "in the place of the one before",
      `{ "contacts": { /* a */ "keys": ["A",\n"B"], }, "x": 1 }`,
      `{ "contacts": { /* a */ "keys": ${WRITTEN}, }, "x": 1 }`,
    ],
    [
      "behind the comments of its section",
      `{\n  "contacts": {\n    // Who.\n    // "keys": [],\n  },\n  "x": 1\n}\n`,
      `{\n  "contacts": {\n    // Who.\n    // "keys": [],\n    "keys": ${WRITTEN},\n  },\n  "x": 1\n}\n`,
    ],
    [
      "behind the others of its section, as these are indented",
      `{\n\t"contacts": {\n\t\t"other": 1 // why\n\t}\n}`,
      `{\n\t"contacts": {\n\t\t"other": 1, // why\n\t\t"keys": ${WRITTEN},\n\t}\n}`,
    ],
    [
      "behind a comma that is there, and comments",
      `{\n  "a": 1 /* , */, // b\n  // the end\n}\n`,
      `{\n  "a": 1 /* , */, // b\n  // the end\n  "contacts": { "keys": ${WRITTEN} },\n}\n`,
    ],
    ["into a line", `{"a":{"b":1}}`, `{"a":{"b":1}, "contacts": { "keys": ${WRITTEN} } }`],
    ["into a section in a line", `{\n  "contacts": {},\n}`, `{\n  "contacts": { "keys": ${WRITTEN} },\n}`],
    ["into nothing", "{}", `{ "contacts": { "keys": ${WRITTEN} } }`],
    ["behind a line's comment", `{ "a": 1 // b\n  , "c": 2 }`, `{ "a": 1 // b\n  , "c": 2, "contacts": { "keys": ${WRITTEN} } }`],
    ["with the line ends that are there", `\uFEFF{\r\n  "a": 1\r\n}\r\n`, `\uFEFF{\r\n  "a": 1,\r\n  "contacts": { "keys": ${WRITTEN} },\r\n}\r\n`],
  ])("%s", (_, before, after) => {
    expect(edited(before)).toBe(after);
    expect(parseConfig(after, "after")).toEqual({ ...(parseConfig(before, "before") as object), contacts: expect.objectContaining({ keys: KEYS }) });
  });
});

test("what init writes keeps each line", () => {
  const before = configTemplate({ region: "eu-central-1", user: "a@example.com", keyFile: "~/.ssh/id" });
  const after = edited(before).split("\n");
  expect(after.filter((line) => !line.startsWith(`    "keys": `))).toEqual(before.split("\n"));
});

test("any other setting means what it meant, however the file is written", () => {
  const space = fc.constantFrom("", " ", "\n", "\n    ", "\r\n", " // a, b }\n", " /* }, */ ", "\t");
  const value = fc.json({ maxDepth: 2 });
  const property = fc
    .tuple(fc.stringMatching(/^[a-z]{1,3}$/), value, space, space, space)
    .map(([name, json, a, b, c]) => `${a}"${name}"${b}:${c}${json}`);
  const section = fc.tuple(fc.uniqueArray(property, { maxLength: 3, selector: (text) => /"([a-z]+)"/.exec(text)?.[1] }), space, fc.boolean());
  const object = section.map(([properties, end, comma]) => `{${properties.join(" ,")}${comma && properties.length > 0 ? "," : ""}${end}}`);
  const file = fc.tuple(object, fc.option(object)).map(([rest, own]) => (own === null ? rest : rest.replace(/^\{/, () => `{ "contacts": ${own} ,`)));
  fc.assert(
    fc.property(file, (before) => {
      const was = parseConfig(before, "before") as Record<string, unknown>;
      const own = was["contacts"] as object | undefined;
      expect(parseConfig(edited(before), "after")).toEqual({ ...was, contacts: { ...own, keys: KEYS } });
    }),
    { numRuns: 300 },
  );
});
