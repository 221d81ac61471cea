/** What a query prints, in every format: one text for one value. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, inject, test } from "vitest";
import { withoutFormula } from "../../cli/result-formats.ts";
import { cli, spawnCli } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

let cwd = "";
beforeEach(() => {
  cwd = scratchFolder();
  writeFileSync(join(cwd, "signals.duckdb"), readFileSync(inject("template")));
});

const query = (...args: string[]) => cli(["query", ...args], { cwd });

/** Values of each kind, and the text that each has everywhere. */
const VALUES: readonly [sql: string, text: string][] = [
  ["TIMESTAMP '2025-09-01 10:00:00'", "2025-09-01 10:00:00"],
  ["TIMESTAMPTZ '2025-09-01 10:00:00+02'", "2025-09-01T08:00:00.000Z"],
  ["TIMESTAMPTZ '1969-12-31 23:59:59.999999+00'", "1969-12-31T23:59:59.999999Z"],
  ["TIMESTAMPTZ 'infinity'", "infinity"],
  ["DATE '2025-09-01'", "2025-09-01"],
  ["INTERVAL '1 day 2 hours'", "1 day 02:00:00"],
  ["'nan'::DOUBLE", "NaN"],
  ["'-inf'::FLOAT", "-Infinity"],
  ["1.50::DECIMAL(5,2)", "1.50"],
  ["9007199254740993", "9007199254740993"],
  ["'a|b'", "a|b"],
];

test.each(VALUES)("%s is %s in every format, printed and in files", async (value, text) => {
  const sql = `SELECT ${value} AS a`;
  const formats = Object.fromEntries(
    await Promise.all(
      ["line", "json", "jsonl", "csv", "markdown", "table"].map(async (format) => [format, (await query(sql, "--format", format)).stdout]),
    ),
  ) as Record<string, string>;
  expect(formats["line"]).toBe(`a = ${text}\n`);
  expect(formats["csv"]).toBe(`a\n${text}\n`);
  expect(formats["json"]).toBe(`[\n  {"a":"${text}"}\n]\n`);
  expect(formats["jsonl"]).toBe(`{"a":"${text}"}\n`);
  expect(formats["markdown"]?.split("\n")[2]).toBe(`| ${text.replace("|", String.raw`\|`)} |`);
  expect(formats["table"]?.split("\n")[1]?.trim()).toBe(text);
  for (const ending of ["csv", "json", "jsonl"]) {
    await query(sql, "-o", `out.${ending}`);
    expect(readFileSync(join(cwd, `out.${ending}`), "utf8")).toBe(formats[ending]);
  }
});

test("numbers stand on the right, in Markdown, too; null is told from a text that says NULL", async () => {
  const sql = "SELECT * FROM (VALUES (1, 'NULL'), (1000, NULL), (NULL, '')) AS t(n, t)";
  expect((await query(sql)).stdout).toBe('   n  t\n   1  "NULL"\n1000  NULL\nNULL\n');
  expect((await query(sql, "--format", "markdown")).stdout).toBe('| n | t |\n| ---: | --- |\n| 1 | "NULL" |\n| 1000 | NULL |\n| NULL |  |\n');
});

test("wide letters, emoji and what is written from the right keep the columns", async () => {
  const { stdout } = await query("SELECT unnest(['日本', '👩‍👩‍👧', 'שלום', 'e\u0301']) AS name, 1 AS n");
  expect(stdout.split("\n").slice(0, 5)).toEqual(["name  n", "日本  1", "👩‍👩‍👧    1", "שלום  1", "e\u0301     1"]);
});

test("a number of 32 bits has no more digits than it needs", async () => {
  expect((await query("SELECT 0.1::FLOAT AS a, 16777217::FLOAT AS b, 0.1::DOUBLE AS c", "--format", "csv")).stdout).toBe("a,b,c\n0.1,16777216,0.1\n");
});

test("line has a block for each row; there is none for no row", async () => {
  expect((await query("SELECT range AS n, 'x' AS longer FROM range(2)", "--format", "line")).stdout).toBe(
    "     n = 0\nlonger = x\n\n     n = 1\nlonger = x\n",
  );
  for (const [format, nothing] of [
    ["line", ""],
    ["jsonl", ""],
    ["json", "[]\n"],
    ["csv", "n\n"],
  ] as const)
    expect((await query("SELECT range AS n FROM range(0)", "--format", format)).stdout).toBe(nothing);
});

test("a plan is printed as it is drawn", async () => {
  const plan = await query("EXPLAIN SELECT 1");
  expect(plan.stdout).toMatch(/^┌─+┐\n│/);
  expect((await query("EXPLAIN SELECT 1", "--format", "markdown")).stdout).toBe(`\`\`\`text\n${plan.stdout}\`\`\`\n`);
  expect(JSON.parse((await query("EXPLAIN SELECT 1", "--json")).stdout)).toHaveLength(1);
});

describe("a terminal", () => {
  const narrow = (sql: string, ...args: string[]) => cli(["query", sql, ...args], { cwd, terminal: 30 });
  test("gets the columns that it has room for, and the names of the others", async () => {
    const { stdout, stderr } = await narrow("SELECT 'a' AS first, repeat('b', 40) AS second, 'c' AS third");
    expect([stdout, stderr]).toEqual(["first  third\na      c\n", expect.stringMatching(/no room for\s+second;/)]);
  });
  test("gets the first column in any case", async () => {
    expect((await narrow("SELECT repeat('b', 40) AS first, 'c' AS second")).stdout).toBe(`first\n${"b".repeat(29)}…\n`);
  });
  test("gets all of them with --format line, and elsewhere a table has them, too", async () => {
    const sql = "SELECT 'a' AS first, repeat('b', 40) AS second";
    expect(await narrow(sql, "--format", "line")).toMatchObject({ stdout: ` first = a\nsecond = ${"b".repeat(40)}\n`, stderr: "" });
    expect(await query(sql)).toMatchObject({ stdout: `first  second\na      ${"b".repeat(40)}\n`, stderr: "" });
  });
});

describe("--timezone", () => {
  test.each([
    ["Europe/Berlin", "2025-07-01T12:00:00.000+02:00", "2025-01-01T01:30:00.000+01:00"],
    ["Asia/Kolkata", "2025-07-01T15:30:00.000+05:30", "2025-01-01T06:00:00.000+05:30"],
    ["America/St_Johns", "2025-07-01T07:30:00.000-02:30", "2024-12-31T21:00:00.000-03:30"],
    ["UTC", "2025-07-01T10:00:00.000Z", "2025-01-01T00:30:00.000Z"],
  ])("%s has the times of that zone", async (zone, summer, winter) => {
    const sql = "SELECT TIMESTAMPTZ '2025-07-01 10:00:00Z' AS a, TIMESTAMPTZ '2025-01-01 00:30:00Z' AS b, TIMESTAMP '2025-07-01 10:00:00' AS c";
    expect((await query(sql, "--timezone", zone, "--format", "csv")).stdout).toBe(`a,b,c\n${summer},${winter},2025-07-01 10:00:00\n`);
  });
  test("is that of the SQL, too", async () => {
    const sql = "SELECT date_trunc('day', TIMESTAMPTZ '2025-07-01 23:00:00Z') AS day";
    expect((await query(sql, "--timezone", "Europe/Berlin", "--format", "csv")).stdout).toBe("day\n2025-07-02T00:00:00.000+02:00\n");
  });
  test("has to be one", async () => {
    expect(await query("SELECT 1", "--timezone", "Berlin")).toMatchObject({ code: 2, stderr: expect.stringContaining('no time zone "Berlin"') });
  });
});

describe("--spreadsheet-safe", () => {
  test.each([
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["+x", "'+x"],
    ["-x", "'-x"],
    ["\tx", "'\tx"],
    ["\rx", "'\rx"],
    ["-1.5", "-1.5"],
    ["+49301234", "+49301234"],
    ["-1e5", "-1e5"],
    ["-1+cmd", "'-1+cmd"],
    ["a=1", "a=1"],
    ["", ""],
  ])("%j becomes %j", (text, safe) => {
    expect(withoutFormula(text)).toBe(safe);
  });
  test("is for CSV, printed and in files, headings and nulls among it", async () => {
    const sql = `SELECT '=1' AS "=a", -5 AS n, NULL AS x`;
    const expected = "'=a,n,x\n'=1,-5,\n";
    expect((await query(sql, "--format", "csv", "--spreadsheet-safe")).stdout).toBe(expected);
    await query(sql, "-o", "out.csv", "--spreadsheet-safe");
    expect(readFileSync(join(cwd, "out.csv"), "utf8")).toBe(expected);
    expect((await query(sql, "--format", "csv")).stdout).toBe("=a,n,x\n=1,-5,\n");
    expect(await query(sql, "--spreadsheet-safe")).toMatchObject({ code: 2, stderr: expect.stringContaining("is for CSV") });
  });
});

test("a file's ending and --format have to agree", async () => {
  expect(await query("SELECT 1", "-o", "out.csv", "--format", "json")).toMatchObject({ code: 2, stdout: "" });
  expect(await query("SELECT 1", "-o", "out.xlsx")).toMatchObject({ code: 2, stderr: expect.stringContaining(".csv, .json, .jsonl, .parquet") });
});

test("a reader that goes away, as head does, ends it quietly", async () => {
  const { child, ended } = spawnCli(["query", "FROM range(1000000)", "--format", "csv"], { cwd });
  child.stdout.once("data", () => child.stdout.destroy());
  expect(await ended).toMatchObject({ code: 0, stderr: "" });
});
