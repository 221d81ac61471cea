/** Other versions of DuckDB than ours: those of its Python packages, in the folders that DUCKDB_PACKAGES has, each named by its version. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = process.env["DUCKDB_PACKAGES"] ?? "";
const SCRIPT = fileURLToPath(new URL("run-sql.py", import.meta.url));

/** Whether the tests with this version are to be skipped: `describe.skipIf(duckdbMissing("1.4.4"))`. Where CI is set they must not be, so there it is an error. */
export function duckdbMissing(version: string): boolean {
  const folder = join(PACKAGES, version);
  if (PACKAGES !== "" && existsSync(join(folder, "duckdb"))) return false;
  const install = `pip install --no-deps --target FOLDER/${version} duckdb==${version}, and DUCKDB_PACKAGES=FOLDER`;
  const message = `DuckDB ${version} is not in DUCKDB_PACKAGES: the tests of what it reads need it (${install})`;
  if (process.env["CI"]) throw new Error(message);
  process.emitWarning(`skipped: ${message}`);
  return true;
}

export interface Answer {
  version: string;
  /** What each statement gave. */
  rows?: unknown[][][];
  /** What DuckDB said, where it did not open the file or refused a statement. */
  refused?: string;
}

/** Runs statements with the DuckDB of a version, one after the other; a file is opened for reading, `:memory:` for anything. */
export function runWith(version: string, database: string, statements: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PYTHONPATH: join(PACKAGES, version) };
    const child = execFile("python3", [SCRIPT, database], { env, maxBuffer: 64 * 1024 ** 2 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`Python with DuckDB ${version} failed: ${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout) as Answer);
    });
    child.stdin?.end(JSON.stringify(statements));
  });
}
