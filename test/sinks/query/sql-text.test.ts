/** SQL is cut as DuckDB cuts it: what it takes for a call or an end of a statement must be one to us. */
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isEnded, statementsOf, tokensOf } from "../../../sinks/query/sql-text.ts";
import { often } from "../../helpers/often.ts";

test.each<[sql: string, tokens: string[]]>([
  ["SELECT a.b, 1.5", ["SELECT", "a", ".", "b", ",", "1.5"]],
  ["a -- b; 'c'\n;d", ["a", ";", "d"]],
  ["a -- b\r, c", ["a", ",", "c"]],
  ["a /* b /* ; */ c */ d", ["a", "d"]],
  ["'it''s;' b", ["'it''s;'", "b"]],
  [String.raw`'\' b`, [String.raw`'\'`, "b"]],
  [String.raw`e'\';' b`, [String.raw`e'\';'`, "b"]],
  ['"a""; b" c', ['"a""; b"', "c"]],
  ["$$ ; $$ b", ["$$ ; $$", "b"]],
  ["$x$ ; $$ $x$ b", ["$x$ ; $$ $x$", "b"]],
  ["a$b$ ;", ["a$b$", ";"]],
  ["$name::DATE", ["$name", ":", ":", "DATE"]],
  ["x->>'a'->1", ["x", "->>", "'a'", "->", "1"]],
  ["glob\u00a0\u200b(", ["glob", "("]],
  ["größe(", ["größe", "("]],
  ["'not ended", ["'not ended"]],
  ["/* not /* ended */", ["/* not /* ended */"]],
])("%j", (sql, tokens) => {
  expect(tokensOf(sql).map(({ text }) => text)).toEqual(tokens);
});

test("a statement keeps its place: lines before it stay, and are empty", () => {
  expect(statementsOf("a\nb; -- x;\n c ;;\n").map(({ sql }) => sql)).toEqual(["a\nb", "\n -- x;\n c "]);
  expect(statementsOf("-- nothing\n;").length).toBe(0);
});

test.each<[sql: string, ended: boolean]>([
  ["SELECT 1;", true],
  ["SELECT 1; -- and a comment", true],
  ["SELECT 1", false],
  ["SELECT ';", false],
  ["SELECT 1 -- ;", false],
  ["SELECT 1 /* ;", false],
  ["", false],
])("%j has ended: %j", (sql, ended) => {
  expect(isEnded(sql)).toBe(ended);
});

const PIECES = [
  "SELECT 1",
  "SELECT 'a'",
  ";",
  "'",
  '"',
  "--",
  "\n",
  "\r",
  "/*",
  "*/",
  "$$",
  "$a$",
  "e'",
  "\\",
  " ",
  "\u00a0",
  "x",
  "$",
  "(",
  ")",
  "E",
  "1",
];

test("whatever DuckDB takes as a whole, it finds as many statements in", { timeout: 120_000, tags: "long" }, async () => {
  const connection = await (await DuckDBInstance.create()).connect();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 14 }), async (pieces) => {
      const sql = pieces.join("");
      const theirs = await connection.extractStatements(sql).then(
        ({ count }) => count,
        () => undefined,
      );
      if (theirs === undefined) return;
      expect(statementsOf(sql).length).toBe(theirs);
    }),
    { numRuns: often(500, 10_000) },
  );
});
