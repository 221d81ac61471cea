/** Whether a server is the one it says it is. Checked on every connection, before we log in; there is no way around it. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { SignalhouseError } from "../../schemas/errors.ts";
import { appendWhole, writeRefused } from "../../sinks/whole-file.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { readPlainFile } from "../common/own-file.ts";
import { keyType, knownHostsLine, knownKeys, type KnownKey } from "./known-hosts.ts";
import { serverName, type SftpOptions } from "./options.ts";
import { expandHome, homeFolder, isInHome } from "./paths.ts";

/** Key types, best first, with the signature algorithms that prove them. RSA with SHA-1 is not among them. */
export const HOST_KEY_ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** What is trusted for one host. */
export interface HostTrust {
  /** Pinned fingerprints. Where there are some, nothing else is trusted; what `known` says is revoked stays so. */
  pinned: readonly string[];
  /** Every key that known_hosts files have for the host, in whatever order. */
  known: readonly KnownKey[];
  /** Types of the trusted keys, as far as they are told: these are asked for first. What is found out later is added. */
  types: string[];
}

/** A key's fingerprint as `ssh-keygen -l` prints it: `SHA256:…`, without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/**
 * What the configuration and the known_hosts files trust for a host. A known_hosts file that is not there trusts nothing.
 * @throws SignalhouseError config_invalid where a file is there and cannot be read
 */
export async function readHostTrust(options: SftpOptions): Promise<HostTrust> {
  const pins = options.hostKeys.map((pin) => /^(?:(\S+) )?(\S+?)=?$/.exec(pin) ?? []);
  const pinned = pins.flatMap(([, , print]) => print ?? []);
  const home = options.home ?? homeFolder();
  // The default is a file in the home folder, and there need not be one.
  const files = options.knownHosts.filter((file) => home !== "" || !isInHome(file));
  const texts = await Promise.all(files.map((file) => readKnownHosts(expandHome(file, home))));
  const known = texts.flatMap((text) => knownKeys(text, options.host, options.port));
  const trusted = known.filter(({ key, revoked }) => !revoked && (pinned.length === 0 || pinned.includes(fingerprint(key))));
  return { pinned, known, types: [...pins.flatMap(([, type]) => type ?? []), ...trusted.map(({ type }) => type)] };
}

async function readKnownHosts(file: string): Promise<string> {
  try {
    return await readPlainFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new SignalhouseError("config_invalid", `${file} cannot be read: ${whyNotRead(error)}`, "Correct sftp.knownHosts.", error);
  }
}

/**
 * The algorithms to offer: those of the types that are trusted first, so that a server with several keys does not look changed; among them the best
 * first, whatever their order, as OpenSSH does (order_hostkeyalgs in sshconnect2.c).
 */
export function hostKeyAlgorithms(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const all = Object.keys(HOST_KEY_ALGORITHMS);
  const ordered = [...all.filter((type) => types.includes(type)), ...all.filter((type) => !types.includes(type))];
  return ordered.flatMap((type) => HOST_KEY_ALGORITHMS[type] ?? []);
}

/**
 * Why a server that shows `key` must not be talked to; undefined where it is trusted.
 * @returns a SignalhouseError host_key_unknown or host_key_changed
 */
export function hostKeyFault(key: Buffer, trust: HostTrust, server: { host: string; port: number }): SignalhouseError | undefined {
  const name = serverName(server);
  const shown = `${keyType(key)} ${fingerprint(key)}`;
  const trustIt = `signalhouse keys trust --fingerprint ${fingerprint(key)}`;
  if (trust.known.some((known) => known.revoked && known.key.equals(key))) {
    return new SignalhouseError(
      "host_key_changed",
      `${name} shows the host key ${shown}, which known_hosts marks as revoked`,
      "Do not connect. Ask Acoustic support what happened to this key.",
    );
  }
  if (trust.pinned.length > 0) {
    if (trust.pinned.includes(fingerprint(key))) return undefined;
    return new SignalhouseError(
      "host_key_changed",
      `${name} shows the host key ${shown}, which is not pinned (pinned: ${trust.pinned.join(", ")})`,
      "Somebody may sit between you and the server. Ask Acoustic support for its fingerprints; only if this one is among them, put it into sftp.hostKeys.",
    );
  }
  const trusted = trust.known.filter((known) => !known.revoked);
  if (trusted.some((known) => known.key.equals(key))) return undefined;
  const sameType = trusted.filter((known) => known.type === keyType(key));
  if (sameType.length > 0) {
    const expected = sameType.map((known) => fingerprint(known.key)).join(", ");
    return new SignalhouseError(
      "host_key_changed",
      `${name} shows the host key ${shown}, but known_hosts has ${expected} for it`,
      `Somebody may sit between you and the server. Ask Acoustic support whether the key was replaced; only then remove the old line from known_hosts and run: ${trustIt}`,
    );
  }
  const others = trusted.length > 0 ? ` (known_hosts has only its ${trusted.map((known) => known.type).join(", ")} key)` : "";
  return new SignalhouseError(
    "host_key_unknown",
    `${name} shows the host key ${shown}, which is not trusted yet${others}`,
    `Compare it with what Acoustic support tells you, then run: ${trustIt}`,
  );
}

/**
 * Adds a host key to a known_hosts file, which is made (mode 600) where it is not there. The only thing here that writes such a file.
 * @param key the key as the server showed it; the caller has had its fingerprint confirmed
 * @throws SignalhouseError config_invalid where it cannot be read; disk_full, usage where it cannot be written, and is as it was
 */
export async function trustHostKey(file: string, host: string, port: number, key: Buffer): Promise<void> {
  const before = await readKnownHosts(file);
  const lineEnd = before === "" || before.endsWith("\n") ? "" : "\n";
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendWhole(file, `${lineEnd}${knownHostsLine(host, port, key)}\n`, 0o600);
  } catch (error) {
    throw writeRefused(file, error, "Name another file as the first of sftp.knownHosts, or put the fingerprint into sftp.hostKeys.");
  }
}
