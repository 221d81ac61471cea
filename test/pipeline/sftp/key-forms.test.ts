/** Private keys in the forms in which people have them. Those in ppk/ are from puttygen (0.78), with the passphrase "pw"; nothing lets them in. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeKeyPair } from "../../../pipeline/sftp/key-pair.ts";
import { readPrivateKey } from "../../../pipeline/sftp/keys.ts";
import { failureOf } from "../../helpers/errors.ts";
import { fingerprintOf, makeKey } from "../../helpers/sshd.ts";

const dir = mkdtempSync(join(tmpdir(), "signalhouse-key-forms-"));
afterAll(() => rmSync(dir, { recursive: true }));
const ppk = (name: string) => readFileSync(new URL(`ppk/${name}.ppk`, import.meta.url));

let files = 0;
/** A file that has `content`, as only we may read it. */
function file(content: string | Buffer): string {
  const path = join(dir, `key-${(files += 1)}`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** Whether what is read signs, and is the key that it should be. */
async function readsAs(open: KeyObject, path: string, passphrase?: string): Promise<boolean> {
  const key = await readPrivateKey(path, passphrase);
  const data = Buffer.from("whatever");
  const hash = open.asymmetricKeyType === "rsa" ? "sha512" : undefined;
  return key.verify(data, key.sign(data, hash), hash) && createPublicKey(key.getPublicPEM()).equals(open);
}

const KINDS = {
  ed25519: () => generateKeyPairSync("ed25519"),
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "ecdsa p-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "ecdsa p-384": () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "ecdsa p-521": () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
};

describe("PKCS #8", () => {
  test.each(Object.entries(KINDS))("%s, open and encrypted", async (_, make) => {
    const { privateKey, publicKey } = make();
    expect(await readsAs(publicKey, file(privateKey.export({ type: "pkcs8", format: "pem" })))).toBe(true);
    const locked = file(privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "pw" }));
    expect(await readsAs(publicKey, locked, "pw")).toBe(true);
    expect(await readsAs(publicKey, locked, "pw\r\n")).toBe(true);
    expect(await failureOf(readPrivateKey(locked))).toMatchObject({
      code: "key_passphrase",
      hint: expect.stringContaining("SIGNALHOUSE_KEY_PASSPHRASE"),
    });
    expect(await failureOf(readPrivateKey(locked, "no"))).toMatchObject({
      code: "key_passphrase",
      message: expect.stringContaining("does not open"),
    });
  });

  test.each([
    {
      name: "of a type that SSH has not",
      make: () => generateKeyPairSync("ed448").privateKey.export({ type: "pkcs8", format: "pem" }),
      says: "ed448",
    },
    { name: "damaged", make: () => "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----", says: "cannot be read" },
  ])("$name is told", async ({ make, says }) => {
    expect(await failureOf(readPrivateKey(file(make())))).toMatchObject({ code: "key_unreadable", message: expect.stringContaining(says) });
  });
});

describe("a key's text", () => {
  const { privateKey, publicKey } = KINDS["ecdsa p-256"]();
  const sec1 = privateKey.export({ type: "sec1", format: "pem" }).toString().trim();
  const lines = sec1.split("\n");
  const ed25519 = generateKeyPairSync("ed25519");
  const utf16 = (text: string) => Buffer.from(text, "utf16le");

  test.each<{ name: string; content: string | Buffer }>([
    { name: "as it is", content: sec1 },
    { name: String.raw`with \n as text`, content: lines.join("\\n") },
    { name: String.raw`with \r\n as text, and a line end`, content: `${lines.join("\\r\\n")}\\r\\n\n` },
    { name: "as a JSON text", content: JSON.stringify(sec1) },
    { name: "with blanks for line ends", content: lines.join(" ") },
    { name: "in single quotes", content: `'${sec1}'\n` },
    { name: "indented, as in YAML", content: lines.map((line) => `    ${line}`).join("\n") },
    { name: "with CR LF", content: `${lines.join("\r\n")}\r\n` },
    { name: "with CR", content: lines.join("\r") },
    { name: "with a mark of UTF-8", content: `\uFEFF${sec1}` },
    { name: "in UTF-16, little-endian, with a mark", content: utf16(`\uFEFF${lines.join("\r\n")}\r\n`) },
    { name: "in UTF-16, little-endian", content: utf16(sec1) },
    { name: "in UTF-16, big-endian, with a mark", content: utf16(`\uFEFF${sec1}`).swap16() },
    { name: "in UTF-16, big-endian", content: utf16(sec1).swap16() },
    {
      name: "behind the parameters of its curve",
      content: `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1}\n`,
    },
  ])("$name", async ({ content }) => {
    expect(await readsAs(publicKey, file(content))).toBe(true);
  });

  test("in OpenSSH's form, too", async () => {
    const pair = makeKeyPair();
    const read = await readPrivateKey(file(pair.privateKey.trim().replaceAll("\n", "\\n")));
    expect(pair.publicKey).toContain(read.getPublicSSH().toString("base64"));
    expect(await readsAs(ed25519.publicKey, file(utf16(`\uFEFF${ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString()}`)))).toBe(
      true,
    );
  });
});

describe("PuTTY's keys", () => {
  const print = "SHA256:OhyRTulqJTONbGf7sF3WI98CGKSzYQN10ou48G9XhzU";

  test("of RSA, in version 2, are read, as ssh2 can", async () => {
    const prints = await Promise.all([
      readPrivateKey(file(ppk("rsa-2"))),
      readPrivateKey(file(ppk("rsa-2-locked")), "pw"),
      readPrivateKey(file(ppk("rsa-2-locked")), "pw\n"),
      readPrivateKey(file(Buffer.from(`\uFEFF${ppk("rsa-2").toString()}`, "utf16le"))),
    ]);
    for (const key of prints) expect(fingerprintOf(file(`ssh-rsa ${key.getPublicSSH().toString("base64")}`))).toBe(print);
    expect(await failureOf(readPrivateKey(file(ppk("rsa-2-locked"))))).toMatchObject({ code: "key_passphrase" });
    expect(await failureOf(readPrivateKey(file(ppk("rsa-2-locked")), "no"))).toMatchObject({ code: "key_passphrase" });
  });

  test.each(["rsa-3", "ed25519-2", "ed25519-3-locked"])("else are told, with the command that converts them: %s", async (name) => {
    const path = file(ppk(name));
    const error = await failureOf(readPrivateKey(path, "pw"));
    expect(error).toMatchObject({ code: "key_unreadable", message: expect.stringContaining("PuTTY") });
    expect(error.hint).toContain(`puttygen ${path} -O private-openssh -o ${path}.openssh`);
    expect(error.hint).toContain("PuTTYgen, Conversions, Export OpenSSH key");
  });
});

describe("a key that is encrypted by OpenSSH", () => {
  const encrypted = (cipher: string) => {
    const path = join(dir, `cipher-${cipher}`);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-a", "1", "-Z", cipher, "-N", "pw", "-f", path]);
    return path;
  };

  test.each([undefined, "pw", "no"])("with ChaCha20 is told as such, whatever the passphrase: %o", async (passphrase) => {
    const path = join(dir, "cipher-chacha20-poly1305@openssh.com");
    if (passphrase === undefined) encrypted("chacha20-poly1305@openssh.com");
    const error = await failureOf(readPrivateKey(path, passphrase));
    expect(error).toMatchObject({ code: "key_unreadable", message: expect.stringContaining("encrypted with chacha20-poly1305@openssh.com") });
    expect(error.hint).toContain(`ssh-keygen -p -Z aes256-ctr -f ${path}`);
  });

  test.each(["aes256-ctr", "aes256-gcm@openssh.com", "aes128-cbc"])(
    "with %s opens with its passphrase, whatever line end is behind it",
    async (cipher) => {
      const path = encrypted(cipher);
      for (const passphrase of ["pw", "pw\n", "pw\r\n", "pw\n\n"]) expect((await readPrivateKey(path, passphrase)).isPrivateKey()).toBe(true);
      expect(await failureOf(readPrivateKey(path, "\n"))).toMatchObject({ code: "key_passphrase" });
      expect(await failureOf(readPrivateKey(path, "p w\n"))).toMatchObject({ code: "key_passphrase" });
    },
  );

  test("whose passphrase itself ends in a line end opens, too", async () => {
    const path = join(dir, "odd");
    makeKey(path, "ed25519", "pass word\n");
    expect((await readPrivateKey(path, "pass word\n")).isPrivateKey()).toBe(true);
  });

  test("by signalhouse is encrypted without the line end behind its passphrase", async () => {
    expect((await readPrivateKey(file(makeKeyPair("test", "open sesame\n").privateKey), "open sesame")).isPrivateKey()).toBe(true);
  });
});

test.each([
  {
    name: "ssh.com's form",
    text: "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    hint: "ssh-keygen -i -f",
  },
  { name: "half a key", text: makeKeyPair().privateKey.slice(0, 150), hint: "ssh-keygen -p -f" },
  { name: "nothing", text: "", hint: "ssh-keygen -p -f" },
])("$name is told", async ({ text, hint }) => {
  expect(await failureOf(readPrivateKey(file(text)))).toMatchObject({ code: "key_unreadable", hint: expect.stringContaining(hint) });
});
