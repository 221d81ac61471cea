/** The Python packages of notebooks and scripts, in the folder that NOTEBOOK_PACKAGES names. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export const NOTEBOOK_PACKAGES = process.env["NOTEBOOK_PACKAGES"] ?? "";

const ALL = "nbclient ipykernel marimo polars pandas matplotlib pyarrow";

/** Whether tests that need some of them are to be skipped. Where CI is set they must not be, so there it is an error. */
export function packagesMissing(...names: string[]): boolean {
  const missing = names.filter((name) => NOTEBOOK_PACKAGES === "" || !existsSync(join(NOTEBOOK_PACKAGES, name)));
  if (missing.length === 0) return false;
  const message = `${missing.join(", ")} not in NOTEBOOK_PACKAGES: the tests of what reads with them need it (pip install --target FOLDER ${ALL}, and NOTEBOOK_PACKAGES=FOLDER)`;
  if (process.env["CI"]) throw new Error(message);
  process.emitWarning(`skipped: ${message}`);
  return true;
}
