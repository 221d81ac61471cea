import { type CellState, backfillDays } from "../pipeline/backfill-days.ts";
import { windowsOf } from "../pipeline/backfill.ts";
import { exportJobs } from "../sinks/jobs.ts";
import { SPAN_OPTIONS, spanOf } from "./backfill.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, table } from "./format.ts";
import { doorOf } from "./warehouse.ts";

const LETTERS: Readonly<Record<CellState, string>> = { loaded: "L", asked: "a", missing: ".", expiring: "!", expired: "X" };

export const command = defineCommand({
  usage: "[options]",
  about:
    "Shows each day of a span by signal type: L loaded, a asked for, . missing, ! the file is deleted within 7 days and not loaded, X deleted before it " +
    "was loaded. What an export that signalhouse did not ask for has brought is not counted: nothing tells which window it covered.",
  options: SPAN_OPTIONS,
  examples: ["backfill status --from 2025-01-01", "backfill status --from 2025-01-01 --types email --json"],
  async run(context, { values }) {
    const { out, clock } = context;
    const { config } = await context.config();
    const now = clock.now();
    const span = spanOf(values, config, now);
    const jobs = await doorOf(config, context).toPlan(({ connection }) => exportJobs(connection));
    const days = backfillDays(span, windowsOf(jobs, now), now);
    const states = Object.keys(LETTERS) as CellState[];
    const totals = Object.fromEntries(
      states.map((state) => [state, days.reduce((sum, { cells }) => sum + [...cells.values()].filter((cell) => cell === state).length, 0)]),
    );
    const document = {
      days: days.map(({ day, cells, expiresInDays }) => ({ day, expires_in_days: expiresInDays ?? null, types: Object.fromEntries(cells) })),
      totals,
    };
    out.result(document, () => {
      const rows = days.map(({ day, cells, expiresInDays }) => [
        day,
        span.types.map((type) => LETTERS[cells.get(type) ?? "missing"]).join(""),
        expiresInDays === undefined ? "" : `deleted in ${count(expiresInDays, "day")}`,
      ]);
      const legend = states.map((state) => `${LETTERS[state]} ${state}: ${totals[state]}`).join("   ");
      return [...table(["day", "types", ""], rows), "", `Types, from left to right: ${span.types.join(", ")}`, legend];
    });
    return EXIT.done;
  },
});
