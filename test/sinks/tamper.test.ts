/** Ways to damage a warehouse by hand, and what verify says of each: docs/reliability.md has the same list in words. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { forget } from "../../sinks/erasure/forget.ts";
import { inTransaction, Transaction } from "../../sinks/transaction.ts";
import { mendMarts } from "../../sinks/mend.ts";
import { verifyWarehouse } from "../../sinks/verify.ts";
import { type Check, verifyTables } from "../../sinks/verify-tables.ts";
import { cli } from "../helpers/cli.ts";
import { behavior, message, order } from "../helpers/signals.ts";
import { csv, madeOnce, memoryFile, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const KEY = Buffer.alloc(32, "key");
const ANNA = { "Customer ID": "A-1017", Email: "anna@example.com" };
const BOB = { "Customer ID": "B-2", Email: "bob@example.com" };
const ITEMS = { orderedItems: [{ productId: "p", unitPrice: "1.50", itemQuantity: "2" }, { productId: "q" }] };
const SMS = message("smsSend", "bob-sms", "03-01 09:00", BOB);

const FIRST = [
  message("emailSend", "anna-send", "03-01 09:00", ANNA),
  message("emailSend", "bob-send", "03-01 09:00", BOB),
  message("emailClick", "bob-click", "03-01 09:30", { ...BOB, LINK_ID: "l" }),
  message("emailOpen", "opened-of-no-send", "05-01 09:30", { "Customer ID": "C-3", MESSAGE_ID: "other" }),
  SMS,
  behavior("pageView", "bob-view", "03-01 10:00", { url: "https://shop/a", novel: "n" }, { ...BOB, TLTSID: "s-bob" }),
  behavior("pageView", "later-view", "03-01 10:01", { url: "https://shop/b" }, { ...BOB, TLTSID: "s-bob", MESSAGE_SIGNAL_ID: "bob-click" }),
  order("bob-order", "03-01 10:07", 20, { ...BOB, TLTSID: "s-bob" }, ITEMS),
  order("other-order", "04-01 10:07", 30, { ...BOB, TLTSID: "s-bob" }, ITEMS),
  // Rejects: they have no type.
  { SIGNAL_ID: "r1", Email: "joanna@example.com" },
  { SIGNAL_ID: "r2" },
];
/** Says the same of one signal, something else of another one, and brings one. */
const SECOND = [
  SMS,
  behavior("pageView", "later-view", "03-01 10:01", { url: "https://shop/c" }, { ...BOB, TLTSID: "s-bob", MESSAGE_SIGNAL_ID: "bob-click" }),
  behavior("pageView", "new-view", "03-02 10:01", { url: "https://shop/d" }, { ...BOB, TLTSID: "s-bob" }),
];

const loaded = madeOnce(async () => {
  const scratch = await scratchWarehouse({ privacyKey: async () => KEY });
  await scratch.load([memoryFile("a.csv", 1, csv(FIRST)), memoryFile("b.csv", 2, csv(SECOND))]);
  await inTransaction(scratch.warehouse.connection, () => forget(scratch.warehouse.connection, { contactKey: "A-1017" }, KEY, null));
  await scratch.run(
    "INSERT INTO signalhouse.jobs BY NAME SELECT 'export' AS kind, 'a' AS name, 'loaded' AS status, 'a.csv' AS path, now() AS asked_at, 1 AS load_id",
  );
  await scratch.run("INSERT INTO signalhouse.refset_rows VALUES ('VIP', 'B-2', 1, 'j', now())");
  await scratch.run("INSERT INTO signalhouse.runs BY NAME SELECT 1 AS run_id, 'load' AS command, '1' AS version, now() AS started_at");
  return scratch;
});

/** The checks by how their names begin. */
const CODES: Record<string, string> = {
  parts: "every table is there",
  balance: "every load: records =",
  signals: "signals in the tables",
  written: "every load: rows that it wrote",
  rejects: "every load: rejects kept",
  origin: "every row was written",
  place: "every record of a file",
  once: "every signal is there once",
  key: "every signal can be found",
  items: "every order item belongs",
  "items' load": "every order item was written",
  "items' number": "order items in the table",
  erased: "every erased row",
  suppressed: "what later loads leave out",
  confirmed: "every confirmation",
  export: "every export that is loaded",
  changes: "changes are numbered",
  months: "every month that a load",
  meta: "signalhouse.meta is one row",
  read: "every value of the ledger",
  "as written": "every load: its rows in each table",
  marts: "every table of marts",
  views: "every view",
};

const codesOf = (checks: readonly Check[]) =>
  checks.flatMap(({ name, ok }) => (ok ? [] : [Object.keys(CODES).find((code) => name.startsWith(CODES[code] as string)) ?? name]));

test("each check has its name here, and all hold of the warehouse as it was written", async () => {
  const scratch = await loaded();
  const checks = await verifyWarehouse(scratch.warehouse.connection);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(codesOf(checks.map((check) => ({ ...check, ok: false })))).toEqual(Object.keys(CODES));
});

const COPY = "INSERT INTO behavior_signals BY NAME SELECT * REPLACE";

/** What is done to tables, and which checks fail. */
const TABLES: [way: string, sql: string, found: string[]][] = [
  ["a signal deleted", "DELETE FROM behavior_signals WHERE signal_key = 'bob-view'", ["signals", "as written"]],
  [
    "a signal deleted, and the ledger's count with it",
    "DELETE FROM behavior_signals WHERE signal_key = 'bob-view'; UPDATE signalhouse.loads SET inserted = inserted - 1, records = records - 1 WHERE load_id = 1",
    ["as written"],
  ],
  [
    "a signal doubled",
    `${COPY} (2 AS load_id, 1 AS record_no) FROM behavior_signals WHERE signal_key = 'bob-view'`,
    ["signals", "written", "once", "as written"],
  ],
  [
    "a signal doubled, load and record with it",
    `${COPY} (load_id AS load_id) FROM behavior_signals WHERE signal_key = 'bob-view'`,
    ["signals", "place", "once", "as written"],
  ],
  [
    "a signal doubled as another one",
    `${COPY} ('x' AS signal_key, CAST(md5_number('x') >> 64 AS UBIGINT) AS key_hash, 99 AS record_no) FROM behavior_signals WHERE signal_key = 'bob-view'`,
    ["signals", "origin", "as written"],
  ],
  ["an amount changed", "UPDATE behavior_signals SET order_value = order_value + 1 WHERE signal_key = 'bob-order'", ["as written"]],
  ["amounts of two orders exchanged", "UPDATE behavior_signals SET order_value = 50 - order_value WHERE signal_type = 'order'", ["as written"]],
  ["a signal's type changed", "UPDATE behavior_signals SET signal_type = 'productView' WHERE signal_key = 'bob-view'", ["as written"]],
  ["a time changed", "UPDATE behavior_signals SET occurred_at = occurred_at + INTERVAL 1 SECOND WHERE signal_key = 'bob-view'", ["as written"]],
  ["a key changed", "UPDATE behavior_signals SET signal_key = 'x' WHERE signal_key = 'bob-view'", ["key", "as written"]],
  ["a key_hash changed", "UPDATE behavior_signals SET key_hash = 1 WHERE signal_key = 'bob-view'", ["key", "as written"]],
  [
    "a signal given to another load",
    "UPDATE behavior_signals SET load_id = 2, record_no = 1 WHERE signal_key = 'bob-view'",
    ["written", "as written"],
  ],
  ["a signal given to a load of none", "UPDATE behavior_signals SET load_id = 9 WHERE signal_key = 'bob-view'", ["origin", "months", "as written"]],
  ["a signal without a load", "UPDATE behavior_signals SET load_id = NULL WHERE signal_key = 'bob-view'", ["origin", "as written"]],
  ["a record number changed to a free one", "UPDATE marketing_signals SET record_no = 1 WHERE signal_key = 'bob-send'", ["as written"]],
  ["a contact attribute changed", "UPDATE behavior_signals SET contact_email = 'x@example.com' WHERE signal_key = 'bob-view'", ["as written"]],
  [
    "contact attributes of a row exchanged",
    "UPDATE behavior_signals SET contact_email = contact_customer_id, contact_customer_id = contact_email WHERE signal_key = 'bob-view'",
    ["as written"],
  ],
  [
    "signal_content changed, and nothing else",
    `UPDATE behavior_signals SET signal_content = '{"signalType": "pageView", "url": "https://shop/x"}' WHERE signal_key = 'bob-view'`,
    ["as written"],
  ],
  ["extra changed, and nothing else", `UPDATE behavior_signals SET extra = '{"novel":"m"}' WHERE signal_key = 'bob-view'`, ["as written"]],
  ["a value taken out", "UPDATE behavior_signals SET url = NULL WHERE signal_key = 'bob-view'", ["as written"]],
  ["a signal marked as a test, which views leave out", "UPDATE behavior_signals SET is_test = true WHERE signal_key = 'bob-order'", ["as written"]],
  ["a message's name changed", "UPDATE marketing_signals SET campaign_name = 'x' WHERE signal_key = 'bob-send'", ["as written"]],
  ["all signals of a load deleted", "DELETE FROM behavior_signals WHERE load_id = 2", ["signals", "as written"]],

  ["an order's items deleted", "DELETE FROM order_items WHERE signal_key = 'bob-order'", ["items' number", "as written"]],
  [
    "an item added",
    "INSERT INTO order_items SELECT * REPLACE (3 AS item_no) FROM order_items WHERE signal_key = 'bob-order' AND item_no = 2",
    ["items' number", "as written"],
  ],
  ["an item's price changed", "UPDATE order_items SET unit_price = 2 WHERE signal_key = 'bob-order' AND item_no = 1", ["as written"]],
  ["an item given to no order", "UPDATE order_items SET signal_key = 'x' WHERE signal_key = 'bob-order'", ["items", "as written"]],
  [
    "items exchanged between orders",
    "UPDATE order_items SET signal_key = CASE signal_key WHEN 'bob-order' THEN 'other-order' ELSE 'bob-order' END",
    ["as written"],
  ],

  ["a load's row deleted", "DELETE FROM signalhouse.loads WHERE load_id = 2", ["signals", "origin", "confirmed", "as written"]],
  ["a load's row doubled", "INSERT INTO signalhouse.loads FROM signalhouse.loads WHERE load_id = 2", ["signals", "written", "as written"]],
  [
    "a load added",
    "INSERT INTO signalhouse.loads SELECT * REPLACE (3 AS load_id, 'c.csv' AS path, 0 AS records, 0 AS inserted, 0 AS updated, 0 AS unchanged, 0 AS rejected) FROM signalhouse.loads WHERE load_id = 2",
    ["as written"],
  ],
  [
    "a load's counts changed so that they add up",
    "UPDATE signalhouse.loads SET updated = updated + 1, unchanged = unchanged - 1 WHERE load_id = 2",
    ["as written"],
  ],
  ["a load's path changed", "UPDATE signalhouse.loads SET path = 'c.csv' WHERE load_id = 2", ["as written"]],
  ["a load's hash changed", "UPDATE signalhouse.loads SET sha256 = 'x' WHERE load_id = 2", ["as written"]],
  ["a load's time changed", "UPDATE signalhouse.loads SET mtime = mtime - INTERVAL 1 DAY WHERE load_id = 2", ["as written"]],
  ["a load marked as failed", "UPDATE signalhouse.loads SET status = 'failed' WHERE load_id = 2", ["origin", "confirmed", "as written"]],
  ["a load marked as a duplicate", "UPDATE signalhouse.loads SET status = 'duplicate' WHERE load_id = 2", ["origin", "confirmed", "as written"]],
  ["a load's header changed", "UPDATE signalhouse.loads SET header = ['x'] WHERE load_id = 2", ["as written"]],

  ["a reject deleted", "DELETE FROM signalhouse.rejects WHERE record_no = 11", ["rejects", "as written"]],
  [
    "a reject added",
    "INSERT INTO signalhouse.rejects SELECT * REPLACE (2 AS load_id, 9 AS record_no) FROM signalhouse.rejects LIMIT 1",
    ["rejects", "as written"],
  ],
  ["a reject given to another record", "UPDATE signalhouse.rejects SET record_no = 1 WHERE record_no = 11", ["as written"]],
  ["a reject marked as replayed", "UPDATE signalhouse.rejects SET replayed_at = now() WHERE record_no = 11", ["rejects"]],
  ["a reject's text changed: that is how it is mended", "UPDATE signalhouse.rejects SET raw = 'x' WHERE record_no = 11", []],
  ["drift deleted", "DELETE FROM signalhouse.drift", ["as written"]],
  ["a count of drift changed", "UPDATE signalhouse.drift SET records = records + 1", ["as written"]],
  [
    "an added column's row deleted",
    "DELETE FROM signalhouse.schema_changes WHERE column_name = 'contact_email' AND table_name = 'behavior_signals'",
    ["as written"],
  ],
  ["an added column's header changed", "UPDATE signalhouse.schema_changes SET header = 'x' WHERE column_name = 'contact_email'", ["as written"]],

  [
    "a confirmation added for no signal",
    "INSERT INTO signalhouse.confirmations SELECT * REPLACE ('x' AS signal_key) FROM signalhouse.confirmations",
    ["confirmed"],
  ],
  ["a confirmation deleted", "DELETE FROM signalhouse.confirmations", []],
  ["a change deleted", "DELETE FROM signalhouse.changes WHERE change_id = 2", ["changes", "months"]],
  ["the last changes deleted", "DELETE FROM signalhouse.changes WHERE change_id >= 2", ["months"]],
  ["a change doubled", "INSERT INTO signalhouse.changes FROM signalhouse.changes WHERE change_id = 2", ["changes"]],
  ["a change's number of rows changed", "UPDATE signalhouse.changes SET rows = rows + 1 WHERE change_id = 2", []],
  ["an erasure deleted", "DELETE FROM signalhouse.erasures", ["signals", "suppressed"]],
  ["an erasure's number of rows changed", "UPDATE signalhouse.erasures SET rows = rows + 1", ["signals"]],
  ["a suppression of no erasure", "UPDATE signalhouse.suppressions SET erasure_id = 9", ["suppressed"]],
  ["suppressions deleted: that is how somebody comes back", "DELETE FROM signalhouse.suppressions", []],
  ["a job that names a load of none", "UPDATE signalhouse.jobs SET load_id = 9", ["export"]],
  ["a job deleted", "DELETE FROM signalhouse.jobs", []],
  ["a run deleted", "DELETE FROM signalhouse.runs", []],
  ["a row of a reference set changed", "UPDATE signalhouse.refset_rows SET row_hash = 2", []],
  ["a second row of signalhouse.meta", "INSERT INTO signalhouse.meta FROM signalhouse.meta", ["meta"]],
  ["the notes of views deleted", "UPDATE signalhouse.meta SET views = NULL", []],
  ["a seal deleted", "DELETE FROM signalhouse.seals WHERE load_id = 2 AND table_name = 'behavior_signals'", ["as written"]],
  ["a seal changed", "UPDATE signalhouse.seals SET hashes = hashes + 1 WHERE load_id = 2 AND table_name = 'behavior_signals'", ["as written"]],

  ["a table dropped", "DROP TABLE signalhouse.drift", ["parts"]],
  ["a table dropped, and made anew", "CREATE OR REPLACE TABLE order_items AS FROM order_items LIMIT 0", ["items' number", "as written"]],
  ["a column dropped", "ALTER TABLE behavior_signals DROP COLUMN order_value", ["parts"]],
  [
    "a column dropped, and added anew",
    "ALTER TABLE behavior_signals DROP COLUMN order_value; ALTER TABLE behavior_signals ADD COLUMN order_value DECIMAL(18,4)",
    ["as written"],
  ],
  ["a column of the ledger dropped", "ALTER TABLE signalhouse.loads DROP COLUMN sha256", ["parts"]],
  ["a contact column dropped", "ALTER TABLE marketing_signals DROP COLUMN contact_email", ["parts"]],
  ["a column of another type", "ALTER TABLE behavior_signals ALTER order_value SET DATA TYPE DOUBLE", ["parts"]],
  ["a table of somebody's own added", "CREATE TABLE mine AS SELECT 1 AS x", []],
  ["a column of somebody's own added", "ALTER TABLE behavior_signals ADD COLUMN mine VARCHAR DEFAULT 'x'", []],
  ["comments changed", "COMMENT ON TABLE behavior_signals IS 'x'", []],
];

test("of the tables, verify finds these", async () => {
  const { connection } = (await loaded()).warehouse;
  const found: Record<string, string[]> = {};
  for (const [way, sql] of TABLES) {
    const transaction = await Transaction.begin(connection);
    try {
      await connection.run(sql);
      found[way] = codesOf(await verifyTables(connection));
    } finally {
      await transaction.rollback();
    }
  }
  expect(found).toEqual(Object.fromEntries(TABLES.map(([way, , codes]) => [way, codes])));
});

/** What is done to what is made of the signals. */
const MADE: [way: string, sql: string, found: string[], says: string][] = [
  ["a row of sends deleted", "DELETE FROM marts.sends WHERE send_key = 'bob-send'", ["marts"], "marts.sends has 1 rows in place of 2"],
  [
    "a row of sends doubled",
    "INSERT INTO marts.sends FROM marts.sends WHERE send_key = 'bob-send'",
    ["marts"],
    "marts.sends has 3 rows in place of 2",
  ],
  ["a click made a bot's", "UPDATE marts.clicks SET contact_id = 'x'", ["marts"], "of the 1 rows of marts.clicks some were changed"],
  [
    "an order's value changed",
    "UPDATE marts.orders_once SET order_value = order_value + 1",
    ["marts"],
    "of the 2 rows of marts.orders_once some were changed",
  ],
  ["an alias given to somebody else", "UPDATE marts.contact_aliases SET contact_id = 'x'", ["marts"], "marts.contact_aliases some were changed"],
  ["a session given to somebody else", "UPDATE marts.session_contacts SET contact_id = 'x'", ["marts"], "marts.session_contacts some were changed"],
  ["a contact deleted", "DELETE FROM marts.contact_states", ["marts"], "marts.contact_states has 0 rows in place of"],
  ["an orphan deleted", "DELETE FROM marts.orphans", ["marts"], "marts.orphans has 0 rows in place of 1"],
  ["a table of marts dropped", "DROP TABLE marts.clicks", ["marts"], "marts.clicks is missing"],
  ["a column of a mart dropped", "ALTER TABLE marts.clicks DROP COLUMN contact_id", ["marts"], "marts.clicks has other columns"],
  ["the settings of marts changed", `UPDATE signalhouse.meta SET marts = json_merge_patch(marts, '{"keys":["Email"]}')`, ["marts"], ""],
  ["the settings of marts deleted", "UPDATE signalhouse.meta SET marts = NULL", ["marts"], "signalhouse.meta does not say how they are made"],
  ["a view replaced", "CREATE OR REPLACE VIEW orders AS FROM behavior_signals WHERE false", ["views"], "orders is another one"],
  ["a view of marts replaced", "CREATE OR REPLACE VIEW marts.consented AS SELECT 1 AS x", ["views"], "marts.consented is another one"],
  ["a view dropped", "DROP VIEW orders", ["views"], "orders is missing"],
  ["a view of somebody's own added", "CREATE VIEW mine AS FROM orders", [], ""],
];

test("of what is made of the signals, verify finds these, and --mend makes it anew", async () => {
  for (const [way, sql, codes, says] of MADE) {
    const scratch = await loaded();
    await scratch.run(sql);
    const checks = await verifyWarehouse(scratch.warehouse.connection);
    expect({ way, found: codesOf(checks) }).toEqual({ way, found: codes });
    expect(checks.flatMap(({ ok, detail }) => (ok ? [] : [detail])).join()).toContain(says);
  }
});

test("--mend makes marts and views anew", async () => {
  const scratch = await loaded();
  await scratch.run("DELETE FROM marts.sends; CREATE OR REPLACE VIEW orders AS FROM behavior_signals WHERE false");
  expect(await mendMarts(scratch.warehouse.connection)).toBe(true);
  expect(codesOf(await verifyWarehouse(scratch.warehouse.connection))).toEqual([]);
  expect(await scratch.value("SELECT count(*)::INTEGER FROM orders")).toBe(2);
  expect(await mendMarts(scratch.warehouse.connection)).toBe(false);
});

test("a signal deleted stays found after the next load, an update, a replay and an erasure", async () => {
  const scratch = await loaded();
  await scratch.reopen({ privacyKey: async () => KEY });
  await scratch.run("DELETE FROM behavior_signals WHERE signal_key = 'bob-view'; UPDATE signalhouse.loads SET sha256 = 'x' WHERE load_id = 1");
  const found = async () =>
    (await verifyTables(scratch.warehouse.connection)).find(({ name }) => name.startsWith(CODES["as written"] as string))?.detail;
  const before = await found();
  expect(before).toMatch(/^2 of \d+ are wrong, for example behavior_signals has of load 1 \d+ rows in place of \d+$/);
  await scratch
    .load([memoryFile("c.csv", 3, csv([order("bob-order", "03-01 10:07", 21, { ...BOB, TLTSID: "s-bob" }, ITEMS)]))])
    .catch(() => undefined);
  await scratch.run(`UPDATE signalhouse.rejects SET raw = replace(raw, 'r1', 'r1,pageView') WHERE record_no = 10`);
  await scratch.replay().catch(() => undefined);
  const counted = (detail = "") => detail.replace(/of \d+ are/, "of N are").replace(/\d+ rows in place of \d+/, "N rows in place of N");
  expect(counted(await found())).toBe(counted(before));
});

/** Of a DuckDB file. */
const BLOCK = 262_144;
const HEADERS = 12_288;

describe("of the file", () => {
  test("bytes of blocks that have something in them, each told as damage", async () => {
    const { path, warehouse } = await loaded();
    warehouse.close();
    const whole = readFileSync(path);
    const found: (number | null)[] = [];
    const blocks = Math.floor((whole.length - HEADERS) / BLOCK);
    for (let block = 0; block < blocks; block += Math.ceil(blocks / 5)) {
      const bytes = Buffer.from(whole);
      const at = HEADERS + block * BLOCK + 100;
      bytes[at] = (bytes[at] as number) ^ 0xff;
      writeFileSync(path, bytes);
      const { code, stderr } = await cli(["verify", "--warehouse", path], { cwd: scratchFolder() });
      found.push(code);
      expect([code, stderr.includes("[warehouse_damaged]")]).toEqual([code, code === 1]);
    }
    expect(found).toContain(1);
  });

  test("its log, removed or cut: nothing, as the file is then what it was before the last load, ledger and all", async () => {
    const scratch = await loaded();
    await scratch.reopen({ privacyKey: async () => KEY });
    await scratch.load([memoryFile("c.csv", 3, csv([behavior("pageView", "last", "03-03 10:00", {}, BOB)]))]);
    const [file, log] = [readFileSync(scratch.path), readFileSync(`${scratch.path}.wal`)];
    for (const rest of [0, Math.floor(log.length / 2)]) {
      const path = join(scratchFolder(), "signals.duckdb");
      writeFileSync(path, file);
      if (rest > 0) writeFileSync(`${path}.wal`, log.subarray(0, rest));
      const { code, stdout } = await cli(["verify", "--json", "--warehouse", path], { cwd: scratchFolder() });
      expect([code, (JSON.parse(stdout) as { ok: boolean }).ok]).toEqual([0, true]);
    }
  });
});

test("a warehouse without signalhouse.meta is none to go on with: neither to read nor to write", async () => {
  for (const sql of ["DROP TABLE signalhouse.meta", "DELETE FROM signalhouse.meta"]) {
    const scratch = await loaded();
    await scratch.run(sql);
    for (const access of ["read", "write"] as const) {
      await expect(scratch.reopen({ access })).rejects.toMatchObject({
        code: "warehouse_failed",
        message: expect.stringContaining("signalhouse.meta") as string,
      });
    }
    await scratch.reopen({ access: "read", mayLack: "anything" }).catch(() => undefined);
  }
});

test("what another version has sealed is not compared, and the next command that writes seals it", async () => {
  const scratch = await loaded();
  await scratch.run("UPDATE signalhouse.meta SET seals = 'another'; UPDATE signalhouse.seals SET hashes = 1");
  expect((await verifyTables(scratch.warehouse.connection)).at(-1)).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^not checked: /) as string,
  });
  await scratch.reopen();
  expect((await verifyTables(scratch.warehouse.connection)).at(-1)).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^\d+ checked$/) as string,
  });
});
