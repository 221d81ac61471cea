/** What a report says of warehouses that are empty or odd, and how it says it. */
import { expect, test } from "vitest";
import { makeReport } from "../../../sinks/report/page/make-report.ts";
import type { ReportOptions } from "../../../sinks/report/page/prepare.ts";
import { cells, numbers, read, section, text, tiles } from "../../helpers/report.ts";
import { behavior, loadSignals, message, order } from "../../helpers/signals.ts";
import { type Scratch, scratchWarehouse } from "../../helpers/warehouse.ts";

async function pageOf(scratch: Scratch, options: ReportOptions = {}) {
  const report = await makeReport(scratch.warehouse.connection, options);
  const page = read(report.html);
  return { ...report, page, lead: [...page.querySelectorAll(".lead")].map(text).join(" ") };
}

async function loaded(...signals: Parameters<typeof loadSignals>[1][]): Promise<Scratch> {
  const scratch = await scratchWarehouse();
  for (const [n, some] of signals.entries()) await loadSignals(scratch, some, `${n}.csv`);
  return scratch;
}

/** Messages to so many contacts on a day of 2025, delivered. */
const sent = (day: string, contacts: number, more: Readonly<Record<string, string>> = {}) =>
  Array.from({ length: contacts }, (_, n) => n).flatMap((n) => {
    const who = { "Customer ID": `C${n}`, ...more };
    return [message("emailSend", `s${day}${n}`, `${day} 08:00`, who), message("emailDelivery", `d${day}${n}`, `${day} 08:01`, who)];
  });

test("an empty warehouse has a page that says so, with a period and without", async () => {
  const scratch = await scratchWarehouse();
  const empty = await pageOf(scratch);
  expect(empty).toMatchObject({ period: null, currency: null, lead: "The warehouse has no signals yet." });
  const march = await pageOf(scratch, { from: "2025-03-01", to: "2025-03-31", currency: "eur" });
  expect(march).toMatchObject({ period: { from: "2025-03-01", to: "2025-03-31" } });
  expect(march.lead).toContain("The warehouse has no signals.");
  expect(tiles(march.page).map(([, value]) => value)).toEqual(Array.from({ length: 8 }, () => "–"));
  expect(text(section(march.page, "campaign-revenue"))).toContain("There are no orders in the period.");
});

test("messages alone, and visits alone", async () => {
  const marketing = await pageOf(await loaded(sent("03-01", 40)));
  expect(marketing.lead).toContain("There are no orders.");
  expect(text(section(marketing.page, "product-funnel"))).toContain("No product was viewed");
  expect(numbers(marketing.page, "messages")).toEqual([["m1", "–", "E-mail", "40", "0 %", "0 %", "0 %", "0 %", "0 %", "–"]]);

  const visits = await pageOf(await loaded([behavior("productView", "v1", "03-01 10:00", { productId: "p1" }), order("o1", "03-01 11:00", "10.50")]));
  expect(text(section(visits.page, "messages"))).toContain("No message was sent");
  expect(numbers(visits.page, "campaign-revenue")).toEqual([["No message", ...Array.from({ length: 6 }, () => "€10.50")]]);
  expect(numbers(visits.page, "product-funnel")).toEqual([["p1", "1", "0", "0", "–"]]);
});

test("shares of fewer than 30 are not shown, and the page says so", async () => {
  const { page } = await pageOf(await loaded(sent("03-01", 29), sent("03-02", 30)), { to: "2025-03-02" });
  expect(numbers(page, "engagement").map((row) => [row[0], row[3]])).toEqual([
    ["1 Mar 2025", "–"],
    ["2 Mar 2025", "0 %"],
  ]);
  expect(text(section(page, "engagement"))).toContain("Shares of fewer than 30 are not shown.");
  expect(section(page, "engagement").querySelector("svg[role=img]")).not.toBeNull();
  // Where none is, the numbers stand in the place of a chart without lines.
  const few = await pageOf(await loaded(sent("03-01", 3), [order("o1", "03-01 10:00", "1")]), { to: "2025-03-01" });
  for (const id of ["engagement", "deliverability"]) {
    expect(section(few.page, id).querySelector("svg[role=img]")).toBeNull();
    expect(numbers(few.page, id)).toHaveLength(1);
  }
  const ticks = [...section(few.page, "signals-by-day").querySelectorAll("svg text")].map(text);
  expect(ticks).toContain("2");
  expect(ticks.filter((tick) => tick.includes("."))).toEqual([]);
});

test("of several currencies that of most orders counts, or the one that is named, and the others are told", async () => {
  const scratch = await loaded([
    order("o1", "03-01 10:00", "1"),
    order("o2", "03-01 10:00", "2", {}, { currency: "USD" }),
    order("o3", "03-01 10:00", "4", {}, { currency: "usd " }),
    order("o4", "03-01 10:00", "8", {}, { currency: "" }),
  ]);
  const most = await pageOf(scratch);
  expect(most).toMatchObject({ currency: "USD" });
  expect(most.lead).toContain("Amounts are in USD. Other orders are not in them: 1 in EUR, 1 in no currency.");
  expect(numbers(most.page, "daily-revenue")[0]?.at(-1)).toBe("$6.00");
  expect(most.lead).not.toContain("name no currency");
  expect(await pageOf(scratch, { currency: " eur" })).toMatchObject({ currency: "EUR" });
  await expect(pageOf(scratch, { currency: "GBP" })).rejects.toMatchObject({ code: "not_found", hint: "Choose one of USD, EUR." });
});

test("names are text, whatever is in them, and stay what they are in each place", async () => {
  const names = [
    "<img src=x onerror=alert(1)>",
    `</style><script>alert("'&")</script>`,
    "حملة الخريف",
    "👩‍👩‍👧 Sale",
    "n".repeat(300),
    "ctrl\u0001\u001b[31m\u202eevil",
  ];
  const signals = names.flatMap((name, n) => [
    ...sent("03-01", 30, { CAMPAIGN_ID: `c${n}`, CAMPAIGN_NAME: name, MESSAGE_ID: `m${n}`, MESSAGE_NAME: name }).map((row, at) => ({
      ...row,
      SIGNAL_ID: `${n}-${at}`,
    })),
    message("emailClick", `k${n}`, "03-01 09:00", {
      "Customer ID": `B${n}`,
      CAMPAIGN_ID: `c${n}`,
      CAMPAIGN_NAME: name,
      MESSAGE_ID: `m${n}`,
      BOT_DETECTED: "false",
    }),
    order(`o${n}`, "03-01 10:00", "10", { "Customer ID": `B${n}`, TLTSID: `t${n}` }),
    behavior("onSiteSearch", `q${n}`, "03-01 10:00", { searchTerm: name, numberOfResults: "0" }),
    behavior("productView", `v${n}`, "03-01 10:00", { productId: `p${n}`, productName: name }),
  ]);
  const { page, html } = await pageOf(await loaded(signals));
  const named = (id: string) => numbers(page, id).flatMap(([name = ""]) => (name === "No message" ? [] : [name]));
  const shown = [...names.slice(0, 4), `${"n".repeat(69)}…`, "ctrl\\u0001\\u001b[31m\\u202eevil"];
  expect(named("campaign-revenue").toSorted()).toEqual(shown.toSorted());
  expect(named("messages").toSorted()).toEqual(shown.toSorted());
  expect(named("product-funnel").toSorted()).toEqual(shown.toSorted());
  expect([...page.querySelectorAll("img, main script, main style")]).toEqual([]);
  // oxlint-disable-next-line no-control-regex -- that none of them is there is what this is about
  expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202e]/);
  // In charts too: a label is cut between characters, and the whole name is behind it.
  const labels = [...section(page, "campaign-revenue").querySelectorAll(".of-last .wide text")].map(text);
  for (const label of ["<img src=x onerror=alert(…", "👩‍👩‍👧 Sale", `${"n".repeat(25)}…`])
    expect(labels.some((text) => text.startsWith(label))).toBe(true);
});

test("a campaign without a name is called by its id", async () => {
  const click = message("emailClick", "k1", "03-01 09:00", { BOT_DETECTED: "false" });
  const none = message("emailClick", "k2", "03-01 09:00", { BOT_DETECTED: "false", CAMPAIGN_ID: "", "Customer ID": "C2", MESSAGE_ID: "m2" });
  const { page } = await pageOf(
    await loaded([click, none, order("o1", "03-01 10:00", "3"), order("o2", "03-01 10:00", "2", { "Customer ID": "C2" })]),
  );
  expect(numbers(page, "campaign-revenue").map(([name, last]) => [name, last])).toEqual([
    ["c1", "€3.00"],
    ["Messages of no campaign", "€2.00"],
    // Neither order names a message, which is what the model direct goes by.
    ["No message", "–"],
  ]);
});

test("the period is the last 28 days that are whole, against the 28 before, and days that may not be whole are pale", async () => {
  const scratch = await scratchWarehouse();
  const days = Array.from({ length: 70 }, (_, n) => new Date(Date.UTC(2025, 2, 1 + n)).toISOString().slice(5, 10));
  // A device whose clock is years ahead.
  const ahead = { ...behavior("pageView", "ahead", "03-01 10:00"), SIGNAL_TIMESTAMP: "2031-01-01T10:00:00Z" };
  await loadSignals(scratch, [
    ahead,
    ...days.flatMap((day) => Array.from({ length: 120 }, (_, n) => behavior("pageView", `p${day}${n}`, `${day} 10:00`))),
    ...days.map((day, n) => order(`o${day}`, `${day} 10:00`, n < 41 ? "10" : "15", { TLTSID: day })),
  ]);
  // 1 March and 69 days are until 9 May, of which more may come.
  const { period, lead, page } = await pageOf(scratch);
  expect(period).toEqual({ from: "2025-04-11", to: "2025-05-08" });
  expect(lead).toContain("11 Apr 2025 to 8 May 2025 (28 days, UTC), against 14 Mar 2025 to 10 Apr 2025.");
  expect(lead).toContain("Data until 2025-05-09 10:00 UTC.");
  expect(tiles(page)[0]).toEqual(["Revenue", "€420", "▲ 50.0 %", "of all orders"]);

  const whole = await pageOf(scratch, { from: "2025-03-01", to: "2025-05-09" });
  expect(text(section(whole.page, "signals-by-day"))).toContain("Pale: 1 Mar and 9 May, which may not be whole, as the data begins and ends there.");
  expect(whole.lead).toContain("with nothing to compare: the data begins on 1 Mar 2025.");

  const year = await pageOf(scratch, { from: "2025-01-01", to: "2025-05-31" });
  expect(numbers(year.page, "signals-by-day")[0]?.slice(0, 2)).toEqual(["24 Feb 2025", String(2 * 121)]);
  expect(text(section(year.page, "signals-by-day"))).toContain("Days without signals are in the weeks of 30 Dec, 6 Jan");
});

test("what somebody should look after", async () => {
  const scratch = await loaded([behavior("pageView", "p1", "03-01 10:00", { unheard: "of" })]);
  await scratch.load([{ path: "Export/empty.csv", size: 0, mtime: 1, async *open() {} }]);
  await scratch.run(
    `INSERT INTO signalhouse.jobs (kind, name, status, path, request, asked_at) VALUES ('export', 'j1', 'arrived', 'Export/j1.csv.gz', '{}', '2025-03-01 08:00:00Z')`,
  );
  const { page } = await pageOf(scratch);
  expect(numbers(page, "to-look-after")).toEqual([
    ["Export not loaded", "j1", "1", "2025-03-29 08:00", "signalhouse sync"],
    ["File that failed", "file_empty", "1", "–", "signalhouse status"],
    ["Drift", "unknown field", "1", "–", "signalhouse drift"],
  ]);
});

test("the same data gives the same bytes, whatever the time zone and however it was loaded", async () => {
  const signals = [...sent("03-01", 35), ...sent("03-02", 35), order("o1", "03-01 23:30", "10.10"), order("o2", "03-02 00:30", "20.20")];
  const one = await pageOf(await loaded(signals), { to: "2025-03-02" });
  const reversed = await loaded(signals.slice(100).toReversed(), signals.slice(0, 100).toReversed());
  await reversed.run("SET TimeZone = 'Pacific/Auckland'");
  const other = await pageOf(reversed, { to: "2025-03-02" });
  expect(other.html).toBe(one.html);
  expect(numbers(one.page, "daily-revenue").map(([day, , , amount]) => [day, amount])).toEqual([
    ["1 Mar 2025", "€10.10"],
    ["2 Mar 2025", "€20.20"],
  ]);
});

test("each chart has its numbers and its SQL, and its title is the question", async () => {
  const { page } = await pageOf(await loaded([...sent("03-01", 35), order("o1", "03-01 10:00", "1")]));
  const charts = [...page.querySelectorAll("section")].filter((each) => each.querySelector("svg[role=img]"));
  expect(charts.length).toBeGreaterThan(3);
  for (const chart of charts) {
    expect(text(chart.querySelector("h3"))).toMatch(/\?$/);
    expect(text(chart.querySelector(".about"))).not.toBe("");
    expect(cells(chart.querySelector("details table")).length).toBeGreaterThan(0);
    expect(text(chart.querySelector("pre"))).toMatch(/^(SELECT|WITH) /);
    for (const svg of chart.querySelectorAll("svg[role=img]")) expect(svg.getAttribute("aria-label")).not.toBe("");
  }
});

test("orders without a currency, and one that nobody knows", async () => {
  const none = await pageOf(await loaded([order("o1", "03-01 10:00", "1234.5", {}, { currency: "" })]));
  expect(none).toMatchObject({ currency: null, lead: expect.stringContaining("The orders name no currency.") as string });
  expect(numbers(none.page, "daily-revenue")[0]?.at(-1)).toBe("1,234.50");
  const odd = await pageOf(await loaded([order("o1", "03-01 10:00", "1234.5", {}, { currency: "<b>" })]));
  expect(odd.lead).toContain("Amounts are in <B>.");
  expect(numbers(odd.page, "daily-revenue")[0]?.at(-1)).toBe("1,234.50 <B>");
});
