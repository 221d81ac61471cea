import { rejectGroups, rejectsOfLoad } from "../sinks/rejects.ts";
import { defineCommand, wholeNumber } from "./command.ts";
import { EXIT } from "./failures.ts";
import { number, table, time } from "./format.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Lists rows that could not become records, by file and reason; with --load, each row of one load. Every one is kept whole: see rejects show.",
  options: {
    load: { type: "string", value: "LOAD_ID", help: "list each reject of this load" },
    limit: { type: "string", value: "N", help: "print at most so many lines; 100 by default" },
  },
  examples: ["rejects list", "rejects list --load 12"],
  run: (context, { values }) => {
    const limit = BigInt(wholeNumber("--limit", values.limit ?? "100", { least: 1 }));
    const load = values.load === undefined ? undefined : BigInt(wholeNumber("--load", values.load));
    const first = <T>(rows: readonly T[]): T[] => {
      if (rows.length > limit) context.out.note(`there are more than ${number(limit)}: --limit N prints more`);
      return rows.slice(0, Number(limit));
    };
    return reading(context, async (connection) => {
      if (load === undefined) {
        const groups = first(await rejectGroups(connection, limit + 1n));
        context.out.result(groups, () => {
          const rows = groups.map((group) => [String(group.load_id), group.path, group.code, group.open, group.replayed, group.first_record_no]);
          return rows.length === 0
            ? ["There are no rejects."]
            : table([{ right: "load" }, "file", "code", { right: "open" }, { right: "replayed" }, { right: "first record" }], rows);
        });
      } else {
        const rejects = first(await rejectsOfLoad(connection, load, limit + 1n));
        context.out.result(rejects, () => {
          const rows = rejects.map((reject) => [reject.record_no, reject.code, reject.reason, time(reject.replayed_at)]);
          return rows.length === 0 ? [`Load ${load} has no rejects.`] : table([{ right: "record" }, "code", "reason", "replayed (UTC)"], rows);
        });
      }
      return EXIT.done;
    });
  },
});
