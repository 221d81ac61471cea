/** The key of the published copy's hashes: made once, and never in the copy. */
import { randomBytes } from "node:crypto";
import { SignalhouseError } from "../schemas/errors.ts";
import { whyNotRead } from "../sinks/file-faults.ts";
import { writeNewFile, writeRefused } from "../sinks/whole-file.ts";
import { readOwnFile } from "./common/own-file.ts";

/** The environment variable that may have it, for whoever keeps no secrets in files. */
export const PUBLISH_KEY = "SIGNALHOUSE_PUBLISH_KEY";

/** A key that can be guessed is none. */
const LEAST_CHARACTERS = 16;

/** Where the key of a warehouse is kept. */
const keyFileOf = (warehouse: string): string => `${warehouse}.publish-key`;

/**
 * The key: as it is given, else that of the file beside the warehouse, which is made where it is not there.
 * @returns the key, and the file where it was made now
 * @throws SignalhouseError config_invalid, key_file_open, disk_full
 */
export async function publishKey(given: string | undefined, warehouse: string): Promise<{ key: Buffer; made?: string }> {
  if (given !== undefined) {
    if (given.length >= LEAST_CHARACTERS) return { key: Buffer.from(given, "utf8") };
    throw new SignalhouseError(
      "config_invalid",
      `${PUBLISH_KEY} has ${given.length} characters`,
      `Give it ${LEAST_CHARACTERS} or more that nobody can guess, such as what \`openssl rand -hex 32\` prints, and keep it.`,
    );
  }
  const file = keyFileOf(warehouse);
  const found = await readKey(file);
  if (found) return { key: found };
  const key = randomBytes(32);
  await writeNewFile(file, `${key.toString("hex")}\n`, 0o600).catch((error: unknown) => {
    throw writeRefused(file, error, `Check the folder and its rights, or give the key in ${PUBLISH_KEY}.`, "config_invalid");
  });
  return { key, made: file };
}

async function readKey(file: string): Promise<Buffer | undefined> {
  const read = await readOwnFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SignalhouseError(
      "config_invalid",
      `${file} cannot be read: ${whyNotRead(error)}`,
      "It has the key of the published copy's hashes.",
      error,
    );
  });
  if (!read) return undefined;
  if ("openMode" in read) {
    throw new SignalhouseError(
      "key_file_open",
      `${file} can be read by other users (mode ${read.openMode})`,
      `Run chmod 600 ${file}. Who has read it can tell whose a hash is.`,
    );
  }
  const text = read.content.toString("latin1").trim();
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, "hex");
  throw new SignalhouseError(
    "config_invalid",
    `${file} has no key of 64 hexadecimal digits`,
    "Take it from a backup. Without it, remove the file: the next publish makes another key, and all contact ids of the copy are other ones then.",
  );
}
