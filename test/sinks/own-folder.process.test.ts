/** Folders that a process makes for itself: those of killed processes go away, and nothing else does, whoever put it there. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { ownFolder } from "../../sinks/own-folder.ts";
import { failureOf } from "../helpers/errors.ts";
import { leftBehind } from "../helpers/left-behind.ts";
import { MAY_NOT_MOUNT, smallDisk } from "../helpers/small-disk.ts";
import { nodeForAll } from "../helpers/user.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const OWN_FOLDER = fileURLToPath(new URL("../../dist/sinks/own-folder.js", import.meta.url));
const NOBODY = 65_534;

/** Ways to start a process that has the number 1, and sees no other: as root, or with what the kernel lets everybody do. */
const NAMESPACES = [
  ["--pid", "--fork", "--kill-child"],
  ["--user", "--map-root-user", "--pid", "--fork", "--kill-child"],
].find((options) => spawnSync("unshare", [...options, "true"]).status === 0);

/** A folder that all users share, as /tmp is. */
function shared(): { parent: string; prefix: string } {
  const parent = scratchFolder();
  chmodSync(parent, 0o1777);
  return { parent, prefix: join(parent, "signalhouse-spool-") };
}

/** Another process that makes a folder of its own with a file in it, and stays. */
async function elsewhere(prefix: string, namespaces?: readonly string[]): Promise<{ child: ChildProcess; folder: string; pid: number }> {
  const script = `
    import { mkdirSync, writeFileSync } from "node:fs";
    import { ownFolder } from ${JSON.stringify(OWN_FOLDER)};
    const { folder } = await ownFolder(${JSON.stringify(prefix)});
    writeFileSync(folder + "/1", "rows");
    mkdirSync(folder + "/2.tmp");
    writeFileSync(folder + "/2.tmp/block", "rows");
    process.stdout.write(JSON.stringify({ folder, pid: process.pid }));
    process.stdin.resume();`;
  const node = [process.execPath, "--input-type=module", "--eval", script] as const;
  const [command = "", ...args] = namespaces ? ["unshare", ...namespaces, ...node] : node;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => kill(child));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, ...(JSON.parse(said.toString()) as { folder: string; pid: number }) };
}

/** It is over when nothing of it has its output open any more. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

/** What this process finds. */
async function look(prefix: string): Promise<string[]> {
  const own = await ownFolder(prefix);
  expect(statSync(own.folder).mode & 0o7777).toBe(0o700);
  await own.remove();
  expect(existsSync(own.folder)).toBe(false);
  return own.others.map(({ folder }) => folder);
}

describe("of another process", () => {
  test("it stays while that lives, and goes when it was killed", async () => {
    const { parent, prefix } = shared();
    const { child, folder, pid } = await elsewhere(prefix);
    const own = await ownFolder(prefix);
    expect(own.others).toEqual([{ holder: expect.stringContaining(`process ${pid} (`) as string, folder }]);
    await own.remove();
    await kill(child);
    expect(await look(prefix)).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  test("the same in a container, where each is process 1 and sees no other", async ({ skip }) => {
    if (!NAMESPACES) skip("this kernel lets this user make no PID namespace");
    const { parent, prefix } = shared();
    const living = await elsewhere(prefix, NAMESPACES);
    const killed = await elsewhere(prefix, NAMESPACES);
    expect([living.pid, killed.pid]).toEqual([1, 1]);
    await kill(killed.child);
    // A third one, which is process 1 too, is asked to look.
    const third = await elsewhere(prefix, NAMESPACES);
    expect(readdirSync(parent).toSorted()).toEqual([basename(living.folder), basename(third.folder)].toSorted());
    expect((await look(prefix)).toSorted()).toEqual([living.folder, third.folder].toSorted());
    expect(readFileSync(join(living.folder, "1"), "utf8")).toBe("rows");
    await kill(living.child);
    await kill(third.child);
    expect(await look(prefix)).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  test("the same where the file system shows rights of its own, as exFAT does", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can use a folder that seems not to be for it");
    const { parent, prefix } = shared();
    // As if it could not do what is asked for.
    const mask = process.umask(0o100);
    onTestFinished(() => void process.umask(mask));
    const living = await elsewhere(prefix);
    const killed = await elsewhere(prefix);
    await kill(killed.child);
    expect(statSync(living.folder).mode & 0o777).toBe(0o600);
    const own = await ownFolder(prefix);
    expect(own.others.map(({ folder }) => folder)).toEqual([living.folder]);
    await own.remove();
    expect(readdirSync(parent)).toEqual([basename(living.folder)]);
  });

  test("its number says nothing: a dead one's may be this process's by now", async () => {
    const { parent, prefix } = shared();
    await leftBehind(`${prefix}${process.pid}-left`);
    expect(await look(prefix)).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });
});

test("of this process: another part of it sees that it is taken", async () => {
  const { prefix } = shared();
  const first = await ownFolder(prefix);
  const second = await ownFolder(prefix);
  expect(second.others.map(({ folder }) => folder)).toEqual([first.folder]);
  await second.remove();
  expect(existsSync(join(first.folder, "alive"))).toBe(true);
  await first.remove();
  expect(await look(prefix)).toEqual([]);
});

test("many that are made at once are each whole, and all go", async () => {
  const { parent, prefix } = shared();
  const others = await Promise.all([1, 2, 3].map(() => elsewhere(prefix)));
  const here = await Promise.all(Array.from({ length: 5 }, () => ownFolder(prefix)));
  for (const { folder } of [...others, ...here]) expect(existsSync(join(folder, "alive"))).toBe(true);
  for (const own of here) await own.remove();
  for (const { child } of others) await kill(child);
  await look(prefix);
  expect(readdirSync(parent)).toEqual([]);
});

test("where there is no room for its lock, that is told, and nothing stays", async ({ skip }) => {
  const disk = smallDisk("8k") ?? skip(MAY_NOT_MOUNT);
  const said = expect.stringContaining(`no room left on the disk of ${disk}`) as string;
  expect(await failureOf(ownFolder(join(disk, "signalhouse-spool-")))).toMatchObject({ code: "disk_full", message: said });
  expect(readdirSync(disk)).toEqual([]);
});

const all = (folder: string) => readdirSync(folder, { recursive: true }).map(String).toSorted();

describe("what is not known to be ours stays", () => {
  test.each<[string, (path: string, folder: string) => unknown]>([
    ["a folder that others may look into", async (path) => chmodSync(await leftBehind(path), 0o755)],
    ["a folder that others may write to", async (path) => chmodSync(await leftBehind(path), 0o770)],
    ["a link to a folder of ours", async (path, folder) => symlinkSync(await leftBehind(join(folder, "mine")), path)],
    ["a link that leads nowhere", (path) => symlinkSync("nowhere", path)],
    ["a file", (path) => writeFileSync(path, "mine")],
    ["a named pipe", (path) => execFileSync("mkfifo", [path])],
    [
      "a folder of ours that somebody has given this name: it has no lock",
      (path) => {
        mkdirSync(path, { mode: 0o700 });
        writeFileSync(join(path, "precious"), "mine");
      },
    ],
  ])("%s", async (_, make) => {
    const { parent, prefix } = shared();
    await make(`${prefix}999999999-left`, parent);
    const before = all(parent);
    expect(await look(prefix)).toEqual([]);
    expect(all(parent)).toEqual(before);
  });

  test("nor does what a link inside of one leads to", async () => {
    const { parent, prefix } = shared();
    const precious = join(parent, "precious");
    mkdirSync(precious);
    writeFileSync(join(precious, "file"), "mine");
    const left = await leftBehind(`${prefix}999999999-left`);
    symlinkSync(precious, join(left, "link"));
    symlinkSync(precious, join(left, "scratch.duckdb.tmp", "link"));
    await look(prefix);
    expect(readdirSync(parent)).toEqual(["precious"]);
    expect(readFileSync(join(precious, "file"), "utf8")).toBe("mine");
  });

  test("one that took the place of this process's own", async () => {
    const { parent, prefix } = shared();
    const own = await ownFolder(prefix);
    renameSync(own.folder, join(parent, "moved"));
    symlinkSync(join(parent, "precious"), own.folder);
    mkdirSync(join(parent, "precious"), { mode: 0o700 });
    writeFileSync(join(parent, "precious", "alive"), "mine");
    await own.remove();
    expect(readFileSync(join(parent, "precious", "alive"), "utf8")).toBe("mine");
  });

  test("another user's, who exchanges what is in it for links to ours as fast as he can", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can start a process of another user");
    const { parent, prefix } = shared();
    const precious = join(scratchFolder(), "precious");
    mkdirSync(precious);
    const names = Array.from({ length: 40 }, (_, number) => String(number));
    for (const name of names) writeFileSync(join(precious, name), "mine");
    // A lock that is none, as a process that was killed would leave it; and the victim's own left-over, in which nobody but he can write.
    const left = await leftBehind(`${prefix}1-left`);
    const script = `
      const fs = require("node:fs");
      const [, bait, precious] = process.argv;
      const make = () => { fs.mkdirSync(bait + "/made"); for (let name = 0; name < 40; name += 1) fs.writeFileSync(bait + "/made/" + name, ""); };
      const quietly = (work) => { try { work(); } catch {} };
      fs.mkdirSync(bait, { mode: 0o700 });
      fs.writeFileSync(bait + "/alive", "");
      make();
      process.stdout.write("ready");
      for (;;) {
        quietly(() => fs.renameSync(bait + "/made", bait + "/d"));
        quietly(() => fs.renameSync(bait + "/d", bait + "/made"));
        quietly(() => fs.symlinkSync(precious, bait + "/d"));
        quietly(() => fs.unlinkSync(bait + "/d"));
        if (!fs.existsSync(bait + "/made")) quietly(make);
      }`;
    const bait = `${prefix}999999999-bait`;
    const attacker = spawn(nodeForAll(), ["--eval", script, bait, precious], { uid: NOBODY, gid: NOBODY, stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => kill(attacker));
    await once(attacker.stdout, "data");
    for (let time = 0; time < 20; time += 1) expect(await look(prefix)).toEqual([]);
    expect(attacker.exitCode).toBe(null);
    await kill(attacker);
    expect(readdirSync(precious).toSorted()).toEqual(names.toSorted());
    expect(readdirSync(parent)).toEqual([basename(bait)]);
    expect(existsSync(left)).toBe(false);
  });

  test("another user's, with nothing but his name on it", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can give a folder to another user");
    const { prefix } = shared();
    const left = await leftBehind(`${prefix}999999999-left`);
    chownSync(left, NOBODY, NOBODY);
    expect(await look(prefix)).toEqual([]);
    expect(existsSync(join(left, "1"))).toBe(true);
  });
});
