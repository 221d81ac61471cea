import { describe, expect, test } from "vitest";
import { jsonRows } from "../../transforms/json-rows.ts";
import { failureOf } from "../helpers/errors.ts";

async function* inPieces(content: string | Uint8Array, size: number): AsyncGenerator<Uint8Array, undefined> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The rows as objects: texts as they are, everything else with its kind. */
async function read(content: string | Uint8Array, size = 7): Promise<object[]> {
  const found: object[] = [];
  for await (const row of jsonRows(inPieces(content, size)))
    found.push(
      Object.fromEntries(
        [...row].map(([name, cell]) => [name, cell === null || cell.kind === "text" ? (cell?.text ?? null) : `${cell.kind} ${cell.text}`]),
      ),
    );
  return found;
}

const ROWS = [
  { id: "a", n: "number 1.50", b: "boolean TRUE" },
  { id: 'ä\n"', n: "number 12345678901234567890.123", b: "boolean FALSE" },
  { id: "c", n: null },
];
const ARRAY = '[{"id":"a","n":1.50,"b":true},\n{"id":"\\u00e4\\n\\"","n":12345678901234567890.123,"b":false}, {"id":"c","n":null}]';
const LINES = '{"id":"a","n":1.50,"b":true}\n{"id":"\\u00e4\\n\\"","n":12345678901234567890.123,"b":false}\n\n{"id":"c","n":null}';

describe("rows of JSON", () => {
  test.each([1, 2, 7, 1000])("are the same in pieces of %i bytes, as an array and as lines, with a BOM and without", async (size) => {
    expect(await read(ARRAY, size)).toEqual(ROWS);
    expect(await read(LINES, size)).toEqual(ROWS);
    expect(await read(`\ufeff${LINES}\r\n`, size)).toEqual(ROWS);
  });

  test.each([["[]"], [""], [" \n "]])("%j has none", async (text) => expect(await read(text)).toEqual([]));

  test.each([
    ['[{"a":1},{"a":{"b":1}}]', 'in row 2, "a" is an object'],
    ['{"a":[1]}', 'in row 1, "a" is a list'],
    ['{"a":1,"a":2}', 'in row 1, "a" is there twice'],
    ["[1]", "after row 0, something is no object"],
    ['[{"a":1}', "after row 1, the text ends too early"],
    ['{"a":1', "in row 1, the text ends too early"],
    ['{"a":1}\n{"a":x}', "after row 1"],
    ['[{"a":1}] {"a":2}', "after row 1, something is no object"],
  ])("%s cannot be read", async (text, message) => {
    const failure = await failureOf(read(text, 1000));
    expect(failure.code).toBe("refset_invalid");
    expect(failure.message).toContain(message);
  });

  test("no UTF-8 is said", async () => {
    const failure = await failureOf(read(Buffer.concat([Buffer.from('{"a":1}\n{"a":"'), Buffer.from([0xe4]), Buffer.from('"}')]), 5));
    expect(failure.message).toMatch(/row [12], the file is not UTF-8/);
  });
});
