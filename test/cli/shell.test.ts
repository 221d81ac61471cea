import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeEach, describe, expect, test } from "vitest";
import { cli, startCli, type WorldOptions } from "../helpers/cli.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

/** The warehouse's file: it is made once, and each test has one of its own. */
let made: Buffer | undefined;
let cwd = "";
beforeEach(async () => {
  cwd = scratchFolder();
  const path = join(cwd, "signals.duckdb");
  if (made) return writeFileSync(path, made);
  await cli(["load", "-", "--quiet"], { cwd, input: csv([pageView("1")]) });
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run("CREATE SCHEMA reports");
  await connection.run('CREATE TABLE reports.daily (day DATE, "Total €" DECIMAL(18,4))');
  await connection.run("COMMENT ON TABLE reports.daily IS 'One row a day'");
  await connection.run(`COMMENT ON COLUMN reports.daily."Total €" IS 'Of all orders'`);
  connection.closeSync();
  instance.closeSync();
  made = readFileSync(path);
});

const KEYS = { tab: "\t", interrupt: "\u0003", end: "\u0004", up: "\u001b[A" };
const history = () => join(cwd, ".local/state/signalhouse/history");

/** A shell at a terminal. */
function shell(args: readonly string[] = [], options: Partial<WorldOptions> = {}) {
  return startCli(["shell", ...args], { cwd, terminal: true, keepOpen: true, ...options });
}

/** What is printed from now on, once it has `pattern` in it. */
async function answer({ type, said }: ReturnType<typeof shell>, typed: string, pattern: RegExp): Promise<string> {
  type(typed);
  return said(pattern);
}

describe("input that is no terminal", () => {
  test("is run statement by statement, without prompts; the last one needs no semicolon", async () => {
    const input = "-- a comment; with a semicolon\nSELECT 1 AS a,\n  ';' AS b; SELECT 2 AS c;\n\nSELECT 3 AS d";
    expect(await cli(["shell", "--format", "csv"], { cwd, input })).toEqual({ code: 0, stdout: "a,b\n1,;\nc\n2\nd\n3\n", stderr: "" });
  });
  test("finds what statements before it set up", async () => {
    const input =
      "CREATE TEMP TABLE x AS SELECT 5 AS v;\nCREATE TEMP MACRO twice(a) AS 2 * a;\nSET VARIABLE n = 3;\nSELECT twice(v) + getvariable('n') AS sum FROM x;";
    expect(await cli(["shell", "--format", "csv"], { cwd, input })).toMatchObject({ code: 0, stdout: "sum\n13\n" });
  });
  test("ends with the first statement that fails, whose place is told", async () => {
    const input = "SELECT 1 AS a;\nCREATE TEMP VIEW x AS SELECT 1;\n\nSELECT\n  nope FROM x;\nSELECT 2;";
    expect(await cli(["shell", "--format", "csv"], { cwd, input })).toMatchObject({
      code: 1,
      stdout: "a\n1\n",
      stderr: expect.stringMatching(/"nope" not found.*\(line 2, at "nope FROM x"\)/),
    });
    expect((await cli(["shell"], { cwd, input: "DELETE FROM behavior_signals;" })).code).toBe(2);
  });
  test("takes the shell's own commands", async () => {
    const input = ".format jsonl\nSELECT 1 AS a;\n.schema reports.daily\n.tables\n.quit\nSELECT 2;";
    const { code, stdout } = await cli(["shell"], { cwd, input });
    expect(code).toBe(0);
    expect(stdout).toContain(
      ['{"a":1}', "One row a day", "", "column   type           comment", "day      DATE", "Total €  DECIMAL(18,4)  Of all orders", "name"].join(
        "\n",
      ),
    );
    expect(stdout).toMatch(/^page_views +view/m);
    expect(stdout).toMatch(/^reports\.daily +table +One row a day$/m);
  });
  test.each([
    [".nope", /no command \.nope/],
    [".tabels", /Did you mean \.tables\?/],
    [".schema", /needs NAME/],
    [".schema page_veiws", /Did you mean page_views\?/],
    [".format pdf", /Choose one of table/],
  ])("%s is told as what it is", async (input, says) => {
    expect(await cli(["shell"], { cwd, input })).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  });
  test("is answered in the zone that is asked for, which has to be one", async () => {
    const input = "SELECT TIMESTAMPTZ '2025-07-01 10:00:00Z' AS at;";
    expect((await cli(["shell", "--timezone", "Europe/Berlin", "--format", "csv"], { cwd, input })).stdout).toBe(
      "at\n2025-07-01T12:00:00.000+02:00\n",
    );
    expect(await cli(["shell", "--timezone", "Berlin"], { cwd, input: "" })).toMatchObject({ code: 2, stderr: expect.stringContaining("Berlin") });
  });
});

describe("at a terminal", () => {
  test("a statement has several lines; one that fails ends nothing; Ctrl-D ends the shell", async () => {
    const at = shell();
    await answer(at, "SELECT 40 +\n", /\.\.\.> /);
    await answer(at, "2 AS answer;\n", /answer\s+42\s/);
    await answer(at, "SELECT nope FROM page_views;\n", /"nope" not found/);
    await answer(at, ".nope\n", /no command \.nope/);
    await answer(at, "SELECT 'still ' || 'here' AS a;\n", /still here\n/);
    at.type(KEYS.end);
    expect((await at.ended).code).toBe(0);
  });
  test.each(["quit\n", "exit;\n", ".quit\n"])("%j ends it, too", async (typed) => {
    const at = shell();
    at.type(typed);
    expect((await at.ended).code).toBe(0);
  });
  test("Ctrl-C ends the statement that runs, or drops what is typed, and not the shell", async () => {
    const at = shell(["--debug"]);
    at.type("SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b;\n");
    await at.said(/querying/);
    await answer(at, KEYS.interrupt, /The statement was ended\./);
    await answer(at, "SELECT nonsense\n", /\.\.\.> /);
    at.type(`and more${KEYS.interrupt}`);
    await answer(at, "SELECT 6 * 7 AS answer;\n", /answer\s+42\s/);
    at.type(KEYS.end);
    expect(await at.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining("nonsense") });
  });
  test("a signal ends the shell", async () => {
    const at = shell();
    await at.said(/signalhouse> /);
    at.interrupt("SIGTERM");
    expect(await at.ended).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted by SIGTERM") });
  });
  test("at the prompt the warehouse is anybody's; what came meanwhile is seen", async () => {
    const at = shell();
    await answer(at, "SELECT count(*) AS views FROM page_views;\n", /views\s+1\s/);
    expect(await cli(["load", "-", "--quiet"], { cwd, input: csv([pageView("2"), pageView("3")]) })).toMatchObject({ code: 0 });
    await answer(at, "SELECT count(*) AS now FROM page_views;\n", /now\s+3\s/);
  });
  test("a warehouse that another process has is waited for", async () => {
    const loading = startCli(["load", "-"], { cwd, keepOpen: true });
    await loading.said(/reading standard input/);
    const at = shell();
    at.type("SELECT count(*) AS views FROM page_views;\n");
    await at.said(/waiting for the warehouse/);
    loading.type(csv([pageView("2")]));
    loading.interrupt("SIGINT");
    expect(await at.said(/views\s+1\s/)).toContain("for 60 s at most");
  });
});

test("Tab completes what the warehouse has", async () => {
  const at = shell();
  await at.said(/signalhouse> /);
  at.type(`SELECT count(*) AS views FROM page_vi${KEYS.tab}`);
  // The end of page_views.
  await at.said(/ews/);
  expect(await answer(at, ";\n", /views\s+1\s/)).not.toContain("does not exist");
});

describe("history", () => {
  test("is kept for the next shell, for its owner alone, but for lines that begin with a blank", async () => {
    const first = shell();
    await answer(first, "SELECT 12 AS dozen;\n", /dozen\s+12\s/);
    await answer(first, " SELECT 13 AS secret;\n", /secret\s+13\s/);
    first.type(KEYS.end);
    await first.ended;
    expect(readFileSync(history(), "utf8")).toBe("SELECT 12 AS dozen;\n");
    expect(statSync(history()).mode & 0o777).toBe(0o600);
    const second = shell();
    await second.said(/signalhouse> /);
    await answer(second, `${KEYS.up}\n`, /dozen\s+12\s/);
  });
  test.each<[string, string[], Record<string, string>]>([
    ["the option", ["--no-history"], {}],
    ["the environment", [], { SIGNALHOUSE_NO_HISTORY: "1" }],
  ])("is none where %s says so", async (_, args, env) => {
    const at = shell(args, { env });
    await answer(at, "SELECT 12 AS dozen;\n", /dozen\s+12\s/);
    at.type(KEYS.end);
    await at.ended;
    expect(existsSync(history())).toBe(false);
  });
  test("has its last 1,000 lines, where XDG_STATE_HOME says, and is closed to others", async () => {
    const path = join(cwd, "state/signalhouse/history");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Array.from({ length: 2001 }, (_, index) => `SELECT ${index};\n`).join(""), { mode: 0o644 });
    const at = shell([], { env: { XDG_STATE_HOME: join(cwd, "state") } });
    at.type(KEYS.end);
    await at.ended;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect([lines.length, lines[0], lines.at(-1), statSync(path).mode & 0o777]).toEqual([1000, "SELECT 1001;", "SELECT 2000;", 0o600]);
  });
  test("that cannot be kept is told, and the shell goes on", async () => {
    writeFileSync(join(cwd, ".local"), "a file");
    const at = shell();
    await at.said(/lines are not kept: .*history cannot be read/);
    expect(await answer(at, "SELECT 12 AS dozen;\n", /dozen\s+12\s/)).not.toContain("cannot be written");
  });
});
