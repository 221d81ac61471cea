/** Following an import to its end: dataJob tells it where Connect has it, and so does the file, which Connect deletes when it is done. */
import { isSignalhouseError, type SignalhouseError } from "../../schemas/errors.ts";
import { claimJob } from "../../sinks/job-rows.ts";
import { changeImport, type ImportChange, type ImportJob, importJobs, pushedCount } from "../../sinks/reference-set/imports.ts";
import type { ExportContext } from "../export/ask.ts";
import { goOn, type Handlers } from "../jobs/go-on.ts";
import { firstImportStep, type ImportAction, type ImportSeen, nextImportStep } from "../jobs/import-steps.ts";
import type { SftpServer } from "../sftp/server.ts";

/** What asking Connect and waiting for it needs. */
export type RefsetContext = Pick<ExportContext, "config" | "api" | "useWarehouse" | "finish" | "clock" | "signal" | "secrets" | "log" | "waiting">;

/** How an import ended, or where it stands. */
export interface ImportOutcome {
  job: ImportJob;
  error?: SignalhouseError;
  /** What is worth knowing of one that is done. */
  note?: string;
}

/**
 * Goes on with an import wherever it stands: takes away the file of one that was never asked for, finds out about one whose answer got lost, and
 * waits for the end until the deadline.
 * @param once look once, and leave what is not over
 * @throws SignalhouseError where server or API cannot be used at all; the signal's reason
 */
export async function endImport(context: RefsetContext, server: SftpServer, given: ImportJob, once = false): Promise<ImportOutcome> {
  const { clock, config, signal } = context;
  const handlers = followingHandlers(context, server);
  for (let waiting = given; ;) {
    signal.throwIfAborted();
    const { job, stop } = await goOn(context, waiting, (...at) => nextImportStep(...at, config.exports), handlers, {});
    if (stop.do === "throw") throw stop.error;
    if (stop.do === "end") return { job, ...(stop.error ? { error: stop.error } : {}), ...(stop.note === undefined ? {} : { note: stop.note }) };
    if (once) return { job };
    waiting = job;
    const deadline = job.askedAt + config.exports.deadlineHours * 3_600_000;
    context.waiting?.(
      `waiting until Connect is done with the import "${job.name}", until ${new Date(deadline).toISOString().slice(0, 16).replace("T", " ")} UTC at most`,
    );
    await clock.wait(config.exports.pollSeconds * 1000, signal).finally(() => context.waiting?.(undefined));
  }
}

/**
 * Asks Connect for an import whose file this process has sent.
 * @returns the job: asked, or still asking where the answer got lost
 * @throws SignalhouseError import_failed, api_*: the job is then marked as failed
 */
export async function askForImport(context: RefsetContext, job: ImportJob): Promise<ImportJob> {
  const asked = await goOn(context, job, firstImportStep, { ...askingHandlers(context), actions: {} }, {});
  if (asked.stop.do === "throw") throw asked.stop.error;
  return asked.job;
}

/** What can be done for an import without the server. */
function askingHandlers({ api, log, useWarehouse, finish }: RefsetContext): Omit<Handlers<ImportJob, ImportChange, ImportSeen, never>, "actions"> {
  return {
    async mark(job, { change, isWhole }) {
      await finish(({ connection }) => changeImport(connection, job, change, isWhole));
      return { ...job, ...change };
    },
    claim: (job, change) =>
      useWarehouse(async ({ connection }) => {
        const isMine = await claimJob(connection, "import", job, change);
        if (isMine) return { isMine, job: { ...job, ...change } };
        const [current] = (await importJobs(connection, job.setName)).filter(({ name }) => name === job.name);
        return { isMine, job: current ?? job };
      }),
    async ask({ name, request }) {
      log(`asking Connect for the import "${name}"`);
      const jobId = await api.createImportJob(request);
      log(`Connect took the import "${name}" as job ${jobId}`);
      return { jobId };
    },
  };
}

/** What can be done for an import with the server. */
function followingHandlers(context: RefsetContext, server: SftpServer): Handlers<ImportJob, ImportChange, ImportSeen, ImportAction> {
  const { api, useWarehouse } = context;
  return {
    ...askingHandlers(context),
    actions: {
      async find({ path }) {
        const file = await server.stat(path).catch((error: unknown) => {
          if (!isSignalhouseError(error, "file_missing")) throw error;
        });
        return { file: file ?? null };
      },
      inquire: async ({ jobId }) => ({ told: (await api.dataJob(jobId as string)) ?? null }),
      async remove({ path }) {
        await server.remove(path);
        return { isRemoved: true };
      },
      async compare({ name, setName, request: { dataSetId, importType }, rows }) {
        const set = (await api.dataSets()).find((known) =>
          dataSetId === undefined ? known.name === setName && known.type === "REFERENCE_SET" : known.dataSetId === dataSetId,
        );
        const isAll = importType !== "ADD_UPDATE";
        const expected = isAll ? rows : await useWarehouse(({ connection }) => pushedCount(connection, setName, name));
        return { set: set ? { size: set.size ?? null } : null, expected };
      },
    },
  };
}
