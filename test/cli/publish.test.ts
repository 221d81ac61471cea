/** publish as a command, after the runs of others, and read in the place of a warehouse that is busy. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { cli, startCli, workplace, writeConfig, type Workplace } from "../helpers/cli.ts";
import { act } from "../helpers/mart-rows.ts";
import { currentOf, manifestOf, versionsIn } from "../helpers/published.ts";
import { csv } from "../helpers/warehouse.ts";

/** A workplace whose configuration publishes. */
async function publishing(): Promise<Workplace & { to: string }> {
  const at = await workplace({ files: 1 });
  writeConfig(at.folder, { ...at.config, publish: { to: "published" } });
  return { ...at, to: join(at.folder, "published") };
}

const signals = async (to: string) =>
  (await manifestOf(to)).tables.flatMap(({ name, rows }) => (name.endsWith("_signals") ? [rows] : [])).reduce((a, b) => a + b);

test("publish writes where --to says, and tells what it wrote", async () => {
  const at = await workplace({ files: 1 });
  const cwd = at.folder;
  expect(await cli(["publish"], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining("--to FOLDER") as string });
  expect(await cli(["publish", "--to", "p"], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining("warehouse_missing") as string });
  expect(existsSync(join(cwd, "p"))).toBe(false);
  await cli(["sync"], { cwd });
  const first = await cli(["publish", "--to", "p"], { cwd });
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Published version 1: \d+ of \d+ files written, [\d,]+ rows, /) as string });
  expect(first.stderr).toContain("signals.duckdb.publish-key, made now");
  expect(await signals(join(cwd, "p"))).toBe(at.truth.signals);
  const again = await cli(["publish", "--to", "p", "--json"], { cwd });
  expect(JSON.parse(again.stdout)).toMatchObject({ version: 1, is_new: false, files_written: 0, unknown_columns: [], folder: join(cwd, "p") });
});

test("with publish.to each run that has changed the warehouse publishes, and status says how old that is", async () => {
  const at = await publishing();
  const cwd = at.folder;
  expect((await cli(["sync"], { cwd })).stderr).toContain(`published version 1 to ${at.to}`);
  expect(await signals(at.to)).toBe(at.truth.signals);
  expect((await cli(["sync"], { cwd })).stderr).not.toContain("published");
  expect(versionsIn(at.to)).toEqual(["1"]);
  const { stdout } = await cli(["status"], { cwd });
  expect(stdout).toMatch(/published +version 1, .* UTC, \d+ seconds? ago, in /);
  expect(JSON.parse((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({ published: { folder: at.to, version: 1 } });
  // A sync whose publish fails has loaded all the same.
  rmSync(at.to, { recursive: true });
  writeConfig(cwd, { ...at.config, publish: { to: "signalhouse.config.json" } });
  expect(await cli(["load", join(at.exports, at.truth.files[0]?.path ?? "")], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("publish_failed") as string,
  });
});

test("watch publishes what a cycle has loaded, and goes on where that fails", async () => {
  const at = await publishing();
  const running = startCli(["watch", "--every", "1s"], { cwd: at.folder });
  await running.said(/published version 1/);
  running.interrupt("SIGTERM");
  expect((await running.ended).code).toBe(0);
  expect(currentOf(at.to)).toBe("versions/1");
  writeConfig(at.folder, { ...at.config, publish: { to: "signalhouse.config.json" } });
  const failing = startCli(["watch", "--every", "1s"], { cwd: at.folder });
  await failing.said(/nothing was published: [^]*nothing was published: .*publish_failed/);
  failing.interrupt("SIGTERM");
  await failing.ended;
});

test("while another process has the warehouse, query, shell and report read the copy and say so; others are told of it", async () => {
  const at = await publishing();
  const cwd = at.folder;
  writeFileSync(
    join(cwd, "odd.csv"),
    csv([{ ...act("pageView", "odd", "10:00", "C1", { unheard: "of" }) }, { ...act("pageView", "bad", "10:00", "C1"), SIGNAL_CONTENT: "{" }]),
  );
  await cli(["load", "odd.csv"], { cwd });
  await cli(["sync"], { cwd });
  await cli(["report", "-o", "report.html"], { cwd });
  const sql = "SELECT count(*) AS orders FROM orders";
  const truth = (await cli(["query", sql, "--format", "csv"], { cwd })).stdout;
  const other = await openWarehouse(placeOf(join(cwd, "signals.duckdb")));
  try {
    const busy = await cli(["query", sql, "--format", "csv"], { cwd });
    expect(busy).toMatchObject({ code: 0, stdout: truth });
    expect(busy.stderr).toMatch(/this is the published copy in .*published, as of 20.* UTC, \d+ seconds? ago/);
    expect(await cli(["query", `FROM read_parquet('${at.to}/current/orders/*')`], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("other files") as string,
    });
    const file = await cli(["query", "FROM marts.sends", "-o", "sends.parquet"], { cwd });
    expect(file).toMatchObject({ code: 0, stdout: expect.stringContaining("Wrote") as string });
    const shell = await cli(["shell", "--format", "csv"], { cwd, input: `${sql};\n` });
    expect(shell).toMatchObject({ code: 0, stdout: truth, stderr: expect.stringContaining("this is the published copy") as string });
    const report = await cli(["report", "-o", "copy.html"], { cwd });
    expect(report).toMatchObject({ code: 0, stderr: expect.stringContaining("this is the published copy") as string });
    const [whole = "", copied = ""] = ["report.html", "copy.html"].map((name) => readFileSync(join(cwd, name), "utf8"));
    expect(whole).toMatch(/Reject[^]*content_not_json[^]*unknown field/);
    const said = /<p class="lead">This is the published copy as of [^<]+<\/p> /;
    expect(copied).toMatch(said);
    expect(copied.replace(said, "")).toBe(whole);
    for (const command of ["sync", "status"]) {
      const told = await cli([command], { cwd });
      expect([command, told.code]).toEqual([command, 1]);
      expect(told.stderr).toContain(`Meanwhile read the published copy: ${at.to}/current/signals.duckdb, of 20`);
    }
    // An older signalhouse would have written a copy that lacks what a report asks for.
    const manifest = await manifestOf(at.to);
    const tables = manifest.tables.filter(({ name }) => name !== "signalhouse.rejects");
    writeFileSync(join(at.to, "current/manifest.json"), JSON.stringify({ ...manifest, tables }));
    expect(await cli(["report", "-o", "none.html"], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it lacks signalhouse\.rejects\. The next publish brings that\. \[warehouse_locked\]/) as string,
    });
    expect(existsSync(join(cwd, "none.html"))).toBe(false);
  } finally {
    other.close();
  }
  expect((await cli(["query", sql], { cwd })).stderr).toBe("");
});
