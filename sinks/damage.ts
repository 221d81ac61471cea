/** A warehouse whose file is damaged: how DuckDB says so, and the way back. */
import { basename } from "node:path";
import { SignalhouseError } from "../schemas/errors.ts";
import { machineWords } from "./machine-words.ts";

/** The texts of DuckDB 1.5, of a file that is cut off, of bytes that are not those that were written, and of a disk that does not give them back. */
const DAMAGE =
  /Corrupt (?:database|WAL) file|AES tag differs|does not match stored checksum|Failure while replaying WAL file|Failed to deserialize|encountered corrupt|Input\/output error/i;
/** Also said of other files that are read, so that it counts for the warehouse's own only. */
const CUT_OFF = /Could not read enough bytes from file "([^"]*)"/;

/** What is wrong with the file of a warehouse, as one line; undefined where the error says nothing of the kind. */
function damageOf(error: unknown, path: string): string | undefined {
  const [line = ""] = machineWords(error).split("\n");
  const cut = CUT_OFF.exec(line)?.[1];
  if (cut !== undefined) return basename(cut) === basename(path) ? "it is cut off: parts of it that it names are not there" : undefined;
  return DAMAGE.test(line) ? line.replace(/^(?:IO|Serialization|TransactionContext) Error: /, "") : undefined;
}

/** Whether DuckDB found a database damaged. */
export const isDamage = (error: unknown): boolean => [DAMAGE, CUT_OFF].some((words) => words.test(machineWords(error)));

/** DuckDB's error as warehouse_damaged, where it is that; all others as they are. */
export function explainDamage(error: unknown, path: string): unknown {
  if (error instanceof SignalhouseError) return error;
  const what = damageOf(error, path);
  return what === undefined ? error : damaged(path, what, error);
}

export function damaged(path: string, what: string, cause?: unknown): SignalhouseError {
  return new SignalhouseError(
    "warehouse_damaged",
    `the warehouse ${path} is damaged: ${what}`,
    `Nothing of it was changed. Move ${path} away, and ${basename(path)}.wal with it where there is one; then put a backup in its place, or run \`signalhouse sync\`, which loads all that is on the ` +
      'server into a new one. What can still be read can be copied out: docs/operations.md, "A damaged warehouse".',
    cause,
  );
}
