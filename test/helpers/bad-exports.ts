/** A catalogue of bad input: export files that are not as they should be, and what has to become of them. */
import { randomBytes } from "node:crypto";
import { constants, gzipSync } from "node:zlib";
import type { ErrorCode } from "../../schemas/errors.ts";
import { tarOf } from "./tar.ts";
import { csv, csvLine, pageView } from "./warehouse.ts";

export interface BadExport {
  /** Of the file, and of the case. */
  name: string;
  bytes: Uint8Array;
  /** Of a file that cannot be loaded: what the message and the hint say. */
  failure?: { code: ErrorCode; message: RegExp; hint: RegExp; retryable: boolean };
  /** Of a file that is loaded. */
  loaded?: { records: number; inserted: number; updated?: number; unchanged?: number; rejected?: number };
  /** A query about what is there now, with its answer: `load_id` of the file is put in the place of `$load`. */
  look?: { sql: string; answer: unknown };
}

const gzip = (text: string | Uint8Array) => gzipSync(text, { level: constants.Z_BEST_SPEED });

/** Page views of their own, so that no case meets the rows of another. */
const rows = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => pageView(`${name}-${index}`, randomBytes(30).toString("hex")));
const HEADER = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "NAME", "SIGNAL_CONTENT"];
const row = (id: string, content: string, name = "a page") => csvLine([id, "pageView", "2025-09-01T10:00:00Z", name, content]);
const lines = (...all: string[]) => gzip(csvLine(HEADER) + all.join(""));

const truncated = (bytes: Uint8Array) => bytes.subarray(0, Math.floor(bytes.length * 0.7));

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.fill(0xff, copy.length / 2, copy.length / 2 + 64);
  return copy;
}

const again = /next run tries it again/;
const textless = { code: "header_missing", message: /there is no text in it/, hint: /complete export/, retryable: false } as const;
const LONG_INTEGER = "1234567890123456789012345";
const LARGE = "x".repeat(20 * 1024 * 1024);
const REJECTS = "SELECT code, raw FROM signalhouse.rejects WHERE load_id = $load ORDER BY record_no";

export const BAD_EXPORTS: readonly BadExport[] = [
  {
    name: "truncated.csv.gz",
    bytes: truncated(gzip(csv(rows("truncated", 5_000)))),
    failure: { code: "gzip_truncated", message: /ends too early, after \d+ unzipped bytes/, hint: again, retryable: true },
  },
  {
    name: "truncated-in-its-header.csv.gz",
    bytes: gzip(csv(rows("short", 1))).subarray(0, 6),
    failure: { code: "gzip_truncated", message: /ends too early, after 0 unzipped bytes/, hint: again, retryable: true },
  },
  {
    name: "corrupt.csv.gz",
    bytes: damaged(gzip(csv(rows("corrupt", 5_000)))),
    failure: { code: "gzip_corrupt", message: /is damaged after \d+ unzipped bytes/, hint: /export it again/, retryable: true },
  },
  {
    name: "corrupt-checksum.csv.gz",
    bytes: gzip(csv(rows("checksum", 10))).map((byte, index, all) => (index === all.length - 6 ? byte ^ 1 : byte)),
    failure: { code: "gzip_corrupt", message: /is damaged/, hint: /export it again/, retryable: true },
  },
  {
    name: "bomb.csv.gz",
    bytes: gzip(Buffer.concat([Buffer.from(csv(rows("bomb", 1))), Buffer.alloc(100 * 1024 * 1024, "\n")])),
    failure: { code: "gzip_bomb", message: /expands to more than 200 times its size/, hint: /raise limits\.maxExpansionRatio/, retryable: false },
  },
  {
    name: "zip.csv.gz",
    bytes: Buffer.from("PK\u0003\u0004 and more"),
    failure: { code: "not_an_export", message: /a zip archive/, hint: /Unpack it/, retryable: false },
  },
  {
    name: "utf-16.csv",
    bytes: Buffer.from(`\ufeff${csv(rows("utf-16", 1))}`, "utf16le"),
    failure: { code: "not_an_export", message: /UTF-16/, hint: /UTF-8/, retryable: false },
  },
  {
    name: "picture.csv.gz",
    bytes: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from("JFIF\n".repeat(100))]),
    failure: { code: "header_missing", message: /first row is not the header of a signal export/, hint: /is an export of signals/, retryable: false },
  },
  {
    name: "empty.csv.gz",
    bytes: Buffer.alloc(0),
    failure: { code: "file_empty", message: /no bytes/, hint: again, retryable: true },
  },
  {
    name: "no-header.csv.gz",
    bytes: gzip(csv(rows("no-header", 3)).split("\n").slice(1).join("\n")),
    failure: {
      code: "header_missing",
      message: /names neither SIGNAL_TYPE nor SIGNAL_CONTENT.*starts "no-header-0,/,
      hint: /first row is the header/,
      retryable: false,
    },
  },
  {
    name: "quote-open-in-header.csv.gz",
    bytes: gzip(`"SIGNAL_ID,SIGNAL_TYPE\n1,pageView\n`),
    failure: { code: "header_missing", message: /cannot be read as a header: a quote/, hint: /first row is the header/, retryable: false },
  },
  { name: "plain-under-a-gzip-name.csv.gz", bytes: Buffer.from(csv(rows("plain", 3))), loaded: { records: 3, inserted: 3 } },
  { name: "gzip-under-a-plain-name.csv", bytes: gzip(csv(rows("packed", 3))), loaded: { records: 3, inserted: 3 } },
  {
    name: "two-members.csv.gz",
    bytes: Buffer.concat([gzip(csv(rows("members", 3))), gzip(csv(rows("more", 2)).split("\n").slice(1).join("\n"))]),
    loaded: { records: 5, inserted: 5 },
  },
  {
    name: "tar.csv.gz",
    bytes: gzip(tarOf("Signals_Export.csv", csv(rows("tar", 3)))),
    failure: { code: "not_an_export", message: /^what is in the gzip file is a tar archive$/, hint: /Unpack it/, retryable: false },
  },
  {
    name: "gzip-in-gzip.csv.gz",
    bytes: gzip(gzip(csv(rows("twice", 3)))),
    loaded: { records: 3, inserted: 3 },
  },
  {
    name: "members-with-headers.csv.gz",
    bytes: Buffer.concat([gzip(csv(rows("joined", 3))), gzip(csv(rows("and", 2), HEADER.toReversed()))]),
    loaded: { records: 5, inserted: 5 },
    look: { sql: "SELECT DISTINCT occurred_at::VARCHAR AS at FROM page_views WHERE load_id = $load", answer: [{ at: "2025-09-01 10:00:00+00" }] },
  },
  {
    name: "another-vendors.csv.gz",
    bytes: gzip("TIMESTAMP,NAME,amount\n2025-09-01,a,1\n"),
    failure: {
      code: "header_missing",
      message: /neither SIGNAL_TYPE nor SIGNAL_CONTENT.*has TIMESTAMP, NAME/,
      hint: /an export of signals/,
      retryable: false,
    },
  },
  { name: "nothing-in-gzip.csv.gz", bytes: gzip(""), failure: textless },
  { name: "blank-lines-only.csv.gz", bytes: gzip("\n\r\n\n"), failure: textless },
  { name: "byte-order-mark-only.csv", bytes: Buffer.from("\ufeff"), failure: textless },
  { name: "header-only.csv.gz", bytes: lines(), loaded: { records: 0, inserted: 0 } },
  { name: "header-without-line-end.csv.gz", bytes: gzip("SIGNAL_TYPE,SIGNAL_ID,TIMESTAMP"), loaded: { records: 0, inserted: 0 } },
  {
    name: "duplicate-headers.csv.gz",
    bytes: gzip("SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,NAME,NAME,Tier,Tier\nduplicate,pageView,2025-09-01,first,second,third,fourth\n"),
    loaded: { records: 1, inserted: 1 },
    look: {
      sql: "SELECT name, contact_name, contact_tier, contact_tier_2 FROM page_views WHERE load_id = $load",
      answer: [{ name: "first", contact_name: "second", contact_tier: "third", contact_tier_2: "fourth" }],
    },
  },
  {
    name: "bom-and-crlf.csv.gz",
    bytes: gzip(
      `\ufeff${csv([pageView("bom", "two\r\nlines")])
        .replaceAll("\n", "\r\n")
        .replace("\r\r", "\r")}`,
    ),
    loaded: { records: 1, inserted: 1 },
    look: { sql: "SELECT name FROM page_views WHERE load_id = $load", answer: [{ name: "two\r\nlines" }] },
  },
  {
    name: "quote-left-open.csv.gz",
    bytes: lines(row("open-1", ""), `open-2,pageView,2025-09-01T10:00:00Z,"left open,\n`, row("open-3", '{"url":"/a, b"}'), row("open-4", "")),
    loaded: { records: 4, inserted: 3, rejected: 1 },
    look: { sql: REJECTS, answer: [{ code: "csv_broken", raw: `open-2,pageView,2025-09-01T10:00:00Z,"left open,` }] },
  },
  {
    name: "quote-left-open-at-the-end.csv.gz",
    bytes: lines(row("last-1", ""), `last-2,pageView,2025-09-01T10:00:00Z,"left open,\n`, "last-3,pageView,2025-09-01T10:00:00Z,fine,"),
    loaded: { records: 3, inserted: 2, rejected: 1 },
    look: { sql: REJECTS, answer: [{ code: "csv_broken", raw: `last-2,pageView,2025-09-01T10:00:00Z,"left open,` }] },
  },
  {
    name: "too-few-and-too-many-fields.csv.gz",
    bytes: lines(
      row("fields-1", ""),
      "fields-2,pageView\n",
      row("fields-3", ""),
      "fields-4,pageView,2025-09-01T10:00:00Z,a,,b\n",
      row("fields-5", ""),
    ),
    loaded: { records: 5, inserted: 3, rejected: 2 },
    look: {
      sql: REJECTS,
      answer: [
        { code: "field_count", raw: "fields-2,pageView" },
        { code: "field_count", raw: "fields-4,pageView,2025-09-01T10:00:00Z,a,,b" },
      ],
    },
  },
  {
    name: "record-of-20-MB.csv.gz",
    bytes: lines(row("large-1", ""), row("large-2", JSON.stringify({ signalType: "pageView", url: "/large", pageTitle: LARGE })), row("large-3", "")),
    loaded: { records: 3, inserted: 3 },
    look: {
      sql: "SELECT url, length(page_title) AS title, length(signal_content) - length(page_title) AS around FROM page_views WHERE load_id = $load AND url IS NOT NULL",
      answer: [{ url: "/large", title: String(LARGE.length), around: "55" }],
    },
  },
  {
    name: "reject-of-20-MB.csv.gz",
    bytes: lines(row("kept-1", ""), row("kept-2", LARGE), row("kept-3", "")),
    loaded: { records: 3, inserted: 2, rejected: 1 },
    look: {
      sql: "SELECT code, length(raw) AS length FROM signalhouse.rejects WHERE load_id = $load",
      answer: [{ code: "content_not_json", length: String(LARGE.length + 44) }],
    },
  },
  {
    name: "not-utf-8.csv.gz",
    bytes: gzip(
      Buffer.from(csvLine(HEADER) + row("latin-1", "", "na\u00efve") + row("latin-2", "", "fine") + row("latin-3", '{"url":"\u00ef"}'), "latin1"),
    ),
    loaded: { records: 3, inserted: 2, rejected: 1 },
    look: {
      sql: "SELECT name, extra, (SELECT hex(raw_bytes[-4:]) FROM signalhouse.rejects r WHERE r.load_id = $load) AS bytes FROM page_views WHERE load_id = $load ORDER BY record_no",
      answer: [
        { name: null, extra: '{"NAME":"na\u00efve"}', bytes: "EF22227D22".slice(-8) },
        { name: "fine", extra: null, bytes: "EF22227D22".slice(-8) },
      ],
    },
  },
  {
    name: "content-not-json.csv.gz",
    bytes: lines(row("json-1", "{"), row("json-2", '{"url":"/a"}'), row("json-3", "NOTHING"), row("json-4", '{"a":1}{"b":2}')),
    loaded: { records: 4, inserted: 1, rejected: 3 },
    look: { sql: `SELECT list(DISTINCT code) AS codes FROM (${REJECTS})`, answer: [{ codes: ["content_not_json"] }] },
  },
  {
    name: "long-integer.csv.gz",
    bytes: lines(row("long", `{"url":"/a","loyaltyCard":${LONG_INTEGER},"deep":{"list":[${LONG_INTEGER}]}}`)),
    loaded: { records: 1, inserted: 1 },
    look: {
      sql: "SELECT extra, contains(signal_content, '\"loyaltyCard\":1234567890123456789012345') AS verbatim FROM page_views WHERE load_id = $load",
      answer: [{ extra: `{"loyaltyCard":${LONG_INTEGER},"deep":{"list":[${LONG_INTEGER}]}}`, verbatim: true }],
    },
  },
  {
    name: "ten-thousand-items.csv.gz",
    bytes: lines(
      csvLine([
        "items",
        "order",
        "2025-09-01T10:00:00Z",
        "",
        JSON.stringify({
          signalType: "order",
          orderedItems: Array.from({ length: 10_000 }, (_, index) => ({ productId: `p${index}`, quantity: 2, unitPrice: "0.01", gift: true })),
        }),
      ]),
    ),
    loaded: { records: 1, inserted: 1 },
    look: {
      sql: `SELECT count(*)::INTEGER AS items, max(item_no)::INTEGER AS last, sum(unit_price * item_quantity)::DECIMAL(18, 2) AS amount, list(DISTINCT extra) AS extra,
        (SELECT list([field, records::VARCHAR]) FROM signalhouse.drift d WHERE d.load_id = $load) AS drift FROM order_items WHERE load_id = $load`,
      answer: [{ items: 10_000, last: 10_000, amount: "200.00", extra: ['{"gift":true}'], drift: [["orderedItems[].gift", "1"]] }],
    },
  },
  {
    name: "unknown-type.csv.gz",
    bytes: gzip(
      "SIGNAL_ID,SIGNAL_TYPE,CATEGORY,TIMESTAMP\nunknown-1,pushClick,Marketing,2025-09-01\nunknown-2,levitation,,2025-09-01\nunknown-3,rcsSend,,2025-09-01\n",
    ),
    loaded: { records: 3, inserted: 3 },
    look: {
      sql: `SELECT signal_type, channel, action, d.field, d.reason FROM
        (SELECT load_id, signal_type, channel, action FROM marketing_signals UNION ALL SELECT load_id, signal_type, NULL, NULL FROM behavior_signals)
        LEFT JOIN signalhouse.drift d USING (load_id, signal_type) WHERE load_id = $load ORDER BY ALL`,
      answer: [
        { signal_type: "levitation", channel: null, action: null, field: "SIGNAL_TYPE", reason: "unknown signal type" },
        { signal_type: "pushClick", channel: "push", action: "click", field: "SIGNAL_TYPE", reason: "unknown signal type" },
        { signal_type: "rcsSend", channel: "rcs", action: "send", field: "SIGNAL_TYPE", reason: "unknown signal type" },
      ],
    },
  },
  {
    name: "times-at-the-edge.csv.gz",
    bytes: lines(
      ...["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999Z", "2024-02-29"].map(
        (time, index) => csvLine([`time-${index}`, "pageView", time, "", ""]),
      ),
      csvLine(["time-5", "pageView", "2025-02-29T00:00:00Z", "", ""]),
    ),
    loaded: { records: 6, inserted: 4, rejected: 2 },
    look: {
      sql: "SELECT signal_id, occurred_at::VARCHAR AS at FROM page_views WHERE load_id = $load ORDER BY signal_id",
      answer: [
        { signal_id: "time-1", at: "0001-01-01 00:00:00+00" },
        { signal_id: "time-2", at: "9999-12-31 23:59:59.999999+00" },
        { signal_id: "time-3", at: "1969-12-31 23:59:59.999+00" },
        { signal_id: "time-4", at: "2024-02-29 00:00:00+00" },
      ],
    },
  },
];
