/** Private keys as people keep them, made into what ssh2 reads. No I/O. */
import { createPrivateKey, type KeyObject } from "node:crypto";

/** Why a private key cannot be used: it wants a passphrase, the given one is wrong, or it is of a form that has to be converted. */
export type KeyFault = { kind: "locked" } | { kind: "wrong passphrase" } | { kind: "form"; what: string; convert: (path: string) => string };

/**
 * A key file's text: whatever UTF it is in, with quotes, indentation or text around it, or with its line ends lost on the way through an environment
 * variable or a JSON document (`\n` as two characters, or blanks).
 */
export function keyText(content: Buffer): string {
  const text = decoded(content)
    .trim()
    .replace(/^(["'])([^]*)\1$/, "$2");
  const lines = (/[\r\n]/.test(text) ? text : text.replaceAll(/\\r\\n|\\n|\\r/g, "\n"))
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .join("\n")
    .trim();
  // Files may have more in them, such as the parameters of a curve.
  const [, begin, body, end] = /(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----)([^]*?)(-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----)/.exec(lines) ?? [];
  if (begin === undefined || body === undefined || end === undefined) return lines;
  return [begin, body.includes("\n") ? body.trim() : body.trim().replaceAll(/ +/g, "\n"), end].join("\n");
}

/** A passphrase without the line end that files and secrets put behind it. */
export const withoutLineEnd = (passphrase: string): string => passphrase.replace(/[\r\n]+$/, "");

/** Windows writes UTF-16 where it is not told otherwise, with or without a mark. A key's own characters are ASCII. */
function decoded(content: Buffer): string {
  const [first, second] = content;
  const encoding =
    (first === 0xff && second === 0xfe) || second === 0 ? "utf-16le" : (first === 0xfe && second === 0xff) || first === 0 ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(content);
}

/** What of a key's form ssh2 does not read; undefined where it may. */
export function formFault(text: string): KeyFault | undefined {
  const [, version, type] = /^PuTTY-User-Key-File-(\d): *(\S+)/.exec(text) ?? [];
  if (version !== undefined && !(version === "2" && type === "ssh-rsa")) {
    const convert = (path: string) =>
      `Convert it to OpenSSH's form: puttygen ${path} -O private-openssh -o ${path.replace(/\.ppk$/i, "")}.openssh (on Windows: PuTTYgen, Conversions, Export OpenSSH key)`;
    return { kind: "form", what: `it is a key of PuTTY's (.ppk, version ${version}, ${type})`, convert };
  }
  if (text.startsWith("---- BEGIN SSH2 "))
    return {
      kind: "form",
      what: "it is in the form of ssh.com",
      convert: (path) => `Convert it to OpenSSH's form: ssh-keygen -i -f ${path} > ${path}.openssh`,
    };
  const cipher = cipherOf(text);
  if (cipher?.startsWith("chacha20"))
    return {
      kind: "form",
      what: `it is encrypted with ${cipher}`,
      convert: (path) => `Encrypt it with another cipher: ssh-keygen -p -Z aes256-ctr -f ${path}`,
    };
  return undefined;
}

/** The cipher of a key in OpenSSH's form. Source: OpenSSH's PROTOCOL.key. */
function cipherOf(text: string): string | undefined {
  const [, base64] = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([^-]+)/.exec(text) ?? [];
  const bytes = Buffer.from(base64 ?? "", "base64");
  const start = "openssh-key-v1\0".length;
  return bytes.length < start + 4 ? undefined : bytes.toString("latin1", start + 4, start + 4 + bytes.readUInt32BE(start));
}

/**
 * A key in PKCS #8 (as openssl and clouds write it) in a form that ssh2 reads. Node's own crypto reads it; ssh2 does not.
 * @param passphrases are tried in turn
 * @returns undefined where the key is of another form
 */
export function fromPkcs8(text: string, passphrases: readonly string[]): string | KeyFault | undefined {
  const [, encrypted] = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.exec(text) ?? [];
  if (!/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) return undefined;
  if (encrypted && passphrases.length === 0) return { kind: "locked" };
  let fault: KeyFault = notRead("it is PKCS #8 that cannot be read");
  for (const passphrase of encrypted ? passphrases : [undefined]) {
    try {
      return exported(createPrivateKey(passphrase === undefined ? text : { key: text, passphrase }));
    } catch (error) {
      const unsupported = /unsupported/i.test(String((error as { code?: unknown }).code));
      if (encrypted) fault = unsupported ? notRead("it is PKCS #8, encrypted in a way that is not read any more") : { kind: "wrong passphrase" };
    }
  }
  return fault;
}

function notRead(what: string): KeyFault {
  return { kind: "form", what, convert: (path) => `Convert it to OpenSSH's form: ssh-keygen -p -f ${path}` };
}

function exported(key: KeyObject): string | KeyFault {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return key.export({ type: "pkcs1", format: "pem" }).toString().trim();
    case "ec":
      return key.export({ type: "sec1", format: "pem" }).toString().trim();
    case "ed25519":
      return openssh(key);
    default:
      return {
        kind: "form",
        what: `it is a key of type ${key.asymmetricKeyType}, which SSH servers do not take`,
        convert: () => "Make another key: signalhouse keys generate",
      };
  }
}

/** An ed25519 key in OpenSSH's form, not encrypted: ssh2 reads no other. Source: OpenSSH's PROTOCOL.key. */
function openssh(key: KeyObject): string {
  const { x = "", d = "" } = key.export({ format: "jwk" });
  const [open, secret] = [Buffer.from(x, "base64url"), Buffer.from(d, "base64url")];
  const uint32 = (value: number) => Buffer.of(0, 0, 0, value);
  const string = (value: string | Buffer) => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)]);
  const check = Buffer.alloc(8);
  const half = Buffer.concat([check, string("ssh-ed25519"), string(open), string(Buffer.concat([secret, open])), string("")]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (half.length % 8)) % 8));
  const blob = [
    Buffer.from("openssh-key-v1\0"),
    ...["none", "none", ""].map(string),
    uint32(1),
    string(Buffer.concat([string("ssh-ed25519"), string(open)])),
    string(Buffer.concat([half, padding])),
  ];
  const base64 = Buffer.concat(blob).toString("base64").replaceAll(/.{70}/g, "$&\n").trim();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----`;
}
