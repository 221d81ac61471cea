/** Records go to the table that they belong to, or are left; none is lost, and none is changed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTENT_TEXTS, HASH_TEXT, WHOLE_TEXT } from "../../schemas/content-columns.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { contentHash } from "../../transforms/content-hash.ts";
import { meaningOf } from "../../transforms/header.ts";
import { placesIn, Router } from "../../transforms/route.ts";
import { markedRows } from "../../transforms/rows.ts";
import { type Block, kept } from "../../transforms/block.ts";
import { split } from "../../transforms/split.ts";
import { scratchFolder } from "../helpers/warehouse.ts";
import { csvOf, piecesOf } from "./reading.ts";
import { often } from "../helpers/often.ts";

const LIMIT = 1024 * 1024;
const HEADER = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT", "TIMESTAMP", "TLTSID", "BOT_DETECTED", "Email", "CAMPAIGN_NAME"];
const TABLES = ["marketing_signals", "behavior_signals"] as const satisfies Table[];

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(() => {
  connection.disconnectSync();
  instance.closeSync();
});

async function blocksOf(bytes: Buffer): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const piece of split(piecesOf(bytes), LIMIT)) if (piece.kind === "block") blocks.push(kept(piece));
  return blocks;
}

/** Routes records without their header row; the parts' rows as DuckDB reads them: record_no, and the table's fields; and by record_no what content was cut into. */
async function route(bytes: Buffer, header = HEADER, before = 0) {
  const router = new Router(meaningOf(header, []), header.indexOf("SIGNAL_TYPE"), TABLES);
  const left: number[] = [];
  let next = before;
  for (const block of await blocksOf(bytes)) {
    left.push(...router.add(block, next));
    next += block.records;
  }
  const parts: Record<string, unknown[][]> = {};
  const content: Record<number, Record<string, unknown>> = {};
  const hashes: Record<number, unknown> = {};
  const folder = scratchFolder();
  for (const { table, file, records } of router.take()) {
    const path = join(folder, `${table}.parquet`);
    writeFileSync(path, Buffer.concat(file));
    const result = await connection.runAndReadAll(`FROM read_parquet('${path}')`);
    const isCut = table === "behavior_signals" && header.includes("SIGNAL_CONTENT");
    const fields = placesIn(table, meaningOf(header, []).fields).map((position) =>
      isCut && header[position] === "SIGNAL_CONTENT" ? WHOLE_TEXT : `f${position}`,
    );
    const texts = isCut ? CONTENT_TEXTS : [];
    expect(result.columnNames().sort()).toEqual([...new Set(["record_no", ...fields, ...texts])].sort());
    const read = result.getRowObjectsJson();
    expect(read).toHaveLength(records);
    parts[table] = read.map((values) => [Number(values["record_no"]), ...fields.map((field) => values[field])]);
    for (const values of read) {
      const said = texts.flatMap((text) => (text === WHOLE_TEXT || text === HASH_TEXT || values[text] === null ? [] : [[text, values[text]]]));
      if (isCut && values[WHOLE_TEXT] !== null) hashes[Number(values["record_no"])] = values[HASH_TEXT];
      if (said.length > 0) content[Number(values["record_no"])] = Object.fromEntries(said) as Record<string, unknown>;
    }
  }
  return { left, parts, content, hashes };
}

/** What a row has for a table, null where it says nothing. */
const told = (table: Table, header: readonly string[], fields: readonly string[]) =>
  placesIn(table, meaningOf([...header], []).fields).map((position) => (["", "\\N"].includes(fields[position] as string) ? null : fields[position]));

const row = (more: Record<string, string>) => HEADER.map((name) => more[name] ?? "");

test("each record goes to its type's table, with its number", async () => {
  const page = row({ SIGNAL_ID: "1", SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: '{"a":"b,c"}', TLTSID: "t", Email: 'q"q' });
  const click = row({ SIGNAL_ID: "2", SIGNAL_TYPE: "emailClick", BOT_DETECTED: "true", CAMPAIGN_NAME: "two\nlines" });
  const { parts, left } = await route(Buffer.from(csvOf([page, click, page])), HEADER, 100);
  expect(left).toEqual([]);
  expect(parts["behavior_signals"]).toEqual([
    [101, "1", "pageView", '{"a":"b,c"}', null, "t", 'q"q'],
    [103, "1", "pageView", '{"a":"b,c"}', null, "t", 'q"q'],
  ]);
  expect(parts["marketing_signals"]).toEqual([[102, "2", "emailClick", null, "true", null, "two\nlines"]]);
});

test("what is empty or \\\\N, quoted or not, is null", async () => {
  const records = [
    row({ SIGNAL_ID: "\\N", SIGNAL_TYPE: "order", SIGNAL_CONTENT: "\\N", TIMESTAMP: "\\N", Email: "\\N" }),
    row({ SIGNAL_TYPE: "order", Email: "N" }),
  ];
  const written = [csvOf(records), records.map((fields) => fields.map((field) => `"${field}"`).join(",")).join("\n")];
  for (const text of written) {
    expect((await route(Buffer.from(text))).parts["behavior_signals"]).toEqual([
      [1, null, "order", null, null, null, null],
      [2, null, "order", null, null, null, "N"],
    ]);
  }
});

test("types in other spellings get Connect's", async () => {
  const types = ["PAGEVIEW", "pageview", "EmailOpen", "whatsappclick"];
  const { parts, left } = await route(Buffer.from(csvOf(types.map((type) => row({ SIGNAL_ID: "1", SIGNAL_TYPE: type })))));
  expect(left).toEqual([]);
  expect(parts["behavior_signals"]?.map(([, , type]) => type)).toEqual(["pageView", "pageView"]);
  expect(parts["marketing_signals"]?.map(([, , type]) => type)).toEqual(["emailOpen", "whatsAppClick"]);
});

describe("times", () => {
  const isTime = (text: string) =>
    /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text;
  const times = (texts: readonly string[]) => route(Buffer.from(csvOf(texts.map((text) => row({ SIGNAL_TYPE: "order", TIMESTAMP: text })))));

  test("that are canonical are read as what they are, all others are left", async () => {
    const canonical = "2025-09-14T10:02:11.480Z";
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
    const values = Object.fromEntries((read["behavior_signals"] ?? []).map((values) => [values[0], values[4]]));
    for (const [index, text] of texts.entries()) if (isTime(text)) expect(Date.parse(String(values[index + 1]))).toBe(Date.parse(text));
  });

  test("of any day", async () => {
    const first = Date.parse("1000-01-01T00:00:00.000Z");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: first, max: Date.parse("2999-12-31T23:59:59.999Z") }), { minLength: 50, maxLength: 200 }),
        async (some) => {
          const texts = some.map((time) => new Date(time).toISOString());
          const { left, parts } = await times(texts);
          expect(left).toEqual([]);
          expect(parts["behavior_signals"]?.map((values) => Date.parse(String(values[4])))).toEqual(texts.map((text) => Date.parse(text)));
        },
      ),
      { numRuns: often(5, 20) },
    );
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
    ["a field too few", row({ SIGNAL_TYPE: "order" }).slice(1)],
    ["a field too many", [...row({ SIGNAL_TYPE: "order" }), ""]],
  ];
  test.each(cases)("%s", async (_, fields) => {
    expect(await route(Buffer.from(csvOf([fields])))).toEqual({ left: [1], parts: {}, content: {}, hashes: {} });
  });

  test("but not where the column says null", async () => {
    const fields = row({ SIGNAL_TYPE: "order", CAMPAIGN_NAME: "\\N", BOT_DETECTED: '""' }).join(",");
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
    expect(parts["behavior_signals"]?.map(([recordNo, id]) => [recordNo, id])).toEqual([
      [1, "1"],
      [3, "3"],
    ]);
  });

  test("a record of more than 256 KiB", async () => {
    expect(
      (await route(Buffer.from(csvOf([row({ SIGNAL_TYPE: "order", Email: "x".repeat(256 * 1024) }), row({ SIGNAL_TYPE: "order" })])))).left,
    ).toEqual([1]);
  });

  test("records of a table that is not asked for", async () => {
    const router = new Router(meaningOf(HEADER, []), 1, ["behavior_signals"]);
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
  const read = async (type: string, text: string) => {
    const { left, content } = await route(Buffer.from(csvOf([row({ SIGNAL_TYPE: type, SIGNAL_CONTENT: text })])));
    return left.length === 1 ? "left" : (content[1] ?? {});
  };
  const cases: [content: string, said: Record<string, unknown>, type?: string][] = [
    ["{}", {}],
    [' {\r\n"url"\t: "https://a.example/?b=c,d" } ', { c_url: "https://a.example/?b=c,d" }],
    ['{"url":""}', { c_url: "" }],
    ['{"url":null,"pageTitle":"a"}', { c_page_title: "a" }],
    [String.raw`{"url":"a\"b\\c\/d\n\t\r\b\fe"}`, { c_url: 'a"b\\c/d\n\t\r\b\fe' }],
    [String.raw`{"url":"\u00fc\uD83D\uDE00 \u0022","pageTitle":"\/a"}`, { c_url: 'ü😀 "', c_page_title: "/a" }],
    [String.raw`{"a":{"b":"\u00FC \/ \u005c\u0022\u0061\n"}}`, { extra: String.raw`{"a":{"b":"ü / \\\"a\n"}}` }],
    [
      String.raw`{"productUrls":["\u00fc","\/"],"imageUrls":"https:\/\/a"}`,
      { c_product_urls: String.raw`["\u00fc","\/"]`, c_image_urls: "https://a" },
    ],
    ['{"c":1,"data":{"b":2,"value":{"url":"u","a":3}},"sessionId":"s"}', { c_url: "u", c_session_id: "s", extra: '{"a":3,"b":2,"c":1}' }],
    [String.raw`{"a":"\/b"}`, { extra: '{"a":"/b"}' }],
    ['{"url":5,"pageTitle":true,"pageGroup":-1.50}', { c_url: "5", c_page_title: "true", c_page_group: "-1.50" }],
    ['{"url":"größer, 日本"}', { c_url: "größer, 日本" }],
    ['{"productUrls":["a", "b"],"imageUrls":"a"}', { c_product_urls: '["a", "b"]', c_image_urls: "a" }],
    ['{"optIn":true,"identificationFromLogin":false}', { c_opt_in: "true", c_identification_from_login: "false" }],
    ['{"optIn":"true","test":"1"}', { c_opt_in: "true", c_is_test: "1" }],
    ['{"optIn":0,"test":1}', { c_opt_in: "0", c_is_test: "1" }],
    ['{"unitPrice":"","optIn":"","productUrls":"","audience":"","signalTimestamp":"","url":""}', { c_url: "" }],
    [String.raw`{"productUrls":"[\"a\", \"b\u00fc\"]","imageUrls":"[]"}`, { c_product_urls: '["a", "bü"]', c_image_urls: "[]" }],
    ['{"errorType":"User"}', { c_error_type: "User" }],
    ['{"categories":{ "a" : [1, "b c", null, {}] }}', { c_categories: '{"a":[1,"b c",null,{}]}' }],
    ['{"unitPrice":79.50}', { c_unit_price: "79.50" }],
    ['{"unitPrice":"-12345678901234.5678"}', { c_unit_price: "-12345678901234.5678" }],
    ['{"unitPrice":1.00005}', { c_unit_price: "1.00005", extra: '{"unitPrice":1.00005}' }],
    ['{"unitPrice":"-1.000050"}', { c_unit_price: "-1.000050", extra: '{"unitPrice":"-1.000050"}' }],
    ['{"unitPrice":1.1000000000}', { c_unit_price: "1.1000000000" }],
    [
      '{"msrp":0.30000000000000004,"data":{"value":{"unitPrice":9.99999,"tier":1}},"theme":2}',
      { c_msrp: "0.30000000000000004", c_unit_price: "9.99999", extra: '{"tier":1,"theme":2,"unitPrice":9.99999,"msrp":0.30000000000000004}' },
    ],
    ['{"price":5}', { c_unit_price: "5" }, "addToCart"],
    ['{"price":5}', { c_order_value: "5" }, "order"],
    ['{"price":5}', { extra: '{"price":5}' }],
    [
      '{"name":"n","signalTimestamp":"2025-09-14T10:02:11.480Z","behaviorType":{"a":1}}',
      { m_name: "n", m_signal_timestamp: "2025-09-14T10:02:11.480Z" },
    ],
    ['{"sessionId": "s","tier" :null,"sku":"k","deep":[ [ ] ]}', { c_sku: "k", c_session_id: "s", extra: '{"tier":null,"deep":[[]]}' }],
    ['{"signalContent":{"url":"a"},"audience":[]}', { c_url: "a", c_audience: "[]" }],
    ['{"signal":{"name":"n","signalContent":{"url":"a"}}}', { c_url: "a", m_name: "n" }],
    ['{"data":{"value":{"url":"a"}},"sessionId":"s"}', { c_url: "a", c_session_id: "s" }],
    ['{"type":21,"signal":{"url":"a"}}', { c_url: "a", extra: '{"type":21}' }],
    ['{"signal":{"data":{"value":{"url":"a"}}}}', { c_url: "a" }],
    ['{"signal":{"data":{"value":{"signalContent":{"url":"a"}}},"name":"n"}}', { c_url: "a", m_name: "n" }],
    ['{"data":{"value":{"signalContent":{},"url":"a"}}}', { c_url: "a" }],
    [
      '{"orderedItems":[ {"productId":"p","price":"5","quantity":2,"currency":null}, {} ]}',
      { items: '[{"product_id":"p","unit_price":"5","item_quantity":"2"},{}]' },
      "order",
    ],
    ['{"orderedItems":[{"unitPrice":"","productId":""}]}', { items: '[{"product_id":""}]' }, "order"],
    ['{"orderedItems":""}', {}, "order"],
    [
      String.raw`{"orderedItems":" [{\"productId\":\"a \\\"b\\\"\",\"price\":5.50}, {}]\n","orderId":"o"}`,
      { c_order_id: "o", items: String.raw`[{"product_id":"a \"b\"","unit_price":"5.50"},{}]` },
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
    const { hashes } = await route(Buffer.from(csvOf(ids.map((id) => row({ SIGNAL_ID: id, SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: text })))));
    const hash = contentHash(text);
    expect(Object.values(hashes)).toEqual([hash, hash, hash, hash, hash, hash, null]);
    expect((await route(Buffer.from(csvOf([row({ SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: "{}" })])))).hashes).toEqual({ 1: "" });
  });

  test.each(LEFT)("%s is left", async (content) => expect(await read("pageView", content)).toBe("left"));
  test.each(LEFT_ORDERS)("%s is left", async (content) => expect(await read("order", content)).toBe("left"));
  test.each(MUCH)("%s: left", async (_, content) => expect(await read("pageView", content)).toBe("left"));

  test("of which one is left takes nothing from its neighbours", async () => {
    const texts = ['{"url":"a","pageTitle":"t"}', '{"url":"b","tier":[1, 2],"pageTitle":1e3}', '{"pageTitle":"u","tier":[3, 4]}', "{", ""];
    const { left, content, parts } = await route(Buffer.from(csvOf(texts.map((text) => row({ SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: text })))));
    expect(left).toEqual([2, 4]);
    expect(content).toEqual({ 1: { c_url: "a", c_page_title: "t" }, 3: { c_page_title: "u", extra: '{"tier":[3,4]}' } });
    expect(parts["behavior_signals"]?.map(([recordNo]) => recordNo)).toEqual([1, 3, 5]);
  });
});

test.each(["\n", "\r\n"])("the last field ends before the line does (%j), quoted or not, and the first starts behind it", async (end) => {
  const header = ["SIGNAL_ID", "SIGNAL_TYPE", "Email"];
  const { parts } = await route(Buffer.from(['"",order,a', '1,order,"b"', ",order,", '2,order,""', '"3",order,c\rd'].join(end) + end), header);
  expect(parts["behavior_signals"]).toEqual([
    [1, null, "order", "a"],
    [2, "1", "order", "b"],
    [3, null, "order", null],
    [4, "2", "order", null],
    [5, "3", "order", "c\rd"],
  ]);
});

test("many rows, long texts, and what comes after they were taken", async () => {
  const router = new Router(meaningOf(HEADER, []), 1, TABLES);
  const folder = scratchFolder();
  const long = "é".repeat(100_000);
  const records = Array.from({ length: 3000 }, (_, number) =>
    row({ SIGNAL_ID: String(number), SIGNAL_TYPE: "order", Email: number % 1000 === 7 ? long : "" }),
  );
  for (const offset of [2 ** 33, 0]) {
    let before = offset;
    for (const block of await blocksOf(Buffer.from(csvOf(records)))) {
      expect(router.add(block, before)).toEqual([]);
      before += block.records;
    }
    const [part] = router.take();
    const path = join(folder, `${offset}.parquet`);
    writeFileSync(path, Buffer.concat(part?.file ?? []));
    const result = await connection.runAndReadAll(
      `SELECT count(*)::INTEGER, min(record_no)::VARCHAR, count(DISTINCT f0)::INTEGER, count(f6)::INTEGER, min(f6), sum(f0::INTEGER)::INTEGER FROM read_parquet('${path}')`,
    );
    expect(result.getRows()).toEqual([[3000, String(offset + 1), 3000, 3, long, 4_498_500]]);
  }
  expect(router.take()).toEqual([]);
});

test("whatever the fields, DuckDB reads them as they were, and so do csv-parse and the splitter's marks", async () => {
  const field = fc.oneof(fc.constantFrom("", "order", "emailClick", "\\N", "a,b", 'q"q', '""', "l\nf", "é", "x\ufeff"), fc.string({ maxLength: 5 }));
  const record = fc.array(field, { minLength: HEADER.length, maxLength: HEADER.length });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 6 }), async (records) => {
      const bytes = Buffer.from(csvOf(records));
      const [block] = await blocksOf(bytes);
      if (!block) throw new Error("there is no block");
      const byParser = parse(Buffer.from(bytes));
      const recordNos = records.map((_, index) => index + 1);
      expect(markedRows(block, recordNos).map(({ fields }) => fields)).toEqual(byParser);
      const { parts, left } = await route(bytes);
      const numbers = [...left, ...Object.values(parts).flatMap((rows) => rows.map(([recordNo]) => Number(recordNo)))].sort((a, b) => a - b);
      expect(numbers).toEqual(recordNos);
      for (const table of TABLES) {
        for (const [recordNo, ...fields] of parts[table] ?? []) expect(fields).toEqual(told(table, HEADER, byParser[Number(recordNo) - 1] ?? []));
      }
    }),
  );
});
