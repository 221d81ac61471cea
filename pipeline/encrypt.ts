/** encrypt: the warehouse's file anew, encrypted, with another key, or in the clear. */
import type { Encryption } from "../sinks/encryption.ts";
import { interruptible } from "../sinks/interrupt.ts";
import { rewriteFile } from "../sinks/rewrite.ts";
import type { Door } from "./common/door.ts";

/**
 * Writes the warehouse's file anew, which then takes the place of the old one: a process that is killed leaves the one or the other. It takes as much room again on the disk until then.
 * @param door opens the file as it is encrypted until now
 * @param as how it is to be from then on; undefined where it is not to be encrypted
 * @throws SignalhouseError warehouse_missing, warehouse_key, extension_missing, disk_full, …; the signal's reason
 */
export async function encryptAs(door: Door, as: Encryption | undefined, signal: AbortSignal): Promise<void> {
  // A mistyped path is no warehouse to make.
  await door.toRead(async () => undefined, { mayLack: "anything" });
  await door.toWrite((warehouse) =>
    interruptible(warehouse.connection, signal, () => rewriteFile(warehouse, { encryption: as, left: "Nothing was changed." })),
  );
}
