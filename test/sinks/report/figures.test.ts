/** The numbers of a report are those that the generator's truth has, and those that its SQL gives. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { localFile } from "../../../pipeline/load/local-files.ts";
import { generateExports, lastSignals } from "../../../samples/generator/exports.ts";
import { MODELS } from "../../../samples/generator/marts/attribution.ts";
import { dayOf } from "../../../samples/generator/marts/fact.ts";
import { type MartsTruth, martsTruth } from "../../../samples/generator/marts/index.ts";
import type { Counts } from "../../../samples/generator/marts/sends.ts";
import { makeReport } from "../../../sinks/report/page/make-report.ts";
import { type Element, numbers, read, statements, text, section, tiles } from "../../helpers/report.ts";
import { scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

const OPTIONS = { seed: 31, rowsPerFile: 2_500, files: 1, overlap: 0, days: 6, tangled: true };
const FROM = "2025-08-01";
const TO = "2025-10-31";
const CURRENCY = "EUR";

const NAMES: Readonly<Record<string, string>> = { email: "E-mail", sms: "SMS", whatsapp: "WhatsApp" };

let truth: MartsTruth;
let page: Element;
let rowsOfSql: Map<string, number>;
beforeAll(() => {
  truth = martsTruth(lastSignals(OPTIONS));
});

/** The page, made once: of a warehouse that is gone by then. */
test("the page is made, and its SQL is what query takes", { timeout: 60_000 }, async () => {
  const folder = scratchFolder();
  const { files } = await generateExports({ ...OPTIONS, folder });
  const scratch = await scratchWarehouse();
  await scratch.load(await Promise.all(files.map(({ path }) => localFile(join(folder, path)))));
  const report = await makeReport(scratch.warehouse.connection, { from: FROM, to: TO, currency: CURRENCY });
  expect(report).toMatchObject({ period: { from: FROM, to: TO }, currency: CURRENCY });
  page = read(report.html);
  await scratch.reopen({ access: "read" });
  rowsOfSql = new Map();
  for (const [id, sql] of statements(page)) rowsOfSql.set(id, (await scratch.rows(sql)).length);
});

/** Rows in an order of their own. */
const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).toSorted();

/** Tangled clocks put some signals far away. */
const inPeriod = (day: string) => day >= FROM && day <= TO;

/** "€1,234.50" of ten-thousandths. */
function euros(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const whole = String(size / 10_000n).replace(/\B(?=(\d{3})+$)/g, ",");
  const places = String(size % 10_000n)
    .padStart(4, "0")
    .replace(/0{1,2}$/, "");
  return `${amount < 0n ? "-" : ""}€${whole}.${places}`;
}

const thousands = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
const rate = (part: number, whole: number) => {
  if (whole < 30) return "–";
  const percent = (part / whole) * 100;
  return percent === 0 ? "0 %" : `${percent.toFixed(percent < 9.95 ? 2 : 1)} %`;
};
const shortDay = (day: string) => `${Number(day.slice(8))} ${["Aug", "Sep", "Oct"][Number(day.slice(5, 7)) - 8]} 2025`;

/** Counts of messages, added up by what `place` says of day, channel, campaign and message. */
function added(place: (day: string, channel: string, campaign: string, message: string) => string): Map<string, Counts> {
  const sums = new Map<string, Counts>();
  for (const [key, counts] of truth.campaignDaily) {
    const [day = "", channel = "", campaign = "", message = ""] = key.split(" ");
    const at = place(day, channel, campaign, message);
    const sum = sums.get(at);
    sums.set(
      at,
      sum ? (Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value + sum[name as keyof Counts]])) as Counts) : counts,
    );
  }
  return sums;
}

/** Revenue of the currency, by model, added up by what `place` says. */
function earned(model: string, place: (credit: MartsTruth["credits"][number]) => string | undefined): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const credit of truth.credits) {
    const at = credit.model === model && credit.currency === CURRENCY && credit.orders !== 0n ? place(credit) : undefined;
    if (at !== undefined) sums.set(at, (sums.get(at) ?? 0n) + (credit.revenue ?? 0n));
  }
  return sums;
}

const dayOfOrder = (id: string) => dayOf(truth.orders.find((order) => order.id === id)?.at ?? 0);

test("revenue by campaign, by each model", () => {
  const of = (campaign: string | undefined, touched: boolean) =>
    touched ? (truth.campaignNames.get(campaign ?? "") ?? "Messages of no campaign") : "No message";
  const order = ["last", "first", "linear", "time_decay", "position_based", "direct"] as const;
  expect(order.toSorted()).toEqual([...MODELS].toSorted());
  const sums = order.map((model) => earned(model, ({ touch, touches }) => of(touch?.campaign, touches > 0)));
  // Orders that several messages share come out in ten-thousandths, and are shown in cents.
  const cents = (amount: bigint) => ((amount + 50n) / 100n) * 100n;
  const shownOf = (amount: bigint, index: number) =>
    euros(["linear", "time_decay", "position_based"].includes(order[index] ?? "") ? cents(amount) : amount);
  const found = numbers(page, "campaign-revenue");
  const names = new Set(sums.flatMap((sum) => [...sum.keys()]));
  expect(new Set(found.map(([name]) => name))).toEqual(names);
  expect(found.length).toBeGreaterThan(4);
  for (const [name = "", ...amounts] of found)
    expect([name, ...amounts]).toEqual([name, ...sums.map((sum, index) => (sum.has(name) ? shownOf(sum.get(name) ?? 0n, index) : "–"))]);
});

test("revenue by day and channel", () => {
  const sums = earned("last", ({ order, touch }) => `${dayOfOrder(order)} ${touch ? NAMES[touch.channel] : "No message"}`);
  const found = numbers(page, "daily-revenue").map(([day, channel, , amount]) => [day, channel, amount]);
  const expected = [...sums].map(([at, amount]) => [shortDay(at.slice(0, 10)), at.slice(11), euros(amount)]);
  expect(sorted(found)).toEqual(sorted(expected));
});

test("the tiles", () => {
  const all = [...added(() => "all").values()][0] as Counts;
  const revenue = [...earned("last", () => "all").values()][0] ?? 0n;
  const clicked = [...earned("last", ({ touches }) => (touches > 0 ? "all" : undefined)).values()][0] ?? 0n;
  const whole = (amount: bigint) => `€${thousands(Math.round(Number(amount) / 10_000))}`;
  const orders = truth.orders.filter(({ currency }) => currency === CURRENCY).length;
  expect(tiles(page).map(([name, value]) => [name, value])).toEqual([
    ["Revenue", whole(revenue)],
    ["Revenue after a click", whole(clicked)],
    ["Orders", thousands(orders)],
    ["Delivered", thousands(all.delivered)],
    ["Open rate", rate(all.opened, all.trackable_opens)],
    ["Click rate", rate(all.clicked, all.trackable_clicks)],
    ["Unsubscribe rate", rate(all.unsubscribed, all.delivered)],
    ["Bounce rate", rate(all.hard_bounced + all.soft_bounced, all.sent)],
  ]);
});

test("opens and clicks of e-mails", () => {
  const byDay = [...added((day, channel) => (channel === "email" ? day : ""))]
    .filter(([day, counts]) => inPeriod(day) && Object.values(counts).some((value) => value > 0))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  expect(numbers(page, "engagement")).toEqual(
    byDay.map(([day, counts]) => [
      shortDay(day),
      thousands(counts.trackable_opens),
      thousands(counts.opened),
      rate(counts.opened, counts.trackable_opens),
      rate(counts.opened_with_bots, counts.trackable_opens),
      thousands(counts.trackable_clicks),
      thousands(counts.clicked),
      rate(counts.clicked, counts.trackable_clicks),
      rate(counts.clicked_with_bots, counts.trackable_clicks),
    ]),
  );
});

test("deliverability by day and channel", () => {
  const found = numbers(page, "deliverability");
  const expected = [...added((day, channel) => `${day} ${channel}`)]
    .filter(([, counts]) => counts.sent > 0)
    .map(([at, counts]) => [
      shortDay(at.slice(0, 10)),
      NAMES[at.slice(11)],
      thousands(counts.sent),
      thousands(counts.delivered),
      rate(counts.hard_bounced + counts.soft_bounced, counts.sent),
      rate(counts.complained, counts.delivered),
      rate(counts.unsubscribed, counts.delivered),
    ]);
  expect(sorted(found)).toEqual(sorted(expected));
});

test("each message", () => {
  const counts = added((_, channel, campaign, message) => `${channel} ${campaign} ${message}`);
  const revenue = earned("last", ({ touch }) => touch && `${touch.channel} ${touch.campaign ?? "none"} ${touch.message ?? "none"}`);
  const expected = [...counts].flatMap(([at, sum]) => {
    const [channel = "", campaign = "", message = ""] = at.split(" ");
    if (sum.sent === 0) return [];
    return [
      [
        truth.messageNames.get(message),
        truth.campaignNames.get(campaign),
        NAMES[channel],
        thousands(sum.sent),
        rate(sum.opened, sum.trackable_opens),
        rate(sum.clicked, sum.trackable_clicks),
        rate(sum.clicked_with_bots, sum.trackable_clicks),
        rate(sum.unsubscribed, sum.delivered),
        rate(sum.complained, sum.delivered),
        revenue.has(at) ? euros(revenue.get(at) ?? 0n) : "–",
      ],
    ];
  });
  expect(sorted(numbers(page, "messages"))).toEqual(sorted(expected));
});

test("products, carts and searches", () => {
  const products = new Map<string, number[]>();
  for (const [at, steps] of truth.products) {
    const id = at.slice(11);
    const [viewed = 0, carted = 0, bought = 0] = products.get(id) ?? [];
    products.set(id, [viewed + steps.viewed, carted + steps.viewed_carted, bought + steps.viewed_carted_bought]);
  }
  const viewed = [...products.values()]
    .filter(([views = 0]) => views > 0)
    .map(([views = 0, carted = 0, bought = 0]) => [thousands(views), thousands(carted), thousands(bought), rate(bought, views)]);
  expect(sorted(numbers(page, "product-funnel").map(([, ...counts]) => counts))).toEqual(sorted(viewed));

  const days = [...new Set(truth.carts.map(({ at }) => dayOf(at)))].toSorted();
  const carts = days.map((day) => {
    const ofDay = truth.carts.filter(({ at }) => dayOf(at) === day);
    return [
      shortDay(day),
      ofDay.length,
      ofDay.filter(({ contact }) => contact !== undefined).length,
      ofDay.filter(({ order }) => order !== undefined).length,
    ].map(String);
  });
  expect(numbers(page, "carts").map((row) => row.slice(0, 4))).toEqual(carts);
  expect(text(section(page, "carts"))).toContain(
    `${truth.carts.filter(({ order }) => order !== undefined).length} of ${truth.carts.length} were recovered`,
  );

  const searches = [...truth.searches]
    .filter(([, counts]) => counts.without_results > 0)
    .map(([term, counts]) => [term, counts.without_results, counts.searches].map(String));
  expect(sorted(numbers(page, "failed-searches"))).toEqual(sorted(searches));
});

test("time from the click to the order", () => {
  const LIMITS = [1, 6, 24, 48, 96, 168, Infinity];
  const counts = new Map<number, number>();
  for (const { model, order, touch, orders: share } of truth.credits) {
    if (model !== "last" || !touch || share === 0n) continue;
    const hours = ((truth.orders.find(({ id }) => id === order)?.at ?? 0) - touch.at) / 3_600_000;
    const at = LIMITS.findIndex((limit) => hours < limit);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  expect(numbers(page, "click-to-order").map(([, orders]) => Number(orders))).toEqual(
    [...counts].toSorted(([one], [other]) => one - other).map(([, orders]) => orders),
  );
});

test("what is known of the data", () => {
  const { orders } = truth;
  const known = new Map(numbers(page, "known-contacts").map(([what = "", ...rest]) => [what, rest]));
  expect(known.get("Orders with a contact")?.slice(0, 2)).toEqual([
    thousands(orders.filter(({ person }) => person).length),
    thousands(orders.length),
  ]);

  const days = new Map<string, number>();
  for (const [at, signals] of truth.daily) days.set(at.slice(0, 10), (days.get(at.slice(0, 10)) ?? 0) + signals);
  const found = numbers(page, "signals-by-day").filter(([, signals]) => signals !== "0");
  expect(found.map(([day, signals]) => [day, signals])).toEqual(
    [...days]
      .filter(([day]) => inPeriod(day))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([day, signals]) => [shortDay(day), thousands(signals)]),
  );
});

test("the SQL of each question gives as many rows as its table has", () => {
  expect(rowsOfSql.size).toBeGreaterThan(14);
  const shown = [...rowsOfSql].flatMap(([id, rows]) => {
    const found = page.querySelector(`section[aria-labelledby="${id.replace(/-sql$/, "")}"]`);
    return found ? [[id, rows, numbers(page, id.replace(/-sql$/, "")).length]] : [];
  });
  for (const [id, rows, ofTable] of shown) expect([id, ofTable]).toEqual([id, rows]);
});
