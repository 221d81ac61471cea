/** signalhouse.changes: what a load, a replay and a mending have changed, by table and month; and the marts follow. */
import { expect, test } from "vitest";
import { READERS } from "../../pipeline/load/load-files.ts";
import { keptAndFilled } from "../helpers/marts.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

const order = (id: string, day: string, value: number, items = 1) =>
  pageView(id, "an order", {
    SIGNAL_TYPE: "order",
    SIGNAL_TIMESTAMP: `${day}T10:00:00.000Z`,
    SIGNAL_CONTENT: JSON.stringify({ orderId: id, orderValue: value, orderedItems: Array.from({ length: items }, () => ({ productId: "p" })) }),
    "Customer ID": "C1",
  });
const send = (id: string, day: string) => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: "emailSend",
  TIMESTAMP: `${day}T10:00:00.000Z`,
  MESSAGE_ID: "m",
  "Customer ID": "C1",
});

const changes = (scratch: Scratch) =>
  scratch.rows(
    "SELECT change_id::INTEGER AS id, what, load_id::INTEGER AS load, table_name, month::VARCHAR AS month, rows::INTEGER AS rows FROM signalhouse.changes ORDER BY ALL",
  );

test.each(READERS)("a load notes the months of what it added, and of what it changed, as it was and as it is (%s)", async (reader) => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1000, csv([order("1", "2025-08-31", 1, 2), order("2", "2025-09-30", 2), send("3", "2025-09-01")]))], {
    reader,
  });
  // The first moves by a month, the second is as it was.
  await scratch.load([memoryFile("b.csv", 2000, csv([order("1", "2025-07-31", 5), order("2", "2025-09-30", 2)]))], { reader });
  expect(await changes(scratch)).toEqual([
    { id: 1, what: "load", load: 1, table_name: "behavior_signals", month: "2025-08-01", rows: 1 },
    { id: 1, what: "load", load: 1, table_name: "behavior_signals", month: "2025-09-01", rows: 1 },
    { id: 1, what: "load", load: 1, table_name: "marketing_signals", month: "2025-09-01", rows: 1 },
    { id: 1, what: "load", load: 1, table_name: "order_items", month: "2025-08-01", rows: 2 },
    { id: 1, what: "load", load: 1, table_name: "order_items", month: "2025-09-01", rows: 1 },
    { id: 2, what: "load", load: 2, table_name: "behavior_signals", month: "2025-07-01", rows: 1 },
    { id: 2, what: "load", load: 2, table_name: "behavior_signals", month: "2025-08-01", rows: 1 },
    { id: 2, what: "load", load: 2, table_name: "order_items", month: "2025-07-01", rows: 1 },
    { id: 2, what: "load", load: 2, table_name: "order_items", month: "2025-08-01", rows: 2 },
  ]);
  expect(await scratch.rows("SELECT order_key, order_value::VARCHAR AS value FROM marts.orders_once ORDER BY ALL")).toEqual([
    { order_key: "1", value: "5.0000" },
    { order_key: "2", value: "2.0000" },
  ]);
});

test("a load of nothing new notes nothing; months are those of UTC, whatever the session's zone", async () => {
  const scratch = await scratchWarehouse();
  const late = { ...order("1", "2025-09-30", 1), SIGNAL_TIMESTAMP: "2025-09-30T23:30:00.000Z" };
  await scratch.run("SET TimeZone = 'Asia/Tokyo'");
  await scratch.load([memoryFile("a.csv", 1000, csv([late])), memoryFile("b.csv", 2000, csv([late, late]))]);
  expect(await scratch.rows("SELECT load_id::INTEGER AS load, table_name, month::VARCHAR AS month FROM signalhouse.changes ORDER BY ALL")).toEqual([
    { load: 1, table_name: "behavior_signals", month: "2025-09-01" },
    { load: 1, table_name: "order_items", month: "2025-09-01" },
  ]);
});

test("a replay notes what it took in, of a load that was noted before, and the marts follow", async () => {
  const scratch = await scratchWarehouse();
  const text = csv([order("1", "2025-09-01", 1), order("2", "2025-10-01", 2)]);
  await scratch.load([memoryFile("a.csv", 1000, `${text}short,row\n`)]);
  const [header = ""] = text.split("\n");
  const mended = csv([order("3", "2025-11-01", 4)], header.split(","))
    .split("\n")
    .slice(1)
    .join("\n")
    .trimEnd();
  await scratch.run(`UPDATE signalhouse.rejects SET raw = '${mended.replaceAll("'", "''")}'`);
  expect(await scratch.replay()).toMatchObject([{ inserted: 1 }]);
  expect((await changes(scratch)).filter(({ what }) => what === "replay")).toEqual([
    { id: 2, what: "replay", load: 1, table_name: "behavior_signals", month: "2025-11-01", rows: 1 },
    { id: 2, what: "replay", load: 1, table_name: "order_items", month: "2025-11-01", rows: 1 },
  ]);
  expect(await scratch.values("SELECT order_value::VARCHAR FROM marts.orders_once ORDER BY ALL")).toEqual(["1.0000", "2.0000", "4.0000"]);
  const { kept, filled } = await keptAndFilled(scratch);
  expect(kept).toEqual(filled);
});

test.each(READERS)("a load that changes an order, and says of a message what is known, has both as they are (%s)", async (reader) => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1000, csv([order("1", "2025-09-01", 1), send("2", "2025-09-01")]))], { reader });
  expect(await scratch.load([memoryFile("b.csv", 2000, csv([order("1", "2025-09-01", 3), send("2", "2025-09-01")]))], { reader })).toMatchObject([
    { status: "loaded", updated: 1, unchanged: 1 },
  ]);
  expect(await scratch.values("SELECT order_value::VARCHAR FROM marts.orders_once")).toEqual(["3.0000"]);
  expect(await scratch.values("SELECT send_key FROM marts.sends")).toEqual(["2"]);
});

test("a replay that tells whose an address is changes whose the other signals of the same load are", async () => {
  const scratch = await scratchWarehouse();
  const visit = (id: string, more: Record<string, string>) => pageView(id, "a page", { TLTSID: "s", "Customer ID": "", Email: "", ...more });
  const text = csv([
    visit("1", { Email: "ana@x.example" }),
    { ...send("2", "2025-09-01"), "Customer ID": "", Email: "ana@x.example" },
    order("3", "2025-09-01", 5),
  ]);
  const [header = ""] = text.split("\n");
  await scratch.load([memoryFile("a.csv", 1000, `${text}short,row\n`)]);
  expect(await scratch.values("SELECT contact_id FROM marts.session_contacts")).toEqual(["email:ana@x.example"]);
  const [, mended = ""] = csv([visit("4", { TLTSID: "", "Customer ID": "C2", Email: "ana@x.example" })], header.split(",")).split("\n");
  await scratch.run(`UPDATE signalhouse.rejects SET raw = '${mended}'`);
  expect(await scratch.replay()).toMatchObject([{ inserted: 1 }]);
  expect(await scratch.values("SELECT contact_id FROM marts.session_contacts")).toEqual(["C2"]);
  expect(await scratch.values("SELECT contact_id FROM marts.sends")).toEqual(["C2"]);
  const { kept, filled } = await keptAndFilled(scratch);
  expect(kept).toEqual(filled);
});
