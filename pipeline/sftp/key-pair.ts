/** Making key pairs, and what of them may be shown. */
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import ssh2, { type ParsedKey } from "ssh2";
import { SignalhouseError } from "../../schemas/errors.ts";
import { writeNewFile, writeRefused } from "../../sinks/whole-file.ts";
import { withoutLineEnd } from "./key-text.ts";

export interface KeyPair {
  /** In OpenSSH's form. */
  privateKey: string;
  /** One line, as authorized_keys has it. */
  publicKey: string;
}

/** Makes an ed25519 pair; the private half is encrypted where there is a passphrase, of which a line end at its end is no part. Nothing is written. */
export function makeKeyPair(comment = "signalhouse", given?: string): KeyPair {
  const passphrase = withoutLineEnd(given ?? "");
  for (;;) {
    const encryption = passphrase ? { passphrase, cipher: "aes256-ctr", rounds: 16 } : {};
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment, ...encryption });
    // ssh2 1.17 drops the first byte of a public key where that is zero, so that one pair in 256 cannot be read.
    const [key] = [ssh2.utils.parseKey(pair.private, passphrase)].flat();
    if (key && !(key instanceof Error)) return { privateKey: pair.private, publicKey: pair.public };
  }
}

/**
 * Writes a pair to `path` (mode 600) and `path`.pub, and makes the folder (mode 700) where it is missing. Never overwrites.
 * @throws SignalhouseError usage where one of them is there already or cannot be written, disk_full
 */
export async function writeKeyPair(path: string, { privateKey, publicKey }: KeyPair): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeRefused(path, error, OTHER_FILE);
  });
  await writeNew(`${path}.pub`, `${publicKey.trimEnd()}\n`, 0o644);
  try {
    await writeNew(path, privateKey, 0o600);
  } catch (error) {
    await rm(`${path}.pub`);
    throw error;
  }
}

const OTHER_FILE = "Name another file with --file.";

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeNewFile(path, text, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeRefused(path, error, OTHER_FILE);
    throw new SignalhouseError(
      "usage",
      `${path} is there already`,
      "A key is never overwritten. Name another file with --file, or go on with this one: signalhouse keys register",
    );
  }
}

/** The public half of a key as a line: type, key, and its comment. */
export function publicLine(key: ParsedKey): string {
  return [key.type, key.getPublicSSH().toString("base64"), key.comment.replaceAll(/\s+/g, " ")].join(" ").trim();
}

/**
 * Reads a public key's line: what goes to Connect is never anything else.
 * @throws SignalhouseError key_unreadable where it is none, or a private key
 */
export function readPublicLine(text: string, path: string): string {
  const unreadable = (why: string) => new SignalhouseError("key_unreadable", `${path} ${why}`, "Name the public half: the file that ends in .pub.");
  if (/PRIVATE KEY/.test(text)) throw unreadable("is a private key, which must never leave this machine; nothing was sent");
  const [key] = [ssh2.utils.parseKey(text.trim())].flat();
  if (!key || key instanceof Error || key.isPrivateKey() || text.trim().includes("\n")) throw unreadable("is no public key of one line");
  return publicLine(key);
}
