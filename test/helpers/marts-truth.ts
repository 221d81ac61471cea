/** The marts of a warehouse against the truth that the generator tells about them. Both sides are lists of the same objects, in the same order. */
import { expect } from "vitest";
import { CHANNELS } from "../../schemas/signal-types.ts";
import { MODELS } from "../../samples/generator/marts/attribution.ts";
import type { MarketingFact } from "../../samples/generator/marts/fact.ts";
import type { MartsTruth } from "../../samples/generator/marts/index.ts";
import { COUNTS, type Counts, outcomeOf } from "../../samples/generator/marts/sends.ts";
import { decimalText } from "../../samples/generator/truth.ts";
import type { Row, Scratch } from "./warehouse.ts";

/** The app of all generated visits. */
const APP = "fernhill-web-7f3a2b";
const orderKey = (id: string) => `${APP}/${id}`;

const none = <T>(value: T | undefined): T | null => value ?? null;
const money = (value: bigint | undefined) => (value === undefined ? null : decimalText(value));
/** What stands for a key that is a hash, which the generator does not know. */
const known = (key: string) => (key.startsWith("h:") ? "h:" : key);

const ms = (column: string, name = column) => `epoch_ms(${column})::DOUBLE AS ${name}`;
const KNOWN_KEY = "CASE WHEN signal_key LIKE 'h:%' THEN 'h:' ELSE signal_key END AS signal_key";
const COUNT_COLUMNS = COUNTS.map((name) => `${name}::INTEGER AS ${name}`).join(", ");

/** The same order on both sides. */
const sorted = (rows: Iterable<Row>) => [...rows].map((row) => JSON.stringify(row, Object.keys(row).toSorted())).toSorted();

async function compare(scratch: Scratch, what: string, sql: string, truth: Iterable<Row>): Promise<void> {
  const [found, expected] = [sorted(await scratch.rows(sql)), sorted(truth)];
  const [inTruth, inMart] = [new Set(expected), new Set(found)];
  expect.soft({ what, onlyInMart: found.filter((row) => !inTruth.has(row)), onlyInTruth: expected.filter((row) => !inMart.has(row)) }).toEqual({
    what,
    onlyInMart: [],
    onlyInTruth: [],
  });
  expect.soft(found, what).toHaveLength(expected.length);
}

/** Every mart has exactly what the truth says. */
export async function expectMarts(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const same = (what: string, sql: string, rows: Iterable<Row>) => compare(scratch, what, sql, rows);
  await same(
    "contact_aliases",
    "SELECT alias, contact_id, is_shared FROM marts.contact_aliases WHERE contact_id IS DISTINCT FROM alias",
    [...truth.people.aliases].map(([alias, contact]) => ({ alias, contact_id: none(contact), is_shared: contact === undefined })),
  );
  await same(
    "session_contacts",
    "SELECT tltsid, contact_id FROM marts.session_contacts WHERE contact_id IS NOT NULL",
    [...truth.people.sessions].map(([tltsid, contact_id]) => ({ tltsid, contact_id })),
  );
  await same(
    "contact_via",
    `SELECT coalesce(contact_via, 'unknown') AS contact_via, count(*)::INTEGER AS signals
     FROM (SELECT contact_via FROM marts.marketing UNION ALL SELECT contact_via FROM marts.behavior) GROUP BY ALL`,
    Object.entries(truth.via).map(([contact_via, signals]) => ({ contact_via, signals })),
  );
  await expectSends(scratch, truth);
  await expectOrders(scratch, truth);
  await expectVisits(scratch, truth);
  await expectContacts(scratch, truth);
}

async function expectSends(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const times = [ms("sent_at"), ms("first_open_at"), ms("first_click_at")].join(", ");
  await compare(
    scratch,
    "sends",
    `SELECT send_key, channel, campaign_id, message_id, contact_id, contact_via, email_from_address, vmta_pool, tracking_level, recipient_domain, delivered, opens, bot_opens, mpp_opens,
       clicks, bot_clicks, hard_bounced, soft_bounced, unsubscribed, complained, ${times} FROM marts.sends`,
    truth.sends.map((each) => {
      const { send } = each;
      const { first_open_at, first_click_at, ...outcome } = outcomeOf(each);
      const domain = send.channel === "email" ? send.email?.split("@")[1] : undefined;
      return {
        ...outcome,
        send_key: send.key,
        sent_at: send.at,
        channel: send.channel,
        campaign_id: none(send.campaign),
        message_id: none(send.message),
        contact_id: none(each.contact),
        contact_via: none(truth.people.of(send)?.via),
        email_from_address: none(send.from),
        vmta_pool: none(send.pool),
        tracking_level: none(send.tracking),
        recipient_domain: none(domain),
        first_open_at: none(first_open_at),
        first_click_at: none(first_click_at),
      };
    }),
  );
  await compare(
    scratch,
    "orphans",
    `SELECT signal_key, ${ms("occurred_at")}, channel, action, campaign_id, message_id, contact_id, is_bot FROM marts.orphans`,
    truth.orphans.map((event) => ({
      signal_key: event.key,
      occurred_at: event.at,
      channel: event.channel,
      action: event.action,
      campaign_id: none(event.campaign),
      message_id: none(event.message),
      contact_id: none(truth.people.of(event)?.contact),
      is_bot: event.isBot,
    })),
  );
  const names = ["channel", "campaign_id", "message_id"];
  const placed = (counted: Map<string, Counts>, names: string[]) =>
    [...counted].map(([place, counts]): Row => {
      const parts = place.split(" ").map((part) => (part === "none" ? null : part));
      return { ...counts, ...Object.fromEntries(names.map((name, index) => [name, parts[index]])) };
    });
  await compare(
    scratch,
    "campaign_daily",
    `SELECT strftime(sent_on, '%Y-%m-%d') AS sent_on, ${names.join(", ")}, ${COUNT_COLUMNS} FROM marts.campaign_daily WHERE ${COUNTS.join(" + ")} > 0`,
    placed(truth.campaignDaily, ["sent_on", ...names]),
  );
  await compare(
    scratch,
    "campaign_performance, counts",
    `SELECT ${names.join(", ")}, ${COUNT_COLUMNS} FROM marts.campaign_performance WHERE ${COUNTS.join(" + ")} > 0`,
    placed(truth.campaignPerformance, names),
  );
  await compare(
    scratch,
    "campaign_daily by channel",
    `SELECT channel, ${COUNTS.map((name) => `sum(${name})::INTEGER AS ${name}`).join(", ")} FROM marts.campaign_daily GROUP BY ALL`,
    placed(truth.byChannel, ["channel"]),
  );
  await expectRates(scratch, truth);
  await expectNames(scratch, truth);
  await expectDeliverability(scratch, truth);
}

/** Rates, to twelve digits. */
async function expectRates(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const share = (part: number, whole: number) => (whole === 0 ? null : Number((part / whole).toFixed(12)));
  const rates = [...truth.campaignPerformance].map(([place, counts]) => {
    const [channel, , message] = place.split(" ");
    const opens = (part: number, whole: number) => (channel === "sms" ? null : share(part, whole));
    return {
      message_id: none(message),
      delivery_rate: share(counts.delivered, counts.sent),
      bounce_rate: share(counts.hard_bounced + counts.soft_bounced, counts.sent),
      open_rate: opens(counts.opened, counts.trackable_opens),
      open_rate_with_bots: opens(counts.opened_with_bots, counts.trackable_opens),
      click_rate: share(counts.clicked, counts.trackable_clicks),
      click_rate_with_bots: share(counts.clicked_with_bots, counts.trackable_clicks),
      unsubscribe_rate: share(counts.unsubscribed, counts.delivered),
      complaint_rate: share(counts.complained, counts.delivered),
      click_to_open_rate: opens(counts.clicked, counts.engaged),
    };
  });
  const names = Object.keys(rates[0] ?? {}).filter((name) => name !== "message_id");
  const columns = names.map((name) => `round(${name}, 12) AS ${name}`).join(", ");
  await compare(scratch, "campaign_performance, rates", `SELECT message_id, ${columns} FROM marts.campaign_performance`, rates);
}

async function expectNames(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const campaigns = [...truth.campaignNames].map(([campaign_id, campaign_name]) => ({ campaign_id, campaign_name }));
  const messages = [...truth.messageNames].map(([message_id, message_name]) => ({ message_id, message_name }));
  await compare(scratch, "campaign_names", "SELECT campaign_id, campaign_name FROM marts.campaign_names", campaigns);
  await compare(scratch, "message_names", "SELECT message_id, message_name FROM marts.message_names", messages);
  await compare(
    scratch,
    "campaign_performance, names",
    "SELECT channel, campaign_id, campaign_name, message_id, message_name FROM marts.campaign_performance",
    [...truth.campaignPerformance.keys()].map((place) => {
      const [channel, campaign_id = "", message_id = ""] = place.split(" ");
      const names = { campaign_name: none(truth.campaignNames.get(campaign_id)), message_name: none(truth.messageNames.get(message_id)) };
      return { channel, campaign_id, message_id, ...names };
    }),
  );
}

async function expectDeliverability(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const count = (rows: Row[]): Row[] => {
    const counts = new Map<string, number>();
    for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1);
    return [...counts].map(([row, sent]) => ({ ...(JSON.parse(row) as Row), sent }));
  };
  await compare(
    scratch,
    "deliverability_daily",
    `SELECT strftime(sent_on, '%Y-%m-%d') AS sent_on, channel, email_from_address, vmta_pool, recipient_domain, sum(sent)::INTEGER AS sent FROM marts.deliverability_daily GROUP BY ALL`,
    count(
      truth.sends.map(({ send }) => ({
        sent_on: new Date(send.at).toISOString().slice(0, 10),
        channel: send.channel,
        email_from_address: none(send.from),
        vmta_pool: none(send.pool),
        recipient_domain: none(send.channel === "email" ? send.email?.split("@")[1] : undefined),
      })),
    ),
  );
  const codes = (events: MarketingFact[]) =>
    events.filter(({ action }) => action === "failure").map(({ classificationCode }) => none(classificationCode));
  const once = truth.sends.filter(({ events }) => codes(events).length === 1);
  const keys = once.map(({ send }) => `'${send.key}'`).join(", ");
  await compare(
    scratch,
    "failure_code of sends that failed once",
    `SELECT send_key, failure_code FROM marts.sends WHERE send_key IN (${keys || "NULL"})`,
    once.map(({ send, events }) => ({ send_key: send.key, failure_code: codes(events)[0] })),
  );
}

async function expectOrders(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const { orders, credits } = truth;
  await compare(
    scratch,
    "orders_once",
    `SELECT order_key, order_id, ${ms("ordered_at")}, order_value::VARCHAR AS order_value, currency, contact_id, contact_via, tltsid, message_signal_id, ${KNOWN_KEY}, signals::INTEGER AS signals
     FROM marts.orders_once`,
    orders.map((order) => ({
      order_key: orderKey(order.id),
      order_id: order.id,
      ordered_at: order.at,
      order_value: money(order.value),
      currency: none(order.currency),
      contact_id: none(order.person?.contact),
      contact_via: none(order.person?.via),
      tltsid: none(order.session),
      message_signal_id: none(order.cause),
      signal_key: known(order.counts.key),
      signals: order.signals,
    })),
  );
  await compare(
    scratch,
    "attribution, each credit",
    `SELECT model, order_key, currency, channel, campaign_id, message_id, click_key, ${ms("touched_at")}, ${ms("ordered_at")}, position::INTEGER AS position, touches::INTEGER AS touches,
       revenue::VARCHAR AS revenue, orders::VARCHAR AS orders FROM marts.attribution WHERE orders <> 0`,
    credits
      .filter((credit) => credit.orders !== 0n)
      .map(({ model, order, currency, touch, position, touches, revenue, orders: share }) => ({
        model,
        order_key: orderKey(order),
        ordered_at: none(orders.find(({ id }) => id === order)?.at),
        currency: none(currency),
        channel: none(touch?.channel),
        campaign_id: none(touch?.campaign),
        message_id: none(touch?.message),
        click_key: none(touch?.key),
        touched_at: none(touch?.at),
        position: none(position),
        touches,
        revenue: money(revenue),
        orders: `${share / 1_000_000n}.${String(share % 1_000_000n).padStart(6, "0")}`,
      })),
  );
  const sums = new Map<string, bigint>();
  for (const { model, touch, currency, revenue = 0n, orders } of credits) {
    const place = JSON.stringify({ model, campaign_id: none(touch?.campaign), currency: none(currency) });
    if (orders !== 0n) sums.set(place, (sums.get(place) ?? 0n) + revenue);
  }
  await compare(
    scratch,
    "attribution by campaign and currency",
    "SELECT model, campaign_id, currency, sum(revenue)::DECIMAL(38, 4)::VARCHAR AS revenue FROM marts.attribution WHERE orders <> 0 GROUP BY ALL",
    [...sums].map(([place, revenue]) => ({ ...(JSON.parse(place) as Row), revenue: money(revenue) })),
  );
  expect(new Set(credits.map(({ model }) => model)).size, "all models").toBe(orders.length > 0 ? MODELS.length : 0);
  const direct = credits.flatMap(({ model, touch, order }) => (model === "direct" && touch ? [{ order_key: orderKey(order), touch }] : []));
  await compare(
    scratch,
    "time from click to order",
    `SELECT order_key, date_diff('millisecond', touched_at, ordered_at)::DOUBLE AS after FROM marts.attribution WHERE model = 'direct' AND touched_at IS NOT NULL`,
    direct.map(({ order_key, touch }) => ({ order_key, after: (orders.find(({ id }) => orderKey(id) === order_key)?.at ?? 0) - touch.at })),
  );
}

async function expectVisits(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const counts = ["signals", "page_views", "product_views", "cart_adds", "searches", "errors", "orders"];
  await compare(
    scratch,
    "sessions",
    `SELECT acoustic_app_key, tltsid, cart_abandoned, ${counts.map((name) => `${name}::INTEGER AS ${name}`).join(", ")} FROM marts.sessions`,
    [...truth.sessions].map(([tltsid, session]) => ({ acoustic_app_key: APP, tltsid, ...session })),
  );
  const steps = ["viewed", "carted", "bought", "viewed_carted", "viewed_carted_bought"].map((name) => `${name}::INTEGER AS ${name}`).join(", ");
  await compare(
    scratch,
    "product_daily",
    `SELECT strftime(day, '%Y-%m-%d') AS day, product_id, ${steps} FROM marts.product_daily`,
    [...truth.products].map(([place, counts]) => {
      const [day, product_id] = place.split(" ");
      return { day, product_id, ...counts };
    }),
  );
  await compare(
    scratch,
    "cart_recovery",
    `SELECT ${KNOWN_KEY}, ${ms("abandoned_at")}, contact_id, recovered, order_key FROM marts.cart_recovery`,
    truth.carts.map(({ key, at, contact, order }) => ({
      signal_key: known(key),
      abandoned_at: at,
      contact_id: none(contact),
      recovered: order !== undefined,
      order_key: order === undefined ? null : orderKey(order),
    })),
  );
  const searched = ["searches", "sessions", "without_results", "sessions_with_product_view", "sessions_with_order"];
  await compare(
    scratch,
    "search_terms",
    `SELECT search_term, ${searched.map((name) => `${name}::INTEGER AS ${name}`).join(", ")} FROM marts.search_terms`,
    [...truth.searches].map(([search_term, counts]) => ({ search_term, ...counts })),
  );
  await compare(
    scratch,
    "daily",
    "SELECT strftime(day, '%Y-%m-%d') AS day, signal_type, signals::INTEGER AS signals FROM marts.daily WHERE signals > 0",
    [...truth.daily].map(([place, signals]) => {
      const [day, signal_type] = place.split(" ");
      return { day, signal_type, signals };
    }),
  );
}

async function expectContacts(scratch: Scratch, truth: MartsTruth): Promise<void> {
  const times = ["first_seen_at", "last_seen_at", "last_sent_at", "last_open_at", "last_click_at", "last_visit_at"] as const;
  const attributes = [
    "contact_customer_id",
    "contact_email",
    "contact_loyalty_tier",
    "contact_country",
    "consent_email",
    "consent_sms",
    "consent_whatsapp",
  ];
  await compare(
    scratch,
    "contacts",
    `SELECT contact_id, complained, hard_bounced, orders::INTEGER AS orders, ${times.map((name) => ms(name)).join(", ")}, ${attributes.join(", ")} FROM marts.contacts`,
    [...truth.contacts].map(([contact_id, { attributes: own, complained, hard_bounced, orders, ...seen }]) => ({
      contact_id,
      complained,
      hard_bounced,
      orders,
      ...Object.fromEntries(times.map((name) => [name, none(seen[name])])),
      ...Object.fromEntries(attributes.map((name) => [name, none(own[name])])),
    })),
  );
  const revenue = new Map<string, { orders: number; sum: bigint }>();
  for (const { person, currency, value = 0n } of truth.orders) {
    if (!person) continue;
    const place = JSON.stringify({ contact_id: person.contact, currency: none(currency) });
    const { orders, sum } = revenue.get(place) ?? { orders: 0, sum: 0n };
    revenue.set(place, { orders: orders + 1, sum: sum + value });
  }
  await compare(
    scratch,
    "contact_revenue",
    "SELECT contact_id, currency, orders::INTEGER AS orders, revenue::DECIMAL(38, 4)::VARCHAR AS revenue FROM marts.contact_revenue",
    [...revenue].map(([place, { orders, sum }]) => ({ ...(JSON.parse(place) as Row), orders, revenue: money(sum) })),
  );
  await compare(
    scratch,
    "consented",
    "SELECT channel, contact_id FROM marts.consented",
    CHANNELS.flatMap((channel) => [...truth.consented[channel]].map((contact_id) => ({ channel, contact_id }))),
  );
  const known = truth.via.primary + truth.via.secondary + truth.via.session + truth.via.click;
  await compare(scratch, "contact_timeline", "SELECT count(contact_id)::INTEGER AS signals FROM marts.contact_timeline", [{ signals: known }]);
}
