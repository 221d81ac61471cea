/** How the configuration and the environment have the warehouse's file encrypted. */
import { join } from "node:path";
import type { Config } from "../../schemas/config.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { type Encryption, EXTENSION_FILE } from "../../sinks/encryption.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { readOwnFile } from "./own-file.ts";
import { assertLong } from "./warehouse-key.ts";

/** What must not stand in the configuration, and what is of the machine. */
export interface EncryptionWords {
  /** The key, of 16 characters or more; by default the content of the file encryption.keyFile of the configuration. */
  warehouseKey?: string | undefined;
  /** The folder with DuckDB's extension httpfs: without it an encrypted warehouse can only be read. */
  extensions?: string | undefined;
}

/**
 * How the warehouse is encrypted, which is with a key that is given, or stands in a file; undefined where there is none.
 * @throws SignalhouseError config_invalid, key_file_open
 */
export async function findEncryption(
  { keyFile }: Config["encryption"],
  { warehouseKey, extensions }: EncryptionWords = {},
): Promise<Encryption | undefined> {
  const extension = extensions === undefined ? undefined : join(extensions, EXTENSION_FILE);
  if (warehouseKey !== undefined) return { key: assertLong("SIGNALHOUSE_WAREHOUSE_KEY", warehouseKey), extension };
  return keyFile === undefined ? undefined : { key: await readEncryptionKey(keyFile), extension };
}

/** The key that a file holds: its text, without blanks and line ends around it. @throws SignalhouseError config_invalid, key_file_open */
export async function readEncryptionKey(file: string): Promise<string> {
  const read = await readOwnFile(file).catch((error: unknown) => {
    throw new SignalhouseError(
      "config_invalid",
      `${file} cannot be read: ${whyNotRead(error)}`,
      "It has the key of the warehouse's encryption.",
      error,
    );
  });
  if ("openMode" in read) {
    throw new SignalhouseError(
      "key_file_open",
      `${file} can be read by other users (mode ${read.openMode})`,
      `Run chmod 600 ${file}. Who has read it can read the warehouse's file.`,
    );
  }
  const key = read.content.toString("utf8").trim();
  if (/[\0\r\n]/.test(key)) throw new SignalhouseError("config_invalid", `${file} has more than one line`, "A key is one line.");
  return assertLong(file, key);
}
