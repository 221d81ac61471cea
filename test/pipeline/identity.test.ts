/** A signal is its type and its SIGNAL_ID, wherever and whenever it stands: revenue is the same whatever senders and exports do to the rest. Each on both paths. */
import { describe, expect, test } from "vitest";
import { READERS } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { csv, memoryFile, pageView, scratchWarehouse, type Scratch } from "../helpers/warehouse.ts";
import { some } from "../helpers/often.ts";

const HOUR = 3_600_000;
const START = Date.parse("2025-09-01T10:00:00.000Z");
const iso = (ms: number) => new Date(ms).toISOString();
type Row = Record<string, string>;

/** So that DuckDB reads records of small files, too. */
const ALL_BY_DUCKDB = { sizes: { rowGroup: 16 * 1024, stretch: 48 * 1024 } };

/** An order of 100. */
const order = (id: string, time: string, more: Row = {}): Row => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: "order",
  SIGNAL_TIMESTAMP: time,
  RECEIVED_TIMESTAMP: iso(START + HOUR),
  SIGNAL_CONTENT: JSON.stringify({
    signalType: "order",
    orderId: `o-${id}`,
    orderValue: 100,
    orderedItems: [{ productId: "p", unitPrice: 50, itemQuantity: 2 }],
  }),
  ...more,
});

/** So many page views, so that DuckDB reads a file's records. */
const crowd = (name: string): Row[] =>
  Array.from({ length: 400 }, (_, index) => pageView(`${name}-${index}`, "a page", { SIGNAL_TIMESTAMP: iso(START + index * 1000) }));

const NAMES = [
  "SIGNAL_ID",
  "SIGNAL_TYPE",
  "CATEGORY",
  "SIGNAL_TIMESTAMP",
  "TIMESTAMP",
  "RECEIVED_TIMESTAMP",
  "TLTSID",
  "MESSAGE_ID",
  "LINK_ID",
  "NAME",
  "SIGNAL_CONTENT",
  "Email",
];
/** A file of an export: `day` is its time, and orders it among the others. */
const file = (day: number, rows: Row[], names = NAMES): Source =>
  memoryFile(`day${day}.csv`, START + day * 24 * HOUR, csv([...rows, ...crowd(`crowd${day}`)], names));

const REVENUE =
  "SELECT count(*)::INTEGER AS orders, sum(order_value)::VARCHAR AS revenue, (SELECT count(*)::INTEGER FROM order_items) AS items FROM orders";
const DRIFT =
  "SELECT signal_type, field, reason, sum(records)::INTEGER AS records FROM signalhouse.drift WHERE field = 'SIGNAL_ID' GROUP BY ALL ORDER BY ALL";

describe.each(READERS)("by the %s reader", (reader) => {
  const loaded = async (...files: Source[]): Promise<Scratch> => {
    const scratch = await scratchWarehouse();
    for (const source of files) await scratch.load([source], { reader, ...ALL_BY_DUCKDB });
    // It is the reader that is meant: all but the few rows of a test are read by DuckDB.
    if (reader === "vector") expect(await scratch.value("SELECT max(row_path_records)::INTEGER FROM signalhouse.loads")).toBeLessThan(20);
    return scratch;
  };
  const ids = ["a", "b", "c"];

  describe("a clock that was corrected", () => {
    const shifts = { "by a minute": 60_000, "by a month": 30 * 24 * HOUR, "by ten years": 3652 * 24 * HOUR, "back by ten years": -3652 * 24 * HOUR };
    const orders = (shifted: boolean) =>
      Object.entries(shifts).flatMap(([name, shift]) =>
        ids.map((id, index) => order(`${name}, ${id}`, iso(START + index * HOUR + (shifted ? shift : 0)), { NAME: name })),
      );
    const [wrong, right] = [file(1, orders(true)), file(2, orders(false))];
    const times = ids.map((_, index) => START + index * HOUR);
    test.each([
      ["in order", [wrong, right]],
      ["the later export first", [right, wrong]],
      ["again and again", [wrong, right, wrong, right]],
    ])("%s: three orders of each, at the right times", async (_, files) => {
      const scratch = await loaded(...files);
      const found = await scratch.rows(
        "SELECT name, sum(order_value)::VARCHAR AS revenue, list(epoch_ms(occurred_at)::VARCHAR ORDER BY signal_key) AS times FROM orders GROUP BY name ORDER BY name",
      );
      expect(found).toEqual(
        Object.keys(shifts)
          .toSorted()
          .map((name) => ({ name, revenue: "300.0000", times: times.map(String) })),
      );
      const items = await scratch.rows(
        "SELECT count(*)::INTEGER AS n, list_sort(list(DISTINCT epoch_ms(occurred_at)::VARCHAR)) AS times FROM order_items",
      );
      expect(items).toEqual([{ n: 12, times: times.map(String) }]);
    });
  });

  describe("one order stays one", () => {
    const cases: Record<string, [before: Row, after: Row]> = {
      "received late, exported without SIGNAL_TIMESTAMP": [{}, { SIGNAL_TIMESTAMP: "", RECEIVED_TIMESTAMP: iso(START + 40 * 24 * HOUR) }],
      "with a damaged time": [{}, { SIGNAL_TIMESTAMP: "2025-09-31T99:00:00Z" }],
      "with a content spelled anew": [
        {},
        { SIGNAL_CONTENT: '{ "orderValue" : 1e2, "orderId":"o-a", "orderedItems":[{"productId":"p","unitPrice":50.0,"itemQuantity":2}] }' },
      ],
      "with a category that comes later": [{}, { CATEGORY: "Behavior" }],
      "of a type in another spelling": [{}, { SIGNAL_TYPE: "Order" }],
    };
    const rows = (which: 0 | 1) => Object.entries(cases).map(([name, versions]) => order(name, iso(START), versions[which]));
    const [before, after] = [file(1, rows(0)), file(2, rows(1))];
    test.each([
      ["in order", [before, after]],
      ["the later export first", [after, before]],
    ])("%s", async (_, files) => {
      const scratch = await loaded(...files);
      const found = await scratch.rows(
        "SELECT signal_id, count(*)::INTEGER AS n, sum(order_value)::VARCHAR AS revenue, (SELECT count(*)::INTEGER FROM order_items i WHERE i.signal_key = o.signal_id) AS items FROM orders o GROUP BY ALL ORDER BY ALL",
      );
      expect(found).toEqual(
        Object.keys(cases)
          .toSorted()
          .map((signal_id) => ({ signal_id, n: 1, revenue: "100.0000", items: 1 })),
      );
    });
  });

  describe("one id under several types", () => {
    const types = ["emailSend", "emailDelivery", "emailOpen", "emailClick"];
    const messages = types.map((type, hour): Row => ({
      SIGNAL_ID: "m1",
      SIGNAL_TYPE: type,
      SIGNAL_TIMESTAMP: iso(START + (hour === 3 ? -HOUR : hour * HOUR)),
    }));
    const drift = (...named: string[]) =>
      named.toSorted().map((signal_type) => ({ signal_type, field: "SIGNAL_ID", reason: "id of another type", records: 1 }));

    test("is as many signals, in one file or in several; drift says so", async () => {
      const inOne = await loaded(file(1, messages));
      expect(await inOne.values("SELECT signal_type FROM marketing_signals ORDER BY ALL")).toEqual(types.toSorted());
      expect(await inOne.rows(DRIFT)).toEqual(drift(...types));
      const inTwo = await loaded(file(1, messages.slice(0, 2)), file(2, messages.slice(2)), file(3, messages.slice(1, 3)));
      expect(await inTwo.values("SELECT signal_type FROM marketing_signals ORDER BY ALL")).toEqual(types.toSorted());
      expect(await inTwo.value("SELECT sum(unchanged)::INTEGER FROM signalhouse.loads")).toBe(2);
    });

    test("joins behavior to the click", async () => {
      const scratch = await loaded(
        file(1, messages),
        memoryFile(
          "orders.csv",
          START,
          csv([
            { ...order("o", iso(START)), MESSAGE_SIGNAL_ID: "m1" },
            { ...order("n", iso(START)), MESSAGE_SIGNAL_ID: "null" },
          ]),
        ),
      );
      expect(
        await scratch.rows("SELECT signal_key, message_signal_type, matched FROM message_behavior WHERE signal_type = 'order' ORDER BY ALL"),
      ).toEqual([
        { signal_key: "n", message_signal_type: null, matched: false },
        { signal_key: "o", message_signal_type: "emailClick", matched: true },
      ]);
    });

    test("keeps items with their order", async () => {
      const other = (value: string): Row => ({ ...order("a", iso(START)), SIGNAL_TYPE: "addToCart", NAME: value });
      const scratch = await loaded(
        file(1, [order("a", iso(START)), other("x")]),
        file(2, [other("y")]),
        file(3, [{ ...order("a", iso(START)), NAME: "z" }]),
      );
      expect(await scratch.rows("SELECT signal_type, name FROM behavior_signals WHERE signal_key = 'a' ORDER BY ALL")).toEqual([
        { signal_type: "addToCart", name: "y" },
        { signal_type: "order", name: "z" },
      ]);
      expect(await scratch.values("SELECT load_id FROM order_items")).toEqual(["3"]);
    });
  });

  test("an id that is none is treated as missing; its text stays, and drift says so", async () => {
    const none = ["null", "NULL", "undefined", "None", "n/a", "-", "0", "00000000-0000-0000-0000-000000000000", "1.3E+18", '"null"', "  ", "NaN"];
    const rows = none.flatMap((id) =>
      [1, 2].map((hour): Row => ({ ...pageView(id), SIGNAL_TIMESTAMP: iso(START + hour * HOUR), TLTSID: `s-${none.indexOf(id)}` })),
    );
    const scratch = await loaded(
      file(1, rows),
      file(
        2,
        rows.map((row) => ({ ...row, NAME: "renamed" })),
      ),
    );
    expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals WHERE starts_with(signal_key, 'h:')")).toBe(rows.length);
    expect(await scratch.values("SELECT DISTINCT signal_id FROM behavior_signals WHERE starts_with(signal_key, 'h:') ORDER BY ALL")).toEqual(
      none.toSorted(),
    );
    expect(await scratch.values("SELECT DISTINCT name FROM behavior_signals WHERE starts_with(signal_key, 'h:')")).toEqual(["renamed"]);
    expect(await scratch.rows(DRIFT)).toEqual([{ signal_type: "pageView", field: "SIGNAL_ID", reason: "not an id", records: 2 * rows.length }]);
  });

  test("blanks around an id are none of it; signal_id has them", async () => {
    const scratch = await loaded(
      file(1, [order("a", iso(START))]),
      file(2, [order(" a\u00a0", iso(START))]),
      file(3, [order("a\u200b", iso(START))]),
    );
    expect(await scratch.rows("SELECT signal_key, signal_id, order_value FROM orders")).toEqual([
      { signal_key: "a", signal_id: "a\u200b", order_value: "100.0000" },
    ]);
  });

  test("the same type and id twice in a file: the last one wins; where the times differ, drift says so", async () => {
    const scratch = await loaded(
      file(1, [order("a", iso(START)), order("b", iso(START)), order("a", iso(START + HOUR)), order("b", iso(START), { NAME: "x" })]),
    );
    expect(await scratch.rows("SELECT signal_key, epoch_ms(occurred_at)::VARCHAR AS at, name FROM orders ORDER BY ALL")).toEqual([
      { signal_key: "a", at: String(START + HOUR), name: null },
      { signal_key: "b", at: String(START), name: "x" },
    ]);
    expect(await scratch.rows(DRIFT)).toEqual([{ signal_type: "order", field: "SIGNAL_ID", reason: "id at another time", records: 1 }]);
  });

  describe("without an id", () => {
    const said = { signalType: "order", orderId: "o", orderValue: 12.5, url: "é/a" };
    const anonymous = (more: Row = {}): Row => ({
      ...order("", iso(START)),
      TLTSID: "session",
      CATEGORY: "Behavior",
      SIGNAL_CONTENT: JSON.stringify(said),
      ...more,
    });
    const SAME: Record<string, Row> = {
      "blanks between its parts": { SIGNAL_CONTENT: JSON.stringify(said, null, 2) },
      "its keys in another order": { SIGNAL_CONTENT: JSON.stringify(Object.fromEntries(Object.entries(said).toReversed())) },
      "its number with a zero": { SIGNAL_CONTENT: JSON.stringify(said).replace("12.5", "12.50") },
      "its number with an exponent": { SIGNAL_CONTENT: JSON.stringify(said).replace("12.5", "1.25e1") },
      "its content in a list": { SIGNAL_CONTENT: JSON.stringify([said]) },
      "its amount as a text": { SIGNAL_CONTENT: JSON.stringify({ ...said, orderValue: "12.5" }) },
      "its content in a text": { SIGNAL_CONTENT: JSON.stringify(JSON.stringify(said)) },
      escapes: { SIGNAL_CONTENT: JSON.stringify(said).replace("é", "\\u00e9").replace("/", "\\/") },
      "members that say nothing": { SIGNAL_CONTENT: JSON.stringify({ ...said, pageTitle: null }) },
      "RECEIVED_TIMESTAMP left out": { RECEIVED_TIMESTAMP: "" },
      "another RECEIVED_TIMESTAMP": { RECEIVED_TIMESTAMP: iso(START + 9 * HOUR) },
      "CATEGORY left out": { CATEGORY: "" },
      "its time in another spelling": { SIGNAL_TIMESTAMP: "2025-09-01T12:00:00+02:00" },
      "its type in another spelling": { SIGNAL_TYPE: "ORDER" },
      "another name": { NAME: "renamed" },
      "another contact attribute": { Email: "other@example.com" },
      "an id that is none": { SIGNAL_ID: "undefined" },
    };
    const OTHER: Record<string, Row> = {
      "another amount": { SIGNAL_CONTENT: JSON.stringify({ ...said, orderValue: 12.51 }) },
      "another session": { TLTSID: "another" },
      "another time": { SIGNAL_TIMESTAMP: iso(START + 1) },
      "another type": { SIGNAL_TYPE: "addToCart" },
    };
    test("a later export has the same signal, however it is written, and other signals that say something else", async () => {
      const names = [...Object.keys(SAME), ...Object.keys(OTHER)];
      // Each in a session, and of a group, of its own.
      const rows = (changes: Record<string, Row>) => names.map((name) => anonymous({ TLTSID: name, DESCRIPTION: name, ...changes[name] }));
      const scratch = await loaded(file(1, rows({}), [...NAMES, "DESCRIPTION"]), file(2, rows({ ...SAME, ...OTHER }), [...NAMES, "DESCRIPTION"]));
      const found = await scratch.rows(
        "SELECT description AS name, count(*)::INTEGER AS n FROM behavior_signals WHERE description IS NOT NULL GROUP BY ALL ORDER BY ALL",
      );
      expect(found).toEqual(names.toSorted().map((name) => ({ name, n: name in SAME ? 1 : 2 })));
    });
    test("a session that is none is no session: the contact tells signals apart", async () => {
      const sends = ["a@x.example", "b@x.example"].flatMap((Email) =>
        ["null", " ", "00000000-0000-0000-0000-000000000000"].map((TLTSID): Row => ({ ...anonymous({ TLTSID, Email }) })),
      );
      const scratch = await loaded(file(1, sends));
      expect(await scratch.value("SELECT count(*)::INTEGER FROM orders")).toBe(2);
    });
    test("and without a session the contact tells signals apart, and so do message and link", async () => {
      const click = (more: Row): Row => ({
        SIGNAL_TYPE: "emailClick",
        SIGNAL_TIMESTAMP: iso(START),
        MESSAGE_ID: "m",
        LINK_ID: "l",
        Email: "a@example.com",
        ...more,
      });
      const clicks = [click({}), click({ Email: "b@example.com" }), click({ LINK_ID: "k" }), click({ MESSAGE_ID: "n" })];
      const scratch = await loaded(
        file(1, clicks),
        file(
          2,
          clicks.map((row) => ({ ...row, NAME: "renamed" })),
        ),
      );
      expect(await scratch.rows("SELECT count(*)::INTEGER AS n, min(name) AS name FROM email_clicks")).toEqual([{ n: 4, name: "renamed" }]);
    });
  });

  describe("CATEGORY that came with the later export moves a signal of an unknown type to the other table", () => {
    const row = (CATEGORY: string): Row => ({ SIGNAL_ID: "k", SIGNAL_TYPE: "somethingNew", CATEGORY, SIGNAL_TIMESTAMP: iso(START) });
    const [without, withIt] = [row(""), row("Marketing")];
    test.each([
      ["in order", [file(1, [without]), file(2, [withIt])]],
      ["the later export first", [file(2, [withIt]), file(1, [without])]],
      ["in one file", [file(1, [without, withIt])]],
    ])("%s", async (_, files) => {
      const scratch = await loaded(...files);
      expect(await scratch.rows("SELECT signal_key, category FROM marketing_signals")).toEqual([{ signal_key: "k", category: "Marketing" }]);
      expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals WHERE signal_key = 'k'")).toBe(0);
    });
  });

  test("a file with the bytes of an old one and a later time counts as that later export", { tags: "long" }, async () => {
    const text = (value: string) => csv([order("a", iso(START), { NAME: value }), ...crowd("a")], NAMES);
    const [first, second, copy] = [
      memoryFile("a.csv", 1000, text("first")),
      memoryFile("b.csv", 2000, text("second")),
      memoryFile("c.csv", 3000, text("first")),
    ];
    const orders = [
      [second, copy, first],
      [first, second, copy],
      [copy, second, first],
      [first, copy, second],
      [second, first, copy],
      [copy, first, second],
    ];
    for (const files of some(orders, 2)) expect(await (await loaded(...files)).values("SELECT name FROM orders")).toEqual(["first"]);
    const renamed = await loaded(first, memoryFile("b.csv", 1000, text("second")), memoryFile("c.csv", 1000, text("first")));
    expect(await renamed.values("SELECT name FROM orders")).toEqual(["first"]);
  });

  test("rejects that are replayed meet their signals, whatever their times", async () => {
    const broken = { ...order("a", iso(START)), SIGNAL_TIMESTAMP: "", RECEIVED_TIMESTAMP: "" };
    const scratch = await loaded(file(1, [order("a", iso(START - 400 * 24 * HOUR))]), file(2, [broken]));
    await scratch.run(`UPDATE signalhouse.rejects SET raw = replace(raw, 'a,order,,,', 'a,order,,${iso(START)},')`);
    expect(await scratch.replay()).toMatchObject([{ replayed: 1, inserted: 0, updated: 1 }]);
    expect(await scratch.rows(REVENUE)).toEqual([{ orders: 1, revenue: "100.0000", items: 1 }]);
  });
});
