/** What is taken out of JSON text, and that all else stays to the letter. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type JsonRules, rewriteJson } from "../../transforms/private-json.ts";
import { often } from "../helpers/often.ts";

/** `ip` goes; of `who` the length is left; `Email` goes where contact attributes stand, and as what an identification says. */
const RULES: JsonRules = {
  member: (name, isAttribute) =>
    name === "ip" || name === 'q"x'
      ? () => undefined
      : name === "who"
        ? hidden
        : name === "phone"
          ? digits
          : name === "Email" && isAttribute
            ? () => undefined
            : undefined,
  identifier: (names) => (names.includes("email") ? hidden : undefined),
};
const hidden = (value: string) => (value.trim() === "" ? undefined : `#${value.length}`);

const digits = (value: string) => value.replace(/[^0-9+]/g, "") || undefined;

const CASES: readonly (readonly [what: string, text: string, expected: string])[] = [
  ["nothing", '{"a": 1, "b" :[ 2 ] }', '{"a": 1, "b" :[ 2 ] }'],
  ["the only one", '{"ip":"1.2.3.4"}', "{}"],
  ["the only one, with blanks", '{ "ip" : "1.2.3.4" }', "{  }"],
  ["the first", '{"ip":1, "a":2}', '{"a":2}'],
  ["one between", '{"a":1, "ip":{"x":[1,2]}, "b":2}', '{"a":1, "b":2}'],
  ["the last", '{"a":1 , "ip":"x" }', '{"a":1 }'],
  ["several at the end", '{"a":1,"ip":2,"ip":3}', '{"a":1}'],
  ["several at the start", '{"ip":2,"ip":3,"a":1}', '{"a":1}'],
  ["every other", '{"ip":0,"a":1,"ip":2,"b":3,"ip":4}', '{"a":1,"b":3}'],
  ["a name in escapes", String.raw`{"\u0069\u0070":"1.2.3.4","a":"\u0041\/"}`, String.raw`{"a":"\u0041\/"}`],
  ["a name with a quote", String.raw`{"q\"x":1,"a":2}`, '{"a":2}'],
  ["numbers stay as they are written", '{"ip":1,"n":1.50,"m":1E400,"l":12345678901234567890}', '{"n":1.50,"m":1E400,"l":12345678901234567890}'],
  ["in an object in a list", '{"items":[{"ip":1,"p":"x"},{"p":"y","ip":2}]}', '{"items":[{"p":"x"},{"p":"y"}]}'],
  ["in a text that holds JSON", String.raw`{"p":"{\"ip\":1,\"a\":2}"}`, String.raw`{"p":"{\"a\":2}"}`],
  [
    "in a text in a text",
    JSON.stringify({ p: JSON.stringify({ q: JSON.stringify({ ip: 1, a: 2 }) }) }),
    JSON.stringify({ p: JSON.stringify({ q: '{"a":2}' }) }),
  ],
  ["in a content that is a text", JSON.stringify('{"ip":1,"a":2}'), JSON.stringify('{"a":2}')],
  ["not in a text that is none", '{"p":"[ip] is \\"ip\\": 1"}', '{"p":"[ip] is \\"ip\\": 1"}'],
  ["blanks around", '\u00a0{"ip":1,"a":2}\ufeff', '\u00a0{"a":2}\ufeff'],
  ["a value by another", '{"who":"anna","a":1}', '{"who":"#4","a":1}'],
  ["a number by another", '{"who":4917,"a":1}', '{"who":"#4","a":1}'],
  ["truth by another", '{"who":true}', '{"who":"#4"}'],
  ["what says nothing, too", '{"ip":null,"a":{"ip":"","b":1}}', '{"a":{"b":1}}'],
  ["null and empty stay", '{"who":null,"b":{"who":""}}', '{"who":null,"b":{"who":""}}'],
  ["what would be left of nothing goes", '{"who":"  ","a":1}', '{"a":1}'],
  ["all texts of a list", '{"who":["anna",{"x":"bob","n":null}, 12]}', '{"who":["#4",{"x":"#3","n":null}, "#2"]}'],
  ["an identification", '{"identifierName":"email","identifierValue":"anna@x"}', '{"identifierName":"email","identifierValue":"#6"}'],
  ["whatever their order", '{"identifierValue":"anna@x","identifierName":"email"}', '{"identifierValue":"#6","identifierName":"email"}'],
  ["no other one", '{"identifierName":"sku","identifierValue":"anna@x"}', '{"identifierName":"sku","identifierValue":"anna@x"}'],
  [
    "one that an envelope says what it is of",
    '{"identifierName":"email","signal":{"identifierValue":"anna@x"}}',
    '{"identifierName":"email","signal":{"identifierValue":"#6"}}',
  ],
  [
    "one whose envelope comes later, and is a text",
    '{"identifierValue":"anna@x","signal":"{\\"identifierName\\":\\"email\\"}"}',
    '{"identifierValue":"#6","signal":"{\\"identifierName\\":\\"email\\"}"}',
  ],
  [
    "one whose name stands twice",
    '{"identifierName":"email","identifierName":"sku","identifierValue":"anna@x"}',
    '{"identifierName":"email","identifierName":"sku","identifierValue":"#6"}',
  ],
  [
    "one in a list of pairs",
    '{"identifierName":"email","more":[{"name":"identifierValue","value":"anna@x"}]}',
    '{"identifierName":"email","more":[{"name":"identifierValue","value":"#6"}]}',
  ],
  ["a text that holds JSON too deep to be looked into", JSON.stringify({ p: `${"[".repeat(1200)}{"ip":1}${"]".repeat(1200)}` }), '{"p":null}'],
  ["a phone number's null and list stay", '{"phone":null,"b":{"phone":["+1 2",""]}}', '{"phone":null,"b":{"phone":["+12",""]}}'],
  ["an attribute", '{"audience":{"Email":"a@x","Tier":"gold"},"Email":1}', '{"audience":{"Tier":"gold"},"Email":1}'],
  ["an attribute in a text", String.raw`{"audience":"{\"Email\":\"a@x\"}"}`, '{"audience":"{}"}'],
  [
    "an attribute of a list of pairs",
    '{"audience":[{"name":"Email","value":"a@x"},{"name":"Tier","value":1}]}',
    '{"audience":[{"name":"Email"},{"name":"Tier","value":1}]}',
  ],
  ["a pair of any list", '{"more":[{"value":"1.2.3.4","name":"ip"}]}', '{"more":[{"name":"ip"}]}'],
  ["no pair that is in no list", '{"name":"ip","value":1}', '{"name":"ip","value":1}'],
  ["names like those of objects", '{"__proto__":{"ip":1},"constructor":2}', '{"__proto__":{},"constructor":2}'],
];

test.each(CASES)("%s", (_, text, expected) => {
  expect(rewriteJson(text, RULES)?.text).toBe(expected);
  // Once more changes nothing but what the rules of this test count again.
  if (!expected.includes("#")) expect(rewriteJson(expected, RULES)?.text).toBe(expected);
});

test.each(["", "{", '{"ip":1,}', "{'ip':1}", "[".repeat(2000) + "]".repeat(2000)])("what is no JSON, or too deep, as %#", (text) =>
  expect(rewriteJson(text, RULES)).toBeUndefined(),
);

test("what begins like JSON and is none is told", () => {
  expect(rewriteJson('{"p":"{broken"}', RULES)).toEqual({ text: '{"p":"{broken"}', isOdd: true });
  expect(rewriteJson('{"p":"fine"}', RULES)).toEqual({ text: '{"p":"fine"}', isOdd: false });
});

test(`it is what taking the members out of the value is, in whatever way it is written`, () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>("", "text", '{"ip":1}', "[ip", null, true, 0, 1.5, -2),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("ip", "a", "b", "c"), tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
      const text = JSON.stringify(value, null, space);
      expect(JSON.parse(rewriteJson(text, RULES)?.text ?? "")).toEqual(without(value));
    }),
    { numRuns: often(200, 20_000) },
  );
});

/** The same in as few words as possible. */
function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value === "string") return value === '{"ip":1}' ? "{}" : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => (name === "ip" ? [] : [[name, without(member)]])));
}
