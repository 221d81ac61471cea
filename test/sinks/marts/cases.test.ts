/** Small exports made by hand, with what the marts must say of them, worked out by hand. */
import { describe, expect, test } from "vitest";
import type { Reader } from "../../../pipeline/load/load-files.ts";
import { act, BOT, click, type CsvRow, delivery, failure, inbound, of, open, order, send, sms } from "../../helpers/mart-rows.ts";
import { csv, memoryFile, type Scratch, scratchWarehouse } from "../../helpers/warehouse.ts";

interface Case {
  /** What the export, or each of several, has. */
  files: CsvRow[][];
  /** Rows of a query, each as its values with bars between them; what is null is a dash. */
  says: (readonly [sql: string, rows: string[]])[];
}

async function ask(scratch: Scratch, sql: string): Promise<string[]> {
  return (await scratch.rows(sql)).map((row) =>
    Object.values(row)
      .map((value) => (value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value)))
      .join(" | "),
  );
}

const ORDERS = "SELECT order_key, order_value, currency, contact_id, contact_via, signals::INTEGER FROM marts.orders_once ORDER BY ALL";
const PEOPLE = "SELECT contact_id FROM marts.contacts ORDER BY ALL";
const BY_MODEL = `SELECT model, campaign_id, message_id, position, touches, revenue, orders FROM marts.attribution WHERE orders <> 0 ORDER BY ALL`;
const UNATTRIBUTED = "SELECT count(*)::INTEGER FROM marts.attribution WHERE touches = 0 AND campaign_id IS NULL AND position IS NULL";
const SENDS =
  "SELECT send_key, contact_id, contact_via, delivered, opens::INTEGER, clicks::INTEGER, bot_clicks::INTEGER FROM marts.sends ORDER BY ALL";
const ORPHANS = "SELECT signal_key, action, contact_id FROM marts.orphans ORDER BY ALL";
const DAILY = `SELECT strftime(sent_on, '%m-%d'), channel, campaign_id, message_id, sent::INTEGER, delivered::INTEGER, opened::INTEGER, clicked::INTEGER, clicked_with_bots::INTEGER,
  clicks_total::INTEGER, bot_clicks::INTEGER, orphan_clicks::INTEGER FROM marts.campaign_daily ORDER BY ALL`;
const RATES = `SELECT message_id, round(delivery_rate, 4), round(open_rate, 4), round(click_rate, 4), round(click_to_open_rate, 4), round(bounce_rate, 4)
  FROM marts.campaign_performance ORDER BY ALL`;
const ALL_MARTS = [
  "contact_aliases",
  "session_contacts",
  "sends",
  "orphans",
  "orders_once",
  "marketing",
  "behavior",
  "campaign_daily",
  "campaign_names",
  "message_names",
  "campaign_performance",
  "order_touches",
  "attribution",
  "sessions",
  "product_daily",
  "cart_recovery",
  "deliverability_daily",
  "search_terms",
  "daily",
  "contacts",
  "contact_revenue",
  "contact_timeline",
  "consented",
];
const FILLED = ALL_MARTS.map((mart) => `SELECT '${mart}' AS mart WHERE EXISTS (FROM marts.${mart})`).join(" UNION ALL ");
const filled = `SELECT mart FROM (${FILLED}) ORDER BY ALL`;

const models = (rest: string) => ["first", "last", "linear", "position_based", "time_decay"].map((model) => `${model} | ${rest}`);
const reached = (name: string): CsvRow => ({ Email: `${name}@x.example`, "Phone Number": `+49151${name.charCodeAt(0)}` });
const family = { Email: "family@x.example" };
const THREE = [
  click("a", "-6 10:00", "anna", of("c1", "m1")),
  click("b", "-3 10:00", "anna", of("c2", "m2")),
  click("c", "10:00", "anna", of("c3", "m3")),
];

const CASES: Record<string, Case> = {
  "a mailbox that two people share is nobody's": {
    files: [
      [
        send("s1", "08:00", "anna", family),
        send("s2", "08:00", "bert", family),
        click("k", "09:00", "", { Email: "Family@X.example " }),
        order("W", "10:00", "anna", "10"),
      ],
    ],
    says: [
      ["SELECT alias, contact_id, is_shared FROM marts.contact_aliases", ["email:family@x.example | – | true"]],
      [PEOPLE, ["anna", "bert"]],
      [ORPHANS, ["k | click | –"]],
      [UNATTRIBUTED, ["6"]],
    ],
  },
  "a contact's key appears late, in another file": {
    files: [
      [send("s1", "08:00", "", { Email: "anna@x.example" }), click("k", "09:00", "", { Email: " ANNA@x.example" })],
      [order("W", "10:00", "anna", "10", {}, { Email: "anna@x.example" })],
    ],
    says: [
      [SENDS, ["s1 | anna | secondary | false | 0 | 1 | 0"]],
      [PEOPLE, ["anna"]],
      [ORDERS, ["shop/W | 10.0000 | EUR | anna | primary | 1"]],
      [BY_MODEL, ["direct | – | – | – | 0 | 10.0000 | 1.000000", ...models("autumn | hello | 1 | 1 | 10.0000 | 1.000000")]],
    ],
  },
  "an address without a key is a contact of its own": {
    files: [[send("s1", "08:00", "", { Email: "Zoe@x.example" }), send("s2", "08:00", "", { "Phone Number": "+49 151 1" })]],
    says: [
      [SENDS, ["s1 | email:zoe@x.example | secondary | false | 0 | 0 | 0", "s2 | phone_number:+491511 | secondary | false | 0 | 0 | 0"]],
      [PEOPLE, ["email:zoe@x.example", "phone_number:+491511"]],
    ],
  },
  "an identification tells whose session it is": {
    files: [
      [
        act("pageView", "v", "09:00", ""),
        act("identification", "i", "09:01", "", { identifierName: "customer_id", identifierValue: "anna" }),
        order("W", "10:00", "", "10"),
        send("s1", "08:00", "anna"),
      ],
    ],
    says: [
      [ORDERS, ["shop/W | 10.0000 | EUR | anna | session | 1"]],
      [
        "SELECT signal_key, contact_id, contact_via FROM marts.behavior ORDER BY ALL",
        ["W | anna | session", "i | anna | primary", "v | anna | session"],
      ],
      ["SELECT tltsid, contact_id FROM marts.session_contacts WHERE contact_id IS NOT NULL", ["s | anna"]],
    ],
  },
  "a session of two people is nobody's, but for the click that led there": {
    files: [
      [
        click("k", "08:00", "carl"),
        act("identification", "i1", "09:01", "", { identifierName: "Customer ID", identifierValue: "anna" }),
        act("identification", "i2", "09:02", "", { identifierName: "Customer ID", identifierValue: "bert" }),
        order("W1", "10:00", "", "10"),
        order("W2", "10:01", "", "20", {}, { MESSAGE_SIGNAL_ID: "k" }),
      ],
    ],
    says: [
      [ORDERS, ["shop/W1 | 10.0000 | EUR | – | – | 1", "shop/W2 | 20.0000 | EUR | carl | click | 1"]],
      ["SELECT count(*)::INTEGER FROM marts.session_contacts WHERE contact_id IS NOT NULL", ["0"]],
    ],
  },
  "a bot clicks before a human": {
    files: [
      [
        send("s1", "08:00", "anna"),
        delivery("d1", "08:00:02", "anna"),
        click("b1", "08:00:03", "anna", BOT),
        click("k1", "09:00", "anna"),
        send("s2", "08:00", "bert"),
        delivery("d2", "08:00:02", "bert"),
        click("b2", "08:00:03", "bert", BOT),
        order("W1", "10:00", "anna", "10"),
        order("W2", "10:00", "bert", "20"),
      ],
    ],
    says: [
      [SENDS, ["s1 | anna | primary | true | 0 | 2 | 1", "s2 | bert | primary | true | 0 | 1 | 1"]],
      [DAILY, ["09-10 | email | autumn | hello | 2 | 2 | 0 | 1 | 2 | 3 | 2 | 0"]],
      ["SELECT click_key, sum(revenue) FROM marts.attribution WHERE model = 'linear' GROUP BY ALL ORDER BY ALL", ["k1 | 10.0000", "– | 20.0000"]],
      ["SELECT send_key, strftime(first_click_at AT TIME ZONE 'UTC', '%H:%M') FROM marts.sends ORDER BY ALL", ["s1 | 09:00", "s2 | –"]],
    ],
  },
  "an order before the click": {
    files: [[order("W", "10:00", "anna", "10"), click("k", "10:00:01", "anna")]],
    says: [[UNATTRIBUTED, ["6"]]],
  },
  "clicks at both ends of the window": {
    files: [
      [
        click("a", "-7 10:00", "anna", of("c1", "m1")),
        click("b", "-7 10:00:01", "anna", of("c2", "m2")),
        click("c", "10:00", "anna", of("c3", "m3")),
        order("W", "10:00", "anna", "10"),
      ],
    ],
    says: [["SELECT campaign_id, revenue FROM marts.attribution WHERE model = 'linear' ORDER BY ALL", ["c2 | 5.0000", "c3 | 5.0000"]]],
  },
  "two currencies are never added": {
    files: [
      [
        order("W1", "10:00", "anna", "10"),
        order("W2", "10:01", "anna", "20", { currency: " chf " }),
        order("W3", "10:02", "anna", "5.5", { currency: "CHF" }),
      ],
    ],
    says: [
      [
        "SELECT contact_id, currency, orders::INTEGER, revenue FROM marts.contact_revenue ORDER BY ALL",
        ["anna | CHF | 2 | 25.5000", "anna | EUR | 1 | 10.0000"],
      ],
      ["SELECT tltsid, orders::INTEGER, order_value FROM marts.sessions", ["s | 3 | –"]],
      ["SELECT currency, sum(revenue) FROM marts.attribution WHERE model = 'last' GROUP BY ALL ORDER BY ALL", ["CHF | 25.5000", "EUR | 10.0000"]],
    ],
  },
  // -0.0100 in three: -0.0034, -0.0067, -0.0100 are what is reached behind each. A million orders in three: 333333, 666666, 1000000.
  "a refund of a cent, among three messages": {
    files: [[...THREE, order("R", "10:00", "anna", "-0.01")]],
    says: [
      [
        "SELECT campaign_id, position, touches, revenue, orders FROM marts.attribution WHERE model = 'linear' ORDER BY ALL",
        ["c1 | 1 | 3 | -0.0034 | 0.333333", "c2 | 2 | 3 | -0.0033 | 0.333333", "c3 | 3 | 3 | -0.0033 | 0.333334"],
      ],
    ],
  },
  // Two fifths, one, two of 999999999999999999 ten-thousandths: 399999999999999999, 599999999999999999 and all are what is reached behind each.
  "the largest amount, among three messages": {
    files: [[...THREE, order("W", "10:00", "anna", "99999999999999.9999")]],
    says: [
      [
        "SELECT campaign_id, revenue FROM marts.attribution WHERE model = 'position_based' ORDER BY ALL",
        ["c1 | 39999999999999.9999", "c2 | 20000000000000.0000", "c3 | 40000000000000.0000"],
      ],
      [
        "SELECT model, sum(revenue) FROM marts.attribution GROUP BY ALL ORDER BY ALL",
        ["direct", "first", "last", "linear", "position_based", "time_decay"].map((model) => `${model} | 99999999999999.9999`),
      ],
    ],
  },
  // Six, three and no days ago weigh 552045, 742997 and 1000000; of 2295042 that makes 0.2405, 0.5643 and 1 of an order of 1.0000.
  "what is longer ago counts less": {
    files: [[...THREE, order("W", "10:00", "anna", "1")]],
    says: [
      [
        "SELECT campaign_id, revenue, orders FROM marts.attribution WHERE model = 'time_decay' ORDER BY ALL",
        ["c1 | 0.2405 | 0.240538", "c2 | 0.3237 | 0.323740", "c3 | 0.4358 | 0.435722"],
      ],
    ],
  },
  "an order that is sent twice is one, with its latest amounts": {
    files: [
      [
        click("k", "09:00", "anna"),
        order("W", "10:00", "anna", "10", { orderedItems: [{ productId: "p", itemQuantity: 1, unitPrice: 10 }] }),
        order("W", "10:01", "anna", "8", { orderedItems: [{ productId: "p", itemQuantity: 1, unitPrice: 8 }] }, { SIGNAL_ID: "W again" }),
      ],
    ],
    says: [
      [ORDERS, ["shop/W | 8.0000 | EUR | anna | primary | 2"]],
      ["SELECT signal_key, strftime(ordered_at AT TIME ZONE 'UTC', '%H:%M') FROM marts.orders_once", ["W again | 10:00"]],
      [BY_MODEL, ["direct | – | – | – | 0 | 8.0000 | 1.000000", ...models("autumn | hello | 1 | 1 | 8.0000 | 1.000000")]],
      ["SELECT product_id, bought::INTEGER FROM marts.product_daily", ["p | 1"]],
      ["SELECT contact_id, orders::INTEGER FROM marts.contacts", ["anna | 1"]],
    ],
  },
  "orders with a blank number are one each": {
    files: [
      [
        order("", "10:00", "anna", "10", {}, { SIGNAL_ID: "a" }),
        order(" ", "10:01", "bert", "8", {}, { SIGNAL_ID: "b" }),
        order("", "10:02", "anna", "5", {}, { SIGNAL_ID: "c" }),
      ],
    ],
    says: [
      [ORDERS, ["a | 10.0000 | EUR | anna | primary | 1", "b | 8.0000 | EUR | bert | primary | 1", "c | 5.0000 | EUR | anna | primary | 1"]],
      ["SELECT contact_id, revenue FROM marts.contact_revenue ORDER BY ALL", ["anna | 15.0000", "bert | 8.0000"]],
      ["SELECT count(order_id)::INTEGER FROM marts.orders_once", ["0"]],
      ["SELECT orders::INTEGER, order_value FROM marts.sessions", ["3 | 23.0000"]],
    ],
  },
  "the same order id in two apps is two orders": {
    files: [
      [order("W", "10:00", "anna", "10"), order("W", "10:01", "bert", "8", {}, { SIGNAL_ID: "W of the app", ACOUSTIC_APP_KEY: "app", TLTSID: "t" })],
    ],
    says: [[ORDERS, ["app/W | 8.0000 | EUR | bert | primary | 1", "shop/W | 10.0000 | EUR | anna | primary | 1"]]],
  },
  "direct is what the order names, else what its session named last": {
    files: [
      [
        click("k1", "07:00", "anna", of("c1", "m1")),
        click("k2", "08:00", "anna", of("c2", "m2")),
        act("pageView", "v1", "08:30", "anna", {}, { MESSAGE_SIGNAL_ID: "k2" }),
        act("pageView", "v2", "08:31", "anna", {}, { MESSAGE_SIGNAL_ID: "k1" }),
        act("pageView", "v3", "08:32", "anna", {}),
        order("W1", "09:00", "anna", "1"),
        order("W2", "09:01", "anna", "2", {}, { MESSAGE_SIGNAL_ID: "k2", TLTSID: "t" }),
        order("W3", "09:02", "anna", "4", {}, { TLTSID: "u" }),
      ],
    ],
    says: [
      [
        "SELECT order_key, campaign_id, click_key, touches, revenue FROM marts.attribution WHERE model = 'direct' ORDER BY ALL",
        ["shop/W1 | c1 | k1 | 1 | 1.0000", "shop/W2 | c2 | k2 | 1 | 2.0000", "shop/W3 | – | – | 0 | 4.0000"],
      ],
    ],
  },
  "a message without a campaign": {
    files: [
      [
        send("s1", "08:00", "anna", { CAMPAIGN_ID: undefined, CAMPAIGN_NAME: undefined }),
        delivery("d1", "08:01", "anna", { CAMPAIGN_ID: undefined, CAMPAIGN_NAME: undefined }),
        click("k1", "09:00", "anna", { CAMPAIGN_ID: undefined, CAMPAIGN_NAME: undefined }),
        order("W", "10:00", "anna", "10"),
      ],
    ],
    says: [
      [DAILY, ["09-10 | email | – | hello | 1 | 1 | 0 | 1 | 1 | 1 | 0 | 0"]],
      [BY_MODEL, ["direct | – | – | – | 0 | 10.0000 | 1.000000", ...models("– | hello | 1 | 1 | 10.0000 | 1.000000")]],
      ["SELECT campaign_id, campaign_name, message_name, sent::INTEGER FROM marts.campaign_performance", ["– | – | Hello | 1"]],
    ],
  },
  "a thousand campaigns": {
    files: [
      Array.from({ length: 1_000 }, (_, number) => [
        send(`s${number}`, "08:00", `C-${number % 7}`, of(`c${number}`, `m${number}`)),
        click(`k${number}`, "09:00", `C-${number % 7}`, of(`c${number}`, `m${number}`)),
      ]).flat(),
    ],
    says: [
      ["SELECT count(*)::INTEGER, sum(sent)::INTEGER, sum(clicked)::INTEGER FROM marts.campaign_performance", ["1000 | 1000 | 1000"]],
      [
        "SELECT campaign_id, campaign_name, message_name, sent::INTEGER FROM marts.campaign_performance WHERE campaign_id = 'c999'",
        ["c999 | c999 | m999 | 1"],
      ],
    ],
  },
  "names in other scripts, and a campaign that is renamed, which stays one": {
    files: [
      [
        send("s1", "08:00", "anna", { CAMPAIGN_NAME: "Autumn", MESSAGE_NAME: "Hello" }),
        send("s2", "+1 08:00", "anna", { CAMPAIGN_NAME: "حملة الخريف 🎉", MESSAGE_NAME: "שלום 👋🏽" }),
        send("s3", "-1 08:00", "anna", { CAMPAIGN_NAME: "Draft", MESSAGE_NAME: undefined }),
      ],
    ],
    says: [
      ["SELECT campaign_id, campaign_name, message_name, sent::INTEGER FROM marts.campaign_performance", ["autumn | حملة الخريف 🎉 | שלום 👋🏽 | 3"]],
      ["SELECT strftime(first_sent_on, '%m-%d'), strftime(last_sent_on, '%m-%d') FROM marts.campaign_performance", ["09-09 | 09-11"]],
    ],
  },
  "what was sent twice, with clocks that differ": {
    files: [
      [
        send("s1", "08:00", "anna"),
        send("s2", "12:00", "anna"),
        delivery("d0", "07:54:59", "anna"),
        delivery("d1", "07:55", "anna"),
        open("o1", "11:54:59", "anna"),
        open("o2", "11:55", "anna"),
        click("k2", "+90 12:00", "anna"),
        click("k3", "+90 12:00:01", "anna"),
      ],
    ],
    says: [
      [SENDS, ["s1 | anna | primary | true | 1 | 0 | 0", "s2 | anna | primary | false | 1 | 1 | 0"]],
      [ORPHANS, ["d0 | delivery | anna", "k3 | click | anna"]],
    ],
  },
  "rates leave out what cannot be tracked, and are null without a denominator": {
    files: [
      [
        ...["anna", "bert", "carl", "dora"].map((name) => send(`s ${name}`, "08:00", name, of("c", "full"))),
        ...["anna", "bert"].map((name) => delivery(`d ${name}`, "08:01", name, of("c", "full"))),
        open("o", "08:02", "anna", of("c", "full")),
        click("k", "08:03", "bert", of("c", "full")),
        failure("f1", "08:02", "carl", { ...of("c", "full"), CLASSIFICATION: "PERMANENT" }),
        failure("f2", "08:02", "dora", { ...of("c", "full"), CLASSIFICATION: "TEMPORARY" }),
        ...["opens_only", "no_tracking"].flatMap((level) => [
          send(`s ${level}`, "08:00", "anna", { ...of("c", level), EMAIL_TRACKING_LEVEL: level }),
          delivery(`d ${level}`, "08:01", "anna", { ...of("c", level), EMAIL_TRACKING_LEVEL: level }),
        ]),
        open("o2", "08:02", "anna", of("c", "opens_only")),
        sms("Send", "s sms", "08:00", "anna", of("c", "sms")),
        sms("Delivery", "d sms", "08:01", "anna", of("c", "sms")),
        sms("Click", "k sms", "08:02", "anna", of("c", "sms")),
      ],
    ],
    says: [
      [RATES, ["full | 0.5 | 0.5 | 0.5 | 0.5 | 0.5", "no_tracking | 1 | – | – | – | 0", "opens_only | 1 | 1 | – | 0 | 0", "sms | 1 | – | 1 | – | 0"]],
    ],
  },
  "a cart is recovered once, by one order": {
    files: [
      [
        act("cartAbandonment", "a1", "08:00", "anna"),
        act("cartAbandonment", "a2", "09:00", "anna"),
        order("W1", "10:00", "anna", "1"),
        order("W2", "11:00", "anna", "2"),
        act("cartAbandonment", "a3", "08:00", "bert", {}, { TLTSID: "t" }),
        order("W3", "+7 08:00", "bert", "4", {}, { TLTSID: "u" }),
      ],
    ],
    says: [
      [
        "SELECT signal_key, contact_id, recovered, order_key FROM marts.cart_recovery ORDER BY ALL",
        ["a1 | anna | false | –", "a2 | anna | true | shop/W1", "a3 | bert | false | –"],
      ],
    ],
  },
  "who may be written to": {
    files: [
      [
        send("s1", "08:00", "anna", { ...reached("anna"), CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_OUT" }),
        send("s2", "08:00", "bert", { ...reached("bert"), CONSENT_EMAIL: "OPT_IN" }),
        inbound("i2", "09:00", "bert", { ...reached("bert"), CLASSIFICATION: "UNSUBSCRIBE", CONSENT_EMAIL: "OPT_IN" }),
        send("s3", "08:00", "carl", { ...reached("carl"), CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_IN" }),
        inbound("i3", "09:00", "carl", { ...reached("carl"), CLASSIFICATION: "ABUSE", CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_IN" }),
        send("s4", "08:00", "dora", { ...reached("dora"), CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_IN" }),
        failure("f4", "08:01", "dora", { ...reached("dora"), CLASSIFICATION: "PERMANENT", CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_IN" }),
        send("s5", "08:00", "emil", { ...reached("emil"), CONSENT_EMAIL: "OPT_IN_UNVERIFIED" }),
        send("s6", "08:00", "finn", { ...reached("finn"), CONSENT_EMAIL: "OPT_IN" }),
        send("s7", "09:00", "finn", { ...reached("finn"), CONSENT_EMAIL: "OPT_OUT" }),
      ],
    ],
    says: [["SELECT contact_id, channel FROM marts.consented ORDER BY ALL", ["anna | email", "dora | sms"]]],
  },
  "a contact is as its latest signal has it, under all its names": {
    files: [
      [
        send("s1", "08:00", "anna", { Email: "anna@x.example", "Loyalty Tier": "Silver" }),
        send("s2", "10:00", "", { Email: "Anna@x.example", "Loyalty Tier": "Gold" }),
        send("s3", "09:00", "anna", { Email: "anna@x.example", "Loyalty Tier": "Bronze" }),
      ],
    ],
    says: [
      ["SELECT contact_id, contact_loyalty_tier, strftime(last_seen_at AT TIME ZONE 'UTC', '%H:%M') FROM marts.contacts", ["anna | Gold | 10:00"]],
    ],
  },
  "signals that were sent to try something count nowhere": {
    files: [
      [
        click("k", "08:00", "anna"),
        order("W", "10:00", "anna", "10", { test: true }),
        act("identification", "i", "09:00", "", { identifierName: "Customer ID", identifierValue: "bert", test: true }),
        act("onSiteSearch", "q", "09:01", "", { searchTerm: "lamp", numberOfResults: 0, test: true }),
      ],
    ],
    says: [
      [PEOPLE, ["anna"]],
      ["SELECT signal_type, sum(signals)::INTEGER FROM marts.daily GROUP BY ALL HAVING sum(signals) > 0", ["emailClick | 1"]],
      [
        "SELECT (SELECT count(*) FROM marts.orders_once)::INTEGER + (SELECT count(*) FROM marts.sessions)::INTEGER + (SELECT count(*) FROM marts.search_terms)::INTEGER",
        ["0"],
      ],
    ],
  },
  "searches are folded, and what follows them is counted by session": {
    files: [
      [
        act("onSiteSearch", "q1", "09:00", "anna", { searchTerm: " Lamp", numberOfResults: 0 }),
        act("onSiteSearch", "q2", "09:01", "anna", { searchTerm: "lamp", numberOfResults: 3 }),
        act("productView", "p", "09:02", "anna", { productId: "p" }),
        act("onSiteSearch", "q3", "09:00", "bert", { searchTerm: "LAMP ", numberOfResults: 1 }, { TLTSID: "t" }),
        order("W", "08:59", "bert", "10", {}, { TLTSID: "t" }),
      ],
    ],
    says: [
      [
        `SELECT search_term, searches::INTEGER, sessions::INTEGER, without_results::INTEGER, sessions_with_product_view::INTEGER, sessions_with_order::INTEGER FROM marts.search_terms`,
        ["lamp | 3 | 2 | 1 | 1 | 0"],
      ],
    ],
  },
  "nothing at all": {
    files: [],
    says: [[filled, []]],
  },
  "marketing only": {
    files: [[send("s1", "08:00", "anna"), delivery("d1", "08:01", "anna"), click("k1", "09:00", "anna")]],
    says: [
      [DAILY, ["09-10 | email | autumn | hello | 1 | 1 | 0 | 1 | 1 | 1 | 0 | 0"]],
      [
        `SELECT (SELECT count(*) FROM marts.behavior)::INTEGER, (SELECT count(*) FROM marts.attribution)::INTEGER, (SELECT count(*) FROM marts.sessions)::INTEGER,
          (SELECT count(*) FROM marts.contact_timeline)::INTEGER`,
        ["0 | 0 | 0 | 3"],
      ],
    ],
  },
  "behavior only": {
    files: [[act("pageView", "v", "09:00", "anna"), act("cartAbandonment", "a", "09:30", "anna"), order("W", "10:00", "anna", "10")]],
    says: [
      [ORDERS, ["shop/W | 10.0000 | EUR | anna | primary | 1"]],
      [UNATTRIBUTED, ["6"]],
      ["SELECT recovered, order_key FROM marts.cart_recovery", ["true | shop/W"]],
      [
        "SELECT (SELECT count(*) FROM marts.sends)::INTEGER, (SELECT count(*) FROM marts.campaign_daily)::INTEGER, (SELECT count(*) FROM marts.marketing)::INTEGER",
        ["0 | 0 | 0"],
      ],
    ],
  },
};

describe.each<Reader>(["row", "vector"])("read by the %s path", (reader) => {
  test.each(Object.entries(CASES))("%s", async (_, { files, says }) => {
    const scratch = await scratchWarehouse();
    const sources = files.map((rows, index) => memoryFile(`${index}.csv`, Date.UTC(2025, 11, 20, index), csv(rows)));
    const results = await scratch.load(sources, { reader, sizes: { rowGroup: 16 * 1024, stretch: 48 * 1024 } });
    expect(results.map(({ status }) => status)).toEqual(files.map(() => "loaded"));
    for (const [sql, rows] of says) expect.soft(await ask(scratch, sql), sql).toEqual(rows);
  });

  test("days are UTC days, whatever the session's time zone", async () => {
    const scratch = await scratchWarehouse();
    const rows = [
      send("s1", "23:30", "anna"),
      act("pageView", "v", "00:30", "anna", {}),
      act("productView", "p", "23:59:59", "anna", { productId: "p" }),
    ];
    await scratch.load([memoryFile("a.csv", 1, csv(rows))], { reader });
    for (const zone of ["UTC", "America/New_York", "Asia/Tokyo"]) {
      await scratch.run(`SET TimeZone = '${zone}'`);
      const days = [
        "SELECT sent_on FROM marts.campaign_daily",
        "SELECT day FROM marts.product_daily",
        "SELECT DISTINCT day FROM marts.daily WHERE signals > 0",
      ];
      for (const sql of days) expect.soft(await ask(scratch, sql), `${sql} in ${zone}`).toEqual(["2025-09-10"]);
    }
  });
});
