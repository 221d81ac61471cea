/** Whether a warehouse that is only read has what this version asks of it. */
import { expect, test } from "vitest";
import { assertCurrent } from "../../sinks/migrate.ts";
import { failureOf } from "../helpers/errors.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

async function changed(...statements: string[]): Promise<Scratch> {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([pageView("1", "", { "Loyalty Tier": "gold" })]))]);
  for (const sql of statements) await scratch.run(sql);
  await scratch.reopen({ access: "read", mayLack: "anything" });
  return scratch;
}

test.each([
  ["as it was written"],
  ["with other views", "CREATE OR REPLACE VIEW page_views AS SELECT 1 AS before", "UPDATE signalhouse.meta SET views = '{}'"],
  ["without a view", "DROP VIEW message_behavior"],
  ["without notes of its views", "ALTER TABLE signalhouse.meta DROP COLUMN views"],
  ["with more than there was", "CREATE TABLE mine (x INTEGER)", "ALTER TABLE signalhouse.loads ADD COLUMN mine INTEGER"],
])("a warehouse %s can be read", async (_, ...statements) => {
  const { warehouse } = await changed(...statements);
  await expect(assertCurrent(warehouse.connection, warehouse.name)).resolves.toBeUndefined();
});

test.each([
  ["an older schema version", "what this one asks of it", "UPDATE signalhouse.meta SET schema_version = 1"],
  ["a column of a signal table missing", "main.marketing_signals.key_hash", "ALTER TABLE marketing_signals DROP COLUMN key_hash"],
  ["a column of the ledger missing", "signalhouse.rejects.replayed_at", "ALTER TABLE signalhouse.rejects DROP COLUMN replayed_at"],
  ["a table missing", "signalhouse.drift", "DROP TABLE signalhouse.drift"],
  ["several parts missing", "main.order_items and 1 more", "DROP TABLE order_items", "ALTER TABLE signalhouse.loads DROP COLUMN header"],
])("a warehouse that has %s is refused, and what is missing is named", async (_, lacks, ...statements) => {
  const { warehouse } = await changed(...statements);
  expect(await failureOf(assertCurrent(warehouse.connection, warehouse.name))).toMatchObject({
    code: "warehouse_older",
    message: `${warehouse.name} was written by an older signalhouse, and lacks ${lacks}`,
    hint: expect.stringContaining("Run `signalhouse sync`, or any other command that writes: it adds what is missing.") as string,
  });
});

test("a warehouse of a newer version is refused as such", async () => {
  const { warehouse } = await changed("UPDATE signalhouse.meta SET schema_version = 99");
  expect(await failureOf(assertCurrent(warehouse.connection, warehouse.name))).toMatchObject({
    code: "warehouse_newer",
    hint: "Upgrade signalhouse, or use another warehouse.",
  });
});

test("parts may be missing where the caller tells of them himself, but not what this version keeps of itself", async () => {
  const { warehouse } = await changed("DROP TABLE signalhouse.drift", "ALTER TABLE signalhouse.loads DROP COLUMN header");
  await assertCurrent(warehouse.connection, warehouse.name, { exceptParts: true });
  const other = await changed("DROP TABLE signalhouse.seals", "ALTER TABLE signalhouse.meta DROP COLUMN seals");
  expect(await failureOf(assertCurrent(other.warehouse.connection, other.warehouse.name, { exceptParts: true }))).toMatchObject({
    code: "warehouse_older",
    message: expect.stringMatching(/lacks signalhouse\.meta\.seals$/) as string,
  });
});
