import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONTENT_FIELDS, type ContentField } from "../../schemas/content-fields.ts";
import { EXPORT_COLUMNS, exportColumn } from "../../schemas/export-columns.ts";
import { snakeCase } from "../../schemas/names.ts";
import type { SignalRecord } from "../../schemas/record.ts";
import { csvOf, exportOf, read, readOne, readReject, readSignalRecords } from "./reading.ts";
import { often } from "../helpers/often.ts";

const TIME = "2025-09-14T10:02:11.480Z";
const row = (content: unknown, type = "order") => ({
  SIGNAL_ID: "1",
  SIGNAL_TYPE: type,
  TIMESTAMP: TIME,
  SIGNAL_CONTENT: typeof content === "string" ? content : JSON.stringify(content),
});
/** The text of a JSON scalar, as a column has it. */
const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
const extraOf = ({ extra }: SignalRecord) => JSON.parse(extra ?? "{}") as Record<string, unknown>;

describe("signal_key", () => {
  const session: Record<string, string> = {
    SIGNAL_TYPE: "pageView",
    SIGNAL_TIMESTAMP: TIME,
    TLTSID: "session-1",
    SIGNAL_CONTENT: '{"url":"/a"}',
    City: "Berlin",
  };
  const mail: Record<string, string> = { SIGNAL_TYPE: "emailSend", TIMESTAMP: TIME, MESSAGE_ID: "m-1", Email: "ana@example.com" };
  const keyOf = async (fields: Record<string, string>) => (await readOne(fields)).signal_key;
  const reversed = (fields: Record<string, string>) => Object.fromEntries(Object.entries(fields).toReversed());

  test("is SIGNAL_ID where there is one", async () => {
    expect(await keyOf({ ...session, SIGNAL_ID: "7" })).toBe("7");
  });

  test("else a hash of the row's own content", async () => {
    expect(await keyOf(session)).toMatch(/^h:[0-9a-f]{32}$/);
  });

  test.each(["\\N", ""])("a SIGNAL_ID of %j is none", async (id) => {
    expect(await keyOf({ ...session, SIGNAL_ID: id })).toBe(await keyOf(session));
  });

  test.each<[string, Record<string, string>]>([
    ["the order of the columns", reversed(session)],
    ["a contact attribute", { ...session, City: "Hamburg" }],
    ["one more attribute", { ...session, Tier: "gold" }],
    ["a consent", { ...session, CONSENT_EMAIL: "OPT_OUT" }],
    ["a description", { ...session, DESCRIPTION: "new words", NAME: "new name" }],
    ["an empty column", { ...session, MESSAGE_SIGNAL_ID: "\\N", SIGNAL_GROUP: "" }],
    ["the linking id", { ...session, TEMPORARY_LINKING_ID: "t" }],
    ["when it was received", { ...session, RECEIVED_TIMESTAMP: "2025-09-14T11:00:00.000Z" }],
    ["the category", { ...session, CATEGORY: "Behavior" }],
    ["the message that led to it", { ...session, MESSAGE_SIGNAL_ID: "m" }],
    ["the subscription", { ...session, SUBSCRIPTION_ID: "s" }],
    ["an id that is none", { ...session, SIGNAL_ID: "undefined" }],
    ["a message and a link that are none", { ...session, MESSAGE_ID: "null", LINK_ID: "-" }],
  ])("stays the same under %s", async (_, fields) => {
    expect(await keyOf(fields)).toBe(await keyOf(session));
  });

  test.each<[string, Record<string, string>]>([
    ["type", { ...session, SIGNAL_TYPE: "productView" }],
    ["time", { ...session, SIGNAL_TIMESTAMP: "2025-09-14T10:02:11.481Z" }],
    ["session", { ...session, TLTSID: "session-2" }],
    ["content", { ...session, SIGNAL_CONTENT: '{"url":"/b"}' }],
    ["message", { ...session, MESSAGE_ID: "m" }],
    ["link", { ...session, LINK_ID: "l" }],
  ])("differs with another %s", async (_, fields) => {
    expect(await keyOf(fields)).not.toBe(await keyOf(session));
  });

  test("without a session tells two contacts apart", async () => {
    expect(await keyOf(mail)).toBe(await keyOf(reversed(mail)));
    expect(await keyOf({ ...mail, Email: "ben@example.com" })).not.toBe(await keyOf(mail));
    expect(await keyOf({ ...mail, Phone: "+49" })).not.toBe(await keyOf(mail));
    expect(await keyOf({ ...mail, CAMPAIGN_NAME: "renamed" })).toBe(await keyOf(mail));
  });

  test("without a session does not depend on the columns that colliding headers were given", async () => {
    const one = { ...mail, "Customer ID": "a", "Customer-ID": "b" };
    const two = { ...mail, "Customer-ID": "b", "Customer ID": "a" };
    const swapped = { ...mail, "Customer ID": "b", "Customer-ID": "a" };
    expect(await keyOf(one)).toBe(await keyOf(two));
    expect(await keyOf(one)).not.toBe(await keyOf(swapped));
  });

  test("tells rows apart that differ only in a damaged field", async () => {
    const damaged = (id: number) => Buffer.from([0x2c, 0xe9, id, 0x0a]);
    for (const header of ["SIGNAL_ID", "LINK_ID", "City"]) {
      const rows = [1, 2].flatMap((id) => [Buffer.from(`emailSend,${TIME}`), damaged(0x30 + id)]);
      const [first, second] = await readSignalRecords(Buffer.concat([Buffer.from(`SIGNAL_TYPE,TIMESTAMP,${header}\n`), ...rows]));
      expect(first?.signal_key).toMatch(/^h:/);
      expect(first?.signal_key).not.toBe(second?.signal_key);
    }
  });
});

describe("nothing is lost", () => {
  const headers = [...Object.keys(EXPORT_COLUMNS), "Name", "City", "city", "NAME", "__proto__", "constructor", ""];
  const value = fc.oneof(
    fc.constantFrom(
      "",
      "\\N",
      "true",
      "0",
      "yes",
      TIME,
      "2025-02-30",
      "5.10",
      "10%",
      '["a",null,1]',
      '["\\ud83d"]',
      "[1e400]",
      "[",
      "a\nb",
      'say "hi"',
      "\ufeff",
      "\0",
    ),
    fc.string({ unit: "binary", maxLength: 8 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  );

  /** Whether a column's value says what the cell says. */
  function says(column: unknown, cell: string): boolean {
    if (column === undefined) return false;
    if (typeof column === "boolean") return /^\s*(true|t|1)\s*$/i.test(cell) === column;
    if (Array.isArray(column))
      return JSON.stringify(column) === JSON.stringify((JSON.parse(cell) as unknown[]).map((item) => (item === null ? null : textOf(item))));
    return column === cell || (typeof column === "string" && column.endsWith("Z") && Date.parse(column) === Date.parse(cell));
  }

  test("of a row's cells: each is in its column, or in extra under its header", { tags: "long" }, async () => {
    const cells = fc.uniqueArray(fc.tuple(fc.constantFrom(...headers), value), { selector: ([header]) => header, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        cells,
        fc.constantFrom("emailClick", "order", "pushOpen", "levitation"),
        fc.constantFrom("", '{"url":"/a"}', '{"x":"\\ud83d"}'),
        async (random, type, content) => {
          const fixed = new Map([
            ["SIGNAL_TYPE", type],
            ["SIGNAL_CONTENT", content],
            ["SIGNAL_ID", "1"],
            ["OBSERVED_TIMESTAMP", TIME],
          ]);
          const all = [...fixed, ...random.filter(([header]) => !fixed.has(header))];
          const [record] = await readSignalRecords(csvOf([all.map(([header]) => header), all.map(([, cell]) => cell)]));
          if (!record) throw new Error("no record");
          const extra = extraOf(record);
          for (const [header, cell] of all) {
            if (cell === "" || cell === "\\N") continue;
            if (header === "SIGNAL_CONTENT") {
              const kept = record.signal_content ?? "";
              expect([kept, JSON.parse(kept)]).toContain(cell);
            } else if (exportColumn(header)) {
              expect(says(record[header.toLowerCase()], cell) !== (extra[header] === cell), `${header}: ${JSON.stringify(cell)}`).toBe(true);
            } else {
              const columns = Object.keys(record).filter((column) => column.startsWith("contact_"));
              expect(columns.map((column) => record[column])).toContain(cell);
            }
          }
          const filled = Object.keys(record).filter((column) => column.startsWith("contact_"));
          expect(filled).toHaveLength(all.filter(([header, cell]) => !exportColumn(header) && cell !== "" && cell !== "\\N").length);
        },
      ),
      { numRuns: often(100, 500) },
    );
  });

  test("of a content's fields: each is in its column, or in extra under its name", { tags: "long" }, async () => {
    const columns = new Map(
      Object.entries<ContentField>(CONTENT_FIELDS).flatMap(([name, { aliases = [], aliasesByType = {}, kind }]) =>
        [name, ...aliases, ...(aliasesByType.order ?? [])].map((alias) => [alias, { column: snakeCase(name), kind }] as const),
      ),
    );
    const names = fc.oneof(
      fc.constantFrom(...columns.keys()),
      fc.constantFrom("unknown", "__proto__", "constructor", "identifiableAttributes", "Url", ""),
    );
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        "10%",
        "5.99",
        5.99,
        1e-7,
        -0,
        12345678901234.5,
        "user",
        "ERROR",
        true,
        "false",
        ["a", null, 1],
        [["a"]],
        { a: 1 },
        [],
        {},
        "[1]",
        "",
        " \u00a0",
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(names, values), { maxLength: 12 }), async (fields) => {
        const content = Object.fromEntries(fields);
        const record = await readOne(row(JSON.stringify(content)));
        const text = record.signal_content ?? "";
        expect([text, JSON.parse(text)]).toContain(JSON.stringify(content));
        const extra = extraOf(record);
        for (const [name, field] of Object.entries(content)) {
          if (Object.hasOwn(extra, name)) {
            expect(JSON.stringify(extra[name])).toBe(JSON.stringify(field));
            continue;
          }
          const target = columns.get(name);
          // A blank text has no value but for a text.
          const isBlank = typeof field === "string" && target?.kind !== "text" && field.trim() === "";
          if ((field === null || isBlank) && target) continue;
          const filled = record[target?.column ?? "none"];
          const what = `${name}: ${JSON.stringify(field)} as ${JSON.stringify(filled)}`;
          if (target?.kind === "decimal") expect(Number(filled), what).toBe(Number(field) + 0);
          else if (target?.kind === "boolean") expect(["true", "t", "1"].includes(textOf(field).toLowerCase()), what).toBe(filled);
          else if (target?.kind === "json") expect(filled, what).toBe(JSON.stringify(field));
          else if (target?.kind === "texts")
            expect(filled, what).toEqual(
              Array.isArray(field) ? field.map((item) => (item === null ? null : textOf(item))) : field === "[1]" ? ["1"] : [field],
            );
          else expect(textOf(filled).toLowerCase(), what).toBe(textOf(field).toLowerCase());
        }
      }),
      { numRuns: often(200, 1000) },
    );
  });

  test("of a row that is rejected: its text is kept", async () => {
    const line = `1,order,${TIME},"{""a"":\n}"`;
    expect(await readReject(`SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,SIGNAL_CONTENT\n${line}\r\n`)).toMatchObject({ code: "content_not_json", raw: line });
  });
});

describe("an order", () => {
  test("of 10,000 items has 10,000 items, in order", async () => {
    const orderedItems = Array.from({ length: 10_000 }, (_, index) => ({ productId: `P-${index}`, itemQuantity: index, unitPrice: `${index}.25` }));
    const { items = [] } = await readOne(row({ orderId: "W", orderedItems }));
    expect(items).toEqual(
      orderedItems.map(({ productId }, index) => ({
        item_no: index + 1,
        product_id: productId,
        item_quantity: String(index),
        unit_price: `${index}.25`,
      })),
    );
  });

  test("has a list of items even where it names none", async () => {
    expect((await readOne({ ...row(""), SIGNAL_CONTENT: "" })).items).toEqual([]);
    expect(await readOne(row({}, "addToCart"))).not.toHaveProperty("items");
  });

  test("keeps an item's 200,000 unknown fields", async () => {
    const item = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`f${index}`, index]));
    const record = await readOne(row({ orderedItems: [item] }));
    expect(Object.keys(JSON.parse(record.items?.[0]?.extra ?? "{}") as object)).toHaveLength(200_000);
    expect(record.drift).toHaveLength(200_000);
  });
});

describe("content that is nested too deeply", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  test.each([`{"x":${deep}}`, `{"audience":${deep}}`, `{"n":12345678901234567890,"x":${deep}}`, deep, JSON.stringify(`{"x":${deep}}`)])(
    "%#. is rejected, for every type",
    async (content) => {
      for (const type of ["order", "emailSend", "levitation"]) {
        expect(await readReject(exportOf(row(content, type)))).toMatchObject({
          code: "content_not_json",
          reason: expect.stringContaining("nested deeper than") as string,
        });
      }
    },
  );
});

describe("JSON inside JSON texts", () => {
  const wrapped = (layers: number): string => (layers === 0 ? '{"orderId":"W"}' : JSON.stringify(wrapped(layers - 1)));
  test("is read three layers down", async () => {
    for (const layers of [0, 1, 2, 3]) expect(await readOne(row(wrapped(layers)))).toMatchObject({ order_id: "W", signal_content: wrapped(layers) });
    expect(await readReject(exportOf(row(wrapped(4))))).toMatchObject({ code: "content_not_json" });
  });
});

test("a name that stands 100,000 times takes linear time, and all of it is kept", async () => {
  const content = `{${Array.from({ length: 100_000 }, (_, index) => `"memo":${index}`).join(",")}}`;
  const { extra = "{}" } = await readOne(row(content));
  const kept = JSON.parse(extra) as Record<string, number>;
  expect(Object.keys(kept)).toHaveLength(100_000);
  expect([kept["memo"], kept["memo_2"], kept["memo_100000"]]).toEqual([99_999, 0, 99_998]);
});

describe("a row without a time", () => {
  const reasonOf = async (fields: Record<string, string>, content = "") =>
    (await readReject(exportOf({ SIGNAL_ID: "1", SIGNAL_TYPE: "order", ...fields, SIGNAL_CONTENT: content }))).reason;
  const as = ", not an ISO 8601 time such as 2025-12-31T10:00:00Z";
  test.each<[Record<string, string>, string, string]>([
    [{ SIGNAL_TIMESTAMP: "31/12/2025 10:00" }, "", `no column holds a time: SIGNAL_TIMESTAMP has "31/12/2025 10:00"${as}`],
    [
      { TIMESTAMP: "soon", SIGNAL_TIMESTAMP: 'a"b' },
      '{"signalTimestamp":1757844131}',
      `no column holds a time: SIGNAL_TIMESTAMP has "a\\"b", TIMESTAMP has "soon", signalTimestamp in SIGNAL_CONTENT has "1757844131"${as}`,
    ],
    [{}, '{"signalTimestamp":"31.12.2025"}', `no column holds a time: signalTimestamp in SIGNAL_CONTENT has "31.12.2025"${as}`],
    [{ TIMESTAMP: "1".repeat(100) }, "", `no column holds a time: TIMESTAMP has "${"1".repeat(40)}…"${as}`],
    [{ TIMESTAMP: "" }, '{"signalTimestamp":""}', "no timestamp column and no signalTimestamp in SIGNAL_CONTENT holds a time"],
  ])("%j %s names its column and what stands there", async (fields, content, reason) => {
    expect(await reasonOf(fields, content)).toBe(reason);
  });
});

describe("half a surrogate pair", () => {
  test("never reaches a column that holds JSON or a list, and SIGNAL_CONTENT keeps it", async () => {
    const content = '{"audience":{"\\ud83d":"\\ude00"},"productUrls":["\\ud83d"],"orderedItems":[{"x":"\\ud83d"}],"y":"\\ud83d"}';
    const record = await readOne(row(content));
    expect(JSON.parse(record.signal_content ?? "")).toBe(content);
    expect(record).not.toHaveProperty("product_urls");
    expect(JSON.stringify(record)).not.toMatch(/(?<!\\)(\\\\)*\\ud/);
    expect(extraOf(record)).toEqual({ y: "\ufffd", productUrls: ["\ufffd"] });
    expect(record["audience"]).toBe('{"\ufffd":"\ufffd"}');
  });

  test("is told where it stands in a value that does not count", async () => {
    const content = '{"orderId":"\\ud83d","orderId":"A"}';
    const record = await readOne(row(content));
    expect(record).toMatchObject({ order_id: "A", signal_content: JSON.stringify(content), extra: '{"orderId":"\ufffd"}' });
  });

  test("is told from a text that spells one", async () => {
    const content = '{"orderId":"\\\\ud83d"}';
    expect(await readOne(row(content))).toMatchObject({ order_id: "\\ud83d", signal_content: content });
  });
});

test("no content reaches a prototype, or another field of the record", async () => {
  const content =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"kind":"x","table":"y","signal_key":"z","items":[1],"record_no":9,"drift":0}';
  const record = await readOne(row(content));
  expect(record).toMatchObject({ kind: "signal", table: "behavior_signals", signal_key: "1", items: [], record_no: 1 });
  expect({}).not.toHaveProperty("polluted");
  expect(record).not.toHaveProperty("polluted");
  expect(extraOf(record)).toMatchObject({ kind: "x", table: "y", signal_key: "z", items: [1], record_no: 9, drift: 0 });
});

test.each([
  ["spaces", " ".repeat(300_000)],
  ["digits", `${"1".repeat(300_000)}x`],
  ["brackets", "[".repeat(300_000)],
  ["commas", ", ".repeat(300_000)],
  ["backslashes", "\\".repeat(300_000)],
  ["backslashes and surrogates", "\\ud8".repeat(100_000)],
  ["digits and dots", "9.".repeat(300_000)],
])("a long text of %s takes linear time in every column", async (_, text) => {
  const content = { orderValue: text, productUrls: text, optIn: text, signalTimestamp: text, audience: text, url: text };
  const [record] = await read(
    exportOf({ ...row(content), TAGS: JSON.stringify([text]), RECEIVED_TIMESTAMP: text, BOT_DETECTED: text, City: text, SIGNAL_GROUP: text }),
  );
  expect(record).toMatchObject({ kind: "signal", url: text, contact_city: text });
});
