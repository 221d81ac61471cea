import { askForExport, type Wish } from "../pipeline/export/ask.ts";
import { awaitExports, type ExportOutcome } from "../pipeline/export/arrive.ts";
import { exportWish } from "../pipeline/export/wish.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { isAtConnect, OPEN_EXPORTS } from "../schemas/jobs.ts";
import { exportJobs } from "../sinks/jobs.ts";
import { defineCommand, type Input } from "./command.ts";
import { exportContext, noteRun } from "./api.ts";
import { exitOf, jobDocument, jobTable, tellFaults, warnOfUnlisted } from "./export-report.ts";
import { progressOfEach } from "./progress.ts";
import { sftpOf } from "./server.ts";

const OPTIONS = {
  types: {
    type: "string",
    value: "LIST",
    help: "signal types such as emailClick,order, or the groups email, sms, whatsapp, behavior, all; one that Connect does not list is asked for with a warning",
  },
  from: { type: "string", value: "TIME", help: "the window's start: a day in UTC (2025-07-01) or a time with its zone" },
  to: { type: "string", value: "TIME", help: "the window's end; a day is meant whole" },
  "job-name": { type: "string", value: "NAME", help: "a name that no other job has; made up by default" },
  path: { type: "string", value: "PATH", help: "the file, relative to the subscription's folder, ending in .csv; not beside --folder or --prefix" },
  folder: { type: "string", value: "FOLDER", help: "a folder that starts with Export/Signals" },
  prefix: { type: "string", value: "TEXT", help: "what the file's name begins with, before Signals_Export.csv" },
  notify: { type: "string", multiple: true, value: "EMAIL", help: "whom Connect tells when it is done; may be repeated" },
  wait: { type: "boolean", help: "wait until the file is there and whole" },
  sync: { type: "boolean", help: "wait, and load it" },
  resume: { type: "boolean", help: "go on with all exports that are under way or put off, in place of asking for one" },
  "ignore-quota": { type: "boolean", help: "ask even where the day's limits would be broken" },
} as const;

export const command = defineCommand({
  usage: "[options]",
  about:
    "Asks Connect for an export of signals. Everything is checked first; the job is written down before it is asked for, so nothing is lost or asked " +
    "twice, whatever breaks. Where Connect's daily limits (20 jobs, 2 million rows, 1 GB) would be broken, it is put off to the next day.",
  options: OPTIONS,
  isUnattended: true,
  examples: [
    "export --types emailClick,order --from 2025-07-01 --to 2025-07-31 --sync",
    "export --types behavior --from 2025-07-01T00:00:00Z --to 2025-07-01T12:00:00Z --wait",
    "export --types sms --from 2025-07-01 --to 2025-09-30 --path SMS_Reports/Q3_2025/SMS_Signals_Export.csv",
    "export --resume --sync",
  ],
  goesOn: "Nothing is lost. Go on with: signalhouse export --resume --sync. Ask anew only where that finds none under way.",
  async run(context, input) {
    const { config, file } = await context.config();
    sftpOf(config, file);
    const { values } = input;
    const wish = values.resume ? undefined : wishOf(input, context.clock.now());
    if (values.resume) refuseBesideResume(input);
    if (wish) warnOfUnlisted(context.out, wish.signalTypes);
    const flow = await exportContext(config, context);
    return noteRun(flow, context, "export", async (runId) => {
      const asked = wish ? [await askForExport(flow, wish)] : await flow.useWarehouse(({ connection }) => exportJobs(connection, ...OPEN_EXPORTS));
      const waits = Boolean(values.wait) || Boolean(values.sync);
      const outcomes = waits
        ? await awaitExports(flow, asked, { load: Boolean(values.sync), runId, onEvent: progressOfEach(context.out) })
        : wish
          ? asked.map((job): ExportOutcome => ({ job }))
          : await awaitExports(flow, asked, { load: false, once: true });
      context.out.result({ jobs: outcomes.map(jobDocument) }, () => (outcomes.length === 0 ? ["No export is under way."] : jobTable(outcomes)));
      tellFaults(context.out, outcomes);
      if (outcomes.some(({ job, error }) => !error && isAtConnect(job.status)))
        context.out.note("To fetch what is under way: signalhouse export --resume --sync");
      return exitOf(outcomes);
    });
  },
});

type Values = Input<typeof OPTIONS>;

function refuseBesideResume({ values }: Values): void {
  const beside = (["types", "from", "to", "job-name", "path", "folder", "prefix", "notify", "ignore-quota"] as const).find(
    (name) => values[name] !== undefined,
  );
  if (beside === undefined) return;
  throw new SignalhouseError(
    "usage",
    `--${beside} stands beside --resume`,
    "--resume goes on with exports that were asked for before, as they were.",
  );
}

/** What the command line wants. @throws SignalhouseError usage */
function wishOf({ values }: Values, now: number): Wish {
  const { types, from, to } = values;
  if (types === undefined || from === undefined || to === undefined) {
    const missing = Object.entries({ "--types": types, "--from": from, "--to": to }).filter(([, value]) => value === undefined);
    throw new SignalhouseError(
      "usage",
      `signalhouse export needs ${missing.map(([name]) => name).join(", ")}`,
      "For example: signalhouse export --types emailClick,order --from 2025-07-01 --to 2025-07-31",
    );
  }
  const { path, folder, prefix, notify } = values;
  return exportWish({ types, from, to, jobName: values["job-name"], path, folder, prefix, notify, ignoreQuota: values["ignore-quota"] }, now);
}
