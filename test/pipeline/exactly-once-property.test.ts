/** Any files in any order, some of them twice, give the latest version of every signal: whatever senders do to clocks, types, categories and ids. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { READERS } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { csv, memoryFile, scratchWarehouse } from "../helpers/warehouse.ts";
import { often } from "../helpers/often.ts";

/** Groups of signals that have nothing to do with each other, in the same files: each is a case. EXACTLY_ONCE_RUNS=200 EXACTLY_ONCE_GROUPS=100 tries 20,000. */
const GROUPS = Number(process.env["EXACTLY_ONCE_GROUPS"] ?? often(20, 100));
const RUNS = Number(process.env["EXACTLY_ONCE_RUNS"] ?? often(2, 12));

const TYPES = ["order", "pageView", "emailClick", "somethingNew"] as const;
const HOUR = 3_600_000;
/** Clocks that are right, and wrong by an hour, a month, ten years. */
const CLOCKS = [0, HOUR, -30 * 24 * HOUR, 3652 * 24 * HOUR];
const START = Date.parse("2025-09-01T10:00:00.000Z");

/** What a row says of a signal: few of everything, so that rows meet. */
interface Said {
  type: (typeof TYPES)[number];
  /** A number is an id of the group's; a text is what stands in place of one. */
  id: number | "" | "null" | "00000000-0000-0000-0000-000000000000";
  clock: number;
  session: number;
  category: "" | "Marketing" | "Behavior";
  value: number;
  name: number;
  /** Whether its content is written with blanks. */
  isLoose: boolean;
}

const said: fc.Arbitrary<Said> = fc.record({
  type: fc.constantFrom(...TYPES),
  id: fc.oneof({ weight: 4, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.constantFrom("", "null", "00000000-0000-0000-0000-000000000000") }),
  clock: fc.nat(CLOCKS.length - 1),
  session: fc.nat(1),
  category: fc.constantFrom("", "Marketing", "Behavior"),
  value: fc.nat(2),
  name: fc.nat(1),
  isLoose: fc.boolean(),
});

const hasContent = ({ type }: Said) => type === "order" || type === "pageView";
const timeOf = ({ clock }: Said) => START + (CLOCKS[clock] as number);
const isMarketing = ({ type, category }: Said) => type === "emailClick" || (type === "somethingNew" && category === "Marketing");
const sessionOf = (row: Said, group: number) => `group ${group}, session ${row.session}`;

function fieldsOf(row: Said, group: number): Record<string, string> {
  const orderedItems = Array.from({ length: row.value }, (_, index) => ({ productId: `p${index}`, unitPrice: row.value }));
  const content = { signalType: row.type, orderValue: row.value, ...(row.type === "order" ? { orderedItems } : {}) };
  return {
    SIGNAL_ID: typeof row.id === "number" ? `group ${group}, id ${row.id}` : row.id,
    SIGNAL_TYPE: row.type,
    SIGNAL_TIMESTAMP: new Date(timeOf(row)).toISOString(),
    CATEGORY: row.category,
    TLTSID: sessionOf(row, group),
    NAME: `name ${row.name}`,
    ...(hasContent(row) ? { SIGNAL_CONTENT: JSON.stringify(content, null, row.isLoose ? 1 : 0) } : { DESCRIPTION: String(row.value) }),
  };
}

/** Which signal a row is of. */
function signalOf(row: Said, group: number): string {
  if (typeof row.id === "number") return [row.type, "id", group, row.id].join();
  return [row.type, "none", group, row.session, row.clock, ...(hasContent(row) ? [row.value] : [])].join();
}

/** Two rows of a signal with the same text say the same. */
const textOf = (row: Said) => JSON.stringify({ ...row, isLoose: row.isLoose && hasContent(row) });

interface GeneratedFile {
  mtime: number;
  path: string;
  /** null is a row that is rejected. */
  rows: ({ row: Said; group: number } | null)[];
  bytes: string;
  source: Source;
}

const COLUMNS = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "CATEGORY", "TLTSID", "NAME", "SIGNAL_CONTENT", "DESCRIPTION"];

/** Some files, and copies of some of them with other times. */
const generatedFiles: fc.Arbitrary<GeneratedFile[]> = fc
  .uniqueArray(
    fc.record({
      mtime: fc.integer({ min: 1, max: 1000 }),
      groups: fc.array(fc.array(fc.option(said, { freq: 8 }), { maxLength: 3 }), { minLength: GROUPS, maxLength: GROUPS }),
      columns: fc.shuffledSubarray(COLUMNS, { minLength: COLUMNS.length }),
      copied: fc.option(fc.integer({ min: 1, max: 1000 }), { freq: 2 }),
    }),
    { minLength: 1, maxLength: 4, selector: ({ mtime }) => mtime },
  )
  .map((files) =>
    files.flatMap(({ mtime, groups, columns, copied }, index) => {
      const rows = groups.flatMap((some, group) => some.map((row) => (row ? { row, group } : null)));
      // An unknown contact attribute makes the bytes of every file its own.
      const bytes = csv(
        rows.map((one) => (one ? fieldsOf(one.row, one.group) : { SIGNAL_TYPE: "pageView" })),
        [...columns, `Attribute ${index}`],
      );
      const file = (path: string, at: number) => ({ mtime: at, path, rows, bytes, source: memoryFile(path, at, bytes) });
      return [file(`${index}.csv`, mtime), ...(copied === null ? [] : [file(`copy of ${index}.csv`, copied)])];
    }),
  );

const none = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
const isLater = (one: { mtime: number; path: string }, other: { mtime: number; path: string }) =>
  one.mtime === other.mtime ? one.path > other.path : one.mtime > other.mtime;

/** What a warehouse must hold and count. */
class Model {
  /** By signal: the version that counts, the file that wrote it, and the latest one that says it. */
  readonly #known = new Map<string, { row: Said; group: number; path: string; recordNo: number; latest: GeneratedFile }>();
  readonly #loaded: GeneratedFile[] = [];

  load(file: GeneratedFile): object {
    if (this.#loaded.some((other) => other.bytes === file.bytes && !isLater(file, other))) return { status: "duplicate", ...none };
    this.#loaded.push(file);
    const counts = { ...none, status: "loaded", records: file.rows.length };
    const last = new Map<string, { row: Said; group: number; recordNo: number }>();
    for (const [index, one] of file.rows.entries()) {
      if (one === null) counts.rejected += 1;
      else last.set(signalOf(one.row, one.group), { ...one, recordNo: index + 1 });
    }
    for (const [index, one] of file.rows.entries()) {
      const winner = one && last.get(signalOf(one.row, one.group));
      if (!winner || winner.recordNo === index + 1) continue;
      counts[textOf(one.row) === textOf(winner.row) ? "unchanged" : "updated"] += 1;
    }
    for (const [signal, version] of last) counts[this.#take(signal, version, file)] += 1;
    return counts;
  }

  #take(signal: string, version: { row: Said; group: number; recordNo: number }, file: GeneratedFile): "inserted" | "updated" | "unchanged" {
    const known = this.#known.get(signal);
    const fresh = { ...version, path: file.path, latest: file };
    if (!known) {
      this.#known.set(signal, fresh);
      return "inserted";
    }
    if (!isLater(file, known.latest)) return "unchanged";
    if (textOf(known.row) === textOf(version.row)) {
      known.latest = file;
      return "unchanged";
    }
    this.#known.set(signal, fresh);
    return "updated";
  }

  /** The rows, as the query in the test reads them. */
  rows(): string[] {
    return [...this.#known.values()]
      .map(({ row, group, path, recordNo }) =>
        [
          isMarketing(row) ? "marketing" : "behavior",
          row.type,
          fieldsOf(row, group)["SIGNAL_ID"],
          timeOf(row),
          hasContent(row) ? `${row.value}.0000` : row.value,
          `name ${row.name}`,
          row.type === "order" ? row.value : 0,
          path,
          recordNo,
        ].join("|"),
      )
      .toSorted();
  }
}

const ROWS = `SELECT concat_ws('|', source, signal_type, coalesce(signal_id, ''), epoch_ms(occurred_at), value, name, items, path, record_no) FROM (
  SELECT 'behavior' AS source, signal_type, signal_id, occurred_at, coalesce(order_value::VARCHAR, description) AS value, name,
    (SELECT count(*) FROM order_items i WHERE i.signal_key = b.signal_key AND i.load_id = b.load_id AND i.occurred_at = b.occurred_at AND i.unit_price = b.order_value
      AND b.signal_type = 'order') AS items, load_id, record_no
  FROM behavior_signals b
  UNION ALL SELECT 'marketing', signal_type, signal_id, occurred_at, description, name, 0, load_id, record_no FROM marketing_signals
) JOIN signalhouse.loads USING (load_id)`;

test("any files in any order, some of them twice, give the latest version of every signal", { timeout: 3 * HOUR, tags: "long" }, async () => {
  const orders = generatedFiles.chain((files) =>
    fc.record({
      reader: fc.constantFrom(...READERS),
      first: fc.tuple(fc.shuffledSubarray(files, { minLength: files.length }), fc.subarray(files)).map(([all, again]) => [...all, ...again]),
      second: fc.shuffledSubarray(files, { minLength: files.length }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(orders, async ({ reader, first, second }) => {
      const dumps = [];
      for (const order of [first, second]) {
        const scratch = await scratchWarehouse();
        const model = new Model();
        const expected = order.map((file) => model.load(file));
        const sizes = { rowGroup: 16 * 1024, stretch: 48 * 1024 };
        expect(
          await scratch.load(
            order.map(({ source }) => source),
            { reader, sizes },
          ),
        ).toMatchObject(expected);
        expect((await scratch.values(ROWS)).map(String).toSorted()).toEqual(model.rows());
        // Which file wrote a row that several say alike depends on their order; which contact attributes have a column does not, but their order does.
        dumps.push(normal(await scratch.dump("load_id", "record_no")));
        scratch.warehouse.close();
      }
      expect(dumps[1]).toEqual(dumps[0]);
    }),
    { numRuns: RUNS, ...(process.env["EXACTLY_ONCE_SEED"] ? { seed: Number(process.env["EXACTLY_ONCE_SEED"]) } : {}) },
  );
});

/** Rows as sorted texts, whatever the order of their columns. */
function normal(tables: Record<string, Record<string, unknown>[]>): Record<string, string[]> {
  const text = (row: Record<string, unknown>) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.map(text).toSorted()]));
}
