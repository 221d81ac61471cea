/** verify finds each kind of damage, and says where to look. */
import { expect, test } from "vitest";
import { verifyWarehouse } from "../../sinks/verify.ts";
import { verifyTables } from "../../sinks/verify-tables.ts";
import { csv, madeOnce, memoryFile, pageView, scratchWarehouse } from "../helpers/warehouse.ts";

const order = (id: string, items: number) => ({
  ...pageView(id),
  SIGNAL_TYPE: "order",
  SIGNAL_CONTENT: JSON.stringify({ signalType: "order", orderedItems: Array.from({ length: items }, (_, index) => ({ productId: `p${index}` })) }),
});
const click = { SIGNAL_ID: "click", SIGNAL_TYPE: "emailClick", CATEGORY: "Marketing", SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z", NAME: "" };

/** Load 1 has a click, two page views, an order and a reject; load 2 another page view, and an update of the first. */
const loaded = madeOnce(async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([
    memoryFile("a.csv", 1, csv([pageView("1"), pageView("2"), order("3", 2), click, { SIGNAL_ID: "5" }])),
    memoryFile("b.csv", 2, csv([pageView("1", "new"), pageView("6")])),
  ]);
  return scratch;
});

const BALANCE = "every load: records = inserted + updated + unchanged + rejected + suppressed";
const TABLES = "signals in the tables, and those that were erased = signals inserted by all loads";
const WRITTEN = "every load: rows that it wrote, and those of them that were erased <= inserted + updated";
const REJECTS = "every load: rejects kept, and those that were erased = rejected";
const ORIGIN = "every row was written by a load that the ledger has, from a record of it";
const PLACE = "every record of a file is in one place only: a row, or a reject";
const ONCE = "every signal is there once, with a key and a time";
const ITEMS = "every order item belongs to an order, numbered from 1";
const ITEM_LOADS = "every order item was written by the load that wrote its order";
const ALL_THERE = "every table is there, with its columns";
const FOUND = "every signal can be found by its key";
const ITEM_COUNT = "order items in the table, and those that were erased = order items written by all loads";
const ERASED = "every erased row was of a load that the ledger has";
const MEND = "What an older version has doubled, `signalhouse verify --mend` takes out: the row of the latest export stays.";

test("has a rule for each of these, and all hold after a load", async () => {
  const scratch = await loaded();
  const checks = await verifyTables(scratch.warehouse.connection);
  expect(checks.map(({ name }) => name)).toEqual([
    ALL_THERE,
    BALANCE,
    TABLES,
    WRITTEN,
    REJECTS,
    ORIGIN,
    PLACE,
    ONCE,
    FOUND,
    ITEMS,
    ITEM_LOADS,
    ITEM_COUNT,
    ERASED,
    "what later loads leave out was forgotten by an erasure that the ledger has",
    "every confirmation is of a signal that is there, by a load that the ledger has",
    "every export that is loaded names a load that the ledger has",
    "changes are numbered from 1, and none is there twice",
    "every month that a load has written to is noted as a change",
    "signalhouse.meta is one row",
    "every value of the ledger can be read",
    "every load: its rows in each table are those that were written, as they were written",
  ]);
  expect(Object.fromEntries(checks.map(({ name, detail }) => [name, detail]))).toMatchObject({
    [BALANCE]: "2 checked",
    [TABLES]: "5 checked",
    [ONCE]: "5 checked",
    [PLACE]: "6 checked",
    [ITEMS]: "1 checked",
    [FOUND]: "5 checked",
    [ITEM_COUNT]: "2 checked",
    [ALL_THERE]: "16 checked",
  });
  expect(checks.every(({ ok }) => ok)).toBe(true);
});

test("holds for an empty warehouse", async () => {
  const { warehouse } = await scratchWarehouse();
  expect((await verifyWarehouse(warehouse.connection)).filter(({ ok }) => !ok)).toEqual([]);
});

const COPY = "INSERT INTO behavior_signals BY NAME SELECT * REPLACE";
test.each([
  ["a count of the ledger", "UPDATE signalhouse.loads SET unchanged = 3 WHERE load_id = 2", [BALANCE], "1 of 2 are wrong, for example load 2"],
  [
    "a row that is gone",
    "DELETE FROM behavior_signals WHERE signal_key = '2'",
    [TABLES],
    "1 of 4 are wrong, for example 5 inserted, 4 in the tables",
  ],
  ["a marketing row that is gone", "DELETE FROM marketing_signals", [TABLES], "1 of 4 are wrong, for example 5 inserted, 4 in the tables"],
  [
    "a row of another load",
    "UPDATE behavior_signals SET load_id = 2, record_no = 2 - record_no % 2 WHERE signal_key = '2'",
    [WRITTEN, PLACE],
    "1 of 2 are wrong, for example load 2",
  ],
  ["a reject that is gone", "DELETE FROM signalhouse.rejects", [REJECTS], "1 of 2 are wrong, for example load 1"],
  [
    "a reject that was never counted",
    "INSERT INTO signalhouse.rejects SELECT * REPLACE (2 AS load_id, 9 AS record_no) FROM signalhouse.rejects",
    [REJECTS],
    "1 of 2 are wrong, for example load 2",
  ],
  ["a replay that was not counted", "UPDATE signalhouse.rejects SET replayed_at = now()", [REJECTS], "1 of 2 are wrong, for example load 1"],
  [
    "a row without its load",
    "UPDATE behavior_signals SET load_id = 7 WHERE signal_key = '2'",
    [ORIGIN],
    "1 of 5 are wrong, for example behavior_signals 2",
  ],
  [
    "a row of a load that failed",
    "UPDATE signalhouse.loads SET status = 'failed' WHERE load_id = 2",
    [ORIGIN],
    "2 of 5 are wrong, for example behavior_signals 1",
  ],
  [
    "a record that the file does not have",
    "UPDATE marketing_signals SET record_no = 6",
    [ORIGIN],
    "1 of 5 are wrong, for example marketing_signals click",
  ],
  ["a record number of none", "UPDATE marketing_signals SET record_no = 0", [ORIGIN], "1 of 5 are wrong, for example marketing_signals click"],
  ["a record that is a row and a reject", "UPDATE signalhouse.rejects SET record_no = 2", [PLACE], "1 of 5 are wrong, for example load 1 record 2"],
  [
    "a signal that is there twice",
    `${COPY} (1 AS load_id, 1 AS record_no) FROM behavior_signals WHERE signal_key = '6'`,
    [ONCE, TABLES],
    `1 of 5 are wrong, for example pageView 6. ${MEND}`,
  ],
  [
    "a signal that is in both tables",
    "UPDATE marketing_signals SET signal_key = '2', signal_type = 'pageView'",
    [ONCE, FOUND],
    `1 of 4 are wrong, for example pageView 2. ${MEND}`,
  ],
  [
    "a signal without a key",
    "UPDATE marketing_signals SET signal_key = NULL",
    [ONCE, FOUND],
    `1 of 5 are wrong, for example a row without a key. ${MEND}`,
  ],
  ["a signal without a time", "UPDATE marketing_signals SET occurred_at = NULL", [ONCE], `1 of 5 are wrong, for example emailClick click. ${MEND}`],
  ["a key that was changed", "UPDATE marketing_signals SET signal_key = 'x'", [FOUND], "1 of 5 are wrong, for example emailClick x"],
  [
    "items that are gone with their order's number of them",
    "DELETE FROM order_items",
    [ITEM_COUNT],
    "2 of 0 are wrong, for example 2 written, 0 in the table",
  ],
  [
    "an order that has become something else",
    "UPDATE behavior_signals SET signal_type = 'pageView' WHERE signal_key = '3'",
    [ITEMS],
    "1 of 1 are wrong, for example 3",
  ],
  [
    "a table that was dropped, and made anew since",
    "CREATE OR REPLACE TABLE order_items AS FROM order_items LIMIT 0",
    [ITEM_COUNT],
    "2 of 0 are wrong, for example 2 written, 0 in the table",
  ],
  ["an item without its order", "UPDATE order_items SET signal_key = '9'", [ITEMS], "1 of 1 are wrong, for example 9"],
  ["an item that is missing", "DELETE FROM order_items WHERE item_no = 1", [ITEMS], "1 of 1 are wrong, for example 3"],
  ["an item that is there twice", "INSERT INTO order_items SELECT * FROM order_items WHERE item_no = 1", [ITEMS], "1 of 1 are wrong, for example 3"],
  ["an item of a later load than its order", "UPDATE order_items SET load_id = 2 WHERE item_no = 1", [ITEM_LOADS], "1 of 2 are wrong, for example 3"],
] as const)("finds %s", async (_, damage, broken, detail) => {
  const scratch = await loaded();
  await scratch.run(damage);
  const failed = (await verifyTables(scratch.warehouse.connection)).filter(({ ok }) => !ok);
  const names = failed.map(({ name }) => name);
  for (const rule of broken) expect(names).toContain(rule);
  expect(failed.find(({ name }) => name === broken[0])?.detail).toBe(detail);
});

test("finds that tables are missing, and says so before anything else", async () => {
  const scratch = await loaded();
  await scratch.run("DROP TABLE order_items");
  await scratch.run("DROP TABLE signalhouse.drift");
  expect(await verifyWarehouse(scratch.warehouse.connection)).toEqual([
    {
      name: ALL_THERE,
      ok: false,
      detail:
        "main.order_items, signalhouse.drift are missing, and what was there is lost: take the warehouse back from a copy, or load all files into a new one",
    },
  ]);
});
