/** The vector path means what the row path means: whatever a file holds, both stage the same rows, rejects and drift. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadFiles } from "../../pipeline/load-files.ts";
import { Spool } from "../../pipeline/vector/spool.ts";
import { stageFile } from "../../pipeline/vector/stage.ts";
import { CONTENT_FIELDS } from "../../schemas/content-fields.ts";
import { EXPORT_COLUMNS } from "../../schemas/export-columns.ts";
import { SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { rows } from "../../sinks/sql.ts";
import { Staging } from "../../sinks/staging.ts";
import { openWarehouse, type Warehouse } from "../../sinks/warehouse.ts";
import { readRecords } from "../../transforms/records.ts";
import { ROOT } from "../helpers/markdown.ts";
import { csv, memoryFile, pageView, scratchWarehouse } from "../helpers/warehouse.ts";

const LIMITS = { maxRecordBytes: 1024 * 1024, maxExpansionRatio: 1000 };
let warehouse: Warehouse;
let spool: Spool;

beforeAll(async () => {
  warehouse = await openWarehouse({ path: ":memory:" });
  spool = await Spool.make();
});
afterAll(async () => {
  warehouse.close();
  await spool.close();
});

async function* piecesOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Everything that a staging holds, in the file's order; or why there is none. */
async function told(stage: (staging: Staging) => Promise<void>): Promise<unknown> {
  const staging = new Staging(await warehouse.connect());
  try {
    await stage(staging);
    staging.finish();
    const tables = ["staged_marketing_signals", "staged_behavior_signals", "staged_order_items", "staged_rejects"];
    const found: Record<string, unknown> = {};
    for (const table of tables) {
      found[table] = await rows(
        staging.connection,
        `SELECT * FROM ${table} t ORDER BY record_no${table === "staged_order_items" ? ", item_no" : ""}`,
      );
    }
    const drift = staging.drift.map((one) => ({ ...one })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return { ...found, counts: staging.counts, drift, header: staging.header };
  } catch (error) {
    return { failed: (error as Error).message };
  } finally {
    staging.close();
  }
}

const byRow = (file: Buffer) =>
  told(async (staging) => {
    for await (const { header, records } of readRecords(piecesOf(file, 1000), { ...LIMITS, contactColumns: [] })) {
      if (!staging.header) await staging.begin(header);
      staging.append(records);
    }
  });

const nothing = (): void => undefined;

/** @returns what is staged, and how many records were not plain */
async function byVector(file: Buffer, runBytes?: number): Promise<{ staged: unknown; doubted: number }> {
  let doubted = 0;
  const staged = await told(async (staging) => {
    const { signal } = new AbortController();
    const options = {
      ...LIMITS,
      contactColumns: [],
      staging,
      spool,
      signal,
      onHeader: nothing,
      onStaged: nothing,
      ...(runBytes ? { runBytes } : {}),
    };
    doubted = await stageFile(piecesOf(file, 1000), options);
  });
  return { staged, doubted };
}

async function expectSame(file: Buffer, runBytes?: number): Promise<number> {
  const { staged, doubted } = await byVector(file, runBytes);
  expect(staged).toEqual(await byRow(file));
  return doubted;
}

describe("the golden files", () => {
  const folder = join(ROOT, "test/golden");
  const files = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  test.each(files)("%s", async (name) => {
    const file = readFileSync(join(folder, name));
    for (const runBytes of [undefined, 500]) expect(await expectSame(file, runBytes)).toBeGreaterThanOrEqual(0);
  });
});

test("the samples, nearly all of whose records are plain", async () => {
  const folder = join(ROOT, "samples/exports/Export/Signals");
  for (const name of readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".gz"))) {
    const file = readFileSync(join(folder, name));
    const doubted = await expectSame(file);
    const { counts } = (await byRow(file)) as { counts: { records: number } };
    expect(counts.records).toBeGreaterThan(100);
    expect(doubted / counts.records).toBeLessThan(0.25);
  }
});

/** One of `plain` mostly, one of `odd` now and then. */
const mostly = <T>(plain: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) => fc.oneof({ weight: 7, arbitrary: plain }, { weight: 1, arbitrary: odd });
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
  of("1", "79.5", "0", "-3.25", "1200", "99999999999999"),
  of("1.50", "1e3", "-0", "0.00001", "123456789012345678", "12345678901234.56789", "1E400", "0.0000001", "0.5", "-0.5", "1.0", "100000000000000"),
);
const STRING = mostly(
  of("a", "Birch chair", "größer", "https://x.example/a?b=c,d", "10%", "5.99", "true", ""),
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
).map((text) => JSON.stringify(text));
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

/** The value that a field is to have, or another one. */
function valueOf(kind: string): fc.Arbitrary<string> {
  if (kind === "decimal") return mostly(NUMBER, ANY);
  if (kind === "boolean") return mostly(of("true", "false", '"true"'), ANY);
  if (kind === "texts") return mostly(of('["https://a.example"]', '["a","b"]', "[]"), ANY);
  return kind === "json" ? mostly(fc.oneof(FLAT, PAIRED), ANY) : mostly(STRING, ANY);
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
const ITEMS = fc.tuple(
  fc.constant('"orderedItems"'),
  fc
    .array(objectOf(fc.array(fc.oneof(fc.tuple(of('"productId"', '"unitPrice"', '"itemQuantity"', '"price"', '"gift"'), ANY)), { maxLength: 3 })), {
      maxLength: 3,
    })
    .map((items) => `[${items.join(",")}]`),
);
const PAIRS = fc.array(mostly(fc.oneof(...KNOWN, MIRROR), fc.oneof(ODD, ITEMS)), { maxLength: 6 });
const CONTENT = mostly(
  fc.oneof(of(""), objectOf(PAIRS), objectOf(PAIRS)),
  fc.oneof(
    objectOf(PAIRS).map((payload) => `{"signalContent":${payload},"audience":[]}`),
    objectOf(PAIRS).map((payload) => `{"data":{"value":${payload}}}`),
    objectOf(PAIRS).map((payload) => JSON.stringify(payload)),
    of("{", "null", "[]", "1", '"text"', "{}", "{} x", " {}", "\\N", '{"a":1,}', "\ufeff{}"),
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
      fc.subarray(["SIGNAL_TYPE", "SIGNAL_ID", "SIGNAL_CONTENT", "TIMESTAMP"], { minLength: 1 }),
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

const FILE = HEADER.chain((header) =>
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
      const bytes = Buffer.from(
        `${mark}${[header.map((name) => (/[",]/.test(name) ? quoted(name) : name)).join(","), ...records].join(end)}${damage % 2 === 0 ? end : ""}`,
      );
      if (damage === 1 && bytes.length > 200) bytes[bytes.length - 20] = 0xff;
      if (damage === 3 && bytes.length > 200) bytes[bytes.length - 30] = 0x00;
      return bytes;
    }),
);

const RUNS = Number(process.env["VECTOR_RUNS"] ?? 2000);

test(`any export: ${RUNS} of them`, { timeout: 600_000 }, async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(FILE, of("300", "100000"), async (file, runBytes) => {
      const records = (file.toString("latin1").match(/\n/g) ?? []).length;
      plain += records - (await expectSame(file, Number(runBytes)));
    }),
    { numRuns: RUNS },
  );
  // Else nothing would be shown.
  expect(plain).toBeGreaterThan(RUNS);
});

describe("a whole load", () => {
  const content = (price: string) =>
    JSON.stringify({ signalType: "productView", productId: "p", unitPrice: price, audience: { "Customer ID": "c" } });
  const file = csv([
    ...Array.from({ length: 50 }, (_, number) => ({
      ...pageView(String(number)),
      SIGNAL_TYPE: "productView",
      SIGNAL_CONTENT: content(String(number + 1)),
    })),
    { ...pageView("odd"), SIGNAL_CONTENT: content("10%"), SIGNAL_TYPE: "productView" },
    { ...pageView("broken"), SIGNAL_CONTENT: "{" },
    { ...pageView("3"), SIGNAL_CONTENT: content("99"), SIGNAL_TYPE: "productView" },
  ]);

  async function loaded(path: "row" | "vector") {
    const scratch = await scratchWarehouse();
    const [result] = await loadFiles([memoryFile("a.csv", "2025-09-01T00:00:00Z", file)], {
      warehouse: scratch.warehouse,
      limits: LIMITS,
      runId: null,
      signal: new AbortController().signal,
      path,
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
    const [byRow, byVector] = [await loaded("row"), await loaded("vector")];
    expect(byVector.result).toEqual(byRow.result);
    expect(byVector.result).toMatchObject({ records: 53, inserted: 51, updated: 1, rejected: 1 });
    expect(byVector.tables).toEqual(byRow.tables);
    expect(byRow.ledger?.["row_path_records"]).toBe(53n);
    expect(byVector.ledger).toEqual({ ...byRow.ledger, row_path_records: 2n });
  });

  test("leaves no spool behind, however it ends", async () => {
    await loaded("vector");
    const left = readdirSync(existsSync("/dev/shm") ? "/dev/shm" : tmpdir()).filter((name) => name.startsWith(`signalhouse-spool-${process.pid}-`));
    // Only this file's own.
    expect(left).toHaveLength(1);
  });
});
