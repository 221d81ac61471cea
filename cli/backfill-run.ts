import { runBackfill } from "../pipeline/backfill.ts";
import { calendarLines, SPAN_OPTIONS, spanOf } from "./backfill.ts";
import { defineCommand } from "./command.ts";
import { exportContext, noteRun } from "./api.ts";
import { exitOf, jobDocument, jobTable, tellFaults, warnOfUnlisted } from "./export-report.ts";
import { progressOfEach } from "./progress.ts";
import { sftpOf } from "./server.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Asks Connect for what is missing of a span, as much as today allows, waits for the files and loads them; then waits for tomorrow and goes on, until " +
    "nothing is missing. With --once it ends when today's part is done, for cron. It can be ended at any time: the next one goes on.",
  options: { ...SPAN_OPTIONS, once: { type: "boolean", help: "end when today's part is loaded" } },
  isUnattended: true,
  examples: ["backfill run --from 2025-01-01", "backfill run --from 2025-01-01 --once  # for cron"],
  async run(context, { values }) {
    const { out, clock } = context;
    const { config, file } = await context.config();
    sftpOf(config, file);
    const span = spanOf(values, config, clock.now());
    warnOfUnlisted(out, span.types);
    const flow = await exportContext(config, context);
    return noteRun(flow, context, "backfill", async (runId) => {
      const { outcomes, left } = await runBackfill(flow, {
        ...config.backfill,
        span,
        once: Boolean(values.once),
        runId,
        onEvent: progressOfEach(out),
      });
      out.result({ jobs: outcomes.map(jobDocument), left }, () => [
        ...jobTable(outcomes),
        "",
        ...(left.calendar.length > 0 ? ["What is left:", ""] : []),
        ...calendarLines(left, config.backfill.guessRowsPerDay),
      ]);
      tellFaults(out, outcomes);
      return exitOf(outcomes);
    });
  },
});
