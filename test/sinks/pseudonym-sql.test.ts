/** Pseudonyms in SQL are those that loads make. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Fold, pseudonym } from "../../schemas/privacy.ts";
import { DuckDBInstance } from "../../sinks/duckdb.ts";
import { useKeyedHash } from "../../sinks/keyed-hash.ts";
import { pseudonymSql } from "../../sinks/pseudonym-sql.ts";
import { often } from "../helpers/often.ts";

const KEY = Buffer.from("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef and more than a block");
let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect();
  await useKeyedHash(connection, "hashed", KEY);
});
afterAll(() => connection.disconnectSync());

const FOLDS: readonly Exclude<Fold, "look">[] = ["email", "phone", "exact", "lower"];

async function bySql(fold: Exclude<Fold, "look">, value: string): Promise<unknown> {
  const result = await connection.runAndReadAll(`SELECT ${pseudonymSql(fold, "v", "hashed")} FROM (SELECT $1::VARCHAR AS v)`, [value]);
  return result.getRows()[0]?.[0] ?? undefined;
}

test.each([
  "Anna@Example.com ",
  " \u00a0x\u3000",
  "\tx\n",
  "+49 (171) 12-3",
  "n/a",
  " ",
  "",
  "\u0130stanbul \u1e9e\u00df \u03a3\u03a3",
  "psn_0123456789abcdef0123456789abcdef",
  "psn_0123456789abcdef0123456789abcdeF",
  "a b",
])("%j", async (value) => {
  for (const fold of FOLDS) expect({ fold, value: await bySql(fold, value) }).toEqual({ fold, value: pseudonym(KEY, value, fold) });
});

test("of any text", async () => {
  // Letters of today's Unicode: versions of it differ in what came last.
  const text = fc.string({
    unit: fc.oneof(
      fc.integer({ min: 1, max: 0x24ff }).map((code) => String.fromCodePoint(code)),
      fc.constantFrom(" ", "\u2003", "+", "7", "\u{1f600}"),
    ),
  });
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom(...FOLDS), async (value, fold) => {
      expect(await bySql(fold, value)).toBe(pseudonym(KEY, value, fold));
    }),
    { numRuns: often(300, 20_000) },
  );
});
