/** Contact attributes: columns that nobody knows beforehand. */
import { describe, expect, test } from "vitest";
import { SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { csv, csvLine, memoryFile, pageView, scratchWarehouse, type Scratch } from "../helpers/warehouse.ts";
import { often } from "../helpers/often.ts";

const click = (more: Record<string, string> = {}) => ({
  SIGNAL_ID: "click",
  SIGNAL_TYPE: "emailClick",
  TIMESTAMP: "2025-09-01T09:00:00.000Z",
  ...more,
});
const CHANGES =
  "SELECT load_id, table_name, column_name, column_type, header, occurrence FROM signalhouse.schema_changes ORDER BY column_name, table_name";

const contactColumns = (scratch: Scratch) =>
  scratch.values(
    "SELECT column_name FROM duckdb_columns() WHERE table_name = 'behavior_signals' AND starts_with(column_name, 'contact_') ORDER BY column_index",
  );

/** A file with these headers before SIGNAL_ID and SIGNAL_TYPE, and one page view with these values. */
const withHeaders = (path: string, mtime: number, headers: string[], values: string[]) =>
  memoryFile(
    path,
    mtime,
    csvLine([...headers, "SIGNAL_ID", "SIGNAL_TYPE", "TIMESTAMP"]) + csvLine([...values, path, "pageView", "2025-09-01T10:00:00Z"]),
  );

test("get a column in both tables when they are first seen, and it is recorded", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([
    memoryFile("a.csv", 1, csv([pageView("1", "", { "Loyalty Tier": "gold" }), click({ "Loyalty Tier": "silver" })])),
    memoryFile("b.csv", 2, csv([pageView("2", "", { "Loyalty Tier": "gold", Größe: "42" })])),
  ]);
  const change = (load_id: string, table_name: string, column_name: string, header: string) => ({
    load_id,
    table_name,
    column_name,
    column_type: "VARCHAR",
    header,
    occurrence: 1,
  });
  expect(await scratch.rows(CHANGES)).toEqual([
    change("2", "behavior_signals", "contact_größe", "Größe"),
    change("2", "marketing_signals", "contact_größe", "Größe"),
    change("1", "behavior_signals", "contact_loyalty_tier", "Loyalty Tier"),
    change("1", "marketing_signals", "contact_loyalty_tier", "Loyalty Tier"),
  ]);
  expect(await scratch.values("SELECT contact_loyalty_tier FROM marketing_signals")).toEqual(["silver"]);
  expect(await scratch.rows('SELECT contact_loyalty_tier, "contact_größe" FROM behavior_signals ORDER BY signal_key')).toEqual([
    { contact_loyalty_tier: "gold", contact_größe: null },
    { contact_loyalty_tier: "gold", contact_größe: "42" },
  ]);
});

test("every view of whole signals can be read before and after one is added, and has it", async () => {
  const scratch = await scratchWarehouse();
  const names = [...Object.values(SIGNAL_TYPES).map(({ view }) => view), "message_behavior"];
  const readAll = async () => {
    const columns = [];
    for (const view of names) {
      await scratch.rows(`SELECT * FROM ${view}`);
      columns.push(...(await scratch.values(`SELECT column_name FROM (DESCRIBE ${view}) WHERE starts_with(column_name, 'contact_')`)));
    }
    return columns;
  };
  expect(names).toHaveLength(32);
  expect(await readAll()).toEqual([]);
  await scratch.load([memoryFile("a.csv", 1, csv([pageView("1", "", { "Loyalty Tier": "gold" })]))]);
  expect(await readAll()).toEqual(names.map(() => "contact_loyalty_tier"));
  await scratch.load([memoryFile("b.csv", 2, csv([pageView("2", "", { "Customer ID": "c" })]))]);
  expect(await readAll()).toEqual(names.flatMap(() => ["contact_loyalty_tier", "contact_customer_id"]));
  expect(await scratch.rows("SELECT contact_loyalty_tier, contact_customer_id FROM page_views ORDER BY signal_id")).toEqual([
    { contact_loyalty_tier: "gold", contact_customer_id: null },
    { contact_loyalty_tier: null, contact_customer_id: "c" },
  ]);
});

describe("headers", () => {
  test("that fixed columns have in other letters, and repeated ones, are contact attributes of their own", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([withHeaders("a.csv", 1, ["NAME", "Name", "Tags", "NAME", "Name"], ["fixed", "Ada", '["x"]', "again", "Lovelace"])]);
    expect(await scratch.rows("SELECT name, contact_name, contact_tags, contact_name_2, contact_name_3 FROM behavior_signals")).toEqual([
      { name: "fixed", contact_name: "Ada", contact_tags: '["x"]', contact_name_2: "again", contact_name_3: "Lovelace" },
    ]);
    expect(await scratch.rows("SELECT DISTINCT column_name, header, occurrence FROM signalhouse.schema_changes ORDER BY ALL")).toEqual([
      { column_name: "contact_name", header: "Name", occurrence: 1 },
      { column_name: "contact_name_2", header: "NAME", occurrence: 2 },
      { column_name: "contact_name_3", header: "Name", occurrence: 2 },
      { column_name: "contact_tags", header: "Tags", occurrence: 1 },
    ]);
  });

  test("that would collide keep their columns in every later file, also after reopening", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([withHeaders("a.csv", 1, ["Customer ID", "customer_id"], ["spaced", "underscored"])]);
    await scratch.load([withHeaders("b.csv", 2, ["customer_id"], ["underscored"])]);
    await scratch.reopen();
    await scratch.load([withHeaders("c.csv", 3, ["CUSTOMER-ID", "customer_id", "Customer ID"], ["dashed", "underscored", "spaced"])]);
    const row = (contact_customer_id: string | null, contact_customer_id_2: string | null, contact_customer_id_3: string | null) => ({
      contact_customer_id,
      contact_customer_id_2,
      contact_customer_id_3,
    });
    expect(
      await scratch.rows("SELECT contact_customer_id, contact_customer_id_2, contact_customer_id_3 FROM behavior_signals ORDER BY load_id"),
    ).toEqual([row("spaced", "underscored", null), row(null, "underscored", null), row("spaced", "underscored", "dashed")]);
  });

  test("that collide, of two files that are read at the same time, get a column each", async () => {
    const scratch = await scratchWarehouse();
    const second = withHeaders("b.csv", 2, ["customer_id"], ["underscored"]);
    // One is merged while the next is read.
    await scratch.load([withHeaders("a.csv", 1, ["Customer ID"], ["spaced"]), second, withHeaders("c.csv", 3, ["customer id"], ["lower"])]);
    expect(await contactColumns(scratch)).toEqual(["contact_customer_id", "contact_customer_id_2", "contact_customer_id_3"]);
    expect(
      await scratch.rows(
        "SELECT * EXCLUDE (n) FROM (SELECT count(*) AS n, contact_customer_id AS a, contact_customer_id_2 AS b, contact_customer_id_3 AS c FROM page_views GROUP BY ALL) ORDER BY ALL",
      ),
    ).toEqual([
      { a: "spaced", b: null, c: null },
      { a: null, b: "underscored", c: null },
      { a: null, b: null, c: "lower" },
    ]);
  });

  test("that two files add at the same time get one column", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([withHeaders("a.csv", 1, ["Tier"], ["gold"]), withHeaders("b.csv", 2, ["Tier"], ["silver"])]);
    expect(await contactColumns(scratch)).toEqual(["contact_tier"]);
    expect(await scratch.values("SELECT contact_tier FROM page_views ORDER BY load_id")).toEqual(["gold", "silver"]);
    expect(await scratch.values("SELECT DISTINCT load_id FROM signalhouse.schema_changes")).toEqual(["1"]);
  });

  test("of a file that is not loaded add nothing", async () => {
    const scratch = await scratchWarehouse();
    const good = csv([pageView("1", "", { Tier: "gold" })]);
    await scratch.load([memoryFile("a.csv", 1, good), memoryFile("b.csv", 2, good)]);
    // Long enough for its first bytes not to be waited for.
    const broken = withHeaders("c.csv", 3, ["customer_id"], ["underscored".repeat(100)]);
    const failing = {
      ...broken,
      async *open(signal: AbortSignal) {
        yield* broken.open(signal);
        throw new Error("the source breaks off");
      },
    };
    // Read one by one, so that its header is read before the file breaks off.
    const [failed, loaded] = await scratch.load([failing, memoryFile("beside.csv", 3, csv([pageView("beside")]))], { reader: "row" });
    expect(failed).toMatchObject({ status: "failed", code: "bug", message: expect.stringContaining("the source breaks off") as string });
    expect(loaded).toMatchObject({ status: "loaded" });
    expect(await contactColumns(scratch)).toEqual(["contact_tier"]);
    await scratch.load([withHeaders("d.csv", 4, ["Customer ID"], ["spaced"])]);
    // Its name stays taken for as long as the warehouse is open: a file that is read meanwhile may have made room for it.
    expect(await scratch.rows("SELECT DISTINCT column_name, header FROM signalhouse.schema_changes ORDER BY ALL")).toEqual([
      { column_name: "contact_customer_id_2", header: "Customer ID" },
      { column_name: "contact_tier", header: "Tier" },
    ]);
    expect(await scratch.values("SELECT contact_customer_id_2 FROM page_views WHERE signal_id = 'd.csv'")).toEqual(["spaced"]);
  });

  test.each([
    ["an empty one", "", "contact_unnamed"],
    ["quotes and SQL", `"; DROP TABLE behavior_signals; --'`, "contact_drop_table_behavior_signals"],
    ["a NUL", "a\0b", "contact_a_b"],
    ["an emoji", "🎉", "contact_unnamed"],
    ["a very long one", "x".repeat(5_000), `contact_${"x".repeat(200)}`],
  ])("%s", async (_, header, column) => {
    const scratch = await scratchWarehouse();
    await scratch.load([withHeaders("a.csv", 1, [header], ["value"])]);
    expect(await scratch.values(`SELECT ${column} FROM page_views`)).toEqual(["value"]);
    expect(await scratch.values("SELECT DISTINCT header FROM signalhouse.schema_changes")).toEqual([header]);
  });

  const MANY = often(150, 1_000);
  test(`${MANY} of them`, { tags: "long" }, async () => {
    const scratch = await scratchWarehouse();
    const headers = Array.from({ length: MANY }, (_, index) => `Attribute ${index}`);
    const files = [withHeaders("a.csv", 1, headers, headers), withHeaders("b.csv", 2, headers.toReversed(), headers.toReversed())];
    await scratch.load(files, { limits: { maxContactColumns: MANY } });
    expect(await scratch.values(`SELECT DISTINCT contact_attribute_${MANY - 1} FROM page_views`)).toEqual([`Attribute ${MANY - 1}`]);
    expect(await contactColumns(scratch)).toHaveLength(MANY);
  });
});
