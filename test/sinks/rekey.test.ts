/** A warehouse of the first version, where a signal was its key within a range of time: it gets the keys of today, and what was doubled is found and taken out. */
import { expect, test } from "vitest";
import { mendDoubled } from "../../sinks/mend.ts";
import { schemaVersion } from "../../sinks/migrate.ts";
import { verifyWarehouse } from "../../sinks/verify.ts";
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
const broken = async ({ warehouse }: Scratch) => (await verifyWarehouse(warehouse.connection)).filter(({ ok }) => !ok);

test("gets the keys that a new warehouse has, with items and confirmations, in one go", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load(files);
  const before = { ...(await scratch.dump()), keys: await scratch.rows(KEYS), confirmations: await scratch.rows("FROM signalhouse.confirmations") };
  await firstVersion(scratch, {});
  const told: number[] = [];
  await scratch.reopen({ migration: { contentKey, onBegin: (signals) => told.push(signals) } });
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
  await scratch.reopen({ migration: { contentKey, onBegin: (signals) => told.push(signals) } });
  expect(told).toHaveLength(1);
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
