/** No file of a published copy says who somebody is: neither its bytes nor any value in it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DuckDBInstance } from "@duckdb/node-api";
import { localFile } from "../../../pipeline/load/local-files.ts";
import { generateExports } from "../../../samples/generator/exports.ts";
import { DATA_TABLES } from "../../../sinks/ddl.ts";
import { KEPT_MARTS } from "../../../sinks/marts/index.ts";
import { act } from "../../helpers/mart-rows.ts";
import { asScratch, filesBelow, manifestOf, publishScratch } from "../../helpers/published.ts";
import { csv, memoryFile, type Scratch, scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

/** Texts that say who somebody is, wherever the warehouse has them. */
async function secretsOf(scratch: Scratch): Promise<string[]> {
  const columns = (await scratch.values("SELECT name FROM pragma_table_info('behavior_signals') WHERE name LIKE 'contact_%'")).map(String);
  const told = ["marketing_signals", "behavior_signals"].flatMap((table) => columns.map((name) => `SELECT "${name}" AS value FROM ${table}`));
  const all = [
    ...told,
    "SELECT identifier_value FROM behavior_signals",
    "SELECT contact_id FROM marts.contacts",
    "SELECT path FROM signalhouse.loads",
  ];
  // Short ones, such as a tier or a country, are in other texts, too.
  const found = await scratch.values(
    `SELECT DISTINCT value FROM (${all.join(" UNION ALL ")}) t(value) WHERE length(value) >= 7 AND regexp_matches(value, '[0-9@/]')`,
  );
  return found.map(String);
}

test("e-mail addresses, phone numbers, customer ids and other contact attributes are in no byte of it", async () => {
  const folder = scratchFolder();
  const truth = await generateExports({ seed: 24, rowsPerFile: 600, files: 1, overlap: 0, days: 3, tangled: true, folder });
  const scratch = await scratchWarehouse();
  await scratch.load(await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path)))));
  const rejected = { ...act("pageView", "r1", "10:00", "C1"), SIGNAL_CONTENT: '{"mail": "rejected@example.com"' };
  await scratch.load([memoryFile("odd.csv", 1, csv([rejected, act("pageView", "d1", "10:00", "C1", { "drifted@example.com": 1 })]))]);
  const secrets = [...(await secretsOf(scratch)), "rejected@example.com", "drifted@example.com"];
  expect(await scratch.value("SELECT count(*)::INTEGER FROM signalhouse.rejects, signalhouse.drift")).toBeGreaterThan(0);
  for (const pattern of [/@/, /^\+?\d{7,}/, /^\//]) expect(secrets.filter((secret) => pattern.test(secret)).length).toBeGreaterThan(0);
  // Nobody who has the ids of contacts, but not the key, can tell their hashes.
  const guessed = secrets.flatMap((secret) => ["sha256", "md5"].map((way) => createHash(way).update(secret).digest("hex").slice(0, 32)));

  const to = join(scratchFolder(), "copy");
  await publishScratch(scratch, to);
  const texts: [file: string, text: string][] = [];
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  for (const path of filesBelow(to).keys()) {
    if (path === ".publishing") continue;
    texts.push([path, readFileSync(join(to, path), "latin1")]);
    // What is compressed is looked at as it is read.
    if (path.endsWith(".parquet"))
      texts.push([path, JSON.stringify((await connection.runAndReadAll(`FROM read_parquet('${join(to, path)}')`)).getRowsJson())]);
  }
  connection.closeSync();
  expect(texts.filter(([path]) => path.startsWith("store/marts.sends")).length).toBeGreaterThan(1);
  const leaks = texts.flatMap(([path, text]) => [...secrets, ...guessed].flatMap((secret) => (text.includes(secret) ? [`${path}: ${secret}`] : [])));
  expect(leaks).toEqual([]);
  // What it has in their place, it has for each of them.
  const copy = await asScratch(join(to, "current/signals.duckdb"));
  const contacts = "SELECT count(DISTINCT contact_id)::INTEGER FROM marts.contacts";
  expect(await copy.value(contacts)).toBe(await scratch.value(contacts));
  expect((await manifestOf(to)).tables.flatMap(({ name, hashed }) => (hashed.length > 0 ? [name] : [])).sort()).toEqual([
    "behavior_signals",
    "marketing_signals",
    "marts.clicks",
    "marts.contact_aliases",
    "marts.contact_states",
    "marts.orders_once",
    "marts.orphans",
    "marts.sends",
    "marts.session_contacts",
  ]);
});

/** A column that is new is published unless it is left out or hashed: whoever adds one decides here which. */
test("it is decided of each column of tables and marts whether it is published", () => {
  const columns = [
    ...Object.entries(DATA_TABLES).map(([name, all]) => [name, all.map((column) => column.name)] as const),
    ...KEPT_MARTS.map((mart) => [`marts.${mart.name}`, Object.keys(mart.columns)] as const),
  ];
  const hash = createHash("sha256").update(JSON.stringify(columns)).digest("hex").slice(0, 8);
  expect(hash, "columns of tables or marts have changed: see LEFT_OUT of sinks/publish/tables.ts, then put this hash here").toBe("337adb9c");
});
