/** A warehouse under a name of its own, beside others: as dbt, DBeaver and notebooks attach it. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { quoteIdentifier as id, quoteText } from "../../../schemas/names.ts";
import { DuckDBInstance } from "../../../sinks/duckdb.ts";
import { rows } from "../../../sinks/sql.ts";
import { scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

test("each view answers where the warehouse is attached under a name", async () => {
  const path = join(scratchFolder(), "signals.duckdb");
  const scratch = await scratchWarehouse({ path });
  scratch.warehouse.close();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`ATTACH ${quoteText(path)} AS shop (READ_ONLY)`);
    const views = await rows<{ schema_name: string; view_name: string }>(
      connection,
      "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'shop' AND NOT internal",
    );
    expect(views.length).toBeGreaterThan(50);
    for (const { schema_name, view_name } of views)
      expect({ view_name, rows: await rows(connection, `FROM shop.${id(schema_name)}.${id(view_name)}`) }).toEqual({ view_name, rows: [] });
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
});
