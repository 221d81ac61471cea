import { findReject } from "../sinks/rejects.ts";
import { defineCommand, wholeNumber } from "./command.ts";
import { EXIT } from "./failures.ts";
import { number, time } from "./format.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "LOAD_ID RECORD_NO [options]",
  about: "Prints one rejected row: why it was rejected (on stderr), and the row as it came (on stdout).",
  options: {},
  examples: ["rejects show 12 4711", "rejects show 12 4711 > row.csv"],
  positionals: [2, 2],
  run: (context, { positionals: [load = "", record = ""] }) => {
    const loadId = BigInt(wholeNumber("LOAD_ID", load));
    const recordNo = BigInt(wholeNumber("RECORD_NO", record));
    return reading(context, async (connection) => {
      const reject = await findReject(connection, loadId, recordNo);
      if (!context.out.json) {
        context.out.note(
          `record ${number(reject.record_no)} of ${reject.path} (load ${reject.load_id})`,
          `${reject.code}: ${reject.reason}`,
          ...(reject.replayed_at ? [`replayed ${time(reject.replayed_at)} UTC`] : []),
          ...(reject.raw_base64 === null ? [] : ["The row is not UTF-8: --json has its bytes in base64."]),
          "",
        );
        await context.out.write(`${reject.raw}\n`);
      } else context.out.result(reject, () => []);
      return EXIT.done;
    });
  },
});
