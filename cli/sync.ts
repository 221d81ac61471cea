import { namedBy, type PlannedFile, type PlanOptions } from "../pipeline/load/plan.ts";
import type { PassedOver } from "../pipeline/sftp/server.ts";
import { sync, type SyncOptions } from "../pipeline/sync.ts";
import { type Context, defineCommand, pointInTime } from "./command.ts";
import { EXIT } from "./failures.ts";
import { bytes, count, number, table, time } from "./format.ts";
import { passedOverLines } from "./passed-over.ts";
import { READER_OPTIONS, chosenReader } from "./reader.ts";
import { secrets, sftpOf } from "./server.ts";
import { reportLoads } from "./summary.ts";
import { doorOf, running } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Loads every export file on the server that the warehouse does not know, oldest first. A file is loaded whole or not at all, and never twice, " +
    "so it can be run at any time, by cron for example. A file that fails does not stop the others; the next run tries it again.",
  options: {
    "dry-run": { type: "boolean", help: "print what would be loaded, and why; load nothing" },
    since: { type: "string", value: "DATE", help: "leave out files from before this date (2025-09-01, in UTC)" },
    only: {
      type: "string",
      multiple: true,
      value: "PATTERN",
      help: 'load only files whose name, or a folder of theirs, matches, such as "*2025-09*"; with a "/", whose whole path does; may be repeated',
    },
    ...READER_OPTIONS,
  },
  isUnattended: true,
  examples: ["sync", "sync --dry-run", 'sync --since 2025-09-01 --only "Weekly_*"', "sync --quiet  # for cron: prints only what went wrong"],
  async run(context, { values }) {
    const { config, file } = await context.config();
    sftpOf(config, file);
    const plan = {
      ...(values.since === undefined ? {} : { since: pointInTime("--since", values.since) }),
      ...(values.only === undefined ? {} : { only: values.only }),
    };
    const reader = chosenReader(values, context.out);
    // Before the server is asked: a wrong pattern is a mistake of the command line.
    namedBy(values.only ?? []);
    if (values["dry-run"]) return dryRun(context, plan);
    return running(context, "sync", (warehouse, config, runId) => loadNew(context, { ...plan, config, warehouse, runId, reader }));
  },
});

async function loadNew(context: Context, options: SyncOptions): Promise<number> {
  const { out, signal } = context;
  let planned: PlannedFile[] = [];
  let passedOver: readonly PassedOver[] = [];
  const framing = { extra: () => ({ skipped: skipped(planned), passed_over: passedOver }), nothing: () => nothingNew(planned) };
  return reportLoads(out, framing, ({ begin, onEvent }) =>
    sync({
      ...options,
      secrets: secrets(context),
      signal,
      log: (line) => out.log("info", line),
      onEvent(event) {
        if (event.event !== "planned") return onEvent(event);
        ({ files: planned, passedOver } = event);
        for (const line of passedOverLines(passedOver)) out.note(line);
        begin(sizeOf(toLoad(planned)));
      },
    }),
  );
}

const toLoad = (planned: readonly PlannedFile[]) => planned.filter(({ decision }) => decision.action === "load");
const sizeOf = (planned: readonly PlannedFile[]) => planned.reduce((sum, { file }) => sum + file.size, 0);

/** How many files are skipped, by reason. */
function skipped(planned: readonly PlannedFile[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { decision } of planned) if (decision.action === "skip") counts[decision.why] = (counts[decision.why] ?? 0) + 1;
  return counts;
}

function nothingNew(planned: readonly PlannedFile[]): string {
  const reasons = Object.entries(skipped(planned)).map(([why, files]) => `${number(files)} ${why}`);
  return reasons.length === 0
    ? "Nothing new: there are no export files on the server."
    : `Nothing new: of ${count(planned.length, "file")} on the server, ${reasons.join(", ")}.`;
}

async function dryRun(context: Context, plan: PlanOptions): Promise<number> {
  const { out, signal } = context;
  const { config } = await context.config();
  const { planned, passedOver } = await doorOf(config, context).toPlan((warehouse) =>
    sync({ ...plan, config, warehouse, secrets: secrets(context), signal, dryRun: true, log: (line) => out.log("info", line) }),
  );
  const load = toLoad(planned);
  const files = planned.map(({ file: { path, size, mtime }, decision }) => ({ path, size, mtime: new Date(mtime), ...decision }));
  for (const line of passedOverLines(passedOver)) out.note(line);
  out.result({ files, to_load: { files: load.length, bytes: sizeOf(load) }, passed_over: passedOver }, () => {
    const rows = files.map(({ path, size, mtime, action, why }) => [path, bytes(size), time(mtime), action, why]);
    const would = `Would load ${number(load.length)} of ${count(planned.length, "file")}, ${bytes(sizeOf(load))}.`;
    return rows.length === 0 ? [would] : [...table(["file", { right: "size" }, "written (UTC)", "plan", "why"], rows), "", would];
  });
  return EXIT.done;
}
