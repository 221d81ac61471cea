/** A warehouse's file that is damaged: told as that, with the way back, by whoever meets it, and by doctor. */
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadFiles } from "../../pipeline/load/load-files.ts";
import { readConfig } from "../../schemas/config.ts";
import { isSignalhouseError } from "../../schemas/errors.ts";
import { explainDuckdb } from "../../sinks/duckdb-errors.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { cli } from "../helpers/cli.ts";
import { failureOf } from "../helpers/errors.ts";
import { csv, memoryFile, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

interface Files {
  /** One that is closed. */
  whole: Buffer;
  /** One that is open, and its log. */
  open: Buffer;
  wal: Buffer;
}

/** They are made in the first test that asks for them. */
let made: Promise<Files> | undefined;
const files = (): Promise<Files> => (made ??= make());

async function make(): Promise<Files> {
  const scratch = await scratchWarehouse();
  const views = (from: number) => Array.from({ length: 3000 }, (_, number) => pageView(String(from + number), `page ${number}`));
  await scratch.load([memoryFile("a.csv", 1, csv(views(0)))]);
  scratch.warehouse.close();
  const whole = readFileSync(scratch.path);
  await scratch.reopen();
  await scratch.load([memoryFile("b.csv", 2, csv(views(10_000)))]);
  return { whole, open: readFileSync(scratch.path), wal: readFileSync(`${scratch.path}.wal`) };
}

const BLOCK = 262_144;
const HEADERS = 12_288;
const flipped = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  for (let byte = at; byte < at + 16; byte += 1) copy[byte] = (copy[byte] ?? 0) ^ 0xff;
  return copy;
};

/** What makes the file one that cannot even be opened. */
const CLOSED: [string, (whole: Buffer) => Buffer][] = [
  ["cut to nothing", () => Buffer.alloc(0)],
  ["cut within the first header", (whole) => whole.subarray(0, 100)],
  ["cut within the second", (whole) => whole.subarray(0, 5000)],
  ["cut behind the headers", (whole) => whole.subarray(0, HEADERS)],
  ["cut in the middle", (whole) => whole.subarray(0, HEADERS + BLOCK + 1000)],
  ["of zeros", (whole) => Buffer.alloc(whole.length)],
  ["that begins with zeros", (whole) => Buffer.concat([Buffer.alloc(4096), whole.subarray(4096)])],
  ["with a first header that was changed", (whole) => flipped(whole, 100)],
  ["with other headers that were changed", (whole) => flipped(flipped(whole, 4200), 8300)],
];

describe.each(CLOSED)("a file %s", (_, damage) => {
  test("is told, and not changed", async () => {
    const path = join(scratchFolder(), "signals.duckdb");
    const bytes = damage((await files()).whole);
    writeFileSync(path, bytes);
    for (const access of ["read", "write"] as const) {
      const failure = await failureOf(openWarehouse(placeOf(path), { access }));
      expect(failure).toMatchObject({
        code: "warehouse_damaged",
        retryable: false,
        message: expect.stringContaining(`the warehouse ${path} is damaged: `) as string,
      });
      expect(failure.hint).toMatch(/put a backup in its place, or run `signalhouse sync`.*docs\/operations\.md/);
    }
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const { code, stdout } = await cli(["doctor", "--json"], { cwd: dirname(path) });
    const { checks } = JSON.parse(stdout) as { checks: { name: string }[] };
    expect(code).toBe(1);
    expect(checks.find(({ name }) => name === "warehouse")).toMatchObject({ status: "failed", code: "warehouse_damaged" });
  });
});

test("a part of the data that was changed or cut off is found where it is read, and by doctor in any case", async () => {
  const { whole } = await files();
  const cwd = scratchFolder();
  const path = join(cwd, "signals.duckdb");
  // Any block of data will do that is read for these; the last one has what is read to open the file.
  const blocks = Math.floor((whole.length - HEADERS) / BLOCK);
  const found = [];
  const damages = Array.from({ length: blocks }, (_, block) => flipped(whole, HEADERS + block * BLOCK + 1000));
  for (const [block, damaged] of [...damages, whole.subarray(0, -1)].entries()) {
    writeFileSync(path, damaged);
    const { code, stdout } = await cli(["doctor", "--json"], { cwd });
    const check = (JSON.parse(stdout) as { checks: { name: string; code?: string }[] }).checks.find(({ name }) => name === "warehouse");
    if (check?.code === undefined) continue;
    expect([code, check.code]).toEqual([1, "warehouse_damaged"]);
    found.push(block);
    for (const args of [["query", "SELECT max(hash(p)) FROM page_views p"], ["query", "FROM page_views", "-o", "out.csv"], ["status"], ["verify"]]) {
      const { code, stderr } = await cli(args, { cwd });
      // Not all of them read that part.
      if (code !== 0) expect({ args, stderr }).toEqual({ args, stderr: expect.stringContaining("[warehouse_damaged]") as string });
      else if (args[0] === "verify") expect(stderr).toBe("");
    }
  }
  // Some blocks are free; the last one, which was cut, is not.
  expect(found).toContain(blocks);
  expect(found.length).toBeGreaterThan(2);
});

test("a load that meets such a part ends the run with that", async () => {
  const { whole } = await files();
  const scratch = await scratchWarehouse();
  scratch.warehouse.close();
  const context = { runId: null, signal: new AbortController().signal, limits: readConfig({}, "the defaults").limits };
  const blocks = Math.floor((whole.length - HEADERS) / BLOCK);
  const ends = new Set<unknown>();
  for (let block = 0; block < blocks; block += 1) {
    writeFileSync(scratch.path, flipped(whole, HEADERS + block * BLOCK + 1000));
    const end = await openWarehouse(placeOf(scratch.path)).then(
      (warehouse) =>
        loadFiles([memoryFile("c.csv", 3, csv([pageView("1", "changed")]))], { warehouse, ...context })
          .then(
            ([file]) => file?.status ?? "none",
            (error: unknown) => error,
          )
          .finally(() => warehouse.close()),
      (error: unknown) => error,
    );
    ends.add(isSignalhouseError(end) ? end.code : end);
  }
  // Some blocks are not needed for this load.
  expect([...ends].toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual(["loaded", "warehouse_damaged"]);
});

test("a log of what was written last that was changed is told; the file stays as it was", async () => {
  const path = join(scratchFolder(), "signals.duckdb");
  const { open, wal } = await files();
  expect(wal.length).toBeGreaterThan(1000);
  writeFileSync(path, open);
  // Among values: what says how long an entry is would be taken for the end of a log that was cut.
  const at = wal.indexOf("page 1500");
  expect(at).toBeGreaterThan(0);
  writeFileSync(`${path}.wal`, flipped(wal, at));
  const failure = await failureOf(openWarehouse(placeOf(path)));
  expect(failure).toMatchObject({ code: "warehouse_damaged", message: expect.stringContaining("WAL") as string });
  expect(failure.hint).toContain("signals.duckdb.wal");
  expect(readFileSync(path).equals(open)).toBe(true);
});

test.each([
  "Corrupt database file",
  'Could not read enough bytes from file "signals.duckdb"',
  "No space left on device",
  "Could not set lock on file",
  "No such file",
])('a value that says "%s" is only a value', async (said) => {
  const cwd = scratchFolder();
  const path = join(cwd, "signals.duckdb");
  writeFileSync(path, (await files()).whole);
  for (const args of [[], ["-o", "out.csv"]]) {
    const { stderr } = await cli(["query", `SELECT '${said}'::INTEGER`, ...args], { cwd });
    expect(stderr).toMatch(/^signalhouse: Conversion Error: Could not convert string .*\n {2}-> .* \[query_failed\]\n$/);
  }
  expect(explainDuckdb(new Error(`Conversion Error: Could not convert string '${said}' to INT32`), path)).not.toHaveProperty("code");
});

test("the way back: moved away, and loaded anew; a whole one is readable", async () => {
  const { whole } = await files();
  const folder = scratchFolder();
  const path = join(folder, "signals.duckdb");
  writeFileSync(path, whole.subarray(0, HEADERS + BLOCK + 1000));
  expect((await failureOf(openWarehouse(placeOf(path)))).code).toBe("warehouse_damaged");
  mkdirSync(join(folder, "away"));
  copyFileSync(path, join(folder, "away", "signals.duckdb"));
  writeFileSync(path, whole);
  (await openWarehouse(placeOf(path), { access: "read" })).close();
  expect((await cli(["doctor"], { cwd: folder })).stdout).toMatch(/ok +warehouse +.*, all of it readable, schema \d+, not locked/);
  expect(statSync(path).size).toBe(whole.length);
});
