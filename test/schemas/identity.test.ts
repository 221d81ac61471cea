/** Which ids are none. */
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { isNoId } from "../../schemas/identity.ts";
import { isNoId as isNoIdSql } from "../../sinks/identity.ts";

const NONE =
  `null|NULL|Null|undefined|none|None|nil|NaN|n/a|N/A|na|n.a.|#N/A|#REF!|#DIV/0!|(null)|<null>|[null]|"null"|'undefined'|(not set)|not_set|unknown|missing|empty|true|False|[object Object]
-|--|\u2014|.|?|***|0|00|0000000000|-1|00000000-0000-0000-0000-000000000000|{00000000-0000-0000-0000-000000000000}|00000000000000000000000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff|FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
1.3E+18|1,3E+18|1.23457E+17|1.2345678901234568e+18|1E+05|1.3e18|1234567890123450000|\u00a0null\u00a0|\ufeffnull| | \u200b `
    .split(/[|\n]/)
    .filter((id) => id !== "");
const IDS =
  `a|1|7|42|s0|x1|1e10|2e5|12e45|abc|0a|a0|0x0|nullable|none-1|null-2|unknowns|trueish|-2|1756720800000000|1756720800123456789|123456789012345600|msg-1|00000000-0000-0000-0000-000000000001|0b1c9e00-0000-4000-8000-000000000000
ffffffff-ffff-ffff-ffff-fffffffffffe|f|ffff|n|na-1|N/A-7|1.3|1,3|3.14e|e+18|h:0123|ſ|nu ll`.split(/[|\n]/);

test.each(NONE)("%j is none", (id) => expect(isNoId(id)).toBe(true));
test.each(IDS)("%j is an id", (id) => expect(isNoId(id)).toBe(false));

test("SQL says the same, whatever the length", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const long = ["x".repeat(101), "0".repeat(100), "0".repeat(101), " ".repeat(5000), `${" ".repeat(5000)}x`];
  for (const id of [...NONE, ...IDS, ...long]) {
    const result = await connection.runAndReadAll(`SELECT ${isNoIdSql("id")} FROM (SELECT $1::VARCHAR AS id)`, [id]);
    expect([id, result.getRowsJson()[0]?.[0]]).toEqual([id, isNoId(id)]);
  }
  connection.disconnectSync();
  instance.closeSync();
});
