/** Bad input over the whole way: nothing lost, nothing doubled, and the files beside it are loaded all the same. */
import { appendFileSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FileResult } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { localFile } from "../../pipeline/load/local-files.ts";
import { sync } from "../../pipeline/sync.ts";
import { syncExports } from "../../pipeline/sync-exports.ts";
import { generateExports } from "../../samples/generator/exports.ts";
import { BAD_EXPORTS, type BadExport } from "../helpers/bad-exports.ts";
import { exportServer, type ExportServer, putFile } from "../helpers/sandbox.ts";
import { expectTruth } from "../helpers/truth.ts";
import { csv, memoryFile, pageView, scratchFolder, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";
import { isLong } from "../helpers/often.ts";

const NOON = Date.UTC(2025, 8, 1, 12);
const none = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
const good = (id: string) => gzipSync(csv([pageView(id)]));

async function syncInto(scratch: Scratch, { config }: ExportServer): Promise<FileResult[]> {
  const { files } = await sync({ config, warehouse: scratch.warehouse });
  await scratch.prove();
  return files;
}

/** What has to become of a file of the catalogue, in the result and in the ledger. */
async function expectCase(scratch: Scratch, bad: BadExport, result: FileResult | undefined, path: string): Promise<void> {
  const [entry = {}, ...more] = await scratch.rows(`SELECT load_id, status, error, error_code FROM signalhouse.loads WHERE path = '${path}'`);
  expect.soft(more, bad.name).toEqual([]);
  if (bad.failure) {
    const { message, hint, ...failure } = bad.failure;
    expect.soft(result, bad.name).toMatchObject({ path, status: "failed", ...failure });
    if (result?.status !== "failed") return;
    expect.soft(result.message, bad.name).toMatch(message);
    expect.soft(result.hint, bad.name).toMatch(hint);
    expect.soft(entry, bad.name).toMatchObject({ status: "failed", error: result.message, error_code: failure.code });
    expect.soft(await scratch.counts(path), bad.name).toEqual(none);
    return;
  }
  const counts = { ...none, ...bad.loaded };
  expect.soft(result, bad.name).toMatchObject({ path, size: bad.bytes.length, status: "loaded", ...counts });
  expect.soft(entry, bad.name).toMatchObject({ status: "loaded", error: null, error_code: null });
  expect.soft(await scratch.counts(path), bad.name).toEqual(counts);
  if (bad.look) expect.soft(await scratch.rows(bad.look.sql.replaceAll("$load", String(entry["load_id"]))), bad.name).toEqual(bad.look.answer);
}

async function expectCatalogue(
  scratch: Scratch,
  results: readonly FileResult[],
  pathOf: (name: string) => string,
  exports = BAD_EXPORTS,
): Promise<void> {
  for (const bad of exports)
    await expectCase(
      scratch,
      bad,
      results.find(({ path }) => path === pathOf(bad.name)),
      pathOf(bad.name),
    );
  expect(results.map(({ path }) => path)).toEqual(["first.csv.gz", ...exports.map(({ name }) => name), "last.csv.gz"].map(pathOf));
  expect(await scratch.values("SELECT signal_id FROM page_views WHERE signal_id IN ('first', 'last') ORDER BY signal_id")).toEqual(["first", "last"]);
  const failing = exports.filter(({ failure }) => failure).length;
  expect(await scratch.value("SELECT count(*)::INTEGER FROM signalhouse.loads WHERE status = 'failed'")).toBe(failing);
}

describe("the catalogue of bad exports, with a good file before and after it", () => {
  const catalogue = (bad: typeof BAD_EXPORTS) => [
    { name: "first.csv.gz", bytes: good("first") },
    ...bad,
    { name: "last.csv.gz", bytes: good("last") },
  ];

  test("from the disk", async () => {
    const files = catalogue(BAD_EXPORTS);
    const scratch = await scratchWarehouse({ memory: "192MB" });
    const folder = scratchFolder();
    const pathOf = (name: string) => join(folder, name);
    const sources: Source[] = [];
    for (const [index, { name, bytes }] of files.entries()) {
      putFile(pathOf(name), bytes, NOON + index * 1000);
      sources.push(await localFile(pathOf(name)));
    }
    const results = await scratch.load(sources);
    expect(results).toHaveLength(files.length);
    await expectCatalogue(scratch, results, pathOf);
  });

  test("over SFTP, and the next sync tries only those that failed, and records them once", { tags: "long" }, async () => {
    const bad = BAD_EXPORTS.filter((_, index) => isLong || index % 4 === 0);
    const files = catalogue(bad);
    const scratch = await scratchWarehouse({ memory: "192MB" });
    const server = await exportServer();
    const pathOf = (name: string) => `Export/Signals/${name}`;
    for (const [index, { name, bytes }] of files.entries()) server.put(pathOf(name), bytes, NOON + index * 1000);
    await expectCatalogue(scratch, await syncInto(scratch, server), pathOf, bad);

    const before = await scratch.dump();
    const again = await syncInto(scratch, server);
    expect(again.map(({ path }) => path)).toEqual(bad.filter(({ failure }) => failure).map(({ name }) => pathOf(name)));
    for (const result of again) expect(result.status).toBe("failed");
    expect(await scratch.value("SELECT count(*)::INTEGER FROM signalhouse.loads WHERE status = 'failed'")).toBe(again.length);
    expect(await scratch.dump()).toEqual(before);
  });
});

describe("a record larger than the limit", () => {
  const large = (id: string) => `${id},pageView,2025-09-01T10:00:00Z,"${"x\n".repeat(2_000)}"\n`;
  const header = "SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,NAME\n";

  test("in one line fails its file and no other, and says which limit it was", async () => {
    const scratch = await scratchWarehouse();
    const results = await scratch.load(
      [memoryFile("large.csv", 1, csv([pageView("1", "x".repeat(5_000))])), memoryFile("good.csv", 2, csv([pageView("2")]))],
      {
        limits: { maxRecordBytes: 2_000 },
      },
    );
    expect(results).toMatchObject([
      { status: "failed", code: "record_too_large", message: "a line has more than 2000 bytes", retryable: false },
      { status: "loaded", inserted: 1 },
    ]);
    expect(results[0]).toHaveProperty("hint", expect.stringContaining("limits.maxRecordBytes"));
  });

  test("in many lines is kept line by line, and the records around it are loaded", async () => {
    const scratch = await scratchWarehouse();
    const [result] = await scratch.load([memoryFile("large.csv", 1, `${header}1,pageView,2025-09-01,a\n${large("2")}3,pageView,2025-09-01,c\n`)], {
      limits: { maxRecordBytes: 2_000 },
    });
    expect(result).toMatchObject({ status: "loaded", inserted: 2 });
    expect(await scratch.values("SELECT signal_id FROM page_views ORDER BY ALL")).toEqual(["1", "3"]);
    expect(await scratch.value("SELECT string_agg(raw, chr(10) ORDER BY record_no) FROM signalhouse.rejects")).toBe(large("2").trimEnd());
  });
});

describe("a file that is still being written", () => {
  const PATH = "Export/Signals/growing.csv.gz";
  const bytes = gzipSync(csv(Array.from({ length: 2_000 }, (_, index) => pageView(String(index), String(Math.sin(index))))));

  test("is loaded by the sync that finds it complete, and is not in the ledger twice", async () => {
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    server.put("Export/Signals/good.csv.gz", good("good"), NOON);
    server.put(PATH, bytes, NOON + 1000);
    for (const size of [bytes.length - 1, Math.floor(bytes.length / 2), 20]) {
      server.sandbox.faults.truncate.set(PATH, size);
      const results = await syncInto(scratch, server);
      expect(results.at(-1)).toMatchObject({ path: PATH, size, status: "failed", code: "gzip_truncated", retryable: true });
      expect(await scratch.rows("SELECT path, size_bytes, status FROM signalhouse.loads ORDER BY load_id")).toMatchObject([
        { path: "Export/Signals/good.csv.gz", status: "loaded" },
        { path: PATH, status: "failed", size_bytes: String(size) },
      ]);
      expect(await scratch.value("SELECT count(*)::INTEGER FROM page_views")).toBe(1);
    }
    server.sandbox.faults.truncate.clear();
    expect(await syncInto(scratch, server)).toMatchObject([{ path: PATH, status: "loaded", inserted: 2_000 }]);
    expect(await scratch.rows("SELECT path, status FROM signalhouse.loads ORDER BY load_id")).toEqual([
      { path: "Export/Signals/good.csv.gz", status: "loaded" },
      { path: PATH, status: "loaded" },
    ]);
    expect(await syncInto(scratch, server)).toEqual([]);
  });

  test("as plain CSV, cut between two rows, is completed by the next sync: nothing twice", async () => {
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    const [first, second] = [csv([pageView("1")]), csv([pageView("1"), pageView("2")])];
    server.put("Export/Signals/growing.csv", first, NOON);
    await syncInto(scratch, server);
    server.put("Export/Signals/growing.csv", second, NOON + 1000);
    expect(await syncInto(scratch, server)).toMatchObject([{ status: "loaded", inserted: 1, unchanged: 1 }]);
  });
});

describe("a file that moves while it is read", () => {
  test("over SFTP is not loaded, and is by the next sync", async () => {
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    const path = "Export/Signals/moving.csv.gz";
    server.put(path, good("moving"), NOON);
    server.put("Export/Signals/z.csv.gz", good("z"), NOON + 1000);
    server.sandbox.faults.changeWhileReading.add(path);
    const results = await syncInto(scratch, server);
    expect(results).toMatchObject([
      { path, status: "failed", code: "file_changed", retryable: true },
      { status: "loaded", inserted: 1 },
    ]);
    expect(results[0]).toHaveProperty("message", expect.stringContaining(path));
    server.sandbox.faults.changeWhileReading.clear();
    expect(await syncInto(scratch, server)).toMatchObject([{ path, status: "loaded", inserted: 1 }]);
  });

  test.each([
    ["grows", (path: string) => appendFileSync(path, good("more"))],
    ["gets another mtime", (path: string) => utimesSync(path, 1, 1)],
    ["is written anew, as long and as old as before,", (path: string) => putFile(path, readFileSync(path), NOON)],
  ])("on the disk that %s is not loaded", async (_, move) => {
    const scratch = await scratchWarehouse();
    const path = join(scratchFolder(), "moving.csv.gz");
    putFile(path, good("moving"), NOON);
    const source = await localFile(path);
    move(path);
    const [result, other] = await scratch.load([source, memoryFile("z.csv", 1, csv([pageView("z")]))]);
    expect(result).toMatchObject({
      path,
      status: "failed",
      code: "file_changed",
      message: `${path} changed while it was being read`,
      retryable: true,
    });
    expect(result).toHaveProperty("hint", expect.stringContaining("Load it again"));
    expect(other).toMatchObject({ status: "loaded" });
    expect(await scratch.load([await localFile(path)])).toMatchObject([{ status: "loaded" }]);
  });
});

describe("a file that vanishes between listing and reading", () => {
  test("over SFTP fails by itself", async () => {
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    for (const [index, name] of ["a", "b", "c"].entries()) server.put(`Export/Signals/${name}.csv.gz`, good(name), NOON + index * 1000);
    server.sandbox.faults.vanish.add("Export/Signals/b.csv.gz");
    const results = await syncInto(scratch, server);
    expect(results).toMatchObject([{ status: "loaded" }, { status: "failed", code: "file_missing", retryable: true }, { status: "loaded" }]);
    expect(results[1]).toHaveProperty("message", expect.stringContaining("Export/Signals/b.csv.gz is not on the server"));
  });

  test("on the disk fails by itself", async () => {
    const scratch = await scratchWarehouse();
    const path = join(scratchFolder(), "b.csv.gz");
    putFile(path, good("b"), NOON);
    const source = await localFile(path);
    rmSync(path);
    const results = await scratch.load([memoryFile("a.csv", 1, csv([pageView("a")])), source, memoryFile("c.csv", 1, csv([pageView("c")]))]);
    expect(results).toMatchObject([{ status: "loaded" }, { path, status: "failed", code: "file_missing" }, { status: "loaded" }]);
    expect(results[1]).toHaveProperty("message", expect.stringContaining(`${path} cannot be read: it is not there (ENOENT)`));
  });
});

describe("a connection that drops, at any byte", () => {
  test("gives exactly the truth", async () => {
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    const truth = await generateExports({ seed: 21, rowsPerFile: 600, files: 3, overlap: 30, folder: server.folder });
    server.sandbox.faults.dropAfterBytes.push(1, 20_000, 7, 30_000, 33_333, 1_000);
    expect(await syncInto(scratch, server)).toMatchObject(truth.files.map(({ path }) => ({ path, status: "loaded" })));
    expect(server.sandbox.stats.connections).toBeGreaterThan(4);
    await expectTruth(scratch, truth);
  });
});

describe("syncExports", () => {
  test("loads into a warehouse of its own, and records the run", async () => {
    const scratch = await scratchWarehouse();
    scratch.warehouse.close();
    const server = await exportServer();
    const truth = await generateExports({ seed: 22, rowsPerFile: 300, files: 2, overlap: 10, folder: server.folder });
    const planned: string[] = [];
    const options = {
      config: { ...server.config, warehouse: scratch.path },
      onEvent: (event: { event: string }) => planned.push(event.event),
    };
    const result = await syncExports(options);
    expect(result.files).toMatchObject(truth.files.map(({ path }) => ({ path, status: "loaded" })));
    expect(result.planned.map(({ decision }) => decision)).toEqual([
      { action: "load", why: "new" },
      { action: "load", why: "new" },
    ]);
    expect(planned[0]).toBe("planned");
    expect(planned.filter((event) => event === "done")).toHaveLength(2);

    expect(await syncExports({ ...options, dryRun: true })).toMatchObject({
      files: [],
      planned: [{ decision: { why: "loaded" } }, { decision: { why: "loaded" } }],
    });
    server.put("Export/Signals/bad.csv.gz", "no export", NOON);
    expect((await syncExports(options)).files).toMatchObject([{ status: "failed", code: "header_missing" }]);
    server.sandbox.faults.refuseLogins = 100;
    await expect(syncExports(options)).rejects.toMatchObject({ code: "login_refused" });

    await scratch.reopen();
    expect(
      await scratch.rows(
        "SELECT run_id, command, exit_code, finished_at IS NOT NULL AS finished, error IS NOT NULL AS failed FROM signalhouse.runs ORDER BY run_id",
      ),
    ).toEqual([
      { run_id: "1", command: "syncExports", exit_code: 0, finished: true, failed: false },
      { run_id: "2", command: "syncExports", exit_code: 1, finished: true, failed: false },
      { run_id: "3", command: "syncExports", exit_code: 1, finished: true, failed: true },
    ]);
    expect(await scratch.rows("SELECT run_id, count(*)::INTEGER AS files FROM signalhouse.loads GROUP BY ALL ORDER BY ALL")).toEqual([
      { run_id: "1", files: 2 },
      { run_id: "2", files: 1 },
    ]);
    await scratch.run("DELETE FROM signalhouse.loads WHERE status = 'failed'");
    await expectTruth(scratch, truth);
  });
});
