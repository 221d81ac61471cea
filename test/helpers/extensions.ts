/** DuckDB's extension httpfs, without which nothing encrypted is written: the folder that SIGNALHOUSE_EXTENSIONS names has it, of our DuckDB's version. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXTENSION_FILE } from "../../sinks/encryption.ts";
import { version } from "../../sinks/duckdb.ts";

export const EXTENSIONS = process.env["SIGNALHOUSE_EXTENSIONS"] ?? "";

/** Where Python's package of it has the file, in the folder that it was installed into. */
const EXTENSION_FOLDER = `duckdb_extension_httpfs/extensions/${version()}`;

/** Whether tests that write what is encrypted are to be skipped. Where CI is set they must not be, so there it is an error. */
export function extensionMissing(): boolean {
  if (EXTENSIONS !== "" && existsSync(join(EXTENSIONS, EXTENSION_FILE))) return false;
  const install = `pip install --no-deps --target FOLDER duckdb-extension-httpfs==${version().slice(1)}, and SIGNALHOUSE_EXTENSIONS=FOLDER/${EXTENSION_FOLDER}`;
  const message = `${EXTENSION_FILE} is not in SIGNALHOUSE_EXTENSIONS: the tests of encrypted warehouses need it (${install})`;
  if (process.env["CI"]) throw new Error(message);
  process.emitWarning(`skipped: ${message}`);
  return true;
}
