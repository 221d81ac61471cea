/** The hash of a content says what it says, not how it is written. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentHash } from "../../transforms/content-hash.ts";

const said = '{"signalType":"order","orderId":"A-1 é","orderValue":12.5,"orderedItems":[{"productId":"p1"},{"productId":"p2"}]}';

describe("is the same", () => {
  test.each<[string, string]>([
    [
      "with blanks between its parts",
      ` { "signalType" : "order",\n\t"orderId":"A-1 é", "orderValue": 12.5 ,"orderedItems":[ {"productId":"p1"}, {"productId":"p2"} ]}\r\n`,
    ],
    ["with a byte order mark before it", `\ufeff${said}`],
    [
      "with its keys in another order",
      '{"orderedItems":[{"productId":"p1"},{"productId":"p2"}],"orderValue":12.5,"orderId":"A-1 é","signalType":"order"}',
    ],
    ["with escapes", said.replace("é", "\\u00e9").replace("A-1", "\\u0041\\u002d1").replace('"order"', '"\\u006frder"')],
    ["with an escaped key", said.replace('"orderId"', '"order\\u0049d"')],
    ["with a number that has a zero at its end", said.replace("12.5", "12.50")],
    ["with a number that has an exponent", said.replace("12.5", "1.25e1")],
    ["with a number that has a negative exponent", said.replace("12.5", "0.125E+2")],
    ["with members that say nothing", said.replace("{", '{"url":null,"consent":{},"tags":[],"name":"","title":"  ","audience":{"a":[null]},')],
    ["as a text that holds it", JSON.stringify(said)],
    ["as the only member of a list", `[ null, ${said}]`],
    ["without its type, which stands beside it", said.replace('"signalType":"order",', "")],
    ["with its type under an older name", said.replace('"signalType":"order"', '"behaviorType":"orderConfirmation"')],
    ["with a number as a text", said.replace("12.5", '"12.50"')],
    ["with a text of other blanks", said.replace("{", '{"name":"\u00a0\u2003\ufeff\u3000",')],
    ["as a text in a text", JSON.stringify(JSON.stringify(said))],
  ])("%s", (_, text) => {
    expect(contentHash(text)).toBe(contentHash(said));
    expect(contentHash(text)).toMatch(/^[0-9a-f]{32}$/);
  });
});

test.each([1, 2, 3])("a long text with escapes is the same in %i texts", (texts) => {
  const long = `{"name":"${String.raw`\n`}${"x".repeat(10_000)}"}`;
  let packed = long;
  for (let text = 0; text < texts; text += 1) packed = JSON.stringify(packed);
  expect(contentHash(packed)).toBe(contentHash(long));
  expect(contentHash(packed)).toMatch(/^[0-9a-f]{32}$/);
});

describe("is another one", () => {
  test.each<[string, string]>([
    ["where a value is another", said.replace("12.5", "12.51")],
    ["where a number has another sign", said.replace("12.5", "-12.5")],
    ["where a text is no number", said.replace("12.5", '"012.5"')],
    ["where the point of a number is elsewhere", said.replace("12.5", "125")],
    ["where a value is under another name", said.replace("orderValue", "orderTotal")],
    ["where two values change places", said.replace('"order"', '"x"').replace('"A-1 é"', '"order"').replace('"x"', '"A-1 é"')],
    ["where items stand in another order", said.replace("p1", "p").replace("p2", "p1").replace('"p"', '"p2"')],
    ["where an item is there twice", said.replace('{"productId":"p1"},', '{"productId":"p1"},{"productId":"p1"},')],
    ["where items have moved into one", said.replace('"p1"},{', '"p1",')],
    ["where a member is true", said.replace("{", '{"optIn":true,')],
    ["where a member is false", said.replace("{", '{"optIn":false,')],
    ["where a text is longer by a blank", said.replace("A-1", "A-1 ")],
    ["where a text is longer by a NUL", said.replace("A-1", "A-1\\u0000")],
    ["where nesting is another", said.replace('"orderedItems":[', '"orderedItems":[[').replace("]}", "]]}")],
  ])("%s", (_, text) => {
    JSON.parse(text);
    expect(contentHash(text)).not.toBe(contentHash(said));
  });

  test("for each of some numbers", () => {
    const numbers = [
      "0",
      "1",
      "10",
      "100",
      "0.1",
      "0.01",
      "1.01",
      "10.1",
      "101",
      "-1",
      "1e30",
      "1e-30",
      "12345678901234567890123",
      "12345678901234567890124",
    ];
    expect(new Set(numbers.map((number) => contentHash(`{"a":${number}}`))).size).toBe(numbers.length);
    for (const zero of ["0", "-0", "0.0", "0e5", "0.000"]) expect(contentHash(`{"a":${zero}}`)).toBe(contentHash('{"a":0}'));
  });

  test("for members and for names that change places", () => {
    expect(contentHash('{"a":"b","c":"d"}')).not.toBe(contentHash('{"a":"d","c":"b"}'));
    expect(contentHash('{"a":{"b":1},"c":{"d":1}}')).not.toBe(contentHash('{"a":{"d":1},"c":{"b":1}}'));
  });
});

test.each(["null", "{}", "[]", '""', '"  "', '"null"', '"{}"', "[null]", "[{}]", '{"a":null}', '{"a":{"b":[]}}', " ", ""])(
  "%s says nothing",
  (text) => {
    expect(contentHash(text)).toBe("");
  },
);

/** The same value with members in another order, and white space in between. */
function spelledAnew(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(spelledAnew).join(" ,\n")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .toReversed()
      .map(([key, item]) => `${JSON.stringify(key)}\t: ${spelledAnew(item)}`)
      .join(", ")} }`;
  if (typeof value === "string")
    return `"${Array.from({ length: value.length }, (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`;
  return JSON.stringify(value);
}

test("any value has one hash, however it is spelled", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(contentHash(spelledAnew(value))).toBe(contentHash(JSON.stringify(value)));
    }),
  );
});

test("what is no JSON, or is cut off anywhere, harms nothing", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.nat(said.length).map((length) => said.slice(0, length)),
      ),
      (text) => void contentHash(text),
    ),
  );
  expect(contentHash(said)).toBe(contentHash(` ${said}`));
});

test("a large content does not make those after it dear", () => {
  const large = `{"a":"${"x".repeat(3_000_000)}","b":${"9".repeat(1_000_000)}}`;
  expect(contentHash(large)).toMatch(/^[0-9a-f]{32}$/);
  expect(contentHash(`${"[".repeat(900)}1${"]".repeat(900)}`)).toMatch(/^[0-9a-f]{32}$/);
});
