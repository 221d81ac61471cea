/** Too little memory: what to do about it goes by how much there was. */
import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { explainDuckdb } from "../../sinks/duckdb-errors.ts";

const outOfMemory = (most: string) =>
  explainDuckdb(new Error(`Out of Memory Error: failed to allocate data of size 16.0 MiB (${most}/${most} used)`), "signals.duckdb");
const machine = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;

test.each([
  ["little of the machine's", "11.4 MiB", "Raise limits.memory in the configuration: DuckDB may use 11.4 MiB by now."],
  [
    "nearly all of the machine's",
    machine,
    `DuckDB may use ${machine}, which is nearly all that this machine has: it takes a machine with more, or less at a time.`,
  ],
])("%s", (_, most, advice) => {
  expect(outOfMemory(most)).toMatchObject({
    code: "out_of_memory",
    message: `DuckDB has not enough memory: Out of Memory Error: failed to allocate data of size 16.0 MiB (${most}/${most} used)`,
    hint: `${advice} Nothing of the file that was being loaded is in the warehouse.`,
  });
});

test("where it does not say how much, the limit is to be raised", () => {
  expect(explainDuckdb(new Error("Out of Memory Error: no more"), "w")).toMatchObject({
    hint: expect.stringMatching(/^Raise limits\.memory in the configuration\. /) as string,
  });
});
