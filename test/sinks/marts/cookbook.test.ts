/** docs/cookbook.md: each question can be asked, and is answered. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeBlocks, readPage, ROOT } from "../../helpers/markdown.ts";
import { loadSignals, message, order } from "../../helpers/signals.ts";
import { memoryFile, scratchWarehouse } from "../../helpers/warehouse.ts";

const PAGE = readPage("docs/cookbook.md");
const QUESTIONS = PAGE.split(/^## /m)
  .slice(1)
  .map((part) => ({
    title: part.slice(0, part.indexOf("\n")),
    asked: codeBlocks(part).flatMap(({ language, code }) => (language === "sql" ? [code] : [])),
  }));

/** The SQL of a question. @param n which of its blocks */
function asked(title: string, n = 0): string {
  const sql = QUESTIONS.find((question) => question.title.startsWith(title))?.asked[n];
  if (sql === undefined) throw new Error(`the cookbook does not ask ${title}`);
  return sql;
}

test("each question has rows in the sample exports", async () => {
  const folder = join(ROOT, "samples/exports");
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".csv.gz"));
  const scratch = await scratchWarehouse();
  await scratch.load(paths.toSorted().map((path, n) => memoryFile(path, n, readFileSync(join(folder, path)))));
  expect(QUESTIONS).toHaveLength(11);
  for (const { title, asked: blocks } of QUESTIONS) {
    expect(blocks, title).not.toEqual([]);
    for (const sql of blocks) expect(await scratch.rows(sql), sql).not.toEqual([]);
  }
});

test("what campaigns earn, by hand", async () => {
  const scratch = await scratchWarehouse();
  const named = (id: string, name: string) => ({ CAMPAIGN_ID: id, CAMPAIGN_NAME: name, MESSAGE_ID: id });
  const consent = { Email: "anna@x.example", CONSENT_EMAIL: "OPT_IN" };
  await loadSignals(scratch, [
    message("emailClick", "k1", "03-01 10:00", named("a", "Autumn")),
    message("emailClick", "k2", "03-02 10:00", named("b", "Before")),
    message("emailSend", "s2", "03-03 10:00", named("b", "Behind")),
    // Two orders name k1, one of them in another currency; two name nothing, and one of these is by somebody who clicked nothing.
    order("o1", "03-02 12:00", "10.10", { MESSAGE_SIGNAL_ID: "k1", TLTSID: "s1" }),
    order("o2", "03-02 13:00", "5", { MESSAGE_SIGNAL_ID: "k1", TLTSID: "s1" }, { currency: "USD" }),
    order("o3", "03-04 10:00", "0.20", { TLTSID: "s3", ...consent }),
    order("o4", "03-04 10:00", "7", { TLTSID: "s4", "Customer ID": "C2" }),
  ]);
  expect(await scratch.rows(asked("Which campaigns earn"))).toEqual([
    { campaign_id: "a", campaign_name: "Autumn", currency: "EUR", revenue: "10.1000", orders: "1.000000" },
    { campaign_id: null, campaign_name: null, currency: "EUR", revenue: "7.2000", orders: "2.000000" },
    { campaign_id: "a", campaign_name: "Autumn", currency: "USD", revenue: "5.0000", orders: "1.000000" },
  ]);
  // Last: k2 before all of the three orders of C1. Linear: halves of 10.10, 5 and 0.20.
  const models = { direct: null, last: null, first: null, linear: null, time_decay: expect.anything() as unknown, position_based: null };
  expect(await scratch.rows(asked("Which campaigns earn", 1))).toEqual([
    { campaign_name: "Autumn", currency: "EUR", ...models, direct: "10.1000", first: "10.3000", linear: "5.1500", position_based: "5.1500" },
    { campaign_name: "Behind", currency: "EUR", ...models, last: "10.3000", linear: "5.1500", position_based: "5.1500" },
    {
      campaign_name: null,
      currency: "EUR",
      direct: "7.2000",
      last: "7.0000",
      first: "7.0000",
      linear: "7.0000",
      time_decay: "7.0000",
      position_based: "7.0000",
    },
    { campaign_name: "Autumn", currency: "USD", ...models, direct: "5.0000", first: "5.0000", linear: "2.5000", position_based: "2.5000" },
    { campaign_name: "Behind", currency: "USD", ...models, last: "5.0000", linear: "2.5000", position_based: "2.5000" },
  ]);
  expect(await scratch.rows(asked("Which orders follow a click"))).toEqual([
    { campaign_id: "b", currency: "EUR", orders: "1.000000", revenue: "0.2000" },
  ]);
  expect(
    await scratch.rows(`SELECT * REPLACE (median::VARCHAR AS median, nine_of_ten::VARCHAR AS nine_of_ten) FROM (${asked("How long does it take")})`),
  ).toEqual([
    // 2, 3 and 48 hours after k2.
    { channel: "email", orders: "3", median: "03:00:00", nine_of_ten: "2 days" },
  ]);
  expect(await scratch.rows(asked("Who has bought"))).toEqual([
    { contact_id: "C1", email: "anna@x.example", revenue: "10.3000", orders: "2", last_order_at: "2025-03-04 10:00:00+00" },
  ]);
});
