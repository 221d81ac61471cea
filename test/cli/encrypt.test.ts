/** An encrypted warehouse: made, read, written, copied, turned on and off; and what is said where its key or the extension is not there. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { exportText } from "../../samples/generator/exports.ts";
import { publish } from "../../pipeline/publish.ts";
import { query } from "../../pipeline/query.ts";
import { report } from "../../pipeline/report.ts";
import { cli, writeConfig } from "../helpers/cli.ts";
import { failureOf } from "../helpers/errors.ts";
import { EXTENSIONS, extensionMissing } from "../helpers/extensions.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KEY = "the key of the tests' warehouse";
const OTHER = "another key, as long as it has to be";
/** A file of DuckDB's that is encrypted with KEY, with as much of a warehouse as a query needs: two page views, of anna@example.com. */
const FIXTURE = fileURLToPath(new URL("../fixtures/encrypted.db", import.meta.url));
const EMAIL = "anna@example.com";
/** Where the blocks of a file begin, and how long each is. Source: duckdb.org, "Storage". */
const HEADERS = 3 * 4096;
const BLOCK = 256 * 1024;

const views = (...ids: string[]) => csv(ids.map((id) => pageView(id, "a page", { Email: EMAIL })));

interface Place {
  cwd: string;
  path: string;
  /** Runs a command with a key; without one where it is undefined. */
  run: (args: readonly string[], key?: string, extensions?: string) => ReturnType<typeof cli>;
}

function place(): Place {
  const cwd = scratchFolder();
  const run = (args: readonly string[], key?: string, extensions = EXTENSIONS) =>
    cli(args, {
      cwd,
      env: { ...(key === undefined ? {} : { SIGNALHOUSE_WAREHOUSE_KEY: key }), ...(extensions === "" ? {} : { SIGNALHOUSE_EXTENSIONS: extensions }) },
    });
  return { cwd, path: join(cwd, "signals.duckdb"), run };
}

/** A place with the warehouse of the fixture. */
function fixture(): Place {
  const made = place();
  copyFileSync(FIXTURE, made.path);
  return made;
}

const COUNT = ["query", "SELECT count(*) AS n FROM page_views", "--format", "csv"];
/** Whether any file of a folder has a text in the clear. */
const hasInTheClear = (folder: string, text: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && !entry.name.endsWith(".csv") && readFileSync(join(entry.parentPath, entry.name)).includes(text),
  );

describe("without the extension", () => {
  test("an encrypted warehouse is read with its key, by commands and by the library", async () => {
    const { path, run } = fixture();
    expect(await run(COUNT, KEY, "")).toMatchObject({ code: 0, stdout: "n\n2\n" });
    // SQL names the database as it does where that is not encrypted.
    expect((await run(["query", "SELECT count(*) AS n FROM signals.main.page_views", "--format", "csv"], KEY, "")).stdout).toBe("n\n2\n");
    const rows = [];
    for await (const row of query("SELECT count(*)::INTEGER AS n FROM page_views", { warehouse: path, warehouseKey: KEY })) rows.push(row);
    expect(rows).toEqual([{ n: 2 }]);
  });

  test("its key may stand in a file of its owner's; one that others can read is refused", async () => {
    const { cwd, run } = fixture();
    writeConfig(cwd, { encryption: { keyFile: "key" } });
    writeFileSync(join(cwd, "key"), `${KEY}\n`, { mode: 0o600 });
    expect((await run(COUNT)).stdout).toBe("n\n2\n");
    writeFileSync(join(cwd, "open"), KEY, { mode: 0o644 });
    writeConfig(cwd, { encryption: { keyFile: "open" } });
    expect(await run(COUNT)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/open can be read by other users \(mode 0644\)[^]*\[key_file_open\]/),
    });
    writeConfig(cwd, { encryption: { keyFile: "nowhere" } });
    expect(await run(COUNT)).toMatchObject({ code: 2, stderr: expect.stringMatching(/nowhere cannot be read[^]*\[config_invalid\]/) });
    // The environment comes first.
    expect((await run(COUNT, KEY)).stdout).toBe("n\n2\n");
  });

  test.each([
    ["no key", undefined, /is encrypted, and no key is given\n.*SIGNALHOUSE_WAREHOUSE_KEY.*encryption\.keyFile.*\[warehouse_key\]/],
    ["another key", OTHER, /is encrypted with another key\n.*Nothing was changed.*\[warehouse_key\]/],
    ["a key that is too short", "short", /SIGNALHOUSE_WAREHOUSE_KEY has 5 characters\n.*\[config_invalid\]/],
  ])("with %s every command says so, and nothing is touched", async (_, key, says) => {
    const { cwd, path, run } = fixture();
    const before = readFileSync(path);
    writeFileSync(join(cwd, "a.csv"), views("3"));
    const listed = readdirSync(cwd);
    // What writes asks for the extension before it tries a key.
    const saysToWrite = key === OTHER && extensionMissing() ? /\[extension_missing\]/ : says;
    for (const args of [
      COUNT,
      ["load", "a.csv"],
      ["status"],
      ["verify"],
      ["backup", "copy.duckdb"],
      ["publish", "--to", "published"],
      ["forget", "--email", EMAIL],
    ]) {
      const { code, stderr } = await run(args, key);
      const isWriting = args[0] === "load";
      expect([args, code, stderr]).toEqual([args, key === "short" ? 2 : 1, expect.stringMatching(isWriting ? saysToWrite : says)]);
      expect(stderr).not.toContain(key ?? KEY);
    }
    expect(readdirSync(cwd)).toEqual(listed);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("to write it the extension is asked for by its version, and nothing is touched", async () => {
    const { cwd, path, run } = fixture();
    const before = readFileSync(path);
    writeFileSync(join(cwd, "a.csv"), views("3"));
    writeFileSync(join(cwd, "httpfs.duckdb_extension"), "something else");
    for (const [folder, why] of [
      ["", "SIGNALHOUSE_EXTENSIONS names no folder"],
      [join(cwd, "nowhere"), "nowhere/httpfs.duckdb_extension is not there"],
      [cwd, "httpfs.duckdb_extension is not it: "],
    ] as const) {
      const { code, stderr } = await run(["load", "a.csv"], KEY, folder);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/takes DuckDB's extension httpfs of exactly v\d+\.\d+\.\d+, and [^]*\[extension_missing\]/),
      ]);
      expect(stderr).toContain(why);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}.wal`)).toBe(false);
  });

  test("a key for a warehouse that is not encrypted is told, and nothing is touched", async () => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1"));
    expect((await run(["load", "a.csv"])).code).toBe(0);
    const before = readFileSync(path);
    for (const args of [COUNT, ["load", "a.csv"], ["status"], ["backup", "copy.duckdb"]])
      expect(await run(args, KEY)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /a key is given for the warehouse .*signals\.duckdb, which is not encrypted\n.*signalhouse encrypt.*\[warehouse_not_encrypted\]/,
        ),
      });
    expect(readFileSync(path).equals(before)).toBe(true);
    const { checks } = JSON.parse((await run(["doctor", "--json"], KEY)).stdout) as { checks: unknown[] };
    expect(checks).toContainEqual(expect.objectContaining({ name: "warehouse", status: "failed", code: "warehouse_not_encrypted" }));
  });
});

describe.skipIf(extensionMissing())("with the extension", () => {
  test("a new warehouse is encrypted, with its log, and every command works on it", async () => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1", "2"));
    writeFileSync(join(cwd, "b.csv"), views("2", "3"));
    for (const args of [["load", "a.csv"], ["load", "b.csv"], ["verify"], ["backup", "copy.duckdb"], ["verify", "--warehouse", "copy.duckdb"]])
      expect([args, (await run(args, KEY)).code]).toEqual([args, 0]);
    expect((await run(COUNT, KEY)).stdout).toBe("n\n3\n");
    // To read it takes no extension.
    for (const args of [["verify"], ["status"]]) expect([args, (await run(args, KEY, "")).code]).toEqual([args, 0]);
    expect((await report({ warehouse: path, warehouseKey: KEY })).html).toContain("<html");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(hasInTheClear(cwd, EMAIL)).toBe(false);
    expect((await run(["verify", "--warehouse", "copy.duckdb"])).stderr).toContain("[warehouse_key]");
    const { checks } = JSON.parse((await run(["doctor", "--json"], KEY)).stdout) as { checks: unknown[] };
    expect(checks).toContainEqual(
      expect.objectContaining({ name: "warehouse", status: "ok", detail: expect.stringMatching(/, encrypted, all of it readable/) }),
    );
  });

  test("what a killed process has left in the log is encrypted, and is read by the next one", async () => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1", "2"));
    expect((await run(["load", "a.csv"], KEY)).code).toBe(0);
    const { openWarehouse } = await import("../../sinks/warehouse.ts");
    const { placeOf } = await import("../../sinks/places.ts");
    const { findEncryption } = await import("../../pipeline/common/encryption.ts");
    const warehouse = await openWarehouse(placeOf(path, () => findEncryption({}, { warehouseKey: KEY, extensions: EXTENSIONS })));
    await warehouse.connection.run("UPDATE behavior_signals SET name = 'from the log of anna'");
    const left = place();
    for (const end of ["", ".wal"]) copyFileSync(`${path}${end}`, `${left.path}${end}`);
    warehouse.close();
    expect(readFileSync(`${left.path}.wal`).includes("from the log")).toBe(false);
    const NAME = ["query", "SELECT DISTINCT name FROM page_views", "--format", "csv"];
    expect((await left.run(NAME, KEY)).stdout).toBe("name\nfrom the log of anna\n");
    expect((await left.run(["backup", "copy.duckdb"], KEY)).code).toBe(0);
    expect((await left.run([...NAME, "--warehouse", "copy.duckdb"], KEY)).stdout).toBe("name\nfrom the log of anna\n");
  });

  test("what DuckDB has no memory for is spilled encrypted", async () => {
    const { path, run, cwd } = place();
    writeFileSync(join(cwd, "a.csv"), views("1"));
    await run(["load", "a.csv"], KEY);
    const { filePlace } = await import("../../sinks/file-place.ts");
    const { findEncryption } = await import("../../pipeline/common/encryption.ts");
    for (const access of ["read", "write"] as const) {
      const database = await filePlace(path, () => findEncryption({}, { warehouseKey: KEY, extensions: EXTENSIONS })).open(access, {
        memory_limit: "40MB",
        threads: "1",
      });
      const connection = await database.connect();
      await connection.run(`CREATE TEMP TABLE big AS SELECT range AS i, 'spilled ' || repeat('${EMAIL} ', 20) || range AS x FROM range(400_000)`);
      const spilled = readdirSync(`${path}.tmp`);
      expect(spilled.length).toBeGreaterThan(0);
      expect(hasInTheClear(`${path}.tmp`, "spilled ")).toBe(false);
      connection.disconnectSync();
      database.close();
    }
  });

  test("encrypt turns it on, changes the key and turns it off, with all that is in it; what is not encrypted any more is told", async () => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1", "2"));
    await run(["load", "a.csv"]);
    expect(hasInTheClear(cwd, EMAIL)).toBe(true);
    const SUMS = ["query", "SELECT count(*) AS n, string_agg(DISTINCT contact_email) AS who FROM page_views", "--format", "csv"];
    const sums = (await run(SUMS)).stdout;
    expect(sums).toBe(`n,who\n2,${EMAIL}\n`);

    expect(await run(["encrypt"], KEY)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Wrote .*signals\.duckdb anew, encrypted: .* in \d+\.\d s\.$/m),
    });
    expect([(await run(SUMS, KEY)).stdout, (await run(["verify"], KEY)).code]).toEqual([sums, 0]);
    expect(hasInTheClear(cwd, EMAIL)).toBe(false);
    expect(readdirSync(cwd).sort()).toEqual(["a.csv", "signals.duckdb"]);
    expect(await run(["encrypt"], KEY)).toMatchObject({ code: 2, stderr: expect.stringMatching(/is encrypted already[^]*--from/) });

    writeFileSync(join(cwd, "old-key"), KEY, { mode: 0o600 });
    const before = readFileSync(path);
    expect(await run(["encrypt", "--from", "old-key"], KEY.toUpperCase())).toMatchObject({ code: 0 });
    expect([(await run(SUMS, KEY.toUpperCase())).stdout, (await run(SUMS, KEY)).code]).toEqual([sums, 1]);
    expect(readFileSync(path).equals(before)).toBe(false);
    const changed = readFileSync(path);
    expect(await run(["encrypt", "--from", "old-key"], OTHER)).toMatchObject({ code: 1, stderr: expect.stringContaining("[warehouse_key]") });
    expect(await run(["encrypt", "--off"], OTHER)).toMatchObject({ code: 1, stderr: expect.stringContaining("[warehouse_key]") });
    expect(readFileSync(path).equals(changed)).toBe(true);

    expect(JSON.parse((await run(["encrypt", "--off", "--json"], KEY.toUpperCase())).stdout)).toMatchObject({ warehouse: path, encrypted: false });
    expect([(await run(SUMS)).stdout, (await run(["verify"])).code]).toEqual([sums, 0]);
    // It goes on as any other.
    writeFileSync(join(cwd, "b.csv"), views("2", "3"));
    expect((await run(["load", "b.csv"])).code).toBe(0);
    expect((await run(COUNT)).stdout).toBe("n\n3\n");
  });

  test.each([
    [["encrypt"], undefined, "there is no key to encrypt with"],
    [["encrypt", "--off"], undefined, "there is no key to encrypt with"],
    [["encrypt", "--off", "--from", "old-key"], KEY, "one of --from and --off"],
  ])("%j with key %j is refused", async (args, key, says) => {
    const { run } = place();
    expect(await run(args, key)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
  });

  test("a warehouse that is not there is not made by encrypt", async () => {
    const { cwd, run } = place();
    expect(await run(["encrypt"], KEY)).toMatchObject({ code: 1, stderr: expect.stringContaining("[warehouse_missing]") });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("forget writes it anew with its key, proves it, and publishes what is left in the clear", async () => {
    const { cwd, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1", "2"));
    writeConfig(cwd, { publish: { to: "published" }, contacts: { keys: ["Email"] } });
    expect((await run(["load", "a.csv"], KEY)).code).toBe(0);
    expect((await run(["forget", "--email", EMAIL], KEY)).stdout).toContain("Nothing is left.");
    expect((await run(COUNT, KEY)).stdout).toBe("n\n0\n");
    expect((await run(COUNT)).stderr).toContain("[warehouse_key]");
    expect((await run(["verify"], KEY)).code).toBe(0);
    expect(existsSync(join(cwd, "published", "current", "signals.duckdb"))).toBe(true);
  });

  test("the library writes and publishes it with the key that it is given", async () => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1"));
    await run(["load", "a.csv"], KEY);
    const options = { config: {}, warehouse: path, to: join(cwd, "published") };
    expect(await failureOf(publish(options))).toMatchObject({ code: "warehouse_key" });
    expect(await publish({ ...options, warehouseKey: KEY, extensions: EXTENSIONS })).toMatchObject({ version: 1, isNew: true });
    rmSync(join(cwd, "published"), { recursive: true });
  });

  test("where parts of a file could lie in no memory, they are not put on a disk in the clear", async (context) => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), exportText({ rows: 500, seed: 4 }).csv);
    // A /dev/shm of a megabyte, as a container may have it.
    const load = (key: string) => [
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "${process.execPath}" "${MAIN}" load a.csv --warehouse ${key === "" ? "plain.duckdb" : "signals.duckdb"}`,
    ];
    const spawned = (key: string) => {
      const [command = "", ...args] = load(key);
      return spawnSync(command, args, {
        cwd,
        env: { PATH: process.env["PATH"], HOME: cwd, SIGNALHOUSE_EXTENSIONS: EXTENSIONS, ...(key === "" ? {} : { SIGNALHOUSE_WAREHOUSE_KEY: key }) },
      }).status;
    };
    if (spawnSync("unshare", ["--mount", "true"]).status !== 0) context.skip();
    expect([spawned(KEY), spawned("")]).toEqual([0, 0]);
    const READ = ["query", "SELECT row_path_records = records AS row_by_row FROM signalhouse.loads", "--format", "csv"];
    expect((await run(READ, KEY)).stdout).toBe("row_by_row\ntrue\n");
    expect((await run([...READ, "--warehouse", "plain.duckdb"])).stdout).toBe("row_by_row\nfalse\n");
    expect(existsSync(path)).toBe(true);
  });

  test("a block of it that was changed is told as damage, not as a wrong key", async () => {
    const { cwd, path, run } = place();
    writeFileSync(join(cwd, "a.csv"), views("1", "2"));
    await run(["load", "a.csv"], KEY);
    const whole = readFileSync(path);
    const codes = [];
    for (let at = HEADERS + 1000; at < whole.length; at += BLOCK) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      writeFileSync(path, damaged);
      const { code, stderr } = await run(["verify"], KEY, "");
      // Some blocks are free.
      if (code !== 0) expect(stderr).toContain("[warehouse_damaged]");
      codes.push(code);
    }
    expect(codes).toContain(1);
  });
});
