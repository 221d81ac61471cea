import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BrokenRow, type DelimitedRow, delimitedRows } from "../../transforms/delimited-rows.ts";

async function* inPieces(content: string | Uint8Array, size: number): AsyncGenerator<Uint8Array, undefined> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(content: string | Uint8Array, size = 1000, delimiter = ","): Promise<(DelimitedRow | BrokenRow)[]> {
  const found: (DelimitedRow | BrokenRow)[] = [];
  for await (const rows of delimitedRows(inPieces(content, size), delimiter)) for (const row of rows) found.push(row);
  return found;
}

/** The fields of each row, or the text of a line that is none. */
const fields = (rows: readonly (DelimitedRow | BrokenRow)[]) => rows.map((row) => (row.kind === "row" ? row.fields : row.text));
const places = (rows: readonly (DelimitedRow | BrokenRow)[]) => rows.map(({ row, line }) => [row, line]);

describe("whatever lines end in", () => {
  const TABLE = [
    ["id", "v"],
    ["A1", "1"],
    ["A2", "2"],
  ];
  test.each([
    ["LF", "id,v\nA1,1\nA2,2\n"],
    ["CRLF", "id,v\r\nA1,1\r\nA2,2\r\n"],
    ["CR, as spreadsheets of old Macs", "id,v\rA1,1\rA2,2\r"],
    ["CRLF, and LF in the last line", "id,v\r\nA1,1\r\nA2,2\n"],
    ["LF, and CRLF in the last line", "id,v\nA1,1\nA2,2\r\n"],
    ["all of them", "id,v\rA1,1\r\nA2,2\n"],
    ["nothing in the last line", "id,v\r\nA1,1\nA2,2"],
    ["empty lines, too", "\n\r\nid,v\r\r\n\nA1,1\n\n\nA2,2\r\r"],
  ])("%s", async (_, text) => {
    for (const size of [1, 2, 3, 1000]) expect(fields(await read(text, size))).toEqual(TABLE);
  });

  test("line ends within quotes are part of the value as they are", async () => {
    expect(fields(await read('id,v\r\n"a\rb","c\r\nd"\r"e\nf",g'))).toEqual([
      ["id", "v"],
      ["a\rb", "c\r\nd"],
      ["e\nf", "g"],
    ]);
  });

  test("rows and lines are counted apart", async () => {
    const rows = await read('id,v\r\n\r\n"a\rb","c\r\nd"\r"e\nf",g\nh,i');
    expect(places(rows)).toEqual([
      [0, 1],
      [1, 3],
      [2, 6],
      [3, 8],
    ]);
  });
});

describe("a line that is no row takes no neighbour with it", () => {
  test.each([
    ["a sign behind a quote that closed", 'a,b\n"x"y,1\nc,d\n', [["a", "b"], '"x"y,1', ["c", "d"]]],
    ["a quote within a field", 'a,b\n5" pipe,1\nc,d\n', [["a", "b"], '5" pipe,1', ["c", "d"]]],
    ["two quotes within a field", 'a,b\n5"" pipe,1\nc,d\n', [["a", "b"], '5"" pipe,1', ["c", "d"]]],
    ["a quote that is never closed", 'a,b\nx,"1\nc,d\ne,f', [["a", "b"], 'x,"1', ["c", "d"], ["e", "f"]]],
    ["one that the next quote seems to close", 'a,b\r\nx,"1\r\nc,"d"\r\ne,f', [["a", "b"], 'x,"1', ["c", "d"], ["e", "f"]]],
    ["in every line", 'a,b\n"1"x,2\n"3"x,4\n"5"x,6\n', [["a", "b"], '"1"x,2', '"3"x,4', '"5"x,6']],
  ])("%s", async (_, text, expected) => {
    for (const size of [1, 4, 1000]) {
      const rows = await read(text, size);
      expect(fields(rows)).toEqual(expected);
      expect(places(rows)).toEqual(expected.map((__, index) => [index, index + 1]));
    }
  });

  test("a line that is longer than a row may be counts once", async () => {
    const long = "x".repeat(5 * 1024 * 1024);
    const rows = await read(`a,b\n${long},1\nc,d\n`, 64 * 1024);
    expect(rows.map(({ kind }) => kind)).toEqual(["row", "broken", "row"]);
    expect(fields(rows)[2]).toEqual(["c", "d"]);
    expect(rows[1]).toMatchObject({ row: 1, line: 2, reason: expect.stringContaining("more than 4194304 bytes") as string });
  });

  test("a quote that is never closed in a large file loses its own line only", async () => {
    const lines = Array.from({ length: 300_000 }, (_, index) => `${index},some text`);
    const rows = await read(["a,b", 'x,"open', ...lines].join("\n"), 64 * 1024);
    expect(rows).toHaveLength(300_002);
    expect(rows.filter(({ kind }) => kind === "broken")).toMatchObject([{ row: 1, text: 'x,"open' }]);
    expect(rows.at(-1)).toEqual({ kind: "row", row: 300_001, line: 300_002, fields: ["299999", "some text"] });
  });
});

test("fields that are no UTF-8 are named, the others are read", async () => {
  const bytes = Buffer.concat([Buffer.from("a,ä\nM"), Buffer.from([0xfc]), Buffer.from("ller,ö\nü,x\n")]);
  expect(await read(bytes)).toEqual([
    { kind: "row", row: 0, line: 1, fields: ["a", "ä"] },
    { kind: "row", row: 1, line: 2, fields: ["Müller", "ö"], notUtf8: [0] },
    { kind: "row", row: 2, line: 3, fields: ["ü", "x"] },
  ]);
});

test("any table, written with any line ends and quotes, is read as it was", async () => {
  const value = fc.string({ unit: fc.constantFrom("a", "ä", "😀", " ", ",", "\t", '"', "\r", "\n", "\0", "\u2028", "\ufeff") });
  const written = (cell: string, delimiter: string, quote: boolean) =>
    quote || /["\r\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(",", "\t", "|"),
      fc.array(fc.tuple(value, value, fc.boolean(), fc.constantFrom("\n", "\r\n", "\r"))),
      fc.integer({ min: 1, max: 20 }),
      async (delimiter, rows, size) => {
        const text = rows.map(([a, b, quote, end]) => `${written(a, delimiter, quote)}${delimiter}${written(b, delimiter, quote)}${end}`).join("");
        expect(fields(await read(text, size, delimiter))).toEqual(rows.map(([a, b]) => [a, b]));
      },
    ),
  );
});
