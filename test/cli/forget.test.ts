/** forget: the file and the published copy have nothing of whoever is gone, byte by byte; what was interrupted is done by the same command again. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DuckDBInstance } from "../../sinks/duckdb.ts";
import { cli, startCli } from "../helpers/cli.ts";
import { TestClock } from "../helpers/clock.ts";
import { filesBelow, openDatabase } from "../helpers/published.ts";
import { behavior, message } from "../helpers/signals.ts";
import { csv, scratchFolder } from "../helpers/warehouse.ts";

const ADDRESS = "anna.of.somewhere@example.com";
const ANNA = { "Customer ID": "A-1017", Email: ADDRESS };
const BOB = { "Customer ID": "B-2", Email: "bob@example.com" };
const SIGNALS = [
  message("emailSend", "anna-send", "03-01 09:00", ANNA),
  behavior("pageView", "anna-view", "03-01 10:01", { url: `https://shop/?mail=${encodeURIComponent(ADDRESS)}` }, ANNA),
  message("emailSend", "bob-send", "03-01 09:00", BOB),
  behavior("pageView", "bob-view", "04-01 10:00", {}, { ...BOB, TLTSID: "s2" }),
];

const CONFIG = { publish: { to: "published", contactColumns: ["Email"], contactIds: "plain", keepVersions: 10 } };

/** A folder with a warehouse that has Anna and Bob. */
async function loaded(config: object = {}): Promise<{ cwd: string; clock: TestClock }> {
  const at = { cwd: scratchFolder(), clock: new TestClock("2025-09-10T08:00:00Z") };
  writeFileSync(join(at.cwd, "signalhouse.config.json"), JSON.stringify(config));
  writeFileSync(join(at.cwd, "a.csv"), csv(SIGNALS));
  expect(await cli(["load", "a.csv"], at)).toMatchObject({ code: 0 });
  return at;
}

/** The files that have the address in their bytes, but for the export. */
const having = (cwd: string) =>
  [...filesBelow(cwd).keys()].filter((path) => path !== "a.csv" && readFileSync(join(cwd, path)).toString("latin1").includes(ADDRESS));

test("nothing is left in any file, and the receipt says so without saying who it was", async () => {
  const at = await loaded(CONFIG);
  const { cwd } = at;
  await cli(["publish"], at);
  expect(having(cwd)).toContain("signals.duckdb");
  const parquet = () => [...filesBelow(join(cwd, "published/store")).keys()].map((path) => join(cwd, "published/store", path));
  const memory = await (await DuckDBInstance.create(":memory:")).connect();
  const named = async () => {
    const all = await Promise.all(
      parquet().map(async (path) => (await memory.runAndReadAll(`SELECT r::VARCHAR FROM read_parquet('${path}') r`)).getRows().flat()),
    );
    return all.flat().filter((text) => String(text).includes("anna") || String(text).includes("A-1017")).length;
  };
  expect(await named()).toBeGreaterThan(0);
  const rowsBefore = await rowsOf(cwd);

  const { code, stdout, stderr } = await cli(["forget", "--email", ADDRESS.toUpperCase(), "-o", "receipt.json", "--json"], at);
  expect(code).toBe(0);
  const receipt = JSON.parse(stdout) as unknown;
  expect(receipt).toMatchObject({
    erasure_id: 1,
    dry_run: false,
    asked: { what: "email", hash: expect.stringMatching(/^[0-9a-f]{32}$/) },
    contacts: 1,
    tables: { marketing_signals: 1, behavior_signals: 1, "marts.sends": 1 },
    remembered: { key: 2, session: 1 },
    published_version: 2,
    proof: { ok: true, found: [] },
  });
  expect(JSON.parse(readFileSync(join(cwd, "receipt.json"), "utf8"))).toEqual(receipt);
  expect(statSync(join(cwd, "receipt.json")).mode & 0o777).toBe(0o600);
  expect(stderr).toContain("signals.duckdb.privacy-key, made now");
  expect((stdout + stderr).toLowerCase()).not.toContain(ADDRESS);

  expect(having(cwd)).toEqual([]);
  expect(await named()).toBe(0);
  expect(readdirSync(join(cwd, "published/versions"))).toEqual(["2"]);
  // Whoever opens the copy is shown it at once, by either file.
  const live = await openDatabase(join(cwd, "published/current/signals.duckdb"));
  expect((await live.runAndReadAll("SELECT contact_email FROM marketing_signals")).getRows()).toEqual([["bob@example.com"]]);

  // All else is as it was, in a file that is no larger, and the user's alone.
  expect(await rowsOf(cwd)).toEqual({ ...rowsBefore, marketing_signals: 1n, behavior_signals: 1n });
  expect(statSync(join(cwd, "signals.duckdb")).mode & 0o777).toBe(0o600);
  expect(readdirSync(cwd).filter((name) => name.includes("rewrite"))).toEqual([]);
  expect(await cli(["verify"], at)).toMatchObject({ code: 0 });

  writeFileSync(join(cwd, "b.csv"), csv([...SIGNALS, message("emailSend", "anna-again", "03-05 09:00", ANNA)]));
  const again = await cli(["load", "b.csv"], at);
  expect(again.stderr).toContain("3 records left out, of somebody who was forgotten");
  expect(await rowsOf(cwd)).toMatchObject({ marketing_signals: 1n, behavior_signals: 1n });
});

/** How many rows the tables of signals have, and how many views and comments there are. */
async function rowsOf(cwd: string): Promise<Record<string, unknown>> {
  const instance = await DuckDBInstance.create(join(cwd, "signals.duckdb"), { access_mode: "READ_ONLY" });
  try {
    const connection = await instance.connect();
    const result = await connection.runAndReadAll(
      `SELECT (SELECT count(*) FROM marketing_signals) AS marketing_signals, (SELECT count(*) FROM behavior_signals) AS behavior_signals,
         (SELECT list(schema_name || '.' || view_name ORDER BY schema_name, view_name)::VARCHAR FROM duckdb_views() WHERE NOT internal) AS views, (SELECT count(*) FROM marts.daily) > 0 AS marts`,
    );
    connection.disconnectSync();
    return result.getRowObjects()[0] ?? {};
  } finally {
    instance.closeSync();
  }
}

test("interrupted before the file is written anew, the same again does the rest", async () => {
  const at = await loaded(CONFIG);
  await cli(["publish"], at);
  const running = startCli(["forget", "--email", ADDRESS], at);
  await running.said(/writing the warehouse's file anew/);
  running.interrupt("SIGINT");
  expect(await running.ended).toMatchObject({ code: 130 });
  // A sync in between publishes what is left, as ever.
  const { code, stdout } = await cli(["forget", "--email", ADDRESS, "--json"], at);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { contacts: 0, tables: {}, published_version: 2, proof: { ok: true } }]);
  expect(having(at.cwd)).toEqual([]);
  expect(readdirSync(join(at.cwd, "published/versions"))).toEqual(["2"]);
  const { stdout: erasures } = await cli(
    ["query", "SELECT count(*) AS n FROM signalhouse.erasures WHERE rows > 0 AND rewritten_at IS NULL", "--format", "csv"],
    at,
  );
  expect(erasures).toBe("n\n0\n");
});

test("--dry-run says what would go, and changes nothing", async () => {
  const at = await loaded();
  const before = readFileSync(join(at.cwd, "signals.duckdb"));
  const { code, stdout } = await cli(["forget", "--contact-key", "A-1017", "--dry-run"], at);
  expect([code, stdout]).toEqual([0, "would be erased from  rows\nmarketing_signals        1\nbehavior_signals         1\n"]);
  expect(readFileSync(join(at.cwd, "signals.duckdb")).equals(before)).toBe(true);
  expect(readdirSync(at.cwd).filter((name) => name.includes("key"))).toEqual([]);
});

test("a table of somebody's own that names whoever is gone is told, and is a failure", async () => {
  const at = await loaded();
  const instance = await DuckDBInstance.create(join(at.cwd, "signals.duckdb"));
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE mine AS SELECT '${ADDRESS}' AS whoever`);
  connection.disconnectSync();
  instance.closeSync();
  const { code, stderr } = await cli(["forget", "--email", ADDRESS], at);
  expect([code, stderr]).toEqual([1, expect.stringContaining("something is left:\n  mine: 1 row\n")]);
});

test("what others say of whoever is gone is left and told, and is no failure", async () => {
  const at = await loaded();
  const { cwd } = at;
  // The key of another contact, and so what is made of it, has hers as a word.
  writeFileSync(
    join(cwd, "b.csv"),
    csv([
      message("emailSend", "other", "03-01 09:00", { "Customer ID": "for A-100017", Email: "" }),
      message("emailSend", "own", "03-01 09:00", { "Customer ID": "A-100017" }),
    ]),
  );
  await cli(["load", "b.csv"], at);
  const { code, stdout, stderr } = await cli(["forget", "--contact-key", "A-100017", "--json"], at);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { left: { marketing_signals: 1 }, proof: { ok: true } }]);
  expect((JSON.parse(stdout) as { proof: { found: { place: string }[] } }).proof.found.map(({ place }) => place)).toContain("marts.contact_states");
  expect(stderr).toContain("1 signal of others in marketing_signals name it in some text, and are left");
});

test("a receipt that could not be written, or would take something's place, is refused before anything is erased", async () => {
  const at = await loaded();
  const before = readFileSync(join(at.cwd, "signals.duckdb"));
  for (const [file, message] of [
    ["signals.duckdb", "is the warehouse itself"],
    ["signalhouse.config.json", "is the configuration itself"],
    ["no-such-folder/receipt.json", "Nothing was changed."],
  ] as const) {
    const { code, stderr } = await cli(["forget", "--email", ADDRESS, "-o", file], at);
    expect([code, stderr], file).toEqual([2, expect.stringContaining(message)]);
  }
  expect(readFileSync(join(at.cwd, "signals.duckdb")).equals(before)).toBe(true);
});

/** Does something to the warehouse as a program of the user's own. */
async function own(cwd: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(join(cwd, "signals.duckdb"));
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.disconnectSync();
  instance.closeSync();
}

test("what is no signal, and what was deleted before, goes out of the file, too", async () => {
  const at = await loaded();
  await own(at.cwd, "INSERT INTO signalhouse.refset_rows VALUES ('VIP', 'dora.of.somewhere@example.com', 1, 'j', now())");
  await own(at.cwd, "CREATE TABLE mine AS SELECT 'carl.of.somewhere@example.com' AS whoever FROM range(10)", "CHECKPOINT");
  await own(at.cwd, "DROP TABLE mine");
  for (const name of ["dora", "carl"]) {
    const { code, stdout } = await cli(["forget", "--email", `${name}.of.somewhere@example.com`], at);
    expect([code, stdout], name).toEqual([0, expect.stringContaining("1 file. Nothing is left.")]);
  }
});

test("the proof says what it did not search", async () => {
  const at = await loaded();
  writeFileSync(join(at.cwd, "b.csv"), csv([message("emailSend", "joanna", "03-01 09:00", { "Customer ID": "J-1", Email: `jo${ADDRESS}` })]));
  await cli(["load", "b.csv"], at);
  const proof = async (...args: string[]) => {
    const { stdout } = await cli(["forget", ...args, "--json"], at);
    return (JSON.parse(stdout) as { proof: unknown }).proof;
  };
  expect(await proof("--email", ADDRESS)).toEqual({ tables: expect.any(Number), files: 0, bytes: false, found: [], ok: true });
  expect(await proof("--where", "signal_key = 'bob-view'")).toEqual({ tables: 0, files: 0, bytes: false, found: [], ok: true });
});

test("a table of somebody's own that DuckDB cannot copy is told, and the same again does the rest without it", async () => {
  const at = await loaded();
  await own(
    at.cwd,
    "CREATE TABLE z (i INTEGER PRIMARY KEY)",
    "CREATE TABLE a (i INTEGER REFERENCES z (i))",
    "INSERT INTO z VALUES (1)",
    "INSERT INTO a VALUES (1)",
  );
  const { code, stderr } = await cli(["forget", "--email", ADDRESS], at);
  expect([code, stderr]).toEqual([1, expect.stringContaining("a foreign key")]);
  await own(at.cwd, "DROP TABLE a");
  expect(await cli(["forget", "--email", ADDRESS], at)).toMatchObject({ code: 0 });
  expect(having(at.cwd)).toEqual([]);
});

test.each([
  [[], "it is not said who is to be forgotten"],
  [["--email", "a@example.com", "--contact-key", "1"], "forget takes one of --email, --contact-key, --where and --expired"],
  [["--expired"], "the configuration has no retention"],
])("refuses %j", async (args, message) => {
  const { code, stderr } = await cli(["forget", ...args], { cwd: scratchFolder() });
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test("of a warehouse that is not there it makes neither that nor a key", async () => {
  const cwd = scratchFolder();
  const { code, stderr } = await cli(["forget", "--email", ADDRESS, "--warehouse", "mistyped.duckdb"], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining("[warehouse_missing]")]);
  expect([existsSync(join(cwd, "mistyped.duckdb")), readdirSync(cwd)]).toEqual([false, []]);
});
