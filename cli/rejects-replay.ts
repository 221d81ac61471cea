import { replayRejects } from "../pipeline/load/replay.ts";
import { assertLoad } from "../sinks/rejects.ts";
import { defineCommand, wholeNumber } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, table } from "./format.ts";
import { running } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about: "Reads the rejects again, as this version of signalhouse understands them, loads what has become a record and marks it as replayed.",
  options: { load: { type: "string", value: "LOAD_ID", help: "only the rejects of this load" } },
  isUnattended: true,
  examples: ["rejects replay", "rejects replay --load 12"],
  run: (context, { values }) => {
    const load = values.load === undefined ? {} : { loadId: BigInt(wholeNumber("--load", values.load)) };
    return running(context, "rejects replay", async (warehouse, { limits }) => {
      if (load.loadId !== undefined) await assertLoad(warehouse.connection, load.loadId);
      const loads = await replayRejects({ warehouse, limits, ...load, signal: context.signal });
      const still = loads.reduce((sum, { still_rejected }) => sum + still_rejected, 0);
      context.out.result({ loads }, () => {
        const rows = loads.map((row) => [String(row.load_id), row.path, row.replayed, row.inserted, row.updated, row.unchanged, row.still_rejected]);
        const counts = ["replayed", "inserted", "updated", "unchanged", "still rejected"].map((right) => ({ right }));
        return rows.length === 0 ? ["There are no rejects to replay."] : table([{ right: "load" }, "file", ...counts], rows);
      });
      const suppressed = loads.reduce((sum, row) => sum + row.suppressed, 0);
      if (suppressed > 0) context.out.note(`${count(suppressed, "record")} left out, of somebody who was forgotten`);
      return still > 0 ? EXIT.rejected : EXIT.done;
    });
  },
});
