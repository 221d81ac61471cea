/**
 * The notebooks run from top to bottom on a fresh demo, with several versions of DuckDB; their own assertions compare what they show with sums by another way.
 * @module-tag long
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "./helpers/cli.ts";
import { TestClock } from "./helpers/clock.ts";
import { ROOT } from "./helpers/markdown.ts";
import { duckdbMissing } from "./helpers/python-duckdb.ts";
import { NOTEBOOK_PACKAGES, packagesMissing } from "./helpers/python-packages.ts";

const run = promisify(execFile);
const notebook = (name: string) => join(ROOT, "samples/notebooks", name);

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
  await cli(["demo"], { cwd: folder, clock: new TestClock("2025-09-10T08:00:00Z") });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("campaigns.ts prints five pictures of the demo", async () => {
  const { stdout } = await run(process.execPath, [join(ROOT, "dist/samples/notebooks/campaigns.js")], { cwd: folder });
  expect(stdout.match(/^\n.+\n\n/gm)).toHaveLength(5);
});

const VERSIONS = ["1.5.6", "2.0.1"];

describe.skipIf(packagesMissing("nbclient", "ipykernel", "marimo", "polars", "matplotlib", "pyarrow") || VERSIONS.some(duckdbMissing)).each(VERSIONS)(
  "with DuckDB %s",
  { timeout: 240_000 },
  (version) => {
    const environment = () => ({
      ...process.env,
      PYTHONPATH: [join(process.env["DUCKDB_PACKAGES"] ?? "", version), NOTEBOOK_PACKAGES].join(delimiter),
      SIGNALS_DB: join(folder, "demo/signals.duckdb"),
      // What Jupyter, matplotlib and marimo keep goes away with the folder.
      HOME: folder,
      JUPYTER_RUNTIME_DIR: join(folder, "jupyter"),
      MPLCONFIGDIR: join(folder, "matplotlib"),
      MPLBACKEND: "agg",
    });

    test("campaigns.ipynb", async () => {
      const { MPLBACKEND: _, ...env } = environment();
      const { stdout } = await run("python3", [join(ROOT, "test/helpers/run-notebook.py"), notebook("campaigns.ipynb"), folder], { env });
      expect(stdout).toBe("5\n");
    });

    test("campaigns.marimo.py", async () => {
      expect((await run("python3", [notebook("campaigns.marimo.py")], { env: environment() })).stdout).toBe("");
    });
  },
);
