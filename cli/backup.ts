import { PATIENCE_MS } from "../pipeline/common/door.ts";
import { backUp, mergeLog } from "../sinks/backup.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { bytes, count } from "./format.ts";
import { doorOf, reading } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "FILE [options]",
  about:
    "Copies the warehouse to a file, and opens the copy to see that each table has all of its rows. Others may read the warehouse meanwhile; what writes to it is kept out. A file that is there is replaced " +
    "when the new copy is whole. To restore it, stop whatever runs, and put it in the place of the warehouse; a signals.duckdb.wal beside that must go.",
  options: {},
  isUnattended: true,
  examples: ["backup signals-backup.duckdb", "backup signals-backup.duckdb --json"],
  positionals: [1, 1],
  async run(context, { positionals: [file = ""] }) {
    const to = localPath(context, file);
    const patience = PATIENCE_MS;
    const { config } = await context.config();
    const begin = context.clock.now();
    await mergeLog(doorOf(config, context).place);
    const { size, tables } = await reading(context, (connection, _, { place }) => backUp(place, connection, to), {
      mayLack: "anything",
      patience,
    });
    const seconds = (context.clock.now() - begin) / 1000;
    const rows = tables.reduce((sum, table) => sum + table.rows, 0n);
    context.out.result({ warehouse: config.warehouse, file: to, size_bytes: size, seconds, tables }, () => [
      `Copied ${config.warehouse} to ${to}: ${bytes(size)}, ${count(tables.length, "table")}, ${count(rows, "row")}, in ${seconds.toFixed(1)} s.`,
    ]);
    return EXIT.done;
  },
});
