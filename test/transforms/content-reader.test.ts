/** Content is cut into texts, or refused: nothing of it stays then, as where it finds no room for what is made of it. */
import { expect, test } from "vitest";
import { CONTENT_TEXTS } from "../../schemas/content-columns.ts";
import { TYPE_NAMES } from "../../schemas/signal-types.ts";
import { type Block, kept } from "../../transforms/block.ts";
import { ColumnMemory } from "../../transforms/columns.ts";
import { ContentReader } from "../../transforms/content-reader.ts";
import { split } from "../../transforms/split.ts";
import { csvOf, piecesOf } from "./reading.ts";

/** Reads orders' contents. @returns which were accepted, and how many columns have something of any */
async function read(contents: readonly string[], perByte: { rewritten: number; entries: number }) {
  const blocks: Block[] = [];
  for await (const piece of split(piecesOf(Buffer.from(csvOf(contents.map((content) => ["order", content])))), 1024 * 1024)) {
    if (piece.kind === "block") blocks.push(kept(piece));
  }
  const [block] = blocks as [Block];
  const memory = new ColumnMemory();
  const reader = new ContentReader(memory, perByte);
  memory.setBlock(block);
  memory.setRows(
    contents.map((_, index) => index),
    contents.map(() => TYPE_NAMES.indexOf("order")),
  );
  reader.read(1, true, undefined, block.bytes.length);
  const columns = CONTENT_TEXTS.filter((_, index) => memory.assembly.code.firstEntry(index) !== 0);
  return { accepted: [...memory.accepted(contents.length)], columns };
}

const ROOM = { rewritten: 2, entries: 3 };
const items = `{"orderedItems":[${Array.from({ length: 20 }, () => '{"price":1}').join(",")}]}`;
const escaped = String.raw`{"orderId":"${String.raw`\n`.repeat(300)}"}`;
const unknown = `{"loyalty":{ "tier": "${"x".repeat(400)}"}}`;

test.each([
  ["items", items, ["content", "items", "content_hash"]],
  ["texts with escapes", escaped, ["content", "c_order_id", "content_hash"]],
  ["what has no column", unknown, ["content", "extra", "content_hash"]],
])("%s that are written anew", async (_, content, columns) => {
  expect(await read([content], ROOM)).toEqual({ accepted: [1], columns });
  expect(await read([content], { ...ROOM, rewritten: 0.3 })).toEqual({ accepted: [0], columns: [] });
});

test("texts of fields", async () => {
  const many = '{"orderId":"o","currency":"EUR","orderTax":1,"orderValue":2}';
  expect((await read([many], ROOM)).columns).toHaveLength(6);
  expect(await read([many], { ...ROOM, entries: 0.8 })).toEqual({ accepted: [0], columns: [] });
  // What comes first takes the room; what is refused takes none.
  expect((await read([many, many, '{"orderId":"o"}'], { ...ROOM, entries: 0.8 })).accepted).toEqual([1, 0, 1]);
});

/** A decimal has 14 digits before its point, and 4 behind it. */
test.each<[string, ("kept" | "rounded")?]>([
  ["99999999999999", "kept"],
  ["-99999999999999.9999", "kept"],
  ["1.23450000", "kept"],
  ["1.23456", "rounded"],
  ['"1.23456"', "rounded"],
  ["9999999999999.99999", "rounded"],
  // Up, it would be too large.
  ["99999999999999.99999"],
  ["100000000000000"],
  ["1e3"],
])("an amount of %s", async (amount, fate) => {
  const columns = ["content", "c_order_value", ...(fate === "rounded" ? ["extra"] : []), "content_hash"];
  expect(await read([`{"orderValue":${amount}}`], ROOM)).toEqual(fate ? { accepted: [1], columns } : { accepted: [0], columns: [] });
});
