/**
 * What campaigns bring, in TypeScript: the five questions of campaigns.ipynb, each with its SQL, its rows and a picture of bars.
 *
 * It reads the demo's warehouse (`npm run demo`), or what SIGNALS_DB names: best the published copy, …/current/signals.duckdb, where nobody waits for it.
 */
import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";

const instance = await DuckDBInstance.create(process.env["SIGNALS_DB"] ?? "demo/signals.duckdb", { access_mode: "READ_ONLY" });
const db = await instance.connect();
await db.run("SET TimeZone = 'UTC'");

type Row = Record<string, string | number | null>;

/** The rows of a SELECT. DECIMAL comes as text, which is exact. */
const ask = async (sql: string) => (await db.runAndReadAll(sql)).getRowObjectsJson() as Row[];

/** A line of bars for each row. Pictures round. */
function picture(title: string, rows: readonly Row[], label: string, ...values: string[]): void {
  const most = Math.max(...rows.flatMap((row) => values.map((name) => Number(row[name]))));
  console.log(`\n${title}\n`);
  for (const row of rows) {
    for (const [index, name] of values.entries()) {
      const value = Number(row[name]);
      const text = value < 1 && value > 0 ? `${(value * 100).toFixed(1)} %` : value.toLocaleString("en-US", { maximumFractionDigits: 2 });
      console.log(`${(index === 0 ? String(row[label]) : "").padEnd(22)} ${name.padEnd(20)} ${"█".repeat(Math.round((value / most) * 50))} ${text}`);
    }
  }
}

/** Rows by what they say of one column. */
function grouped(rows: readonly Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(String(row[column]), [...(groups.get(String(row[column])) ?? []), row]);
  return groups;
}

/** The only value of the only row. */
const one = async (sql: string) => Object.values((await ask(sql))[0] ?? {})[0];

// Which campaigns earn how much? Each model shares the revenue of all orders among campaigns in its own way.
const revenue = await ask(`
  SELECT coalesce(campaign_name, '(no campaign)') AS campaign, model, currency, sum(revenue) AS revenue
  FROM marts.attribution LEFT JOIN marts.campaign_names USING (campaign_id)
  WHERE model IN ('direct', 'last', 'linear')
  GROUP BY ALL
  ORDER BY currency, campaign, model
`);
const campaigns = grouped(
  revenue.filter(({ currency }) => currency === "EUR"),
  "campaign",
);
const models = [...campaigns].map(([campaign, rows]) => ({
  campaign,
  ...Object.fromEntries(rows.map(({ model, revenue }) => [model, revenue ?? 0])),
}));
picture("Revenue by campaign and model, EUR", models, "campaign", "direct", "last", "linear");

// To the last digit: a DECIMAL is a whole number of ten-thousandths, which bigints add up. As numbers of JavaScript they would be rounded.
const exact = (amount: unknown) => BigInt(String(amount).replace(".", ""));
const totals = new Map<string, bigint>();
for (const { model, currency, revenue: amount } of revenue) {
  const key = `${model} ${currency}`;
  totals.set(key, (totals.get(key) ?? 0n) + exact(amount));
}
for (const { currency, amount } of await ask(
  "SELECT currency, sum(order_value) AS amount FROM marts.orders_once WHERE order_value IS NOT NULL GROUP BY ALL",
))
  for (const model of ["direct", "last", "linear"]) assert.equal(totals.get(`${model} ${currency}`), exact(amount));

// How are e-mails opened and clicked, with and without bots?
const rates = await ask(`
  SELECT coalesce(campaign_name, '(no campaign)') AS campaign, sum(sent)::BIGINT AS sent,
    sum(opened) / nullif(sum(trackable_opens), 0) AS open_rate, sum(opened_with_bots) / nullif(sum(trackable_opens), 0) AS open_rate_with_bots,
    sum(clicked) / nullif(sum(trackable_clicks), 0) AS click_rate, sum(clicked_with_bots) / nullif(sum(trackable_clicks), 0) AS click_rate_with_bots
  FROM marts.campaign_performance
  WHERE channel = 'email'
  GROUP BY campaign
  ORDER BY sent DESC, campaign
`);
picture(
  "Opened and clicked, of e-mails whose opens and clicks can be seen",
  rates,
  "campaign",
  "open_rate_with_bots",
  "open_rate",
  "click_rate_with_bots",
  "click_rate",
);
assert.equal(
  rates.reduce((sum, { sent }) => sum + Number(sent), 0),
  Number(await one("SELECT count(*) FROM marts.sends WHERE channel = 'email'")),
);

// How many visits view, fill a cart, and order?
const [visits = {}] = await ask(`
  SELECT count(*) AS visits, count(*) FILTER (product_views > 0) AS viewed, count(*) FILTER (product_views > 0 AND cart_adds > 0) AS carted,
    count(*) FILTER (product_views > 0 AND cart_adds > 0 AND orders > 0) AS ordered
  FROM marts.sessions
`);
const steps = Object.entries(visits).map(([step, visits]) => ({ step, visits }));
picture("Visits that viewed a product, put one into the cart, and ordered", steps, "step", "visits");

// How long does it take from the click to the order?
const minutes = await ask(`
  SELECT channel, epoch(ordered_at - touched_at) / 60 AS minutes
  FROM marts.attribution
  WHERE model = 'last' AND touches > 0
  ORDER BY channel, minutes
`);
const times = [...grouped(minutes, "channel")].map(([channel, rows]) => ({
  channel,
  median: rows[Math.floor(rows.length / 2)]?.["minutes"] ?? null,
}));
picture("From the last click to the order: the median in minutes", times, "channel", "median");

// Where do e-mails not arrive?
const domains = await ask(`
  SELECT coalesce(recipient_domain, '(not known)') AS domain, sum(sent)::BIGINT AS sent, sum(delivered)::BIGINT AS delivered, sum(hard_bounced)::BIGINT AS hard_bounced,
    sum(soft_bounced)::BIGINT AS soft_bounced, sum(complained)::BIGINT AS complained
  FROM marts.deliverability_daily
  WHERE channel = 'email'
  GROUP BY domain
  ORDER BY sent DESC, domain
`);
picture("E-mails by the domain of the recipient", domains.slice(0, 10), "domain", "sent", "delivered", "soft_bounced", "hard_bounced");

db.closeSync();
instance.closeSync();
