/** Following an import to its end: dataJob tells it where Connect has it, and so does the file, which Connect deletes when it is done. */
import { dataJobState } from "../../schemas/connect.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { changeImport, finishImport, type ImportJob, pushedCount } from "../../sinks/imports.ts";
import { importAdvice } from "../connect-api/api.ts";
import type { ExportContext } from "../export/ask.ts";
import type { SftpServer } from "../sftp/server.ts";

/** What asking Connect and waiting for it needs. */
export type RefsetContext = Pick<ExportContext, "config" | "api" | "useWarehouse" | "clock" | "signal" | "secrets" | "log">;

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
  for (let job = given; ;) {
    context.signal.throwIfAborted();
    const step = await goOn({ ...context, server }, job);
    if ("outcome" in step) return step.outcome;
    job = step.job;
    if (once) return { job };
    await context.clock.wait(context.config.exports.pollSeconds * 1000, context.signal);
  }
}

type Look = RefsetContext & { server: SftpServer };
type Step = { job: ImportJob } | { outcome: ImportOutcome };

async function goOn(look: Look, job: ImportJob): Promise<Step> {
  const { clock, config, server } = look;
  if (job.status === "imported" || job.status === "failed") return { outcome: { job } };
  if (job.status === "uploading") {
    await server.remove(job.path);
    return fail(look, job, "it was interrupted before Connect was asked for it; nothing was imported", "Push again.", false);
  }
  const file = await server.stat(job.path).catch((error: unknown) => {
    if (isSignalhouseError(error, "file_missing")) return undefined;
    throw error;
  });
  if (job.status === "asking") {
    // Only Connect takes the file away: it had been asked.
    if (!file) return done(look, job, job.askedAt);
    if (clock.now() < job.askedAt + config.exports.lookMinutes * 60_000) return { job };
    return { job: await askForImport(look, job) };
  }
  const told = job.jobId === null ? undefined : await look.api.dataJob(job.jobId);
  const state = told ? dataJobState(told) : file ? "running" : "done";
  if (state === "done") return done(look, job, Date.parse(told?.endedAt ?? "") || job.askedAt);
  if (state === "failed") {
    const said = (told?.errors ?? []).map(({ code, message }) => [code, message].filter(Boolean).join(": ")).join("; ") || (told?.status ?? "failed");
    const left = file ? ` Its file is still on the server: ${job.path}.` : "";
    const advice = importAdvice(said) ?? "See the job's report under Data management > Job monitoring in Connect.";
    return fail(look, job, `Connect could not import it: ${said}.${left}`, advice, true);
  }
  if (clock.now() < job.askedAt + config.exports.deadlineHours * 3_600_000) return { job };
  const error = new SignalhouseError(
    "import_late",
    `the import "${job.name}" into ${job.setName} has not ended within ${config.exports.deadlineHours} hours; its file is ${file ? `still there: ${job.path}` : "gone"}`,
    "See Data management > Job monitoring in Connect. signalhouse refset status looks again.",
  );
  await look.useWarehouse(({ connection }) => changeImport(connection, job.name, { error: error.message }));
  return { outcome: { job: { ...job, error: error.message }, error } };
}

/** @param isFault whether somebody has to hear of it, or a new push is all that is needed */
async function fail(look: Look, job: ImportJob, why: string, hint: string, isFault: boolean): Promise<Step> {
  const message = `the import "${job.name}" into ${job.setName}: ${why}`;
  const change = { status: "failed", finishedAt: look.clock.now(), error: message } as const;
  await look.useWarehouse(({ connection }) => changeImport(connection, job.name, change));
  look.log(message);
  return { outcome: { job: { ...job, ...change }, ...(isFault ? { error: new SignalhouseError("import_failed", message, hint) } : {}) } };
}

/**
 * Connect is done: are the rows there, as far as the set's size tells? It may come to tell so later than the job.
 * @param since when it was done, as far as is known
 */
async function done(look: Look, job: ImportJob, since: number): Promise<Step> {
  const { api, clock } = look;
  const set = (await api.dataSets()).find(({ dataSetId, name, type }) =>
    job.request.dataSetId === undefined ? name === job.setName && type === "REFERENCE_SET" : dataSetId === job.request.dataSetId,
  );
  const isWhole = job.request.importType !== "ADD_UPDATE";
  const now = clock.now();
  const expected = isWhole ? job.rows : await look.useWarehouse(({ connection }) => pushedCount(connection, job.setName, job.name));
  const arrived = set !== undefined && (set.size ?? expected) >= expected;
  if (!arrived && now < since + look.config.exports.lookMinutes * 60_000) return { job };
  if (!set) {
    const message = `the import "${job.name}" is over, but Connect has no reference set ${job.setName}`;
    const change = { status: "failed", finishedAt: now, error: message } as const;
    await look.useWarehouse(({ connection }) => changeImport(connection, job.name, change));
    const error = new SignalhouseError("import_failed", message, "See the job's report under Data management > Job monitoring in Connect.");
    return { outcome: { job: { ...job, ...change }, error } };
  }
  await look.useWarehouse(({ connection }) => finishImport(connection, job, now, arrived));
  const finished: ImportJob = { ...job, status: "imported", finishedAt: now, error: null };
  if (arrived) return { outcome: { job: finished } };
  const note =
    `${job.setName} has ${String(set.size)} rows in Connect, and ${expected} should be there: some may have been refused. See the job's report under ` +
    "Data management > Job monitoring; --changed sends all rows of this push again.";
  look.log(note);
  return { outcome: { job: finished, note } };
}

/**
 * Asks Connect for an import whose file is there.
 * @returns the job: asked, or still asking where the answer got lost
 * @throws SignalhouseError import_failed, api_*: the job is then marked as failed
 */
export async function askForImport(context: RefsetContext, given: ImportJob): Promise<ImportJob> {
  const change = async (changes: Parameters<typeof changeImport>[2]): Promise<ImportJob> => {
    await context.useWarehouse(({ connection }) => changeImport(connection, given.name, changes));
    return { ...given, ...changes };
  };
  await change({ status: "asking", askedAt: context.clock.now() });
  context.log(`asking Connect for the import "${given.name}"`);
  try {
    const jobId = await context.api.createImportJob(given.request);
    context.log(`Connect took the import "${given.name}" as job ${jobId}`);
    return await change({ status: "asked", askedAt: context.clock.now(), jobId, error: null });
  } catch (error) {
    if (isSignalhouseError(error, "import_unanswered")) {
      context.log(`${messageOf(error)}; its file is watched before anything is asked again`);
      return change({ status: "asking", askedAt: context.clock.now(), error: messageOf(error) });
    }
    if (!context.signal.aborted) await change({ status: "failed", finishedAt: context.clock.now(), error: messageOf(error) });
    throw error;
  }
}
