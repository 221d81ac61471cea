/** Rows are read, or refused: nothing of a refused one stays, as where there is no room for what is found in it. */
import { expect, test } from "vitest";
import { plainPlan } from "../../schemas/plain-columns.ts";
import { TYPE_NAMES } from "../../schemas/signal-types.ts";
import { type Block, kept } from "../../transforms/block.ts";
import { ColumnMemory } from "../../transforms/columns.ts";
import { placePlan } from "../../transforms/content-plan.ts";
import { meaningOf } from "../../transforms/header.ts";
import { split } from "../../transforms/split.ts";
import { TableRows } from "../../transforms/table-rows.ts";
import { parquetReader } from "../helpers/parquet.ts";
import type { Row } from "../helpers/warehouse.ts";
import { csvOf, piecesOf } from "./reading.ts";

const TIME = "2025-09-14T10:02:11.480Z";
const parquet = parquetReader();

/** Room for so many bytes of texts that are written anew, and so many entries, besides two a row: for the field that is checked, and for a key. */
interface Room {
  rewritten: number;
  entries: number;
}
const PLENTY: Room = { rewritten: 100_000, entries: 1000 };
const ENTRY_BYTES = 16;

/** Reads orders: their times and contents. @returns the rows that were read, without their type, and which were left */
async function read(orders: readonly (readonly [time: string, content: string])[], room = PLENTY): Promise<{ rows: Row[]; left: number[] }> {
  const blocks: Block[] = [];
  for await (const piece of split(piecesOf(Buffer.from(csvOf(orders.map((order) => ["order", ...order])))), 1024 * 1024)) {
    if (piece.kind === "block") blocks.push(kept(piece));
  }
  const [block] = blocks as [Block];
  const memory = new ColumnMemory();
  placePlan(memory.assembly);
  const header = meaningOf(["SIGNAL_TYPE", "TIMESTAMP", "SIGNAL_CONTENT"], []);
  const bytes = block.bytes.length;
  // A little more, so that it is not a byte less.
  const perByte = { rewritten: (room.rewritten + 0.5) / bytes, entries: (room.entries * ENTRY_BYTES + 0.5) / bytes };
  const rows = new TableRows(plainPlan("behavior_signals", header), undefined, 2, memory, perByte);
  memory.setBlock(block);
  const types = orders.map(() => TYPE_NAMES.indexOf("order"));
  const left = rows.add(block, { indexes: orders.map((_, index) => index), types, bytes }, 0);
  if (rows.count === 0) return { rows: [], left };
  return { rows: (await parquet.rows(rows.take())).map(({ signal_type: _type, ...row }) => row), left };
}

/** One order. @returns the columns that it fills besides its time and content, or that it was left */
async function columnsOf(content: string, room = PLENTY): Promise<string[] | "left"> {
  const { rows, left } = await read([[TIME, content]], room);
  if (left.length > 0) {
    expect(rows).toEqual([]);
    return "left";
  }
  const { record_no, timestamp, signal_content, content_hash, ...said } = rows[0] as Row;
  expect({ record_no, timestamp, signal_content }).toEqual({ record_no: "1", timestamp: TIME, signal_content: content });
  expect(content_hash).toMatch(/^[0-9a-f]{32}$/);
  return Object.keys(said);
}

// So many bytes they are when they are written anew; the hash wants 32 behind them, and room for the longest text that has escapes.
test.each([
  ["items", `{"orderedItems":[${Array.from({ length: 20 }, () => '{"price":1}').join(",")}]}`, "items", 20 * '{"unit_price":"1"},'.length + 1, 0],
  ["texts with escapes", String.raw`{"orderId":"a${String.raw`\n`.repeat(299)}"}`, "order_id", 300, 599],
  ["what has no column", `{"loyalty":{ "tier": "${"x".repeat(400)}"}}`, "extra", `{"loyalty":{"tier":"${"x".repeat(400)}"}}`.length, 0],
])("%s that are written anew", async (_, content, column, bytes, longest) => {
  const enough = bytes + 32 + longest;
  expect(await columnsOf(content, { ...PLENTY, rewritten: enough })).toEqual([column]);
  for (const rewritten of [0, bytes - 1, bytes, bytes + 31, enough - 1]) expect(await columnsOf(content, { ...PLENTY, rewritten })).toBe("left");
});

const MANY = '{"orderId":"o","currency":"EUR","orderTax":1,"orderValue":2}';

test("what fields say: four of them, the content and its hash", async () => {
  expect(await columnsOf(MANY, { ...PLENTY, entries: 5 })).toEqual(["currency", "order_id", "order_value", "order_tax"]);
  expect(await columnsOf(MANY, { ...PLENTY, entries: 4 })).toBe("left");
  expect(await columnsOf(MANY, { ...PLENTY, entries: 0 })).toBe("left");
});

test("what comes first takes the room; what is refused takes none, and leaves nothing", async () => {
  const orders = [MANY, MANY, '{"orderId":"p"}'].map((content) => [TIME, content] as const);
  // Seven for the first, four for the last, of which two a row are there besides.
  const { rows, left } = await read(orders, { ...PLENTY, entries: 5 });
  expect(left).toEqual([1]);
  expect(rows).toMatchObject([
    { record_no: "1", timestamp: TIME, order_id: "o", currency: "EUR", order_tax: "1.0000", order_value: "2.0000" },
    { record_no: "3", timestamp: TIME, order_id: "p", signal_content: '{"orderId":"p"}' },
  ]);
  expect(Object.keys(rows[1] as Row).sort()).toEqual(["content_hash", "order_id", "record_no", "signal_content", "timestamp"]);
});

test("nothing of a refused row stays, whatever was read of it before", async () => {
  const refused = [
    [TIME, '{"orderId":"no","currency":"no","orderTax":1.00005,"unknown":1,"name":"no","orderedItems":[{"price":1}],"orderValue":"x"}'],
    ["yesterday", '{"orderId":"no"}'],
    ["", '{"orderId":"no"}'],
    [TIME, '{"orderId":"no"} x'],
    ["", '{"orderId":"no","signalTimestamp":"x"}'],
  ] as const;
  const order = [TIME, '{"orderId":"o"}'] as const;
  for (const orders of [[...refused, order], [order, ...refused], refused.flatMap((one) => [order, one])]) {
    const { rows, left } = await read(orders);
    const indexes = orders.map((_, index) => index);
    expect(left).toEqual(indexes.filter((index) => orders[index] !== order));
    expect(rows.map(({ content_hash: _hash, ...row }) => row)).toEqual(
      indexes.flatMap((index) =>
        orders[index] === order ? [{ record_no: String(index + 1), timestamp: TIME, order_id: "o", signal_content: '{"orderId":"o"}' }] : [],
      ),
    );
  }
});

test("a block of which nothing is left to read", async () => {
  expect(await read([["", ""]])).toEqual({ rows: [], left: [0] });
});

/** A decimal has 14 digits before its point, and 4 behind it. */
test.each<[amount: string, held: string, extra?: string]>([
  ["99999999999999", "99999999999999.0000"],
  ["-99999999999999.9999", "-99999999999999.9999"],
  ["1.23450000", "1.2345"],
  ["1.23456", "1.2346", '{"orderValue":1.23456}'],
  ['"1.23456"', "1.2346", '{"orderValue":"1.23456"}'],
  ["9999999999999.99999", "10000000000000.0000", '{"orderValue":9999999999999.99999}'],
  ["-0.00005", "-0.0001", '{"orderValue":-0.00005}'],
  // Up, it would be too large.
  ["99999999999999.99999", "left"],
  ["100000000000000", "left"],
  ["1e3", "left"],
])("an amount of %s", async (amount, held, extra) => {
  const { rows, left } = await read([[TIME, `{"orderValue":${amount}}`]]);
  expect(left).toEqual(held === "left" ? [0] : []);
  expect(rows.map(({ order_value, extra }) => [order_value, extra])).toEqual(held === "left" ? [] : [[held, extra]]);
});
