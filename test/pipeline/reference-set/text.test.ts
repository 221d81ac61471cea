/** Files of text as editors, spreadsheet programs and scripts leave them. */
import { describe, expect, test } from "vitest";
import { failureOf } from "../../helpers/errors.ts";
import { csv, make, told } from "../../helpers/reference-set.ts";

describe("line ends", () => {
  const CASES = [
    ["CRLF, the last one LF", "id,v\r\nA1,1\r\nA2,2\n"],
    ["LF, one CRLF", "id,v\nA1,1\r\nA2,2\n"],
    ["CR", "id,v\rA1,1\rA2,2\r"],
    ["all three", "id,v\rA1,1\r\nA2,2"],
  ] as const;
  const SIGNS = { csv: ",", tsv: "\t", psv: "|" };
  for (const [ending, sign] of Object.entries(SIGNS)) {
    test.each(CASES)(`%s, in .${ending}`, async (_, content) => {
      const made = await make({ name: `a.${ending}`, content: content.replaceAll(",", sign) }, { key: "id" });
      expect(made).toMatchObject({ violations: [], rows: 2, text: "id,v\nA1,1\nA2,2\n" });
    });
  }
  test.each(["\r\n", "\n", "\r", "\r\r\n"])("%j between objects", async (end) => {
    const made = await make({ name: "a.jsonl", content: ['{"id":"A1","v":1}', '{"id":"A2","v":2}', ""].join(end) }, { key: "id" });
    expect(made).toMatchObject({ violations: [], text: "id,v\nA1,1\nA2,2\n" });
  });
});

describe("what is no UTF-8 text is told as what it is", () => {
  test.each([
    ["a.csv", Buffer.from("\ufeffid,v\nA1,1\n", "utf16le"), "is UTF-16 text"],
    ["a.tsv", Buffer.from("id\tv\nA1\t1\n", "utf16le"), "is UTF-16 text"],
    ["a.jsonl", Buffer.from('\ufeff{"id":"A1"}\n', "utf16le"), "is UTF-16 text"],
    ["a.csv", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), "is a gzip file"],
    ["a.csv", Buffer.from("PK\x03\x04\x14\0"), "is a zip archive"],
  ])("%s %#", async (name, content, says) => {
    const failure = await failureOf(make({ name, content }, { key: "id" }));
    expect([failure.code, failure.message]).toEqual(["refset_invalid", expect.stringContaining(says)]);
    expect(failure.message).toContain(name);
  });

  test("a header in Latin-1", async () => {
    const failure = await failureOf(make(csv(Buffer.from("id,größe\nA1,1\n", "latin1")), { key: "id" }));
    expect([failure.code, failure.message]).toEqual(["usage", expect.stringContaining("header row of")]);
  });
});

describe("all broken rules are counted, and the first hundred told", () => {
  const many = (row: (index: number) => string) => csv(`id,v\n${Array.from({ length: 251 }, (_, index) => `${row(index)}\n`).join("")}B,1\n`);
  const latin1 = (text: string) => Buffer.from(text, "latin1");
  test.each([
    ["too many fields", many((index) => `A${index},1,2`), { key: "id" }, "delimiter"],
    ["too few", many((index) => `A${index}`), { key: "id" }, "delimiter"],
    ["broken quotes", many((index) => `"A"${index},1`), { key: "id" }, "delimiter"],
    ["no UTF-8", csv(latin1(many((index) => `A${index},ü`).content as string)), { key: "id" }, "encoding"],
    ["headers", many(() => "id,v"), { key: "id" }, "header_repeated"],
    ["empty keys", many(() => ",1"), { key: "id" }, "key_empty"],
    ["keys that are there", many(() => "B,1"), { key: "id" }, "key_duplicate"],
    ["no numbers", many((index) => `A${index},x`), { key: "id", types: { v: "NUMBER" } }, "number"],
    ["NUL", many((index) => `A${index},\0`), { key: "id" }, "characters"],
    [
      "half characters",
      { name: "a.jsonl", content: Array.from({ length: 251 }, (_, index) => `{"id":"A${index}\\ud83d"}\n`).join("") },
      { key: "id" },
      "characters",
    ],
  ] as const)("%s", async (_, source, options, rule) => {
    const made = await make(source, options);
    expect(made.violationCount).toBe(251);
    expect(made.violations).toHaveLength(100);
    const first = rule === "key_duplicate" ? 2 : 1;
    expect(made.violations.map((violation) => [violation.rule, violation.row])).toEqual(
      Array.from({ length: 100 }, (__, index) => [rule, index + first]),
    );
  });

  test("of several kinds, those of the first rows are told, with the rows' own numbers", async () => {
    const made = await make(csv('id,v\nA1,x\nA2,1,2\n\n"A"3,1\n,1\nA1,1\n'), { key: "id", types: { v: "NUMBER" }, maxErrors: 4 });
    expect(made).toMatchObject({ rows: 5, violationCount: 5 });
    expect(told(made)).toEqual([
      ["number", 1, "v", "x"],
      ["delimiter", 2, undefined, "A2,1,2"],
      ["delimiter", 3, undefined, '"A"3,1'],
      ["key_empty", 4, "id", ""],
    ]);
    expect(made.violations[2]?.message).toContain("row 3 (line 5)");
  });
});

describe("a header among the rows", () => {
  test.each([
    ["as it stands at the top", "id,name,v"],
    ["in other letters", "ID,Name,V"],
    ["with blanks", " id , name\u00a0,v "],
    ["quoted, with a byte order mark", '\ufeffid,"name",v'],
    ["in another order", "name,v,id"],
  ])("%s", async (_, line) => {
    const made = await make(csv(`id,name,v\nA1,x,1\n${line}\nA2,y,2\n`), { key: "id" });
    expect(made.violations).toMatchObject([{ rule: "header_repeated", row: 2, message: expect.stringContaining("row 2 (line 3)") as string }]);
    expect(made.text).toBeUndefined();
  });

  test.each([
    ["some of its names are values", "id,name\nid,x\nA2,name\n"],
    ["two names in another order may be values", "id,name\nname,id\n"],
    ["empty names are no header", "id,\nA1,x\n"],
  ])("is not seen where %s", async (_, content) => {
    const made = await make(csv(content), { key: "id" });
    expect(made.violations.filter(({ rule }) => rule === "header_repeated")).toEqual([]);
  });
});

describe("a value is sent as the source has it, or not at all", () => {
  test("NUL and half of a character, in keys and in other values", async () => {
    const lines = [
      String.raw`{"id":"A\u0000B","v":"x\u0000y"}`,
      String.raw`{"id":"C\ud83dD","v":"half"}`,
      String.raw`{"id":"E","v":"\ude00"}`,
      String.raw`{"id":"F","v":"\ud83d\ude00"}`,
    ];
    const made = await make({ name: "a.jsonl", content: lines.join("\n") }, { key: "id" });
    expect(told(made)).toEqual([
      ["characters", 1, "id", "A\0B"],
      ["characters", 1, "v", "x\0y"],
      ["characters", 2, "id", "C\ud83dD"],
      ["characters", 3, "v", "\ude00"],
    ]);
    expect(made.violations[2]?.message).toContain(String.raw`row 2: "id" is "C\ud83dD"`);
    expect(made).toMatchObject({ rows: 4, text: undefined });
  });

  test.each([
    ["csv", csv("id,v\nA\0B,1\n")],
    ["a query", { query: "SELECT 'A' || chr(0) || 'B' AS id, 1 AS v" }],
  ])("NUL in %s", async (_, source) => expect(told(await make(source, { key: "id" }))).toEqual([["characters", 1, "id", "A\0B"]]));

  test("half of a character in a name", async () => {
    const made = await make({ name: "a.jsonl", content: String.raw`{"id":"1","v\ud83d":"x"}` }, { key: "id" });
    expect(told(made)).toEqual([["attribute_name", undefined, "v\ud83d", undefined]]);
  });

  test("many digits, other line separators, and what CSV must quote", async () => {
    const lines = [
      '{"id":"1","n":12345678901234567890123,"t":"a\u2028b"}',
      String.raw`{"id":"2","n":0.1234567890123456789,"t":"a\u2028b\u0085c\u000bd"}`,
      String.raw`{"id":"3","n":-5,"t":"\"q\", x\r\ny\rz"}`,
    ];
    const made = await make({ name: "a.jsonl", content: lines.join("\n") }, { key: "id", delimiter: "comma" });
    expect(made.violations).toEqual([]);
    expect(made.text).toBe('id,n,t\n1,12345678901234567890123,a\u2028b\n2,0.1234567890123456789,a\u2028b\u0085c\u000bd\n3,-5,"""q"", x\r\ny\rz"\n');
  });
});
