/** Writing a warehouse's file anew: DuckDB leaves what was deleted in it, until it happens to need the room. */
import { chmod, open, realpath, rename, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import { quoteText } from "../schemas/names.ts";
import { encryptedAs, type Encryption, readyForEncrypted } from "./encryption.ts";
import { rewritingOf } from "./file-place.ts";
import { ownFolder } from "./own-folder.ts";
import { onlyRow } from "./sql.ts";
import { ATTACHED, ROW_GROUP_ROWS, STORAGE, storageOf } from "./storage.ts";
import type { Warehouse } from "./warehouse.ts";

const REWRITTEN = "rewritten";

/** How the new file is to be, and what is to be said where there is none. */
export interface Rewriting {
  /** Undefined where it is not to be encrypted. */
  encryption: Encryption | undefined;
  /** What a failure leaves, as a sentence. */
  left: string;
  /** Is told before each step. */
  step?: ((name: string) => void) | undefined;
}

/** Whether there was an erasure since the file was last written anew: one that found no rows, too, as the file may have what loads have replaced. */
export async function isRewritingDue({ connection }: Pick<Warehouse, "connection">): Promise<boolean> {
  return (await onlyRow<{ due: boolean }>(connection, "SELECT EXISTS (FROM signalhouse.erasures WHERE rewritten_at IS NULL) AS due")).due;
}

/**
 * Copies all that the warehouse has into a new file, which takes the place of the old one at once: a process that is killed leaves the one or the other. The warehouse is open to write, and is closed right after this: what is
 * open is the old file. It takes as much room again on the disk until then. Memory: DuckDB's limit.
 * @throws SignalhouseError disk_full, extension_missing, warehouse_failed where a table of somebody's own is in the way; DuckDB's errors as they are. The old file is as it was then.
 */
export async function rewriteFile({ connection, name }: Warehouse, { encryption, left, step = () => undefined }: Rewriting): Promise<void> {
  // What is not on a disk leaves nothing there.
  if (name === ":memory:") return;
  const path = await realpath(name);
  if (encryption) await readyForEncrypted(connection, encryption, "write");
  // What is still in the log comes into the file, so that nobody who closes it has anything to write.
  await connection.run(`CHECKPOINT ${ATTACHED}`);
  const { mode, size } = await stat(path);
  await assertRoom(path, size, left);
  const own = await ownFolder(rewritingOf(path));
  try {
    step("make");
    const file = join(own.folder, "warehouse.duckdb");
    const found = await storageOf(connection, quoteText(ATTACHED));
    const storage = /^v[\d.]+$/.test(found) ? found : STORAGE;
    const options = `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, STORAGE_VERSION ${quoteText(storage)}${encryptedAs(encryption)}`;
    await connection.run(`ATTACH ${quoteText(file)} AS ${REWRITTEN} (${options})`);
    try {
      step("copy");
      await connection.run(`COPY FROM DATABASE ${ATTACHED} TO ${REWRITTEN}`).catch((error: unknown) => {
        // DuckDB (1.5.5) copies tables in no order that foreign keys could hold in. Its words have values in them.
        if (!messageOf(error).startsWith("Constraint Error")) throw error;
        throw new SignalhouseError(
          "warehouse_failed",
          `DuckDB cannot copy ${path}, as a table of your own in it has a constraint that does not hold on the way, such as a foreign key`,
          `${left} Make that table anew without the constraint, and run the same command again.`,
          error,
        );
      });
      step("note");
      await connection.run(`UPDATE ${REWRITTEN}.signalhouse.erasures SET rewritten_at = now() WHERE rewritten_at IS NULL`);
      await connection.run(`CHECKPOINT ${REWRITTEN}`);
    } finally {
      await connection.run(`DETACH ${REWRITTEN}`);
    }
    step("keep");
    await chmod(file, mode & 0o777).catch(() => undefined);
    await onDisk(file);
    // The lock on the old file is held until it is closed: whoever opens the path from here on finds the new one.
    step("switch");
    await rename(file, path);
    step("clean");
    await onDisk(dirname(path));
  } finally {
    await own.remove();
  }
}

async function assertRoom(path: string, size: number, left: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize > size) return;
  throw new SignalhouseError(
    "disk_full",
    `${dirname(path)} has no room for a second file of ${size} bytes, which takes the place of ${path} when it is whole`,
    `${left} Free some room, and run the same command again.`,
  );
}

async function onDisk(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    // Windows syncs no folders.
    await file.sync().catch(() => undefined);
  } finally {
    await file.close();
  }
}
