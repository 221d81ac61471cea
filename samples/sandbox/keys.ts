/** Keys of the sandbox: making, reading and naming them. */
import { createHash } from "node:crypto";
import ssh2 from "ssh2";
import type { ParsedKey, PublicKeyAuthContext } from "ssh2";
import { SignalhouseError } from "../../schemas/errors.ts";

/**
 * A fresh ed25519 key pair: the private key in OpenSSH's PEM form without passphrase, the public key as one line.
 * Nothing is written to disk.
 */
export function makeKeyPair(comment = "sandbox"): { privateKey: string; publicKey: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment });
    // ssh2 1.17 drops the first byte of a public key where that is zero, so that one pair in 256 cannot be read
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return { privateKey: pair.private, publicKey: pair.public };
  }
}

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

/** Whether the client has shown one of `keys`, and, where it has signed already, holds its private half. */
export function provesKey(attempt: PublicKeyAuthContext, keys: ParsedKey[]): boolean {
  const key = keys.find((candidate) => candidate.getPublicSSH().equals(attempt.key.data));
  if (!key) return false;
  if (!attempt.signature) return true; // only asks whether the key would do (PK_OK)
  if (attempt.blob === undefined) return false;
  // An Error comes back, whatever the types say, where the signature cannot be read at all.
  const verified: unknown = key.verify(attempt.blob, attempt.signature, attempt.hashAlgo);
  return verified === true;
}
