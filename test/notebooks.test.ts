/**
 * The notebooks run from top to bottom on a fresh demo, with several versions of DuckDB; their own assertions compare what they show with sums by another way.
 * @module-tag long
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "./helpers/cli.ts";
import { TestClock } from "./helpers/clock.ts";
import { ROOT } from "./helpers/markdown.ts";
import { duckdbMissing } from "./helpers/python-duckdb.ts";

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

const PACKAGES = process.env["NOTEBOOK_PACKAGES"] ?? "";
const VERSIONS = ["1.5.6", "2.0.1"];

describe.skipIf(packagesMissing() || VERSIONS.some(duckdbMissing)).each(VERSIONS)("with DuckDB %s", { timeout: 240_000 }, (version) => {
  const environment = () => ({
    ...process.env,
    PYTHONPATH: [join(process.env["DUCKDB_PACKAGES"] ?? "", version), PACKAGES].join(delimiter),
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
});

/** Whether the Python packages of the notebooks are missing. Where CI is set they must not be. */
function packagesMissing(): boolean {
  if (PACKAGES !== "" && ["nbclient", "ipykernel", "marimo", "polars", "matplotlib", "pyarrow"].every((name) => existsSync(join(PACKAGES, name))))
    return false;
  const message =
    "the notebooks are not run: they need pip install --target FOLDER nbclient ipykernel marimo polars matplotlib pyarrow, and NOTEBOOK_PACKAGES=FOLDER";
  if (process.env["CI"]) throw new Error(message);
  process.emitWarning(`skipped: ${message}`);
  return true;
}
