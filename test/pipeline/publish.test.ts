/** publish: what is written again and what is not, who may read what and how long, and what goes wrong. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { DuckDBInstance } from "@duckdb/node-api";
import { publish } from "../../pipeline/index.ts";
import { publishChanges } from "../../pipeline/publish.ts";
import { type ConfigInput, readConfig } from "../../schemas/config.ts";
import { openCopyFolder } from "../../sinks/publish/folder.ts";
import type { ContactIds } from "../../sinks/publish/hashing.ts";
import { assertOwn, showsAll } from "../../sinks/publish/settings.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import { failureOf } from "../helpers/errors.ts";
import { asScratch, currentOf, filesBelow, manifestOf, openDatabase, publishScratch, versionsIn } from "../helpers/published.ts";
import { act, click, open, order, send } from "../helpers/mart-rows.ts";
import { csv, madeOnce, memoryFile, type Scratch, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 10);
/** A clock that says what it is told. */
const at = (now: number) => ({ clock: { now: () => now, wait: () => Promise.reject(new Error("nothing waits")) } });

/** A send of 2025-09-10 and an order of 2025-11-10. */
const warehouse = madeOnce(async () => {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([send("s1", "10:00", "C1"), order("o1", "+61 10:00", "C1", "10")]))]);
  return scratch;
});

/** That, and where to publish it to. */
const loaded = async (): Promise<{ scratch: Scratch; to: string }> => ({ scratch: await warehouse(), to: join(scratchFolder(), "copy") });

/** The files of the store, by table and month. */
function partsIn(to: string): Record<string, string> {
  const files = [...filesBelow(join(to, "store"))];
  return Object.fromEntries(files.map(([path, identity]) => [path, identity]));
}

const placesOf = (files: Iterable<string>) => [...files].map((path) => path.slice(0, path.lastIndexOf("/"))).sort();

describe("what is written again", () => {
  test("nothing, where nothing has changed: there is no new version either", async () => {
    const { scratch, to } = await loaded();
    expect(await publishScratch(scratch, to)).toMatchObject({ version: 1, isNew: true });
    const before = filesBelow(to);
    expect(await publishScratch(scratch, to)).toMatchObject({ version: 1, isNew: false, filesWritten: 0 });
    expect(filesBelow(to)).toEqual(before);
  });

  test("the months that a load has changed, and those of marts that it has changed elsewhere", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    const before = partsIn(to);
    // An open in October of the send of September; no signal of September or November is touched.
    await scratch.load([memoryFile("b.csv", 2, csv([open("p1", "+30 10:00", "C1")]))]);
    await publishScratch(scratch, to);
    const after = partsIn(to);
    for (const [path, identity] of Object.entries(before)) expect([path, after[path]]).toEqual([path, identity]);
    expect(placesOf(Object.keys(after).filter((path) => !(path in before)))).toEqual([
      "marketing_signals/month=2025-10",
      "marts.contact_states/all",
      "marts.sends/month=2025-09",
      "signalhouse.changes/all",
      "signalhouse.loads/all",
    ]);
    const copy = await asScratch(join(to, "current/signals.duckdb"));
    expect(await copy.value("SELECT opens FROM marts.sends")).toBe(1);
    expect(await copy.value("SELECT opened::INTEGER FROM marts.campaign_daily")).toBe(1);
  });

  test("both months of a signal whose time a later export has corrected", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    await scratch.load([memoryFile("b.csv", 2, csv([order("o1", "+92 10:00", "C1", "12")]))]);
    await publishScratch(scratch, to);
    const months = (await manifestOf(to)).tables.find(({ name }) => name === "behavior_signals")?.files.map(({ month }) => month);
    expect(months).toEqual(["2025-12"]);
    const copy = await asScratch(join(to, "current/signals.duckdb"));
    expect(await copy.rows("SELECT order_value FROM orders")).toEqual([{ order_value: "12.0000" }]);
  });

  test("a late load of an old month, and rejects that are replayed", async () => {
    const { scratch, to } = await loaded();
    await scratch.load([memoryFile("r.csv", 2, csv([{ ...act("pageView", "v1", "+30 10:00", "C1"), SIGNAL_CONTENT: "{" }]))]);
    await publishScratch(scratch, to);
    await scratch.run(`UPDATE signalhouse.rejects SET raw = replace(raw, '{', '{}'), raw_bytes = NULL`);
    await scratch.replay();
    await scratch.load([memoryFile("late.csv", 3, csv([click("c1", "-400 10:00", "C1")]))]);
    await publishScratch(scratch, to);
    const { tables } = await manifestOf(to);
    const monthsOf = (name: string) => tables.find((table) => table.name === name)?.files.map(({ month }) => month);
    expect(monthsOf("behavior_signals")).toEqual(["2025-10", "2025-11"]);
    expect(monthsOf("marketing_signals")).toEqual(["2024-08", "2025-09"]);
    const copy = await asScratch(join(to, "current/signals.duckdb"));
    expect(await copy.value("SELECT count(*)::INTEGER FROM page_views")).toBe(1);
  });

  test("all files that have a contact's hash, where the key is another one", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to, {}, { key: "one key of sixteen" });
    const before = await (await asScratch(join(to, "current/signals.duckdb"))).values("SELECT contact_id FROM marts.sends");
    await publishScratch(scratch, to, {}, { key: "another key of sixteen" });
    const after = await (await asScratch(join(to, "current/signals.duckdb"))).values("SELECT contact_id FROM marts.sends");
    expect(after).not.toEqual(before);
    expect(await (await asScratch(join(to, "current/signals.duckdb"))).values("SELECT DISTINCT contact_id FROM marts.contact_timeline")).toEqual(
      after,
    );
  });
});

describe("views of the version before", () => {
  test("are taken as they are, unless somebody has changed them", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    // As a tool does that opens the file to write.
    const instance = await DuckDBInstance.create(join(to, "current/signals.duckdb"));
    const connection = await instance.connect();
    await connection.run("CREATE OR REPLACE VIEW orders AS SELECT 99 AS order_value; CREATE TABLE mine (n INTEGER)");
    connection.disconnectSync();
    instance.closeSync();
    rmSync(join(to, "live.duckdb"));
    await publishScratch(scratch, to);
    expect(await (await asScratch(join(to, "live.duckdb"))).values("SELECT order_value FROM orders")).toEqual(["10.0000"]);
    await scratch.load([memoryFile("b.csv", 2, csv([order("o2", "12:00", "C2", "5")]))]);
    expect(await publishScratch(scratch, to)).toMatchObject({ version: 2 });
    const copy = await asScratch(join(to, "current/signals.duckdb"));
    expect(await copy.values("SELECT order_value FROM orders ORDER BY ALL")).toEqual(["5.0000", "10.0000"]);
    expect(await copy.values("SELECT table_name FROM duckdb_tables()")).toEqual([]);
    const { signals_sha256 } = await manifestOf(to);
    expect(
      createHash("sha256")
        .update(readFileSync(join(to, "current/signals.duckdb")))
        .digest("hex"),
    ).toBe(signals_sha256);
  });
});

test("what the configuration says otherwise is published by a run that changes nothing, once", async () => {
  const { scratch, to } = await loaded();
  const changed = async (settings: ConfigInput["publish"]) => {
    const config = readConfig({ warehouse: scratch.path, publish: { to, ...settings } }, "the test");
    const context = {
      door: { toRead: <T>(work: (warehouse: Warehouse) => Promise<T>) => work(scratch.warehouse) },
      signal: new AbortController().signal,
    };
    return (await publishChanges(config, context))?.version;
  };
  expect([await changed({}), await changed({ contactColumns: ["Ctiy"] })], "no contact column is called so").toEqual([1, undefined]);
  const named = { contactColumns: ["Customer ID"] };
  expect([await changed(named), await changed(named)]).toEqual([2, undefined]);
  expect(await (await asScratch(join(to, "current/signals.duckdb"))).values("SELECT contact_customer_id FROM orders")).toEqual(["C1"]);
  // And so is whatever else decides what it shows.
  const key = Buffer.from(readFileSync(`${scratch.path}.publish-key`, "utf8").trim(), "hex");
  const manifest = await manifestOf(to);
  const shows = (contactIds: ContactIds, version = manifest.signalhouse) => showsAll(manifest, scratch.warehouse, { ...named, contactIds }, version);
  expect(await shows({ as: "hashed", key })).toBe(true);
  expect(await shows({ as: "hashed", key: Buffer.from("another key") })).toBe(false);
  expect(await shows({ as: "plain" })).toBe(false);
  expect(await shows({ as: "hashed", key }, "a later version")).toBe(false);
  await scratch.run(`UPDATE signalhouse.meta SET marts = json_merge_patch(marts, '{"windowDays": {"email": 3}}')`);
  expect(await shows({ as: "hashed", key })).toBe(false);
});

describe("readers", () => {
  test("who has a version open keeps it; live.duckdb, held open, shows the next one, all tables of it at once", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    const signals = await asScratch(join(to, "current/signals.duckdb"));
    const live = await asScratch(join(to, "live.duckdb"));
    const liveFile = filesBelow(to).get("live.duckdb");
    const shown = `SELECT version::INTEGER AS version, (SELECT count(*)::INTEGER FROM marketing_signals) AS marketing, (SELECT count(*)::INTEGER FROM orders) AS orders,
      (SELECT count(*)::INTEGER FROM marts.contact_timeline) AS timeline FROM published.version`;
    const first = [{ version: 1, marketing: 1, orders: 1, timeline: 2 }];
    expect([await signals.rows(shown), await live.rows(shown)]).toEqual([first, first]);
    await scratch.load([memoryFile("b.csv", 2, csv([send("s2", "11:00", "C2"), order("o2", "12:00", "C2", "5")]))]);
    await publishScratch(scratch, to);
    const second = [{ version: 2, marketing: 2, orders: 2, timeline: 4 }];
    const seen = new Set<string>();
    for (const end = Date.now() + 20_000; Date.now() < end && !seen.has(JSON.stringify(second));) seen.add(JSON.stringify(await live.rows(shown)));
    expect([...seen].filter((rows) => rows !== JSON.stringify(first))).toEqual([JSON.stringify(second)]);
    expect(filesBelow(to).get("live.duckdb")).toBe(liveFile);
    expect(await signals.rows(shown)).toEqual(first);
    expect(await (await asScratch(join(to, "current/signals.duckdb"))).rows(shown)).toEqual(second);
  });

  test("a folder that was moved is read with one statement, and nothing in it is written for that", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    const moved = join(scratchFolder(), "elsewhere");
    renameSync(to, moved);
    for (const file of ["current/signals.duckdb", "live.duckdb"]) {
      const copy = await asScratch(join(moved, file));
      await expect(copy.rows("FROM orders")).rejects.toThrow(/No files found/);
      await copy.run(`SET VARIABLE signalhouse_copy = '${moved}'`);
      expect(await copy.value("SELECT count(*)::INTEGER FROM marts.contact_timeline")).toBe(2);
    }
    // What is published there from then on needs no statement.
    await publishScratch(scratch, moved);
    expect(await (await asScratch(join(moved, "current/signals.duckdb"))).value("SELECT count(*)::INTEGER FROM orders")).toBe(1);
  });

  test("a pool that has held live.duckdb while columns came to be left out is told to open it anew", async () => {
    const scratch = await scratchWarehouse();
    const to = join(scratchFolder(), "copy");
    await scratch.load([memoryFile("a.csv", 1, csv([{ ...send("s1", "10:00", "C1"), City: "Graz" }]))]);
    await publishScratch(scratch, to, { contactColumns: ["City"] });
    const held = await asScratch(join(to, "live.duckdb"));
    expect(await held.rows("SELECT contact_city FROM email_sends")).toEqual([{ contact_city: "Graz" }]);
    await publishScratch(scratch, to);
    let told = "";
    for (const end = Date.now() + 20_000; Date.now() < end && told === "";) told = await held.rows("FROM email_sends").then(() => "", String);
    expect(told).toContain("open it anew");
    expect(await (await asScratch(join(to, "live.duckdb"))).rows("SELECT signal_id FROM email_sends")).toEqual([{ signal_id: "s1" }]);
  });

  test("whoever may look into the folder may read what is in it", async () => {
    const { scratch, to } = await loaded();
    mkdirSync(to, { mode: 0o755 });
    await publishScratch(scratch, to);
    for (const path of filesBelow(to).keys())
      if (path !== ".publishing") expect([path, statSync(join(to, path)).mode & 0o777]).toEqual([path, 0o644]);
    const closed = join(scratchFolder(), "closed");
    await publishScratch(scratch, closed);
    expect(statSync(closed).mode & 0o777).toBe(0o700);
    expect(statSync(join(closed, "current/signals.duckdb")).mode & 0o777).toBe(0o600);
  });
});

describe("how long", () => {
  /** Publishes so many versions, a day or so apart. */
  async function publishTimes(scratch: Scratch, to: string, times: number, apartMs: number, settings = {}) {
    for (let number = 1; number <= times; number += 1) {
      await scratch.load([memoryFile(`v${number}.csv`, 10 + number, csv([act("pageView", `v${number}`, "10:00", "C1")]))]);
      await publishScratch(scratch, to, settings, at(NOW + number * apartMs));
    }
  }

  test("three versions are kept, and what only older ones had goes away with them", async () => {
    const { scratch, to } = await loaded();
    await publishTimes(scratch, to, 5, 2 * DAY_MS);
    expect(versionsIn(to)).toEqual(["3", "4", "5"]);
    expect((await manifestOf(to)).kept).toEqual([3, 4]);
    expect(currentOf(to)).toBe("versions/5");
    const months = Object.keys(partsIn(to)).filter((path) => path.startsWith("behavior_signals/month=2025-09/"));
    expect(months).toHaveLength(3);
  });

  test("versions that took each other's place within 24 hours are all kept, and go when these are over", async () => {
    const { scratch, to } = await loaded();
    await publishTimes(scratch, to, 5, DAY_MS / 24);
    expect(versionsIn(to)).toEqual(["1", "2", "3", "4", "5"]);
    // Version 2 took the place of 1 two hours after NOW: 24 hours later it goes, with the next version; that of 2 would in an hour.
    await scratch.load([memoryFile("last.csv", 99, csv([act("pageView", "last", "10:00", "C1")]))]);
    await publishScratch(scratch, to, {}, at(NOW + 26 * (DAY_MS / 24)));
    expect(versionsIn(to)).toEqual(["2", "3", "4", "5", "6"]);
  });

  test("as publish.keepVersions and publish.keepHours say", async () => {
    const { scratch, to } = await loaded();
    await publishTimes(scratch, to, 4, 60_000, { keepVersions: 1, keepHours: 0 });
    // Whoever has begun to read the one before has a minute at least.
    expect(versionsIn(to)).toEqual(["3", "4"]);
  });
});

describe("a version that shows more than the one after it", () => {
  test("goes away as soon as nobody can be reading it, with nothing new in the warehouse, too", async () => {
    const { scratch, to } = await loaded();
    const settings = { keepVersions: 9, keepHours: 99 };
    await publishScratch(scratch, to, { ...settings, contactColumns: ["Customer ID"] }, at(NOW));
    await publishScratch(scratch, to, settings, at(NOW + 1000));
    expect(versionsIn(to)).toEqual(["1", "2"]);
    await publishScratch(scratch, to, settings, at(NOW + 62_000));
    expect(versionsIn(to)).toEqual(["2"]);
  });
});

describe("what goes wrong", () => {
  test("another publish to the folder is told, and ends nothing", async () => {
    const { scratch, to } = await loaded();
    const other = await openCopyFolder(to);
    expect(await failureOf(publishScratch(scratch, to))).toMatchObject({ code: "publish_under_way", retryable: true });
    other.close();
    expect(await publishScratch(scratch, to)).toMatchObject({ version: 1 });
  });

  test("a folder of somebody else's is not touched", async () => {
    const { scratch } = await loaded();
    const to = scratchFolder();
    writeFileSync(join(to, "thesis.txt"), "years of work");
    expect(await failureOf(publishScratch(scratch, to))).toMatchObject({
      code: "publish_failed",
      message: expect.stringContaining("has files in it") as string,
    });
    expect([...filesBelow(to).keys()]).toEqual(["thesis.txt"]);
  });

  test("nor is one whose files have the names of a copy's", async () => {
    const { scratch } = await loaded();
    const to = scratchFolder();
    for (const name of ["store/modules/users", "versions/7", "current"]) mkdirSync(join(to, name), { recursive: true });
    for (const name of ["store/modules/users/state.js", "versions/7/release.txt"]) writeFileSync(join(to, name), "mine");
    const before = filesBelow(to);
    expect(await failureOf(publishScratch(scratch, to))).toMatchObject({ code: "publish_failed" });
    expect(filesBelow(to)).toEqual(before);
  });

  test.each(["what?", "/proc/nothing/copy"])("a folder that cannot be one is told: %s", async (name) => {
    const { scratch } = await loaded();
    expect(await failureOf(publishScratch(scratch, resolve(scratchFolder(), name)))).toMatchObject({ code: "publish_failed" });
  });

  test("a folder in which the warehouse lies is none for its copy", async () => {
    const { scratch } = await loaded();
    expect(await failureOf(publishScratch(scratch, dirname(scratch.path)))).toMatchObject({
      code: "publish_failed",
      message: expect.stringContaining("which others read") as string,
    });
  });

  test("a folder with the copy of another warehouse is refused, and stays as it is; one that does not say whose it is is taken over", async () => {
    const to = join(scratchFolder(), "copy");
    const [one, other] = [await scratchWarehouse(), await scratchWarehouse()];
    for (const [scratch, value] of [[one, "10"] as const, [other, "20"] as const]) {
      await scratch.load([memoryFile("a.csv", 1, csv([order("o1", "10:00", "C1", value)]))]);
      // As many rows in each month, and nothing noted of their changes.
      await scratch.run("DELETE FROM signalhouse.changes");
    }
    await publishScratch(one, to, { contactIds: "plain" });
    const before = filesBelow(to);
    for (const scratch of [other, await scratchWarehouse()])
      expect(await failureOf(publishScratch(scratch, to, { contactIds: "plain" }))).toMatchObject({
        code: "publish_failed",
        message: expect.stringContaining("has the published copy of another warehouse") as string,
      });
    expect(filesBelow(to)).toEqual(before);
    const { warehouse, settings, ...older } = await manifestOf(to);
    expect([typeof warehouse, typeof settings]).toEqual(["string", "string"]);
    writeFileSync(join(to, "current/manifest.json"), JSON.stringify(older));
    await publishScratch(other, to, { contactIds: "plain" });
    const copy = await asScratch(join(to, "current/signals.duckdb"));
    expect(await copy.values("SELECT order_value FROM orders")).toEqual(["20.0000"]);
  });

  test("a copy of a warehouse in which nothing was loaded yet is nobody else's", () => {
    expect(() => assertOwn("copy", { warehouse: null }, { origin: "1" })).not.toThrow();
    expect(() => assertOwn("copy", { warehouse: "1" }, { origin: null })).toThrow("this one's is still to come");
  });

  test("another key than that of the version before is told", async () => {
    const { scratch, to } = await loaded();
    let told = 0;
    const onOtherKey = () => void (told += 1);
    for (const key of ["first of all the keys", "first of all the keys", "another of all the keys"]) {
      await publishScratch(scratch, to, {}, { key, onOtherKey });
    }
    expect(told).toBe(1);
  });

  test("without a folder, a warehouse or a good key it says what to do, and makes nothing", async () => {
    const folder = scratchFolder();
    const warehouse = join(folder, "signals.duckdb");
    expect(await failureOf(publish({ config: {}, warehouse }))).toMatchObject({ code: "usage", hint: expect.stringContaining("--to") as string });
    expect(await failureOf(publish({ config: {}, warehouse, to: join(folder, "copy") }))).toMatchObject({ code: "warehouse_missing" });
    expect(existsSync(join(folder, "copy"))).toBe(false);
    const { scratch, to } = await loaded();
    expect(await failureOf(publishScratch(scratch, to, {}, { key: "short" }))).toMatchObject({ code: "config_invalid" });
    const file = `${scratch.path}.publish-key`;
    writeFileSync(file, "0".repeat(64), { mode: 0o644 });
    expect(await failureOf(publishScratch(scratch, to))).toMatchObject({
      code: "key_file_open",
      hint: expect.stringContaining("chmod 600") as string,
    });
    rmSync(file);
    writeFileSync(file, "no key", { mode: 0o600 });
    expect(await failureOf(publishScratch(scratch, to))).toMatchObject({ code: "config_invalid", hint: expect.stringContaining("backup") as string });
    expect(existsSync(to)).toBe(false);
  });

  test("the key is made once, for its owner alone, and is in no file of the copy", async () => {
    const { scratch, to } = await loaded();
    const told: string[] = [];
    await publishScratch(scratch, to, {}, { onKey: (file) => told.push(file) });
    await publishScratch(scratch, to, {}, { onKey: (file) => told.push(file) });
    const file = `${scratch.path}.publish-key`;
    expect(told).toEqual([file]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = readFileSync(file, "utf8").trim();
    for (const path of filesBelow(to).keys()) {
      const content = readFileSync(join(to, path));
      expect([path, content.includes(key), content.includes(Buffer.from(key, "hex"))]).toEqual([path, false, false]);
    }
  });

  test("headers that no contact column has are told", async () => {
    const { scratch, to } = await loaded();
    const unknown: string[] = [];
    const result = await publishScratch(scratch, to, { contactColumns: ["Ctiy"] }, { onUnknown: (headers) => unknown.push(...headers) });
    expect([result.unknownColumns, unknown]).toEqual([["Ctiy"], ["Ctiy"]]);
  });

  test("an abort ends it, and what was published before is as it was", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    await scratch.load([memoryFile("b.csv", 2, csv([send("s2", "11:00", "C2")]))]);
    const abort = new AbortController();
    const reason = new Error("no more time");
    const ended = publishScratch(scratch, to, {}, { signal: abort.signal, step: (name) => name === "switch" && abort.abort(reason) });
    // What is between the look at the signal and the switch is done.
    expect([await ended.catch((error: unknown) => error), currentOf(to)]).toEqual([reason, "versions/2"]);
  });

  test("a copy of the folder, links followed, is a copy of the data", async () => {
    const { scratch, to } = await loaded();
    await publishScratch(scratch, to);
    const copied = join(scratchFolder(), "copied");
    cpSync(to, copied, { recursive: true, verbatimSymlinks: true });
    const connection = await openDatabase(join(copied, "current/signals.duckdb"));
    await connection.run(`SET VARIABLE signalhouse_copy = '${copied}'`);
    expect((await connection.runAndReadAll("SELECT count(*)::INTEGER FROM orders")).getRowsJson()).toEqual([[1]]);
  });
});
