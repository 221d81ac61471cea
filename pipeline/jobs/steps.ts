/** What is seen of a job, and what can be done next for it: as data, for exports and imports. Pure. */
import type { Config } from "../../schemas/config.ts";
import { type DataJob, DAY_MS } from "../../schemas/connect.ts";
import { messageOf, type SignalhouseError } from "../../schemas/errors.ts";
import type { RemoteFile } from "../sftp/file.ts";

/** What the configuration allows a job. */
export type Rules = Pick<Config["exports"], "lookMinutes" | "deadlineHours">;

/** What asking Connect came to. */
export interface Answer<Job, Change> {
  /** The job as it was before it was asked for. */
  before: Job;
  /** The job as it was asked for. */
  asked: Job;
  /** Whether it had perhaps been asked for before, under the same name. */
  again: boolean;
  /** What Connect told of a job that it took. */
  taken?: Change;
  /** Why it took none, or why that is not known. */
  error?: unknown;
  /** Whether an interruption ended it. */
  isAborted?: boolean;
}

/** What was seen of a job, as far as anybody looked. */
export interface Seen<Job, Change> {
  answer?: Answer<Job, Change>;
  /** The job as its row has it now: it counts from then on. */
  row?: Job;
  /** Its file on the server; null where there is none. */
  file?: RemoteFile | null;
  /** How it goes; null where Connect cannot tell. */
  told?: DataJob | null;
}

/** A file at the last look, and what was wrong with it when it was read: it is not read again before it has changed. */
export interface KnownFile {
  file: RemoteFile;
  fault?: SignalhouseError;
}

/** Nothing can be done before some time passes. */
interface Wait {
  do: "wait";
  /** Milliseconds since the epoch; by default the next look. */
  until?: number;
  say?: string;
  /** What the next look has to know. */
  known?: KnownFile;
}

/** Nothing more is done for the job: it is over, or is not waited for any longer. */
interface End {
  do: "end";
  /** What somebody has to hear of. */
  error?: SignalhouseError;
  /** What is worth knowing. */
  note?: string;
}

/** Whoever wanted the job asked for has to hear why it was not. */
interface Throw {
  do: "throw";
  error: unknown;
}

export type Stop = Wait | End | Throw;

/** Write down what is known. */
export interface Mark<Change> {
  do: "mark";
  change: Change;
  say?: string;
  /** Where the job is left; without it, it goes on at once. */
  stop?: Stop;
  /** Of an import that is done: whether Connect has all of its rows. */
  isWhole?: boolean;
}

/** Ask Connect. `first` is committed before. */
interface Ask<Change> {
  do: "ask";
  again: boolean;
  first?: Change;
}

/** Steps that exports and imports share. */
export type PlainStep<Change> = Stop | Mark<Change> | Ask<Change>;

/** What is done next for a job. An action (to look somewhere, to load, …) tells something that is then seen. */
export type Step<Change, Action extends string> = PlainStep<Change> | { do: Action };

/** A job, what was seen of it, and when. */
export interface Moment<Job, Seen, R extends Rules = Rules> {
  job: Job;
  seen: Seen;
  now: number;
  rules: R;
}

export const WAIT: Wait = { do: "wait" };
export const END: End = { do: "end" };

/** The step that writes a change down. */
export const mark = <Change>(change: Change, stop?: Stop, more: Pick<Mark<Change>, "say" | "isWhole"> = {}): Mark<Change> => ({
  do: "mark",
  change,
  ...(stop ? { stop } : {}),
  ...more,
});

/** What is written of a job that failed. */
export const failed = (now: number, error: unknown) => ({ status: "failed", finishedAt: now, error: messageOf(error) }) as const;

/** A job that nothing tells of is given up after so long: what it was to bring can be asked for again. */
export const GIVEN_UP_MS = 2 * DAY_MS;

const lookMs = ({ lookMinutes }: Rules) => Math.round(lookMinutes * 60_000);

type Asked = Moment<{ askedAt: number; notBefore?: number | null }, unknown>;

/** When a job was asked for the last time. */
export const lastAskedAt = ({ job, rules }: Asked) => (job.notBefore ? job.notBefore - lookMs(rules) : job.askedAt);

/** Whether a job that nothing tells of may still show by its file that Connect took it. */
export const mayStillShow = (at: Asked) => at.now < lastAskedAt(at) + lookMs(at.rules);

/** What is written of a job that is asked for again, because nothing showed that it was taken: it stays asked for since the first time. */
export const askingAgain = ({ now, rules }: Pick<Moment<unknown, unknown>, "now" | "rules">) =>
  ({ status: "asking", notBefore: now + lookMs(rules) }) as const;

/** Whether a job that nothing tells of may be asked for again: within its time, and once after it, for a process that comes a day after one that died. */
export const mayBeAskedAgain = (at: Asked) => isInTime(at) || (!at.job.notBefore && at.now < at.job.askedAt + GIVEN_UP_MS);

/** Whether both say the same of how a job was asked for; another process that asks writes something else down. */
export const isSameAsking = <Job extends { status: string; askedAt: number; notBefore: number | null }>(one: Job, other: Job) =>
  one.status === other.status && one.askedAt === other.askedAt && one.notBefore === other.notBefore;

/** Whether a job has still time. */
export const isInTime = ({ job, now, rules }: Moment<{ askedAt: number }, unknown>) => now < job.askedAt + rules.deadlineHours * 3_600_000;
