import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, type Broken, fieldCount, kept, recordsOf } from "../../transforms/block.ts";
import { Marker } from "../../transforms/marker.ts";
import { split, Splitter } from "../../transforms/split.ts";
import { collect, piecesOf } from "./reading.ts";
import { type Reject } from "../../schemas/record.ts";
import { type Row, rowsOf } from "../../transforms/rows.ts";
import { often } from "../helpers/often.ts";

const LIMIT = 64 * 1024 * 1024;

async function piecesIn(bytes: Uint8Array, sizes?: readonly number[], limit = LIMIT): Promise<(Block | Broken)[]> {
  const pieces: (Block | Broken)[] = [];
  for await (const piece of split(piecesOf(bytes, sizes), limit)) pieces.push(staying(piece));
  return pieces;
}

const staying = (piece: Block | Broken) => (piece.kind === "block" ? kept(piece) : { ...piece, bytes: Buffer.from(piece.bytes) });

/** The records as text, and what is broken under its code. */
const textsOf = (pieces: readonly (Block | Broken)[]): unknown[] =>
  pieces.flatMap((piece): unknown[] => (piece.kind === "block" ? recordsOf(piece).map(String) : [{ [piece.code]: String(piece.bytes) }]));
const rowsIn = (pieces: readonly (Block | Broken)[]) => pieces.flatMap((piece) => rowsOf(piece, 1, LIMIT));
const fieldsIn = (rows: readonly (Row | Reject)[]) => rows.map((row) => (row.kind === "row" ? row.fields : row.raw));

/** A row's fields as they are in the file, a character for each byte. */
const bytesOf = ({ fields, latin1 }: Row) => fields.map((text, at) => (latin1?.has(at) ? text : Buffer.from(text).toString("latin1")));
/** The same, as csv-parse reads a record. */
const parsed = (record: Buffer) => parse(record, { record_delimiter: ["\r\n", "\n"], encoding: "latin1" })[0];

/** What a field may hold, as a writer may write it. */
const field = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "\\", " ", "\ufeff", "é", "漢", "😀", "\0"), weight: 1 },
      { arbitrary: fc.string({ maxLength: 6 }), weight: 1 },
    ),
    {
      maxLength: 5,
    },
  )
  .map((parts) => parts.join(""))
  .chain((text) => fc.boolean().map((always) => ({ text, quotes: always || /[",\r\n]/.test(text) })));

/** At least two fields a record, so that none is an empty line. */
const record = fc.array(field, { minLength: 2, maxLength: 5 });
const lineEnd = fc.constantFrom("\n", "\r\n");
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });

const written = (fields: readonly { text: string; quotes: boolean }[]) =>
  fields.map(({ text, quotes }) => (quotes ? `"${text.replaceAll('"', '""')}"` : text)).join(",");

describe("whatever is written", () => {
  test("comes back, wherever the chunks are cut: records, their number, their fields", { tags: "long" }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), lineEnd, fc.boolean(), fc.boolean(), sizes, async (records, end, lastEnd, mark, cuts) => {
        const lines = records.map(written);
        const text = lines.join(end) + (lastEnd && lines.length > 0 ? end : "");
        const pieces = await piecesIn(Buffer.from((mark ? "\ufeff" : "") + text), cuts);
        // Byte order marks that the first field starts with are taken for the file's.
        const expected = text.replace(/^\ufeff+/, "");
        const blocks = pieces.filter((piece) => piece.kind === "block");
        expect(blocks).toEqual(pieces);
        expect(Buffer.concat(blocks.map(({ bytes }) => bytes)).toString()).toBe(expected);
        expect(blocks.reduce((sum, block) => sum + block.records, 0)).toBe(records.length);
        if (expected !== text) return;
        expect(blocks.flatMap((block) => recordsOf(block).map(String))).toEqual(lines);
        expect(fieldsIn(rowsIn(blocks))).toEqual(records.map((fields) => fields.map(({ text: value }) => value)));
      }),
      { numRuns: often(100, 500) },
    );
  });

  test("and a damaged record among it is given up whole, and alone", { tags: "long" }, async () => {
    const damage = fc.constantFrom('a,"open', '"open,b', 'stray"quote,b', '"a"b,c', '"a" ,b', 'a,"b"c"');
    // The neighbours are in quotes from their first byte, or hold none, so that damage shows at the next quote.
    const plain = fc.array(fc.stringMatching(/^[a-zé]{1,5}$/), { minLength: 2, maxLength: 4 }).map((fields) => fields.join(","));
    const neighbours = fc.array(
      fc.oneof(
        plain,
        record.map((fields) => written(fields.map(({ text }) => ({ text: `x${text}`, quotes: true })))),
      ),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(neighbours, damage, neighbours, lineEnd, sizes, async (before, damaged, after, end, cuts) => {
        const text = [...before, damaged, ...after].map((line) => line + end).join("");
        const pieces = await piecesIn(Buffer.from(text), cuts);
        const broken = pieces.filter((piece) => piece.kind === "broken");
        expect(broken.map(({ bytes, code }) => [String(bytes), code])).toEqual([[damaged, "csv_broken"]]);
        expect(pieces.flatMap((piece) => (piece.kind === "block" ? recordsOf(piece).map(String) : [String(piece.bytes)]))).toEqual([
          ...before,
          damaged,
          ...after,
        ]);
      }),
      { numRuns: often(100, 500) },
    );
  });

  test("and nothing is lost of bytes that are no CSV at all", { tags: "long" }, async () => {
    const bytes = fc
      .array(fc.constantFrom('"', '"', ",", "\n", "\r\n", "\r", "a", "\u00ff"), { maxLength: 40 })
      .map((parts) => Buffer.from(parts.join(""), "latin1"));
    await fc.assert(
      fc.asyncProperty(bytes, sizes, async (input, cuts) => {
        const pieces = await piecesIn(input, cuts);
        const kept = pieces.map((piece) => (piece.kind === "block" ? String(piece.bytes) : `${String(piece.bytes)}\n`)).join("");
        const bare = (text: string) => text.replaceAll(/[\r\n]/g, "");
        expect(bare(kept)).toBe(bare(String(input)));
        for (const piece of pieces) if (piece.kind === "block") expect(recordsOf(piece)).toHaveLength(piece.records);
        const rows = rowsIn(pieces);
        expect(rows).toHaveLength(pieces.reduce((sum, piece) => sum + (piece.kind === "block" ? piece.records : 1), 0));
        expect(textsOf(await piecesIn(input))).toEqual(textsOf(pieces));
        for (const row of rows) if (row.kind === "row") expect(bytesOf(row)).toEqual(parsed(row.bytes()));
      }),
      { numRuns: often(200, 1000) },
    );
  });

  test("the cuts change nothing: one byte at a time gives the records of one chunk", async () => {
    const text = Buffer.from('\ufeffa,"b\r\n""c""",d\r\n\r\n"x",y\n"left,open\nz,1\n"",""\n');
    const whole = textsOf(await piecesIn(text));
    expect(whole).toEqual(['a,"b\r\n""c""",d', '"x",y', { csv_broken: '"left,open' }, "z,1", '"",""']);
    for (let size = 1; size < text.length; size += 1) expect(textsOf(await piecesIn(text, [size]))).toEqual(whole);
  });
});

describe("a byte order mark", () => {
  const textOf = async (text: string, cuts?: number[]) => (await piecesIn(Buffer.from(text), cuts)).map(({ bytes }) => String(bytes)).join("");
  test("is skipped at the start of the file only, and so are several", async () => {
    expect(await textOf("\ufeffa\n\ufeffb\n")).toBe("a\n\ufeffb\n");
    expect(await textOf("a\n\ufeffb\n", [2])).toBe("a\n\ufeffb\n");
    expect(await textOf("\ufeffa\n", [1])).toBe("a\n");
    for (const cuts of [[1], [2], [3], [4], [100]]) expect(await textOf('\ufeff\ufeff\ufeff"a"\n', cuts)).toBe('"a"\n');
    expect(await textOf("\ufeff\ufeff")).toBe("");
  });
});

describe("the end of the file", () => {
  test.each<[string, string[][]]>([
    ["a,b", [["a", "b"]]],
    ["a,b\n", [["a", "b"]]],
    ["a,b\r\n", [["a", "b"]]],
    ["a,b\r", [["a", "b"]]],
    ['a,"b"', [["a", "b"]]],
    ['a,"b"\r', [["a", "b"]]],
    ["a,b\n\r", [["a", "b"]]],
    ["a,b\n\n\n", [["a", "b"]]],
    ["a,", [["a", ""]]],
    [",", [["", ""]]],
    ['""', [[""]]],
    ["", []],
  ])("%j holds %j", async (text, fields) => {
    expect(fieldsIn(rowsIn(await piecesIn(Buffer.from(text))))).toEqual(fields);
  });
});

describe("the limit of a record", () => {
  const textsIn = async (text: string, limit: number, cuts?: number[]) => textsOf(await piecesIn(Buffer.from(text), cuts, limit));

  test.each([[undefined], [[1]], [[7]]])("a record of many lines beyond it is kept line by line, with chunks of %j", async (cuts) => {
    const long = `"${"ab\n".repeat(10)}"`;
    expect(await textsIn(`x,1\n${long}\ny,2\n`, 16, cuts)).toEqual([
      "x,1",
      { record_too_large: '"ab' },
      ...Array.from({ length: 9 }, () => "ab"),
      { csv_broken: '"' },
      "y,2",
    ]);
  });

  test.each([2 ** 31, 2 ** 32, 2 ** 33])("may be %d bytes, which is none", async (limit) => {
    expect(await textsIn("x,1\ny,2\n", limit)).toEqual(["x,1", "y,2"]);
  });

  test.each([[undefined], [[1]], [[7]]])("a line beyond it ends the file, with chunks of %j", async (cuts) => {
    const failure = {
      code: "record_too_large",
      message: "a line has more than 16 bytes",
      hint: expect.stringContaining("limits.maxRecordBytes") as string,
    };
    await expect(textsIn(`x,1\n${"a".repeat(17)}\ny,2\n`, 16, cuts)).rejects.toMatchObject(failure);
    await expect(textsIn(`x,1\n${"a".repeat(1000)}`, 16, cuts)).rejects.toMatchObject(failure);
    expect(await textsIn(`x,1\n${"a".repeat(15)}\ny,2\n`, 16, cuts)).toEqual(["x,1", "a".repeat(15), "y,2"]);
  });
});

describe("size", () => {
  test("a record of 20 MB in small chunks comes back whole, in linear time", async () => {
    const large = `1,"${'"",\n'.repeat(5 * 1024 * 1024)}"`;
    const pieces = await piecesIn(Buffer.from(`a,b\n${large}\nc,d\n`), [4096]);
    const records = pieces.flatMap((piece) => (piece.kind === "block" ? recordsOf(piece) : []));
    expect(records.map(({ length }) => length)).toEqual([3, large.length, 3]);
    expect(records[1]?.equals(Buffer.from(large))).toBe(true);
  });

  test("a record with more fields than there was room for comes back whole, and so do its neighbours", async () => {
    const wide = `a${",".repeat(1_000_000)}b`;
    const pieces = await piecesIn(Buffer.from(`x,y\n${wide}\n${"c,d\n".repeat(3)}`), [300_000]);
    expect(textsOf(pieces)).toEqual(["x,y", wide, "c,d", "c,d", "c,d"]);
    const counts = pieces.flatMap((piece) => (piece.kind === "block" ? Array.from(piece.starts, (_, index) => fieldCount(piece, index)) : []));
    expect(counts).toEqual([2, 1_000_001, 2, 2, 2]);
  });

  test("records that are marked again may have more fields than there was room for", () => {
    const records = Array.from({ length: 3000 }, (_, number) => Buffer.from(`${number}${",".repeat(99)}\r\n`));
    const block = new Marker().whole(records);
    expect(recordsOf(block).map(String)).toEqual(records.map((record) => String(record).trimEnd()));
    expect(fieldCount(block, 2999)).toBe(100);
    expect(() => new Marker().whole([Buffer.from('a,"b')])).toThrow("there is no whole record");
  });

  test("a file that comes as one chunk is not one block", async () => {
    const pieces = await piecesIn(Buffer.from("0123456789,abcdefghij\n".repeat(100_000)));
    expect(Math.max(...pieces.map(({ bytes }) => bytes.length))).toBeLessThan(600 * 1024);
    expect(pieces.reduce((sum, piece) => sum + (piece.kind === "block" ? piece.records : 0), 0)).toBe(100_000);
  });

  test("a block in which every row is rejected is cut once, not once a row", async () => {
    const rows = rowsIn(await piecesIn(Buffer.from("x\n".repeat(300_000))));
    expect(rows.every((row) => row.kind === "row" && row.bytes().toString() === "x")).toBe(true);
    expect(rows).toHaveLength(300_000);
  });

  test("a splitter may be fed by hand", async () => {
    const splitter = new Splitter(LIMIT);
    expect([...splitter.push(Buffer.from("a,"))]).toEqual([]);
    const bytes = await collect(
      (async function* () {
        for (const piece of splitter.push(Buffer.from("b\nc"))) yield Buffer.from(piece.bytes);
        for (const piece of splitter.end()) yield Buffer.from(piece.bytes);
      })(),
    );
    expect(String(bytes)).toBe("a,b\nc");
  });
});
