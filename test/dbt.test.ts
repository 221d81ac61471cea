/**
 * The dbt project is built on a fresh demo, its tests of sums among it; the warehouse is only read.
 * @module-tag long
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { cli } from "./helpers/cli.ts";
import { TestClock } from "./helpers/clock.ts";
import { ROOT } from "./helpers/markdown.ts";

const DBT = process.env["DBT"] ?? "";

test.skipIf(isMissing())("every model is made, and every sum holds", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await cli(["demo"], { cwd: folder, clock: new TestClock("2025-09-10T08:00:00Z") });
  const warehouse = join(folder, "demo/signals.duckdb");
  const before = readFileSync(warehouse);
  const project = join(ROOT, "samples/dbt");
  const own = ["--project-dir", project, "--profiles-dir", project, "--target-path", join(folder, "target"), "--log-path", join(folder, "logs")];
  const env = { ...process.env, SIGNALS_DB: warehouse, DBT_DB: join(folder, "models.duckdb"), DBT_SEND_ANONYMOUS_USAGE_STATS: "false", HOME: folder };
  const { stdout } = await promisify(execFile)(DBT, ["--no-use-colors", "--no-version-check", "build", ...own], { env });
  expect(stdout).toContain("PASS=7 WARN=0 ERROR=0 SKIP=0");
  expect(readFileSync(warehouse).equals(before)).toBe(true);
});

/** Whether dbt is missing. Where CI is set it must not be. */
function isMissing(): boolean {
  if (DBT !== "" && existsSync(DBT)) return false;
  const message =
    "the dbt project is not built: it needs python3 -m venv FOLDER && FOLDER/bin/pip install dbt-core~=1.10.0 dbt-duckdb~=1.10.0, and DBT=FOLDER/bin/dbt";
  if (process.env["CI"]) throw new Error(message);
  process.emitWarning(`skipped: ${message}`);
  return true;
}
