/** Opening a warehouse: creating, migrating, and who may have it open. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import fs, { existsSync, linkSync, readFileSync, readdirSync, statSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadFiles } from "../../pipeline/load/load-files.ts";
import { LEDGER_TABLES } from "../../schemas/ledger-tables.ts";
import { DATA_TABLES } from "../../sinks/ddl.ts";
import { beginRun } from "../../sinks/runs.ts";
import { memoryPlace } from "../../sinks/memory-place.ts";
import { type Migration, MIGRATIONS, type MigrationOptions, prepareSchema, schemaVersion } from "../../sinks/migrate.ts";
import { probeWarehouse } from "../../sinks/probe.ts";
import { placeOf } from "../../sinks/places.ts";
import { VIEWS } from "../../sinks/views/index.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { failureOf } from "../helpers/errors.ts";
import { leftBehind } from "../helpers/left-behind.ts";
import { contentKey } from "../../transforms/content-key.ts";
import { csv, memoryFile, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const DUCKDB = fileURLToPath(import.meta.resolve("@duckdb/node-api"));
const ORDER = {
  ...pageView("2"),
  SIGNAL_TYPE: "order",
  SIGNAL_CONTENT: JSON.stringify({ signalType: "order", somethingNew: 1, orderedItems: [{ productId: "p" }] }),
};

/** Another process that opens the file, and holds it until the test is over; what DuckDB told it. */
async function openElsewhere(path: string, mode: "READ_WRITE" | "READ_ONLY" = "READ_WRITE"): Promise<{ pid: number; said: string }> {
  const script = `
    import { DuckDBInstance } from ${JSON.stringify(DUCKDB)};
    const held = await DuckDBInstance.create(${JSON.stringify(path)}, { access_mode: "${mode}" }).then(
      async (instance) => (process.stdout.write("open"), instance.connect()),
      (error) => process.stdout.write(error.message),
    );
    process.stdin.resume().on("end", () => process.exit(held ? 0 : 1));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(async () => {
    child.stdin.end();
    await once(child, "exit");
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { pid: child.pid as number, said: said.toString() };
}

describe("a warehouse that another process has open", () => {
  test.each([
    { reader: false, holder: "READ_WRITE" },
    { reader: true, holder: "READ_WRITE" },
    { reader: false, holder: "READ_ONLY" },
  ] as const)("is locked (read-only here: $reader, there: $holder); the message names the process", async ({ reader, holder }) => {
    const scratch = await scratchWarehouse();
    scratch.warehouse.close();
    const { pid } = await openElsewhere(scratch.path, holder);
    const failure = await failureOf(openWarehouse(placeOf(scratch.path), { access: reader ? "read" : "write" }));
    expect(failure).toMatchObject({ code: "warehouse_locked", retryable: true });
    expect(failure.message).toContain(scratch.path);
    expect(failure.message).toContain(`process ${pid} `);
    expect(failure.hint).toContain("Wait for it to end");
    expect(await failureOf(probeWarehouse(placeOf(scratch.path)))).toMatchObject({ code: "warehouse_locked", message: failure.message });
  });

  test("can be read together with other readers", async () => {
    const scratch = await scratchWarehouse();
    await scratch.reopen({ access: "read" });
    expect(await openElsewhere(scratch.path, "READ_ONLY")).toMatchObject({ said: "open" });
    expect(await scratch.values("SELECT count(*)::INTEGER FROM orders")).toEqual([0]);
  });

  test("can be opened as soon as this process has closed it", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv([pageView("1"), ORDER])), memoryFile("b.csv", 2, "no export")]);
    expect((await openElsewhere(scratch.path)).said).toMatch(/Conflicting lock is held in .*PID/);
    scratch.warehouse.close();
    expect(await openElsewhere(scratch.path)).toMatchObject({ said: "open" });
  });

  test("can be opened as soon as this process has closed it, also where a load broke off while the next file was read", async () => {
    const scratch = await scratchWarehouse();
    await scratch.run("DROP TABLE signalhouse.loads");
    const sources = [memoryFile("a.csv", 1, csv([ORDER])), memoryFile("b.csv", 2, csv([pageView("1")]))];
    const context = { runId: null, signal: new AbortController().signal, limits: { maxRecordBytes: 1_000_000, maxExpansionRatio: 200 } };
    await expect(loadFiles(sources, { warehouse: scratch.warehouse, ...context })).rejects.toThrow("Table with name loads does not exist");
    scratch.warehouse.close();
    expect(await openElsewhere(scratch.path)).toMatchObject({ said: "open" });
  });

  test("can be opened once this process was refused it, or has only probed it", async () => {
    const scratch = await scratchWarehouse();
    expect(await schemaVersion(scratch.warehouse.connection)).toBe(2);
    await scratch.run("UPDATE signalhouse.meta SET schema_version = 99");
    scratch.warehouse.close();
    expect(await failureOf(openWarehouse(placeOf(scratch.path)))).toMatchObject({ code: "warehouse_newer" });
    expect(await probeWarehouse(placeOf(scratch.path))).toEqual({ version: 99, target: 2, storage: "v1.4.0" });
    expect(await openElsewhere(scratch.path)).toMatchObject({ said: "open" });
  });
});

test("the folder for what has no room in memory, which a killed process has left, goes; what somebody else has put there stays", async () => {
  const path = join(scratchFolder(), "signals.duckdb");
  const open = async () => (await openWarehouse(placeOf(path))).close();
  fs.mkdirSync(`${path}.tmp`);
  await open();
  expect(existsSync(`${path}.tmp`)).toBe(false);
  fs.mkdirSync(`${path}.tmp`);
  writeFileSync(join(`${path}.tmp`, "notes.txt"), "mine");
  await open();
  expect(readdirSync(`${path}.tmp`)).toEqual(["notes.txt"]);
});

describe("a warehouse that this process has open", () => {
  test("is locked for a second writer, and for a reader beside a writer, by any path", async () => {
    const scratch = await scratchWarehouse();
    const link = join(dirname(scratch.path), "link.duckdb");
    symlinkSync(scratch.path, link);
    for (const [path, access] of [
      [scratch.path, "write"],
      [scratch.path, "read"],
      [link, "write"],
    ] as const) {
      const failure = await failureOf(openWarehouse(placeOf(path), { access }));
      expect(failure).toMatchObject({ code: "warehouse_locked" });
      expect(failure.message).toContain(`process ${process.pid}`);
    }
    // The refusals have not let go of the lock.
    expect((await openElsewhere(scratch.path)).said).toContain(`PID ${process.pid}`);
  });

  test("is free again when it is closed", async () => {
    const scratch = await scratchWarehouse();
    await scratch.reopen({ access: "read" });
    const second = await openWarehouse(placeOf(scratch.path), { access: "read" });
    second.close();
    await scratch.reopen();
    expect(await scratch.load([memoryFile("a.csv", 1, csv([pageView("1")]))])).toMatchObject([{ status: "loaded" }]);
  });

  test("cannot be opened twice at the same moment", async () => {
    const path = join(scratchFolder(), "new.duckdb");
    const opened = await Promise.allSettled([openWarehouse(placeOf(path)), openWarehouse(placeOf(path))]);
    expect(opened.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    for (const result of opened) if (result.status === "fulfilled") result.value.close();
  });
});

describe("a path that is no warehouse", () => {
  test("that is not there cannot be read; writing creates it", async () => {
    const path = join(scratchFolder(), "new.duckdb");
    const failure = await failureOf(openWarehouse(placeOf(path), { access: "read" }));
    expect(failure).toMatchObject({ code: "warehouse_missing", message: `there is no warehouse at ${path}` });
    expect(failure.hint).toContain("signalhouse sync");
    (await openWarehouse(placeOf(path))).close();
    (await openWarehouse(placeOf(path), { access: "read" })).close();
  });

  test("that is taken away before DuckDB opens it is told as that", async () => {
    const place = placeOf(join(scratchFolder(), "new.duckdb"));
    const failure = await failureOf(openWarehouse({ ...place, exists: async () => true }, { access: "read" }));
    expect(failure).toMatchObject({
      code: "warehouse_failed",
      message: expect.stringMatching(/new\.duckdb cannot be used: .*does not exist/) as string,
    });
  });

  test("is there only when it is whole: while it is made, it lies elsewhere, and what a killed process left of that goes away", async () => {
    const folder = scratchFolder();
    const path = join(folder, "signals.duckdb");
    const left = await leftBehind(`${path}.new-${process.pid}-left`);
    // The second name of a file that another process has put in its place by now.
    writeFileSync(join(folder, "made"), "made");
    linkSync(join(folder, "made"), join(left, "signals.duckdb"));
    const seen: string[] = [];
    const watcher = watch(folder, () => {
      if (existsSync(path)) seen.push(readFileSync(path).subarray(8, 12).toString());
    });
    onTestFinished(() => watcher.close());
    (await openWarehouse(placeOf(path))).close();
    watcher.close();
    expect(seen.every((magic) => magic === "DUCK")).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(["made", "signals.duckdb"]);
    expect(readFileSync(join(folder, "made"), "utf8")).toBe("made");
    expect(statSync(path)).toMatchObject({ nlink: 1, mode: 0o100600 });
    // It is not made anew where it is there.
    const { ino } = statSync(path);
    (await openWarehouse(placeOf(path))).close();
    expect(statSync(path).ino).toBe(ino);
  });

  test.each(["EPERM", "EOPNOTSUPP", "ENOSYS"])(
    "is made where the file system has no second names for a file (%s), as exFAT, SMB and sshfs have none",
    async (code) => {
      const { link } = fs.promises;
      fs.promises.link = () => Promise.reject(Object.assign(new Error(code), { code }));
      syncBuiltinESMExports();
      onTestFinished(() => {
        fs.promises.link = link;
        syncBuiltinESMExports();
      });
      const folder = scratchFolder();
      const path = join(folder, "signals.duckdb");
      const warehouse = await openWarehouse(placeOf(path));
      warehouse.close();
      expect(readdirSync(folder)).toEqual(["signals.duckdb"]);
      expect(statSync(path)).toMatchObject({ nlink: 1, mode: 0o100600 });
      expect(await probeWarehouse(placeOf(path))).toMatchObject({ version: 2, storage: "v1.4.0" });
    },
  );

  test("an empty DuckDB file cannot be read as one", async () => {
    const path = join(scratchFolder(), "other.duckdb");
    (await DuckDBInstance.create(path)).closeSync();
    expect(await failureOf(openWarehouse(placeOf(path), { access: "read" }))).toMatchObject({ code: "warehouse_missing" });
  });

  test.each(["signalhouse.duckdb", "SignalHouse.db", "Marts.duckdb", "main.duckdb", "temp.backup.duckdb"])(
    "%s is refused: the name is taken",
    async (name) => {
      const path = join(scratchFolder(), name);
      for (const access of ["write", "read"] as const) {
        const failure = await failureOf(openWarehouse(placeOf(path), { access }));
        expect(failure).toMatchObject({ code: "warehouse_failed" });
        expect(failure.message).toContain(name);
      }
      expect(existsSync(path)).toBe(false);
    },
  );

  test.each(["data.csv", "data.json", "data.parquet"])("%s is refused and not changed", async (name) => {
    const path = join(scratchFolder(), name);
    writeFileSync(path, "a,b\n1,2\n");
    expect(await failureOf(openWarehouse(placeOf(path)))).toMatchObject({ code: "warehouse_failed" });
    expect(readFileSync(path, "utf8")).toBe("a,b\n1,2\n");
  });

  test("a DuckDB file with a table of somebody else's in a view's place is refused and named", async () => {
    const path = join(scratchFolder(), "other.duckdb");
    const instance = await DuckDBInstance.create(path);
    await (await instance.connect()).run("CREATE TABLE orders (id INTEGER)");
    instance.closeSync();
    const failure = await failureOf(openWarehouse(placeOf(path)));
    expect(failure).toMatchObject({ code: "warehouse_failed" });
    expect(failure.message).toContain("orders");
  });

  test.each([
    ["a file that is no DuckDB file", (folder: string) => join(folder, "text.duckdb")],
    ["a folder", (folder: string) => folder],
    ["a folder that is missing", (folder: string) => join(folder, "missing", "signals.duckdb")],
  ])("%s is refused with what to check", async (_, pathIn) => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "text.duckdb"), "this is no database, whatever its name may say".repeat(500));
    const path = pathIn(folder);
    const failure = await failureOf(openWarehouse(placeOf(path)));
    expect(failure).toMatchObject({ code: "warehouse_failed" });
    expect(failure.message).toContain(path);
    expect(failure.hint).toContain("Check that the path is a DuckDB file");
  });
});

const MIGRATION: MigrationOptions = { contentKey };
const running =
  (...statements: string[]): Migration =>
  async (connection) => {
    for (const sql of statements) await connection.run(sql);
  };

test("many small loads, each of a process of its own, leave no row group each", async () => {
  const scratch = await scratchWarehouse();
  for (const id of ["1", "2", "3", "4"]) {
    await scratch.load([memoryFile(`${id}.csv`, Number(id), csv([pageView(id)]))]);
    await scratch.reopen();
  }
  for (const table of ["behavior_signals", "signalhouse.loads"]) {
    expect(await scratch.value(`SELECT count(DISTINCT row_group_id)::INTEGER FROM pragma_storage_info('${table}')`)).toBe(1);
  }
});

describe("migration", () => {
  const columnsOf =
    "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name IN ('main', 'signalhouse') ORDER BY ALL";

  test("opening a warehouse that is up to date does not write", async () => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv([pageView("1")]))]);
    await scratch.reopen();
    scratch.warehouse.close();
    const before = { bytes: readFileSync(scratch.path), mtime: statSync(scratch.path).mtimeMs };
    await scratch.reopen({ version: "another" });
    scratch.warehouse.close();
    expect(statSync(scratch.path).mtimeMs).toBe(before.mtime);
    expect(readFileSync(scratch.path).equals(before.bytes)).toBe(true);
    expect(readdirSync(dirname(scratch.path))).toEqual(["signals.duckdb"]);
    await scratch.reopen();
  });

  test.each([0, 1, -1])("a column that is missing in every table (number %i) is added, and loads go on", async (index) => {
    const scratch = await scratchWarehouse();
    const wanted = await scratch.rows(columnsOf);
    for (const { name } of VIEWS) await scratch.run(`DROP VIEW ${name}`);
    const { meta: _, ...ledger } = LEDGER_TABLES;
    for (const [table, { columns }] of Object.entries(ledger))
      await scratch.run(`ALTER TABLE signalhouse.${table} DROP COLUMN ${Object.keys(columns).at(index)}`);
    for (const [table, columns] of Object.entries(DATA_TABLES)) await scratch.run(`ALTER TABLE ${table} DROP COLUMN ${columns.at(index)?.name}`);
    await scratch.run("ALTER TABLE signalhouse.meta DROP COLUMN written_by");
    await scratch.run("ALTER TABLE behavior_signals DROP COLUMN order_value");
    await scratch.reopen({ version: "2.0" });
    expect(await scratch.rows(columnsOf)).toEqual(wanted);
    expect(await scratch.values("SELECT written_by FROM signalhouse.meta")).toEqual(["2.0"]);
    await beginRun(scratch.warehouse.connection, "load", "2.0");
    expect(await scratch.rows("SELECT run_id, command, version, exit_code FROM signalhouse.runs")).toEqual([
      { run_id: "1", command: "load", version: "2.0", exit_code: null },
    ]);
    const reject = { SIGNAL_ID: "3" };
    await scratch.load([
      memoryFile("a.csv", 2, csv([pageView("1", "old"), ORDER, reject], [...Object.keys(ORDER), "Loyalty Tier"])),
      memoryFile("b.csv", 3, csv([pageView("1", "new"), ORDER])),
      memoryFile("c.csv", 1, csv([pageView("1", "older"), { ...ORDER, NAME: "older" }])),
    ]);
    expect(await scratch.values("SELECT name FROM behavior_signals ORDER BY signal_id")).toEqual(["new", "a page"]);
    expect(await scratch.rows("SELECT table_name, column_type, header, occurrence FROM signalhouse.schema_changes ORDER BY ALL LIMIT 1")).toEqual([
      { table_name: "behavior_signals", column_type: "VARCHAR", header: "Loyalty Tier", occurrence: 1 },
    ]);
    expect(await scratch.rows("SELECT load_id, signal_type, field, records, first_record_no FROM signalhouse.drift WHERE load_id = 1")).toEqual([
      { load_id: "1", signal_type: "order", field: "somethingNew", records: "1", first_record_no: "2" },
    ]);
  });

  test("tables that are missing are made", async () => {
    const scratch = await scratchWarehouse();
    const wanted = await scratch.rows(columnsOf);
    for (const table of ["signalhouse.confirmations", "signalhouse.drift", "order_items"]) await scratch.run(`DROP TABLE ${table}`);
    await scratch.reopen();
    expect(await scratch.rows(columnsOf)).toEqual(wanted);
    await scratch.load([memoryFile("a.csv", 1, csv([pageView("1"), ORDER]))]);
  });

  test("a missing view is made", async () => {
    const scratch = await scratchWarehouse();
    await scratch.run("DROP VIEW page_views");
    await scratch.reopen();
    expect(await scratch.values("SELECT count(*)::INTEGER FROM page_views")).toEqual([0]);
  });

  test("steps run in order, from the warehouse's version on", async () => {
    const scratch = await scratchWarehouse();
    const { connection } = scratch.warehouse;
    await scratch.run("UPDATE signalhouse.meta SET schema_version = 1");
    const steps = ["a", "b", "c"].map((name) =>
      running(
        `CREATE TABLE ${name} AS SELECT coalesce(max(column_count), 0) AS before FROM duckdb_tables() WHERE table_name = 'b'`,
        `INSERT INTO signalhouse.runs (run_id, command, version, started_at) VALUES (1, '${name}', '', now())`,
      ),
    );
    await prepareSchema(connection, placeOf(scratch.path), "2", MIGRATION, steps.slice(0, 1));
    expect(await schemaVersion(connection)).toBe(2);
    await prepareSchema(connection, placeOf(scratch.path), "4", MIGRATION, steps);
    expect(await schemaVersion(connection)).toBe(4);
    expect(await scratch.values("SELECT command FROM signalhouse.runs")).toEqual(["a", "b", "c"]);
    expect(await scratch.values("SELECT before FROM c")).toEqual(["1"]);
    expect(await scratch.rows("SELECT schema_version, written_by FROM signalhouse.meta")).toEqual([{ schema_version: 4, written_by: "4" }]);
  });

  test("a new warehouse needs no step", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await prepareSchema(connection, memoryPlace(), "1", MIGRATION, [running("SELECT error('this step must not run')")]);
    expect(await schemaVersion(connection)).toBe(2);
    connection.disconnectSync();
    instance.closeSync();
  });

  test("a step that fails leaves everything as it was", async () => {
    const scratch = await scratchWarehouse();
    const before = await scratch.rows(columnsOf);
    const steps = [
      ...MIGRATIONS,
      running("CREATE TABLE made (x INTEGER)", "ALTER TABLE behavior_signals ADD COLUMN made INTEGER"),
      running("SELECT error('this step fails')"),
    ];
    await expect(prepareSchema(scratch.warehouse.connection, placeOf(scratch.path), "4", MIGRATION, steps)).rejects.toThrow("this step fails");
    expect(await scratch.rows(columnsOf)).toEqual(before);
    expect(await schemaVersion(scratch.warehouse.connection)).toBe(2);
    await scratch.load([memoryFile("a.csv", 1, csv([pageView("1")]))]);
  });

  test("a warehouse of a newer version is refused, and not changed", async () => {
    const scratch = await scratchWarehouse();
    await scratch.run("UPDATE signalhouse.meta SET schema_version = 3");
    await scratch.run("DROP VIEW page_views");
    const failure = await failureOf(scratch.reopen());
    expect(failure).toMatchObject({
      code: "warehouse_newer",
      message: "the warehouse has schema version 3; this signalhouse knows versions up to 2",
      hint: "Upgrade signalhouse, or use another warehouse.",
    });
    const instance = await DuckDBInstance.create(scratch.path);
    const connection = await instance.connect();
    expect((await connection.runAndReadAll("SELECT 1 FROM duckdb_views() WHERE view_name = 'page_views'")).getRows()).toEqual([]);
    connection.disconnectSync();
    instance.closeSync();
  });
});
