import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeEach, describe, expect, test } from "vitest";
import { cli, startCli } from "../helpers/cli.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

/** The warehouse's file: it is made once, and each test has one of its own. */
let made: Buffer | undefined;
let cwd = "";
beforeEach(async () => {
  cwd = scratchFolder();
  const path = join(cwd, "signals.duckdb");
  if (made) return writeFileSync(path, made);
  await cli(["load", "-", "--quiet"], { cwd, input: csv([pageView("1"), pageView("2", 'two "lines"\nof, text')]) });
  made = readFileSync(path);
});

const EXACT = `SELECT 12345678901234.5670::DECIMAL(18,4) AS amount, 9007199254740993 AS large, 42::BIGINT AS small, TIMESTAMPTZ '2025-09-01 10:00:00.123456+02' AS at,
  ['a, b', NULL] AS list, {'n': 1.50::DECIMAL(5,2)} AS struct, NULL AS nothing, '' AS empty, true AS yes`;

describe("what it prints is exact", () => {
  test("as JSON", async () => {
    const { code, stdout } = await cli(["query", EXACT, "--json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      {
        amount: "12345678901234.5670",
        large: "9007199254740993",
        small: 42,
        at: "2025-09-01T08:00:00.123456Z",
        list: ["a, b", null],
        struct: { n: "1.50" },
        nothing: null,
        empty: "",
        yes: true,
      },
    ]);
  });
  test("as CSV", async () => {
    const { stdout } = await cli(["query", EXACT, "--format", "csv"], { cwd });
    expect(stdout).toBe(
      'amount,large,small,at,list,struct,nothing,empty,yes\n12345678901234.5670,9007199254740993,42,2025-09-01T08:00:00.123456Z,"[""a, b"",null]","{""n"":""1.50""}",,"",true\n',
    );
  });
  test("as a table", async () => {
    const { stdout } = await cli(
      ["query", "SELECT occurred_at, name, 1.50::DECIMAL(5,2) AS amount, NULL::VARCHAR AS nothing FROM page_views ORDER BY signal_id"],
      { cwd },
    );
    expect(stdout).toBe(
      [
        "occurred_at               name                   amount  nothing",
        "2025-09-01T10:00:00.000Z  a page                   1.50  NULL",
        '2025-09-01T10:00:00.000Z  two "lines"\\nof, text    1.50  NULL',
        "",
      ].join("\n"),
    );
  });
});

test.each([
  ["SELECT 1 AS a, 2 AS a", [{ a: 1, a_2: 2 }]],
  ["SELECT 1 AS a WHERE false", []],
  ["SELECT 1 AS a; -- with a comment", [{ a: 1 }]],
  ["-- a comment = no option\nSELECT 1 AS a", [{ a: 1 }]],
  ["--a comment\nSELECT 1 AS a", [{ a: 1 }]],
])("%s as JSON", async (sql, rows) => {
  expect(JSON.parse((await cli(["query", sql, "--format", "json"], { cwd })).stdout)).toEqual(rows);
});

test("a table ends after 1,000 rows and says so; the other formats go on", async () => {
  const table = await cli(["query", "FROM range(1001)"], { cwd });
  expect(table.stdout.trimEnd().split("\n")).toHaveLength(1001);
  expect(table.stderr).toContain("only the first 1,000 rows");
  expect((await cli(["query", "FROM range(1000)"], { cwd })).stderr).toBe("");
  expect(JSON.parse((await cli(["query", "FROM range(5000)", "--json"], { cwd })).stdout)).toHaveLength(5000);
});

test("a table cuts long values and shows control characters, so that no terminal obeys them", async () => {
  const { stdout, stderr } = await cli(["query", "SELECT repeat('x', 300) AS long, chr(27) || '[2J' AS nasty"], { cwd });
  expect([stdout, stderr]).toEqual([expect.stringMatching(/x{99}… +\\u001b\[2J\n$/), expect.stringContaining("long values are cut")]);
});

describe("-o", () => {
  test("writes csv, json and parquet by the ending", async () => {
    const sql = "SELECT signal_id, occurred_at, 1.50::DECIMAL(5,2) AS amount FROM page_views ORDER BY signal_id; -- all";
    for (const name of ["out.csv", "out.json", "out.PARQUET"]) {
      expect(await cli(["query", sql, "-o", name], { cwd })).toMatchObject({ code: 0, stdout: `Wrote 2 rows to ${join(cwd, name)}\n` });
    }
    expect(readFileSync(join(cwd, "out.csv"), "utf8")).toBe(
      "signal_id,occurred_at,amount\n1,2025-09-01T10:00:00.000Z,1.50\n2,2025-09-01T10:00:00.000Z,1.50\n",
    );
    expect(JSON.parse(readFileSync(join(cwd, "out.json"), "utf8"))).toMatchObject([
      { signal_id: "1", occurred_at: "2025-09-01T10:00:00.000Z" },
      { signal_id: "2" },
    ]);
    const connection = await (await DuckDBInstance.create()).connect();
    const rows = await connection.runAndReadAll(
      `SELECT typeof(occurred_at), typeof(amount), count(*)::INTEGER FROM '${join(cwd, "out.PARQUET")}' GROUP BY ALL`,
    );
    expect(rows.getRowsJson()).toEqual([["TIMESTAMP WITH TIME ZONE", "DECIMAL(5,2)", 2]]);
  });
  test.each(["csv", "json", "parquet"])("writes %s into another folder, over what is there", async (ending) => {
    const folder = join(cwd, "it's another");
    mkdirSync(folder);
    const file = join(folder, `out.${ending}`);
    for (const rows of [3, 2]) {
      expect(await cli(["query", `FROM range(${rows})`, "-o", file], { cwd })).toMatchObject({ code: 0, stdout: `Wrote ${rows} rows to ${file}\n` });
    }
    expect(readdirSync(folder)).toEqual([`out.${ending}`]);
    const connection = await (await DuckDBInstance.create()).connect();
    const rows = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM '${file.replaceAll("'", "''")}'`);
    expect(rows.getRowsJson()).toEqual([[2]]);
  });
  test("never puts a result in the place of the warehouse or the configuration, under whatever name", async () => {
    const warehouse = join(cwd, "signals.duckdb");
    const before = readFileSync(warehouse);
    symlinkSync(warehouse, join(cwd, "link.csv"));
    expect(await cli(["query", "SELECT 1", "-o", "link.csv"], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("link.csv is the warehouse itself") as string,
    });
    expect(readFileSync(warehouse).equals(before)).toBe(true);
    writeFileSync(join(cwd, "mine.json"), JSON.stringify({ warehouse }));
    expect(await cli(["query", "SELECT 1", "-o", "mine.json", "--config", "mine.json"], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("mine.json is the configuration itself") as string,
    });
  });
  test("takes a file's name as it is, whatever signs it has", async () => {
    const folder = join(cwd, "names");
    mkdirSync(folder);
    for (const ending of ["csv", "json", "parquet"]) {
      const name = `o[1]*?{uuid}%20'"#~.${ending}`;
      expect(await cli(["query", "SELECT 1", "-o", join("names", name)], { cwd })).toMatchObject({ code: 0 });
      expect(readdirSync(folder)).toContain(name);
    }
    expect(readdirSync(folder)).toHaveLength(3);
  });
  test("is relative to the working folder, ~ is home", async () => {
    mkdirSync(join(cwd, "home"));
    for (const [name, path] of [
      ["../out.csv", "out.csv"],
      ["~/out.csv", "home/out.csv"],
    ] as const) {
      const env = { HOME: join(cwd, "home") };
      const warehouse = join(cwd, "signals.duckdb");
      expect(await cli(["query", "SELECT 1", "-o", name, "--warehouse", warehouse], { cwd: join(cwd, "home"), env })).toMatchObject({
        code: 0,
        stdout: `Wrote 1 row to ${join(cwd, path)}\n`,
      });
      expect(readFileSync(join(cwd, path), "utf8")).toBe("1\n1\n");
    }
  });
  test("does not wait for a named pipe's reader", async () => {
    execFileSync("mkfifo", [join(cwd, "pipe.csv")]);
    expect(await cli(["query", "SELECT 1", "-o", "pipe.csv"], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/pipe\.csv cannot be written: it is a named pipe, not a file\n.*--format csv.*\[query_failed\]/),
    });
  });
  test("says where it could not write", async () => {
    expect(await cli(["query", "SELECT 1", "-o", "no/such/folder.csv"], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[query_failed]"),
    });
  });
});

test.each([
  ["SELECT nope FROM page_views", 1, /nope[^]+\[query_failed\]/],
  ["SELEC 1", 1, /^signalhouse: Parser Error: syntax error at or near "SELEC"[^]+\[query_failed\]/],
  ["SELECT CAST('x' AS INTEGER) FROM page_views", 1, /Conversion Error[^]+\[query_failed\]/],
  ["SELECT 1; SELECT 2", 2, /of 2 statements only the last one may read/],
  [" ", 2, /there is no statement to run/],
  ["  ;", 2, /there is no statement to run/],
  ["/* nothing */ -- at all", 2, /there is no statement to run/],
])("%j fails and says why", async (sql, code, says) => {
  expect(await cli(["query", sql], { cwd })).toMatchObject({ code, stderr: expect.stringMatching(says) });
});

describe("it reads the warehouse, and nothing else", () => {
  const READS = [
    "FROM page_views",
    "SHOW ALL TABLES",
    "DESCRIBE orders",
    "SUMMARIZE page_views",
    "PRAGMA table_info('behavior_signals')",
    "EXPLAIN SELECT 1",
    "explain analyze FROM page_views",
    "EXPLAIN (FORMAT json) SELECT 1",
    "EXPLAIN (ANALYZE, FORMAT json) SELECT 1",
  ];
  // The one file that DuckDB may still reach.
  const toItself = () => `TO '${join(cwd, "signals.duckdb")}' (FORMAT csv, USE_TMP_FILE false)`;
  const mine = () => `'${join(cwd, "mine.csv")}'`;
  const refused = (): [string, number, RegExp][] => [
    ["DELETE FROM behavior_signals", 2, /does not run DELETE/],
    ["CREATE TABLE mine (a INTEGER)", 2, /creates nothing that stays/],
    [`COPY (SELECT 1) TO ${mine()}`, 1, /reads the warehouse only/],
    [`COPY (SELECT 1) ${toItself()}`, 2, /does not run COPY/],
    [`EXPORT DATABASE '${join(cwd, "all")}'`, 1, /reads the warehouse only/],
    [`ATTACH '${join(cwd, "other.duckdb")}'`, 2, /does not run ATTACH/],
    ["INSTALL httpfs", 2, /does not run LOAD/],
    ["SET threads = 1", 2, /does not run SET/],
    ["CALL pragma_version()", 2, /does not run CALL/],
    [`EXPLAIN ANALYZE COPY (SELECT 1) TO ${mine()}`, 1, /reads the warehouse only/],
    [`EXPLAIN ANALYZE COPY (SELECT 1) ${toItself()}`, 2, /it explains SELECT/],
    [`EXPLAIN (ANALYZE) COPY (SELECT 1) ${toItself()}`, 2, /it explains SELECT/],
    [`EXPLAIN (FORMAT json /* ) SELECT 1 -- */, ANALYZE) COPY (SELECT 1) ${toItself()}`, 2, /it explains SELECT/],
    [`EXPLAIN /* */ ANALYZE COPY (SELECT 1) ${toItself()}`, 2, /it explains SELECT/],
    [`FROM ${mine()}`, 1, /reads the warehouse only[^]+duckdb command line[^]+\[query_failed\]/],
    [`FROM read_csv(${mine()})`, 1, /reads the warehouse only[^]+duckdb command line[^]+\[query_failed\]/],
    [`FROM glob('${join(cwd, "*")}')`, 1, /reads the warehouse only/],
    ["FROM 'https://127.0.0.1:9/a.csv'", 1, /reads the warehouse only/],
  ];
  const before = () => {
    writeFileSync(join(cwd, "mine.csv"), "a\nyears of work\n");
    return readdirSync(cwd).toSorted();
  };

  test("what reads is run", async () => {
    for (const sql of READS) expect({ sql, ...(await cli(["query", sql, "--json"], { cwd })) }).toMatchObject({ code: 0, stderr: "" });
  });
  test("what writes, or reaches for something else, is refused, and leaves everything as it was", async () => {
    const names = before();
    for (const [sql, code, says] of refused())
      expect({ sql, ...(await cli(["query", sql], { cwd })) }).toMatchObject({ sql, code, stderr: expect.stringMatching(says) });
    expect(readdirSync(cwd).toSorted()).toEqual(names);
    expect(readFileSync(join(cwd, "mine.csv"), "utf8")).toBe("a\nyears of work\n");
    expect((await cli(["verify"], { cwd })).code).toBe(0);
  });
  test("with -o too, which writes its own file and no other", async () => {
    const names = before();
    for (const sql of [`COPY (SELECT 1) TO ${mine()}`, `EXPLAIN ANALYZE COPY (SELECT 1) TO ${mine()}`, `FROM ${mine()}`, "SELECT 1; SELECT 2"]) {
      expect({ sql, ...(await cli(["query", sql, "-o", "out.csv"], { cwd })) }).toMatchObject({
        stdout: "",
        stderr: expect.stringContaining("signalhouse: query "),
      });
    }
    expect(readdirSync(cwd).toSorted()).toEqual(names);
  });
});

test("an interruption ends a query that would go on for hours", async () => {
  const { interrupt, said, ended } = startCli(["query", "--debug", "SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b"], {
    cwd,
  });
  await said(/ querying/);
  interrupt("SIGINT");
  expect(await ended).toMatchObject({ code: 130, stdout: "", stderr: expect.stringContaining("interrupted by SIGINT") });
});
