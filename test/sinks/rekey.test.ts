/** A warehouse of the first version, where a signal was its key within a range of time: it gets the keys of today, and what was doubled is found and taken out. */
import { expect, test } from "vitest";
import { mendDoubled } from "../../sinks/mend.ts";
import { schemaVersion } from "../../sinks/migrate.ts";
import { verifyTables } from "../../sinks/verify-tables.ts";
import { contentKey } from "../../transforms/content-key.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

const order = (id: string, value: number, more: Record<string, string> = {}) => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: "order",
  SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.123456Z",
  SIGNAL_CONTENT: JSON.stringify({ signalType: "order", orderValue: value, orderedItems: [{ productId: "p" }, { productId: "q" }] }),
  ...more,
});
const click = {
  SIGNAL_TYPE: "emailClick",
  TIMESTAMP: "2025-09-01T11:00:00.000Z",
  MESSAGE_ID: "m",
  LINK_ID: "l",
  Email: "a@example.com",
  "Customer ID": "7",
};

/** The rows of the first version's way: without the columns that are new, with other keys for what has no id, and with `doubled` ids that are another signal's. */
async function firstVersion(scratch: Scratch, doubled: Record<string, string>): Promise<void> {
  await scratch.run(
    "UPDATE order_items SET signal_key = 'undefined' FROM behavior_signals b WHERE b.signal_key = order_items.signal_key AND b.signal_id = 'undefined'",
  );
  for (const table of ["marketing_signals", "behavior_signals", "order_items", "signalhouse.confirmations"]) {
    await scratch.run(`UPDATE ${table} SET signal_key = 'h:' || reverse(substr(signal_key, 3)) WHERE starts_with(signal_key, 'h:')`);
    for (const [id, other] of Object.entries(doubled)) await scratch.run(`UPDATE ${table} SET signal_key = '${other}' WHERE signal_key = '${id}'`);
  }
  for (const [id, other] of Object.entries(doubled))
    await scratch.run(`UPDATE behavior_signals SET signal_id = '${other}' WHERE signal_id = '${id}'`);
  await scratch.run("UPDATE behavior_signals SET signal_key = signal_id WHERE signal_id = 'undefined'");
  await scratch.run("CREATE OR REPLACE VIEW message_behavior AS SELECT 1 AS x");
  for (const table of ["marketing_signals", "behavior_signals"]) await scratch.run(`ALTER TABLE ${table} DROP COLUMN key_hash`);
  await scratch.run("ALTER TABLE signalhouse.loads DROP COLUMN order_items");
  await scratch.run("ALTER TABLE signalhouse.confirmations DROP COLUMN signal_type");
  await scratch.run("UPDATE signalhouse.meta SET schema_version = 1");
}

const files = [
  memoryFile("a.csv", 1000, csv([order("a", 100), order("", 7, { TLTSID: "s" }), order("undefined", 8, { TLTSID: "s" }), click, pageView("1")])),
  memoryFile("b.csv", 2000, csv([order("later a", 150), order("b", 1), { ...click, NAME: "x" }, pageView("1")])),
];
const KEYS =
  "SELECT signal_type, signal_key, key_hash::VARCHAR AS key_hash FROM behavior_signals UNION ALL SELECT signal_type, signal_key, key_hash::VARCHAR FROM marketing_signals ORDER BY ALL";
const broken = async ({ warehouse }: Scratch) => (await verifyTables(warehouse.connection)).filter(({ ok }) => !ok);

test("gets the keys that a new warehouse has, with items and confirmations, in one go", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load(files);
  const before = { ...(await scratch.dump()), keys: await scratch.rows(KEYS), confirmations: await scratch.rows("FROM signalhouse.confirmations") };
  await firstVersion(scratch, {});
  const told: number[] = [];
  await scratch.reopen({ migration: { contentKey, onBegin: ({ signals }) => told.push(signals) } });
  expect(told).toEqual([7]);
  expect(await schemaVersion(scratch.warehouse.connection)).toBe(2);
  const after = {
    ...(await scratch.dump()),
    keys: await scratch.rows(KEYS),
    confirmations: await scratch.rows("SELECT signal_type, * EXCLUDE (signal_type) FROM signalhouse.confirmations"),
  };
  for (const [name, rows] of Object.entries(before)) expect(after[name as keyof typeof after], name).toEqual(rows);
  expect(await scratch.values("SELECT order_items FROM signalhouse.loads ORDER BY load_id")).toEqual(["6", "4"]);
  expect(await broken(scratch)).toEqual([]);
  // Whatever was loaded is known, and views are those of today.
  const again = files.map((file) =>
    memoryFile(`again ${file.path}`, file.mtime + 5000, csv([order("a", 100), order("", 7, { TLTSID: "s" }), click])),
  );
  await scratch.load(again.slice(0, 1));
  expect(await scratch.counts("again a.csv")).toMatchObject({ inserted: 0 });
  expect(await scratch.value("SELECT count(*)::INTEGER FROM message_behavior")).toBe(6);
  await scratch.reopen({ migration: { contentKey, onBegin: ({ signals }) => told.push(signals) } });
  expect(told).toHaveLength(1);
});

test("of one load's rows that are one signal today the last stays, with its own items", async () => {
  const scratch = await scratchWarehouse();
  const content = { signalType: "order", orderValue: 5, orderedItems: [{ productId: "p" }, { productId: "q" }] };
  const rows = ["a", "b"].map((TLTSID) => order("", 5, { TLTSID, SIGNAL_CONTENT: JSON.stringify(content) }));
  await scratch.load([memoryFile("a.csv", 1000, csv(rows))]);
  await firstVersion(scratch, {});
  // The first version made another key of the same content, spelled otherwise.
  await scratch.run("UPDATE behavior_signals SET tltsid = 'a'");
  await scratch.reopen({ migration: { contentKey } });
  expect(
    await scratch.rows("SELECT record_no, (SELECT count(*)::INTEGER FROM order_items i WHERE i.signal_key = o.signal_key) AS items FROM orders o"),
  ).toEqual([{ record_no: "2", items: 2 }]);
  expect(await broken(scratch)).toEqual([]);
  expect(await scratch.rows("SELECT path, inserted, order_items FROM signalhouse.loads WHERE status = 'mended'")).toEqual([
    { path: "migration of the warehouse", inserted: "-1", order_items: "-2" },
  ]);
});

test("items go with the order that they are of, where an id that is none was several orders'", async () => {
  const scratch = await scratchWarehouse();
  const at = (SIGNAL_TIMESTAMP: string, TLTSID: string) => order("null", 5, { SIGNAL_TIMESTAMP, TLTSID });
  await scratch.load([
    memoryFile("a.csv", 1000, csv([at("2025-09-01T10:00:00Z", "a")])),
    memoryFile("b.csv", 2000, csv([at("2025-09-05T10:00:00Z", "b")])),
  ]);
  const keys = await scratch.values("SELECT signal_key FROM order_items ORDER BY ALL");
  await firstVersion(scratch, {});
  for (const table of ["behavior_signals", "order_items"]) await scratch.run(`UPDATE ${table} SET signal_key = 'null'`);
  await scratch.reopen({ migration: { contentKey } });
  expect(await scratch.values("SELECT signal_key FROM order_items ORDER BY ALL")).toEqual(keys);
  expect(await broken(scratch)).toEqual([]);
});

test("types and ids get the spelling of today, tests are marked, and copies that were passed over are loaded", async () => {
  const scratch = await scratchWarehouse();
  const rows = [
    { ...pageView("in"), SIGNAL_TYPE: "loggedIn" },
    order("o", 3),
    order("tried", 7, { SIGNAL_CONTENT: '{"signalType":"order","orderValue":7,"test":true}' }),
  ];
  await scratch.load([memoryFile("a.csv", 2000, csv(rows))]);
  await scratch.load([memoryFile("later.csv", 1000, csv(rows))]);
  await firstVersion(scratch, {});
  await scratch.run("UPDATE behavior_signals SET signal_type = 'loggedin ' WHERE signal_id = 'in'");
  for (const table of ["behavior_signals", "order_items"]) await scratch.run(`UPDATE ${table} SET signal_key = ' o' WHERE signal_key = 'o'`);
  await scratch.run("UPDATE behavior_signals SET signal_id = ' o' WHERE signal_id = 'o'");
  await scratch.run(`UPDATE behavior_signals SET is_test = NULL, extra = '{"test":true}' WHERE signal_id = 'tried'`);
  await scratch.run("UPDATE signalhouse.loads SET mtime = mtime + INTERVAL 1 HOUR WHERE status = 'duplicate'");
  await scratch.reopen({ migration: { contentKey } });
  expect(await scratch.rows("SELECT signal_key, signal_type, is_test FROM behavior_signals ORDER BY ALL")).toEqual([
    { signal_key: "in", signal_type: "loggedIn", is_test: null },
    { signal_key: "o", signal_type: "order", is_test: null },
    { signal_key: "tried", signal_type: "order", is_test: true },
  ]);
  expect(await scratch.value("SELECT sum(order_value)::INTEGER FROM orders")).toBe(3);
  expect(await scratch.values("SELECT status FROM signalhouse.loads")).toEqual(["loaded"]);
  expect(await broken(scratch)).toEqual([]);
});

test("what it had doubled is told by verify, and taken out: the latest export's row stays", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load(files);
  await firstVersion(scratch, { "later a": "a" });
  await scratch.reopen({ migration: { contentKey } });
  expect(await scratch.value("SELECT sum(order_value)::INTEGER FROM orders WHERE signal_id = 'a'")).toBe(250);
  expect(await broken(scratch)).toMatchObject([
    {
      name: "every signal is there once, with a key and a time",
      detail: expect.stringContaining("1 of 6 are wrong, for example order a. ") as string,
    },
    { name: "every order item belongs to an order, numbered from 1" },
    { name: "every order item was written by the load that wrote its order" },
  ]);
  expect(await mendDoubled(scratch.warehouse.connection)).toEqual({ signals: 1, orderItems: 2 });
  expect(await broken(scratch)).toEqual([]);
  expect(
    await scratch.rows(
      "SELECT order_value, load_id, (SELECT count(*)::INTEGER FROM order_items i WHERE i.signal_key = 'a' AND i.load_id = o.load_id) AS items FROM orders o WHERE signal_id = 'a'",
    ),
  ).toEqual([{ order_value: "150.0000", load_id: "2", items: 2 }]);
  expect(
    await scratch.rows("SELECT path, records, inserted, updated, unchanged, order_items, status FROM signalhouse.loads WHERE status = 'mended'"),
  ).toEqual([{ path: "signalhouse verify --mend", records: "0", inserted: "-1", updated: "1", unchanged: "0", order_items: "-2", status: "mended" }]);
  expect(await mendDoubled(scratch.warehouse.connection)).toEqual({ signals: 0, orderItems: 0 });
  // And the next load meets the row that stayed.
  await scratch.load([memoryFile("c.csv", 3000, csv([order("a", 200)]))]);
  expect(await scratch.counts("c.csv")).toMatchObject({ updated: 1, inserted: 0 });
});

test("of doubled rows the one stays that a later export had confirmed", async () => {
  const scratch = await scratchWarehouse();
  const x = (value: number, SIGNAL_ID = "x") => order(SIGNAL_ID, value);
  await scratch.load([
    memoryFile("a.csv", 1000, csv([x(100)])),
    memoryFile("b.csv", 2000, csv([{ ...x(200, "later x"), SIGNAL_TIMESTAMP: "2025-09-05T10:00:00Z" }])),
    memoryFile("c.csv", 3000, csv([x(100), order("y", 1)])),
  ]);
  await firstVersion(scratch, { "later x": "x" });
  await scratch.reopen({ migration: { contentKey } });
  expect(await mendDoubled(scratch.warehouse.connection)).toEqual({ signals: 1, orderItems: 2 });
  expect(await scratch.values("SELECT order_value FROM orders ORDER BY ALL")).toEqual(["1.0000", "100.0000"]);
  expect(await broken(scratch)).toEqual([]);
});

test("a load meets the latest export's row of a signal that is doubled still", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load(files);
  await firstVersion(scratch, { "later a": "a" });
  await scratch.reopen({ migration: { contentKey } });
  await expect(scratch.load([memoryFile("c.csv", 3000, csv([order("a", 200)]))])).rejects.toThrow();
  expect(await scratch.counts("c.csv")).toMatchObject({ updated: 1, inserted: 0 });
  expect(await scratch.values("SELECT order_value FROM orders WHERE signal_id = 'a' ORDER BY 1")).toEqual(["100.0000", "200.0000"]);
  await mendDoubled(scratch.warehouse.connection);
  expect(await scratch.values("SELECT order_value FROM orders WHERE signal_id = 'a'")).toEqual(["200.0000"]);
  expect(await broken(scratch)).toEqual([]);
});
