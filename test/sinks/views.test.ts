/** The views: each has its type's signals, and none has one that was sent to try something. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { campaignRevenue } from "../../sinks/revenue.ts";
import { VIEWS } from "../../sinks/views/index.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

const signal = (id: string, type: string, content: object, more: Record<string, string> = {}) =>
  pageView(id, "", { SIGNAL_TYPE: type, SIGNAL_CONTENT: JSON.stringify(content), ...more });
const click = { SIGNAL_ID: "click", SIGNAL_TYPE: "emailClick", TIMESTAMP: "2025-09-01T09:00:00.000Z", CAMPAIGN_ID: "c", CAMPAIGN_NAME: "Autumn" };
const led = { MESSAGE_SIGNAL_ID: "click" };

const ORDERS = [
  signal("real", "order", { orderValue: 10, currency: "EUR", orderedItems: [{ productId: "p" }] }, led),
  signal("said-no", "order", { orderValue: 20, currency: "EUR", test: false }, led),
  signal("odd", "order", { orderValue: 40, currency: "EUR", test: "control group" }, led),
  signal("tried", "order", { orderValue: 1000, currency: "EUR", test: true, orderedItems: [{ productId: "p" }] }, led),
  signal("tried-as-text", "order", { orderValue: "1000", currency: "EUR", test: "true" }, led),
  signal("tried-as-number", "order", { orderValue: 1000, currency: "EUR", test: 1 }, led),
];

const idsOf = (scratch: Scratch, view: string) => scratch.values(`SELECT signal_id FROM ${view} ORDER BY record_no`);

test("what was sent as a test is in the tables, and in no view; it is no revenue", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([click, ...ORDERS, signal("page", "pageView", { test: true }), signal("page-2", "pageView", {})]))]);
  expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals")).toBe(8);
  expect(await scratch.value("SELECT count(*)::INTEGER FROM order_items")).toBe(2);
  expect(await idsOf(scratch, "behavior_signals WHERE is_test")).toEqual(["tried", "tried-as-text", "tried-as-number", "page"]);
  expect(await idsOf(scratch, "orders")).toEqual(["real", "said-no", "odd"]);
  expect(await idsOf(scratch, "page_views")).toEqual(["page-2"]);
  expect(await idsOf(scratch, "message_behavior")).toEqual(["real", "said-no", "odd", "page-2"]);
  expect(await campaignRevenue(scratch.warehouse.connection)).toMatchObject([{ orders: 3n, revenue: "70.0000" }]);
});

test("removed carts, logins and registrations have views, unless CATEGORY says that they are marketing", async () => {
  const scratch = await scratchWarehouse();
  const rows = [
    signal("removed", "removedFromCart", { productId: "p", quantity: 2, price: "5.50", sessionId: "s" }, { CATEGORY: "Behavior" }),
    signal("other", "loggedIn", {}, { CATEGORY: "Marketing" }),
    signal("in", "loggedIn", { identifierName: "email", identifierValue: "ana@example.com", loginMethod: "email" }),
    signal("new", "accountRegistered", { identifierName: "email", registrationMethod: "web" }),
  ];
  await scratch.load([memoryFile("a.csv", 1, csv(rows))]);
  expect(await scratch.rows("SELECT signal_id, product_id, item_quantity, unit_price, session_id FROM removed_from_carts")).toEqual([
    { signal_id: "removed", product_id: "p", item_quantity: "2.0000", unit_price: "5.5000", session_id: "s" },
  ]);
  expect(await scratch.rows("SELECT signal_id, identifier_value, login_method FROM log_ins")).toEqual([
    { signal_id: "in", identifier_value: "ana@example.com", login_method: "email" },
  ]);
  expect(await scratch.rows("SELECT signal_id, registration_method FROM account_registrations")).toEqual([
    { signal_id: "new", registration_method: "web" },
  ]);
  expect(await scratch.values("SELECT signal_id FROM marketing_signals WHERE signal_type = 'loggedIn'")).toEqual(["other"]);
  expect(await scratch.rows("FROM signalhouse.drift")).toEqual([]);
});

test("a warehouse of a version before, without these columns and views, has them once it is opened for writing", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([click, ...ORDERS.slice(0, 1)]))]);
  // As it was: views that know nothing of tests, and no columns for them.
  for (const { name, sql } of VIEWS) {
    const before = sql([]).replaceAll(
      /"(is_test|session_id)", |b\."(is_test|session_id)", | AND is_test IS NOT TRUE|WHERE b\.is_test IS NOT TRUE/g,
      "",
    );
    expect(before).not.toContain("is_test");
    await scratch.run(`CREATE OR REPLACE VIEW ${name} AS ${before}`);
  }
  for (const view of ["removed_from_carts", "log_ins", "account_registrations"]) await scratch.run(`DROP VIEW ${view}`);
  for (const column of ["is_test", "session_id"]) await scratch.run(`ALTER TABLE behavior_signals DROP COLUMN ${column}`);
  await scratch.run("ALTER TABLE signalhouse.meta DROP COLUMN views");
  await scratch.reopen();
  await scratch.load([memoryFile("b.csv", 2, csv(ORDERS))]);
  expect(await idsOf(scratch, "orders")).toEqual(["real", "said-no", "odd"]);
  expect(await idsOf(scratch, "message_behavior")).toEqual(["real", "said-no", "odd"]);
  expect(await idsOf(scratch, "log_ins")).toEqual([]);
});

test("each has a name of its own, and says what its rows are", () => {
  expect(new Set(VIEWS.map(({ name }) => name)).size).toBe(VIEWS.length);
  for (const { name, about } of VIEWS) expect([name, about]).toEqual([name, expect.stringMatching(/^[A-Z].+\.$/)]);
});

describe("views of an older version", () => {
  const PAGE = signal("page", "pageView", { pageTitle: "Home", test: false });
  /** Opening the warehouse to write changes no byte of it. */
  const expectNothingWritten = async (scratch: Scratch) => {
    scratch.warehouse.close();
    const before = readFileSync(scratch.path);
    await scratch.reopen();
    scratch.warehouse.close();
    expect(readFileSync(scratch.path).equals(before)).toBe(true);
    await scratch.reopen();
  };

  test.each([
    ["which noted other SQL", `UPDATE signalhouse.meta SET views = json_merge_patch(views, '{"page_views": "of other SQL"}')`],
    ["which noted nothing", "UPDATE signalhouse.meta SET views = NULL"],
    ["which had no notes", "ALTER TABLE signalhouse.meta DROP COLUMN views"],
  ])("%s, are made anew once, when the warehouse is opened to write", async (_, noted) => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv([PAGE]))]);
    await scratch.run("CREATE OR REPLACE VIEW page_views AS SELECT 'before' AS page_title");
    await scratch.run(noted);
    await scratch.reopen({ access: "read" });
    expect(await scratch.values("SELECT page_title FROM page_views")).toEqual(["before"]);
    await scratch.reopen({ version: "2.0" });
    expect(await scratch.rows("SELECT signal_id, page_title FROM page_views")).toEqual([{ signal_id: "page", page_title: "Home" }]);
    expect(await scratch.value("SELECT written_by FROM signalhouse.meta")).toBe("2.0");
    await expectNothingWritten(scratch);
  });

  test("are noted as those of this one with each column that is added to them", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv([PAGE]))]);
    const before = await scratch.value("SELECT views FROM signalhouse.meta");
    await scratch.load([memoryFile("b.csv", 2, csv([{ ...PAGE, "Loyalty Tier": "gold" }]))]);
    expect(await scratch.value("SELECT views FROM signalhouse.meta")).not.toBe(before);
    expect(await scratch.values("SELECT contact_loyalty_tier FROM page_views")).toEqual(["gold"]);
    await expectNothingWritten(scratch);
  });

  test("leave those alone that people have made: over ours, under a name of ours elsewhere, or under one that this version is the first to have", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv([PAGE]))]);
    await scratch.run("CREATE VIEW titles AS SELECT page_title FROM page_views");
    await scratch.run("CREATE VIEW all_pages AS SELECT * FROM page_views");
    await scratch.run("CREATE SCHEMA mart; CREATE VIEW mart.page_views AS SELECT 'elsewhere' AS name");
    await scratch.run("CREATE OR REPLACE VIEW log_ins AS SELECT 'mine' AS name");
    await scratch.run("DROP VIEW errors; CREATE TABLE errors (name VARCHAR); INSERT INTO errors VALUES ('a table')");
    await scratch.run(
      `UPDATE signalhouse.meta SET views = json_merge_patch(views, '{"log_ins": null, "errors": null, "page_views": "of other SQL"}')`,
    );
    const survive = async () => {
      expect(await scratch.values("FROM titles")).toEqual(["Home"]);
      expect(await scratch.values("SELECT page_title FROM all_pages")).toEqual(["Home"]);
      expect(await scratch.values("FROM mart.page_views")).toEqual(["elsewhere"]);
      expect(await scratch.values("FROM log_ins")).toEqual(["mine"]);
      expect(await scratch.values("FROM errors")).toEqual(["a table"]);
    };
    await scratch.reopen();
    await survive();
    await expectNothingWritten(scratch);
    await scratch.load([memoryFile("b.csv", 2, csv([{ ...PAGE, "Loyalty Tier": "gold" }]))]);
    await survive();
    expect(await scratch.values("SELECT contact_loyalty_tier FROM page_views")).toEqual(["gold"]);
  });
});
