/** Keys of the sandbox: making, reading and naming them. */
import { createHash } from "node:crypto";
import ssh2 from "ssh2";
import type { ParsedKey, PublicKeyAuthContext } from "ssh2";
import { SignalhouseError } from "../../schemas/errors.ts";

/** @throws SignalhouseError key_unreadable */
export function readKey(text: string, what: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error)) return key;
  throw new SignalhouseError("key_unreadable", `The sandbox cannot read ${what}: ${key.message}`, "Give the key as ssh-keygen writes it.");
}

/** The fingerprint as `ssh-keygen -lf` prints it. */
export function fingerprint(key: ParsedKey): string {
  return `SHA256:${createHash("sha256").update(key.getPublicSSH()).digest("base64").replaceAll("=", "")}`;
}

/** The public keys that may log in: those that the sandbox began with, until another one is registered in their place. */
export class AuthorizedKeys {
  /** The line that was registered last, or the first that the sandbox began with. */
  newest: string;
  #keys: readonly ParsedKey[];

  /** @throws SignalhouseError key_unreadable */
  constructor(lines: readonly string[]) {
    this.newest = lines[0] ?? "";
    this.#keys = lines.map((line) => readKey(line, "an authorized key"));
  }

  /** Replaces all keys by one. @throws SignalhouseError key_unreadable, also where it is a private key */
  register(line: string): void {
    const key = readKey(line, "the public key");
    if (key.isPrivateKey()) throw new SignalhouseError("key_unreadable", "This is a private key", "Give the public key: the line in the .pub file.");
    this.newest = line.trim();
    this.#keys = [key];
  }

  /** Whether the client has shown one of the keys, and, where it has signed already, holds its private half. */
  prove(attempt: PublicKeyAuthContext): boolean {
    const key = this.#keys.find((candidate) => candidate.getPublicSSH().equals(attempt.key.data));
    if (!key) return false;
    if (!attempt.signature) return true; // only asks whether the key would do (PK_OK)
    if (attempt.blob === undefined) return false;
    // An Error comes back, whatever the types say, where the signature cannot be read at all.
    const verified: unknown = key.verify(attempt.blob, attempt.signature, attempt.hashAlgo);
    return verified === true;
  }
}
