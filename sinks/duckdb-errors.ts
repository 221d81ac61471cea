import { totalmem } from "node:os";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { explainDamage } from "./damage.ts";
import { isOtherKey, otherKey } from "./encryption.ts";
import { explainTooMany } from "./file-faults.ts";
import { machineWords } from "./machine-words.ts";
import { bytesOf } from "./memory.ts";

/** Whether DuckDB has not enough memory, rather than no room for temporary files. */
export const isOutOfMemory = (error: unknown): boolean => isSignalhouseError(explainDuckdb(error, ""), "out_of_memory");

/** Whether DuckDB found no room on a disk. */
export const isDiskFull = (error: unknown): boolean =>
  /No space left on device|Disk full|disk is full|max_temp_directory_size|ENOSPC|File too large|Disk quota exceeded/i.test(machineWords(error));

/** Who holds the lock on a file that DuckDB could not open for it; undefined where that was not the reason. */
export function lockHolder(error: unknown): string | undefined {
  const message = machineWords(error);
  const holder = /Conflicting lock is held in (.*?) ?\(PID (\d+)\)/.exec(message);
  // A process in another PID namespace, such as a container, may have no number here.
  if (holder && Number(holder[2]) > 0) return `process ${holder[2]} (${holder[1]})`;
  return holder || message.includes("Could not set lock on file") ? "another process" : undefined;
}

/** DuckDB's own default is 80 % of the machine's memory. */
const NEARLY_ALL = 0.75;

/** What to do where DuckDB has too little memory, by how much it says that it may use. */
function memoryHint(message: string): string {
  const most = /\/([\d.]+ \w+) used\)/.exec(message)?.[1];
  if (most === undefined) return "Raise limits.memory in the configuration.";
  const machine = process.constrainedMemory?.() || totalmem();
  return bytesOf(most) < NEARLY_ALL * Math.min(machine, totalmem())
    ? `Raise limits.memory in the configuration: DuckDB may use ${most} by now.`
    : `DuckDB may use ${most}, which is nearly all that this machine has: it takes a machine with more, or less at a time.`;
}

/** DuckDB's errors that a user can act on, as SignalhouseError; all others as they are. The texts are those of DuckDB 1.5. */
export function explainDuckdb(error: unknown, path: string): unknown {
  if (isSignalhouseError(error)) return error;
  const [message, words] = [messageOf(error), machineWords(error)];
  const tooMany = explainTooMany(error);
  if (tooMany !== error) return tooMany;
  if (isOtherKey(error)) return otherKey(path, error);
  const damage = explainDamage(error, path);
  if (damage !== error) return damage;
  const holder = lockHolder(error);
  if (holder !== undefined) {
    return new SignalhouseError(
      "warehouse_locked",
      `the warehouse ${path} is held by ${holder}`,
      "DuckDB lets one process at a time write a file. Wait for it to end, or close the notebook or BI tool that has it open.",
      error,
    );
  }
  if (isDiskFull(error)) {
    return new SignalhouseError(
      "disk_full",
      `there is no room left on the disk of ${path}`,
      "Nothing of the file that was being loaded is in the warehouse. Free some room, then run it again.",
      error,
    );
  }
  if (/Out of Memory Error|Increasing the memory limit/.test(words)) {
    return new SignalhouseError(
      "out_of_memory",
      `DuckDB has not enough memory: ${message.split("\n")[0]}`,
      `${memoryHint(message)} Nothing of the file that was being loaded is in the warehouse.`,
      error,
    );
  }
  if (/database file with version number|newer version of DuckDB|storage version/i.test(message)) {
    return new SignalhouseError(
      "warehouse_newer",
      `the warehouse ${path} is of a newer storage version than signalhouse's DuckDB reads`,
      "Upgrade signalhouse, or copy the warehouse with the newer DuckDB into a file of STORAGE_VERSION 'v1.4.0': docs/operations.md has the statements.",
      error,
    );
  }
  const taken = /Existing object (\w+) is of type (\w+)/.exec(message);
  if (taken) {
    return new SignalhouseError(
      "warehouse_failed",
      `${path} has a ${taken[2]?.toLowerCase()} ${taken[1]} of somebody else's, where signalhouse needs a view of that name`,
      "Use another file for the warehouse, or give that object another name.",
      error,
    );
  }
  if (
    /not a valid DuckDB database file|Cannot open (file|database)|Could not (open|read|write)|Permission denied|Is a directory|No such file/i.test(
      words,
    )
  ) {
    return new SignalhouseError(
      "warehouse_failed",
      `the warehouse ${path} cannot be used: ${message.split("\n")[0]}`,
      "Check that the path is a DuckDB file, and that its folder exists and may be written to.",
      error,
    );
  }
  return error;
}
