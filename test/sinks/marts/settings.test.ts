/** What marts are made by: it is kept, it changes only where the configuration says so, and then the marts are what a new warehouse would have. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, test } from "vitest";
import { generateExports } from "../../../samples/generator/exports.ts";
import type { MartWishes } from "../../../schemas/marts.ts";
import { detectKeys } from "../../../sinks/detect-keys.ts";
import { KEPT_MARTS } from "../../../sinks/marts/index.ts";
import { keptSettings } from "../../../sinks/mart-settings.ts";
import type { Filling } from "../../../sinks/migrate.ts";
import { contentKey } from "../../../transforms/content-key.ts";
import { failureOf } from "../../helpers/errors.ts";
import { csv, memoryFile, type Row, type Scratch, scratchWarehouse } from "../../helpers/warehouse.ts";

/** As a command opens it whose configuration says this. */
const wishing = (marts: MartWishes, fillings: Filling[] = []) => ({
  migration: { contentKey, marts, onFill: (filling: Filling) => void fillings.push(filling) },
});

const settings = (scratch: Scratch) => keptSettings(scratch.warehouse.connection);

async function tables(scratch: Scratch): Promise<Record<string, Row[]>> {
  const found: Record<string, Row[]> = {};
  for (const { name } of KEPT_MARTS) found[name] = await scratch.rows(`FROM marts.${name} ORDER BY ALL`);
  return found;
}

const send = (id: string, more: Record<string, string>) => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: "emailSend",
  SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z",
  MESSAGE_ID: "m",
  ...more,
});
const people = Array.from({ length: 20 }, (_, index) => ({ "Customer ID": `C${index}`, Email: `p${index}@x.example` }));
const senders = (scratch: Scratch) => scratch.rows("SELECT send_key, contact_id FROM marts.sends ORDER BY send_key");

describe("keys that come later", () => {
  test("change nothing by themselves, and are proposed", async () => {
    const scratch = await scratchWarehouse();
    const [first] = await scratch.load([memoryFile("a.csv", 1, csv([send("1", { Email: "p1@x.example" })]))]);
    expect(first).toMatchObject({ keys: { keys: ["Email"], chosenBy: "names", unknown: [] } });
    const [second] = await scratch.load([memoryFile("b.csv", 2, csv(people.map((person, index) => send(`b${index}`, person))))]);
    expect(second).toMatchObject({ newColumns: [{ header: "Customer ID" }] });
    expect(second).not.toHaveProperty("keys");
    expect(await settings(scratch)).toMatchObject({ keys: ["Email"], chosenBy: "names", isFilled: true });
    await scratch.reopen(wishing({}));
    expect(await settings(scratch)).toMatchObject({ keys: ["Email"], chosenBy: "names" });
    expect(await senders(scratch)).toContainEqual({ send_key: "1", contact_id: "p1@x.example" });
    expect((await detectKeys(scratch.warehouse.connection)).proposal).toEqual(["Customer ID", "Email"]);
  });

  test("are taken where nothing before said who a contact is, and that is told once", async () => {
    const scratch = await scratchWarehouse();
    const load = async (name: string, more: Record<string, string>) => (await scratch.load([memoryFile(name, 1, csv([send(name, more)]))]))[0];
    expect(await load("a", { "First Name": "Ana" })).toMatchObject({ keys: { keys: [], chosenBy: "names" } });
    expect(await load("b", { Country: "AT" })).not.toHaveProperty("keys");
    expect(await load("c", { Email: "ana@x.example", Phone: "" })).toMatchObject({ keys: { keys: ["Email", "Phone"], chosenBy: "names" } });
    expect(await load("d", { "Customer ID": "C1" })).not.toHaveProperty("keys");
    expect(await senders(scratch)).toContainEqual({ send_key: "c", contact_id: "ana@x.example" });
  });

  test("are those of the configuration, once they come", async () => {
    const scratch = await scratchWarehouse();
    await scratch.reopen(wishing({ keys: ["Kundennummer", "Email"] }));
    const [first, second] = await scratch.load([
      memoryFile("a.csv", 1, csv([send("1", { Email: "Ana@x.example" })])),
      memoryFile("b.csv", 2, csv([send("2", { Email: "ana@x.example", Kundennummer: "7" })])),
    ]);
    expect(first).toMatchObject({
      keys: { keys: ["Kundennummer", "Email"], chosenBy: "configuration", unknown: [{ key: "Kundennummer", similar: [] }] },
    });
    expect(second).not.toHaveProperty("keys");
    expect(await senders(scratch)).toEqual([
      { send_key: "1", contact_id: "7" },
      { send_key: "2", contact_id: "7" },
    ]);
  });

  test.each([
    ["signals that the warehouse has of a later export", send("1", { Email: "ana@x.example", "Customer ID": "C1" }), 0],
    ["rejects alone", { ...send("2", { Email: "ana@x.example" }), SIGNAL_TIMESTAMP: "never" }, 1],
  ])("leave the marts filled where they come with %s", async (_, row, rejected) => {
    const scratch = await scratchWarehouse(wishing({ keys: ["Customer ID", "Email"] }));
    await scratch.load([memoryFile("b.csv", 2, csv([send("1", { "Customer ID": "C1" })]))]);
    const [result] = await scratch.load([memoryFile("a.csv", 1, csv([row]))]);
    expect(result).toMatchObject({
      newColumns: expect.arrayContaining([expect.objectContaining({ header: "Email" })]) as unknown,
      rejected,
      inserted: 0,
    });
    expect(await senders(scratch)).toEqual([{ send_key: "1", contact_id: "C1" }]);
    expect(await settings(scratch)).toMatchObject({ isFilled: true });
  });
});

describe("another configuration", () => {
  let files: [path: string, bytes: Buffer][];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
    const truth = await generateExports({ rowsPerFile: 150, files: 2, overlap: 20, seed: 19, folder });
    files = truth.files.map(({ path }) => [path, readFileSync(join(folder, path))]);
    rmSync(folder, { recursive: true });
  });
  const loadAll = (scratch: Scratch) => scratch.load(files.map(([path, bytes], index) => memoryFile(path, index, bytes)));

  test.each<[string[]]>([[["Phone Number", "Customer ID"]], [["Nobody's", "Email"]]])(
    "makes the marts what a new warehouse would have: %j",
    async (keys) => {
      const scratch = await scratchWarehouse();
      await loadAll(scratch);
      const before = await tables(scratch);
      const fillings: Filling[] = [];
      await scratch.reopen(wishing({ keys }, fillings));
      expect(await settings(scratch)).toMatchObject({ keys, chosenBy: "configuration", isFilled: true });
      const signals = Number(await scratch.value("SELECT (SELECT count(*) FROM marketing_signals) + (SELECT count(*) FROM behavior_signals)"));
      expect(fillings).toMatchObject([{ signals, keys: { keys }, keysBefore: ["Customer ID", "Email", "Phone Number"] }]);

      const anew = await scratchWarehouse(wishing({ keys }));
      await loadAll(anew);
      const after = await tables(scratch);
      expect(after).toEqual(await tables(anew));
      expect(after).not.toEqual(before);
      expect(after["sends"]?.length).toBeGreaterThan(20);
    },
  );

  test("is kept where nothing is said any more, and by loads", async () => {
    const scratch = await scratchWarehouse(wishing({ keys: ["Email"] }));
    await loadAll(scratch);
    const fillings: Filling[] = [];
    await scratch.reopen(wishing({}, fillings));
    expect(await settings(scratch)).toMatchObject({ keys: ["Email"], chosenBy: "configuration" });
    expect(fillings).toEqual([]);
  });

  test("of how long a click earns is kept, and fills nothing anew", async () => {
    const scratch = await scratchWarehouse();
    await loadAll(scratch);
    const before = await tables(scratch);
    const fillings: Filling[] = [];
    const windowDays = { email: 30, sms: 1, whatsapp: 7 };
    await scratch.reopen(wishing({ windowDays }, fillings));
    expect(await settings(scratch)).toMatchObject({ windowDays, isFilled: true });
    await scratch.reopen();
    expect(await settings(scratch)).toMatchObject({ windowDays, isFilled: true });
    expect(fillings).toEqual([]);
    expect(await tables(scratch)).toEqual(before);
  });

  test("that says what it said before does not write", async () => {
    const wishes = { keys: ["Email", "Customer ID", "Not There"], windowDays: { email: 30, sms: 7, whatsapp: 7 } };
    const scratch = await scratchWarehouse(wishing(wishes));
    await loadAll(scratch);
    scratch.warehouse.close();
    const state = () => [readFileSync(scratch.path).toString("base64"), statSync(scratch.path).mtimeMs];
    const before = state();
    const fillings: Filling[] = [];
    for (const said of [wishes, wishes, {}]) {
      await scratch.reopen(wishing(said, fillings));
      scratch.warehouse.close();
    }
    expect(fillings).toEqual([]);
    expect(state()).toEqual(before);
  });
});

test("contacts of several data sets have ids that begin with these, from the second one on", async () => {
  const scratch = await scratchWarehouse();
  const of = (id: string, dataset: string, more: Record<string, string> = {}) => send(id, { DATASET_ID: dataset, "Customer ID": "C1", ...more });
  await scratch.load([
    memoryFile("a.csv", 1, csv([of("1", "d1", { Email: "ana@x.example" }), send("2", { DATASET_ID: "d1", Email: "ana@x.example" })])),
  ]);
  expect(await settings(scratch)).toMatchObject({ dataset: "d1", isQualified: false });
  expect(await senders(scratch)).toEqual([
    { send_key: "1", contact_id: "C1" },
    { send_key: "2", contact_id: "C1" },
  ]);
  await scratch.load([memoryFile("b.csv", 2, csv([of("3", "d2"), send("4", { DATASET_ID: "d2", Email: "ana@x.example" })]))]);
  const qualified = [
    { send_key: "1", contact_id: "d1/C1" },
    { send_key: "2", contact_id: "d1/C1" },
    { send_key: "3", contact_id: "d2/C1" },
    // The address is C1's in the other data set alone.
    { send_key: "4", contact_id: "d2/email:ana@x.example" },
  ];
  expect(await settings(scratch)).toMatchObject({ isQualified: true, isFilled: true });
  expect(await senders(scratch)).toEqual(qualified);
  await scratch.reopen();
  await scratch.load([memoryFile("c.csv", 3, csv([of("5", "d1")]))]);
  expect(await senders(scratch)).toEqual([...qualified, { send_key: "5", contact_id: "d1/C1" }]);
});

test.each([
  [["d1", "d2"], { dataset: "d1", isQualified: true }, ["d1/C1", "d2/C1"]],
  [["d1", "d1"], { dataset: "d1", isQualified: false }, ["C1", "C1"]],
])("a warehouse that has contacts of the data sets %j before it has marts knows them", async (datasets, known, contacts) => {
  const scratch = await scratchWarehouse();
  await scratch.load([
    memoryFile("a.csv", 1, csv(datasets.map((dataset, index) => send(`s${index}`, { DATASET_ID: dataset, "Customer ID": "C1" })))),
  ]);
  await takeMartsOut(scratch);
  await scratch.reopen();
  expect(await settings(scratch)).toMatchObject(known);
  expect(await scratch.values("SELECT contact_id FROM marts.sends ORDER BY send_key")).toEqual(contacts);
});

/** Makes a warehouse one as it was before there were marts. */
async function takeMartsOut(scratch: Scratch): Promise<void> {
  const made = JSON.parse(String(await scratch.value("SELECT views::VARCHAR FROM signalhouse.meta"))) as Record<string, string>;
  const views = Object.fromEntries(Object.entries(made).filter(([name]) => !name.startsWith("marts")));
  await scratch.run("DROP SCHEMA marts CASCADE");
  await scratch.run(`UPDATE signalhouse.meta SET views = '${JSON.stringify(views)}'`);
  await scratch.run("ALTER TABLE signalhouse.meta DROP COLUMN marts");
}

describe("what an analyst has in a schema of the name", () => {
  /** A warehouse as it was before there were marts, but for these statements. */
  async function before(...statements: string[]): Promise<Scratch> {
    const scratch = await scratchWarehouse();
    await takeMartsOut(scratch);
    for (const sql of statements) await scratch.run(sql);
    return scratch;
  }

  test.each([
    ["before there were marts", "CREATE SCHEMA marts", "CREATE TABLE marts.sends AS SELECT 7 AS mine"],
    ["without notes of views", "CREATE SCHEMA marts", "CREATE TABLE marts.sends AS SELECT 7 AS mine", "UPDATE signalhouse.meta SET views = NULL"],
    ["in other letters", 'CREATE SCHEMA "Marts"', "CREATE TABLE marts.Sends AS SELECT 7 AS mine"],
  ])("a table in the place of ours is told, and stays: %s", async (_, ...statements) => {
    const scratch = await before(...statements);
    expect(await failureOf(scratch.reopen())).toMatchObject({
      code: "warehouse_failed",
      message: "the warehouse has marts.sends already, and signalhouse has not made it",
      hint: expect.stringContaining("ALTER TABLE marts.sends RENAME TO") as string,
    });
    await inDuckdb(scratch.path, async (run) => {
      expect(await run("FROM marts.sends")).toEqual([{ mine: 7 }]);
      await run("ALTER TABLE marts.sends RENAME TO my_sends");
    });
    await scratch.reopen();
    expect(await scratch.rows("FROM marts.my_sends")).toEqual([{ mine: 7 }]);
    expect(await scratch.rows("FROM marts.sends")).toEqual([]);
  });

  test("a column of somebody's own in a table of ours goes, for no load could write to that", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv([send("1", { Email: "ana@x.example" })]))]);
    await scratch.run("ALTER TABLE marts.sends ADD COLUMN mine INTEGER");
    await scratch.reopen();
    await scratch.load([memoryFile("b.csv", 2, csv([send("2", { Email: "ana@x.example" })]))]);
    expect(await senders(scratch)).toMatchObject([{ send_key: "1" }, { send_key: "2" }]);
  });

  test("a table in the place of one that a later version brings is told, and stays", async () => {
    const scratch = await scratchWarehouse();
    await scratch.run("DROP TABLE marts.orders_once");
    await scratch.run("CREATE TABLE marts.orders_once AS SELECT 7 AS mine");
    await scratch.run(`UPDATE signalhouse.meta SET views = json_merge_patch(views, '{"marts.orders_once": null}')`);
    expect(await failureOf(scratch.reopen())).toMatchObject({
      code: "warehouse_failed",
      message: expect.stringContaining("marts.orders_once") as string,
    });
    await inDuckdb(scratch.path, async (run) => expect(await run("FROM marts.orders_once")).toEqual([{ mine: 7 }]));
  });

  test("a view that ours would read in place of our own is told, and stays", async () => {
    const scratch = await before("CREATE SCHEMA marts", "CREATE VIEW marts.marketing AS SELECT 7 AS mine");
    expect(await failureOf(scratch.reopen())).toMatchObject({
      code: "warehouse_failed",
      message: "the warehouse has marts.marketing already, and signalhouse has not made it",
    });
    await inDuckdb(scratch.path, async (run) => expect(await run("FROM marts.marketing")).toEqual([{ mine: 7 }]));
  });

  test.each([
    ["before there were marts", "SELECT 1"],
    ["without notes of views", "UPDATE signalhouse.meta SET views = NULL"],
  ])("other views stay, and under a name of ours, too: %s", async (_, statement) => {
    const scratch = await before(
      "CREATE SCHEMA marts",
      "CREATE VIEW marts.mine AS SELECT 8 AS mine",
      "CREATE VIEW marts.attribution AS SELECT 7 AS mine",
      statement,
    );
    await scratch.reopen();
    await scratch.load([memoryFile("a.csv", 1, csv([send("1", { Email: "ana@x.example" })]))]);
    expect(await scratch.rows("FROM marts.attribution UNION ALL FROM marts.mine")).toEqual([{ mine: 7 }, { mine: 8 }]);
    expect(await senders(scratch)).toEqual([{ send_key: "1", contact_id: "ana@x.example" }]);
  });
});

/** Uses a file as any tool would that has DuckDB. */
async function inDuckdb(path: string, work: (run: (sql: string) => Promise<unknown>) => Promise<void>): Promise<void> {
  const database = await DuckDBInstance.create(path);
  const connection = await database.connect();
  try {
    await work(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson());
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
