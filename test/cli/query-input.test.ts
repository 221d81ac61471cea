/** Where a query's SQL comes from, what it is made of, and what is said where it is wrong. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeEach, describe, expect, inject, test } from "vitest";
import { cli } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

let cwd = "";
beforeEach(() => {
  cwd = scratchFolder();
  writeFileSync(join(cwd, "signals.duckdb"), readFileSync(inject("template")));
});

const csvOf = (...args: string[]) => cli(["query", "--format", "csv", ...args], { cwd });

describe("the SQL", () => {
  const SQL = "\uFEFF-- a comment; first\n/* and /* another */ one */\nSELECT 1 AS a;\n";
  test.each<[string, string[], string | undefined]>([
    ["a file", ["-f", "a.sql"], undefined],
    ["standard input", ["-"], SQL],
    ["standard input, as a file", ["-f", "-"], SQL],
    ["standard input, where nothing else is said", [], SQL],
  ])("comes from %s", async (_, args, input = "") => {
    writeFileSync(join(cwd, "a.sql"), SQL);
    expect(await cli(["query", "--format", "csv", ...args], { cwd, input })).toEqual({ code: 0, stdout: "a\n1\n", stderr: "" });
  });
  test.each<[string[], RegExp]>([
    [["SELECT 1", "-f", "a.sql"], /behind query and in -f, too/],
    [["-f", "no.sql"], /no\.sql cannot be read: it is not there/],
    [["-f", "."], /cannot be read: it is a folder/],
  ])("%j is told as what it is", async (args, says) => {
    expect(await csvOf(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  });
  test("is not waited for at a terminal", async () => {
    expect(await cli(["query"], { cwd, terminal: true, keepOpen: true })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no SQL"),
    });
  });
});

describe("several statements", () => {
  test.each([
    [
      "CREATE TEMP TABLE x AS SELECT 5 AS v; CREATE OR REPLACE TEMPORARY VIEW y AS FROM x; CREATE TEMP MACRO twice(a) AS 2 * a; SELECT twice(v) AS a FROM y",
      "a\n10\n",
    ],
    ["SET VARIABLE a = 7; SELECT getvariable('a') AS a;", "a\n7\n"],
    ["SET VARIABLE a = 7; RESET VARIABLE a; SELECT getvariable('a') AS a;", "a\n\n"],
    ["PIVOT (SELECT 'k' || range % 2 AS k, range AS v FROM range(4)) ON k USING sum(v)", "k0,k1\n2,4\n"],
    ["CREATE TEMP TABLE x AS PIVOT (SELECT 'k' AS k, 3 AS v) ON k USING sum(v); FROM x", "k\n3\n"],
  ])("%s", async (sql, expected) => {
    expect(await csvOf(sql)).toEqual({ code: 0, stdout: expected, stderr: "" });
  });
  test.each<[string, RegExp]>([
    ["SELECT 1; SELECT 2", /of 2 statements only the last one may read/],
    ["CREATE TEMP TABLE x AS SELECT 1", /the last statement gives no result/],
    ["CREATE VIEW x AS SELECT 1; FROM x", /it creates nothing that stays/],
  ])("%s is refused", async (sql, says) => {
    expect(await csvOf(sql)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(says) });
  });
  test("a fault is told with its line in the whole", async () => {
    expect((await csvOf("SET VARIABLE a = 1;\n\nSELECT\n  nope FROM orders")).stderr).toContain('(line 4, at "nope FROM orders")');
  });
});

describe("--param", () => {
  test("gives texts, which the SQL casts", async () => {
    const sql = "CREATE TEMP TABLE x AS SELECT $from::DATE AS day; SELECT day + $n::INTEGER AS day, $text AS text, typeof($n) AS kind FROM x";
    expect(await csvOf(sql, "--param", "from=2025-09-01", "--param", "n=2", "--param", "text=it's = 1; --")).toMatchObject({
      stdout: "day,text,kind\n2025-09-03,it's = 1; --,VARCHAR\n",
    });
  });
  test("is in a Parquet file, too", async () => {
    expect(await csvOf("SELECT $a AS a", "--param", "a=x", "-o", "out.csv")).toMatchObject({ code: 0 });
    expect(await cli(["query", "SELECT $a AS a", "--param", "a=x", "-o", "out.parquet"], { cwd })).toMatchObject({ code: 0 });
    const connection = await (await DuckDBInstance.create()).connect();
    expect((await connection.runAndReadAll(`FROM '${join(cwd, "out.parquet")}'`)).getRowsJson()).toEqual([["x"]]);
  });
  test.each<[string[], RegExp]>([
    [["SELECT $month", "--param", "monht=1"], /has \$month, and no --param.*\n.*Did you mean monht\?/],
    [["SELECT 1", "--param", "a=1"], /the SQL has no \$a/],
    [["SELECT '$a'", "--param", "a=1"], /the SQL has no \$a/],
    [["SELECT ?"], /a parameter without a name/],
    [["SELECT $a", "--param", "a"], /Write --param name=value/],
    [["SELECT $a", "--param", "a=1", "--param", "a=2"], /gives a twice/],
  ])("%j is told as what it is", async (args, says) => {
    expect(await csvOf(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  });
});

describe("a wrong query is told with what may have been meant", () => {
  test.each<[string, RegExp]>([
    ["FROM page_veiws", /Table with name page_veiws does not exist!.*\(line 1, at "page_veiws"\)\n.*Did you mean page_views\?/],
    ["FROM lodas", /Did you mean signalhouse\.loads\?/],
    ["SELECT ordr_id FROM orders", /"ordr_id" not found.*\n.*Did you mean order_id\?/],
    ["SELECT o.ordr_id FROM orders o", /does not have a column named.*\n.*Did you mean order_id\?/],
    ["SELECT qqqqqqq FROM orders", /\n {2}-> The tables and their columns: signalhouse query "SHOW ALL TABLES"/],
    ["SELECT 1 WHERE 1 = 1 AND '{\"x\":1}'::JSON->>'x' = 'y'", /\n {2}-> -> and ->> bind less than AND.*AND \(extra->>'x'\) = 'y'/],
  ])("%s", async (sql, says) => {
    expect(await csvOf(sql)).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(says) });
  });
});

test("comments of tables and columns are read as the docs say", async () => {
  const instance = await DuckDBInstance.create(join(cwd, "signals.duckdb"));
  const connection = await instance.connect();
  await connection.run("COMMENT ON COLUMN behavior_signals.order_id IS 'The id that the shop gave'");
  connection.closeSync();
  instance.closeSync();
  const sql =
    "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'behavior_signals' AND comment IS NOT NULL AND column_name = 'order_id'";
  expect((await csvOf(sql)).stdout).toBe("column_name,comment\norder_id,The id that the shop gave\n");
});
