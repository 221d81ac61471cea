/** The vector path means what the row path means: whatever a file holds, both stage the same rows, rejects and drift. */
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BothReaders, KEY as PRIVACY_KEY, LIMITS, sizesOf, tablesOf } from "../../bench/fuzz/both-readers.ts";
import { loadFiles, type Reader } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { applyTo } from "../../pipeline/privacy.ts";
import { Spool } from "../../pipeline/vector/spool.ts";
import { CONTENT_FIELDS, ENVELOPE_FIELDS, ITEM_FIELDS } from "../../schemas/content-fields.ts";
import { EXPORT_COLUMNS, isExportHeader } from "../../schemas/export-columns.ts";
import { snakeCase } from "../../schemas/names.ts";
import { listsAny, PRIVACY_ACTIONS, type PrivacySettings, whyNotField } from "../../schemas/privacy.ts";
import type { Drift } from "../../schemas/record.ts";
import { SIGNAL_TYPES, type Table } from "../../schemas/signal-types.ts";
import { ORDER_ITEM_COLUMNS, SIGNAL_TABLES } from "../../schemas/tables.ts";
import { plainSql, sourceOf } from "../../sinks/vector/plain-rows.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { readHeader } from "../../transforms/header.ts";
import { readRecords } from "../../transforms/records.ts";
import { Router } from "../../transforms/route.ts";
import { split } from "../../transforms/split.ts";
import { piecesOf } from "../transforms/reading.ts";
import { ROOT } from "../helpers/markdown.ts";
import { csv, memoryFile, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";
import { often } from "../helpers/often.ts";

const ONE_BY_ONE: Reader = "row";
let readers: BothReaders;

beforeAll(async () => {
  readers = await BothReaders.open();
});
afterAll(() => readers.close());

/** A file that comes in pieces, so that it has many blocks. */
const inPieces = (path: string, mtime: number | string, bytes: Buffer, size = 500): Source => ({
  ...memoryFile(path, mtime, bytes),
  open: () => piecesOf(bytes, [size]),
});

/** @returns how many records went the way of the row path */
async function expectSame(files: readonly Buffer[], most?: number, threads?: number, privacy?: PrivacySettings): Promise<number> {
  const byRow = await readers.load(ONE_BY_ONE, files, undefined, undefined, privacy);
  const { rowPathRecords, ...byRun } = await readers.load("vector", files, most, threads, privacy);
  expect(byRun).toEqual({ results: byRow.results, tables: byRow.tables });
  return rowPathRecords.reduce((sum, count) => sum + count, 0);
}

describe("the golden files", () => {
  const folder = join(ROOT, "test/golden");
  const files = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  test.each(files)("%s", async (name) => {
    const file = readFileSync(join(folder, name));
    for (const most of [1_000_000, 500]) expect(await expectSame([file], most)).toBeGreaterThanOrEqual(0);
  });
});

test("the samples, nearly all of whose records are plain", async () => {
  const folder = join(ROOT, "samples/exports/Export/Signals");
  const names = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".gz"));
  const files = names.sort().map((name) => readFileSync(join(folder, name)));
  const doubted = await expectSame(files, 1_000_000);
  const [{ records }] = (await rows<{ records: bigint }>(
    readers.vector.connection,
    "SELECT sum(records)::BIGINT AS records FROM signalhouse.loads",
  )) as [{ records: bigint }];
  expect(Number(records)).toBeGreaterThan(500);
  expect(doubted / Number(records)).toBeLessThan(0.05);
});

/** One of `plain` mostly, one of `odd` now and then. */
const mostly = <T>(plain: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) => fc.oneof({ weight: 30, arbitrary: plain }, { weight: 1, arbitrary: odd });
const of = (...texts: string[]) => fc.constantFrom(...texts);

const TIME = mostly(
  of("2025-09-01T10:02:11.480Z", "2024-02-28T00:00:00.000Z", ""),
  of(
    "2025-09-01T10:02:11Z",
    "2025-09-01 10:02:11.480123+02:00",
    "2025-02-29T00:00:00.000Z",
    "2024-02-29T00:00:00.000Z",
    "yesterday",
    "\\N",
    "2025-09-01",
    " 2025-09-01T10:02:11.480Z",
    "2025-09-01t10:02:11.480z",
  ),
);
const WORD = mostly(
  of("a", "Grün, größer", "x y", "10%", "-", "€ 5", "日本", ""),
  of(" a ", "\\N", '"', 'q"q', "line\nbreak", "[a", "{b", "a\tb", "\u2028", "null", "NULL", "\\n", "\ufeffx", "'"),
);
const BOOLEAN = mostly(of("true", "false", ""), of("TRUE", "1", "f", "yes", "\\N", " true"));
const TEXTS = mostly(
  of('["a","b c"]', "[]", "", '["ä"]'),
  of('["a", "b"]', "[1]", '["a\\"b"]', "[null]", "a", '["a"', '[["a"]]', "[1.50]", '["a","a"]', "\\N"),
);

const NUMBER = mostly(
  of("1", "79.5", "0", "-3.25", "1200", "99999999999999", "0.30000000000000004", "836.9999999999998", "-0.00005", "1.10000"),
  of(
    "1.50",
    "1e3",
    "-0",
    "0.00001",
    "123456789012345678",
    "12345678901234.56789",
    "1E400",
    "0.0000001",
    "0.5",
    "-0.5",
    "1.0",
    "100000000000000",
    "99999999999999.99999",
    "2.999950",
    "1e-7",
  ),
);
const TEXT = mostly(
  of("a", "Birch chair", "größer", "a 😀", "https://x.example/a?b=c,d", "10%", "5.99", "true", ""),
  of(
    "[x",
    "{y",
    "1.50",
    "TRUE",
    'in "quotes"',
    "back\\slash",
    "tab\there",
    "\u0001",
    "\ud800",
    "null",
    "2025-09-01T10:02:11.480Z",
    '["u"]',
    "İstanbul ß",
  ),
);
/** As senders write it that keep to ASCII, and escape slashes. */
const escaped = (json: string) =>
  json.replaceAll("/", String.raw`\/`).replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const STRING = fc.tuple(TEXT, fc.nat(6)).map(([text, odd]) => (odd === 0 ? escaped(JSON.stringify(text)) : JSON.stringify(text)));
const SCALAR = fc.oneof(STRING, NUMBER, of("true", "false", "null"));
const KEY = fc
  .oneof({ weight: 3, arbitrary: of("a", "Customer ID", "b") }, { weight: 1, arbitrary: of("1", "a", "2", "__proto__", "é", "x\\u0041", 'k"k') })
  .map((text) => (text.includes("\\") ? `"${text}"` : JSON.stringify(text)));
const gap = of("", "", "", " ", "\n  ");
const objectOf = (entries: fc.Arbitrary<(readonly [string, string])[]>) =>
  fc
    .tuple(entries, gap, mostly(of(""), of(",", " ")))
    .map(
      ([pairs, space, end]) => `{${pairs.map(([key, value]) => `${space}${key}:${space}${value}`).join(",")}${pairs.length > 0 ? end : ""}${space}}`,
    );
const FLAT = objectOf(fc.array(fc.tuple(KEY, SCALAR), { maxLength: 3 }));
const LIST = fc.array(fc.oneof(SCALAR, FLAT), { maxLength: 3 }).map((items) => `[${items.join(",")}]`);
const ANY = mostly(SCALAR, fc.oneof(FLAT, LIST, of("NaN", "-Infinity", "01", "+1", "'a'", "tru", "[[[[1]]]]")));

const PAIRED = fc
  .array(fc.tuple(gap, mostly(of("name"), of("value", "x")), SCALAR, SCALAR), { maxLength: 3 })
  .map((pairs) => `[${pairs.map(([space, key, name, value]) => `{${space}"${key}":${name},"value":${value}}`).join(",")}]`);

/** Texts that say nothing, and lists that stand as texts. */
const BLANK = of('" "', '"\u00a0"', '"\u3000\ufeff"', String.raw`"\n"`, String.raw`"\u0020"`);
const LISTED = LIST.map((list) => JSON.stringify(list));

/** The value that a field is to have, or another one. */
function valueOf(kind: string): fc.Arbitrary<string> {
  if (kind === "decimal") return mostly(fc.oneof({ weight: 4, arbitrary: NUMBER }, of('"79.50"', '"0"', '""')), fc.oneof(BLANK, ANY));
  if (kind === "boolean") return mostly(of("true", "false", '"true"', "1", '"0"', '""'), fc.oneof(BLANK, of("10", "1.0", '"TRUE"'), ANY));
  if (kind === "texts")
    return mostly(of('["https://a.example"]', '["a","b"]', "[]", '""', String.raw`"[\"a\", \"\u00fc\"]"`), fc.oneof(BLANK, LISTED, ANY));
  return kind === "json" ? mostly(fc.oneof(FLAT, PAIRED, of('""')), fc.oneof(BLANK, ANY)) : mostly(STRING, ANY);
}
const KNOWN = Object.entries(CONTENT_FIELDS).map(([name, { kind }]) => fc.tuple(fc.constant(JSON.stringify(name)), valueOf(kind)));
const MIRROR = fc.tuple(
  of('"signalType"', '"category"', '"name"', '"description"', '"signalTimestamp"', '"appKey"', '"behaviorType"'),
  mostly(STRING, ANY),
);
const ODD = fc.tuple(
  of(
    '"quantity"',
    '"price"',
    '"SKU"',
    '"sku"',
    '"orderTotal"',
    '"unknown"',
    '"sessionId"',
    '"orderedItems"',
    '"signalContent"',
    '"data"',
    '"url"',
    '"Url"',
  ),
  ANY,
);
/** JSON, which may stand as a text. */
const asText = (json: fc.Arbitrary<string>) => fc.tuple(json, fc.nat(2)).map(([text, odd]) => (odd === 0 ? JSON.stringify(text) : text));
const ITEMS = fc.tuple(
  fc.constant('"orderedItems"'),
  asText(
    fc
      .array(objectOf(fc.array(fc.oneof(fc.tuple(of('"productId"', '"unitPrice"', '"itemQuantity"', '"price"', '"gift"'), ANY)), { maxLength: 3 })), {
        maxLength: 3,
      })
      .map((items) => `[${items.join(",")}]`),
  ),
);
/** Fields that nobody knows; then some with names that mean something to somebody. */
const UNKNOWN = fc.tuple(
  of("loyaltyTier", "x y", "a.b", "unit_price", "B-1", "constructor", "Url").map((name) => JSON.stringify(name)),
  mostly(fc.oneof(SCALAR, FLAT), ANY),
);
const ODD_UNKNOWN = fc.tuple(
  of("1", "__proto__", "_id", "$x", "é", "a/b", "a~b", "a~1b", "a*b", "SignalType", 'a"b', "a'b", "", " ", "*", "$", "data").map((name) =>
    JSON.stringify(name),
  ),
  mostly(SCALAR, ANY),
);
const PAIRS = fc.array(
  fc.oneof({ weight: 30, arbitrary: fc.oneof(...KNOWN, MIRROR) }, { weight: 1, arbitrary: fc.oneof(ODD, ITEMS) }, { weight: 2, arbitrary: UNKNOWN }),
  { maxLength: 6 },
);
const CONTENT = mostly(
  fc.oneof(of(""), objectOf(PAIRS), objectOf(PAIRS)),
  fc.oneof(
    objectOf(PAIRS).map((payload) => `{"signalContent":${payload},"audience":[]}`),
    objectOf(PAIRS).map((payload) => `{"data":{"value":${payload}}}`),
    objectOf(PAIRS).map((payload) => JSON.stringify(payload)),
    objectOf(PAIRS).map((payload) => `[${payload}]`),
    objectOf(PAIRS).map((payload) => `{"signalContent":${JSON.stringify(payload)}}`),
    objectOf(PAIRS).map((payload) => `{"type":21,"signal":${payload}}`),
    objectOf(PAIRS).map((payload) => `{"signal":{"data":{"value":{"signalContent":${payload}}}}}`),
    objectOf(PAIRS).map((payload) => `{"signal":{"data":${JSON.stringify(`{"value":${payload}}`)}}}`),
    of(
      "{",
      "null",
      "[]",
      "1",
      '"text"',
      "{}",
      "{} x",
      " {}",
      "\\N",
      '{"a":1,}',
      "\ufeff{}",
      "\u00a0{}\u3000",
      '""',
      " ",
      "\u200b",
      "[null]",
      "[{}]",
      "[{},{}]",
      "None",
    ),
    LIST,
  ),
);

const TYPE = mostly(of(...Object.keys(SIGNAL_TYPES)), of("ORDER", "pushClick", "somethingNew", "", "\\N", "pageview"));
const ID = mostly(
  fc.nat(30).map((number) => `id-${number}`),
  of("", "\\N"),
);

function cellOf(header: string): fc.Arbitrary<string> {
  if (header === "SIGNAL_TYPE") return TYPE;
  if (header === "SIGNAL_ID") return ID;
  if (header === "SIGNAL_CONTENT") return CONTENT;
  if (!Object.hasOwn(EXPORT_COLUMNS, header)) return WORD;
  const { kind } = EXPORT_COLUMNS[header as keyof typeof EXPORT_COLUMNS];
  if (kind === "timestamp") return TIME;
  if (kind === "boolean") return BOOLEAN;
  return kind === "texts" ? TEXTS : WORD;
}

/** Columns of one table only are mostly empty, or no row would be plain. */
const sparse = (header: string) => {
  const known = Object.hasOwn(EXPORT_COLUMNS, header) ? EXPORT_COLUMNS[header as keyof typeof EXPORT_COLUMNS] : undefined;
  return known && known.tables.length === 1 ? fc.oneof({ weight: 12, arbitrary: of("") }, { weight: 1, arbitrary: cellOf(header) }) : cellOf(header);
};

const FIXED = Object.keys(EXPORT_COLUMNS);
const HEADER = fc
  .tuple(
    mostly(
      fc.constant<string[]>(["SIGNAL_TYPE", "SIGNAL_ID", "SIGNAL_CONTENT", "SIGNAL_TIMESTAMP", "TIMESTAMP"]),
      fc.subarray(["SIGNAL_TYPE", "SIGNAL_ID", "SIGNAL_CONTENT", "TIMESTAMP"], { minLength: 2 }).filter(isExportHeader),
    ),
    fc.subarray(FIXED, { maxLength: 8 }),
    fc.subarray(["Email", "Customer ID", "name", "Tags", "SIGNAL_ID", "Ünïcode, x"], { maxLength: 3 }),
  )
  .chain(([needed, more, contact]) =>
    fc.shuffledSubarray([...new Set([...needed, ...more]), ...contact], { minLength: new Set([...needed, ...more]).size + contact.length }),
  );

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const written = fc.tuple(fc.boolean(), fc.nat(60)).map(([always, odd]) => (cell: string) => {
  if (odd === 0) return `${cell}"x`; // where no quote may stand
  return always || /[",\n\r]/.test(cell) ? quoted(cell) : cell;
});

const fileOf = (header: readonly string[]) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.tuple(...header.map(sparse)), written, fc.nat(80)), { maxLength: 12 }),
      mostly(of("\n"), of("\r\n")),
      mostly(of(""), of("\ufeff")),
      fc.nat(40),
    )
    .map(([lines, end, mark, damage]) => {
      const records = lines.map(([cells, write, odd]) => {
        const fields = cells.map((cell) => write(cell));
        if (odd === 0) fields.pop();
        if (odd === 1) fields.push("more");
        return odd === 2 ? "" : fields.join(",");
      });
      const head = `${mark}${header.map((name) => (/[",]/.test(name) ? quoted(name) : name)).join(",")}`;
      const bytes = Buffer.from(`${[head, ...records].join(end)}${damage % 2 === 0 ? end : ""}`);
      // In a record only: a file whose header is damaged is refused, and has no records to compare.
      const inRecords = bytes.length - Buffer.byteLength(head) > 40;
      if (damage === 1 && inRecords) bytes[bytes.length - 20] = 0xff;
      if (damage === 3 && inRecords) bytes[bytes.length - 30] = 0x00;
      return bytes;
    });
const FILE = HEADER.chain(fileOf);
/** Several in one, each with its header: another, or the same again. Now and then without a line end between. */
const JOINED = fc
  .tuple(HEADER, HEADER, mostly(of("\n"), of("")))
  .chain(([one, other, end]) => fc.tuple(fileOf(one), fileOf(other), fileOf(one), fc.constant(Buffer.from(end)), fc.boolean()))
  .map(([one, other, again, end, twice]) => Buffer.concat([one, end, other, ...(twice ? [end, again] : [])]));
/** Two that have a header in common, for which DuckDB plans its queries once. */
const TWO_FILES = HEADER.chain((header) => fc.tuple(fileOf(header), fileOf(header)));

/** How many exports are tried; `VECTOR_RUNS=20000 npm test -- test/pipeline/vector.test.ts` is a longer run still. */
const RUNS = Number(process.env["VECTOR_RUNS"] ?? often(50, 1000));

test(`what DuckDB reads of any export is what the row path reads: ${RUNS} of them`, { timeout: 1_200_000, tags: "long" }, async () => {
  const warehouse = readers.vector;
  const connection = await warehouse.connect();
  const folder = scratchFolder();
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(TWO_FILES, async (files) => {
      const expected = await Promise.all(files.map(recordsByRow));
      for (const { file, recordNo, row } of await readByDuckdb(connection, files, join(folder, "part"))) {
        expect({ recordNo, row }).toEqual({ recordNo, row: expected[file]?.get(recordNo) });
        plain += 1;
      }
    }),
    { numRuns: RUNS / 2 },
  );
  connection.disconnectSync();
  // Else nothing would be shown.
  expect(plain).toBeGreaterThan(RUNS);
});

const ACTION = fc.constantFrom(...PRIVACY_ACTIONS);
/** What privacy may list of such exports: names that contents have, nested or not, known or not. */
const PRIVACY: fc.Arbitrary<PrivacySettings> = fc.record({
  columns: fc.dictionary(of("Email", "Customer ID", "tags", "Ünïcode, x"), ACTION, { maxKeys: 3 }),
  fields: fc
    .dictionary(
      of(
        "url",
        "searchTerm",
        "identifierValue",
        "audience",
        "loyaltyTier",
        "gift",
        "productId",
        "sessionId",
        "a",
        "x y",
        "é",
        'a"b',
        "a/b",
        "1",
        "x",
        "unitPrice",
      ),
      ACTION,
      { maxKeys: 5 },
    )
    .map((fields) => Object.fromEntries(Object.entries(fields).filter(([name, action]) => whyNotField(name, action) === undefined))),
});

const PRIVATE_RUNS = Math.ceil(RUNS / 5);

test(`with whatever privacy lists, both readers give the same: ${PRIVATE_RUNS} exports`, { timeout: 1_200_000, tags: "long" }, async () => {
  await fc.assert(
    fc.asyncProperty(PRIVACY, fc.oneof({ weight: 4, arbitrary: FILE }, { weight: 1, arbitrary: JOINED }), async (privacy, file) => {
      expect(await expectSame([file], 500, 1, privacy)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: PRIVATE_RUNS },
  );
});

test(
  `whatever privacy lists, applied to a warehouse it is what it is from the start: ${PRIVATE_RUNS} exports`,
  { timeout: 1_200_000, tags: "long" },
  async () => {
    await fc.assert(
      fc.asyncProperty(PRIVACY, FILE, async (privacy, file) => {
        fc.pre(listsAny(privacy));
        // Records that only differ in what is left out say the same from the start, and differ before; and what is dropped is no drift.
        const compared = ({ "signalhouse.loads": _loads, "signalhouse.drift": _drift, ...tables }: Record<string, unknown>) => tables;
        const start = await readers.load(ONE_BY_ONE, [file], undefined, undefined, privacy);
        await readers.load("vector", [file], 500, 1);
        const applied = { ...readers.vector, privacy, privacyKey: async () => PRIVACY_KEY };
        await applyTo(applied, { privacy });
        expect(compared(await tablesOf(applied))).toEqual(compared(start.tables));
      }),
      { numRuns: PRIVATE_RUNS },
    );
  },
);

/** What a row says, all values as text; without those that are null. */
type Plain = Record<string, unknown>;

/** The records of a file as the row path reads them, by record_no. Rejects, and records with drift other than unknown fields and rounded amounts, are none that DuckDB may read. */
async function recordsByRow(file: Buffer): Promise<Map<number, Plain>> {
  const found = new Map<number, Plain>();
  for await (const { records } of readRecords(piecesOf(file, [1000]), { ...LIMITS, contactColumns: [] })) {
    for (const record of records) {
      if (record.kind !== "signal") continue;
      const { kind: _kind, table, items = [], drift = [], ...row } = record;
      const ofItem = ({ field }: Drift) => field.startsWith("orderedItems[");
      if (drift.some((seen) => seen.reason !== "rounded" && (seen.reason !== "unknown field" || ofItem(seen)))) continue;
      const columns = Object.entries(row).map(([name, value]) => [name, told(value, kindOf(table, name))]);
      const told_items = items.map((item) =>
        Object.fromEntries(
          Object.entries(item).map(([name, value]) => [
            name,
            typeof value === "string" && name in ITEM_KINDS ? told(value, ITEM_KINDS[name]) : value,
          ]),
        ),
      );
      found.set(record.record_no, {
        table,
        ...Object.fromEntries(columns),
        ...(told_items.length > 0 ? { items: told_items } : {}),
        drift: drift.flatMap((seen) => (ofItem(seen) ? [] : [seen.field])),
      });
    }
  }
  return found;
}

const ITEM_KINDS: Record<string, string> = Object.fromEntries(ORDER_ITEM_COLUMNS.map(({ name, kind }) => [name, kind]));
/** As they are typed when they are merged. */
const TYPED_ITEMS = `SELECT * REPLACE (${Object.entries(ITEM_FIELDS)
  .flatMap(([name, { kind }]) => (kind === "decimal" ? [`CAST(${snakeCase(name)} AS DECIMAL(18, 4)) AS ${snakeCase(name)}`] : []))
  .join(", ")})`;
const kindOf = (table: Table, name: string) => SIGNAL_TABLES[table].find((column) => column.name === name)?.kind ?? "text";

/** A value as both say it. */
function told(value: unknown, kind: string | undefined): unknown {
  if (kind === "decimal")
    return String(value)
      .replace(/(\.\d*?)0+$/, "$1")
      .replace(/\.$/, "");
  if (kind === "timestamp") return new Date(String(value)).toISOString();
  if (kind === "integer") return Number(value);
  // The client takes a byte order mark off a text that begins with one.
  return typeof value === "string" ? value.replace(/^\ufeff/, "") : value;
}

interface PlainRecord {
  /** The index of its file. */
  file: number;
  recordNo: number;
  row: Plain;
}

/** The record_no of the first record of the second file, less one, and so on. */
const FILE_STEP = 10_000;

let parts = 0;

/** The plain records of files that have a header in common, as DuckDB reads them; of a damaged one, that has another header, nothing. */
async function readByDuckdb(connection: DuckDBConnection, files: readonly Buffer[], at: string): Promise<PlainRecord[]> {
  const found = new Map<number, Plain>();
  const headers = files.map((file) => parse(file, { bom: true, to: 1, relax_column_count: true })[0] ?? []);
  const header = readHeader(headers[0] as string[], []);
  const type = header.positions.get("SIGNAL_TYPE");
  if (type === undefined) return [];
  const router = new Router(header, type, ["marketing_signals", "behavior_signals"]);
  for (const [index, file] of files.entries()) {
    if (headers[index]?.join() !== headers[0]?.join()) continue;
    // The header row is none of the types, and so is left.
    let before = index * FILE_STEP - 1;
    for await (const piece of split(piecesOf(file, [1000]), LIMITS.maxRecordBytes)) {
      if (piece.kind === "block") router.add(piece, before);
      before += piece.kind === "block" ? piece.records : 1;
    }
  }
  for (const { table, file: part } of router.take()) {
    // A path of its own: DuckDB keeps what it knows of a file.
    const path = `${at}-${(parts += 1)}`;
    writeFileSync(path, Buffer.concat(part));
    const sql = plainSql(table, header);
    const source = sourceOf({ files: [path] });
    const met = "record_no, key_hash, signal_type, occurred_at";
    const keys = await rows(connection, `SELECT ${met} FROM (${sql.keys(source)}) ORDER BY record_no`);
    expect(keys).toEqual(await rows(connection, `SELECT ${met} FROM (${sql.rows(source)}) ORDER BY record_no`));
    const items = sql.items ? await rows<Plain>(connection, `${TYPED_ITEMS} FROM (${sql.items(source)}) ORDER BY record_no, item_no`, true) : [];
    for (const row of await rows<Plain>(connection, `SELECT * EXCLUDE (key_hash) FROM (${sql.rows(source)})`, true)) {
      const recordNo = Number(row["record_no"]);
      const columns = Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [[name, told(value, kindOf(table, name))]]));
      // What countDrift() counts.
      const drift = Object.keys(JSON.parse((row["extra"] as string | null) ?? "{}") as object).filter((name) => !ENVELOPE_FIELDS.includes(name));
      found.set(recordNo, { table, ...Object.fromEntries(columns), record_no: recordNo % FILE_STEP, drift });
    }
    rmSync(path);
    for (const { record_no, signal_key, order_id, occurred_at, ...item } of items) {
      const row = found.get(Number(record_no));
      expect({ signal_key, order_id: order_id ?? undefined, occurred_at: told(occurred_at, "timestamp") }).toEqual({
        signal_key: row?.["signal_key"],
        order_id: row?.["order_id"],
        occurred_at: row?.["occurred_at"],
      });
      const columns = Object.entries(item).flatMap(([name, value]) => (value === null ? [] : [[name, told(value, ITEM_KINDS[name])]]));
      if (row) row["items"] = [...((row["items"] as Plain[] | undefined) ?? []), Object.fromEntries(columns)];
    }
  }
  return [...found].map(([number, row]) => ({ file: Math.floor(number / FILE_STEP), recordNo: number % FILE_STEP, row }));
}

/** What a file descriptor is of; nothing where it is closed meanwhile. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** The rows of a query, all values as JSON has them. */
async function rows<T>(connection: DuckDBConnection, sql: string, asJson = false): Promise<T[]> {
  const result = await connection.runAndReadAll(sql);
  return (asJson ? result.getRowObjectsJson() : result.getRowObjects()) as T[];
}

const LOADS = Math.ceil(RUNS / 50);

test(`any exports, loaded one after the other: ${LOADS} times`, { timeout: 1_200_000, tags: "long" }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 2, arbitrary: FILE }, { weight: 1, arbitrary: JOINED }), { minLength: 1, maxLength: 3 }),
      of("300", "1000", "100000"),
      fc.integer({ min: 1, max: 3 }),
      async (files, most, threads) => {
        expect(await expectSame(files, Number(most), threads)).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: LOADS },
  );
});

test("what has no SIGNAL_ID gets the key of the row path, with its times and its content as they were written", async () => {
  const session = { SIGNAL_ID: "", TLTSID: "t", RECEIVED_TIMESTAMP: "2025-01-01T00:00:00.001Z", OBSERVED_TIMESTAMP: "1999-12-28T23:59:59.999Z" };
  const times = ["2025-09-14T10:02:11.480Z", "2024-02-28T00:00:00.000Z", ""];
  const records = times.map((SIGNAL_TIMESTAMP) => ({
    ...pageView("1"),
    ...session,
    SIGNAL_TIMESTAMP,
    SIGNAL_CONTENT: ' {"url" : "https://a.example"}',
  }));
  expect(await expectSame([Buffer.from(csv(records))], 1_000_000)).toBe(0);
  const { connection } = readers.vector;
  expect(await rows(connection, "SELECT count(DISTINCT signal_key)::INTEGER AS keys FROM behavior_signals WHERE signal_key LIKE 'h:%'")).toEqual([
    { keys: 3 },
  ]);
});

describe("what a review found", () => {
  const order = (content: string) => ({
    SIGNAL_ID: content.length.toString(),
    SIGNAL_TYPE: "order",
    TIMESTAMP: "2025-01-01T00:00:00.000Z",
    SIGNAL_CONTENT: content,
  });
  test.each([
    ["nulls below an envelope", '{"signalContent":{"attributes":{"a":null,"b":1}}}', 0],
    ["nulls beside one", '{"signal":{"audience":{"b":null,"a":2},"signalContent":{"sku":"x"}},"sessionId":"1"}', 0],
    ["a key that begins with a colon, twice", '{"attributes":{"a":"v",":k":1,":k":2}}', 1],
    ["keys that begin with a colon", '{"attributes":{"a":"v",":k":1,":l":2}}', 0],
  ])("%s: the same, as read one by one", async (_, content, oneByOne) => {
    expect(await expectSame([Buffer.from(csv([order(content)]))], 1_000_000)).toBe(oneByOne);
  });
  test.each([
    ["a CR before CRLF", "SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,SIGNAL_CONTENT,Email\r\na,order,2025-01-01T00:00:00.000Z,,x\r\r\n"],
    ["a line of CR alone", "SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP\r\n\r\r\na,order,2025-01-01T00:00:00.000Z\r\n"],
  ])("%s is read", async (_, file) => {
    expect(await expectSame([Buffer.from(file)], 1_000_000)).toBeLessThan(2);
  });
});

/** Contents of a type, many to a file, read both ways. @returns those that DuckDB took for plain */
async function expectSameContent(type: string, content: fc.Arbitrary<string>): Promise<Plain[]> {
  const warehouse = readers.vector;
  const connection = await warehouse.connect();
  const at = join(scratchFolder(), "part");
  const plain: Plain[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(content, { minLength: 30, maxLength: 100 }), async (contents) => {
      const records = contents.map((text, number) => ({ ...pageView(String(number)), SIGNAL_TYPE: type, SIGNAL_CONTENT: text }));
      const file = Buffer.from(csv(records));
      const expected = await recordsByRow(file);
      for (const { recordNo, row } of await readByDuckdb(connection, [file], at)) {
        expect({ recordNo, row }).toEqual({ recordNo, row: expected.get(recordNo) });
        plain.push(row);
      }
    }),
    { numRuns: often(6, 40) },
  );
  connection.disconnectSync();
  return plain;
}

test("items of any kind are read as the row path reads them", { timeout: 300_000, tags: "long" }, async () => {
  const field = fc.tuple(
    of('"productId"', '"unitPrice"', '"price"', '"itemQuantity"', '"quantity"', '"currency"'),
    mostly(fc.oneof(NUMBER, STRING, of("null", '""')), fc.oneof(BLANK, ANY)),
  );
  const odd = fc.tuple(of('"gift"', '"Price"', '"orderedItems"', '"1"'), ANY);
  const items = fc.array(objectOf(fc.array(mostly(field, odd), { maxLength: 3 })), { maxLength: 3 });
  const list = asText(fc.tuple(items, gap).map(([members, space]) => `${space}[${members.join(`,${space}`)}]${space}`));
  const plain = await expectSameContent(
    "order",
    list.map((text) => `{"orderId":"o","orderedItems":${text}}`),
  );
  expect(plain.filter((row) => "items" in row).length).toBeGreaterThan(often(20, 100));
  expect(plain.filter((row) => "items" in row && String(row["signal_content"]).includes(String.raw`[{\"`)).length).toBeGreaterThan(often(3, 30));
});

/** A content's object with some more of its own: mostly names that differ, as a name that comes twice is not read by DuckDB. */
const around = (object: fc.Arbitrary<string>, pairs: fc.Arbitrary<(readonly [string, string])[]>, key: string) =>
  fc.tuple(object, pairs, pairs, gap, fc.nat(5)).map(([inner, before, after, space, odd]) => {
    const pair = ([name, value]: readonly [string, string]) => `${space}${name}:${space}${value}`;
    const taken = new Set(before.map(([name]) => name));
    const others = odd === 0 ? after : after.filter(([name]) => !taken.has(name));
    return `{${[...before.map(pair), `"${key}"${space}:${inner}`, ...others.map(pair)].join(",")}}`;
  });

test.each(["pageView", "addToCart", "order"])(
  "%s in envelopes of any kind is read as the row path reads it",
  { timeout: 300_000, tags: "long" },
  async (type) => {
    const distinct = (pair: fc.Arbitrary<readonly [string, string]>, maxLength: number) =>
      fc.oneof(
        { weight: 5, arbitrary: fc.uniqueArray(pair, { selector: ([name]) => name, maxLength }) },
        { weight: 1, arbitrary: fc.array(pair, { maxLength }) },
      );
    const own = distinct(
      fc.oneof({ weight: 10, arbitrary: fc.oneof(...KNOWN, MIRROR) }, { weight: 2, arbitrary: UNKNOWN }, { weight: 1, arbitrary: ODD }),
      4,
    );
    const beside = distinct(fc.oneof({ weight: 10, arbitrary: MIRROR }, { weight: 1, arbitrary: fc.oneof(UNKNOWN, ODD, ...KNOWN) }), 2);
    const payload = objectOf(own);
    const values = fc.oneof(payload, around(payload, beside, "signalContent"));
    // What is no envelope after all is left to the row path.
    const inside = (key: string) => around(fc.oneof(payload, payload, SCALAR, LIST), beside, key);
    const content = fc.oneof(
      { weight: 3, arbitrary: around(payload, beside, "signalContent") },
      { weight: 3, arbitrary: around(around(payload, beside, "signalContent"), beside, "signal") },
      { weight: 3, arbitrary: around(around(values, beside, "value"), beside, "data") },
      { weight: 1, arbitrary: inside("signal") },
      { weight: 1, arbitrary: inside("data") },
    );
    const plain = await expectSameContent(type, content);
    expect(plain.length).toBeGreaterThan(often(40, 300));
    expect(plain.filter(({ drift }) => (drift as string[]).length > 0).length).toBeGreaterThan(often(3, 30));
  },
);

describe("unknown fields", () => {
  const page = (number: number, fields: object, type = "pageView") => ({
    ...pageView(`page ${number}`),
    SIGNAL_TYPE: type,
    SIGNAL_CONTENT: JSON.stringify(fields),
  });
  const drift = async () =>
    (await rows<Record<string, unknown>>(readers.vector.connection, "FROM signalhouse.drift ORDER BY ALL")).map(
      ({ signal_type, field, reason, records, first_record_no }) => [signal_type, field, reason, Number(records), Number(first_record_no)],
    );

  test("are read by DuckDB, and counted with those of records that are read one by one", async () => {
    const file = csv([
      page(1, { url: "https://a.example", shoeSize: 43, sessionId: "s", theme: "dark" }),
      page(2, { shoeSize: "10%", unitPrice: "10%" }),
      page(3, { theme: { name: "dark", from: "menu" }, shoeSize: [1, "b"] }, "productView"),
      page(4, { shoeSize: 1 }),
      page(1, { theme: "light" }),
    ]);
    // Read one by one: the second, whose unitPrice is no number.
    expect(await expectSame([Buffer.from(file)], 1_000_000)).toBe(1);
    expect(await drift()).toEqual([
      ["pageView", "shoeSize", "unknown field", 3, 1],
      ["pageView", "theme", "unknown field", 2, 1],
      ["pageView", "unitPrice", "does not fit", 1, 2],
      ["productView", "shoeSize", "unknown field", 1, 3],
      ["productView", "theme", "unknown field", 1, 3],
    ]);
    const { connection } = readers.vector;
    expect(await rows(connection, "SELECT extra FROM behavior_signals WHERE record_no = 3")).toEqual([
      { extra: '{"theme":{"name":"dark","from":"menu"},"shoeSize":[1,"b"]}' },
    ]);
  });

  test("of any name and value are read as the row path reads them", { timeout: 300_000, tags: "long" }, async () => {
    const any = fc.oneof(UNKNOWN, ODD_UNKNOWN, fc.oneof(...KNOWN), fc.constant(['"sessionId"', '"s"'] as const));
    const plain = await expectSameContent("pageView", objectOf(fc.array(any, { maxLength: 5 })));
    expect(plain.filter(({ drift }) => (drift as string[]).length > 0).length).toBeGreaterThan(often(10, 100));
  });

  const MANY = "(many)";
  /** Records with 20 fields of their own each: 10,400 kinds. The 501st record has the first that are not counted by themselves. */
  const manyKinds = () => {
    const fields = (number: number) => Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${number}x${index}`, 1]));
    return Buffer.from(csv(Array.from({ length: 520 }, (_, index) => page(index, fields(index)))));
  };

  test("of more kinds than are counted: the file is read one by one, where their order is known", async () => {
    expect(await expectSame([manyKinds()], 10_000_000)).toBe(520);
    expect((await drift()).filter(([, field]) => field === MANY)).toEqual([[MANY, MANY, "unknown field", 20, 501]]);
  });

  test("of more kinds than are counted, in a source that cannot be read again: those that come last are counted together", async () => {
    const scratch = await scratchWarehouse();
    const source = { ...memoryFile("stdin", 1, manyKinds()), once: true };
    const options = { warehouse: scratch.warehouse, limits: LIMITS, runId: null, signal: new AbortController().signal, reader: "vector" } as const;
    expect(await loadFiles([source], { ...options, ...sizesOf(10_000_000) })).toMatchObject([{ status: "loaded", inserted: 520 }]);
    expect(await scratch.values("SELECT count(*)::INTEGER FROM signalhouse.drift")).toEqual([10001]);
    expect(await scratch.values(`SELECT first_record_no::INTEGER FROM signalhouse.drift WHERE field = '${MANY}'`)).toEqual([501]);
    expect(await scratch.values("SELECT sum(row_path_records)::INTEGER FROM signalhouse.loads")).toEqual([0]);
  });

  test("of more kinds than are counted, in few records: those are in doubt", async () => {
    const many = (from: number) => Object.fromEntries(Array.from({ length: 6000 }, (_, number) => [`f${from + number}`, 1]));
    const file = csv([page(1, many(0)), page(2, many(3000)), page(3, many(6000)), page(4, { url: "https://a.example" })]);
    expect(await expectSame([Buffer.from(file)], 10_000_000)).toBe(3);
    expect((await drift()).filter(([, field]) => field === MANY)).toEqual([[MANY, MANY, "unknown field", 1, 3]]);
  });
});

describe("amounts with more places than their columns", () => {
  const shop = (id: number, type: string, content: string) => ({ ...pageView(String(id)), SIGNAL_TYPE: type, SIGNAL_CONTENT: content });
  const price = (text: string) => `{"gift":1,"unitPrice":${text},"theme":"dark"}`;
  const rounded = async (): Promise<unknown[]> =>
    (
      await rows<Record<string, unknown>>(
        readers.vector.connection,
        "SELECT signal_type, field, records::INTEGER AS records, first_record_no::INTEGER AS first FROM signalhouse.drift WHERE reason = 'rounded' ORDER BY ALL",
      )
    ).map((row) => Object.values(row));

  test("are read by DuckDB, and counted as the row path counts them", async () => {
    const items =
      '{"orderId":"o","orderedItems":[{"price":0.30000000000000004,"quantity":"3.00005","productId":"p"},{"unitPrice":9.99999},{"price":1.00005}]';
    const file = csv([
      shop(1, "addToCart", price("0.30000000000000004")),
      shop(2, "addToCart", price('"24.950000000000003"')),
      shop(3, "addToCart", price("1.1000000")),
      shop(4, "productView", '{"signalContent":{"msrp":1.00005,"x":1},"price":-0.00005,"y":2}'),
      // There price is no field.
      shop(5, "pageView", '{"price":0.30000000000000004}'),
      shop(6, "order", `${items},"price":836.9999999999998}`),
      shop(7, "order", `${items},"orderTotal":1}`),
      shop(8, "order", '{"orderId":"o","orderedItems":[{"price":5}],"orderTax":99999999999999.99999}'),
      shop(9, "order", '{"orderId":"o","orderedItems":[{"price":1.00005},{"price":"10%"}]}'),
      shop(1, "addToCart", price("0.30000000000000004")),
    ]);
    // Read one by one: what is too large, perhaps, and what has an amount that is no number.
    expect(await expectSame([Buffer.from(file)], 1_000_000)).toBe(2);
    expect(await rounded()).toEqual([
      ["addToCart", "unitPrice", 3, 1],
      ["order", "orderedItems[].price", 3, 6],
      ["order", "orderedItems[].quantity", 2, 6],
      ["order", "orderedItems[].unitPrice", 2, 6],
      ["order", "price", 1, 6],
      ["productView", "msrp", 1, 4],
      ["productView", "price", 1, 4],
    ]);
    const { connection } = readers.vector;
    expect(
      await rows(connection, "SELECT extra, unit_price::VARCHAR AS price FROM behavior_signals WHERE signal_id IN ('2', '4') ORDER BY ALL"),
    ).toEqual([
      { extra: '{"gift":1,"theme":"dark","unitPrice":"24.950000000000003"}', price: "24.9500" },
      { extra: '{"x":1,"y":2,"msrp":1.00005,"price":-0.00005}', price: "-0.0001" },
    ]);
    expect(await rows(connection, "SELECT extra, unit_price::VARCHAR AS price FROM order_items WHERE signal_key = '6' ORDER BY item_no")).toEqual([
      { extra: '{"price":0.30000000000000004,"quantity":"3.00005"}', price: "0.3000" },
      { extra: '{"unitPrice":9.99999}', price: "10.0000" },
      { extra: '{"price":1.00005}', price: "1.0001" },
    ]);
  });

  test.each([
    ["row", "vector"],
    ["vector", "row"],
    ["vector", "vector"],
  ] as const)("are the same when they come again: by the %s path, then by the %s path", async (one, other) => {
    const items = '[{"price":0.30000000000000004},{"price":"3.50"},{"price":-0.00005},{"quantity":2.0}]';
    const file = [shop(1, "order", `{"orderTotal":1.50,"orderTax":0.00005,"orderedItems":${items}}`), shop(2, "addToCart", price("1.10"))];
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1000, csv(file))], { reader: one, ...sizesOf(1_000_000) });
    expect(await scratch.load([memoryFile("b.csv", 2000, csv(file.toReversed()))], { reader: other, ...sizesOf(1_000_000) })).toMatchObject([
      { status: "loaded", inserted: 0, updated: 0, unchanged: 2 },
    ]);
    expect(await scratch.values("SELECT unit_price FROM order_items ORDER BY item_no")).toEqual(["0.3000", "3.5000", "-0.0001", null]);
  });

  test("of any digits are rounded by DuckDB as the row path rounds them", { timeout: 300_000, tags: "long" }, async () => {
    const digits = fc.stringMatching(/^-?(?:0|[1-9]\d{0,12})\.(?:\d|[459]{4}|0{4}){1,6}$/);
    const amount = fc.tuple(digits, fc.boolean()).map(([number, isText]) => (isText ? `"${number}"` : number));
    const content = fc
      .tuple(amount, amount, amount)
      .map(([value, tax, unit]) => `{"orderValue":${value},"orderedItems":[{"unitPrice":${unit}},{"price":${tax}}],"orderTax":${tax}}`);
    const plain = await expectSameContent("order", content);
    expect(plain.length).toBeGreaterThan(often(150, 1000));
  });
});

describe("a whole load", () => {
  const content = (price: string) =>
    JSON.stringify({ signalType: "productView", productId: "p", unitPrice: price, audience: { "Customer ID": "c" } });
  const file = csv([
    ...Array.from({ length: 50 }, (_, number) => ({
      ...pageView(`page ${number}`),
      SIGNAL_TYPE: "productView",
      SIGNAL_CONTENT: content(String(number + 1)),
    })),
    { ...pageView("odd"), SIGNAL_CONTENT: content("10%"), SIGNAL_TYPE: "productView" },
    { ...pageView("broken"), SIGNAL_CONTENT: "{" },
    { ...pageView("page 3"), SIGNAL_CONTENT: content("99"), SIGNAL_TYPE: "productView" },
  ]);

  async function loaded(reader: Reader, most?: number, source = inPieces("a.csv", "2025-09-01T00:00:00Z", Buffer.from(file))) {
    const scratch = await scratchWarehouse();
    const [result] = await loadFiles([source], {
      warehouse: scratch.warehouse,
      limits: LIMITS,
      runId: null,
      signal: new AbortController().signal,
      reader,
      ...sizesOf(most),
    });
    await scratch.prove();
    const all = (table: string) => rows(scratch.warehouse.connection, `SELECT * FROM ${table} t ORDER BY ALL`);
    const tables = await Promise.all(["marketing_signals", "behavior_signals", "order_items", "signalhouse.rejects", "signalhouse.drift"].map(all));
    const [ledger] = await rows<Record<string, unknown>>(
      scratch.warehouse.connection,
      "SELECT * EXCLUDE (started_at, finished_at) FROM signalhouse.loads",
    );
    return { result, tables, ledger };
  }

  test("gives the same tables and the same ledger, which tells what was read one by one", async () => {
    const [byRow, byVector] = [await loaded("row"), await loaded("vector", 1_000_000)];
    expect(byVector.result).toEqual(byRow.result);
    expect(byVector.result).toMatchObject({ records: 53, inserted: 51, updated: 1, rejected: 1 });
    expect(byVector.tables).toEqual(byRow.tables);
    expect(byRow.ledger?.["row_path_records"]).toBe(53n);
    expect(byVector.ledger).toEqual({ ...byRow.ledger, row_path_records: 2n });
  });

  test("a row that is written before its signal comes again is taken back", async () => {
    const [byRow, byVector] = [await loaded("row"), await loaded("vector", 1500)];
    expect(byVector.result).toEqual(byRow.result);
    expect(byVector.tables).toEqual(byRow.tables);
    expect(byVector.ledger).toEqual({ ...byRow.ledger, row_path_records: 2n });
  });

  test("is read again one by one where DuckDB refuses what it was given", async () => {
    const put = Object.getOwnPropertyDescriptor(Spool.prototype, "put")?.value as (this: Spool, pieces: Iterable<Uint8Array>) => string;
    let damaged = 0;
    // As if the first columns had come to harm behind the back of whoever wrote them: they are no Parquet any more.
    const spy = vi.spyOn(Spool.prototype, "put").mockImplementation(function (this: Spool, pieces) {
      const path = put.call(this, pieces);
      if (damaged === 0) truncateSync(path, statSync(path).size - 4);
      damaged += 1;
      return path;
    });
    const source = inPieces("a.csv", "2025-09-01T00:00:00Z", Buffer.from(file));
    try {
      const [byRow, byVector] = [await loaded("row"), await loaded("vector", 1500, source)];
      expect(damaged).toBeGreaterThan(0);
      expect(byVector).toEqual(byRow);
      damaged = 0;
      const once = await loaded("vector", 1500, { ...source, once: true });
      expect(once.result).toMatchObject({ status: "failed", code: "bug", hint: expect.stringContaining("--reader row") as string });
      expect(once.tables).toEqual([[], [], [], [], []]);
    } finally {
      spy.mockRestore();
    }
    // A file that is open would keep its memory.
    const opened = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").map(linkOf) : [];
    expect(opened.filter((path) => path.includes(`signalhouse-spool-${process.pid}-`))).toEqual([]);
  });

  test.each([
    { memory: "1GB", once: false, used: "244.1 MiB" },
    { memory: "192MB", once: false, used: "183.1 MiB" },
    { memory: "1GB", once: true, used: "953.6 MiB" },
  ])("uses of $memory of memory what is of use (once: $once), and gives all settings back, however it ends", async ({ memory, once, used }) => {
    const warehouse = await openWarehouse(placeOf(":memory:"), { memory, threads: 3 });
    const settings = async () => {
      const names = ["memory_limit", "threads"].map((name) => `current_setting('${name}')::VARCHAR AS ${name}`);
      return (await rows<Record<string, string>>(warehouse.connection, `SELECT ${names.join(", ")}`))[0];
    };
    const before = await settings();
    expect(before).toMatchObject({ threads: "3" });
    const source = { ...inPieces("a.csv", "2025-09-01T00:00:00Z", Buffer.from(file)), once };
    let during: Record<string, string> | undefined;
    const noting = (end: () => void): Source => ({
      ...source,
      async *open(signal) {
        yield* source.open(signal);
        during = await settings();
        end();
      },
    });
    const failing = noting(() => {
      throw new Error("lost");
    });
    const options = { warehouse, limits: LIMITS, runId: null, signal: new AbortController().signal, reader: "vector", ...sizesOf(1500) } as const;
    const whileWriting = { memory_limit: used };
    expect(await loadFiles([failing], options)).toMatchObject([{ status: "failed" }]);
    expect(during).toMatchObject(whileWriting);
    expect(await settings()).toEqual(before);
    during = undefined;
    expect(await loadFiles([noting(() => undefined)], options)).toMatchObject([{ status: "loaded" }]);
    expect(during).toMatchObject(whileWriting);
    expect(await settings()).toEqual(before);
    warehouse.close();
  });

  test("leaves no spool behind, however it ends", async () => {
    await loaded("vector", 1_000_000);
    const left = readdirSync(existsSync("/dev/shm") ? "/dev/shm" : tmpdir()).filter((name) => name.startsWith(`signalhouse-spool-${process.pid}-`));
    // Only this file's own.
    expect(left).toHaveLength(0);
  });
});
