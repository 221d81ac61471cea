/**
 * Golden files: each test/golden/NAME.csv is read, and has to give exactly the records of NAME.json. The expected files are written by
 * hand, from docs/tables.md and docs/domain.md. On a mismatch what came out is written to NAME.actual.json beside them.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSignals } from "../../pipeline/load/read-signals.ts";
import { gzip } from "./reading.ts";

const folder = join(import.meta.dirname, "../golden");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".csv"))
  .map((file) => file.slice(0, -".csv".length));

async function recordsOf(source: string | Uint8Array): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const record of readSignals(source)) records.push(record);
  return records;
}

test.each(names)("%s", async (name) => {
  const path = (ending: string) => join(folder, `${name}${ending}`);
  const expected = JSON.parse(readFileSync(path(".json"), "utf8")) as unknown;
  const actual = await recordsOf(path(".csv"));
  rmSync(path(".actual.json"), { force: true });
  try {
    expect(actual).toStrictEqual(expected);
  } catch (error) {
    writeFileSync(path(".actual.json"), `${JSON.stringify(actual, null, 2)}\n`);
    throw error;
  }
  expect(await recordsOf(gzip(readFileSync(path(".csv"))))).toStrictEqual(expected);
});
