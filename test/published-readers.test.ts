/**
 * What other versions of DuckDB read out of a published copy: what its warehouse says, while it is published, too.
 * @module-tag long
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { localFile } from "../pipeline/load/local-files.ts";
import { generateExports } from "../samples/generator/exports.ts";
import { writeComments } from "../sinks/comments.ts";
import { act, open, order, send } from "./helpers/mart-rows.ts";
import { asScratch, publishScratch } from "./helpers/published.ts";
import { duckdbMissing, runWith } from "./helpers/python-duckdb.ts";
import { NOTEBOOK_PACKAGES, packagesMissing } from "./helpers/python-packages.ts";
import { sumStatements } from "./helpers/storage.ts";
import { csv, memoryFile, type Scratch, scratchFolder, scratchWarehouse } from "./helpers/warehouse.ts";

const READERS = ["1.4.4", "1.5.6", "2.0.1"];
/** Those that may hold live.duckdb: 1.4 takes two versions of its index for one. */
const STAYING = ["1.5.6", "2.0.1"];
/** What reads Parquet without DuckDB. */
const FRAMES = packagesMissing("polars", "pandas", "pyarrow") ? [] : ["polars", "pandas"];
const PUBLISHES = 10;
const LIVE = "live.duckdb";
const PACKAGES = process.env["DUCKDB_PACKAGES"] ?? "";
const SCRIPT = fileURLToPath(new URL("helpers/read-copy.py", import.meta.url));

const missing = READERS.filter(duckdbMissing);

describe.skipIf(missing.length > 0)("a published copy", { timeout: 480_000 }, () => {
  test("gives each of them what it gives ours", async () => {
    const folder = scratchFolder();
    const truth = await generateExports({ rowsPerFile: 1_500, files: 1, overlap: 0, seed: 6, days: 40, folder });
    const scratch = await scratchWarehouse();
    await scratch.load(await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path)))));
    await writeComments(scratch.warehouse.connection);
    const to = join(scratchFolder(), "copy");
    await publishScratch(scratch, to);
    for (const file of ["current/signals.duckdb", LIVE]) {
      const path = join(to, file);
      const copy = await asScratch(path);
      const statements = await sumStatements(copy);
      const expected: unknown[][][] = [];
      for (const statement of statements) expected.push((await copy.warehouse.connection.runAndReadAll(statement)).getRowsJson());
      expect(statements.length).toBeGreaterThan(50);
      for (const version of file === LIVE ? STAYING : READERS) expect(await runWith(version, path, statements)).toEqual({ version, rows: expected });
    }
  });

  test("is read while it is published: each look gives one version, and none fails", async () => {
    const scratch = await scratchWarehouse();
    const to = join(scratchFolder(), "copy");
    const truth = new Map<number, object>();
    const publishNext = async (number: number) => {
      await scratch.load([
        memoryFile(
          `${number}.csv`,
          number,
          csv([send(`s${number}`, "10:00", `C${number}`), order(`o${number}`, "+40 10:00", "C1", "1"), act("pageView", `v${number}`, "10:00", "C1")]),
        ),
        memoryFile(`${number}b.csv`, number, csv([open(`p${number}`, "+33 10:00", `C${number}`)])),
      ]);
      const { version } = await publishScratch(scratch, to, { keepVersions: 1, keepHours: 0 });
      truth.set(version, await sums(scratch));
    };
    await publishNext(1);
    const duckdb = (version: string) => join(PACKAGES, version);
    await expect(startReader("live", to, duckdb("1.4.4")).begun).rejects.toThrow("live.duckdb wants DuckDB 1.5 or later");
    const readers = [
      ...STAYING.map((version) => startReader("live", to, duckdb(version))),
      ...READERS.map((version) => startReader("reopen", to, duckdb(version))),
      ...FRAMES.map((frames) => startReader(frames, to, NOTEBOOK_PACKAGES)),
    ];
    await Promise.all(readers.map(({ begun }) => begun));
    for (let number = 2; number <= PUBLISHES; number += 1) await publishNext(number);
    const shown = [...truth.keys()];
    for (const { name, stop, looks } of readers) {
      // Each of them comes to see the last one.
      await looks.until((look) => look["version"] === shown.at(-1));
      await stop();
      for (const { version, ...found } of looks.all)
        expect({ name, version, ...truth.get(version as number) }).toMatchObject({ name, version, ...found });
      const versions = new Set(looks.all.map(({ version }) => version));
      expect(versions.size).toBeGreaterThan(1);
      process.stdout.write(`${name}: ${looks.all.length} looks at ${versions.size} versions\n`);
    }
  });
});

async function sums(scratch: Scratch): Promise<object> {
  const [row] = await scratch.rows(
    `SELECT (SELECT count(*)::INTEGER FROM marketing_signals) AS marketing_signals, (SELECT count(*)::INTEGER FROM behavior_signals) AS behavior_signals,
       (SELECT count(*)::INTEGER FROM order_items) AS order_items, (SELECT count(*)::INTEGER FROM marts.sends) AS "marts.sends", (SELECT count(*)::INTEGER FROM marts.contact_timeline) AS timeline`,
  );
  return row ?? {};
}

type Look = Record<string, unknown>;

/** The looks of a reader, as they come. */
class Looks {
  readonly all: Look[] = [];
  readonly #lines: AsyncIterator<string>;
  constructor(child: ChildProcess) {
    if (!child.stdout) throw new Error("nothing is read");
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async until(isIt: (look: Look) => boolean): Promise<void> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error("the reader has ended");
      const look = JSON.parse(value) as Look;
      if (look["error"] !== undefined) throw new Error(JSON.stringify(look["error"]));
      this.all.push(look);
      if (isIt(look)) return;
    }
  }
}

/** @param packages the folder of its Python packages */
function startReader(how: string, to: string, packages: string) {
  const child = spawn("python3", [SCRIPT, how, to], {
    env: { ...process.env, PYTHONPATH: packages },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const looks = new Looks(child);
  const stop = async () => {
    const closed = once(child, "close");
    child.stdin.end("\n");
    child.stdout.resume();
    await closed;
  };
  return { name: FRAMES.includes(how) ? how : `${how}, ${basename(packages)}`, looks, begun: looks.until(() => true), stop };
}
