import { once } from "node:events";
import { mkdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { connectSftp, type PassedOver, type SftpServer } from "../../../pipeline/sftp/server.ts";
import { failureOf } from "../../helpers/errors.ts";
import { startOddServer, type OddEntry } from "../../helpers/odd-server.ts";
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

  describe("follows links within the subscription's folder", () => {
    const link = (to: string, path: string) => symlink(to, join(sshd.folder, path));

    async function all() {
      let passedOver: readonly PassedOver[] = [];
      const files = await server.list(["Export/Signals"], undefined, (others) => (passedOver = others));
      return { files: files.map(({ path }) => path.replace("Export/Signals/", "")), passedOver };
    }

    test("to files and folders, over other links, and lists nothing twice", async () => {
      await put("Export/Signals/a.csv");
      await put("Export/other/b.csv");
      await put("Export/other/c.csv");
      await put("Export/single.csv");
      await link("a.csv", "Export/Signals/beside.csv");
      await link("../other", "Export/Signals/latest");
      await link("latest", "Export/Signals/newest");
      await link(join(sshd.folder, "Export/single.csv"), "Export/Signals/single.csv");
      await link("../other/b.csv", "Export/Signals/z.csv");
      const { files, passedOver } = await all();
      expect(files).toEqual(["a.csv", "latest/c.csv", "single.csv", "z.csv"]);
      expect(passedOver).toEqual([]);
      const [, , single] = await server.list(["Export/Signals"]);
      expect((await buffer(server.read(single!))).toString()).toBe("Export/single.csv");
    });

    test("never out of it, nowhere, or in a circle; and says what it passes over", async () => {
      await put("Export/Signals/a.csv");
      await link(sshd.dir, "Export/Signals/out");
      await link("/etc/hostname", "Export/Signals/out.csv");
      await link("../../../files-not", "Export/Signals/sibling");
      await link("absent.csv", "Export/Signals/nowhere.csv");
      await link("round", "Export/Signals/round");
      await link("..", "Export/Signals/up");
      const socket = createServer().listen(join(sshd.folder, "Export/Signals/socket.csv"));
      onTestFinished(() => void socket.close());
      await once(socket, "listening");
      const { files, passedOver } = await all();
      expect(files).toEqual(["a.csv"]);
      expect(Object.fromEntries(passedOver.map(({ path, why }) => [path.replace("Export/Signals/", ""), why]))).toEqual({
        out: `it is a link that leads out of the subscription's folder, to ${sshd.dir}`,
        "out.csv": "it is a link that leads out of the subscription's folder, to /etc/hostname",
        sibling: expect.stringContaining("out of the subscription's folder"),
        "nowhere.csv": "it is a link that leads nowhere",
        round: expect.stringContaining("it is a link"),
        "socket.csv": "it is no file, no folder and no link",
      });
    });

    test("a subscription's folder and one that is asked for may be links themselves", async () => {
      await put("Export/elsewhere/a.csv");
      await link("../elsewhere", "Export/Signals/asked");
      await link("Export", "via");
      onTestFinished(() => rm(join(sshd.folder, "via")));
      const other = await connectSftp({ ...sshd.options, root: "via" });
      onTestFinished(() => other.close());
      expect((await other.list(["Signals", "Signals/asked"])).map(({ path }) => path)).toEqual(["Signals/asked/a.csv"]);
    });
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

  test("keeps the bytes of names that are not UTF-8: two never become one, and each is found again", async () => {
    const odd = (text: string) => Buffer.from(`${sshd.folder}/Export/Signals/${text}`, "latin1");
    await mkdir(odd("d\xff"));
    for (const name of ["d\xff/\xe9.csv", "\xfe.csv", "\xff.csv", "\\xFF.csv"]) await writeFile(odd(name), Buffer.from(name, "latin1"));
    const files = await server.list(["Export/Signals"]);
    expect(files.map(({ path }) => path.replace("Export/Signals/", ""))).toEqual(["\\x5CxFF.csv", "\\xFE.csv", "\\xFF.csv", "d\\xFF/\\xE9.csv"]);
    const contents = await Promise.all(files.map(async (file) => (await buffer(server.read(file))).toString("latin1")));
    expect(contents).toEqual(["\\xFF.csv", "\xfe.csv", "\xff.csv", "d\xff/\xe9.csv"]);
    expect((await server.stat("Export/Signals/\\xFF.csv")).size).toBe(5);
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

describe("a server's listing", () => {
  /** What an odd server lists in /Export; the listing, each path without "Export/". */
  async function listed(folder: OddEntry[], options: { stat?: Record<string, OddEntry>; root?: string; noNames?: boolean } = {}) {
    const { root = "", stat = {}, noNames = false } = options;
    const odd = await startOddServer({ folders: { [`${root}/Export`]: folder }, stats: stat, noNames });
    onTestFinished(() => odd.close());
    const { sftp } = odd;
    const server = await connectSftp({ ...sftp, ...(options.root === undefined ? {} : { root: options.root }) });
    onTestFinished(() => server.close());
    let passedOver: readonly PassedOver[] = [];
    const files = await server.list(["Export"], undefined, (others) => (passedOver = others));
    return {
      files: files.map(({ path, size, fault }) => [path.replace("Export/", ""), fault?.message ?? size]),
      passedOver: passedOver.map(({ path }) => path),
    };
  }

  test.each<{ name: string; entries: OddEntry[]; files?: unknown[]; passedOver?: string[]; root?: string }>([
    { name: "an empty name", entries: [{ name: "" }] },
    {
      name: "the folder itself",
      entries: [
        { name: ".", type: "folder" },
        { name: "..", type: "folder" },
        { name: "/Export/", size: 0 },
      ],
    },
    { name: "S3's marker of a folder", entries: [{ name: "day/", size: 0 }] },
    {
      name: "the same without its slash",
      entries: [
        { name: "day", size: 0 },
        { name: "day", type: "folder" },
      ],
    },
    { name: "an empty file", entries: [{ name: "a.csv", size: 0 }], files: [["a.csv", 0]] },
    {
      name: "ways out",
      entries: [{ name: "../../etc/passwd" }, { name: "/etc", type: "folder" }, { name: "../Export/../a.csv" }, { name: "x/b.csv" }],
      passedOver: ["Export/../../etc/passwd", "Export/../Export/../a.csv", "Export//etc", "Export/x/b.csv"],
    },
    {
      name: "whole paths",
      entries: [{ name: "/Export/a.csv" }, { name: "Export/b.csv" }, { name: "./c.csv" }],
      files: [
        ["a.csv", 7],
        ["b.csv", 7],
        ["c.csv", 7],
      ],
    },
    {
      name: "whole paths below a subscription's folder, and as seen from within or without a lock",
      root: "/sub_1",
      entries: [{ name: "/sub_1/Export/a.csv" }, { name: "/Export/b.csv" }, { name: "/home/x/sub_1/Export/c.csv" }],
      files: [
        ["a.csv", 7],
        ["b.csv", 7],
        ["c.csv", 7],
      ],
    },
  ])("$name", async ({ entries, files = [], passedOver = [], root }) => {
    expect(await listed(entries, root === undefined ? {} : { root })).toEqual({ files, passedOver });
  });

  test("its end may be an answer without names", async () => {
    expect(await listed([{ name: "a.csv" }], { noNames: true })).toEqual({ files: [["a.csv", 7]], passedOver: [] });
  });

  test("entries without a type are looked at; of what still has none, a folder is what can be listed", async () => {
    const odd = await listed(
      [
        { name: "a.csv", type: "none" },
        { name: "day", type: "none" },
        { name: "pipe", type: "none" },
        { name: "bare.csv", type: "none" },
        { name: "gone.csv", type: "none" },
      ],
      {
        stat: {
          "/Export/a.csv": { name: "", size: 3 },
          "/Export/day": { name: "", type: "folder" },
          "/Export/pipe": { name: "", type: "pipe" },
          "/Export/bare.csv": { name: "", type: "none", size: 4 },
        },
      },
    );
    expect(odd).toEqual({
      files: [
        ["a.csv", 7],
        ["bare.csv", 7],
      ],
      passedOver: ["Export/gone.csv", "Export/pipe"],
    });
  });

  test("what a listing leaves out is asked for; a file of which the server never says size or time fails, with its name, and alone", async () => {
    const entries: OddEntry[] = [
      { name: "a.csv" },
      { name: "b.csv", size: null },
      { name: "c.csv", mtime: null },
      { name: "d.csv", size: null, mtime: null },
      { name: "e.csv", size: null },
    ];
    const stat = { "/Export/e.csv": { name: "", size: 5 }, "/Export/b.csv": { name: "", size: null }, "/Export/c.csv": { name: "", mtime: null } };
    expect(await listed(entries, { stat })).toEqual({
      files: [
        ["a.csv", 7],
        ["b.csv", "The server does not say the size of Export/b.csv"],
        ["c.csv", "The server does not say the time of last change of Export/c.csv"],
        ["d.csv", "The server does not say the size and the time of last change of Export/d.csv"],
        ["e.csv", 5],
      ],
      passedOver: [],
    });
  });
});
