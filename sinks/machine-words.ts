import { messageOf } from "../schemas/errors.ts";

/** DuckDB's errors that repeat what a statement or the data says: "disk full" in one is the text of a value. A log that cannot be replayed gives its error a beginning of its own, and so does a block that is encrypted. */
const QUOTING =
  /^(?:Binder|Catalog|Constraint|Conversion|Invalid Input|Mismatch Type|Not implemented|Out of Range|Parser|Syntax) Error: (?!Failure while replaying WAL file|Computed AES tag differs from read AES tag)/;

/** What an error of DuckDB says of the machine: its disk, its memory, its files and who holds them. Empty where it speaks of something else. */
export function machineWords(error: unknown): string {
  const message = messageOf(error);
  return QUOTING.test(message) ? "" : message;
}
