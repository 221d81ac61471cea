/** doctor on a system that runs: what has gone wrong since a time, and for how long it can go on. */
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { type Clock, realClock } from "../../pipeline/common/clock.ts";
import { packageVersion } from "../../pipeline/common/package.ts";
import { growthOf } from "../../sinks/growth.ts";
import { cli, type DoctorCheck, workplace, writeConfig } from "../helpers/cli.ts";
import { putFile } from "../helpers/sandbox.ts";
import { smallDisk } from "../helpers/small-disk.ts";
import { csv, memoryFile, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The machine's clock, so many milliseconds on. */
const later = (ms: number): Clock => ({ now: () => Date.now() + ms, wait: (length, signal) => realClock.wait(length, signal) });

async function consult(cwd: string, args: readonly string[] = [], clock: Clock = realClock) {
  const { code, stdout } = await cli(["doctor", "--json", ...args], { cwd, clock });
  const { ok, looks, checks } = JSON.parse(stdout) as { ok: boolean; looks: number; checks: DoctorCheck[] };
  return { code, ok, looks, ...Object.fromEntries(checks.map((check) => [check.name, check])) } as {
    code: number;
    ok: boolean;
    looks: number;
  } & Record<string, DoctorCheck>;
}

/** A folder from which a server is reached that has no files. */
async function emptyServer() {
  const made = await workplace({ files: 1 });
  for (const name of readdirSync(join(made.exports, "Export", "Signals"))) rmSync(join(made.exports, "Export", "Signals", name), { recursive: true });
  return made;
}

/** The same, where a local file of three page views is loaded. */
async function place() {
  const made = await emptyServer();
  const views = ["1", "2", "3"].map((id) => pageView(id));
  writeFileSync(join(made.folder, "one.csv"), csv(views));
  expect((await cli(["load", "one.csv"], { cwd: made.folder })).code).toBe(0);
  return made;
}

test("a warehouse that is not there yet, or has nothing, is no matter", async () => {
  const { folder } = await emptyServer();
  const fresh = await consult(folder);
  expect([fresh.code, Object.keys(fresh)]).toEqual([0, expect.not.arrayContaining(["freshness"])]);
  await cli(["sync"], { cwd: folder });
  expect(await consult(folder)).toMatchObject({ code: 0, freshness: { status: "skipped", detail: "nothing is loaded yet" } });
});

test("files that come no more fail it, and how long is too long can be said", async () => {
  const { folder } = await place();
  expect(await consult(folder)).toMatchObject({
    code: 0,
    looks: 0,
    freshness: {
      status: "ok",
      detail: expect.stringMatching(/^the last file was loaded \d+ seconds? ago; the newest signal is of 2025-09-01 10:00:00 UTC$/),
    },
    rejects: { status: "ok" },
    drift: { status: "ok" },
    exports: { status: "ok" },
    versions: { status: "ok" },
  });
  const late = await consult(folder, [], later(30 * HOUR));
  expect(late).toMatchObject({
    code: 1,
    ok: false,
    freshness: { status: "failed", code: "export_late", fix: expect.stringContaining("signalhouse status") },
  });
  expect(late["freshness"]?.detail).toMatch(/^no file was loaded since .* UTC: the last file was loaded 1 day ago/);
  expect(await consult(folder, ["--since", "2d"], later(30 * HOUR))).toMatchObject({ code: 0 });
  expect((await cli(["doctor", "--since", "soon"], { cwd: folder })).stderr).toMatch(/--since is "soon"[^]*\[usage\]/);
});

test("rejects and drift want a look as long as they are new, and once they are not, no more", async () => {
  const { folder } = await place();
  const odd = { ...pageView("4"), SIGNAL_CONTENT: '{"signalType":"pageView","neverSeen":1}' };
  const broken = { ...pageView("5"), SIGNAL_CONTENT: "{" };
  writeFileSync(join(folder, "two.csv"), csv([{ ...pageView("3"), SIGNAL_CONTENT: "" }, odd, broken]));
  expect((await cli(["load", "two.csv"], { cwd: folder })).code).toBe(3);
  expect(await consult(folder)).toMatchObject({
    code: 3,
    ok: true,
    looks: 2,
    rejects: { status: "look", detail: expect.stringMatching(/^1 row since/), fix: "Look at them: signalhouse rejects list --load 2" },
    drift: {
      status: "look",
      detail: expect.stringMatching(/^new since .*: pageView neverSeen \(unknown field\)$/),
      fix: expect.stringContaining("signalhouse drift"),
    },
  });
  const { code, stdout } = await cli(["doctor"], { cwd: folder });
  expect([code, stdout]).toEqual([
    3,
    expect.stringMatching(/^look +rejects +1 row since .*\n +-> Look at them: .*\n[^]*\n\nEverything works; 2 things want a look\.\n$/m),
  ]);
  // A day and more later the file of the next day has come, with the drift that is known.
  await using(folder, "UPDATE signalhouse.loads SET finished_at = finished_at - INTERVAL 30 HOUR");
  writeFileSync(join(folder, "three.csv"), csv([{ ...odd, SIGNAL_ID: "6" }]));
  expect((await cli(["load", "three.csv"], { cwd: folder })).code).toBe(0);
  expect(await consult(folder)).toMatchObject({
    code: 0,
    rejects: { status: "ok", detail: expect.stringMatching(/^none since/) },
    drift: { status: "ok" },
  });
});

async function using(folder: string, sql: string): Promise<void> {
  const scratch = await scratchWarehouse({ path: join(folder, "signals.duckdb") });
  await scratch.run(sql);
  scratch.warehouse.close();
}

test("a file that Connect deletes soon and that is not loaded is named", async () => {
  const { folder, exports } = await place();
  const put = (name: string, daysLeft: number) =>
    putFile(join(exports, "Export", "Signals", name), Buffer.from(csv([pageView(name)])), Date.now() - (28 - daysLeft) * DAY + HOUR);
  put("soon.csv", 3);
  put("later.csv", 20);
  expect(await consult(folder)).toMatchObject({
    code: 3,
    exports: {
      status: "look",
      detail: "1 file not loaded and deleted within 7 days, the first Export/Signals/soon.csv",
      fix: expect.stringContaining("signalhouse sync"),
    },
  });
  expect((await cli(["sync"], { cwd: folder })).code).toBe(0);
  expect(await consult(folder)).toMatchObject({ code: 0, exports: { status: "ok" } });
});

test("runs of another version are told, but those before an upgrade are not", async () => {
  const { folder } = await place();
  await using(folder, "UPDATE signalhouse.runs SET version = '0.0.9'");
  expect(await consult(folder)).toMatchObject({
    code: 3,
    versions: {
      status: "look",
      detail: expect.stringMatching(new RegExp(`were by 0\\.0\\.9, and this is ${packageVersion().replaceAll(".", "\\.")}$`)),
    },
  });
  expect((await cli(["load", "one.csv"], { cwd: folder })).code).toBe(0);
  expect(await consult(folder)).toMatchObject({ code: 0, versions: { status: "ok" } });
  await using(folder, "INSERT INTO signalhouse.runs BY NAME SELECT 99 AS run_id, 'sync' AS command, '0.0.9' AS version, now() AS started_at");
  expect(await consult(folder)).toMatchObject({ code: 3, versions: { status: "look" } });
});

test("a warehouse of an older version says nothing of all that", async () => {
  const { folder } = await place();
  await using(folder, "ALTER TABLE signalhouse.loads DROP COLUMN later_headers");
  expect(await consult(folder)).toMatchObject({
    code: 0,
    warehouse: { status: "ok" },
    freshness: { status: "skipped", detail: expect.stringContaining("older") },
  });
});

/** Page views of so many a day, on days behind the first of August. */
const days = (...counts: number[]) =>
  counts.flatMap((n, day) =>
    Array.from({ length: n }, (_, index) => ({
      ...pageView(`${day}-${index}`),
      SIGNAL_TIMESTAMP: new Date(Date.parse("2025-08-01T12:00:00Z") + day * DAY).toISOString(),
    })),
  );

test("how quickly a warehouse grows is told by its last thirty days, whenever they were loaded", async () => {
  const growth = async (counts: number[], now = "2026-01-01") => {
    const scratch = await scratchWarehouse();
    await scratch.load([memoryFile("a.csv", 1, csv(days(...counts)))]);
    return growthOf(scratch.warehouse.connection, Date.parse(now));
  };
  // Ten days from the first to the last, in which ten times four came.
  expect(await growth([4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4])).toEqual({ signals: 44, signalsADay: 4 });
  // What was before the last thirty days does not count: 30 of two each, and the busy first day is gone.
  expect(await growth([500, ...Array.from({ length: 40 }, () => 2)])).toEqual({ signals: 580, signalsADay: 2 });
  // Nor what has a wrong clock.
  expect(await growth([1, 1, 1, 90], "2025-08-03T18:00:00Z")).toEqual({ signals: 93, signalsADay: 1 });
  expect(await growth([7])).toBeUndefined();
});

test("a disk that is full in some days fails it", async (context) => {
  const disk = smallDisk("1200m");
  if (disk === undefined) {
    context.skip();
    return;
  }
  const made = await emptyServer();
  writeConfig(made.folder, { ...made.config, warehouse: join(disk, "signals.duckdb") });
  writeFileSync(join(made.folder, "a.csv"), csv(days(3, 3)));
  expect((await cli(["load", "a.csv"], { cwd: made.folder })).code).toBe(0);
  truncateSync(join(disk, "signals.duckdb"), 400_000_000);
  const { code, room } = await consult(made.folder);
  // Half of all that there is came in a day, so that a day takes half of the file: 200 MB of some 1,200. It has no bytes for most of that, which takes no room.
  expect([code, room]).toEqual([
    1,
    expect.objectContaining({
      status: "failed",
      code: "disk_full",
      detail: expect.stringMatching(/ free, and the warehouse grows by 200 MB a day: room for 6 days$/),
    }),
  ]);
});

test("warehouse and published copy on one disk are told together", async () => {
  const { folder, config } = await place();
  writeFileSync(join(folder, "a.csv"), csv(days(2, 2, 2)));
  const to = join(scratchFolder(), "published");
  expect(dirname(to)).not.toBe(folder);
  writeConfig(folder, { ...config, publish: { to } });
  expect((await cli(["load", "a.csv"], { cwd: folder })).code).toBe(0);
  expect((await consult(folder))["room"]).toMatchObject({
    detail: expect.stringMatching(/ free, and the warehouse and the published copy grow by /),
  });
});
