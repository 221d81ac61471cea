/** What comes next for an import, from what is written down of it and what was seen. Pure. */
import { dataJobState } from "../../schemas/connect.ts";
import { isSignalhouseError, SignalhouseError } from "../../schemas/errors.ts";
import type { ImportStatus } from "../../schemas/jobs.ts";
import type { ImportChange, ImportJob } from "../../sinks/reference-set/imports.ts";
import { importAdvice, JOB_MONITORING, jobFaults, SEE_REPORT } from "../connect-api/failures.ts";
import {
  askingAgain,
  END,
  failed,
  GIVEN_UP_MS,
  isInTime,
  lastAskedAt,
  mark,
  mayBeAskedAgain,
  mayStillShow,
  type Moment,
  type Rules,
  type Seen,
  type Step,
  WAIT,
} from "./steps.ts";

/** find: the file · inquire: how the job goes · remove: the file · compare: the set in Connect with the rows that it should have. */
export type ImportAction = "find" | "inquire" | "remove" | "compare";

export interface ImportSeen extends Seen<ImportJob, ImportChange> {
  isRemoved?: boolean;
  /** How many rows the set has in Connect, where it tells; null where there is no such set. */
  set?: { size: number | null } | null;
  /** How many rows the set should have. */
  expected?: number;
}

type ImportStep = Step<ImportChange, ImportAction>;
type At = Moment<ImportJob, ImportSeen>;

const STATES: Readonly<Record<ImportStatus, (at: At) => ImportStep>> = {
  uploading({ job, seen, now }) {
    if (!seen.isRemoved) return { do: "remove" };
    const message = about(job, "it was interrupted before Connect was asked for it; nothing was imported");
    return mark(failed(now, message), END, { say: message });
  },
  asking(at) {
    const { file } = at.seen;
    if (file === undefined) return { do: "find" };
    // Only Connect takes the file away: it had been asked.
    if (file === null) return done(at, lastAskedAt(at));
    if (mayStillShow(at)) return WAIT;
    return mayBeAskedAgain(at) ? { do: "ask", again: true, first: askingAgain(at) } : neverTold(at);
  },
  asked(at) {
    const { job, seen } = at;
    if (seen.file === undefined) return { do: "find" };
    if (job.jobId !== null && seen.told === undefined) return { do: "inquire" };
    const state = seen.told ? dataJobState(seen.told) : seen.file ? "running" : "done";
    if (state === "done") return done(at, Date.parse(seen.told?.endedAt ?? "") || job.askedAt);
    return state === "failed" ? notImported(at) : late(at);
  },
  imported: () => END,
  failed: () => END,
};

const asking = (now: number): ImportChange => ({ status: "asking", askedAt: now, notBefore: null });

/** The next step of an import. */
export function nextImportStep(job: ImportJob, seen: ImportSeen, now: number, rules: Rules): ImportStep {
  return seen.answer ? answered(seen.answer, now) : STATES[job.status]({ job, seen, now, rules });
}

/** The next step of an import whose file this process has sent, and for which nobody has asked yet: up to Connect's answer. */
export function firstImportStep(_: ImportJob, { answer }: ImportSeen, now: number): Step<ImportChange, never> {
  return answer ? answered(answer, now) : { do: "ask", again: false, first: asking(now) };
}

function answered({ again, taken, error, isAborted }: NonNullable<ImportSeen["answer"]>, now: number): Step<ImportChange, never> {
  if (taken) return mark({ ...taken, status: "asked", askedAt: now, error: null }, WAIT);
  if (isSignalhouseError(error, "import_unanswered"))
    return mark({ error: error.message }, WAIT, { say: `${error.message}; its file is watched before anything is asked again` });
  const thrown = { do: "throw", error } as const;
  // That it cannot be asked again says nothing about whether its first request was taken; that Connect refuses it does.
  return isAborted || (again && !isSignalhouseError(error, "api_refused", "import_failed")) ? thrown : mark(failed(now, error), thrown);
}

const about = ({ name, setName }: ImportJob, what: string) => `the import "${name}" into ${setName}: ${what}`;

/** Connect says that it failed. */
function notImported({ job, seen, now }: At): ImportStep {
  const said = (seen.told && (jobFaults(seen.told) || seen.told.status)) || "failed";
  const left = seen.file ? ` Its file is still on the server: ${job.path}.` : "";
  const error = new SignalhouseError("import_failed", about(job, `Connect could not import it: ${said}.${left}`), importAdvice(said) ?? SEE_REPORT);
  return mark(failed(now, error), { do: "end", error }, { say: error.message });
}

/** Nothing told, in all its time, whether Connect took the import: it is not asked for any more, and given up in the end. */
function neverTold({ job, now, rules }: At): ImportStep {
  const why = job.error ?? "it is not known whether Connect took it";
  const error = new SignalhouseError(
    "import_late",
    `the import "${job.name}" into ${job.setName} has not ended within ${rules.deadlineHours} hours; its file is still there: ${job.path}; ${why}`,
    `See ${JOB_MONITORING} in Connect. signalhouse refset status looks again.`,
  );
  const end = { do: "end", error } as const;
  return now >= job.askedAt + GIVEN_UP_MS ? mark(failed(now, error), end) : end;
}

/** Waits on, unless the deadline has passed. */
function late(at: At): ImportStep {
  if (isInTime(at)) return WAIT;
  const { job, seen, rules } = at;
  const error = new SignalhouseError(
    "import_late",
    `the import "${job.name}" into ${job.setName} has not ended within ${rules.deadlineHours} hours; its file is ${seen.file ? `still there: ${job.path}` : "gone"}`,
    `See ${JOB_MONITORING} in Connect. signalhouse refset status looks again.`,
  );
  return mark({ error: error.message }, { do: "end", error });
}

/**
 * Connect is done: are the rows there, as far as the set's size tells? It may come to tell so later than the job.
 * @param since when it was done, as far as is known
 */
function done(at: At, since: number): ImportStep {
  const { job, seen, now } = at;
  const { set, expected } = seen;
  if (set === undefined || expected === undefined) return { do: "compare" };
  const isWhole = set !== null && (set.size ?? expected) >= expected;
  if (!isWhole && mayStillShow({ ...at, job: { askedAt: since } })) return WAIT;
  if (!set) {
    const error = new SignalhouseError(
      "import_failed",
      `the import "${job.name}" is over, but Connect has no reference set ${job.setName}`,
      SEE_REPORT,
    );
    return mark(failed(now, error), { do: "end", error });
  }
  const imported = { status: "imported", finishedAt: now, error: null } as const;
  if (isWhole) return mark(imported, END, { isWhole });
  const note =
    `${job.setName} has ${String(set.size)} rows in Connect, and ${expected} should be there: some may have been refused. See the job's report under ` +
    `${JOB_MONITORING}; --changed sends all rows of this push again.`;
  return mark(imported, { do: "end", note }, { isWhole, say: note });
}
