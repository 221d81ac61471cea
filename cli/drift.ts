import { listDrift } from "../sinks/drift.ts";
import { defineCommand, pointInTime } from "./command.ts";
import { EXIT } from "./failures.ts";
import { table, time } from "./format.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    'What the data has that the schema does not know: unknown fields, values that do not fit, unknown signal types. Nothing of it is lost: it is in the column "extra".',
  options: { since: { type: "string", value: "DATE", help: "only what was loaded on this date (2025-09-01, in UTC) or later" } },
  examples: ["drift", "drift --since 2025-09-01"],
  run: (context, { values }) => {
    const since = values.since === undefined ? undefined : pointInTime("--since", values.since);
    return reading(context, async (connection) => {
      const drift = await listDrift(connection, since);
      context.out.result(drift, () => {
        const rows = drift.map((row) => [
          row.signal_type,
          row.field,
          row.reason,
          row.records,
          `load ${row.first_load_id}, record ${row.first_record_no}`,
          `load ${row.last_load_id}, ${time(row.last_seen)}`,
        ]);
        return rows.length === 0
          ? ["There is no drift."]
          : table(["signal type", "field", "reason", { right: "records" }, "first seen", "last seen (UTC)"], rows);
      });
      return EXIT.done;
    });
  },
});
