/** Sessions, products, carts and searches: figures by hand. */
import { expect, test } from "vitest";
import { behavior, loadSignals, message, order } from "../../helpers/signals.ts";
import { scratchWarehouse } from "../../helpers/warehouse.ts";

const item = (productId: string, itemQuantity: number, unitPrice: string, more: Record<string, unknown> = {}) => ({
  productId,
  itemQuantity,
  unitPrice,
  ...more,
});
const utc = (time: string) => `2025-${time}:00+00`;

test("a session is what one TLTSID does in one app", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    behavior("pageView", "p2", "03-01 10:01", { url: "/second" }),
    behavior("pageView", "p1", "03-01 10:00", { url: "/first" }, { MESSAGE_SIGNAL_ID: "k1" }),
    behavior("productView", "v1", "03-01 10:02", { productId: "P1" }, { MESSAGE_SIGNAL_ID: "k2" }),
    behavior("addToCart", "a1", "03-01 10:03", item("P1", 1, "10")),
    behavior("onSiteSearch", "q1", "03-01 10:04", { searchTerm: "lamp" }),
    behavior("error", "e1", "03-01 10:05"),
    order("o1", "03-01 10:06", "10.10"),
    order("o1 again", "03-01 10:07:01", "10.20", {}, { orderId: "o1" }),
    order("o2", "03-01 10:06", "0.30"),
    behavior("pageView", "test", "03-01 11:00", { test: true }),
    behavior("cartAbandonment", "c1", "03-01 10:00", {}, { ACOUSTIC_APP_KEY: "app" }),
    order("o3", "03-01 10:00", 1, { TLTSID: "s2", "Customer ID": "" }),
    order("o4", "03-01 10:00", 2, { TLTSID: "s2", "Customer ID": "" }, { currency: "USD" }),
    // The same order goes on in another session: it counts where it began.
    order("o2 again", "03-01 12:00", "0.30", { TLTSID: "s3" }, { orderId: "o2" }),
    behavior("browseAbandonment", "b1", "03-01 10:00", {}, { TLTSID: "s4", "Customer ID": "C1" }),
    behavior("pageView", "p4", "03-01 10:00", {}, { TLTSID: "s4", "Customer ID": "C2" }),
    behavior("pageView", "none", "03-01 10:00", {}, { TLTSID: "" }),
  ]);
  const none = {
    page_views: "0",
    product_views: "0",
    cart_adds: "0",
    searches: "0",
    errors: "0",
    orders: "0",
    order_value: null,
    currency: null,
    cart_abandoned: false,
    browse_abandoned: false,
    landing_url: null,
    message_signal_id: null,
  };
  const at10 = { started_at: utc("03-01 10:00"), ended_at: utc("03-01 10:00"), seconds: "0" };
  expect(await scratch.rows("FROM marts.sessions ORDER BY acoustic_app_key, tltsid")).toEqual([
    { acoustic_app_key: "app", tltsid: "s1", ...at10, signals: "1", ...none, cart_abandoned: true, contact_id: "C1" },
    {
      acoustic_app_key: "shop",
      tltsid: "s1",
      started_at: utc("03-01 10:00"),
      ended_at: "2025-03-01 10:07:01+00",
      seconds: "421",
      signals: "9",
      ...none,
      page_views: "2",
      product_views: "1",
      cart_adds: "1",
      searches: "1",
      errors: "1",
      orders: "2",
      order_value: "10.5000",
      currency: "EUR",
      landing_url: "/first",
      message_signal_id: "k1",
      contact_id: "C1",
    },
    { acoustic_app_key: "shop", tltsid: "s2", ...at10, signals: "2", ...none, orders: "2", contact_id: null },
    {
      acoustic_app_key: "shop",
      tltsid: "s3",
      started_at: utc("03-01 12:00"),
      ended_at: utc("03-01 12:00"),
      seconds: "0",
      signals: "1",
      ...none,
      contact_id: "C1",
    },
    { acoustic_app_key: "shop", tltsid: "s4", ...at10, signals: "2", ...none, page_views: "1", browse_abandoned: true, contact_id: null },
  ]);
});

test("products are counted in sessions, pieces and amounts once an order", async () => {
  const scratch = await scratchWarehouse();
  const bought = (id: string, time: string, items: unknown[], more: Record<string, string> = {}, content: Record<string, unknown> = {}) =>
    order(id, time, 100, more, { orderedItems: items, ...content });
  await loadSignals(scratch, [
    behavior("productView", "1", "03-01 23:30", { productId: "P1" }),
    behavior("productView", "2", "03-01 23:31", { productId: "P1" }),
    behavior("addToCart", "3", "03-01 23:32", item("P1", 2, "10.05")),
    bought("o1", "03-01 23:40", [item("P1", 2, "10.05"), item("P2", 1, "0.10")]),
    bought("o1 again", "03-01 23:41", [item("P1", 3, "10.05"), item("P2", 1, "0.10")], {}, { orderId: "o1" }),
    behavior("productView", "4", "03-01 10:00", { productId: "P1" }, { TLTSID: "s2" }),
    behavior("addToCart", "5", "03-01 10:00", item("P2", 1, "1"), { TLTSID: "s2" }),
    behavior("productView", "6", "03-01 10:00", { productId: "P1" }, { TLTSID: "" }),
    behavior("productView", "7", "03-01 10:00", { productId: "P1", test: true }, { TLTSID: "s3" }),
    behavior("addToCart", "8", "03-02 00:30", item("P1", 1, "1")),
    bought("o2", "03-02 10:00", [item("P1", 1, "7", { currency: "usd" }), item("P1", 2, "1"), { productId: "P1", itemQuantity: 5 }], {
      TLTSID: "s4",
    }),
  ]);
  const day = (
    date: string,
    product_id: string,
    viewed: number,
    carted: number,
    ordered: number,
    viewed_carted: number,
    all: number,
    pieces: string,
  ) => ({
    day: date,
    product_id,
    viewed: String(viewed),
    carted: String(carted),
    bought: String(ordered),
    viewed_carted: String(viewed_carted),
    viewed_carted_bought: String(all),
    pieces,
  });
  expect(await scratch.rows("FROM marts.product_daily ORDER BY day, product_id")).toEqual([
    day("2025-03-01", "P1", 3, 1, 1, 1, 1, "3.0000"),
    day("2025-03-01", "P2", 0, 1, 1, 0, 0, "1.0000"),
    day("2025-03-02", "P1", 0, 1, 1, 0, 0, "8.0000"),
  ]);
  expect(await scratch.rows("FROM marts.product_revenue_daily ORDER BY ALL")).toEqual([
    { day: "2025-03-01", product_id: "P1", currency: "EUR", orders: "1", pieces: "3.0000", amount: "30.15000000" },
    { day: "2025-03-01", product_id: "P2", currency: "EUR", orders: "1", pieces: "1.0000", amount: "0.10000000" },
    { day: "2025-03-02", product_id: "P1", currency: "EUR", orders: "1", pieces: "7.0000", amount: "2.00000000" },
    { day: "2025-03-02", product_id: "P1", currency: "USD", orders: "1", pieces: "1.0000", amount: "7.00000000" },
  ]);
});

const abandons = (id: string, time: string, more: Record<string, string> = {}) => behavior("cartAbandonment", id, time, {}, more);

/** When a contact left carts and ordered, and which order recovered which. */
const CARTS: Record<string, { carts: Record<string, string>; orders: Record<string, string>; recovered: Record<string, string | null> }> = {
  "by the first order after it": { carts: { a: "03-01 10:00" }, orders: { o1: "03-02 10:00", o2: "03-03 10:00" }, recovered: { a: "o1" } },
  "not by an order before it": { carts: { a: "03-01 10:00" }, orders: { o1: "03-01 09:59" }, recovered: { a: null } },
  "within 7 days": { carts: { a: "03-01 10:00" }, orders: { o1: "03-08 09:59" }, recovered: { a: "o1" } },
  "not after 7 days": { carts: { a: "03-01 10:00" }, orders: { o1: "03-08 10:00" }, recovered: { a: null } },
  "only the last one before an order": {
    carts: { a: "03-01 10:00", b: "03-02 10:00" },
    orders: { o1: "03-03 10:00", o2: "03-04 10:00" },
    recovered: { a: null, b: "o1" },
  },
  "each by an order of its own": {
    carts: { a: "03-01 10:00", b: "03-03 10:00" },
    orders: { o1: "03-02 10:00", o2: "03-04 10:00" },
    recovered: { a: "o1", b: "o2" },
  },
  "once, where several signals tell of it": {
    carts: { a: "03-01 10:00", b: "03-01 10:00" },
    orders: { o1: "03-02 10:00" },
    recovered: { a: null, b: "o1" },
  },
  "by the smaller key of two orders at once": {
    carts: { a: "03-01 10:00" },
    orders: { o2: "03-02 10:00", o1: "03-02 10:00" },
    recovered: { a: "o1" },
  },
};

test("a cart is recovered by the first order after it, once", async () => {
  const scratch = await scratchWarehouse();
  const of = (name: string) => ({ "Customer ID": name, TLTSID: name });
  await loadSignals(scratch, [
    ...Object.entries(CARTS).flatMap(([name, { carts, orders }]) => [
      ...Object.entries(carts).map(([id, time]) => abandons(`${name}: ${id}`, time, of(name))),
      ...Object.entries(orders).map(([id, time]) => order(`${name}: ${id}`, time, 5, of(name))),
    ]),
    abandons("nobody's", "03-01 10:00", { "Customer ID": "", TLTSID: "" }),
  ]);
  const expected = Object.entries(CARTS).flatMap(([name, { recovered }]) =>
    Object.entries(recovered).map(([cart, id]) => [
      `${name}: ${cart}`,
      { order_key: id === null ? null : `shop/${name}: ${id}`, recovered: id !== null },
    ]),
  );
  const rows = await scratch.rows("SELECT signal_key, order_key, recovered FROM marts.cart_recovery");
  expect(Object.fromEntries(rows.map(({ signal_key, ...row }) => [signal_key, row]))).toEqual({
    ...Object.fromEntries(expected),
    "nobody's": { order_key: null, recovered: false },
  });
});

test("what was in a cart, and the message that brought its contact back", async () => {
  const scratch = await scratchWarehouse();
  const triggered = { ENTRY_SIGNAL: "cartAbandonment" };
  await loadSignals(scratch, [
    behavior("addToCart", "a1", "03-01 09:00", item("P1", 2, "10.05", { currency: "EUR" })),
    behavior("addToCart", "a2", "03-01 09:10", item("P2", 3, "1", { currency: "eur" })),
    behavior("removedFromCart", "r1", "03-01 09:20", item("P2", 1, "1", { currency: "EUR" })),
    abandons("c1", "03-01 10:00"),
    behavior("addToCart", "a3", "03-01 10:01", item("P3", 1, "99", { currency: "EUR" })),
    message("emailSend", "m1", "03-01 12:00", triggered),
    message("emailSend", "m2", "03-01 11:00"),
    message("emailClick", "k1", "03-01 13:00", { ...triggered, BOT_DETECTED: "true" }),
    message("emailClick", "k2", "03-01 14:00", triggered),
    order("o1", "03-01 15:00", "22.10"),
    // Two currencies, and a price that nobody knows.
    behavior("addToCart", "a4", "03-01 09:00", item("P1", 1, "1", { currency: "EUR" }), { TLTSID: "s2", "Customer ID": "C2" }),
    behavior("addToCart", "a5", "03-01 09:00", item("P1", 1, "1", { currency: "USD" }), { TLTSID: "s2", "Customer ID": "C2" }),
    abandons("c2", "03-01 10:00", { TLTSID: "s2", "Customer ID": "C2" }),
    behavior("addToCart", "a6", "03-01 09:00", { productId: "P1", itemQuantity: 1, currency: "EUR" }, { TLTSID: "s3", "Customer ID": "C3" }),
    abandons("c3", "03-01 10:00", { TLTSID: "s3", "Customer ID": "C3" }),
  ]);
  const lost = {
    message_sent_at: null,
    message_clicked_at: null,
    order_key: null,
    recovered_at: null,
    order_value: null,
    currency: null,
    recovered: false,
    recovered_by_message: false,
  };
  const cart = (n: number) => ({ signal_key: `c${n}`, abandoned_at: utc("03-01 10:00"), contact_id: `C${n}`, tltsid: `s${n}` });
  expect(await scratch.rows("FROM marts.cart_recovery ORDER BY signal_key")).toEqual([
    {
      ...cart(1),
      cart_value: "22.10000000",
      cart_currency: "EUR",
      cart_adds: "2",
      message_sent_at: utc("03-01 12:00"),
      message_clicked_at: utc("03-01 14:00"),
      order_key: "shop/o1",
      recovered_at: utc("03-01 15:00"),
      order_value: "22.1000",
      currency: "EUR",
      recovered: true,
      recovered_by_message: true,
    },
    { ...cart(2), cart_value: null, cart_currency: null, cart_adds: "2", ...lost },
    { ...cart(3), cart_value: null, cart_currency: null, cart_adds: "1", ...lost },
  ]);
});

test("searches are told by what was typed, and by what the session did after it", async () => {
  const scratch = await scratchWarehouse();
  const search = (id: string, time: string, searchTerm: string, numberOfResults: number | undefined, tltsid: string) =>
    behavior("onSiteSearch", id, time, { searchTerm, numberOfResults }, { TLTSID: tltsid });
  await loadSignals(scratch, [
    behavior("productView", "v0", "03-01 09:00", { productId: "P1" }, { TLTSID: "s1" }),
    search("q1", "03-01 10:00", " Lampe ", 3, "s1"),
    search("q2", "03-01 10:05", "lampe", 0, "s1"),
    behavior("productView", "v1", "03-01 10:01", { productId: "P1" }, { TLTSID: "s1" }),
    order("o1", "03-01 10:02", 1, { TLTSID: "s1" }),
    behavior("productView", "v2", "03-01 09:00", { productId: "P1" }, { TLTSID: "s2" }),
    search("q3", "03-01 10:00", "LAMPE", undefined, "s2"),
    search("q4", "03-01 10:00", "lampe", 0, ""),
    search("q5", "03-01 10:00", "  ", 0, "s3"),
    search("q6", "03-01 10:00", "Öl", 1, "s3"),
  ]);
  expect(await scratch.rows("FROM marts.search_terms ORDER BY searches DESC")).toEqual([
    { search_term: "lampe", searches: "4", without_results: "2", sessions: "2", sessions_with_product_view: "1", sessions_with_order: "1" },
    { search_term: "öl", searches: "1", without_results: "0", sessions: "1", sessions_with_product_view: "0", sessions_with_order: "0" },
  ]);
});
