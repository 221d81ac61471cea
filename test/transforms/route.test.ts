/** Records go to the table that they belong to, typed, or are left; none is lost, and none is changed. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Table } from "../../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../../schemas/tables.ts";
import { contentHash } from "../../transforms/content-hash.ts";
import { meaningOf } from "../../transforms/header.ts";
import { Router } from "../../transforms/route.ts";
import { markedRows } from "../../transforms/rows.ts";
import { type Block, kept } from "../../transforms/block.ts";
import { split } from "../../transforms/split.ts";
import { parquetReader } from "../helpers/parquet.ts";
import type { Row } from "../helpers/warehouse.ts";
import { csvOf, piecesOf } from "./reading.ts";
import { often } from "../helpers/often.ts";

const LIMIT = 1024 * 1024;
const HEADER = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT", "TIMESTAMP", "TLTSID", "BOT_DETECTED", "Email", "CAMPAIGN_NAME", "TAGS", "NAME"];
const TABLES = ["marketing_signals", "behavior_signals"] as const satisfies Table[];
const TIME = "2025-09-14T10:02:11.480Z";

const parquet = parquetReader();

async function blocksOf(bytes: Buffer): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const piece of split(piecesOf(bytes), LIMIT)) if (piece.kind === "block") blocks.push(kept(piece));
  return blocks;
}

const routerOf = (header: readonly string[], tables: readonly Table[] = TABLES) =>
  new Router(meaningOf([...header], []), header.indexOf("SIGNAL_TYPE"), tables);

/** Routes records without their header row: the rows of each table, without what is null, and the record_no of what is left. */
async function route(bytes: Buffer, header = HEADER, before = 0): Promise<{ left: number[]; parts: Partial<Record<Table, Row[]>> }> {
  const router = routerOf(header);
  const left: number[] = [];
  let next = before;
  for (const block of await blocksOf(bytes)) {
    left.push(...router.add(block, next));
    next += block.records;
  }
  const parts: Partial<Record<Table, Row[]>> = {};
  for (const { table, file, records } of router.take()) {
    parts[table] = (await parquet.rows(file)).map(({ record_no, ...row }) => ({ record_no: Number(record_no), ...row }));
    expect(parts[table]).toHaveLength(records);
  }
  return { left, parts };
}

const routed = (rows: readonly (readonly string[])[], header = HEADER) => route(Buffer.from(csvOf(rows)), header);

/** A record that has happened, unless it is said when. */
const row = (more: Record<string, string>, header = HEADER) => header.map((name) => more[name] ?? (name === "TIMESTAMP" ? TIME : ""));

test("each record goes to its type's table, with its number and what goes by its type", async () => {
  const page = row({
    SIGNAL_ID: "00000000-0000-4000-8000-00000000000b",
    SIGNAL_TYPE: "pageView",
    SIGNAL_CONTENT: '{"a":"b,c"}',
    TLTSID: "t",
    Email: 'q"q',
  });
  const click = row({ SIGNAL_ID: "2", SIGNAL_TYPE: "emailClick", BOT_DETECTED: "true", CAMPAIGN_NAME: "two\nlines" });
  const { parts, left } = await route(Buffer.from(csvOf([page, click, page])), HEADER, 100);
  expect(left).toEqual([]);
  const said = {
    signal_id: "00000000-0000-4000-8000-00000000000b",
    signal_key: "00000000-0000-4000-8000-00000000000b",
    signal_type: "pageView",
    signal_content: '{"a":"b,c"}',
    timestamp: TIME,
    tltsid: "t",
    contact_email: 'q"q',
    extra: '{"a":"b,c"}',
  };
  expect(parts).toEqual({
    behavior_signals: [
      { record_no: 101, ...said },
      { record_no: 103, ...said },
    ],
    marketing_signals: [
      {
        record_no: 102,
        signal_id: "2",
        signal_type: "emailClick",
        channel: "email",
        action: "click",
        timestamp: TIME,
        bot_detected: true,
        campaign_name: "two\nlines",
      },
    ],
  });
});

test("columns have the names and types of their tables', lists and items are texts", async () => {
  const header = ["SIGNAL_TYPE", "TIMESTAMP", "BOT_DETECTED", "TAGS", "SIGNAL_CONTENT", "SIGNAL_TIMESTAMP", "Unit price"];
  const router = routerOf(header);
  const [block] = await blocksOf(Buffer.from(csvOf([row({ SIGNAL_TYPE: "order" }, header), row({ SIGNAL_TYPE: "smsSend" }, header)])));
  expect(router.add(block as Block, 0)).toEqual([]);
  const types: Record<string, Record<string, unknown>> = {};
  for (const { table, file } of router.take()) {
    const described = await parquet.query(file, "SELECT column_name AS name, column_type AS type FROM (DESCRIBE FROM FILE)");
    types[table] = Object.fromEntries(described.map(({ name, type }) => [String(name), type]));
  }
  const [text, time] = ["VARCHAR", "TIMESTAMP WITH TIME ZONE"];
  const both = { record_no: "BIGINT", signal_type: text, contact_unit_price: text, timestamp: time, signal_timestamp: time };
  expect(types["marketing_signals"]).toEqual({ ...both, channel: text, action: text, bot_detected: "BOOLEAN", tags: text });
  expect(types["behavior_signals"]).toMatchObject({
    ...both,
    name: text,
    category: text,
    description: text,
    acoustic_app_key: text,
    url: text,
    unit_price: "DECIMAL(18,4)",
    opt_in: "BOOLEAN",
    product_urls: text,
    categories: "JSON",
    signal_content: "JSON",
    extra: "JSON",
    items: text,
    content_hash: text,
  });
  const ofTable = new Set(["record_no", "contact_unit_price", "items", "content_hash", ...SIGNAL_TABLES.behavior_signals.map(({ name }) => name)]);
  expect(Object.keys(types["behavior_signals"] ?? {}).filter((name) => !ofTable.has(name))).toEqual([]);
});

test("what is empty or \\\\N, quoted or not, is null", async () => {
  const records = [
    row({ SIGNAL_ID: "\\N", SIGNAL_TYPE: "order", SIGNAL_CONTENT: "\\N", Email: "\\N", NAME: "\\N" }),
    row({ SIGNAL_TYPE: "order", Email: "N" }),
    row({ SIGNAL_TYPE: "smsSend", TAGS: "\\N", BOT_DETECTED: "\\N", CAMPAIGN_NAME: "\\N" }),
  ];
  const written = [csvOf(records), records.map((fields) => fields.map((field) => `"${field}"`).join(",")).join("\n")];
  for (const text of written) {
    expect((await route(Buffer.from(text))).parts).toEqual({
      behavior_signals: [
        { record_no: 1, signal_type: "order", timestamp: TIME },
        { record_no: 2, signal_type: "order", timestamp: TIME, contact_email: "N" },
      ],
      marketing_signals: [{ record_no: 3, signal_type: "smsSend", channel: "sms", action: "send", timestamp: TIME }],
    });
  }
});

test("types in other spellings get Connect's", async () => {
  const types = ["PAGEVIEW", "pageview", "EmailOpen", "whatsappclick"];
  const { parts, left } = await routed(types.map((type) => row({ SIGNAL_ID: "1", SIGNAL_TYPE: type })));
  expect(left).toEqual([]);
  expect(parts.behavior_signals?.map(({ signal_type }) => signal_type)).toEqual(["pageView", "pageView"]);
  expect(parts.marketing_signals?.map(({ signal_type, channel, action }) => [signal_type, channel, action])).toEqual([
    ["emailOpen", "email", "open"],
    ["whatsAppClick", "whatsapp", "click"],
  ]);
});

describe("times", () => {
  const isTime = (text: string) =>
    /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text;
  /** Times of a column that need not say when a record happened. */
  const times = (texts: readonly string[]) => {
    const header = [...HEADER, "OBSERVED_TIMESTAMP"];
    return routed(
      texts.map((text) => row({ SIGNAL_TYPE: "order", OBSERVED_TIMESTAMP: text }, header)),
      header,
    );
  };

  test("that are canonical are read as what they are, all others are left", async () => {
    const canonical = TIME;
    const changed = Array.from(canonical).flatMap((_, at) =>
      Array.from("/09:;T-Z.t \u00e9").map((letter) => canonical.slice(0, at) + letter + canonical.slice(at + 1)),
    );
    const parts = ["00", "01", "12", "13", "19", "20", "23", "24", "28", "29", "30", "31", "32", "59", "60"];
    const days = [
      "2024-02-29",
      "2024-02-30",
      "2025-02-28",
      "2025-02-29",
      "1900-02-29",
      "2000-02-29",
      "2100-02-29",
      "2025-04-31",
      "2025-08-31",
      "2025-11-31",
    ];
    const places = [5, 8, 11, 14, 17].flatMap((at) => parts.map((part) => canonical.slice(0, at) + part + canonical.slice(at + 2)));
    const ofDays = days.map((day) => day + canonical.slice(10));
    const texts = [
      ...changed,
      ...places,
      ...ofDays,
      "0999-12-31T00:00:00.000Z",
      "3000-01-01T00:00:00.000Z",
      "",
      "\\N",
      canonical.slice(1),
      `${canonical} `,
      "1000-01-01T00:00:00.000Z",
      "2999-12-28T23:59:59.999Z",
    ];
    const { left, parts: read } = await times(texts);
    expect(left).toEqual(texts.flatMap((text, index) => (text === "" || text === "\\N" || isTime(text) ? [] : [index + 1])));
    const values = new Map(read.behavior_signals?.map(({ record_no, observed_timestamp }) => [record_no, observed_timestamp]));
    const expected = texts.flatMap((text, index): [number, string | undefined][] =>
      isTime(text) ? [[index + 1, text]] : text === "" || text === "\\N" ? [[index + 1, undefined]] : [],
    );
    expect([...values]).toEqual(expected);
  });

  test("of any day", { tags: "long" }, async () => {
    const first = Date.parse("1000-01-01T00:00:00.000Z");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: first, max: Date.parse("2999-12-31T23:59:59.999Z") }), { minLength: 50, maxLength: 200 }),
        async (some) => {
          const texts = some.map((time) => new Date(time).toISOString());
          const { left, parts } = await times(texts);
          expect(left).toEqual([]);
          expect(parts.behavior_signals?.map(({ observed_timestamp }) => observed_timestamp)).toEqual(texts);
        },
      ),
      { numRuns: often(5, 20) },
    );
  });
});

describe("fields of other kinds", () => {
  const header = [...HEADER, "IS_MMS", "SMS_TAGS"];
  const read = async (more: Record<string, string>) => {
    const { left, parts } = await routed([row({ SIGNAL_TYPE: "smsSend", ...more }, header)], header);
    if (left.length > 0) return "left";
    const { record_no: _no, signal_type: _type, channel: _channel, action: _action, timestamp: _time, ...said } = parts.marketing_signals?.[0] ?? {};
    return said;
  };

  test.each([
    ["true", true],
    ["false", false],
  ])("a boolean: %s", async (text, value) =>
    expect(await read({ BOT_DETECTED: text, IS_MMS: text })).toEqual({ bot_detected: value, is_mms: value }),
  );

  test.each(["TRUE", "True", "t", "f", "1", "0", "yes", " true", "true ", "tru", "truee", "fals", "falsf", "falses", "null"])(
    "%j is left as a boolean",
    async (text) => expect(await read({ BOT_DETECTED: text })).toBe("left"),
  );

  test.each([
    ["[]", ""],
    ['[""]', "\u001f"],
    ['["a"]', "\u001fa"],
    ['["a","b, c","größer 日本","[x]",","]', "\u001fa\u001fb, c\u001fgrößer 日本\u001f[x]\u001f,"],
  ])("a list: %s", async (text, value) => expect(await read({ TAGS: text, SMS_TAGS: text })).toEqual({ tags: value, sms_tags: value }));

  test.each([
    "a",
    "[",
    "]",
    '["a"',
    '"a"]',
    "[a]",
    "[1]",
    "[null]",
    "[[]]",
    '["a",]',
    '[,"a"]',
    '["a""b"]',
    '["a";"b"]',
    '["a", "b"]',
    '[ "a"]',
    ' ["a"]',
    '["a"] ',
    '["a\\"b"]',
    '["\\u001f"]',
    '["a\u001fb"]',
    '["a\tb"]',
    '["a]',
    '["]',
  ])("%j is left as a list", async (text) => expect(await read({ TAGS: text })).toBe("left"));
});

describe("when a record happened", () => {
  const header = ["SIGNAL_TYPE", "COMPLETED_DATE", "OBSERVED_TIMESTAMP", "RECEIVED_TIMESTAMP", "SIGNAL_TIMESTAMP", "TIMESTAMP", "SIGNAL_CONTENT"];
  const isLeft = async (more: Record<string, string>) => (await routed([header.map((name) => more[name] ?? "")], header)).left.length === 1;

  test.each(["TIMESTAMP", "SIGNAL_TIMESTAMP", "RECEIVED_TIMESTAMP", "OBSERVED_TIMESTAMP"])("%s tells", async (name) => {
    for (const type of ["order", "smsSend"]) expect(await isLeft({ SIGNAL_TYPE: type, [name]: TIME })).toBe(false);
  });

  test.each<[string, Record<string, string>]>([
    ["none", { SIGNAL_TYPE: "smsSend" }],
    ["null", { SIGNAL_TYPE: "smsSend", TIMESTAMP: "\\N" }],
    ["another date", { SIGNAL_TYPE: "smsSend", COMPLETED_DATE: TIME }],
    ["none in its content", { SIGNAL_TYPE: "order", SIGNAL_CONTENT: '{"orderId":"o"}' }],
    ["an empty one in its content", { SIGNAL_TYPE: "order", SIGNAL_CONTENT: '{"signalTimestamp":""}' }],
    ["null in its content", { SIGNAL_TYPE: "order", SIGNAL_CONTENT: '{"signalTimestamp":null}' }],
    ["one of an attribute's", { SIGNAL_TYPE: "order", SIGNAL_CONTENT: '{"attributes":{"signalTimestamp":"2025-09-14T10:02:11.480Z"}}' }],
  ])("a record with %s is left", async (_, fields) => expect(await isLeft(fields)).toBe(true));

  test("content tells, and of one record nothing for the next one", async () => {
    const content = `{"signalTimestamp":"${TIME}"}`;
    const rows = [content, "", '{"url":"a"}', `{"data":{"value":{}},"signalTimestamp":"${TIME}"}`].map((text) => ["pageView", text]);
    const { left, parts } = await routed(rows, ["SIGNAL_TYPE", "SIGNAL_CONTENT"]);
    expect(left).toEqual([2, 3]);
    expect(parts.behavior_signals?.map(({ record_no, signal_timestamp }) => [record_no, signal_timestamp])).toEqual([
      [1, TIME],
      [4, TIME],
    ]);
  });
});

describe("left are", () => {
  const cases: [string, string[]][] = [
    ["a type in letters that are not ASCII", row({ SIGNAL_ID: "1", SIGNAL_TYPE: "whatsAppClic\u212a" })],
    ["a type that is new", row({ SIGNAL_TYPE: "pushClick" })],
    ["no type", row({ SIGNAL_ID: "1" })],
    ["marketing with content", row({ SIGNAL_TYPE: "emailOpen", SIGNAL_CONTENT: "{}" })],
    ["marketing with a column of behavior", row({ SIGNAL_TYPE: "emailOpen", TLTSID: "t" })],
    ["behavior with a column of marketing", row({ SIGNAL_TYPE: "order", CAMPAIGN_NAME: "c" })],
    ["behavior with a list of marketing", row({ SIGNAL_TYPE: "order", TAGS: "[]" })],
    ["a record without a time", row({ SIGNAL_TYPE: "order", TIMESTAMP: "" })],
    ["a field too few", row({ SIGNAL_TYPE: "order" }).slice(1)],
    ["a field too many", [...row({ SIGNAL_TYPE: "order" }), ""]],
  ];
  test.each(cases)("%s", async (_, fields) => {
    expect(await routed([fields])).toEqual({ left: [1], parts: {} });
  });

  test("but not where the column says null", async () => {
    const fields = row({ SIGNAL_TYPE: "order", CAMPAIGN_NAME: "\\N", BOT_DETECTED: '""', TAGS: "\\N" }).join(",");
    expect((await route(Buffer.from(fields))).left).toEqual([]);
  });

  test.each([
    ["what is not UTF-8", 0xff],
    ["a NUL", 0],
  ])("a record with %s, and none of its neighbours", async (_, byte) => {
    const plain = (id: string) => row({ SIGNAL_ID: id, SIGNAL_TYPE: "order", Email: "é" });
    const bytes = Buffer.from(csvOf([plain("1"), row({ SIGNAL_TYPE: "order", Email: "x" }), plain("3")]));
    bytes[bytes.lastIndexOf("x")] = byte;
    const { left, parts } = await route(bytes);
    expect(left).toEqual([2]);
    expect(parts.behavior_signals?.map(({ record_no, signal_id }) => [record_no, signal_id])).toEqual([
      [1, "1"],
      [3, "3"],
    ]);
  });

  test("a record of more than 256 KiB", async () => {
    expect((await routed([row({ SIGNAL_TYPE: "order", Email: "x".repeat(256 * 1024) }), row({ SIGNAL_TYPE: "order" })])).left).toEqual([1]);
  });

  test("records of a table that is not asked for", async () => {
    const router = routerOf(HEADER, ["behavior_signals"]);
    const [block] = await blocksOf(Buffer.from(csvOf([row({ SIGNAL_TYPE: "order" }), row({ SIGNAL_TYPE: "smsSend" })])));
    expect(router.add(block as Block, 5)).toEqual([7]);
  });
});

/** Contents that are left, one a line. */
const LEFT = String.raw`
{
{,}
{"url":"a"
{"url":"a",}
{"url" "a"}
{url:"a"}
{"url":"a"} x
[{}]
"{}"
null
{"url":tru}
{"url":nul}
{"url":nan}
{"url":01}
{"url":1.}
{"url":.5}
{"url":+1}
{"url":--1}
{"a":-}
{"url":1e3}
{"url":"a	b"}
{"url":"\u001f"}
{"url":"\ud83d"}
{"url":"\ude00"}
{"url":"\ud83d\u0061"}
{"url":"\u00g0"}
{"productUrls":"\u005ba"}
{"url":"\x"}
{"\u0061":1}
{"url":{}}
{"url":[]}
{"url":"a","url":"b"}
{"url":null,"url":"b"}
{"unitPrice":"10%"}
{"unitPrice":99999999999999.99995}
{"unitPrice":1.00005e0}
{"unitPrice":0.0000500000000000000000000000000000000000001}
{"unitPrice":123456789012345}
{"unitPrice":"123456789012345"}
{"unitPrice":" "}
{"unitPrice":"5."}
{"unitPrice":" 5"}
{"unitPrice":true}
{"optIn":"TRUE"}
{"optIn":" true"}
{"optIn":" "}
{"optIn":"true}
{"optIn":10}
{"optIn":1.0}
{"optIn":"1.0"}
{"optIn":-1}
{"productUrls":[1]}
{"productUrls":"[a"}
{"productUrls":"[\"a\""}
{"productUrls":"[\"a\"] b"}
{"productUrls":"[null]"}
{"productUrls":" "}
{"productUrls":"\u00a0"}
{"productUrls":" "}
{"audience":" "}
{"audience":"\n"}
{"audience":" "}
{"signalTimestamp":" "}
{"productUrls":5}
{"errorType":"ß"}
{"errorType":"\n"}
{"sku":"a","SKU":"b"}
{"a":1,"a":2}
{"1":1}
{"_a":1}
{"":1}
{"é":1}
{"a":{"1":1}}
{"a":{"":1}}
{"a":{"b":1,"b":2}}
{"a":1,"signalContent":{"a":2}}
{"signalContent":{},"data":{"value":{}}}
{"signalContent":{"url":"a"},"url":"b"}
{"signalTimestamp":"2025-09-14"}
{"signalTimestamp":"2025-02-29T10:02:11.480Z"}
{"signalTimestamp":1726308131480}
{"signal":1}
{"signal":"{}"}
{"signalContent":""}
{"signal":{},"signalContent":{}}
{"signal":{"data":{}}}
{"data":{"value":1}}
`
  .trim()
  .split("\n");
const LEFT_ORDERS = String.raw`
{"orderedItems":{}}
{"orderedItems":"{}"}
{"orderedItems":" "}
{"orderedItems":"[{}"}
{"orderedItems":"[{}] x"}
{"orderedItems":"[{\"price\":\"x\"}]"}
{"orderedItems":"[{\"productId\":\"\\ud83d\"}]"}
{"orderedItems":"[{\"productId\":\"a\nb\"}]"}
{"orderedItems":[1]}
{"orderedItems":[{}
{"orderedItems":[{},]}
{"orderedItems":[{"gift":true}]}
{"orderedItems":[{"price":1,"unitPrice":2}]}
{"orderedItems":[{"price":1,"price":2}]}
{"orderedItems":[{"price":2,"price":null}]}
{"orderedItems":[{"price":"x"}]}
{"orderedItems":[{"productId":[]}]}
`
  .trim()
  .split("\n");
/** More of something than is read. */
const MUCH = [
  ["lines in a text", '{"a":"b\nc"}'],
  ["lists in lists", `{"a":${"[".repeat(17)}${"]".repeat(17)}}`],
  ["digits", `{"a":${"1".repeat(41)}}`],
  ["unknown fields", `{${Array.from({ length: 65 }, (_, number) => `"a${number}":1`).join(",")}}`],
  ["keys", `{"a":{${Array.from({ length: 257 }, (_, number) => `"a${number}":1`).join(",")}}}`],
] as const;

describe("content", () => {
  const read = async (type: string, text: string, fields: Record<string, string> = {}) => {
    const { left, parts } = await routed([row({ SIGNAL_TYPE: type, SIGNAL_CONTENT: text, ...fields })]);
    if (left.length === 1) return "left";
    const { record_no: _no, signal_type: _type, timestamp: _time, content_hash: _hash, signal_content, ...said } = parts.behavior_signals?.[0] ?? {};
    expect(signal_content).toBe(text);
    return said;
  };
  const cases: [content: string, said: Record<string, unknown>, type?: string][] = [
    ["{}", {}],
    [' {\r\n"url"\t: "https://a.example/?b=c,d" } ', { url: "https://a.example/?b=c,d" }],
    ['{"url":""}', { url: "" }],
    ['{"url":null,"pageTitle":"a"}', { page_title: "a" }],
    [String.raw`{"url":"a\"b\\c\/d\n\t\r\b\fe"}`, { url: 'a"b\\c/d\n\t\r\b\fe' }],
    [String.raw`{"url":"\u00fc\uD83D\uDE00 \u0022","pageTitle":"\/a"}`, { url: 'ü😀 "', page_title: "/a" }],
    [String.raw`{"a":{"b":"\u00FC \/ \u005c\u0022\u0061\n"}}`, { extra: String.raw`{"a":{"b":"ü / \\\"a\n"}}` }],
    [String.raw`{"productUrls":["\u00fc","\/"],"imageUrls":"https:\/\/a"}`, { product_urls: "\u001fü\u001f/", image_urls: "\u001fhttps://a" }],
    ['{"c":1,"data":{"b":2,"value":{"url":"u","a":3}},"sessionId":"s"}', { url: "u", session_id: "s", extra: '{"a":3,"b":2,"c":1}' }],
    [String.raw`{"a":"\/b"}`, { extra: '{"a":"/b"}' }],
    ['{"url":5,"pageTitle":true,"pageGroup":-1.50}', { url: "5", page_title: "true", page_group: "-1.50" }],
    ['{"url":"größer, 日本"}', { url: "größer, 日本" }],
    ['{"productUrls":["a", "b"],"imageUrls":"a"}', { product_urls: "\u001fa\u001fb", image_urls: "\u001fa" }],
    ['{"optIn":true,"identificationFromLogin":false}', { opt_in: true, identification_from_login: false }],
    ['{"optIn":"true","test":"1"}', { opt_in: true, is_test: true }],
    ['{"optIn":0,"test":1}', { opt_in: false, is_test: true }],
    ['{"unitPrice":"","optIn":"","productUrls":"","audience":"","signalTimestamp":"","url":""}', { url: "" }],
    [String.raw`{"productUrls":"[\"a\", \"b\u00fc\"]","imageUrls":"[]"}`, { product_urls: "\u001fa\u001fbü", image_urls: "" }],
    ['{"errorType":"User","interactionType":"Pause-x"}', { error_type: "user", interaction_type: "PAUSE-X" }],
    ['{"errorType":true,"interactionType":false}', { error_type: "true", interaction_type: "FALSE" }],
    ['{"errorType":"[A]@`{Z}","interactionType":"[a]@`{z}"}', { error_type: "[a]@`{z}", interaction_type: "[A]@`{Z}" }],
    ['{"productUrls":[],"imageUrls":[ "",""]}', { product_urls: "", image_urls: "\u001f\u001f" }],
    [String.raw`{"productUrls":["a\"b\\","\ud83d\ude00\n"]}`, { product_urls: '\u001fa"b\\\u001f😀\n' }],
    ['{"categories":{ "a" : [1, "b c", null, {}] }}', { categories: '{"a":[1,"b c",null,{}]}' }],
    ['{"unitPrice":79.50}', { unit_price: "79.5000" }],
    ['{"unitPrice":"-12345678901234.5678"}', { unit_price: "-12345678901234.5678" }],
    [
      '{"unitPrice":0,"msrp":-0,"discount":0.0001,"itemQuantity":-0.0001}',
      { unit_price: "0.0000", msrp: "0.0000", discount: "0.0001", item_quantity: "-0.0001" },
    ],
    ['{"unitPrice":99999999999999.9999,"msrp":"1","discount":12.3}', { unit_price: "99999999999999.9999", msrp: "1.0000", discount: "12.3000" }],
    // Half away from zero.
    ['{"unitPrice":-0.00005}', { unit_price: "-0.0001", extra: '{"unitPrice":-0.00005}' }],
    ['{"unitPrice":-0.000049}', { unit_price: "0.0000", extra: '{"unitPrice":-0.000049}' }],
    ['{"unitPrice":0.00004999999999999}', { unit_price: "0.0000", extra: '{"unitPrice":0.00004999999999999}' }],
    ['{"unitPrice":-9999999999999.99995}', { unit_price: "-10000000000000.0000", extra: '{"unitPrice":-9999999999999.99995}' }],
    ['{"unitPrice":1.00005}', { unit_price: "1.0001", extra: '{"unitPrice":1.00005}' }],
    ['{"unitPrice":"-1.000050"}', { unit_price: "-1.0001", extra: '{"unitPrice":"-1.000050"}' }],
    ['{"unitPrice":1.1000000000}', { unit_price: "1.1000" }],
    [
      '{"msrp":0.30000000000000004,"data":{"value":{"unitPrice":9.99999,"tier":1}},"theme":2}',
      { msrp: "0.3000", unit_price: "10.0000", extra: '{"tier":1,"theme":2,"unitPrice":9.99999,"msrp":0.30000000000000004}' },
    ],
    ['{"price":5}', { unit_price: "5.0000" }, "addToCart"],
    ['{"price":5}', { order_value: "5.0000" }, "order"],
    ['{"price":5}', { extra: '{"price":5}' }],
    ['{"name":"n","signalTimestamp":"2025-09-14T10:02:11.480Z","behaviorType":{"a":1}}', { name: "n", signal_timestamp: "2025-09-14T10:02:11.480Z" }],
    ['{"sessionId": "s","tier" :null,"sku":"k","deep":[ [ ] ]}', { sku: "k", session_id: "s", extra: '{"tier":null,"deep":[[]]}' }],
    ['{"signalContent":{"url":"a"},"audience":[]}', { url: "a", audience: "[]" }],
    ['{"signal":{"name":"n","signalContent":{"url":"a"}}}', { url: "a", name: "n" }],
    ['{"data":{"value":{"url":"a"}},"sessionId":"s"}', { url: "a", session_id: "s" }],
    ['{"type":21,"signal":{"url":"a"}}', { url: "a", extra: '{"type":21}' }],
    ['{"signal":{"data":{"value":{"url":"a"}}}}', { url: "a" }],
    ['{"signal":{"data":{"value":{"signalContent":{"url":"a"}}},"name":"n"}}', { url: "a", name: "n" }],
    ['{"data":{"value":{"signalContent":{},"url":"a"}}}', { url: "a" }],
    [
      '{"orderedItems":[ {"productId":"p","price":"5","quantity":2,"currency":null}, {} ]}',
      { items: '[{"product_id":"p","unit_price":"5","item_quantity":"2"},{}]' },
      "order",
    ],
    ['{"orderedItems":[{"unitPrice":"","productId":""}]}', { items: '[{"product_id":""}]' }, "order"],
    ['{"orderedItems":""}', {}, "order"],
    [
      String.raw`{"orderedItems":" [{\"productId\":\"a \\\"b\\\"\",\"price\":5.50}, {}]\n","orderId":"o"}`,
      { order_id: "o", items: String.raw`[{"product_id":"a \"b\"","unit_price":"5.50"},{}]` },
      "order",
    ],
    [
      '{"orderedItems":[{"price":"0.00005","productId":"p","quantity":2.000049},{"unitPrice":1}]}',
      {
        items:
          '[{"unit_price":"0.00005","product_id":"p","item_quantity":"2.000049","extra":"{\\"price\\":\\"0.00005\\",\\"quantity\\":2.000049}"},{"unit_price":"1"}]',
      },
      "order",
    ],
    ['{"orderedItems":[1]}', { extra: '{"orderedItems":[1]}' }],
  ];
  test.each(cases)("%s", async (content, said, type = "pageView") => {
    expect(await read(type, content)).toEqual(said);
  });

  test.each<[string, Record<string, string>, string]>([
    ["fills", {}, "said"],
    ["fills, where that says null,", { NAME: "\\N" }, "said"],
    ["leaves as it is", { NAME: "field" }, "field"],
  ])("that says again what a column says %s it", async (_, fields, name) => {
    expect(await read("pageView", '{"name":"said","url":"u"}', fields)).toEqual({ name, url: "u" });
  });

  test("fills all columns that it says again, but for the type", async () => {
    const said =
      '{"signalType":"order","behaviorType":"x","category":"Behavior","name":"n","description":"d","appKey":"k","signalTimestamp":"2024-02-29T23:59:59.001Z"}';
    expect(await read("pageView", said)).toEqual({
      category: "Behavior",
      name: "n",
      description: "d",
      acoustic_app_key: "k",
      signal_timestamp: "2024-02-29T23:59:59.001Z",
    });
    expect(await read("pageView", '{"name":null,"signal":{"description":"d"}}')).toEqual({ description: "d" });
    // A time that no column would take is left, whether it fills one or not.
    const header = ["SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "SIGNAL_CONTENT"];
    const rows = ["2024-01-01T00:00:00.000Z", "2024"].map((time) => ["pageView", TIME, `{"signalTimestamp":"${time}"}`]);
    const { left, parts } = await routed(rows, header);
    expect(left).toEqual([2]);
    expect(parts.behavior_signals?.map(({ signal_timestamp }) => signal_timestamp)).toEqual([TIME]);
  });

  test("is hashed where the record's id may be none", async () => {
    const text = '{"url":"a"}';
    const ids = [
      "",
      "\\N",
      "null",
      "0",
      "00000000-0000-0000-0000-000000000000",
      "{FFFFFFFF-ffff-ffff-ffff-ffffffffffff}",
      "a5b1c9e0-0000-4000-8000-000000000000",
    ];
    const hashes = async (ids: readonly string[], content: string) => {
      const { left, parts } = await routed(ids.map((id) => row({ SIGNAL_ID: id, SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: content })));
      expect(left).toEqual([]);
      return parts.behavior_signals?.map(({ content_hash }) => content_hash);
    };
    const hash = contentHash(text);
    expect(await hashes(ids, text)).toEqual([hash, hash, hash, hash, hash, hash, undefined]);
    expect(await hashes([""], "{}")).toEqual([""]);
    expect(await hashes([""], "")).toEqual([undefined]);
  });

  test.each(LEFT)("%s is left", async (content) => expect(await read("pageView", content)).toBe("left"));
  test.each(LEFT_ORDERS)("%s is left", async (content) => expect(await read("order", content)).toBe("left"));
  test.each(MUCH)("%s: left", async (_, content) => expect(await read("pageView", content)).toBe("left"));

  test("of which one is left takes nothing from its neighbours", async () => {
    const texts = ['{"url":"a","pageTitle":"t"}', '{"url":"b","tier":[1, 2],"pageTitle":1e3}', '{"pageTitle":"u","tier":[3, 4]}', "{", ""];
    const rows = texts.map((text) => row({ SIGNAL_ID: "abcdefgh-0000-4000-8000-000000000000", SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: text }));
    const { left, parts } = await routed(rows);
    expect(left).toEqual([2, 4]);
    const id = "abcdefgh-0000-4000-8000-000000000000";
    const said = { signal_id: id, signal_key: id, signal_type: "pageView", timestamp: TIME };
    expect(parts.behavior_signals).toEqual([
      { record_no: 1, ...said, signal_content: texts[0], url: "a", page_title: "t" },
      { record_no: 3, ...said, signal_content: texts[2], page_title: "u", extra: '{"tier":[3,4]}' },
      { record_no: 5, ...said },
    ]);
  });
});

test.each(["\n", "\r\n"])("the last field ends before the line does (%j), quoted or not, and the first starts behind it", async (end) => {
  const header = ["SIGNAL_ID", "TIMESTAMP", "SIGNAL_TYPE", "Email"];
  const text = [`"",${TIME},order,a`, `1,${TIME},order,"b"`, `,${TIME},order,`, `2,"${TIME}",order,""`, `"3",${TIME},order,c\rd`].join(end) + end;
  const said = { signal_type: "order", timestamp: TIME };
  expect((await route(Buffer.from(text), header)).parts).toEqual({
    behavior_signals: [
      { record_no: 1, ...said, contact_email: "a" },
      { record_no: 2, ...said, signal_id: "1", contact_email: "b" },
      { record_no: 3, ...said },
      { record_no: 4, ...said, signal_id: "2" },
      { record_no: 5, ...said, signal_id: "3", contact_email: "c\rd" },
    ],
  });
});

test.each(["\n", "\r\n"])("a last field that is a time, a list or content ends before the line does, too (%j)", async (end) => {
  const lastOf = async (header: string[], lines: string[]) => (await route(Buffer.from(lines.join(end) + end), header)).parts;
  expect(await lastOf(["SIGNAL_TYPE", "TIMESTAMP"], [`order,${TIME}`, `order,"${TIME}"`])).toEqual({
    behavior_signals: [1, 2].map((record_no) => ({ record_no, signal_type: "order", timestamp: TIME })),
  });
  const sms = { signal_type: "smsSend", channel: "sms", action: "send", timestamp: TIME };
  expect(await lastOf(["TIMESTAMP", "SIGNAL_TYPE", "TAGS"], [`${TIME},smsSend,[]`, `${TIME},smsSend,"[""a""]"`, `${TIME},smsSend,`])).toEqual({
    marketing_signals: [
      { record_no: 1, ...sms, tags: "" },
      { record_no: 2, ...sms, tags: "\u001fa" },
      { record_no: 3, ...sms },
    ],
  });
  const page = { signal_type: "pageView", timestamp: TIME };
  expect(await lastOf(["TIMESTAMP", "SIGNAL_TYPE", "SIGNAL_CONTENT"], [`${TIME},pageView,{}`, `${TIME},pageView,"{""url"":""u""}"`])).toEqual({
    behavior_signals: [
      { record_no: 1, ...page, signal_content: "{}", content_hash: "" },
      { record_no: 2, ...page, signal_content: '{"url":"u"}', url: "u", content_hash: contentHash('{"url":"u"}') },
    ],
  });
});

test("many rows, long texts, and what comes after they were taken", async () => {
  const router = routerOf(HEADER);
  const long = "é".repeat(100_000);
  const content = (number: number) =>
    JSON.stringify({ orderValue: number / 100, optIn: number % 3 === 0, productUrls: Array.from({ length: number % 4 }, String) });
  const records = Array.from({ length: 3000 }, (_, number) =>
    row({
      SIGNAL_ID: String(number),
      SIGNAL_TYPE: "order",
      Email: number % 1000 === 7 ? long : "",
      NAME: number % 2 === 0 ? "even" : "",
      SIGNAL_CONTENT: number % 5 === 0 ? "" : content(number),
    }),
  );
  for (const offset of [2 ** 33, 0]) {
    let before = offset;
    for (const block of await blocksOf(Buffer.from(csvOf(records)))) {
      expect(router.add(block, before)).toEqual([]);
      before += block.records;
    }
    const [part] = router.take();
    expect(
      await parquet.query(
        part?.file ?? [],
        `SELECT count(*)::INTEGER AS records, min(record_no)::VARCHAR AS first, count(DISTINCT signal_id)::INTEGER AS ids, count(contact_email)::INTEGER AS emails, min(contact_email) AS email,
           sum(signal_id::INTEGER)::INTEGER AS sum, sum(order_value)::VARCHAR AS value, count(*) FILTER (opt_in)::INTEGER AS yes, count(*) FILTER (NOT opt_in)::INTEGER AS no,
           count(name)::INTEGER AS names, sum(len(string_split(product_urls, chr(31))) - 1)::INTEGER AS urls,
           count(*) FILTER (order_value <> signal_id::INTEGER / 100 OR opt_in <> (signal_id::INTEGER % 3 = 0))::INTEGER AS wrong FROM FILE`,
      ),
    ).toEqual([
      {
        records: 3000,
        first: String(offset + 1),
        ids: 3000,
        emails: 3,
        email: long,
        sum: 4_498_500,
        // All numbers but those of 5, which are 898,500 together, in hundredths.
        value: "36000.0000",
        yes: 800,
        no: 1600,
        names: 1500,
        urls: 3600,
        wrong: 0,
      },
    ]);
  }
  expect(router.take()).toEqual([]);
});

describe("whatever the fields", () => {
  const text = fc.oneof(fc.constantFrom("", "a", "\\N", "a,b", 'q"q', '""', "l\nf", "é", "x\ufeff"), fc.string({ maxLength: 5 }));
  const mostly = (plain: fc.Arbitrary<string>) => fc.oneof({ weight: 12, arbitrary: plain }, { weight: 1, arbitrary: text });
  const empty = fc.constantFrom("", "", "", "\\N");
  const page = fc.tuple(
    text,
    fc.constantFrom("order", "pageView"),
    mostly(fc.constantFrom("", "{}", " {} ")),
    mostly(fc.constant(TIME)),
    text,
    empty,
    text,
    empty,
    empty,
    text,
  );
  const message = fc.tuple(
    text,
    fc.constantFrom("emailClick", "smsSend"),
    empty,
    mostly(fc.constant(TIME)),
    empty,
    mostly(fc.constantFrom("", "true", "false")),
    text,
    text,
    mostly(fc.constantFrom("", "[]", '["a","b"]')),
    text,
  );
  const any = fc.array(text, { minLength: HEADER.length, maxLength: HEADER.length });
  const record: fc.Arbitrary<string[]> = fc.oneof({ weight: 6, arbitrary: page }, { weight: 6, arbitrary: message }, { weight: 1, arbitrary: any });

  /** What a table's column has of a field that is not null. */
  function told(header: string, field: string): unknown {
    if (header === "BOT_DETECTED") return field === "true";
    return header === "TAGS" ? (JSON.parse(field) as string[]).map((tag) => `\u001f${tag}`).join("") : field;
  }

  test("DuckDB reads them as they were, and so do csv-parse and the splitter's marks", async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 6 }), async (records) => {
        const bytes = Buffer.from(csvOf(records));
        const [block] = await blocksOf(bytes);
        if (!block) throw new Error("there is no block");
        const byParser = parse(bytes);
        const recordNos = records.map((_, index) => index + 1);
        expect(markedRows(block, recordNos).map(({ fields }) => fields)).toEqual(byParser);
        const { parts, left } = await route(bytes);
        const numbers = [...left, ...Object.values(parts).flatMap((rows) => rows.map(({ record_no }) => Number(record_no)))].sort((a, b) => a - b);
        expect(numbers).toEqual(recordNos);
        for (const { record_no, channel: _channel, action: _action, content_hash: _hash, ...values } of Object.values(parts).flat()) {
          const fields = byParser[Number(record_no) - 1] as string[];
          const said = HEADER.flatMap((header, place) => {
            const field = fields[place] as string;
            return field === "" || field === "\\N" ? [] : [[header === "Email" ? "contact_email" : header.toLowerCase(), told(header, field)]];
          });
          expect(values).toEqual(Object.fromEntries(said));
          read += 1;
        }
      }),
    );
    // Else nothing would be shown.
    expect(read).toBeGreaterThan(100);
  });
});
