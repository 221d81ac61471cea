/** What comes next for an export, from what is written down of it and what was seen. Pure. */
import { dataJobState, DAY_MS } from "../../schemas/connect.ts";
import { type ErrorCode, isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import type { ExportStatus } from "../../schemas/jobs.ts";
import type { ExportChange, ExportJob } from "../../sinks/jobs.ts";
import { BusyError } from "../connect-api/failed.ts";
import { JOB_MONITORING, jobFaults } from "../connect-api/failures.ts";
import type { FileResult } from "../load/load-files.ts";
import { startOfNextDay, utcDay } from "./quota.ts";
import type { RemoteFile } from "../sftp/file.ts";
import {
  askingAgain,
  END,
  failed,
  GIVEN_UP_MS,
  isInTime,
  isSameAsking,
  type KnownFile,
  mark,
  mayBeAskedAgain,
  mayStillShow,
  type Moment,
  type Rules,
  type Seen,
  type Step,
  WAIT,
} from "./steps.ts";

/**
 * count: what is left of the day · find: the file · inquire: how the job goes · read: whether the file is whole · load: into the warehouse ·
 * reread: the job's row, which another process may have changed.
 */
export type ExportAction = "count" | "find" | "inquire" | "read" | "load" | "reread";

export interface ExportSeen extends Seen<ExportJob, ExportChange> {
  /** Whether the job would break the limits of what is left of the day. */
  isDayFull?: boolean;
  /** The file at the last look. */
  known?: KnownFile;
  /** Why the file looks as if it were still being written; null where it is whole. */
  fault?: SignalhouseError | null;
  /** What became of a file that is not still being written; null where it was loaded before. */
  load?: FileResult | null;
}

/** `load`: load the file once it is there, rather than only see whether it is whole. */
type ExportRules = Rules & { load: boolean };

type ExportStep = Step<ExportChange, ExportAction>;
type At = Moment<ExportJob, ExportSeen, ExportRules>;

const STATES: Readonly<Record<ExportStatus, (at: At) => ExportStep>> = {
  postponed({ job, seen, now }) {
    if (!isDue(job, now)) return { do: "wait", until: job.notBefore ?? 0 };
    if (seen.isDayFull === undefined) return { do: "count" };
    if (!seen.isDayFull) return { do: "ask", again: false, first: asking(now) };
    const notBefore = startOfNextDay(now);
    return mark({ notBefore }, { do: "wait", until: notBefore });
  },
  asking(at) {
    const { file } = at.seen;
    if (file === undefined) return { do: "find" };
    if (file !== null) return onTheServer(at, file);
    if (mayStillShow(at)) return WAIT;
    return mayBeAskedAgain(at) ? { do: "ask", again: true, first: askingAgain(at) } : neverTold(at);
  },
  asked: awaited,
  arrived: awaited,
  loaded: () => END,
  failed: ({ job }) => ({
    do: "end",
    error: new SignalhouseError("export_failed", `the export "${job.name}" failed: ${job.error ?? "no reason is known"}`, ASK_AGAIN),
  }),
};

const ASK_AGAIN = `See ${JOB_MONITORING} in Connect, then ask for it again under another name.`;

const asking = (now: number): ExportChange => ({ status: "asking", askedAt: now, notBefore: null });

/** Whether a job may be asked for, or looked for, now. */
export const isDue = ({ status, notBefore }: Pick<ExportJob, "status" | "notBefore">, now: number): boolean =>
  status !== "postponed" || (notBefore ?? 0) <= now;

/** What is written of a job whose file was found; undefined where it is known. That there is a file proves that Connect took the job. */
export function foundAs({ status, path }: Pick<ExportJob, "status" | "path">, file: Pick<RemoteFile, "path">): ExportChange | undefined {
  return path === file.path && status !== "asking" ? undefined : { status: "asked", path: file.path, error: null };
}

/** The next step of an export. */
export function nextExportStep(job: ExportJob, seen: ExportSeen, now: number, rules: ExportRules): ExportStep {
  return seen.answer ? answered(job, seen.answer, seen.row, now, rules) : STATES[job.status]({ job, seen, now, rules });
}

/** The next step of an export that this process wrote down, and for which nobody has asked yet: up to Connect's answer. */
export function firstExportStep(job: ExportJob, { answer, row }: ExportSeen, now: number): Step<ExportChange, "reread"> {
  return answer ? answered(job, answer, row, now) : { do: "ask", again: false };
}

type Answered = NonNullable<ExportSeen["answer"]>;

/** @param row the job's row, where it was read after the answer; @param rules there are none for the first request, which has all its time */
function answered(job: ExportJob, answer: Answered, row: ExportJob | undefined, now: number, rules?: Rules): Step<ExportChange, "reread"> {
  const { before, again, taken, error, isAborted, asked } = answer;
  // That it was taken the second time shows that it was not the first time.
  if (taken) return mark({ ...taken, status: "asked", error: null, ...(again ? { askedAt: now } : {}) }, WAIT);
  if (isSignalhouseError(error, "export_unanswered"))
    return mark({ error: error.message }, WAIT, { say: `${error.message}; its file is looked for before anything is asked again` });
  if (isSignalhouseError(error, "quota_used_up")) {
    const notBefore = startOfNextDay(now);
    const say = `${error.message}; "${job.name}" is put off to ${utcDay(notBefore)}`;
    return mark({ status: "postponed", refusedAt: now, notBefore, error: error.message }, { do: "wait", until: notBefore }, { say });
  }
  const isNameTaken = isSignalhouseError(error, "export_name_taken");
  if (isNameTaken && again) {
    const say = `Connect has "${job.name}" already: its first request was taken`;
    return mark({ status: "asked", error: null }, WAIT, { say });
  }
  if (isNameTaken) {
    if (row === undefined) return { do: "reread" };
    // Another process has gone on with this job in the meantime, and asked: the name is taken by the job itself.
    if (!isSameAsking(row, asked)) return WAIT;
  }
  if (error instanceof BusyError) return later(job, error, answer, now, rules);
  const thrown = { do: "throw", error } as const;
  // That it cannot be asked again says nothing about whether its first request was taken.
  if (isAborted || again) return thrown;
  // A network that is down or a wrong key is no fault of a job that was put off.
  if (before.status === "postponed" && !isSignalhouseError(error, "api_refused", "export_name_taken"))
    return mark({ status: "postponed", notBefore: now, error: messageOf(error) }, thrown);
  return mark(failed(now, error), thrown);
}

/** Connect was asked too often. A job that it may have taken before stays one that is looked for. */
function later({ name }: ExportJob, error: BusyError, { before, asked, again }: Answered, now: number, rules?: Rules): Step<ExportChange, never> {
  const notBefore = now + error.retryAfterMs;
  const say = `${error.message}; "${name}" is asked for again at ${new Date(notBefore).toISOString()}`;
  const wait = { do: "wait", until: notBefore } as const;
  if (again) return mark({ notBefore, error: error.message }, wait, { say });
  // What is put off again and again was asked for when it was the first time: so it has a deadline, too.
  const askedAt = isPutOffAsBusy(before) ? before.askedAt : asked.askedAt;
  const put = { status: "postponed", askedAt, notBefore, error: error.message } as const;
  return rules && !isInTime({ job: { askedAt }, seen: {}, now, rules }) ? mark(put, { do: "throw", error }) : mark(put, wait, { say });
}

/** Whether a job was put off because Connect was asked too often: the day's limits put it off to the start of a day. */
const isPutOffAsBusy = ({ status, notBefore }: ExportJob): boolean => status === "postponed" && notBefore !== null && notBefore % DAY_MS !== 0;

/** Connect took the job: its file is waited for. */
function awaited(at: At): ExportStep {
  const { job, seen, now } = at;
  if (seen.file === undefined) return { do: "find" };
  if (seen.file !== null) return onTheServer(at, seen.file);
  if (job.jobId !== null && seen.told === undefined) return { do: "inquire" };
  // Only a failure counts: that a job is done, the file tells.
  if (!seen.told || dataJobState(seen.told) !== "failed") return late(at);
  const faults = jobFaults(seen.told);
  const why = `${seen.told.status ?? "no status"}${faults ? `: ${faults}` : ""}`;
  const error = new SignalhouseError("export_failed", `Connect could not make the export "${job.name}" (${why})`, ASK_AGAIN);
  return mark(failed(now, error), { do: "end", error });
}

/** There is a file: it counts once it did not change between two looks, and is whole. */
function onTheServer(at: At, file: RemoteFile): ExportStep {
  const { job, seen, now, rules } = at;
  const found = foundAs(job, file);
  if (found) return mark(found);
  if (file.fault) return late(at, file.fault);
  if (file.size === 0) return late(at, EMPTY);
  const { known } = seen;
  if (known?.file.size !== file.size || known.file.mtime !== file.mtime)
    return { do: "wait", known: { file }, say: `${file.path} is there with ${file.size} bytes; it is taken once it stays so` };
  if (known.fault) return late(at, known.fault);
  if (rules.load) return loading(at, file);
  if (seen.fault === undefined) return { do: "read" };
  if (seen.fault) return late(at, seen.fault);
  return mark({ status: "arrived", sizeBytes: file.size, finishedAt: now, error: null }, END);
}

const EMPTY = new SignalhouseError("file_empty", "its file has no bytes", "It may still be being written.");

/** How reading a file fails that is still being written. */
export const UNFINISHED: readonly ErrorCode[] = ["gzip_truncated", "file_changed", "file_empty", "file_missing"];

/** What can only be had anew: the job failed, and what it was to cover is missing. */
const USELESS: readonly string[] = ["gzip_corrupt", "not_an_export", "header_missing"] satisfies ErrorCode[];

/** The file stays as it is: loading it tells whether it is whole. */
function loading(at: At, file: RemoteFile): ExportStep {
  const { job, seen, now } = at;
  const { fault, load, row } = seen;
  if (fault) return job.status === "arrived" ? mark({ status: "asked" }) : late(at, fault);
  if (load === undefined) return job.status === "arrived" ? { do: "load" } : mark({ status: "arrived", sizeBytes: file.size, error: null });
  if (load?.status !== "failed") return row === undefined ? { do: "reread" } : END;
  const error = new SignalhouseError("export_failed", `${file.path} cannot be loaded: ${load.message}`, load.hint);
  const end = { do: "end", error } as const;
  return USELESS.includes(load.code) ? mark(failed(now, load.message), end) : end;
}

/** Waits on, unless the deadline has passed. @param fault what is wrong with the file that is there */
function late(at: At, fault?: SignalhouseError): ExportStep {
  const { job, seen, rules } = at;
  if (isInTime(at)) return seen.file && fault ? { do: "wait", known: { file: seen.file, fault } } : WAIT;
  const hours = rules.deadlineHours;
  const error =
    fault?.code === "file_empty"
      ? new SignalhouseError(
          "file_empty",
          `the file of the export "${job.name}", ${job.path}, has no bytes, ${hours} hours after it was asked for`,
          `See ${JOB_MONITORING} in Connect, and ask for it again under another name.`,
        )
      : new SignalhouseError(
          "export_late",
          `the export "${job.name}" has not arrived whole within ${hours} hours${fault ? `: ${fault.message}` : ""}`,
          `See ${JOB_MONITORING} in Connect. Wait on with \`signalhouse export --resume\` and a longer exports.deadlineHours, or ask again.`,
        );
  return ended(at, error, { error: error.message });
}

/** Nothing told, in all its time, whether Connect took the job: it is not asked for any more, but looked for until it is given up. */
function neverTold(at: At): ExportStep {
  const { job, rules } = at;
  const error = new SignalhouseError(
    "export_late",
    `the export "${job.name}" has not come within ${rules.deadlineHours} hours; ${job.error ?? "it is not known whether Connect took it"}`,
    `See ${JOB_MONITORING} in Connect. Where it is not there, ask for it again under another name.`,
  );
  // The row keeps why it is not known.
  return ended(at, error);
}

/** A job that is late: what is written of it, and that nobody waits for it now. */
function ended({ job, now }: At, error: SignalhouseError, change?: ExportChange): ExportStep {
  const end = { do: "end", error } as const;
  if (now >= job.askedAt + GIVEN_UP_MS) return mark(failed(now, error), end);
  return change ? mark(change, end) : end;
}
