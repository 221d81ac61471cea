/** Files that are written whole, or not at all. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { trustHostKey } from "../../pipeline/sftp/host-keys.ts";
import { makeKeyPair, writeKeyPair } from "../../pipeline/sftp/key-pair.ts";
import { saveDefinition } from "../../cli/refset-definition.ts";
import { replaceBy, replaceFile, writeNewFile, writeRefused } from "../../sinks/whole-file.ts";
import { cli } from "../helpers/cli.ts";
import { makeReadOnly, MAY_NOT_MOUNT, smallDisk } from "../helpers/small-disk.ts";
import { asUser } from "../helpers/user.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const NOBODY = 65_534;
/** A little of what is added still fits behind it. */
const OLD = "x".repeat(8092);
/** More than fits there. */
const NEW = "y".repeat(3 * 8192);

/** Ways in which a machine takes no more, each of a folder that has files already. */
const FAULTS: { fault: string; says: RegExp; break: (folder: string) => void }[] = [
  {
    fault: "ENOSPC",
    says: /no room left on its disk \(ENOSPC\)/,
    break(folder) {
      try {
        writeFileSync(join(folder, "ballast"), Buffer.alloc(2 * 1024 * 1024));
      } catch {
        // It is full.
      }
    },
  },
  { fault: "EROFS", says: /file system can only be read \(EROFS\)/, break: makeReadOnly },
  { fault: "EACCES", says: /you may not write there \(EACCES\)/, break: (folder) => chmodSync(folder, 0o555) },
];

const hostKey = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.alloc(36, 7)]);

/** All that writes small files: over an old one, or none. */
const WRITERS: { what: string; old: boolean; write: (path: string) => Promise<unknown> }[] = [
  { what: "health, metrics", old: true, write: (path) => replaceFile(path, NEW, 0o644) },
  { what: "a definition", old: true, write: (path) => saveDefinition(path, { source: { query: NEW } }) },
  { what: "known_hosts", old: true, write: (path) => trustHostKey(path, `${"h".repeat(9000)}.example.com`, 22, hostKey) },
  { what: "a configuration", old: false, write: (path) => writeNewFile(path, NEW, 0o644) },
  { what: "a key", old: false, write: (path) => writeKeyPair(path, { ...makeKeyPair(), privateKey: NEW }) },
];

const cases = FAULTS.flatMap((fault) => WRITERS.map((writer) => ({ ...fault, ...writer })));

test.each(cases)(
  "$what, $fault: the message is of that kind, and the old file is kept",
  async ({ fault, says, break: breakIt, what, old, write }) => {
    const disk = fault === "EACCES" ? scratchFolder() : smallDisk("1m");
    if (disk === undefined) return expect(process.env["CI"], MAY_NOT_MOUNT).toBe(undefined);
    chmodSync(disk, 0o777);
    const path = join(disk, "file");
    // Root may write everywhere.
    const act = fault === "EACCES" ? <T>(work: () => T | Promise<T>) => asUser(NOBODY, work) : async <T>(work: () => T | Promise<T>) => work();
    if (old) await act(() => writeFileSync(path, OLD));
    breakIt(disk);
    if (fault === "EACCES" && old) chmodSync(path, 0o444);
    const before = readdirSync(disk).toSorted();
    const failure = await act(() =>
      write(path).then(
        () => new Error("it did not fail"),
        (error: unknown) => writeRefused(path, error, "Name another file."),
      ),
    );
    expect(failure, what).toMatchObject({
      code: fault === "ENOSPC" ? "disk_full" : "usage",
      message: expect.stringMatching(says) as string,
    });
    expect(readdirSync(disk).toSorted()).toEqual(before);
    if (old) expect(readFileSync(path, "utf8")).toBe(OLD);
  },
);

test("init and keys generate say the same, and can be run again when there is room", async ({ skip }) => {
  const disk = smallDisk("1m") ?? skip(MAY_NOT_MOUNT);
  FAULTS[0]?.break(disk);
  for (const args of [["init"], ["keys", "generate", "--file", "key"]]) {
    expect(await cli(args, { cwd: disk })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot be written: there is no room[^]*\[disk_full\]/),
    });
  }
  expect(readdirSync(disk)).toEqual(["ballast"]);
  writeFileSync(join(disk, "ballast"), "");
  expect((await cli(["init"], { cwd: disk })).code).toBe(0);
  makeReadOnly(disk);
  expect(await cli(["keys", "generate", "--file", "key"], { cwd: disk })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("can only be read"),
  });
  expect(await cli(["sandbox"], { cwd: disk })).toMatchObject({ code: 2, stderr: expect.stringContaining("[usage]") });
});

describe("the file beside it", () => {
  test("has a name that nobody can take in advance: a link in its place leads nowhere", async () => {
    const folder = scratchFolder();
    const precious = join(folder, "precious");
    writeFileSync(precious, "mine");
    const path = join(folder, "health.json");
    symlinkSync(precious, `${path}.tmp`);
    symlinkSync(precious, join(folder, "tmp_health.json"));
    await replaceFile(path, "new", 0o644);
    await replaceBy(path, 0o600, (file) => file.writeFile("newer"));
    expect([readFileSync(precious, "utf8"), readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["mine", "newer", 0o600]);
    expect(readdirSync(folder).toSorted()).toEqual(["health.json", "health.json.tmp", "precious", "tmp_health.json"]);
  });

  test("goes away where a killed process has left it: one that is a file, ours, and old", async () => {
    const folder = scratchFolder();
    const path = join(folder, "health.json");
    const old = new Date(Date.now() - 2 * 3_600_000);
    for (const name of ["old", "young"]) writeFileSync(join(folder, `.health.json.tmp-${name}`), "");
    utimesSync(join(folder, ".health.json.tmp-old"), old, old);
    symlinkSync(path, join(folder, ".health.json.tmp-link"));
    mkdirSync(join(folder, ".health.json.tmp-folder"));
    utimesSync(join(folder, ".health.json.tmp-folder"), old, old);
    await replaceFile(path, "new", 0o644);
    expect(readdirSync(folder).toSorted()).toEqual([".health.json.tmp-folder", ".health.json.tmp-link", ".health.json.tmp-young", "health.json"]);
  });

  test("is gone where writing fails, and the old file is there", async () => {
    const folder = scratchFolder();
    const path = join(folder, "result.csv");
    writeFileSync(path, "old");
    const failing = replaceBy(path, 0o600, async (file) => {
      await file.writeFile("half");
      throw new Error("enough");
    });
    await expect(failing).rejects.toThrow("enough");
    expect([readdirSync(folder), readFileSync(path, "utf8")]).toEqual([["result.csv"], "old"]);
  });
});

test("a link to the file stays one, and the file it leads to is replaced", async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "file"), "old");
  symlinkSync("file", join(folder, "link"));
  await replaceFile(join(folder, "link"), "new", 0o644);
  expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
});

test("a link that another user has put in its place is not followed", async ({ skip }) => {
  if (process.getuid?.() !== 0) skip("only root can make a link of another user's");
  const [shared, precious] = [scratchFolder(), join(scratchFolder(), "precious")];
  chmodSync(shared, 0o777);
  writeFileSync(precious, "mine");
  const path = join(shared, "health.json");
  await asUser(NOBODY, () => symlinkSync(precious, path));
  await expect(replaceFile(path, "new", 0o644)).rejects.toThrow("it is a symbolic link of another user's");
  expect([readFileSync(precious, "utf8"), readdirSync(shared)]).toEqual(["mine", ["health.json"]]);
  // The system's own links lead where its owner wants.
  await asUser(NOBODY, async () => {
    writeFileSync(join(shared, "file"), "old");
    process.seteuid?.(0);
    symlinkSync("file", join(shared, "link"));
    process.seteuid?.(NOBODY);
    await replaceFile(join(shared, "link"), "new", 0o644);
  });
  expect([readFileSync(join(shared, "file"), "utf8"), lstatSync(join(shared, "link")).isSymbolicLink()]).toEqual(["new", true]);
});

test.each<[string, (path: string) => unknown]>([
  ["a named pipe", (path: string) => execFileSync("mkfifo", [path])],
  ["a folder", (path: string) => mkdirSync(path)],
  [
    "a socket",
    async (path: string) => {
      const server = createServer().listen(path);
      await once(server, "listening");
      onTestFinished(() => void server.close());
    },
  ],
])("%s is not replaced", async (kind, make) => {
  const path = join(scratchFolder(), "health.json");
  await make(path);
  await expect(replaceFile(path, "new", 0o644)).rejects.toThrow(`it is ${kind}, not a file`);
  expect(lstatSync(path).isFile()).toBe(false);
});
