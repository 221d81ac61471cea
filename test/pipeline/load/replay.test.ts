/** Rejects: kept whole, and taken in once they can be. */
import { DuckDBBlobValue } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { csv, memoryFile, pageView, scratchWarehouse, type Scratch } from "../../helpers/warehouse.ts";

const HEADER = "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,NAME,SIGNAL_CONTENT\n";
const line = (id: string, name: string, content = "") => `${id},pageView,2025-09-01T10:00:00Z,${name},${content}\n`;
const REJECTS = "SELECT load_id, record_no, code, raw FROM signalhouse.rejects ORDER BY ALL";
const NAMES = "SELECT name FROM behavior_signals ORDER BY signal_key";
const none = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };

const openRejects = (scratch: Scratch) => scratch.values("SELECT record_no::INTEGER FROM signalhouse.rejects WHERE replayed_at IS NULL ORDER BY ALL");
const mend = (scratch: Scratch, recordNo: number, raw: string) =>
  scratch.run(`UPDATE signalhouse.rejects SET raw = '${raw.trimEnd()}', raw_bytes = NULL WHERE record_no = ${recordNo}`);

describe("a reject", () => {
  test.each([
    ["field_count", "1,pageView,2025-09-01T10:00:00Z", "the row has 3 fields, the header 5"],
    ["field_count", `1,pageView,2025-09-01T10:00:00Z,a,"{}",one,"two\nlines"`, "the row has 7 fields, the header 5"],
    ["no_signal_type", `1,,2025-09-01T10:00:00Z,"a ""quoted"" name",`, "the row has no SIGNAL_TYPE and SIGNAL_CONTENT says nothing"],
    [
      "no_timestamp",
      "1,pageView,yesterday,a,",
      'no column holds a time: SIGNAL_TIMESTAMP has "yesterday", not an ISO 8601 time such as 2025-12-31T10:00:00Z',
    ],
    ["content_not_json", "1,pageView,2025-09-01T10:00:00Z,🎉,{not json", "SIGNAL_CONTENT cannot be read: "],
    ["content_not_json", "1,pageView,2025-09-01T10:00:00Z,a,[1]", "SIGNAL_CONTENT cannot be read: it is a number, not an object"],
    ["csv_broken", `1,pageView,"2025"-09-01,a,`, "a quote stands where none may, or is never closed"],
    ["no_signal_type", "1,,2025-09-01T10:00:00Z,nul \0 inside,", "the row has no SIGNAL_TYPE"],
  ])("%s is kept with its whole text", async (code, raw, reason) => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, `${HEADER}${line("10", "before")}${raw}\r\n${line("2", "after")}`)]);
    expect(await scratch.rows(REJECTS)).toEqual([{ load_id: "1", record_no: "2", code, raw }]);
    expect(await scratch.value("SELECT reason FROM signalhouse.rejects")).toContain(reason);
    expect(await scratch.value("SELECT raw_bytes FROM signalhouse.rejects")).toBe(null);
    expect(await scratch.values(NAMES)).toEqual(["before", "after"]);
    expect(await scratch.counts("a.csv")).toEqual({ ...none, records: 3, inserted: 2, rejected: 1 });
  });

  test("that is not UTF-8 is kept with its bytes", async () => {
    const scratch = await scratchWarehouse();
    const bytes = Buffer.from("1,pageView,2025-09-01T10:00:00Z,na\u00efve,{\u00ef", "latin1");
    await scratch.load([memoryFile("a.csv", 1, Buffer.concat([Buffer.from(HEADER), bytes, Buffer.from("\n")]))]);
    const [row] = (await scratch.warehouse.connection.runAndReadAll("SELECT raw, raw_bytes FROM signalhouse.rejects")).getRowObjects();
    expect(row?.["raw"]).toBe("1,pageView,2025-09-01T10:00:00Z,na\ufffdve,{\ufffd");
    expect(row?.["raw_bytes"] instanceof DuckDBBlobValue && Buffer.from(row["raw_bytes"].bytes).equals(bytes)).toBe(true);
  });
});

describe("replay", () => {
  const broken = memoryFile("a.csv", 1, `${HEADER}${line("1", "one")}2,pageView\n${line("3", "three", "nonsense")}`);

  test("leaves what is still broken", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([broken]);
    const before = await scratch.rows("SELECT * FROM signalhouse.rejects");
    expect(await scratch.replay()).toEqual([
      { load_id: 1n, path: "a.csv", replayed: 0, inserted: 0, updated: 0, unchanged: 0, suppressed: 0, still_rejected: 2 },
    ]);
    expect(await scratch.rows("SELECT * FROM signalhouse.rejects")).toEqual(before);
    expect(await scratch.counts("a.csv")).toEqual({ ...none, records: 3, inserted: 1, rejected: 2 });
  });

  test("takes a row in that was mended, as the record that it was, and only once", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([broken]);
    await mend(scratch, 3, line("3", "three"));
    expect(await scratch.replay()).toMatchObject([{ replayed: 1, inserted: 1, still_rejected: 1 }]);
    expect(await scratch.rows("SELECT name, load_id, record_no FROM behavior_signals WHERE signal_key = '3'")).toEqual([
      { name: "three", load_id: "1", record_no: "3" },
    ]);
    expect(await scratch.counts("a.csv")).toEqual({ ...none, records: 3, inserted: 2, rejected: 1 });
    expect(await openRejects(scratch)).toEqual([2]);
    expect(
      await scratch.value(
        "SELECT replayed_at >= l.finished_at FROM signalhouse.rejects JOIN signalhouse.loads l USING (load_id) WHERE record_no = 3",
      ),
    ).toBe(true);

    expect(await scratch.replay()).toMatchObject([{ replayed: 0, still_rejected: 1 }]);
    await mend(scratch, 2, line("2", "two"));
    expect(await scratch.replay()).toMatchObject([{ replayed: 1, still_rejected: 0 }]);
    expect(await scratch.replay()).toEqual([]);
    expect(await scratch.values(NAMES)).toEqual(["one", "two", "three"]);
    expect(await scratch.counts("a.csv")).toEqual({ ...none, records: 3, inserted: 3 });
  });

  test("reads the bytes where there are some, not the text in their place", async () => {
    const scratch = await scratchWarehouse();
    const bytes = Buffer.from(line("1", "na\u00efve", "{").trimEnd(), "latin1");
    await scratch.load([memoryFile("a.csv", 1, Buffer.concat([Buffer.from(HEADER), bytes]))]);
    await scratch.warehouse.connection.run("UPDATE signalhouse.rejects SET raw_bytes = $1", [new DuckDBBlobValue(bytes.subarray(0, -1))]);
    expect(await scratch.replay()).toMatchObject([{ replayed: 1 }]);
    expect(await scratch.rows("SELECT name, extra FROM behavior_signals")).toEqual([{ name: null, extra: '{"NAME":"na\u00efve"}' }]);
  });

  test("reads the text where it was mended, not the bytes behind it", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, Buffer.from(`${HEADER}${line("1", "na\u00efve", "{")}`, "latin1"))]);
    await scratch.run(`UPDATE signalhouse.rejects SET raw = '${line("1", "na\u00efve").trimEnd()}'`);
    expect(await scratch.replay()).toMatchObject([{ replayed: 1 }]);
    expect(await scratch.rows("SELECT name, extra FROM behavior_signals")).toEqual([{ name: "na\u00efve", extra: null }]);
  });

  test("gives way to a later export, and to a later row of the same file", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      memoryFile("a.csv", 1, `${HEADER}1,pageView\n2,pageView\n3,pageView\n${line("2", "later row")}`),
      memoryFile("b.csv", 2, HEADER + line("1", "later file")),
    ]);
    for (const id of [1, 2, 3]) await mend(scratch, id, line(String(id), "mended"));
    expect(await scratch.replay()).toMatchObject([{ load_id: 1n, replayed: 3, inserted: 1, updated: 0, unchanged: 2 }]);
    expect(await scratch.values(NAMES)).toEqual(["later file", "later row", "mended"]);
  });

  test("replaces what an earlier export and an earlier row of the same file say", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      memoryFile("a.csv", 1, HEADER + line("1", "earlier file")),
      memoryFile("b.csv", 2, `${HEADER}${line("2", "earlier row")}1,pageView\n2,pageView\n`),
    ]);
    await mend(scratch, 2, line("1", "mended"));
    await mend(scratch, 3, line("2", "mended"));
    expect(await scratch.replay()).toMatchObject([{ load_id: 2n, replayed: 2, inserted: 0, updated: 2 }]);
    expect(await scratch.values(NAMES)).toEqual(["mended", "mended"]);
    expect(await scratch.counts("b.csv")).toEqual({ ...none, records: 3, inserted: 1, updated: 2 });
  });

  test("gives way to a later export that only confirmed what was there", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([
      memoryFile("a.csv", 1, HEADER + line("1", "x")),
      memoryFile("b.csv", 2, `${HEADER}1,pageView\n`),
      memoryFile("c.csv", 3, `${HEADER}${line("1", "x")}${line("2", "more")}`),
    ]);
    await mend(scratch, 1, line("1", "y"));
    await scratch.replay();
    expect(await scratch.values(NAMES)).toEqual(["x", "more"]);
  });

  test("has the order's items, contact attributes, and drift", async () => {
    const scratch = await scratchWarehouse();
    const order = { ...pageView("1"), SIGNAL_TYPE: "order", "Loyalty Tier": "gold", SIGNAL_CONTENT: "{" };
    await scratch.load([memoryFile("a.csv", 1, csv([order]))]);
    const content = '{""somethingNew"":1,""orderedItems"":[{""productId"":""p""},{""productId"":""q"",""giftWrap"":true}]}';
    await scratch.run(`UPDATE signalhouse.rejects SET raw = replace(raw, '{', '"${content}"')`);
    expect(await scratch.replay()).toMatchObject([{ replayed: 1, inserted: 1 }]);
    expect(await scratch.values("SELECT contact_loyalty_tier FROM orders")).toEqual(["gold"]);
    expect(await scratch.rows("SELECT signal_key, item_no, product_id, load_id FROM order_items ORDER BY ALL")).toEqual([
      { signal_key: "1", item_no: "1", product_id: "p", load_id: "1" },
      { signal_key: "1", item_no: "2", product_id: "q", load_id: "1" },
    ]);
    expect(await scratch.rows("SELECT load_id, field, records FROM signalhouse.drift ORDER BY field")).toEqual([
      { load_id: "1", field: "orderedItems[].giftWrap", records: "1" },
      { load_id: "1", field: "somethingNew", records: "1" },
    ]);
  });

  test("of one load leaves the others", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, `${HEADER}1,pageView\n`), memoryFile("b.csv", 2, `${HEADER}2,pageView\n`)]);
    await scratch.run(`UPDATE signalhouse.rejects SET raw = raw || ',2025-09-01T10:00:00Z,mended,'`);
    expect(await scratch.replay(2n)).toMatchObject([{ load_id: 2n, replayed: 1 }]);
    expect(await scratch.values("SELECT signal_id FROM page_views")).toEqual(["2"]);
    expect(await scratch.replay(9n)).toEqual([]);
    expect(await scratch.replay()).toMatchObject([{ load_id: 1n, replayed: 1 }]);
  });

  test.each([
    ["two rows", `${line("1", "one")}${line("2", "two")}`],
    ["nothing", ""],
    ["a row with a quote left open", `1,pageView,2025-09-01T10:00:00Z,"open,`],
  ])("does not take in a text that was mended to %s", async (_, text) => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, `${HEADER}1,pageView\n`)]);
    await mend(scratch, 1, text);
    expect(await scratch.replay()).toMatchObject([{ replayed: 0, still_rejected: 1 }]);
    expect(await scratch.values(NAMES)).toEqual([]);
  });

  test("of many loads at once counts each for itself", async () => {
    const scratch = await scratchWarehouse();
    const files = Array.from({ length: 5 }, (_, index) =>
      memoryFile(`${index}.csv`, index, `${HEADER}${line(`${index}`, "good")}x${index},pageView\ny${index}\n`),
    );
    await scratch.load(files);
    await scratch.run(`UPDATE signalhouse.rejects SET raw = raw || ',2025-09-01T10:00:00Z,mended,' WHERE record_no = 2`);
    expect(await scratch.replay()).toMatchObject(files.map(({ path }) => ({ path, replayed: 1, inserted: 1, still_rejected: 1 })));
    for (const { path } of files) expect(await scratch.counts(path)).toEqual({ ...none, records: 3, inserted: 2, rejected: 1 });
  });

  test("of a load leaves nothing behind that the next one would take for its own", async () => {
    const scratch = await scratchWarehouse();
    const order = (id: string, product: string) => `${id},order,2025-09-01T10:00:00Z,,"{""orderedItems"":[{""productId"":""${product}""}]}"\n`;
    await scratch.load([
      memoryFile("first.csv", 1, HEADER + order("met", "m")),
      memoryFile("a.csv", 2, `${HEADER}1,order\n2,order\n3,order\n`),
      memoryFile("b.csv", 3, `${HEADER}1,order\n2,order\n3,order\nx,order\n`),
    ]);
    // In a, record 1 is replaced by record 2, and record 3 says what is there; in b, all three are new.
    const mended = { 2: [order("o", "p"), order("o", "q"), order("met", "m")], 3: [order("r", "s"), order("t", "u"), order("v", "w")] };
    for (const [loadId, lines] of Object.entries(mended)) {
      for (const [index, text] of lines.entries())
        await scratch.run(`UPDATE signalhouse.rejects SET raw = '${text.trimEnd()}' WHERE load_id = ${loadId} AND record_no = ${index + 1}`);
    }
    expect(await scratch.replay()).toMatchObject([
      { load_id: 2n, replayed: 3, inserted: 1, updated: 1, unchanged: 1, still_rejected: 0 },
      { load_id: 3n, replayed: 3, inserted: 3, updated: 0, unchanged: 0, still_rejected: 1 },
    ]);
    const items = await scratch.rows("SELECT signal_key, string_agg(product_id) AS products FROM order_items GROUP BY ALL ORDER BY ALL");
    expect(items.map(({ signal_key, products }) => [signal_key, products])).toEqual([
      ["met", "m"],
      ["o", "q"],
      ["r", "s"],
      ["t", "u"],
      ["v", "w"],
    ]);
  });

  test("gives way to a later row of the same file, also where that one only confirmed an earlier export", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, HEADER + line("1", "new")), memoryFile("b.csv", 2, `${HEADER}1,pageView\n${line("1", "new")}`)]);
    await scratch.run(`UPDATE signalhouse.rejects SET raw = '${line("1", "old").trimEnd()}'`);
    expect(await scratch.replay()).toMatchObject([{ replayed: 1, unchanged: 1 }]);
    expect(await scratch.values(NAMES)).toEqual(["new"]);
  });
});
