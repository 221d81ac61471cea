/** What became of sends, by day and message: figures by hand. */
import { expect, test } from "vitest";
import { loadSignals, message } from "../../helpers/signals.ts";
import { scratchWarehouse } from "../../helpers/warehouse.ts";

const bot = { BOT_DETECTED: "true", BOT_DETECTION_REASON: "USER_AGENT" };
const mpp = { BOT_DETECTED: "true", BOT_DETECTION_REASON: "APPLE_MPP" };
const to = (contact: string, more: Record<string, string> = {}) => ({ "Customer ID": contact, ...more });

/** Five sends of one day around midnight in New York, one of the next, and what became of them. */
const SENDS = [
  ...["A", "B", "C", "D", "E"].flatMap((contact) => [message("emailSend", `s${contact}`, "03-01 23:30", to(contact))]),
  message("emailSend", "sF", "03-02 00:30", to("F")),
  ...["A", "B", "C"].map((contact) => message("emailDelivery", `d${contact}`, "03-01 23:31", to(contact))),
  message("emailDelivery", "dF", "03-02 00:31", to("F")),
  // A: opened twice by a person and once by Apple, clicked by a machine and then by a person.
  message("emailOpen", "oA1", "03-03 10:00", to("A")),
  message("emailOpen", "oA2", "03-04 10:00", to("A")),
  message("emailOpen", "oA3", "03-01 23:32", to("A", mpp)),
  message("emailClick", "kA1", "03-01 23:32", to("A", bot)),
  message("emailClick", "kA2", "03-03 10:01", to("A")),
  // B: by machines only, and unsubscribes. C: clicked without an open, and complains.
  message("emailOpen", "oB1", "03-01 23:33", to("B", mpp)),
  message("emailClick", "kB1", "03-01 23:33", to("B", bot)),
  message("emailInbound", "iB1", "03-05 10:00", to("B", { CLASSIFICATION: "UNSUBSCRIBE" })),
  message("emailClick", "kC1", "03-03 10:01", to("C")),
  message("emailInbound", "iC1", "03-05 10:00", to("C", { CLASSIFICATION: "ABUSE" })),
  // D fails for good, E for now.
  message("emailFailure", "fD", "03-01 23:31", to("D", { CLASSIFICATION: "PERMANENT", CLASSIFICATION_CODE: "BAD_RECIPIENT" })),
  message("emailFailure", "fE", "03-01 23:31", to("E", { CLASSIFICATION: "TEMPORARY", CLASSIFICATION_CODE: "SYSTEM" })),
];

const FIRST_DAY = {
  sent: "5",
  delivered: "3",
  hard_bounced: "1",
  soft_bounced: "1",
  opened: "1",
  opened_with_bots: "2",
  opens_total: "4",
  bot_opens: "2",
  mpp_opens: "2",
  mpp_opened: "2",
  clicked: "2",
  clicked_with_bots: "3",
  clicks_total: "4",
  bot_clicks: "2",
  engaged: "2",
  unsubscribed: "1",
  complained: "1",
  trackable_opens: "3",
  trackable_clicks: "3",
};
const ORPHANS = { orphan_deliveries: "0", orphan_opens: "0", orphan_bot_opens: "0", orphan_clicks: "0", orphan_bot_clicks: "0" };
const none = (counts: Readonly<Record<string, string>>) => Object.fromEntries(Object.keys(counts).map((name) => [name, "0"]));

test("campaign_daily counts a day's sends, and what became of them whenever it did", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, SENDS);
  const shared = { channel: "email", campaign_id: "c1", message_id: "m1" };
  expect(await scratch.rows("FROM marts.campaign_daily ORDER BY sent_on")).toEqual([
    { sent_on: "2025-03-01", ...shared, ...FIRST_DAY, ...ORPHANS },
    { sent_on: "2025-03-02", ...shared, ...none(FIRST_DAY), sent: "1", delivered: "1", trackable_opens: "1", trackable_clicks: "1", ...ORPHANS },
  ]);
});

test("campaign_performance divides after adding up", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, SENDS);
  expect(
    await scratch.rows(`SELECT first_sent_on, last_sent_on, sent, delivery_rate, bounce_rate, open_rate, open_rate_with_bots, click_rate, click_rate_with_bots,
      click_to_open_rate, unsubscribe_rate, complaint_rate FROM marts.campaign_performance`),
  ).toEqual([
    {
      first_sent_on: "2025-03-01",
      last_sent_on: "2025-03-02",
      sent: "6",
      delivery_rate: 4 / 6,
      bounce_rate: 2 / 6,
      open_rate: 1 / 4,
      open_rate_with_bots: 2 / 4,
      click_rate: 2 / 4,
      click_rate_with_bots: 3 / 4,
      click_to_open_rate: 2 / 2,
      unsubscribe_rate: 1 / 4,
      complaint_rate: 1 / 4,
    },
  ]);
});

test.each([
  { level: "unique", opens: "1", clicks: "1" },
  { level: "", opens: "1", clicks: "1" },
  { level: "aggregate", opens: "1", clicks: "1" },
  { level: "opens_only", opens: "1", clicks: "0" },
  { level: "no_tracking", opens: "0", clicks: "0" },
])("what is tracked as '$level' is in the denominators of what can be seen", async ({ level, opens, clicks }) => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailSend", "s", "03-01 10:00", { EMAIL_TRACKING_LEVEL: level }),
    message("emailDelivery", "d", "03-01 10:01"),
  ]);
  expect(await scratch.rows("SELECT trackable_opens, trackable_clicks, delivered, open_rate, click_rate FROM marts.campaign_performance")).toEqual([
    { trackable_opens: opens, trackable_clicks: clicks, delivered: "1", open_rate: opens === "1" ? 0 : null, click_rate: clicks === "1" ? 0 : null },
  ]);
});

test("an SMS has no opens, and no rate of them", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("smsSend", "s", "03-01 10:00"),
    message("smsDelivery", "d", "03-01 10:01"),
    message("smsClick", "k", "03-01 10:02"),
  ]);
  expect(await scratch.rows("SELECT channel, trackable_opens, open_rate, click_rate, click_to_open_rate FROM marts.campaign_performance")).toEqual([
    { channel: "sms", trackable_opens: "0", open_rate: null, click_rate: 1, click_to_open_rate: null },
  ]);
});

test("what belongs to no send is counted apart, on its own day", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailDelivery", "d", "03-01 10:00", { CAMPAIGN_ID: "" }),
    message("emailOpen", "o", "03-01 11:00", { CAMPAIGN_ID: "" }),
    message("emailClick", "k1", "03-01 12:00", { CAMPAIGN_ID: "", ...bot }),
    message("emailClick", "k2", "03-01 12:00", { CAMPAIGN_ID: "" }),
    message("emailFailure", "f", "03-02 12:00", { CAMPAIGN_ID: "" }),
  ]);
  expect(await scratch.rows("FROM marts.campaign_daily")).toEqual([
    {
      sent_on: "2025-03-01",
      channel: "email",
      campaign_id: null,
      message_id: "m1",
      ...none(FIRST_DAY),
      orphan_deliveries: "1",
      orphan_opens: "1",
      orphan_bot_opens: "0",
      orphan_clicks: "2",
      orphan_bot_clicks: "1",
    },
  ]);
  expect(await scratch.rows("SELECT first_sent_on, sent, delivery_rate, orphan_clicks FROM marts.campaign_performance")).toEqual([
    { first_sent_on: null, sent: "0", delivery_rate: null, orphan_clicks: "2" },
  ]);
});

test.each([
  {
    what: "the latest, whatever the order in the file",
    names: [
      ["x", "03-02 10:00", "Late"],
      ["y", "03-01 10:00", "Early"],
    ],
    name: "Late",
  },
  {
    what: "of two at one moment that with the later key",
    names: [
      ["x", "03-01 10:00", "By x"],
      ["y", "03-01 10:00", "By y"],
      ["a", "03-01 10:00", "By a"],
    ],
    name: "By y",
  },
  {
    what: "the latest that there is",
    names: [
      ["x", "03-01 10:00", "Early"],
      ["y", "03-02 10:00", ""],
    ],
    name: "Early",
  },
  { what: "one in letters of any script", names: [["x", "03-01 10:00", "مرحبا 🎉"]], name: "مرحبا 🎉" },
  { what: "nothing where nobody says it", names: [["x", "03-01 10:00", ""]], name: null },
] as { what: string; names: [string, string, string][]; name: string | null }[])(
  "a renamed campaign is one campaign, and its name is $what",
  async ({ names, name }) => {
    const scratch = await scratchWarehouse();
    await loadSignals(
      scratch,
      names.map(([id, time, called]) => message("emailSend", id, time, { CAMPAIGN_NAME: called, MESSAGE_NAME: called })),
    );
    expect(await scratch.rows("SELECT campaign_id, campaign_name, message_id, message_name, sent FROM marts.campaign_performance")).toEqual([
      { campaign_id: "c1", campaign_name: name, message_id: "m1", message_name: name, sent: String(names.length) },
    ]);
  },
);

test("deliverability_daily counts by sender, domain and reason", async () => {
  const scratch = await scratchWarehouse();
  const from = { EMAIL_FROM_ADDRESS: "shop@a.example", VMTA_POOL: "p1" };
  const mailTo = (contact: string, email: string) => ({ "Customer ID": contact, Email: email, ...from });
  await loadSignals(scratch, [
    message("emailSend", "s1", "03-01 23:30", mailTo("A", "a@X.example")),
    message("emailSend", "s2", "03-01 10:00", mailTo("B", "b@x.EXAMPLE")),
    message("emailSend", "s3", "03-01 10:00", mailTo("C", "c@y.example")),
    message("smsSend", "s4", "03-01 10:00", { "Customer ID": "D", Email: "d@x.example" }),
    message("emailDelivery", "d1", "03-01 23:31", mailTo("A", "")),
    message("emailOpen", "o1", "03-01 23:31", { ...mailTo("A", ""), ...mpp }),
    message("emailDelivery", "d2", "03-01 10:01", mailTo("B", "")),
    message("emailOpen", "o2", "03-01 10:02", mailTo("B", "")),
    message("emailFailure", "f3", "03-01 10:01", { ...mailTo("C", ""), CLASSIFICATION: "PERMANENT", CLASSIFICATION_CODE: "BAD_RECIPIENT" }),
  ]);
  const zeros = { delivered: "0", hard_bounced: "0", soft_bounced: "0", complained: "0", unsubscribed: "0", opened: "0", mpp_opened: "0" };
  const sent = { sent_on: "2025-03-01", channel: "email", email_from_address: "shop@a.example", vmta_pool: "p1" };
  expect(await scratch.rows("FROM marts.deliverability_daily ORDER BY channel, recipient_domain")).toEqual([
    { ...sent, recipient_domain: "x.example", failure_code: null, ...zeros, sent: "2", delivered: "2", opened: "1", mpp_opened: "1" },
    { ...sent, recipient_domain: "y.example", failure_code: "BAD_RECIPIENT", ...zeros, sent: "1", hard_bounced: "1" },
    { ...sent, channel: "sms", email_from_address: null, vmta_pool: null, recipient_domain: null, failure_code: null, ...zeros, sent: "1" },
  ]);
});
