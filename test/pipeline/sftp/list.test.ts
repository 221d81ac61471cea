import { mkdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readEntries } from "../../../pipeline/sftp/list.ts";
import { connectSftp, type SftpServer } from "../../../pipeline/sftp/server.ts";
import { failureOf } from "../../helpers/errors.ts";
import { startProxy, type Proxy } from "../../helpers/proxy.ts";
import { sshdMissing, startSshd, type Sshd } from "../../helpers/sshd.ts";

describe.skipIf(sshdMissing)("listing", () => {
  let sshd: Sshd;
  let proxy: Proxy;
  let server: SftpServer;

  beforeAll(async () => {
    sshd = await startSshd();
    proxy = await startProxy(sshd.port);
    server = await connectSftp({ ...sshd.options, port: proxy.port, hostKeys: sshd.fingerprints });
  });

  afterAll(async () => {
    await server.close();
    await proxy.close();
    await sshd.close();
  });

  beforeEach(() => mkdir(join(sshd.folder, "Export/Signals"), { recursive: true }));
  afterEach(() => rm(join(sshd.folder, "Export"), { recursive: true }));

  async function put(path: string, content = path, mtime = new Date("2026-03-01T12:00:00Z")): Promise<void> {
    const file = join(sshd.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await utimes(file, mtime, mtime);
  }

  const paths = async (...folders: string[]) => (await server.list(folders)).map(({ path }) => path);

  test("finds files at any depth, by path, with size and time", async () => {
    await put("Export/Signals/2026-03-02/b.csv.gz", "four");
    await put("Export/Signals/2026-03-01/deeper/still/a.csv.gz", "");
    await put("Export/Signals/ü 1.csv", "12", new Date("2026-03-01T12:00:01.750Z"));
    await put("Export/other.csv");
    expect(await server.list(["Export/Signals"])).toEqual([
      { path: "Export/Signals/2026-03-01/deeper/still/a.csv.gz", size: 0, mtime: Date.parse("2026-03-01T12:00:00Z") },
      { path: "Export/Signals/2026-03-02/b.csv.gz", size: 4, mtime: Date.parse("2026-03-01T12:00:00Z") },
      { path: "Export/Signals/ü 1.csv", size: 2, mtime: Date.parse("2026-03-01T12:00:01Z") },
    ]);
  });

  test("takes a folder in any spelling, and lists nothing twice", async () => {
    await put("Export/Signals/a.csv");
    await put("Export/b.csv");
    const both = ["Export/Signals/a.csv", "Export/b.csv"];
    expect(await paths("Export", "Export/Signals", "/Export/Signals/", "./Export")).toEqual(both);
    expect(await paths("")).toEqual(both);
  });

  test("does not follow links and lists no folders", async () => {
    await put("Export/Signals/a.csv");
    await symlink("a.csv", join(sshd.folder, "Export/Signals/link.csv"));
    await symlink(sshd.dir, join(sshd.folder, "Export/Signals/way-out"));
    await mkdir(join(sshd.folder, "Export/Signals/empty"));
    expect(await paths("Export/Signals")).toEqual(["Export/Signals/a.csv"]);
  });

  test("finds them all where there are many", async () => {
    await Promise.all(Array.from({ length: 300 }, (_, number) => put(`Export/Signals/day-${number % 20}/${number}.csv`)));
    expect(await paths("Export/Signals")).toHaveLength(300);
  });

  test("says which folders there are where one is missing", async () => {
    await put("Export/Reports/a.csv");
    const error = await failureOf(server.list(["Export/Signals", "Export/signals"]));
    expect(error.code).toBe("folder_missing");
    expect(error.message).toContain(`${sshd.folder}/Export/signals`);
    expect(error.message).toContain("Reports, Signals");
    expect((await failureOf(server.list(["no/such/folder"]))).message).toContain(`${sshd.folder} has the folders Export`);
  });

  test("passes over a folder that is gone when its turn comes", async () => {
    await put("Export/Signals/a.csv");
    // Its name is not UTF-8: the server lists it, and does not find it under the name that arrives here.
    await mkdir(Buffer.concat([Buffer.from(`${sshd.folder}/Export/Signals/gone-`), Buffer.from([0xff])]));
    expect(await paths("Export/Signals")).toEqual(["Export/Signals/a.csv"]);
  });

  test("begins again where the connection drops, wherever that is", async () => {
    await put("Export/Signals/one/a.csv");
    await put("Export/Signals/two/b.csv");
    const before = proxy.connections;
    proxy.cuts.push(40, 1500, 100, 3000);
    expect(await paths("Export/Signals")).toEqual(["Export/Signals/one/a.csv", "Export/Signals/two/b.csv"]);
    expect(proxy.cuts).toEqual([]);
    expect(proxy.connections).toBe(before + 4);
  });

  test("can be given up", async () => {
    const reason = new Error("enough");
    await expect(server.list(["Export"], AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("what S3 shows for folders", () => {
  const entry = (filename: string, { folder = false, size = 0 } = {}) => ({
    filename,
    attrs: { size, mtime: 60, isDirectory: () => folder, isFile: () => !folder },
  });

  test.each([
    { name: "an empty name", entries: [entry("")], files: [], folders: [] },
    { name: "the folder itself", entries: [entry(".", { folder: true }), entry("..", { folder: true })], files: [], folders: [] },
    { name: "a marker", entries: [entry("day/")], files: [], folders: [] },
    { name: "a marker without its slash", entries: [entry("day"), entry("day", { folder: true })], files: [], folders: ["Export/day"] },
    { name: "a way out", entries: [entry("../../etc/passwd", { size: 9 }), entry("/etc", { folder: true })], files: [], folders: [] },
    { name: "an empty file", entries: [entry("a.csv")], files: [{ path: "Export/a.csv", size: 0, mtime: 60_000 }], folders: [] },
  ])("$name", ({ entries, files, folders }) => {
    expect(readEntries("Export", entries)).toEqual({ files, folders });
  });
});
