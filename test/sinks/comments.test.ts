/** The descriptions of everything in the warehouse, as comments in it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { DESCRIBED } from "../../sinks/described.ts";
import { columnComments, commentsOf, runLoading } from "../helpers/commented.ts";
import { memoryFile, csv, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

/** Tables, views and columns without a comment. */
const bare = async (scratch: Scratch) => (await commentsOf(scratch)).filter(({ comment }) => comment === null || comment === "");
const commented = async (scratch: Scratch) => (await commentsOf(scratch)).filter(({ comment }) => comment !== null);

test("a run leaves a warehouse of 1,000 signals with a comment at each table, view and column", async () => {
  const scratch = await scratchWarehouse();
  await runLoading(scratch, 999, { "Loyalty Tier": "gold" });
  expect(await commented(scratch)).toEqual([]);
  await runLoading(scratch, 1);
  expect(await bare(scratch)).toEqual([]);
  const comments = await commentsOf(scratch);
  expect(columnComments(comments, "email_sends")).toMatchObject({
    consent_email: "The contact's consent to e-mail. Values: `OPT_IN`, `OPT_OUT`, `OPT_IN_UNVERIFIED`.",
    contact_loyalty_tier: 'The contact attribute "Loyalty Tier".',
  });
  expect(columnComments(comments, "order_items")).toMatchObject({ product_name: "Name of the product. From `productName` of the item." });
  expect(columnComments(comments, "message_behavior")).toMatchObject({
    effect: "What the signal means for the sender's business. Values: `positive`, `negative`, `neutral`. From `effect` of SIGNAL_CONTENT.",
    matched: "Whether the marketing signal is in the warehouse. Never null.",
  });
  expect(columnComments(comments, "signalhouse.runs")).toMatchObject({ run_id: "Number of the run." });
  expect(await scratch.values("SELECT comment FROM duckdb_views() WHERE view_name = 'log_ins'")).toEqual([
    "The signals of the type loggedIn, without those that were sent as a test.",
  ]);
  for (const { table, view } of Object.values(SIGNAL_TYPES)) {
    const inTable = columnComments(comments, table);
    const inView = columnComments(comments, view);
    expect(Object.keys(inView)).toContain("contact_loyalty_tier");
    expect([view, inView]).toEqual([view, Object.fromEntries(Object.keys(inView).map((column) => [column, inTable[column]]))]);
  }
});

test("each description is a sentence or more, and short", () => {
  const all = DESCRIBED.flatMap(({ name, about, columns }) => [
    [name, about],
    ...Object.entries(columns).map(([column, text]) => [`${name}.${column}`, text]),
  ]);
  expect(all.filter(([, text = ""]) => !/^[A-Z`].*\.$/.test(text) || text.length > 300)).toEqual([]);
});

test("new contact columns get theirs, and views that are made anew have theirs again", async () => {
  const scratch = await scratchWarehouse();
  await runLoading(scratch, 1000);
  const header = 'It\'s \u200e"odd";\tDROP TABLE x';
  const [names = "", row = ""] = csv([pageView("new", "a page", { [header]: "a", "Customer ID": "b" })]).split("\n");
  await scratch.load([memoryFile("new.csv", 9, `${names},City,City\n${row},c,d\n`)]);
  await runLoading(scratch, 0);
  expect(await bare(scratch)).toEqual([]);
  const comments = await commentsOf(scratch);
  for (const name of ["marketing_signals", "behavior_signals", "page_views", "sms_sends", "message_behavior"]) {
    const columns = columnComments(comments, name);
    expect(columns["contact_customer_id"]).toBe('The contact attribute "Customer ID".');
    expect(columns["contact_it_s_odd_drop_table_x"]).toContain("The contact attribute \"It's");
    expect(columns["contact_city"]).toBe('The contact attribute "City".');
    expect(columns["contact_city_2"]).toBe('The contact attribute "City", number 2 of that name.');
  }
  await scratch.run("UPDATE signalhouse.meta SET views = NULL");
  await scratch.reopen();
  expect((await bare(scratch)).length).toBeGreaterThan(1000);
  await runLoading(scratch, 0);
  expect(await commentsOf(scratch)).toEqual(comments);
});

test("what stands there in this version's words is not written again", async () => {
  const scratch = await scratchWarehouse();
  await runLoading(scratch, 1000);
  await scratch.run("COMMENT ON TABLE order_items IS 'mine'");
  await runLoading(scratch, 1);
  const mine = "SELECT comment FROM duckdb_tables() WHERE table_name = 'order_items'";
  expect(await scratch.value(mine)).toBe("mine");
  await scratch.run("UPDATE signalhouse.meta SET comments = 'of another version'");
  await runLoading(scratch, 1);
  expect(await scratch.value(mine)).toMatch(/^One row for each item of an order/);
});

test("what is somebody's own has the comments that they gave it, or none", async () => {
  const scratch = await scratchWarehouse();
  await scratch.run("CREATE TABLE gone (page_title VARCHAR); CREATE VIEW broken AS SELECT page_title FROM gone; DROP TABLE gone");
  await scratch.run("CREATE SCHEMA mine; CREATE VIEW mine.page_views AS FROM main.page_views; CREATE TABLE page_titles (page_title VARCHAR)");
  await scratch.run("CREATE OR REPLACE VIEW log_ins AS SELECT 'mine' AS login_method; COMMENT ON COLUMN log_ins.login_method IS 'my own'");
  await scratch.run("DROP VIEW errors; CREATE TABLE errors (error_text VARCHAR)");
  await scratch.run(`UPDATE signalhouse.meta SET views = json_merge_patch(views, '{"log_ins": null}')`);
  await runLoading(scratch, 1000);
  const own = await scratch.rows(
    `SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = current_database()
       AND (schema_name = 'mine' OR table_name IN ('log_ins', 'errors', 'page_titles')) AND comment IS NOT NULL`,
  );
  expect(own).toEqual([{ table_name: "log_ins", column_name: "login_method", comment: "my own" }]);
  expect(await scratch.value("SELECT count(*)::INTEGER FROM duckdb_columns() WHERE table_name = 'orders' AND comment IS NULL")).toBe(0);
});

test("a run that is interrupted leaves them to the next one, and opening the warehouse writes none", async () => {
  const scratch = await scratchWarehouse();
  await runLoading(scratch, 1000, {}, "interrupted");
  expect(await commented(scratch)).toEqual([]);
  scratch.warehouse.close();
  const before = readFileSync(scratch.path);
  await scratch.reopen();
  scratch.warehouse.close();
  expect(readFileSync(scratch.path).equals(before)).toBe(true);
  await scratch.reopen();
  await runLoading(scratch, 0, {}, "failed");
  expect(await bare(scratch)).toEqual([]);
});
