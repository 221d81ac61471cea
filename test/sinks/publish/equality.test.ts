/** A published copy says what its warehouse says: the same tables, views and marts, less what is left out, with the same sums, types and comments. */
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DuckDBInstance } from "@duckdb/node-api";
import { localFile } from "../../../pipeline/load/local-files.ts";
import { generateExports, lastSignals } from "../../../samples/generator/exports.ts";
import { martsTruth } from "../../../samples/generator/marts/index.ts";
import { writeComments } from "../../../sinks/comments.ts";
import { contactColumns } from "../../../sinks/contact-columns.ts";
import type { Manifest } from "../../../sinks/publish/manifest.ts";
import { COMMENTS } from "../../helpers/commented.ts";
import { expectMarts } from "../../helpers/marts-truth.ts";
import { asScratch, manifestOf, publishScratch } from "../../helpers/published.ts";
import { madeOnce, type Row, type Scratch, scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

const OPTIONS = { seed: 23, rowsPerFile: 640, files: 2, overlap: 10, days: 25, tangled: true };
const KEY = "a key of the test, long enough";

const loaded = madeOnce(async () => {
  const folder = scratchFolder();
  const truth = await generateExports({ ...OPTIONS, folder });
  const scratch = await scratchWarehouse();
  await scratch.load(await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path)))));
  await writeComments(scratch.warehouse.connection);
  return scratch;
});

const hashed = (id: unknown) => (typeof id === "string" ? createHmac("sha256", KEY).update(id).digest("hex").slice(0, 32) : null);

test("every table, view and mart has the warehouse's rows, with hashes of its contacts", { timeout: 180_000 }, async () => {
  const scratch = await loaded();
  const to = join(scratchFolder(), "copy");
  await publishScratch(scratch, to, { contactColumns: ["Loyalty Tier"] }, { key: KEY });
  const manifest = await manifestOf(to);
  for (const file of ["current/signals.duckdb", "live.duckdb"]) await expectSame(scratch, await asScratch(join(to, file)), manifest);
  const [last] = await scratch.rows(
    "SELECT max(change_id)::INTEGER AS change_id, (SELECT max(load_id)::INTEGER FROM signalhouse.loads) AS load_id FROM signalhouse.changes",
  );
  expect(manifest.watermark).toMatchObject(last as object);
  await expectFiles(manifest, to);
});

async function expectSame(scratch: Scratch, copy: Scratch, manifest: Manifest): Promise<void> {
  const views = await copy.rows(
    `SELECT concat_ws('.', nullif(schema_name, 'main'), view_name) AS name FROM duckdb_views() WHERE NOT internal AND schema_name <> 'published' ORDER BY ALL`,
  );
  // All that the warehouse has, but for what is none of readers' business.
  const expected = await scratch.values(
    `SELECT DISTINCT concat_ws('.', nullif(schema_name, 'main'), table_name) FROM duckdb_columns()
     WHERE database_name = current_database() AND NOT internal AND (schema_name <> 'signalhouse' OR table_name IN ('meta', 'loads', 'rejects', 'drift', 'changes', 'jobs')) ORDER BY ALL`,
  );
  expect(views.map(({ name }) => name)).toEqual(expected);
  const comments = async (of: Scratch) => new Map((await of.rows(COMMENTS)).map((row) => [`${String(row["name"])} ${String(row["column"])}`, row]));
  const [said, saidThere] = [await comments(copy), await comments(scratch)];
  for (const { name } of views as { name: string }[]) {
    const columns = (await copy.rows(`DESCRIBE ${name}`)).map((row) => String(row["column_name"]));
    const there = (await scratch.rows(`DESCRIBE ${name}`)).map((row) => String(row["column_name"]));
    const leftOut = manifest.tables.flatMap((table) => (table.name === name ? table.left_out : []));
    if (leftOut.length > 0) expect([name, ...columns].sort()).toEqual([name, ...there.filter((column) => !leftOut.includes(column))].sort());
    // Types and texts are the warehouse's.
    for (const column of [...columns, "null"]) expect(said.get(`${name} ${column}`)).toEqual(saidThere.get(`${name} ${column}`));
    const select = columns.map((column) => `"${column}"`).join(", ");
    const rows = (of: Scratch) => of.rows(`SELECT ${select} FROM ${name}`);
    const withHashes = (row: Row): Row => ({
      ...row,
      ...("contact_id" in row ? { contact_id: hashed(row["contact_id"]) } : {}),
      ...("alias" in row ? { alias: hashed(row["alias"]) } : {}),
      ...("address" in row ? { address: null } : {}),
      ...(row["record"] ? { record: { ...(row["record"] as Row), address_email: null, address_sms: null, address_whatsapp: null } } : {}),
      ...("consented_key" in row ? { consented_key: `${hashed(row["contact_id"])}/${String(row["channel"])}` } : {}),
    });
    const sorted = (all: Row[]) => all.map((row) => JSON.stringify(row)).sort();
    expect([name, sorted(await rows(copy))]).toEqual([name, sorted((await rows(scratch)).map(withHashes))]);
  }
}

test("with plain contact ids and all attributes the marts are as the generator's truth has them", { timeout: 180_000 }, async () => {
  const scratch = await loaded();
  const to = join(scratchFolder(), "copy");
  const headers = (await contactColumns(scratch.warehouse.connection)).map(({ header }) => header);
  await publishScratch(scratch, to, { contactIds: "plain", contactColumns: headers });
  const copy = await asScratch(join(to, "current/signals.duckdb"));
  await expectMarts(copy, martsTruth(lastSignals(OPTIONS)));
  expect(await manifestOf(to)).toMatchObject({
    contact_ids: "plain",
    tables: expect.arrayContaining([expect.objectContaining({ hashed: [] })]) as unknown,
  });
});

/** The manifest has rows and checksums of each file. */
async function expectFiles(manifest: Manifest, to: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const { name, rows, files } of manifest.tables) {
    const found = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM read_parquet('${join(to, "current", name)}/*/*.parquet')`);
    expect([name, found.getRowsJson()]).toEqual([name, [[rows]]]);
    expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(rows);
  }
  instance.closeSync();
  for (const { path, sha256, bytes } of manifest.tables.flatMap(({ files }) => files)) {
    const content = readFileSync(join(to, "current", path));
    expect([path, createHash("sha256").update(content).digest("hex"), content.length]).toEqual([path, sha256, bytes]);
  }
}
