/** What each message earned of each order: figures by hand. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { makeViews } from "../../../sinks/make-views.ts";
import { often } from "../../helpers/often.ts";
import { behavior, loadSignals, message, order } from "../../helpers/signals.ts";
import { scratchWarehouse } from "../../helpers/warehouse.ts";

const click = (id: string, time: string, more: Record<string, string> = {}) => message("emailClick", id, time, more);

test("touches are a contact's own clicks in the window before the order, one a message, at its last click", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    click("too early", "03-01 12:00"),
    click("first", "03-01 12:00:00.001", { CAMPAIGN_ID: "c0" }),
    click("last of m1", "03-05 12:00"),
    click("of m2", "03-07 12:00", { MESSAGE_ID: "m2", CAMPAIGN_ID: "c2" }),
    click("by a machine", "03-07 13:00", { MESSAGE_ID: "m3", BOT_DETECTED: "true" }),
    click("somebody else's", "03-07 14:00", { MESSAGE_ID: "m4", "Customer ID": "C2" }),
    message("smsClick", "same message by sms", "03-07 15:00", { CAMPAIGN_ID: "" }),
    message("emailOpen", "no click", "03-07 16:00", { MESSAGE_ID: "m5" }),
    click("at that moment", "03-08 12:00", { MESSAGE_ID: "m6" }),
    click("too late", "03-08 12:00:00.001", { MESSAGE_ID: "m7" }),
    order("o1", "03-08 12:00", "10"),
  ]);
  expect(
    await scratch.rows("SELECT click_key, channel, campaign_id, message_id, clicks, position, touches FROM marts.order_touches ORDER BY position"),
  ).toEqual([
    { click_key: "last of m1", channel: "email", campaign_id: "c1", message_id: "m1", clicks: "2", position: "1", touches: "4" },
    { click_key: "of m2", channel: "email", campaign_id: "c2", message_id: "m2", clicks: "1", position: "2", touches: "4" },
    { click_key: "same message by sms", channel: "sms", campaign_id: null, message_id: "m1", clicks: "1", position: "3", touches: "4" },
    { click_key: "at that moment", channel: "email", campaign_id: "c1", message_id: "m6", clicks: "1", position: "4", touches: "4" },
  ]);
});

test("clicks at the same moment stand in the order of their keys, whatever the order in the file", async () => {
  const scratch = await scratchWarehouse();
  const moment = "03-07 12:00";
  await loadSignals(scratch, [
    click("k3", moment, { CAMPAIGN_ID: "c3" }),
    click("k1", moment, { MESSAGE_ID: "m2" }),
    click("k2", moment, { CAMPAIGN_ID: "c2" }),
    order("o1", "03-08 12:00", 10),
  ]);
  expect(await scratch.rows("SELECT click_key, campaign_id, position FROM marts.order_touches ORDER BY position")).toEqual([
    { click_key: "k1", campaign_id: "c1", position: "1" },
    { click_key: "k3", campaign_id: "c3", position: "2" },
  ]);
});

/** A contact with an order, and clicks on messages m0, m1, … so many days before it. */
const contact = (id: string, orderValue: string, ...ages: number[]) => [
  ...ages.map((age, n) => click(`${id} ${n}`, `03-0${8 - age} 12:00`, { MESSAGE_ID: `m${n}`, "Customer ID": id })),
  order(id, "03-08 12:00", orderValue, { "Customer ID": id, TLTSID: id }),
];

test("models share an order in ten-thousandths, rounded down", async () => {
  const scratch = await scratchWarehouse();
  const three = [3, 1, 0];
  await loadSignals(scratch, [
    ...contact("sale", "100.01", ...three),
    ...contact("refund", "-100.01", ...three),
    ...contact("least", "-0.0001", ...three),
    ...contact("most", "99999999999999.9999", ...three),
    ...contact("most refund", "-99999999999999.9999", ...three),
    ...contact("zero", "0", ...three),
    ...contact("one", "7", 1),
    ...contact("two", "7", 2, 1),
    ...contact("four", "7", 4, 3, 2, 1),
  ]);
  const earned = async (model: string, id: string) =>
    scratch.values(`SELECT revenue || ' ' || orders FROM marts.attribution WHERE model = '${model}' AND order_key = 'shop/${id}' ORDER BY position`);
  expect(await earned("last", "sale")).toEqual(["100.0100 1.000000"]);
  expect(await earned("first", "sale")).toEqual(["100.0100 1.000000"]);
  expect(
    await scratch.values("SELECT click_key FROM marts.attribution WHERE model IN ('first', 'last') AND order_key = 'shop/sale' ORDER BY model"),
  ).toEqual(["sale 0", "sale 2"]);
  // 1000100 ten-thousandths: a third is 333366.67, two are 666733.33.
  expect(await earned("linear", "sale")).toEqual(["33.3366 0.333333", "33.3367 0.333333", "33.3367 0.333334"]);
  // Weights 2, 1, 2 of 5.
  expect(await earned("position_based", "sale")).toEqual(["40.0040 0.400000", "20.0020 0.200000", "40.0040 0.400000"]);
  // Weights 2^(-3/7), 2^(-1/7) and 1 in millionths: 742997, 905724, 1000000; together 2648721.
  expect(await earned("time_decay", "sale")).toEqual(["28.0539 0.280511", "34.1982 0.341948", "37.7579 0.377541"]);
  // What is due of a refund is rounded down, too, so away from zero: -333366.67 is -333367, -666733.33 is -666734.
  expect(await earned("linear", "refund")).toEqual(["-33.3367 0.333333", "-33.3367 0.333333", "-33.3366 0.333334"]);
  expect(await earned("linear", "least")).toEqual(["-0.0001 0.333333", "0.0000 0.333333", "0.0000 0.333334"]);
  expect(await earned("linear", "most")).toEqual(["33333333333333.3333 0.333333", "33333333333333.3333 0.333333", "33333333333333.3333 0.333334"]);
  expect(await earned("position_based", "most refund")).toEqual([
    "-40000000000000.0000 0.400000",
    "-20000000000000.0000 0.200000",
    "-39999999999999.9999 0.400000",
  ]);
  expect(await earned("linear", "zero")).toEqual(["0.0000 0.333333", "0.0000 0.333333", "0.0000 0.333334"]);
  expect(await earned("position_based", "one")).toEqual(["7.0000 1.000000"]);
  expect(await earned("position_based", "two")).toEqual(["3.5000 0.500000", "3.5000 0.500000"]);
  // Weights 4, 1, 1, 4 of 10.
  expect(await earned("position_based", "four")).toEqual(["2.8000 0.400000", "0.7000 0.100000", "0.7000 0.100000", "2.8000 0.400000"]);
});

test("an order that nothing led to has one row in each model, and so has one without an amount or a contact", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    order("alone", "03-08 12:00", 5, { "Customer ID": "C9", TLTSID: "s9" }),
    order("nobody's", "03-08 12:00", 6, { "Customer ID": "", TLTSID: "s8" }),
    behavior("order", "no amount", "03-08 12:00", { orderId: "no amount" }, { TLTSID: "s7" }),
  ]);
  const models = ["direct", "first", "last", "linear", "position_based", "time_decay"];
  const row = (order_key: string, revenue: string | null, currency: string | null) =>
    models.map((model) => ({
      model,
      order_key: `shop/${order_key}`,
      currency,
      revenue,
      orders: "1.000000",
      channel: null,
      campaign_id: null,
      message_id: null,
      click_key: null,
      touched_at: null,
      position: null,
      touches: "0",
    }));
  expect(
    await scratch.rows(
      "SELECT model, order_key, currency, revenue, orders, channel, campaign_id, message_id, click_key, touched_at, position, touches FROM marts.attribution ORDER BY order_key, model",
    ),
  ).toEqual([...row("alone", "5.0000", "EUR"), ...row("no amount", null, null), ...row("nobody's", "6.0000", "EUR")]);
});

/** What an order and its session name (key, time), and what has earned it. */
const DIRECT: Record<string, { own?: string; session?: [id: string, named: string, time: string][]; led: string | null }> = {
  "the click that the order names, though the session names another": { own: "k1", session: [["v", "k2", "03-08 11:00"]], led: "k1" },
  "the click that its session names": { session: [["v", "k2", "03-08 11:00"]], led: "k2" },
  "the latest that its session names before it": {
    session: [
      ["v1", "k2", "03-08 10:00"],
      ["v2", "k1", "03-08 11:00"],
      ["v3", "k2", "03-08 12:00:00.001"],
    ],
    led: "k1",
  },
  "that of the later key, of two at one moment": {
    session: [
      ["v2", "k2", "03-08 10:00"],
      ["v1", "k1", "03-08 10:00"],
    ],
    led: "k2",
  },
  "the latest, though nobody knows it": {
    session: [
      ["v1", "k1", "03-08 10:00"],
      ["v2", "unknown", "03-08 11:00"],
    ],
    led: null,
  },
  "nothing, where the order names what nobody knows": { own: "unknown", session: [["v", "k1", "03-08 11:00"]], led: null },
  "a message that was sent, where its id is named": { own: "sent", led: "sent" },
  "the click, where it shares its id with a send": { own: "both", led: "both" },
  "a click by a machine, where its id is named": { own: "bot", led: "bot" },
  "nothing where nothing is named": { led: null },
};

test("direct is what the order names, or else its session", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    click("k1", "01-01 12:00", { CAMPAIGN_ID: "of k1" }),
    click("k2", "01-02 12:00", { CAMPAIGN_ID: "of k2" }),
    click("bot", "01-02 12:00", { CAMPAIGN_ID: "of bot", BOT_DETECTED: "true" }),
    message("emailSend", "sent", "01-01 11:00", { CAMPAIGN_ID: "of sent" }),
    message("emailSend", "both", "01-05 11:00", { CAMPAIGN_ID: "of the send" }),
    click("both", "01-04 11:00", { CAMPAIGN_ID: "of both" }),
    ...Object.entries(DIRECT).flatMap(([name, { own, session = [] }]) => [
      ...session.map(([id, named, time]) => behavior("pageView", `${name} ${id}`, time, {}, { MESSAGE_SIGNAL_ID: named, TLTSID: name })),
      order(name, "03-08 12:00", 3, { TLTSID: name, ...(own === undefined ? {} : { MESSAGE_SIGNAL_ID: own }) }),
    ]),
  ]);
  const found = await scratch.rows(
    `SELECT o.order_id, a.click_key, a.channel, a.campaign_id, a.position, a.touches, a.revenue FROM marts.attribution a JOIN marts.orders_once o USING (order_key) WHERE model = 'direct'`,
  );
  const expected = Object.entries(DIRECT).map(([order_id, { led }]) => {
    const led_by =
      led === null
        ? { channel: null, campaign_id: null, position: null, touches: "0" }
        : { channel: "email", campaign_id: `of ${led}`, position: "1", touches: "1" };
    return [order_id, { order_id, click_key: led, ...led_by, revenue: "3.0000" }];
  });
  expect(Object.fromEntries(found.map((row) => [row["order_id"], row]))).toEqual(Object.fromEntries(expected));
});

test("windows are days of 24 hours by channel, as the settings say", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    click("email", "03-07 12:00"),
    message("smsClick", "sms", "03-07 12:00", { MESSAGE_ID: "m2" }),
    message("whatsAppClick", "whatsapp", "03-07 12:00", { MESSAGE_ID: "m3" }),
    order("o1", "03-09 12:00", 10),
  ]);
  await makeViews(scratch.warehouse.connection, { windowDays: { email: 3, sms: 2, whatsapp: 30 } });
  expect(await scratch.values("SELECT click_key FROM marts.order_touches ORDER BY 1")).toEqual(["email", "whatsapp"]);
});

test("credits add up to the orders in every model and currency, whatever they are", { tags: "long" }, async () => {
  const scratch = await scratchWarehouse();
  const units = fc.oneof(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }), fc.bigInt({ min: -10n, max: 10n }));
  const orders = fc.array(
    fc.record({ units, currency: fc.constantFrom("EUR", "USD", null), ages: fc.array(fc.nat(604_799_999), { maxLength: 12 }) }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(orders, async (all) => {
      await scratch.run("DELETE FROM marts.orders_once; DELETE FROM marts.clicks");
      for (const [n, { units: value, currency, ages }] of all.entries()) {
        await scratch.run(
          `INSERT INTO marts.orders_once BY NAME SELECT 'o${n}' AS order_key, 'c${n}' AS contact_id, TIMESTAMPTZ '2025-03-08 12:00:00Z' AS ordered_at,
             (${value}::DECIMAL(18, 0) * 0.0001)::DECIMAL(18, 4) AS order_value, ${currency === null ? "NULL" : `'${currency}'`} AS currency`,
        );
        if (ages.length === 0) continue;
        await scratch.run(
          `INSERT INTO marts.clicks BY NAME SELECT 'k' || i AS signal_key, 'm' || i AS message_id, 'email' AS channel, false AS is_bot, 'c${n}' AS contact_id,
             TIMESTAMPTZ '2025-03-08 12:00:00Z' - to_milliseconds(age) AS occurred_at FROM (SELECT unnest([${ages.join(", ")}]) AS age, generate_subscripts([${ages.join(", ")}], 1) AS i)`,
        );
      }
      const worth = await scratch.rows(
        "SELECT currency, sum(order_value)::DECIMAL(38, 4) AS revenue, count(*)::DECIMAL(38, 6) AS orders FROM marts.orders_once GROUP BY ALL ORDER BY ALL",
      );
      const earned = await scratch.rows(
        "SELECT model, currency, sum(revenue) AS revenue, sum(orders) AS orders FROM marts.attribution GROUP BY ALL ORDER BY ALL",
      );
      for (const model of ["direct", "first", "last", "linear", "position_based", "time_decay"])
        expect(earned.filter((row) => row["model"] === model)).toEqual(worth.map((row) => ({ model, ...row })));
    }),
    { numRuns: often(5, 100) },
  );
});

test("more touches than anybody clicks share an order exactly", async () => {
  const scratch = await scratchWarehouse();
  const moment = "TIMESTAMPTZ '2025-03-08 12:00:00Z'";
  await scratch.run(
    `INSERT INTO marts.orders_once BY NAME SELECT 'o' AS order_key, 'c' AS contact_id, ${moment} AS ordered_at, 99999999999999.9999 AS order_value, 'EUR' AS currency`,
  );
  await scratch.run(
    `INSERT INTO marts.clicks BY NAME SELECT 'k' || i AS signal_key, 'm' || i AS message_id, 'email' AS channel, false AS is_bot, 'c' AS contact_id, ${moment} - to_milliseconds(i) AS occurred_at FROM range(5000) t(i)`,
  );
  expect(
    await scratch.rows(
      "SELECT model, sum(revenue) AS revenue, sum(orders) AS orders, count(*) AS n FROM marts.attribution GROUP BY ALL ORDER BY ALL",
    ),
  ).toEqual(
    Object.entries({ direct: "1", first: "1", last: "1", linear: "5000", position_based: "5000", time_decay: "5000" }).map(([model, n]) => ({
      model,
      revenue: "99999999999999.9999",
      orders: "1.000000",
      n,
    })),
  );
});
