import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyType, knownHostsLine, knownKeys } from "../../../pipeline/sftp/known-hosts.ts";

const ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIJKlmmQMBlWHpQyhwFKFWmjOOhiUj7FHJNVkMUZ2Ez2J";
const key = Buffer.from(ED25519, "base64");
const line = (patterns: string) => `${patterns} ssh-ed25519 ${ED25519} a comment`;

describe("which names a line stands for", () => {
  test.each([
    { patterns: "sftp.example.com", host: "sftp.example.com", port: 22, known: true },
    { patterns: "sftp.example.com", host: "SFTP.Example.com", port: 22, known: true },
    { patterns: "SFTP.example.com", host: "sftp.example.com", port: 22, known: true },
    { patterns: "sftp.example.com", host: "sftp.example.org", port: 22, known: false },
    { patterns: "sftp.example.com", host: "a.sftp.example.com", port: 22, known: false },
    { patterns: "sftp.example.com", host: "sftpxexample.com", port: 22, known: false },
    { patterns: "sftp.example.com", host: "sftp.example.com", port: 2222, known: false },
    { patterns: "[sftp.example.com]:2222", host: "sftp.example.com", port: 2222, known: true },
    { patterns: "[sftp.example.com]:2222", host: "sftp.example.com", port: 22, known: false },
    { patterns: "a.example.com,10.0.0.1,b.example.com", host: "b.example.com", port: 22, known: true },
    { patterns: "*.example.com", host: "b.example.com", port: 22, known: true },
    { patterns: "*.example.com", host: "example.com", port: 22, known: false },
    { patterns: "[*.example.com]:*", host: "b.example.com", port: 2022, known: true },
    { patterns: "sftp?.example.com", host: "sftp1.example.com", port: 22, known: true },
    { patterns: "sftp?.example.com", host: "sftp.example.com", port: 22, known: false },
    { patterns: "*.example.com,!bad.example.com", host: "good.example.com", port: 22, known: true },
    { patterns: "*.example.com,!bad.example.com", host: "bad.example.com", port: 22, known: false },
    { patterns: "!bad.example.com,*.example.com", host: "bad.example.com", port: 22, known: false },
    { patterns: "!bad.example.com", host: "good.example.com", port: 22, known: false },
    { patterns: "|1|broken", host: "sftp.example.com", port: 22, known: false },
    { patterns: "|2|AAAA|AAAA", host: "sftp.example.com", port: 22, known: false },
  ])("$patterns for $host:$port: $known", ({ patterns, host, port, known }) => {
    expect(knownKeys(line(patterns), host, port)).toEqual(known ? [{ type: "ssh-ed25519", key, revoked: false }] : []);
  });
});

test("stars in a row, and many stars, take no time to speak of", () => {
  for (const patterns of ["*".repeat(60), "*a".repeat(60)]) expect(knownKeys(line(`${patterns}!`), "a".repeat(200), 22)).toEqual([]);
});

test("a pattern means what its regular expression does", () => {
  const text = fc.string({ unit: fc.constantFrom("*", "?", "a", "b", "."), maxLength: 8 });
  fc.assert(
    fc.property(text, fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 8 }), (pattern, host) => {
      fc.pre(pattern !== "");
      const meant = new RegExp(`^${pattern.replaceAll(".", "[.]").replaceAll("*", ".*").replaceAll("?", ".")}$`);
      expect(knownKeys(line(pattern), host, 22).length > 0).toBe(meant.test(host));
    }),
  );
});

test("all lines for a host count, in order, with their markers", () => {
  const text = [
    "# a comment sftp.example.com",
    "",
    `  ${line("sftp.example.com")}  `,
    `@revoked ${line("*")}`,
    `@cert-authority ${line("*.example.com")}`,
    `@unknown ${line("*")}`,
    `#${line("sftp.example.com")}`,
    `other.example.com ssh-ed25519 ${ED25519}`,
    `sftp.example.com ssh-rsa ${ED25519}`,
    "sftp.example.com ssh-ed25519 AAAA",
    "sftp.example.com ssh-ed25519",
    "sftp.example.com\tssh-ed25519\t" + ED25519,
  ].join("\r\n");
  expect(knownKeys(text, "sftp.example.com", 22).map(({ revoked }) => revoked)).toEqual([false, true, false]);
});

test("a line that was written is read again", () => {
  fc.assert(
    fc.property(fc.domain(), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      expect(knownKeys(knownHostsLine(host, port, key), host, port)).toEqual([{ type: "ssh-ed25519", key, revoked: false }]);
    }),
  );
});

test("whatever a text or a blob is, it is read as nothing or as a type within it", () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), (text, blob) => {
      expect(knownKeys(text, "sftp.example.com", 22)).toEqual([]);
      expect(keyType(Buffer.from(blob)).length).toBeLessThanOrEqual(blob.length);
    }),
  );
});

describe("files that ssh-keygen hashed", () => {
  let dir: string;
  let hashed: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "signalhouse-known-hosts-"));
    const file = join(dir, "known_hosts");
    await writeFile(file, `${line("sftp.example.com")}\n${line("[sftp.example.com]:2222")}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
    hashed = await readFile(file, "utf8");
  });

  afterAll(() => rm(dir, { recursive: true }));

  test.each([
    { host: "sftp.example.com", port: 22, known: 1 },
    { host: "Sftp.Example.com", port: 22, known: 1 },
    { host: "sftp.example.com", port: 2222, known: 1 },
    { host: "sftp.example.com", port: 2223, known: 0 },
    { host: "sftp.example.org", port: 22, known: 0 },
  ])("$host:$port has $known", ({ host, port, known }) => {
    expect(hashed).toContain("|1|");
    expect(hashed).not.toContain("example");
    expect(knownKeys(hashed, host, port)).toHaveLength(known);
  });
});
