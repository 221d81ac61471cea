/** message_behavior: each behavior signal once, with the message that led to it. */
import { expect, test } from "vitest";
import { campaignRevenue } from "../../sinks/revenue.ts";
import { csv, memoryFile, pageView, scratchWarehouse } from "../helpers/warehouse.ts";

const click = (id: string, more: Record<string, string> = {}) => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: "emailClick",
  TIMESTAMP: "2025-09-01T09:00:00.000Z",
  MESSAGE_ID: "m1",
  MESSAGE_NAME: "Sale",
  CAMPAIGN_ID: "c1",
  CAMPAIGN_NAME: "Autumn",
  BOT_DETECTED: "false",
  ...more,
});
const from = (message: string, id: string, more: Record<string, string> = {}) => pageView(id, "", { MESSAGE_SIGNAL_ID: message, ...more });
const ROWS = `SELECT signal_key, matched, message_signal_type AS type, message_channel AS channel, message_id, message_name, campaign_id, campaign_name, bot_detected,
  strftime(message_occurred_at, '%H:%M') AS at FROM message_behavior ORDER BY signal_key`;
const nothing = {
  type: null,
  channel: null,
  message_id: null,
  message_name: null,
  campaign_id: null,
  campaign_name: null,
  bot_detected: null,
  at: null,
};
const autumn = {
  type: "emailClick",
  channel: "email",
  message_id: "m1",
  message_name: "Sale",
  campaign_id: "c1",
  campaign_name: "Autumn",
  bot_detected: false,
  at: "09:00",
};

test("has every behavior signal, and matched tells whether its message is there", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([
    memoryFile(
      "a.csv",
      1,
      csv([click("k1"), { ...click(""), SIGNAL_TYPE: "smsClick" }, from("k1", "1"), from("k1", "2"), from("unknown", "3"), pageView("4")]),
    ),
  ]);
  expect(await scratch.rows(ROWS)).toEqual([
    { signal_key: "1", matched: true, ...autumn },
    { signal_key: "2", matched: true, ...autumn },
    { signal_key: "3", matched: false, ...nothing },
    { signal_key: "4", matched: false, ...nothing },
  ]);
});

test("matches as soon as the message is loaded", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([from("k1", "1")]))]);
  expect(await scratch.values("SELECT matched FROM message_behavior")).toEqual([false]);
  await scratch.load([memoryFile("b.csv", 2, csv([click("k1")]))]);
  expect(await scratch.values("SELECT matched FROM message_behavior")).toEqual([true]);
});

test("never multiplies rows, even where a message is there twice; the latest one counts", async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([click("k1"), from("k1", "1"), from("k1", "2"), pageView("3")]))]);
  await scratch.run(
    `INSERT INTO marketing_signals BY NAME SELECT * REPLACE ('Later' AS campaign_name, occurred_at + INTERVAL 1 MINUTE AS occurred_at) FROM marketing_signals`,
  );
  await scratch.run(
    "INSERT INTO marketing_signals BY NAME SELECT * REPLACE (9 AS load_id, 'The same' AS message_name) FROM marketing_signals WHERE campaign_name = 'Later'",
  );
  expect(await scratch.rows(ROWS)).toEqual([
    { signal_key: "1", matched: true, ...autumn, campaign_name: "Later", message_name: "The same", at: "09:01" },
    { signal_key: "2", matched: true, ...autumn, campaign_name: "Later", message_name: "The same", at: "09:01" },
    { signal_key: "3", matched: false, ...nothing },
  ]);
});

test("has the behavior row's own columns, contact columns among them", async () => {
  const scratch = await scratchWarehouse();
  const order = {
    SIGNAL_TYPE: "order",
    SIGNAL_CONTENT: JSON.stringify({ signalType: "order", orderId: "o", orderValue: "12.50" }),
    "Loyalty Tier": "gold",
  };
  await scratch.load([memoryFile("a.csv", 1, csv([click("k1", { "Loyalty Tier": "silver" }), from("k1", "1", order)]))]);
  expect(await scratch.rows("SELECT signal_type, order_id, order_value, contact_loyalty_tier, load_id, record_no FROM message_behavior")).toEqual([
    { signal_type: "order", order_id: "o", order_value: "12.5000", contact_loyalty_tier: "gold", load_id: "1", record_no: "2" },
  ]);
});

test("gives the revenue of campaigns: orders by the message that they name, by currency, beside all clicks", async () => {
  const scratch = await scratchWarehouse();
  const order = (id: string, message: string, orderValue: unknown, currency = "EUR") =>
    from(message, id, { SIGNAL_TYPE: "order", SIGNAL_CONTENT: JSON.stringify({ signalType: "order", orderValue, currency }) });
  await scratch.load([
    memoryFile(
      "a.csv",
      1,
      csv([
        click("k1"),
        click("k2"),
        { ...click("sent"), SIGNAL_TYPE: "emailSend" },
        order("1", "k1", 0.1),
        order("2", "k1", 0.2),
        order("3", "k2", "99999999999999.9999"),
        order("4", "k2", 5, "USD"),
        order("5", "sent", 1_000),
        order("6", "unknown", 1_000),
        from("k1", "7"),
      ]),
    ),
  ]);
  const autumnRevenue = { campaign_id: "c1", campaign_name: "Autumn", channel: "email" };
  expect(await campaignRevenue(scratch.warehouse.connection)).toEqual([
    { ...autumnRevenue, clicks: 2n, orders: 4n, currency: "EUR", revenue: "100000000001000.2999" },
    { ...autumnRevenue, clicks: 2n, orders: 1n, currency: "USD", revenue: "5.0000" },
  ]);
});
