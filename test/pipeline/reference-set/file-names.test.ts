/** A file's name means that file and no other, whatever signs it has. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { writeReferenceSet } from "../../../pipeline/reference-set/push.ts";
import { doorTo, PATIENCE_MS, readerOf } from "../../../pipeline/common/door.ts";
import { readConfig } from "../../../schemas/config.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

/** Each beside files that it would mean as a pattern. */
const NAMES = ["data[1]", "a*", "b?", "**", "[!a]", "[[]", "it's", 'q"q', "100%25", "{a,b}", "{uuid}", "~", "#", "$1", "a b", "ä", "year=2024"];
const NEIGHBOURS = ["data1", "a1", "ab", "b1", "b", "["];

/** Parquet files of one row, as bytes. */
async function parquets(): Promise<Map<string, Buffer>> {
  const folder = scratchFolder();
  const made = new Map<string, Buffer>();
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  for (const [index, id] of [...NAMES, "another"].entries()) {
    const file = join(folder, `${index}.parquet`);
    await connection.run(`COPY (SELECT '${id.replaceAll("'", "''")}' AS id) TO '${file}' (FORMAT parquet)`);
    made.set(id, readFileSync(file));
  }
  connection.closeSync();
  return made;
}

const csv = (id: string) => `id\n"${id.replaceAll('"', '""')}"\n`;
const jsonl = (id: string) => JSON.stringify({ id });

/** The ids that the file of this name gives. */
async function idsOf(folder: string, file: string): Promise<string> {
  const config = readConfig({ warehouse: join(folder, "w.duckdb") }, "test");
  const { signal } = new AbortController();
  const wish = { set: "A", definition: { source: { file }, key: "id", header: false, delimiter: "tab" as const }, changed: false, maxErrors: 10 };
  const out = join(folder, "out");
  await writeReferenceSet({ config, readWarehouse: readerOf(doorTo(config, { signal, patience: PATIENCE_MS })), signal }, wish, undefined, out);
  return readFileSync(out, "utf8")
    .replace(/^"(.*)"\n$/, "$1\n")
    .replaceAll('""', '"');
}

test.each([
  ["plain", NAMES, "parquet"],
  ["plain", ["data[1]", "a*", "b?"], "csv"],
  ["plain", ["data[1]", "a*", "b?"], "jsonl"],
  ["in[1]*", ["data[1]"], "parquet"],
  ["year=2024", ["data[1]"], "parquet"],
] as const)("in a folder called %s, %j as .%s", async (name, names, ending) => {
  const folder = join(scratchFolder(), name);
  mkdirSync(folder);
  const rows = ending === "parquet" ? await parquets() : new Map<string, Buffer>();
  const content = { csv, jsonl, parquet: (id: string) => rows.get(id) ?? "" }[ending];
  for (const neighbour of NEIGHBOURS) writeFileSync(join(folder, `${neighbour}.${ending}`), content("another"));
  for (const id of NAMES) writeFileSync(join(folder, `${id}.${ending}`), content(id));
  for (const id of names) expect(await idsOf(folder, join(folder, `${id}.${ending}`))).toBe(`${id}\n`);
});

test("a name that would mean others, but is not there", async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "a1.csv"), csv("another"));
  await expect(idsOf(folder, join(folder, "a*.csv"))).rejects.toMatchObject({ code: "not_found" });
});
