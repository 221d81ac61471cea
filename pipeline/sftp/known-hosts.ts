/**
 * The known_hosts format, without any I/O. Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
 * Certificate authorities are not supported: ssh2 cannot check host certificates, so such lines never make a key trusted.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** A key that a known_hosts file has for a host. */
export interface KnownKey {
  type: string;
  key: Buffer;
  /** Marked `@revoked`: must never be accepted. */
  revoked: boolean;
}

/** The name under which a host is filed: alone on port 22, else `[host]:port`. Names do not tell upper from lower case. */
function hostName(host: string, port: number): string {
  return (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
}

/** The keys that `text`, a known_hosts file, has for a host. Lines that cannot be read are passed over, as OpenSSH does. */
export function knownKeys(text: string, host: string, port: number): KnownKey[] {
  const name = hostName(host, port);
  return text.split(/\r?\n/).flatMap((line) => {
    const fields = line.trim().split(/[ \t]+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [patterns, type, base64] = fields;
    if (!patterns || !type || !base64 || patterns.startsWith("#")) return [];
    if (marker !== undefined && marker !== "@revoked") return [];
    const key = Buffer.from(base64, "base64");
    return keyType(key) === type && matches(patterns, name) ? [{ type, key, revoked: marker === "@revoked" }] : [];
  });
}

/** The line that makes `key` known for a host. */
export function knownHostsLine(host: string, port: number, key: Buffer): string {
  return `${hostName(host, port)} ${keyType(key)} ${key.toString("base64")}`;
}

/** The type that an SSH public key blob names itself, `""` where it is none. Source: RFC 4253, section 6.6. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return "";
  const length = key.readUInt32BE(0);
  return key.length < 4 + length ? "" : key.toString("latin1", 4, 4 + length);
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith("|")) return matchesHash(patterns, name);
  const all = patterns.toLowerCase().split(",");
  const denied = all.some((pattern) => pattern.startsWith("!") && matchesGlob(pattern.slice(1), name));
  return !denied && all.some((pattern) => matchesGlob(pattern, name));
}

/** `|1|salt|hash`, the hash being HMAC-SHA1 of the name under the salt. */
function matchesHash(pattern: string, name: string): boolean {
  const [, version, salt, hash] = pattern.split("|");
  if (version !== "1" || !salt || !hash) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/**
 * `*` stands for any run of characters, `?` for one; everything else, brackets too, for itself. Not a regular expression, which would take years over some stars: what stands behind
 * a star is looked for from there on, and no star before it is ever tried again. Time: the pattern's length times the name's.
 */
function matchesGlob(pattern: string, name: string): boolean {
  let at = 0;
  let behindStar: { at: number; place: number } | undefined;
  for (let place = 0; place < name.length;) {
    if (pattern[at] === "*") behindStar = { at: (at += 1), place };
    else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[place])) [at, place] = [at + 1, place + 1];
    else if (behindStar) ({ at, place } = behindStar = { at: behindStar.at, place: behindStar.place + 1 });
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
