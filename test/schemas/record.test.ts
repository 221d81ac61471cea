/** The types of records: narrowing by kind and signal_type gives the documented fields. tsc checks these; the run checks that the values agree. */
import { expect, expectTypeOf, test } from "vitest";
import {
  type BehaviorSignal,
  type KnownSignal,
  type MarketingSignal,
  type OrderItem,
  readSignals,
  type Reject,
  type SignalOrReject,
  type UnknownSignal,
} from "../../pipeline/index.ts";

async function only(type: string, content = ""): Promise<SignalOrReject> {
  const file = `SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,LINK_ID,BOT_DETECTED,TAGS,SIGNAL_CONTENT\n1,${type},2025-09-14,,,,"${content.replaceAll('"', '""')}"\n`;
  for await (const record of readSignals(Buffer.from(file))) return record;
  throw new Error("no record");
}

test("an order has its amounts as text, and its items", async () => {
  const record = await only("order", '{"orderValue":383.73,"orderedItems":[{"productId":"A","unitPrice":1.5}]}');
  if (record.kind !== "signal" || record.signal_type !== "order") throw new Error("no order");
  expectTypeOf(record).toEqualTypeOf<BehaviorSignal<"order">>();
  expectTypeOf(record.order_value).toEqualTypeOf<string | undefined>();
  expectTypeOf(record.items).toEqualTypeOf<OrderItem[]>();
  expectTypeOf(record.items[0]?.unit_price).toEqualTypeOf<string | undefined>();
  expectTypeOf(record.table).toEqualTypeOf<"behavior_signals">();
  expectTypeOf(record["contact_email"]).toEqualTypeOf<string | undefined>();
  expectTypeOf(record).not.toHaveProperty("link_id");
  expectTypeOf(record).not.toHaveProperty("search_term");
  expectTypeOf(record).not.toHaveProperty("channel");
  expect(record).toMatchObject({ order_value: "383.73", items: [{ item_no: 1, product_id: "A", unit_price: "1.5" }] });
});

test("an order without content has items all the same, as its type says", async () => {
  const record = await only("order");
  if (record.kind !== "signal" || record.signal_type !== "order") throw new Error("no order");
  expect(record.items.length).toBe(0);
});

test("a click has its link, its channel and its action", async () => {
  const record = await only("emailClick");
  if (record.kind !== "signal" || record.signal_type !== "emailClick") throw new Error("no click");
  expectTypeOf(record).toEqualTypeOf<MarketingSignal<"emailClick">>();
  expectTypeOf(record.channel).toEqualTypeOf<"email">();
  expectTypeOf(record.action).toEqualTypeOf<"click">();
  expectTypeOf(record.link_id).toEqualTypeOf<string | undefined>();
  expectTypeOf(record.bot_detected).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(record.tags).toEqualTypeOf<(string | null)[] | undefined>();
  expectTypeOf(record).not.toHaveProperty("order_value");
  expectTypeOf(record).not.toHaveProperty("tltsid");
  expectTypeOf(record).not.toHaveProperty("items");
  expect(record).toMatchObject({ channel: "email", action: "click" });
});

test("the documented fields of the other behavior types", () => {
  expectTypeOf<BehaviorSignal<"onSiteSearch">>().toHaveProperty("number_of_results");
  expectTypeOf<BehaviorSignal<"richMediaInteraction">>().toHaveProperty("interaction_type");
  expectTypeOf<BehaviorSignal<"identification">["identification_from_login"]>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<BehaviorSignal<"productView">["product_urls"]>().toEqualTypeOf<(string | null)[] | undefined>();
  expectTypeOf<BehaviorSignal<"addToCart">>().toHaveProperty("item_quantity");
  expectTypeOf<BehaviorSignal<"addToCart">>().not.toHaveProperty("items");
  expectTypeOf<BehaviorSignal<"error">>().not.toHaveProperty("product_id");
});

test("kind tells signals, signals of new types, and rejects apart", async () => {
  const record = await only("levitation");
  if (record.kind === "signal") expectTypeOf(record).toEqualTypeOf<KnownSignal>();
  else if (record.kind === "unknown") {
    expectTypeOf(record).toEqualTypeOf<UnknownSignal>();
    expectTypeOf(record.signal_type).toEqualTypeOf<string>();
    expectTypeOf(record.order_value).toEqualTypeOf<string | undefined>();
  } else {
    expectTypeOf(record).toEqualTypeOf<Reject>();
    expectTypeOf(record.raw_bytes).toEqualTypeOf<Uint8Array | undefined>();
  }
  expect(record.kind).toBe("unknown");
});

test("table tells marketing from behavior", () => {
  expectTypeOf<Extract<KnownSignal, { table: "marketing_signals" }>>().toEqualTypeOf<MarketingSignal>();
  expectTypeOf<Extract<KnownSignal, { channel: "sms" }>["signal_type"]>().toEqualTypeOf<
    "smsSend" | "smsDelivery" | "smsClick" | "smsFailure" | "smsInbound"
  >();
});
