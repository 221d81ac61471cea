/** Contacts, what they bought, what happened with them, and whom one may write to. */
import { expect, test } from "vitest";
import { behavior, loadSignals, message, order } from "../../helpers/signals.ts";
import { scratchWarehouse } from "../../helpers/warehouse.ts";

const ROW = {
  last_sent_at: null,
  last_open_at: null,
  last_click_at: null,
  last_visit_at: null,
  complained: false,
  hard_bounced: false,
  orders: "0",
  first_order_at: null,
  last_order_at: null,
  consent_email: null,
  consent_sms: null,
  consent_whatsapp: null,
};
const utc = (time: string) => `2025-${time}:00+00`;

test("a contact is one, whatever it is known by, with what its latest signal says", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailSend", "1", "03-01 10:00", { Email: "Anna@x.example", Tier: "Gold", CONSENT_EMAIL: "OPT_IN" }),
    // By e-mail alone, and in other letters: the same contact, and later.
    message("emailOpen", "2", "03-02 10:00", { "Customer ID": "", Email: " anna@X.example ", Tier: "", CONSENT_EMAIL: "OPT_OUT" }),
    message("emailClick", "3", "03-01 11:00", { Email: "old@x.example", BOT_DETECTED: "true" }),
    message("emailClick", "4", "03-01 10:30", { Email: "old@x.example" }),
    // Later still, but known by its session only: it says nothing of the contact.
    behavior("identification", "5", "03-03 10:00", { identifierName: "Customer ID", identifierValue: "C1" }, { "Customer ID": "" }),
    behavior("pageView", "6", "03-04 10:00", {}, { "Customer ID": "" }),
    message("emailSend", "7", "03-01 10:00", { "Customer ID": "", Email: "berta@x.example", Tier: "Silver" }),
  ]);
  expect(await scratch.rows("FROM marts.contacts ORDER BY contact_id")).toEqual([
    {
      contact_id: "C1",
      ...ROW,
      first_seen_at: utc("03-01 10:00"),
      last_seen_at: utc("03-04 10:00"),
      last_sent_at: utc("03-01 10:00"),
      last_open_at: utc("03-02 10:00"),
      last_click_at: utc("03-01 10:30"),
      last_visit_at: utc("03-04 10:00"),
      consent_email: "OPT_OUT",
      contact_customer_id: null,
      contact_email: " anna@X.example ",
      contact_tier: null,
    },
    {
      contact_id: "email:berta@x.example",
      ...ROW,
      first_seen_at: utc("03-01 10:00"),
      last_seen_at: utc("03-01 10:00"),
      last_sent_at: utc("03-01 10:00"),
      contact_customer_id: null,
      contact_email: "berta@x.example",
      contact_tier: "Silver",
    },
  ]);
});

test("of signals at one moment the one with the later key says what a contact is", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailOpen", "b", "03-01 10:00", { Tier: "by b" }),
    message("emailOpen", "c", "03-01 10:00", { Tier: "by c" }),
    behavior("pageView", "a", "03-01 10:00", {}, { Tier: "by a" }),
  ]);
  expect(await scratch.values("SELECT contact_tier FROM marts.contacts")).toEqual(["by c"]);
});

test("what befell a contact: a complaint, a failure for good, orders", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailInbound", "1", "03-01 10:00", { CLASSIFICATION: "ABUSE" }),
    message("emailFailure", "2", "03-01 10:00", { "Customer ID": "C2", CLASSIFICATION: "PERMANENT" }),
    message("emailFailure", "3", "03-01 10:00", { "Customer ID": "C3", CLASSIFICATION: "TEMPORARY" }),
    order("o1", "03-02 10:00", "10.10"),
    order("o2", "03-03 10:00", "0.20", { "Customer ID": "" }),
    // The same order again, later and with another amount.
    order("o2 again", "03-04 10:00", "0.30", {}, { orderId: "o2" }),
    order("o3", "03-05 10:00", 7, {}, { currency: " usd " }),
    order("o4", "03-06 10:00", 9, { TLTSID: "s4" }, { test: true }),
  ]);
  expect(
    await scratch.rows("SELECT contact_id, complained, hard_bounced, orders, first_order_at, last_order_at FROM marts.contacts ORDER BY ALL"),
  ).toEqual([
    { contact_id: "C1", complained: true, hard_bounced: false, orders: "3", first_order_at: utc("03-02 10:00"), last_order_at: utc("03-05 10:00") },
    { contact_id: "C2", complained: false, hard_bounced: true, orders: "0", first_order_at: null, last_order_at: null },
    { contact_id: "C3", complained: false, hard_bounced: false, orders: "0", first_order_at: null, last_order_at: null },
  ]);
  expect(await scratch.rows("FROM marts.contact_revenue ORDER BY ALL")).toEqual([
    { contact_id: "C1", currency: "EUR", orders: "2", revenue: "10.4000", first_order_at: utc("03-02 10:00"), last_order_at: utc("03-03 10:00") },
    { contact_id: "C1", currency: "USD", orders: "1", revenue: "7.0000", first_order_at: utc("03-05 10:00"), last_order_at: utc("03-05 10:00") },
  ]);
});

test("a timeline has all signals of a contact, however it is known", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailClick", "1", "03-01 10:00", { LINK_ID: "l1" }),
    behavior("pageView", "2", "03-01 10:01", { url: "https://a.example/" }, { "Customer ID": "", TLTSID: "s2", MESSAGE_SIGNAL_ID: "1" }),
    order("o1", "03-01 10:02", "12.5", {}, { currency: "eur" }),
    order("o2", "03-01 10:03", 1, {}, { test: true }),
    message("emailOpen", "3", "03-01 10:04", { "Customer ID": "C2" }),
  ]);
  const nothing = { channel: null, campaign_id: null, message_id: null, amount: null, currency: null, tltsid: null };
  expect(await scratch.rows("FROM marts.contact_timeline WHERE contact_id = 'C1' ORDER BY occurred_at, signal_key")).toEqual([
    {
      contact_id: "C1",
      contact_via: "primary",
      occurred_at: utc("03-01 10:00"),
      signal_type: "emailClick",
      ...nothing,
      channel: "email",
      campaign_id: "c1",
      message_id: "m1",
      detail: "l1",
      signal_key: "1",
    },
    {
      contact_id: "C1",
      contact_via: "click",
      occurred_at: utc("03-01 10:01"),
      signal_type: "pageView",
      ...nothing,
      detail: "https://a.example/",
      tltsid: "s2",
      signal_key: "2",
    },
    {
      contact_id: "C1",
      contact_via: "primary",
      occurred_at: utc("03-01 10:02"),
      signal_type: "order",
      ...nothing,
      detail: "o1",
      amount: "12.5000",
      currency: "EUR",
      tltsid: "s1",
      signal_key: "o1",
    },
  ]);
});

/** What became of a contact, in words, and whether one may write to it by e-mail. */
const CONSENTS: Record<string, { may: boolean; signals: (readonly [type: string, time: string, more: Record<string, string>])[] }> = {
  "says OPT_IN": { may: true, signals: [["emailSend", "03-01 10:00", { CONSENT_EMAIL: "OPT_IN" }]] },
  "says nothing": { may: false, signals: [["emailSend", "03-01 10:00", {}]] },
  "says OPT_IN_UNVERIFIED": { may: false, signals: [["emailSend", "03-01 10:00", { CONSENT_EMAIL: "OPT_IN_UNVERIFIED" }]] },
  "went out": {
    may: false,
    signals: [
      ["emailSend", "03-01 10:00", { CONSENT_EMAIL: "OPT_IN" }],
      ["emailSend", "03-02 10:00", { CONSENT_EMAIL: "OPT_OUT" }],
    ],
  },
  "came in": {
    may: true,
    signals: [
      ["emailSend", "03-01 10:00", { CONSENT_EMAIL: "OPT_OUT" }],
      ["emailSend", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  unsubscribed: { may: false, signals: [["emailInbound", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN", CLASSIFICATION: "UNSUBSCRIBE" }]] },
  "unsubscribed, and no signal has said so": {
    may: false,
    signals: [
      ["emailInbound", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN", CLASSIFICATION: "UNSUBSCRIBE" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "unsubscribed, was out, and is in again": {
    may: true,
    signals: [
      ["emailInbound", "03-02 10:00", { CONSENT_EMAIL: "OPT_OUT", CLASSIFICATION: "UNSUBSCRIBE" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "was out, came in, and unsubscribed then": {
    may: false,
    signals: [
      ["emailSend", "03-01 10:00", { CONSENT_EMAIL: "OPT_OUT" }],
      ["emailInbound", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN", CLASSIFICATION: "UNSUBSCRIBE" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "unsubscribed from SMS": { may: true, signals: [["smsInbound", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN", CLASSIFICATION: "UNSUBSCRIBE" }]] },
  "complained long ago": {
    may: false,
    signals: [
      ["emailInbound", "01-02 10:00", { CLASSIFICATION: "ABUSE" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "complained about an SMS": {
    may: false,
    signals: [
      ["smsInbound", "01-02 10:00", { CLASSIFICATION: "ABUSE" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "was unreachable for good": {
    may: false,
    signals: [
      ["emailFailure", "01-02 10:00", { CLASSIFICATION: "PERMANENT" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "was unreachable for good by SMS": {
    may: true,
    signals: [
      ["smsFailure", "01-02 10:00", { CLASSIFICATION: "PERMANENT" }],
      ["emailSend", "03-03 10:00", { CONSENT_EMAIL: "OPT_IN" }],
    ],
  },
  "was unreachable once": { may: true, signals: [["emailFailure", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN", CLASSIFICATION: "TEMPORARY" }]] },
  "replied otherwise": { may: true, signals: [["emailInbound", "03-02 10:00", { CONSENT_EMAIL: "OPT_IN", CLASSIFICATION: "OTHER" }]] },
};

test("one may write to who consented last, and has not taken it back since", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(
    scratch,
    Object.entries(CONSENTS).flatMap(([name, { signals }]) =>
      signals.map(([type, time, more], n) => message(type, `${name} ${n}`, time, { "Customer ID": name, ...more })),
    ),
  );
  expect(await scratch.values("SELECT contact_id FROM marts.consented WHERE channel = 'email' ORDER BY 1")).toEqual(
    Object.keys(CONSENTS)
      .filter((name) => CONSENTS[name]?.may)
      .toSorted(),
  );
});

test.each([
  {
    what: "of each channel",
    columns: { Email: "a@x.example", "Phone Number": "+491511" },
    addresses: { email: "a@x.example", sms: "+491511", whatsapp: "+491511" },
  },
  {
    what: "of its own in WhatsApp",
    columns: { "WhatsApp Number": "+4930", SMS: "+491511" },
    addresses: { email: null, sms: "+491511", whatsapp: "+4930" },
  },
  { what: "that exports do not have", columns: {}, addresses: { email: null, sms: null, whatsapp: null } },
])("consented has the address $what", async ({ columns, addresses }) => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    message("emailSend", "1", "03-01 10:00", { CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_IN", CONSENT_WHATSAPP: "OPT_IN", ...columns }),
  ]);
  expect(Object.fromEntries((await scratch.rows("FROM marts.consented")).map((row) => [row["channel"], row["address"]]))).toEqual(addresses);
});
