/** Every signal once, with what the latest export says of it, whatever the order in which the files come. */
import { describe, expect, test } from "vitest";
import { loadFiles } from "../../pipeline/load/load-files.ts";
import { readConfig } from "../../schemas/config.ts";
import { csv, FORCED, LOAD_READER, memoryFile, pageView, scratchWarehouse } from "../helpers/warehouse.ts";

const file = (path: string, mtime: number, ...rows: Record<string, string>[]) => memoryFile(path, mtime, csv(rows));
const CONTACT_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'behavior_signals' AND starts_with(column_name, 'contact_')";
const none = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
const NAMES = "SELECT name FROM behavior_signals ORDER BY signal_key";

describe("the same file", () => {
  test("loaded twice is a duplicate of itself", async () => {
    const scratch = await scratchWarehouse();
    const source = file("a.csv", 1, pageView("1"), pageView("2"));
    const [first, second] = await scratch.load([source, source]);
    expect(first).toMatchObject({ status: "loaded", records: 2, inserted: 2 });
    expect(second).toMatchObject({ status: "duplicate", duplicateOf: "a.csv", ...none });
    expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals")).toBe(2);
  });

  test("under a name or of a time that is not later is a duplicate, and the ledger says of what", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("b.csv", 2, pageView("1"))]);
    const [second] = await scratch.load([file("a.csv", 1, pageView("1"))]);
    expect(second).toMatchObject({ path: "a.csv", status: "duplicate", duplicateOf: "b.csv" });
    expect(await scratch.counts("a.csv")).toEqual(none);
    expect((await scratch.ledger())[1]).toMatchObject({ path: "a.csv", status: "duplicate", error: "the same bytes as b.csv" });
    expect(await scratch.values("SELECT DISTINCT load_id FROM behavior_signals")).toEqual(["1"]);
  });

  test("packed otherwise is another file, whose records are all known", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      file("a.csv", 1, pageView("1"), pageView("2")),
      memoryFile("b.csv", 2, csv([pageView("1"), pageView("2")]).replaceAll("\n", "\r\n")),
    ]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 2, unchanged: 2 });
  });
});

describe("overlapping files", () => {
  const earlier = file("earlier.csv", 1, pageView("1", "old"), pageView("2", "same"), pageView("3", "only here"));
  const later = file("later.csv", 2, pageView("1", "new"), pageView("2", "same"), pageView("4", "only there"));

  test.each([
    ["in their order", [earlier, later], { updated: 1, unchanged: 1 }, "later.csv"],
    ["the later one first", [later, earlier], { updated: 0, unchanged: 2 }, "earlier.csv"],
  ] as const)("%s give what the later one says", async (_, files, counted, second) => {
    const scratch = await scratchWarehouse();
    await scratch.load(files);
    expect(await scratch.values(NAMES)).toEqual(["new", "same", "only here", "only there"]);
    expect(await scratch.counts(second)).toEqual({ ...none, records: 3, inserted: 1, ...counted });
  });

  const [a, b, c] = [
    file("a.csv", 1, pageView("1", "x")),
    file("b.csv", 3, pageView("1", "x", { DESCRIPTION: "" })),
    file("c.csv", 2, pageView("1", "y")),
  ];
  test.each(permutations([a, b, c]).map((files) => [files.map(({ path }) => path).join(", "), files] as const))(
    "%s: what the latest export confirms is not undone by one in between",
    async (_, files) => {
      const scratch = await scratchWarehouse();
      for (const source of files) await scratch.load([source]);
      expect(await scratch.values(NAMES)).toEqual(["x"]);
    },
  );

  test("of the same mtime are ordered by their path", async () => {
    for (const order of permutations([file("a.csv", 1, pageView("1", "of a")), file("b.csv", 1, pageView("1", "of b"))])) {
      const scratch = await scratchWarehouse();
      await scratch.load(order);
      expect(await scratch.values(NAMES)).toEqual(["of b"]);
    }
  });

  test("a file that grew under its name replaces what it said", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("a.csv", 1, pageView("1", "old")), file("a.csv", 2, pageView("1", "new"), pageView("2", "more"))]);
    expect(await scratch.values(NAMES)).toEqual(["new", "more"]);
    expect((await scratch.ledger()).map(({ path, status }) => [path, status])).toEqual([
      ["a.csv", "loaded"],
      ["a.csv", "loaded"],
    ]);
  });
});

describe("a value that changes", () => {
  const click = { SIGNAL_ID: "1", SIGNAL_TYPE: "emailClick", TIMESTAMP: "2025-09-01T10:00:00Z" };
  const COLUMNS = "message_tags, audience_variables, campaign_name, bot_detected, completed_date, email_subject";

  test.each([
    ["from nothing to an empty list", { MESSAGE_TAGS: "" }, { MESSAGE_TAGS: "[]" }],
    ["from an empty list to a list of nothing", { MESSAGE_TAGS: "[]" }, { MESSAGE_TAGS: "[null]" }],
    ["from one item with a comma to two items", { MESSAGE_TAGS: '["a, b"]' }, { MESSAGE_TAGS: '["a","b"]' }],
    ["from one list to the next", { MESSAGE_TAGS: '["a"]', AUDIENCE_VARIABLES: '["b"]' }, { MESSAGE_TAGS: '["a","b"]', AUDIENCE_VARIABLES: "[]" }],
    ["from nothing to false", { BOT_DETECTED: "" }, { BOT_DETECTED: "false" }],
    ["from one column to another", { CAMPAIGN_NAME: "a", EMAIL_SUBJECT: "" }, { CAMPAIGN_NAME: "", EMAIL_SUBJECT: "a" }],
    ["by a microsecond", { COMPLETED_DATE: "2025-09-01T10:00:00.000001Z" }, { COMPLETED_DATE: "2025-09-01T10:00:00Z" }],
    ["by a space", { CAMPAIGN_NAME: "a" }, { CAMPAIGN_NAME: "a " }],
  ])("%s is an update", async (_, before, after) => {
    const [changed, as] = [await scratchWarehouse(), await scratchWarehouse()];
    await changed.load([file("a.csv", 1, { ...click, ...before }), file("b.csv", 2, { ...click, ...after })]);
    expect(await changed.counts("b.csv")).toEqual({ ...none, records: 1, updated: 1 });
    await as.load([file("b.csv", 2, { ...click, ...after })]);
    expect(await changed.rows(`SELECT ${COLUMNS} FROM marketing_signals`)).toEqual(await as.rows(`SELECT ${COLUMNS} FROM marketing_signals`));
  });

  test.each([
    ["a list in other white space", { MESSAGE_TAGS: '["a","b"]' }, { MESSAGE_TAGS: '[ "a", "b" ]' }],
    ["a null that is written otherwise", { SIGNAL_TYPE: "order", SIGNAL_CONTENT: "" }, { SIGNAL_TYPE: "order", SIGNAL_CONTENT: "\\N" }],
    ["a time in another zone", { COMPLETED_DATE: "2025-09-01T10:00:00Z" }, { COMPLETED_DATE: "2025-09-01T12:00:00+02:00" }],
    ["true in other letters", { BOT_DETECTED: "true" }, { BOT_DETECTED: "T" }],
  ])("%s is none", async (_, before, after) => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("a.csv", 1, { ...click, ...before }), file("b.csv", 2, { ...click, ...after })]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 1, unchanged: 1 });
  });
});

describe("within one file", () => {
  test("the last row of a signal wins; the others count as updated where they differ", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("a.csv", 1, pageView("1", "x"), pageView("1", "y"), pageView("2"), pageView("1", "x"))]);
    expect(await scratch.counts("a.csv")).toEqual({ ...none, records: 4, inserted: 2, updated: 1, unchanged: 1 });
    expect(await scratch.rows("SELECT name, record_no FROM behavior_signals WHERE signal_key = '1'")).toEqual([{ name: "x", record_no: "4" }]);
  });

  test("also where the warehouse has the signal already", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("a.csv", 1, pageView("1", "x")), file("b.csv", 2, pageView("1", "y"), pageView("1", "x"))]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 2, updated: 1, unchanged: 1 });
    expect(await scratch.values("SELECT load_id FROM behavior_signals")).toEqual(["1"]);
  });
});

test.each([
  ["the first load", "load_id = 1", "behavior_signals has 1 of the file's rows already"],
  ["the last load", "load_id = 2", "behavior_signals has 1 rows"],
  ["all loads", "true", "behavior_signals has 3 rows"],
])("rows of a load that was deleted from the ledger are not doubled: the run ends, and says so (%s)", async (_, which, what) => {
  const scratch = await scratchWarehouse();
  await scratch.load([file("a.csv", 1, pageView("1"), pageView("2")), file("b.csv", 2, pageView("3"))]);
  await scratch.run(`DELETE FROM signalhouse.loads WHERE ${which}`);
  const limits = readConfig({}, "the defaults").limits;
  const context = { warehouse: scratch.warehouse, limits, runId: null, signal: new AbortController().signal, reader: LOAD_READER, ...FORCED };
  await expect(loadFiles([file("c.csv", 3, pageView("1"), pageView("4"))], context)).rejects.toMatchObject({
    code: "warehouse_failed",
    message: `${what}, from loads that signalhouse.loads does not have: somebody has deleted those`,
  });
  expect(await scratch.values(NAMES)).toHaveLength(3);
});

describe("order items", () => {
  const order = (id: string, items: unknown[], more: Record<string, string> = {}) => ({
    SIGNAL_ID: id,
    SIGNAL_TYPE: "order",
    SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z",
    SIGNAL_CONTENT: JSON.stringify({ signalType: "order", orderId: id, orderValue: 10, orderedItems: items }),
    ...more,
  });
  const ITEMS = "SELECT signal_key, item_no, product_id, load_id FROM order_items ORDER BY ALL";
  const item = (signal_key: string, item_no: string, product_id: string, load_id: string) => ({ signal_key, item_no, product_id, load_id });

  test("are replaced together with their order", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      file("a.csv", 1, order("1", [{ productId: "p" }, { productId: "q" }, { productId: "r" }]), order("2", [{ productId: "p" }])),
      file("b.csv", 2, order("1", [{ productId: "s" }]), order("2", [{ productId: "p" }])),
    ]);
    expect(await scratch.rows(ITEMS)).toEqual([item("1", "1", "s", "2"), item("2", "1", "p", "1")]);
  });

  test("are not touched by an earlier export", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("b.csv", 2, order("1", [{ productId: "s" }])), file("a.csv", 1, order("1", [{ productId: "p" }, { productId: "q" }]))]);
    expect(await scratch.rows(ITEMS)).toEqual([item("1", "1", "s", "1")]);
  });

  test("of a row that the same file replaces are not there", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("a.csv", 1, order("1", [{ productId: "p" }, { productId: "q" }]), order("1", [{ productId: "s" }]))]);
    expect(await scratch.rows(ITEMS)).toEqual([item("1", "1", "s", "1")]);
  });

  test("are gone where the order has none any more", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      file("a.csv", 1, order("1", [{ productId: "p" }]), order("2", [{ productId: "p" }])),
      file("b.csv", 2, order("1", []), order("2", [])),
    ]);
    expect(await scratch.rows(ITEMS)).toEqual([]);
  });

  test("are gone where the later export has no content", async () => {
    const scratch = await scratchWarehouse();
    const { SIGNAL_CONTENT: _, ...bare } = order("1", []);
    await scratch.load([file("a.csv", 1, order("1", [{ productId: "p" }])), file("b.csv", 2, { ...bare, NAME: "now it has a name" })]);
    expect(await scratch.rows(ITEMS)).toEqual([]);
    expect(await scratch.rows("SELECT name, order_value FROM orders")).toEqual([{ name: "now it has a name", order_value: null }]);
  });
});

describe("a later export replaces the whole row, whatever its columns are, in either order of loading", () => {
  const base = { SIGNAL_ID: "1", SIGNAL_TYPE: "pageView", SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z" };
  const content = JSON.stringify({ signalType: "pageView", url: "/a", name: "of the content", somethingNew: 1 });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["a fixed column is gone", { SCREEN_VIEW_NAME: "old" }, {}],
    ["a contact attribute is gone", { "Loyalty Tier": "gold" }, {}],
    ["a contact attribute is new", {}, { "Loyalty Tier": "gold" }],
    ["the content is gone", { SIGNAL_CONTENT: content }, {}],
    ["the content is new", { NAME: "old" }, { SIGNAL_CONTENT: content }],
    ["a contact attribute has a column's name in other letters", { NAME: "old" }, { Name: "Ada" }],
    ["a column is there and empty", { NAME: "old" }, { NAME: "" }],
    ["its time is another one", { TIMESTAMP: "2025-09-01T10:00:07.000Z" }, { SIGNAL_TIMESTAMP: "", TIMESTAMP: "2025-09-01T10:00:07.000Z" }],
  ])("%s", async (_, before, after) => {
    const [earlier, later] = [file("a.csv", 1, { ...base, ...before }), file("b.csv", 2, { ...base, ...after })];
    const alone = await scratchWarehouse();
    await alone.load([later]);
    const [row] = await alone.rows("SELECT * EXCLUDE (load_id) FROM behavior_signals");
    for (const order of [
      [earlier, later],
      [later, earlier],
    ]) {
      const scratch = await scratchWarehouse();
      for (const source of order) await scratch.load([source]);
      const nulls = Object.fromEntries((await scratch.values(CONTACT_COLUMNS)).map((column) => [column, null]));
      expect(await scratch.rows("SELECT * EXCLUDE (load_id) FROM behavior_signals")).toEqual([{ ...nulls, ...row }]);
      const changed = order[0] === earlier ? { updated: 1 } : { unchanged: 1 };
      expect(await scratch.counts(String(order[1]?.path))).toEqual({ ...none, records: 1, ...changed });
    }
  });

  test("a column that is missing and was empty changes nothing", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([file("a.csv", 1, { ...base, NAME: "", "Loyalty Tier": "" }), file("b.csv", 2, base)]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 1, unchanged: 1 });
  });
});

describe("rows without SIGNAL_ID", () => {
  const anonymous = (more: Record<string, string> = {}) => {
    const { SIGNAL_ID: _, ...row } = pageView("", "a page", { TLTSID: "session", ...more });
    return row;
  };

  test("are the same signal where they say the same", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      file("a.csv", 1, anonymous(), anonymous({ TLTSID: "another session" })),
      file("b.csv", 2, anonymous({ "Loyalty Tier": "gold" }), anonymous({ TLTSID: "a third" })),
    ]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 2, inserted: 1, updated: 1 });
    expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals WHERE signal_id IS NULL AND signal_key LIKE 'h:%'")).toBe(3);
  });

  test("do not depend on the order of the columns", async () => {
    const scratch = await scratchWarehouse();
    const row = anonymous({ "Customer ID": "c", TLTSID: "", "Loyalty Tier": "gold" });
    await scratch.load([file("a.csv", 1, row), memoryFile("b.csv", 2, csv([row], Object.keys(row).toReversed()))]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 1, unchanged: 1 });
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

test("however often a signal is exported again, one confirmation of it is kept, and none once it has changed", async () => {
  const scratch = await scratchWarehouse();
  for (const day of [1, 2, 3])
    await scratch.load([memoryFile(`${day}.csv`, `2025-09-0${day}T00:00:00Z`, csv([pageView("a"), pageView(`only ${day}`)]))]);
  expect(await scratch.values("SELECT signal_key FROM signalhouse.confirmations")).toEqual(["a"]);
  await scratch.load([memoryFile("4.csv", "2025-09-04T00:00:00Z", csv([pageView("a", "another page")]))]);
  expect(await scratch.values("SELECT signal_key FROM signalhouse.confirmations")).toEqual([]);
});
