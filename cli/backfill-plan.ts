import { planSpan } from "../pipeline/backfill.ts";
import { calendarLines, SPAN_OPTIONS, spanOf } from "./backfill.ts";
import { defineCommand } from "./command.ts";
import { warnOfUnlisted } from "./export-report.ts";
import { EXIT } from "./failures.ts";
import { doorOf } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Prints what is missing of a span and on which days it can be asked for within Connect's daily limits (20 jobs, 2 million rows, 1 GB). It asks for " +
    "nothing. Rows are expected from what was loaded so far; the calendar mends itself as more is known.",
  options: SPAN_OPTIONS,
  examples: ["backfill plan --from 2025-01-01", "backfill plan --from 2025-01-01 --to 2025-03-31 --types email,order"],
  async run(context, { values }) {
    const { out, clock } = context;
    const { config } = await context.config();
    const now = clock.now();
    const span = spanOf(values, config, now);
    warnOfUnlisted(out, span.types);
    const plan = await doorOf(config, context).toPlan((warehouse) => planSpan(warehouse, span, { ...config.backfill, now }));
    out.result(plan, () => calendarLines(plan, config.backfill.guessRowsPerDay));
    return EXIT.done;
  },
});
