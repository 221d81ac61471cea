/** Pushing into the sandbox over real HTTP and SFTP, and reading back what it has. */
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connectApi } from "../../../pipeline/connect-api/api.ts";
import { endImport } from "../../../pipeline/reference-set/follow.ts";
import { type PushContext, pushSet, type PushResult, type PushWish } from "../../../pipeline/reference-set/push.ts";
import { openServer } from "../../../pipeline/load/remote-files.ts";
import { doorTo, PATIENCE_MS, readerOf } from "../../../pipeline/common/door.ts";
import type { SandboxSet } from "../../../samples/sandbox/api-sets.ts";
import { DELIMITER_NAMES, type RefsetDefinition } from "../../../schemas/reference-set.ts";
import { pseudonym } from "../../../schemas/privacy.ts";
import { importJobs } from "../../../sinks/reference-set/imports.ts";
import { Scratch } from "../../../sinks/reference-set/scratch.ts";
import { type ConnectPlace, connectPlace } from "../../helpers/connect.ts";
import { failureOf } from "../../helpers/errors.ts";
import { leftBehind } from "../../helpers/left-behind.ts";
import { often } from "../../helpers/often.ts";

interface Place extends ConnectPlace {
  flow: PushContext;
}

async function place(): Promise<Place> {
  const made = await connectPlace({ exports: { lookMinutes: 10, deadlineHours: 1 } });
  return { ...made, flow: { ...made.context, readWarehouse: readerOf(doorTo(made.config, { signal: made.context.signal, patience: PATIENCE_MS })) } };
}

type Cells = Record<string, string | null>;

/** What the sandbox has of a set, row by row. */
const kept = (set: SandboxSet | undefined): Cells[] => [...(set?.records.values() ?? [])].map((record) => Object.fromEntries(record));

/** Pushes rows of texts from a JSON file. */
function push(
  { flow, folder }: Place,
  rows: readonly object[],
  more: Partial<Omit<PushWish, "definition">> & { definition?: Partial<RefsetDefinition> } = {},
): Promise<PushResult> {
  const file = join(folder, "rows.json");
  writeFileSync(file, JSON.stringify(rows));
  const { definition, ...wish } = more;
  return pushSet(flow, {
    set: "Orders",
    changed: false,
    maxErrors: 100,
    wait: true,
    ...wish,
    definition: { key: "id", ...definition, source: { file } },
  });
}

const ROWS = [
  { id: "1", name: "Ana", amount: 1.5 },
  { id: "2", name: "Bo", amount: 2 },
];
const KEPT: Cells[] = [
  { id: "1", name: "Ana", amount: "1.5" },
  { id: "2", name: "Bo", amount: "2" },
];
const jobsOf = ({ flow }: Place) => flow.readWarehouse(({ connection }) => importJobs(connection));
const uploads = ({ served }: Place) =>
  readdirSync(served, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
const pushed = ({ flow }: Place) =>
  flow.readWarehouse(async ({ connection }) =>
    (await connection.runAndReadAll("SELECT key, pushed_at IS NOT NULL FROM signalhouse.refset_rows ORDER BY key")).getRowsJson(),
  );

describe("the modes", () => {
  test("a set that is not there is made, with its types and key, and the file goes away", async () => {
    const at = await place();
    const { outcome, prepared } = await push(at, ROWS, { definition: { folder: "sets/orders", notify: ["a@example.com"] } });
    expect(outcome?.error).toBeUndefined();
    expect(prepared.mode).toBe("CREATE");
    expect(at.api.sets).toHaveLength(1);
    expect(at.api.sets[0]).toMatchObject({
      name: "Orders",
      attributes: [
        { name: "id", type: "TEXT", isKey: true },
        { name: "name", type: "TEXT" },
        { name: "amount", type: "NUMBER" },
      ],
    });
    expect(kept(at.api.sets[0])).toEqual(KEPT);
    expect(uploads(at)).toEqual([]);
    expect(await jobsOf(at)).toMatchObject([
      {
        setName: "Orders",
        status: "imported",
        rows: 2,
        path: expect.stringMatching(/^sets\/orders\/Orders-2025-07-10T090000Z-[0-9a-f]{6}\.csv$/) as string,
      },
    ]);
    expect(at.api.imports[0]?.request).toMatchObject({ importType: "CREATE", notifications: [{ channel: "EMAIL", destination: "a@example.com" }] });
  });

  test("a set that is there gets rows added and changed, and attributes that it lacks", async () => {
    const at = await place();
    await push(at, ROWS);
    const { prepared } = await push(at, [
      { id: "2", name: "Bob", amount: 3, shop: "Ulm" },
      { id: "3", name: "Cy", amount: 4 },
    ]);
    expect(prepared.mode).toBe("ADD_UPDATE");
    expect(kept(at.api.sets[0])).toEqual([
      KEPT[0],
      { id: "2", name: "Bob", amount: "3", shop: "Ulm" },
      { id: "3", name: "Cy", amount: "4", shop: null },
    ]);
  });

  test("REPLACE leaves only what is sent", async () => {
    const at = await place();
    await push(at, ROWS);
    await push(at, [{ id: "9", name: "Zoe", amount: 1 }], { mode: "REPLACE" });
    expect(kept(at.api.sets[0])).toEqual([{ id: "9", name: "Zoe", amount: "1" }]);
  });

  test("REPLACE of a part of the attributes, or of no rows, is never sent", async () => {
    const at = await place();
    await push(at, ROWS);
    const part = await push(at, [{ id: "9", name: "Zoe" }], { mode: "REPLACE" });
    expect(part.prepared.violations.map(({ rule }) => rule)).toEqual(["mapping"]);
    const file = join(at.folder, "empty.csv");
    writeFileSync(file, "id,name,amount\n");
    const none = await pushSet(at.flow, {
      set: "Orders",
      mode: "REPLACE",
      changed: false,
      maxErrors: 10,
      wait: true,
      definition: { source: { file } },
    });
    expect(none.prepared.violations.map(({ rule }) => rule)).toEqual(["rows"]);
    expect(kept(at.api.sets[0])).toEqual(KEPT);
    expect(at.api.imports).toHaveLength(1);
  });

  test("nothing is sent while a rule is broken", async () => {
    const at = await place();
    const { prepared, outcome } = await push(at, [...ROWS, { id: "1", name: "Ana" }]);
    expect(prepared.violations.map(({ rule }) => rule)).toEqual(["key_duplicate"]);
    expect(outcome).toBeUndefined();
    expect(at.api.imports).toEqual([]);
    expect(await jobsOf(at)).toEqual([]);
  });

  test("a sixth set is refused before anything is sent, and 25 are allowed where that is configured", async () => {
    const at = await place();
    for (const set of ["a", "b", "c", "d", "e"]) await push(at, ROWS, { set });
    const sixth = await push(at, ROWS, { set: "f" });
    expect(sixth.prepared.violations.map(({ rule }) => rule)).toEqual(["set_limit"]);
    at.config.refsets.limit = 25;
    // The sandbox goes on allowing five.
    expect((await failureOf(push(at, ROWS, { set: "f" }))).message).toContain("there are 5 reference sets already");
  }, 30_000);

  test("several sets of one name: the id says which", async () => {
    const at = await place();
    await push(at, ROWS);
    const [first] = at.api.sets;
    if (!first) throw new Error("there is no set");
    (at.api.sets as SandboxSet[]).push({ ...first, id: "other", records: new Map() });
    const failure = await failureOf(push(at, ROWS));
    expect(failure.code).toBe("refset_ambiguous");
    expect(failure.message).toContain("other (0 rows)");
    await push(at, ROWS.slice(1), { id: "other" });
    expect(kept(at.api.sets[1])).toEqual([KEPT[1]]);
    expect((await failureOf(push(at, ROWS, { id: "nothing" }))).code).toBe("not_found");
  });
});

test("a new number has the decimals that are said", async () => {
  const at = await place();
  const { prepared } = await push(at, ROWS, { definition: { decimals: { amount: 2 } } });
  expect(prepared.violations).toEqual([]);
  expect(at.api.imports[0]?.request.attributes?.create?.[2]).toEqual({ name: "amount", type: "NUMBER", decimalPrecision: 2 });
  expect(at.api.sets[0]?.attributes.map(({ decimalPrecision }) => decimalPrecision)).toEqual([null, null, 2]);
  expect(kept(at.api.sets[0])).toEqual(KEPT);
  const broken = await push(at, [{ id: "3", amount: 1.505 }], { definition: { decimals: { amount: 2 } } });
  expect(broken.prepared.violations).toMatchObject([{ rule: "decimals", row: 1 }]);
  expect(at.api.imports).toHaveLength(1);
});

describe("only what changed", () => {
  test("added and changed rows are sent, rows that are gone are named", async () => {
    const at = await place();
    await push(at, ROWS);
    const next = [ROWS[0] ?? {}, { id: "3", name: "Cy", amount: 4 }];
    const { prepared, outcome } = await push(at, next, { changed: true });
    expect(prepared).toMatchObject({ sending: 1, changes: { changed: 1, goneCount: 1, gone: ["2"] } });
    expect(outcome?.job.rows).toBe(1);
    expect(kept(at.api.sets[0])).toEqual([...KEPT, { id: "3", name: "Cy", amount: "4" }]);
    const again = await push(at, next, { changed: true });
    expect(again.outcome).toBeUndefined();
    expect(again.prepared.changes).toEqual({ changed: 0, goneCount: 1, gone: ["2"] });
    await push(at, next, { changed: true, mode: "REPLACE" });
    expect(kept(at.api.sets[0])).toEqual([KEPT[0], { id: "3", name: "Cy", amount: "4" }]);
    expect((await push(at, next, { changed: true, mode: "REPLACE" })).outcome).toBeUndefined();
    expect(at.api.imports).toHaveLength(3);
  });

  test("whatever was pushed before, the set is the source afterwards, but for what is gone", { timeout: 60_000, tags: "long" }, async () => {
    const at = await place();
    await push(at, [{ id: "0", name: null, amount: 0 }]);
    const table = fc.uniqueArray(
      fc.record({ id: fc.constantFrom("0", "1", "2", "3", "4"), name: fc.constantFrom("a", "b", null), amount: fc.integer({ min: 0, max: 2 }) }),
      {
        selector: ({ id }) => id,
        minLength: 1,
      },
    );
    const expected = new Map<string, Cells>([["0", { id: "0", name: null, amount: "0" }]]);
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const { prepared } = await push(at, rows, { changed: true });
        const before = [...expected].length;
        const changed = rows.filter(
          ({ id, name, amount }) => JSON.stringify(expected.get(id)) !== JSON.stringify({ id, name, amount: String(amount) }),
        );
        expect(prepared.sending).toBe(changed.length);
        for (const { id, name, amount } of rows) expected.set(id, { id, name, amount: String(amount) });
        expect(before).toBeGreaterThan(0);
        const byId = (a: Cells, b: Cells) => Number(a["id"]) - Number(b["id"]);
        expect(kept(at.api.sets[0]).sort(byId)).toEqual([...expected.values()].sort(byId));
      }),
      { numRuns: often(3, 12) },
    );
  });

  test("rows of an import that failed do not count as pushed", async () => {
    const at = await place();
    await push(at, ROWS);
    at.api.faults.failImports = 1;
    const changed = [{ id: "1", name: "Anna", amount: 1.5 }];
    const failed = await push(at, changed, { changed: true });
    expect(failed.outcome?.error?.code).toBe("import_failed");
    expect(await pushed(at)).toEqual([
      ["1", true],
      ["2", true],
    ]);
    const again = await push(at, changed, { changed: true });
    expect(again.prepared.sending).toBe(1);
    expect(kept(at.api.sets[0])[0]).toEqual({ id: "1", name: "Anna", amount: "1.5" });
  });

  test("nor do those that Connect dropped without a word: it is noted, and all are sent again", async () => {
    const at = await place();
    at.api.faults.dropsRows = 1;
    const { outcome } = await push(at, ROWS);
    expect(outcome?.note).toContain("Orders has 1 rows in Connect, and 2 should be there");
    expect(await pushed(at)).toEqual([]);
    const again = await push(at, ROWS, { changed: true });
    expect(again.prepared.sending).toBe(2);
    expect(kept(at.api.sets[0])).toEqual(KEPT);
  });

  test("a set that was emptied in Connect gets everything", async () => {
    const at = await place();
    await push(at, ROWS);
    at.api.sets[0]?.records.clear();
    const { prepared } = await push(at, ROWS, { changed: true });
    expect(prepared.sending).toBe(2);
    expect(kept(at.api.sets[0])).toEqual(KEPT);
  });
});

test("a set whose size comes later than the job's end is waited for", async () => {
  const at = await place();
  await push(at, ROWS);
  const { flow } = at;
  const looks: number[] = [];
  const api: typeof flow.api = {
    ...flow.api,
    dataSets: async () => {
      const sets = await flow.api.dataSets();
      // Before the push, and at the first looks after it.
      return looks.push(at.clock.now()) < 4 ? sets.map((set) => ({ ...set, size: 2 })) : sets;
    },
  };
  const { outcome } = await push({ ...at, flow: { ...flow, api } }, [...ROWS, { id: "3", name: "Cy", amount: 1 }]);
  expect(outcome).not.toHaveProperty("note");
  expect(looks.length).toBe(4);
  expect(await pushed(at)).toEqual([
    ["1", true],
    ["2", true],
    ["3", true],
  ]);
});

describe("an import that goes wrong", () => {
  test.each(["S3_FILE_METADATA_FAILED", "INPUT_VALIDATION_FAILED"] as const)("%s is explained, and the file left behind is named", async (code) => {
    const at = await place();
    at.api.faults.failImports = 1;
    at.api.faults.importError = code;
    const { outcome } = await push(at, ROWS);
    expect(outcome?.error?.message).toContain(code);
    expect(outcome?.error?.message).toContain(`Its file is still on the server: ${outcome?.job.path}`);
    expect(outcome?.error?.hint).toContain(
      code === "S3_FILE_METADATA_FAILED" ? "could not find or read the file" : "the delimiter must be comma, tab or pipe",
    );
    expect(uploads(at)).toEqual([outcome?.job.path]);
    expect(await jobsOf(at)).toMatchObject([{ status: "failed" }]);
  });

  test("refused at once: its file is taken away", async () => {
    const at = await place();
    await push(at, ROWS);
    // The set vanishes between the look and the request.
    const { flow } = at;
    const api = {
      ...flow.api,
      createImportJob: (input: Parameters<typeof flow.api.createImportJob>[0]) => (
        (at.api.sets as SandboxSet[]).pop(),
        flow.api.createImportJob(input)
      ),
    };
    const failure = await failureOf(push({ ...at, flow: { ...flow, api } }, ROWS));
    expect(failure.code).toBe("import_failed");
    expect(failure.message).toContain("there is no data set");
    expect(uploads(at)).toEqual([]);
    expect((await jobsOf(at)).map(({ status }) => status).sort()).toEqual(["failed", "imported"]);
  });

  test.each(["timeOutAfterAccepting", "hangAfterAccepting", "errorsAfterAccepting", "errorsBesideData"] as const)(
    "%s: it is found out by its file, and not asked for twice",
    async (fault) => {
      const at = await place();
      at.flow.api = connectApi({ endpoint: at.api.url, apiKey: at.api.key, timeoutSeconds: 0.5, retries: 1, backoffMs: 1 });
      at.api.faults[fault] = 1;
      const { outcome } = await push(at, ROWS);
      expect(outcome?.job.status).toBe("imported");
      expect(at.api.imports).toHaveLength(1);
      expect(kept(at.api.sets[0])).toEqual(KEPT);
    },
    20_000,
  );

  test("asked for again where it was not taken", async () => {
    const at = await place();
    at.api.faults.serverErrors = 0;
    const { flow } = at;
    let lost = 1;
    // The request goes nowhere, and nobody knows.
    const api: typeof flow.api = {
      ...flow.api,
      createImportJob: async (input) => {
        if (lost-- > 0) at.api.faults.serverErrors = 1;
        return flow.api.createImportJob(input);
      },
    };
    const { outcome } = await push({ ...at, flow: { ...flow, api } }, ROWS);
    expect(outcome?.job.status).toBe("imported");
    expect(at.api.imports).toHaveLength(1);
    expect(at.clock.now() - Date.parse("2025-07-10T09:00:00Z")).toBeGreaterThanOrEqual(10 * 60_000);
  });

  test("without dataJob the end is told by the file", async () => {
    const at = await place();
    at.api.faults.noDataJob = true;
    expect((await push(at, ROWS)).outcome?.job.status).toBe("imported");
    expect(kept(at.api.sets[0])).toEqual(KEPT);
  });

  test("one that never ends is late, and can be looked at again", async () => {
    const at = await place();
    at.api.faults.importsNeverEnd = 1;
    const { outcome } = await push(at, ROWS);
    expect(outcome?.error).toMatchObject({ code: "import_late", message: expect.stringContaining("has not ended within 1 hours") as string });
    const [job] = await jobsOf(at);
    expect(job?.status).toBe("asked");
    // Neither is another one begun beside it.
    expect((await failureOf(push(at, ROWS))).code).toBe("import_late");
    expect(at.api.imports).toHaveLength(1);
    const server = await openServer(at.config, { log: () => undefined });
    try {
      if (job) expect((await endImport(at.flow, server, job, true)).error?.code).toBe("import_late");
    } finally {
      await server.close();
    }
  });

  test("an interruption takes the part of the file away", async () => {
    const at = await place();
    const stop = new AbortController();
    const log = (line: string) => line.startsWith("uploading") && stop.abort(new Error("enough"));
    // As a command has them: the warehouse is not opened any more, but to write down what became of something.
    const { toWrite: useWarehouse, toFinish: finish } = doorTo(at.config, { signal: stop.signal });
    await expect(push({ ...at, flow: { ...at.flow, log, signal: stop.signal, useWarehouse, finish } }, ROWS)).rejects.toThrow("enough");
    expect(uploads(at)).toEqual([]);
    expect(await jobsOf(at)).toMatchObject([{ status: "failed" }]);
    expect(await pushed(at)).toEqual([]);
  });

  test("two pushes at a time: the second is told", async () => {
    const at = await place();
    const first = await Scratch.make(at.config.warehouse, at.config.limits, "push");
    expect(await failureOf(push(at, ROWS))).toMatchObject({
      code: "import_under_way",
      message: expect.stringContaining(`process ${process.pid}`) as string,
      hint: expect.stringContaining(dirname(first.path)) as string,
    });
    await first.remove();
    // That of a push which was killed is taken away, whatever process has its number by now.
    await leftBehind(`${at.config.warehouse}.push-${process.pid}-left`);
    await push(at, ROWS);
    expect(readdirSync(at.folder).filter((name) => name.includes("push-"))).toEqual([]);
    await expect(Scratch.make("/nowhere/w.duckdb", at.config.limits, "push")).rejects.toMatchObject({ code: "warehouse_failed" });
  });
});

describe("any table that is pushed and read back is the same", () => {
  const text = fc
    .oneof(fc.string({ unit: "grapheme", maxLength: 8 }), fc.constantFrom(",", "\t", "|", '"', '""', "\n", "\r\n", " a ", "\\N", "NULL", 'ä|,\t"'))
    .filter((value) => !value.startsWith("\ufeff") && !value.includes("\0"));
  const day = fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
    .map((date) => `${date.toISOString().slice(0, 19)}Z`);
  const number = fc.tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.nat(9)).map(([whole, part]) => `${whole}.${part}1`);
  const row = fc.record({ t: fc.option(text), n: fc.option(number), d: fc.option(day), b: fc.option(fc.boolean()) });
  const table = fc.array(row, { minLength: 1, maxLength: 20 });

  test.each(["auto", ...DELIMITER_NAMES] as const)("delimiter %s", { timeout: 60_000, tags: "long" }, async (delimiter) => {
    const at = await place();
    const definition = { delimiter, types: { t: "TEXT", n: "NUMBER", d: "DATE", b: "BOOLEAN" } as const };
    let number = 0;
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (rows, header) => {
        const file = join(at.folder, "rows.json");
        // Numbers as they are written, beyond what a double holds.
        const lines = rows.map(
          ({ t, n, d, b }, index) => `{"id":"k${index}","t":${JSON.stringify(t)},"n":${n ?? "null"},"d":${JSON.stringify(d)},"b":${String(b)}}`,
        );
        writeFileSync(file, `{"id":"-","t":"x","n":1,"d":"2024-01-01T00:00:00Z","b":true}\n${lines.join("\n")}`);
        const wish = { set: "T", changed: false, maxErrors: 10, wait: true, mode: number++ === 0 ? ("CREATE" as const) : ("REPLACE" as const) };
        const { prepared } = await pushSet(at.flow, { ...wish, definition: { ...definition, header, key: "id", source: { file } } });
        expect(prepared.violations).toEqual([]);
        const expected = rows.map(({ t, n, d, b }, index) => ({
          id: `k${index}`,
          t: t === "" ? null : t,
          n,
          d,
          b: b === null ? null : b ? "TRUE" : "FALSE",
        }));
        expect(kept(at.api.sets[0]).slice(1)).toEqual(expected);
      }),
      { numRuns: often(2, 10) },
    );
  });
});

test("what is remembered of rows with a column that privacy lists is hashed; what is sent is not", async () => {
  const at = await place();
  const config = { ...at.config, privacy: { columns: { Email: "pseudonym" }, fields: {} } } as const;
  const flow = {
    ...at.flow,
    config,
    readWarehouse: readerOf(doorTo(config, { signal: at.flow.signal, patience: PATIENCE_MS, privacyKey: "a key of nobody's guess" })),
  };
  const rows = [
    { email: "Anna@example.com", name: "Anna" },
    { email: "bob@example.com", name: "Bob" },
  ];
  const definition = { key: "email" };
  await push({ ...at, flow }, rows, { definition });
  expect(kept(at.api.sets[0]).map(({ email }) => email)).toEqual(["Anna@example.com", "bob@example.com"]);
  const known = () =>
    at.flow.useWarehouse(async ({ connection }) => (await connection.runAndReadAll("FROM signalhouse.refset_rows ORDER BY key")).getRowObjectsJson());
  const secret = Buffer.from("a key of nobody's guess");
  const remembered = (await known()).map(({ key }) => key);
  expect(new Set(remembered)).toEqual(new Set(["anna@example.com", "bob@example.com"].map((value) => pseudonym(secret, value, "email"))));
  // The plain MD5 of a row could be tried.
  const hashes = (await known()).map(({ row_hash }) => row_hash);
  const changed = await push({ ...at, flow }, [{ email: "Anna@example.com", name: "Ana" }, rows[1] as object], { definition, changed: true });
  expect(changed.prepared).toMatchObject({ sending: 1, changes: { changed: 1, goneCount: 0 } });
  await at.flow.useWarehouse(({ connection }) => connection.run("DELETE FROM signalhouse.refset_rows"));
  await push(at, rows, { definition });
  expect((await known()).map(({ row_hash }) => row_hash).filter((hash) => hashes.includes(hash))).toEqual([]);
  const pseudonyms = await push({ ...at, flow }, [{ email: pseudonym(secret, "x", "exact") }], { definition });
  expect(pseudonyms.prepared.notes.join()).toContain('"email" has 1 pseudonyms');
});
