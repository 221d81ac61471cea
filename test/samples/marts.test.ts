/** The truth about the marts, by hand: a few facts each, and what must come out. */
import { describe, expect, test } from "vitest";
import { lastSignals } from "../../samples/generator/exports.ts";
import { creditsOf, floorDivide, MODELS, sharesOf, touchesOf, weightsOf } from "../../samples/generator/marts/attribution.ts";
import { consented } from "../../samples/generator/marts/contacts.ts";
import { type BehaviorFact, inTime, keysOf, type MarketingFact } from "../../samples/generator/marts/fact.ts";
import { martsTruth, truthOfFacts } from "../../samples/generator/marts/index.ts";
import { type Order, ordersOf } from "../../samples/generator/marts/orders.ts";
import { People } from "../../samples/generator/marts/people.ts";
import { byMessage, countSends, outcomeOf, sendsOf } from "../../samples/generator/marts/sends.ts";
import { cartsOf, productAmounts, productDays, searchTerms } from "../../samples/generator/marts/visits.ts";
import { type Action, type Channel, type MarketingType } from "../../schemas/signal-types.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Noon of a day in September. */
const NOON = Date.UTC(2025, 8, 10, 12);
const ANNA = { primary: "anna", aliases: [] };
const BERT = { primary: "bert", aliases: [] };

let made = 0;
const newKey = () => `k${String((made += 1)).padStart(4, "0")}`;

function message(action: Action, at: number, more: Partial<MarketingFact> = {}): MarketingFact {
  const { channel = "email" } = more;
  const type = `${channel}${action[0]?.toUpperCase() ?? ""}${action.slice(1)}` as MarketingType;
  return { table: "marketing_signals", type, key: newKey(), at, keys: ANNA, channel, action, campaign: "c", message: "m", isBot: false, ...more };
}

function act(type: BehaviorFact["type"], at: number, more: Partial<BehaviorFact> = {}): BehaviorFact {
  return { table: "behavior_signals", type, key: newKey(), at, keys: ANNA, items: [], ...more };
}

const peopleOf = (...facts: (MarketingFact | BehaviorFact)[]) => new People(facts);

describe("who is behind a signal", () => {
  test.each([
    [
      { "Customer ID": " C-1 ", Email: " Anna@X.example ", "Phone Number": "+49 (151) 20-1" },
      undefined,
      { primary: "C-1", aliases: ["email:anna@x.example", "phone_number:+49151201"] },
    ],
    [{ Email: "  " }, undefined, { aliases: [] }],
    [{}, { name: "customer_id", value: " C-1" }, { primary: "C-1", aliases: [] }],
    [{}, { name: "contactKey", value: "C-1" }, { primary: "C-1", aliases: [] }],
    [{}, { name: "E-Mail", value: "A@x.example" }, { aliases: ["email:a@x.example"] }],
    [{}, { name: "sms", value: "+49 1" }, { aliases: ["phone_number:+491"] }],
    [{}, { name: "shoe size", value: "44" }, { aliases: [] }],
    [{ "Customer ID": "C-1" }, { name: "Customer ID", value: "C-2" }, { primary: "C-1", aliases: [] }],
  ])("%j with the identifier %j is %j", (cells, identifier, keys) => {
    expect(keysOf(cells, identifier)).toEqual(keys);
  });

  const mail = (address: string) => `email:${address}`;
  test.each([
    ["its own primary key", { keys: { primary: "anna", aliases: [mail("b")] } }, { contact: "anna", via: "primary" }],
    ["an alias of one contact, seen late", { keys: { aliases: [mail("a")] } }, { contact: "anna", via: "secondary" }],
    ["an alias that nobody has", { keys: { aliases: [mail("new")] } }, { contact: "email:new", via: "secondary" }],
    ["a shared mailbox", { keys: { aliases: [mail("family")] } }, undefined],
    ["a shared mailbox and a number of one", { keys: { aliases: [mail("family"), "phone:1"] } }, { contact: "bert", via: "secondary" }],
    ["a new address and a number of one", { keys: { aliases: [mail("new"), "phone:1"] } }, { contact: "bert", via: "secondary" }],
    ["a session of one", { keys: { aliases: [] }, session: "s1" }, { contact: "bert", via: "session" }],
    ["a session of two", { keys: { aliases: [] }, session: "s2" }, undefined],
    ["the click that led there", { keys: { aliases: [] }, session: "s2", cause: "click" }, { contact: "anna", via: "click" }],
    ["a click of nobody", { keys: { aliases: [] }, cause: "elsewhere" }, undefined],
  ])("%s", (_, more, person) => {
    const signal = act("pageView", NOON, more);
    const people = peopleOf(
      signal,
      act("pageView", NOON, { keys: BERT, session: "s1" }),
      act("pageView", NOON, { keys: BERT, session: "s2" }),
      act("identification", NOON, { keys: { aliases: [mail("a")] }, session: "s2" }),
      message("click", NOON, { key: "click" }),
      message("send", NOON + DAY, { keys: { primary: "anna", aliases: [mail("a"), mail("family")] } }),
      message("send", NOON + DAY, { keys: { primary: "bert", aliases: [mail("family"), "phone:1"] } }),
    );
    expect(people.of(signal)).toEqual(person);
  });
});

describe("sends", () => {
  const first = message("send", NOON, { key: "first" });
  const second = message("send", NOON + 2 * DAY, { key: "second" });

  test.each<[string, number, Partial<MarketingFact>, string | undefined]>([
    ["at the send", 0, {}, "first"],
    ["5 minutes before it", -5 * MINUTE, {}, "first"],
    ["a moment earlier", -5 * MINUTE - 1, {}, undefined],
    ["5 minutes before the second one", 2 * DAY - 5 * MINUTE, {}, "second"],
    ["a moment earlier than that", 2 * DAY - 5 * MINUTE - 1, {}, "first"],
    ["90 days after the second one", 92 * DAY, {}, "second"],
    ["a moment later", 92 * DAY + 1, {}, undefined],
    ["of somebody else", 0, { keys: BERT }, undefined],
    ["of nobody", 0, { keys: { aliases: [] } }, undefined],
    ["of another message", 0, { message: "other" }, undefined],
    ["on another channel", 0, { channel: "sms" }, undefined],
    ["of another campaign, which is no reason", 0, { campaign: "other" }, "first"],
  ])("what happens %s", (_, after, more, key) => {
    const open = message("open", NOON + after, more);
    const facts = [first, second, open].toSorted(inTime);
    const { sends, orphans } = sendsOf(facts, peopleOf(...facts));
    expect(sends.find(({ events }) => events.includes(open))?.send.key).toBe(key);
    expect(orphans).toEqual(key === undefined ? [open] : []);
  });

  const delivery = message("delivery", NOON);
  const failure = (classification: string) => message("failure", NOON, { classification });
  test.each<[string, MarketingFact[], Partial<ReturnType<typeof outcomeOf>>]>([
    ["nothing", [], { delivered: false, opens: 0, clicks: 0, soft_bounced: false, hard_bounced: false, first_open_at: undefined }],
    [
      "a bot before a human",
      [delivery, message("click", NOON, { isBot: true }), message("click", NOON + 9)],
      { clicks: 2, bot_clicks: 1, first_click_at: NOON + 9 },
    ],
    [
      "Apple's proxy",
      [message("open", NOON, { isBot: true, botReason: "APPLE_MPP" })],
      { opens: 1, bot_opens: 1, mpp_opens: 1, first_open_at: undefined },
    ],
    ["a failure for a while", [failure("TEMPORARY")], { soft_bounced: true, hard_bounced: false }],
    ["a failure before the delivery", [failure("TEMPORARY"), delivery], { delivered: true, soft_bounced: false, hard_bounced: false }],
    ["a failure for good behind the delivery", [delivery, failure("PERMANENT")], { delivered: true, soft_bounced: false, hard_bounced: true }],
    ["goodbye", [message("inbound", NOON, { classification: "UNSUBSCRIBE" })], { unsubscribed: true, complained: false }],
    ["a complaint", [message("inbound", NOON, { classification: "ABUSE" })], { unsubscribed: false, complained: true }],
  ])("what becomes of one by %s", (_, events, outcome) => {
    expect(outcomeOf({ events })).toMatchObject(outcome);
  });

  test.each<[string, Channel, string | undefined, number, number]>([
    ["in full", "email", "unique", 1, 1],
    ["as far as is known", "email", undefined, 1, 1],
    ["by opens only", "email", "opens_only", 1, 0],
    ["not at all", "email", "no_tracking", 0, 0],
    ["by SMS", "sms", undefined, 0, 1],
  ])("a delivered one that is followed %s", (_, channel, tracking, opens, clicks) => {
    const facts = [message("send", NOON, { channel, ...(tracking && { tracking }) }), message("delivery", NOON, { channel })];
    const counts = countSends(sendsOf(facts, peopleOf(...facts)), byMessage).get(`${channel} c m`);
    expect(counts).toMatchObject({ sent: 1, delivered: 1, trackable_opens: opens, trackable_clicks: clicks });
  });

  test("what belongs to none is counted on its own day, of a message that was not sent that day", () => {
    const facts = [message("click", NOON, { isBot: true }), message("click", NOON), message("open", NOON), message("delivery", NOON)];
    const counts = countSends(sendsOf(facts, peopleOf(...facts)), byMessage).get("email c m");
    expect(counts).toMatchObject({ sent: 0, orphan_clicks: 2, orphan_bot_clicks: 1, orphan_opens: 1, orphan_bot_opens: 0, orphan_deliveries: 1 });
  });
});

describe("orders", () => {
  test("one that came twice is one, from when it first came, with the amounts that it had last", () => {
    const facts = [
      act("order", NOON, { order: "W", value: 100n, currency: "EUR", keys: { aliases: [] } }),
      act("order", NOON + 1, { order: "W", value: 90n, currency: "CHF", keys: BERT, cause: "late" }),
      act("order", NOON + 2, { order: "W" }),
    ];
    const people = peopleOf(...facts);
    expect(ordersOf(facts, people)).toMatchObject([
      { id: "W", at: NOON, value: 90n, currency: "CHF", signals: 3, cause: "late", person: { contact: "bert", via: "primary" } },
    ]);
  });
});

describe("attribution", () => {
  test.each([
    [7n, 2n, 3n],
    [-7n, 2n, -4n],
    [-8n, 2n, -4n],
    [0n, 3n, 0n],
  ])("%d over %d is %d", (dividend, divisor, quotient) => {
    expect(floorDivide(dividend, divisor)).toBe(quotient);
  });

  test.each([
    ["a cent among three", 100n, [1n, 1n, 1n], [33n, 33n, 34n]],
    ["a refund of a cent", -100n, [1n, 1n, 1n], [-34n, -33n, -33n]],
    ["the largest amount", 999_999_999_999_999_999n, [2n, 1n, 2n], [399_999_999_999_999_999n, 200_000_000_000_000_000n, 400_000_000_000_000_000n]],
    ["all to the last", 100n, [0n, 0n, 1n], [0n, 0n, 100n]],
    ["nothing", 0n, [1n, 2n], [0n, 0n]],
  ])("shares of %s", (_, whole, weights, shares) => {
    expect(sharesOf(whole, weights)).toEqual(shares);
  });

  test.each([
    ["last", [9, 5, 1], [0n, 0n, 1n]],
    ["first", [9, 5, 1], [1n, 0n, 0n]],
    ["linear", [9, 5, 1], [1n, 1n, 1n]],
    ["time_decay", [14 * DAY, 7 * DAY, 0], [250_000n, 500_000n, 1_000_000n]],
    ["time_decay", [3.5 * DAY], [707_107n]],
    ["time_decay", [1_000 * DAY], [1n]],
    ["position_based", [1], [1n]],
    ["position_based", [9, 1], [1n, 1n]],
    ["position_based", [9, 5, 1], [2n, 1n, 2n]],
    ["position_based", [9, 7, 5, 3, 1], [6n, 1n, 1n, 1n, 6n]],
  ] as const)("weights of %s for ages %j", (model, ages, weights) => {
    expect(weightsOf(model, ages)).toEqual(weights);
  });

  const at = (before: number, more: Partial<MarketingFact> = {}) => message("click", NOON - before, more);
  test.each<[string, MarketingFact[], number[]]>([
    ["a moment within the week", [at(7 * DAY - 1)], [7 * DAY - 1]],
    ["a week before", [at(7 * DAY)], []],
    ["at the order's own moment", [at(0)], [0]],
    ["after the order", [at(-1)], []],
    ["a bot's", [at(5, { isBot: true })], []],
    ["several of a message: its last", [at(9), at(5), at(7)], [5]],
    ["a bot's behind a human's", [at(9), at(5, { isBot: true })], [9]],
    ["several messages, by time", [at(5, { message: "n" }), at(9)], [9, 5]],
    ["the same message on two channels", [at(5), at(9, { channel: "sms" })], [9, 5]],
  ])("touches: %s", (_, clicks, ages) => {
    expect(touchesOf(NOON, clicks).map(({ at }) => NOON - at)).toEqual(ages);
  });

  const order = (more: Partial<Order> = {}): Order => {
    const counts = act("order", NOON);
    return {
      id: "W",
      at: NOON,
      value: 1_000n,
      currency: "EUR",
      person: { contact: "anna", via: "primary" },
      session: "s",
      cause: undefined,
      counts,
      signals: 1,
      ...more,
    };
  };
  const credit = (order: Order, marketing: MarketingFact[], behavior: BehaviorFact[] = []) =>
    creditsOf([order], marketing.toSorted(inTime), behavior.toSorted(inTime), peopleOf(...marketing, ...behavior));

  test("three touches in all models, worked out by hand", () => {
    const clicks = [at(6 * DAY, { key: "a", message: "a" }), at(3 * DAY, { key: "b", message: "b" }), at(0, { key: "c", message: "c" })];
    const by = (model: string) =>
      credit(order({ cause: "b" }), clicks).flatMap((one) =>
        one.model === model ? [[one.touch?.key, one.position, one.touches, one.revenue, one.orders]] : [],
      );
    expect(by("direct")).toEqual([["b", 1, 1, 1_000n, 1_000_000n]]);
    expect(by("last")).toEqual([
      ["a", 1, 3, 0n, 0n],
      ["b", 2, 3, 0n, 0n],
      ["c", 3, 3, 1_000n, 1_000_000n],
    ]);
    expect(by("first")).toEqual([
      ["a", 1, 3, 1_000n, 1_000_000n],
      ["b", 2, 3, 0n, 0n],
      ["c", 3, 3, 0n, 0n],
    ]);
    expect(by("linear")).toEqual([
      ["a", 1, 3, 333n, 333_333n],
      ["b", 2, 3, 333n, 333_333n],
      ["c", 3, 3, 334n, 333_334n],
    ]);
    // 2^(-6/7) = 0.552045, 2^(-3/7) = 0.742997 of a million, and a million: 2295042 in all.
    expect(by("time_decay")).toEqual([
      ["a", 1, 3, 240n, 240_538n],
      ["b", 2, 3, 324n, 323_740n],
      ["c", 3, 3, 436n, 435_722n],
    ]);
    expect(by("position_based")).toEqual([
      ["a", 1, 3, 400n, 400_000n],
      ["b", 2, 3, 200n, 200_000n],
      ["c", 3, 3, 400n, 400_000n],
    ]);
  });

  test.each<[string, Partial<Order>, BehaviorFact[], string | undefined]>([
    ["the order names it", { cause: "a" }, [act("pageView", NOON - 5, { session: "s", cause: "b" })], "a"],
    [
      "the session does, the later of two",
      {},
      [act("pageView", NOON - 9, { session: "s", cause: "a" }), act("pageView", NOON - 5, { session: "s", cause: "b" })],
      "b",
    ],
    ["only a later signal does", {}, [act("pageView", NOON + 5, { session: "s", cause: "a" })], undefined],
    ["another session does", {}, [act("pageView", NOON - 5, { session: "t", cause: "a" })], undefined],
    [
      "the latest that the session names is not there",
      {},
      [act("pageView", NOON - 9, { session: "s", cause: "a" }), act("pageView", NOON - 5, { session: "s", cause: "gone" })],
      undefined,
    ],
  ])("direct, where %s", (_, more, behavior, key) => {
    const far = 30 * DAY;
    const direct = credit(order(more), [at(far, { key: "a" }), at(far, { key: "b" })], behavior).find(({ model }) => model === "direct");
    expect(direct).toMatchObject({ touches: key === undefined ? 0 : 1, revenue: 1_000n, orders: 1_000_000n });
    expect(direct?.touch?.key).toBe(key);
  });

  test("an order of nobody has a row in each model, without a touch", () => {
    const rows = credit(order({ person: undefined }), [at(5)]);
    expect(rows.map(({ model, touch, touches, revenue }) => [model, touch, touches, revenue])).toEqual(
      MODELS.map((model) => [model, undefined, 0, 1_000n]),
    );
  });
});

describe("visits", () => {
  test("a product's steps are counted in sessions of a day", () => {
    const bought = act("order", NOON + 9, { session: "s", order: "W", items: [{ product: "p", pieces: 1n, price: 1n }] });
    const facts = [
      act("productView", NOON, { session: "s", product: "p" }),
      act("productView", NOON + 1, { session: "s", product: "p" }),
      act("addToCart", NOON + 2, { session: "s", product: "p" }),
      act("productView", NOON, { session: "t", product: "p" }),
      act("addToCart", NOON, { session: "u", product: "p" }),
      act("productView", NOON + DAY, { session: "s", product: "p" }),
      bought,
    ];
    expect(productDays(facts, ordersOf(facts, peopleOf(...facts)))).toEqual(
      new Map([
        ["2025-09-10 p", { viewed: 2, carted: 2, bought: 1, viewed_carted: 1, viewed_carted_bought: 1 }],
        ["2025-09-11 p", { viewed: 1, carted: 0, bought: 0, viewed_carted: 0, viewed_carted_bought: 0 }],
      ]),
    );
  });

  test("what a product brought is told by day and currency, of each order once, as it was sent last", () => {
    const items = (pieces: bigint, price: bigint) => ({ items: [{ product: "p", pieces, price }] });
    const facts = [
      act("order", NOON, { order: "W", currency: "EUR", value: 1n, ...items(10_000n, 50_000n) }),
      act("order", NOON + 1, { order: "W", currency: "EUR", value: 1n, ...items(20_000n, 40_000n) }),
      act("order", NOON + 2, { order: "X", currency: "EUR", value: 1n, ...items(10_000n, 30_000n) }),
      act("order", NOON + 3, { order: "Y", currency: "CHF", value: 1n, ...items(10_000n, 70_000n) }),
      act("order", NOON + DAY, { order: "Z", value: 1n, ...items(10_000n, 10_000n) }),
    ];
    // 2 * 4.00 + 1 * 3.00 euros, in hundred-millionths; 7.00 francs; 1.00 of nobody knows what, a day later.
    expect(productAmounts(ordersOf(facts, peopleOf(...facts)))).toEqual(
      new Map([
        ["2025-09-10 p EUR", { amount: 1_100_000_000n, pieces: 30_000n }],
        ["2025-09-10 p CHF", { amount: 700_000_000n, pieces: 10_000n }],
        ["2025-09-11 p none", { amount: 100_000_000n, pieces: 10_000n }],
      ]),
    );
  });

  test("what follows a search follows the session's first one", () => {
    const search = (at: number, session: string, results: number) => act("onSiteSearch", at, { session, term: "lamp", results });
    const facts = [
      act("productView", NOON, { session: "early" }),
      search(NOON + 1, "early", 0),
      search(NOON + 1, "late", 100),
      act("productView", NOON + 2, { session: "late" }),
      search(NOON + 3, "late", 0),
      act("order", NOON + 4, { session: "late" }),
    ];
    expect(searchTerms(facts)).toEqual(
      new Map([["lamp", { searches: 3, sessions: 2, without_results: 2, sessions_with_product_view: 1, sessions_with_order: 1 }]]),
    );
  });

  const HOURS = 3_600_000;
  test.each<[string, number[], number[], (number | undefined)[]]>([
    ["bought an hour later", [0], [1], [0]],
    ["at the very moment", [0], [0], [0]],
    ["a moment within the week", [0], [7 * 24 - 0.001], [0]],
    ["a week later", [0], [7 * 24], [undefined]],
    ["before it was left", [1], [0], [undefined]],
    ["left twice, bought once: the later one", [0, 2], [3], [undefined, 0]],
    ["left twice, bought each time", [0, 2], [1, 3], [0, 1]],
    ["left once, bought twice: by the first", [0], [2, 1], [1]],
  ])("a cart: %s", (_, left, bought, by) => {
    const facts = [
      ...left.map((hours) => act("cartAbandonment", NOON + hours * HOURS)),
      ...bought.map((hours, index) => act("order", NOON + hours * HOURS, { order: `W-${index}` })),
    ].toSorted(inTime);
    const people = peopleOf(...facts);
    expect(cartsOf(facts, ordersOf(facts, people), people).map(({ order }) => order)).toEqual(
      by.map((index) => (index === undefined ? undefined : `W-${index}`)),
    );
  });
});

describe("who may be written to", () => {
  const says = (at: number, consent: string | undefined, channel: Channel = "email") =>
    message("send", NOON + at, { attributes: { [`consent_${channel}`]: consent } });
  const inbound = (at: number, classification: string, channel: Channel = "email") => message("inbound", NOON + at, { classification, channel });
  test.each<[string, MarketingFact[], boolean]>([
    ["an opt-in", [says(0, "OPT_IN")], true],
    ["one that is not confirmed", [says(0, "OPT_IN_UNVERIFIED")], false],
    ["none", [says(0, undefined)], false],
    ["an opt-in that was taken back", [says(0, "OPT_IN"), says(1, "OPT_OUT")], false],
    ["an opt-out that was taken back", [says(0, "OPT_OUT"), says(1, "OPT_IN")], true],
    ["an opt-in before goodbye", [says(0, "OPT_IN"), inbound(1, "UNSUBSCRIBE"), says(2, "OPT_IN")], false],
    ["a new opt-in after goodbye", [says(0, "OPT_IN"), inbound(1, "UNSUBSCRIBE"), says(2, "OPT_OUT"), says(3, "OPT_IN")], true],
    ["goodbye on another channel", [says(0, "OPT_IN"), inbound(1, "UNSUBSCRIBE", "sms")], true],
    ["a complaint before a new opt-in", [inbound(0, "ABUSE"), says(1, "OPT_OUT"), says(2, "OPT_IN")], false],
    ["a complaint on another channel", [says(0, "OPT_IN"), inbound(1, "ABUSE", "sms")], false],
    ["a failure for good", [says(0, "OPT_IN"), message("failure", NOON + 1, { classification: "PERMANENT" })], false],
    ["a failure for a while", [says(0, "OPT_IN"), message("failure", NOON + 1, { classification: "TEMPORARY" })], true],
    [
      "a failure for good on another channel",
      [says(0, "OPT_IN"), message("failure", NOON + 1, { classification: "PERMANENT", channel: "sms" })],
      true,
    ],
  ])("%s", (_, facts, may) => {
    expect([...consented(facts, "email", peopleOf(...facts))]).toEqual(may ? ["anna"] : []);
  });
});

describe("generated signals", () => {
  test.each([1, 2])("tangled ones have what makes marts hard (seed %i)", (seed) => {
    const truth = martsTruth(lastSignals({ seed, rowsPerFile: 3_000, files: 2, overlap: 20, days: 10, tangled: true }));
    expect(Object.values(truth.via).every((count) => count > 0)).toBe(true);
    expect([...truth.people.aliases.values()]).toContain(undefined);
    expect([...truth.contacts.keys()].some((contact) => contact.startsWith("email:"))).toBe(true);
    expect(truth.orders.some(({ signals }) => signals > 1)).toBe(true);
    expect(truth.orders.some(({ value = 0n }) => value < 0n)).toBe(true);
    expect(new Set(truth.orders.map(({ currency }) => currency))).toEqual(new Set(["EUR", "CHF"]));
    expect(Math.max(...truth.credits.map(({ touches }) => touches))).toBeGreaterThanOrEqual(4);
    const touched = (model: string) =>
      new Map(truth.credits.flatMap((one) => (one.model === model && one.orders > 0n ? [[one.order, one.touch?.key]] : [])));
    const [direct, last, first] = [touched("direct"), touched("last"), touched("first")];
    expect([...last].some(([order, key]) => key !== undefined && direct.get(order) !== key)).toBe(true);
    expect([...last].some(([order, key]) => first.get(order) !== key)).toBe(true);
    expect([...last].some(([, key]) => key === undefined)).toBe(true);
    expect(truth.carts.some(({ order }) => order !== undefined)).toBe(true);
    expect(truth.carts.some(({ order }) => order === undefined)).toBe(true);
    expect(truth.orphans.length).toBeGreaterThan(10);
    expect(new Set(truth.sends.map(({ send }) => send.tracking))).toEqual(new Set(["unique", "opens_only", "no_tracking", undefined]));
    expect([...truth.campaignNames.values()].some((name) => name.includes("extended"))).toBe(true);
  });

  test("every credit adds up to its order, in each model", () => {
    const { orders, credits } = martsTruth(lastSignals({ seed: 3, rowsPerFile: 3_000, files: 1, overlap: 0, days: 12, tangled: true }));
    for (const { id, value } of orders) {
      for (const model of MODELS) {
        const own = credits.filter((credit) => credit.order === id && credit.model === model);
        expect(own.reduce((sum, { revenue = 0n }) => sum + revenue, 0n)).toBe(value);
        expect(own.reduce((sum, credit) => sum + credit.orders, 0n)).toBe(1_000_000n);
      }
    }
  });

  test("every signal is counted once, wherever it is counted", () => {
    const signals = [...lastSignals({ seed: 4, rowsPerFile: 1_000, files: 3, overlap: 30 })];
    const truth = martsTruth(signals);
    const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + count, 0);
    expect(signals).toHaveLength(2_400);
    expect(sum(truth.daily.values())).toBe(2_400);
    expect(sum(Object.values(truth.via))).toBe(2_400);
    const marketing = signals.filter(({ table }) => table === "marketing_signals").length;
    expect(sum(truth.sends.map(({ events }) => events.length + 1)) + truth.orphans.length).toBe(marketing);
    expect(sum([...truth.byChannel.values()].map(({ sent }) => sent))).toBe(truth.sends.length);
    expect(sum([...truth.campaignDaily.values()].map(({ opens_total }) => opens_total))).toBe(
      sum([...truth.campaignPerformance.values()].map(({ opens_total }) => opens_total)),
    );
  });

  test("of nothing there is nothing", () => {
    const truth = truthOfFacts([]);
    expect([truth.sends, truth.orders, truth.credits, truth.carts]).toEqual([[], [], [], []]);
    expect(truth.contacts.size + truth.daily.size + truth.campaignDaily.size + truth.sessions.size).toBe(0);
  });
});
