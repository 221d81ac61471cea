/** The keys of hashes that belong to a warehouse: each made once, and kept beside it, never in it or in what is published of it. */
import { randomBytes } from "node:crypto";
import { SignalhouseError } from "../../schemas/errors.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { writeNewFile, writeRefused } from "../../sinks/whole-file.ts";
import { readOwnFile } from "./own-file.ts";

/** What a key is for, and what comes of it. */
interface KeyUse {
  /** The environment variable that may have it, for whoever keeps no secrets in files. */
  variable: string;
  /** What the name of its file adds to the warehouse's. */
  ending: string;
  /** What it is the key of. */
  of: string;
  /** What somebody can do who has read it. */
  risk: string;
  /** What comes of another one. */
  without: string;
}

/** The contact ids of the published copy. */
export const PUBLISH_KEY: KeyUse = {
  variable: "SIGNALHOUSE_PUBLISH_KEY",
  ending: ".publish-key",
  of: "the published copy's hashes",
  risk: "Who has read it can tell whose a hash is.",
  without: "remove the file: the next publish makes another key, and all contact ids of the copy are other ones then.",
};

/** What was forgotten, and is left out when it comes again; and pseudonyms. */
export const PRIVACY_KEY: KeyUse = {
  variable: "SIGNALHOUSE_PRIVACY_KEY",
  ending: ".privacy-key",
  of: "pseudonyms, and of the hashes of what was forgotten",
  risk: "Who has read it can tell whether somebody was forgotten, and whose a pseudonym is.",
  without:
    "nothing tells any more whose a pseudonym is, so that nothing can be loaded into a warehouse that has some, nor who was forgotten: else empty signalhouse.suppressions, remove the file, and run `signalhouse forget` again for each request that you have a record of.",
};

/** A key that can be guessed is none. */
const LEAST_CHARACTERS = 16;

/** Where the key of a warehouse is kept. */
export const keyFileOf = ({ ending }: KeyUse, warehouse: string): string => `${warehouse}${ending}`;

/**
 * The key: as it is given, else that of the file beside the warehouse; undefined where there is none.
 * @throws SignalhouseError config_invalid, key_file_open
 */
export async function findKey(use: KeyUse, given: string | undefined, warehouse: string): Promise<Buffer | undefined> {
  if (given === undefined) return readKey(use, keyFileOf(use, warehouse));
  return Buffer.from(assertLong(use.variable, given), "utf8");
}

/** A key, if it is long enough. @param name what has it @throws SignalhouseError config_invalid */
export function assertLong(name: string, key: string): string {
  if (key.length >= LEAST_CHARACTERS) return key;
  throw new SignalhouseError(
    "config_invalid",
    `${name} has ${key.length} characters`,
    `Give it ${LEAST_CHARACTERS} or more that nobody can guess, such as what \`openssl rand -hex 32\` prints, and keep it.`,
  );
}

/**
 * The same; where there is none, the file is made.
 * @returns the key, and the file where it was made now
 * @throws SignalhouseError config_invalid, key_file_open, disk_full
 */
export async function makeKey(use: KeyUse, given: string | undefined, warehouse: string): Promise<{ key: Buffer; made?: string }> {
  const found = await findKey(use, given, warehouse);
  if (found) return { key: found };
  const file = keyFileOf(use, warehouse);
  const key = randomBytes(32);
  await writeNewFile(file, `${key.toString("hex")}\n`, 0o600).catch((error: unknown) => {
    throw writeRefused(file, error, `Check the folder and its rights, or give the key in ${use.variable}.`, "config_invalid");
  });
  return { key, made: file };
}

async function readKey({ of, risk, without }: KeyUse, file: string): Promise<Buffer | undefined> {
  const read = await readOwnFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SignalhouseError("config_invalid", `${file} cannot be read: ${whyNotRead(error)}`, `It has the key of ${of}.`, error);
  });
  if (!read) return undefined;
  if ("openMode" in read) {
    throw new SignalhouseError("key_file_open", `${file} can be read by other users (mode ${read.openMode})`, `Run chmod 600 ${file}. ${risk}`);
  }
  const text = read.content.toString("latin1").trim();
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, "hex");
  throw new SignalhouseError("config_invalid", `${file} has no key of 64 hexadecimal digits`, `Take it from a backup. Without it, ${without}`);
}
