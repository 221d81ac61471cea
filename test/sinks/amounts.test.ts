/** Amounts that are in no sum are told, by column, as many as there are. */
import { describe, expect, test } from "vitest";
import { READERS } from "../../pipeline/load/load-files.ts";
import { readStatus } from "../../sinks/status.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

const signal = (id: string, type: string, content: object) => ({ ...pageView(id), SIGNAL_TYPE: type, SIGNAL_CONTENT: JSON.stringify(content) });
const leftOut = async ({ warehouse }: Scratch) => (await readStatus(warehouse.connection)).amounts_left_out;
const sizes = { rowGroup: 1_000_000, stretch: 3_000_000 };

const ROWS = [
  signal("1", "addToCart", { unitPrice: "10%", discount: "12 EUR", itemQuantity: 1 }),
  signal("2", "addToCart", { price: "1.234,56", quantity: "a few" }),
  signal("3", "order", { orderTotal: "1,234.56", orderTax: "NaN", orderShip: "Infinity", orderDiscount: 1e14, orderSubtotal: true }),
  // In an order, price is the order's value.
  signal("4", "order", { price: "free" }),
  signal("5", "order", { orderedItems: [{ unitPrice: "1,5" }, { price: "2,5", quantity: {} }, { unitPrice: "3,5" }, { unitPrice: 4.5 }] }),
  signal("6", "productView", { msrp: "99999999999999.99999" }),
  signal("7", "onSiteSearch", { numberOfResults: "many" }),
  signal("8", "pushClick", { discount: "10%" }),
];
const LEFT = {
  "behavior_signals.item_quantity": 1,
  "behavior_signals.unit_price": 2,
  "behavior_signals.discount": 2,
  "behavior_signals.number_of_results": 1,
  "behavior_signals.order_value": 2,
  "behavior_signals.order_subtotal": 1,
  "behavior_signals.order_shipping_handling": 1,
  "behavior_signals.order_tax": 1,
  "behavior_signals.order_discount": 1,
  "behavior_signals.msrp": 1,
  "order_items.item_quantity": 1,
  "order_items.unit_price": 3,
};

/** What is in extra without being an amount of ours that is missing in a sum. */
const NOT_LEFT = [
  signal("11", "pageView", { price: "10%", OrderValue: "x", unknown: { unitPrice: "x" }, url: { a: 1 } }),
  signal("12", "addToCart", { unitPrice: 0.30000000000000004, price: "10%", discount: null }),
  signal("13", "order", { orderedItems: [{ unitPrice: 1.00005, cost: "x", productId: [] }, "10%"], orderValue: 836.9999999999998 }),
  signal("14", "order", { orderedItems: "10%", orderId: {}, orderValue: 5 }),
  { ...signal("15", "emailSend", { discount: "10%" }), TAGS: "a;b" },
];

describe.each(READERS)("by the %s reader", (reader) => {
  test("each value counts that its column cannot hold, in the load's result and in the status", async () => {
    const scratch = await scratchWarehouse();
    const [result] = await scratch.load([memoryFile("a.csv", 1, csv([...ROWS, ...NOT_LEFT]))], { reader, sizes });
    expect(result).toMatchObject({ status: "loaded", inserted: ROWS.length + NOT_LEFT.length, amountsLeftOut: LEFT });
    expect(await leftOut(scratch)).toEqual(LEFT);
  });

  test("none where all fit", async () => {
    const scratch = await scratchWarehouse();
    expect(await scratch.load([memoryFile("a.csv", 1, csv(NOT_LEFT))], { reader, sizes })).toMatchObject([{ amountsLeftOut: {} }]);
    expect(await leftOut(scratch)).toEqual({});
  });

  test("what comes in several exports counts once, and what a later one corrects no more", async () => {
    const scratch = await scratchWarehouse();
    const [first, second] = [ROWS.slice(0, 2), ROWS.slice(4, 5)];
    expect(
      await scratch.load(
        [
          memoryFile("a.csv", 1000, csv([...first, ...second])),
          memoryFile("b.csv", 2000, csv([...second, ...ROWS.slice(5, 6)])),
          memoryFile("c.csv", 3000, csv([signal("1", "addToCart", { unitPrice: 10, discount: "12 EUR" })])),
        ],
        { reader, sizes },
      ),
    ).toMatchObject([
      { amountsLeftOut: { "behavior_signals.unit_price": 2, "behavior_signals.discount": 1, "order_items.unit_price": 3 } },
      { amountsLeftOut: { "behavior_signals.msrp": 1 } },
      { amountsLeftOut: { "behavior_signals.discount": 1 } },
    ]);
    expect(await leftOut(scratch)).toEqual({
      "behavior_signals.item_quantity": 1,
      "behavior_signals.unit_price": 1,
      "behavior_signals.discount": 1,
      "behavior_signals.msrp": 1,
      "order_items.item_quantity": 1,
      "order_items.unit_price": 3,
    });
  });
});

test("those of a reject that was mended count, too", async () => {
  const scratch = await scratchWarehouse();
  const header = "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,SIGNAL_CONTENT\n";
  await scratch.load([memoryFile("a.csv", 1, `${header}1,order\n`)]);
  expect(await leftOut(scratch)).toEqual({});
  const mended = '1,order,2025-09-01T10:00:00.000Z,"{""orderValue"":""12 EUR"",""orderedItems"":[{""price"":""1,5""},{""price"":""2,5""}]}"';
  await scratch.run(`UPDATE signalhouse.rejects SET raw = '${mended}'`);
  await scratch.replay();
  expect(await leftOut(scratch)).toEqual({ "behavior_signals.order_value": 1, "order_items.unit_price": 2 });
});
