/** A world for one job: a clock, a row, and a Connect that answers as it is told to. Its processes are killed anywhere. */
import { type ErrorCode, SignalhouseError } from "../../schemas/errors.ts";
import { MINUTE, NINE } from "./job-steps.ts";

export const RULES = { lookMinutes: 15, deadlineHours: 6 };
export const POLL = 10 * MINUTE;

/** What becomes of a request: it is taken; taken, but the answer gets lost; lost on its way; or surely not taken, for a reason. */
export const ANSWERS = ["taken", "takenAndLost", "lost", "quota_used_up", "api_unreachable", "api_refused"] as const;
type AnswerKind = (typeof ANSWERS)[number];

interface Row {
  status: string;
  askedAt: number;
  notBefore?: number | null;
  finishedAt: number | null;
}

export class World<Job extends Row> {
  time = NINE;
  row: Job;
  /** When Connect took the job. */
  takenAt: number | undefined;
  requests = 0;
  /** What must never happen, and did. A step may take a thrown error for an answer, so that none is thrown. */
  readonly wrongs: string[] = [];
  readonly clock = {
    now: () => this.time,
    wait: () => Promise.reject(new Error("a step does not wait")),
  };
  readonly signal = new AbortController().signal;
  readonly log = () => {};
  readonly #next: Readonly<Record<string, { next: readonly string[] }>>;
  readonly #answers: AnswerKind[];
  readonly #kills: ReadonlySet<number>;
  #calls = 0;
  #kill: () => void = () => {};
  /** Since when it is not known what became of the last request. */
  #unknownSince: number | undefined;

  /** @param kills processes are killed at these calls, counted through all of them: before a call and after it */
  constructor(row: Job, states: Readonly<Record<string, { next: readonly string[] }>>, answers: readonly AnswerKind[], kills: readonly number[]) {
    this.row = row;
    this.#next = states;
    this.#answers = [...answers];
    this.#kills = new Set(kills);
  }

  get isOver(): boolean {
    return this.#next[this.row.status]?.next.length === 0;
  }

  /** A process, to its end or until it is killed. @returns undefined where it was killed */
  process<T>(live: () => Promise<T>): Promise<T | undefined> {
    const killed = new Promise<undefined>((resolve) => (this.#kill = () => resolve(undefined)));
    return Promise.race([live(), killed]);
  }

  /** What a process does to the world. One that is killed never comes back from it. */
  async call<T>(work: () => T): Promise<T> {
    await this.#mayDie();
    const result = work();
    await this.#mayDie();
    return result;
  }

  async #mayDie(): Promise<void> {
    this.#calls += 1;
    if (!this.#kills.has(this.#calls)) return;
    this.#kill();
    await new Promise(() => {});
  }

  mark(change: Partial<Job>): Job {
    const { status: from } = this.row;
    const { status = from, askedAt, notBefore, finishedAt } = change;
    this.#hold(status === from || Boolean(this.#next[from]?.next.includes(status)), `${status} came after ${from}`);
    // Time only moves forward.
    this.#hold((notBefore ?? this.time) >= this.time, "put off to what is past");
    this.#hold((finishedAt ?? this.time) === this.time, "over at another time than now");
    this.#hold((askedAt ?? this.time) <= this.time, "asked in the future");
    if (status !== "asking") this.#unknownSince = undefined;
    this.row = { ...this.row, ...change };
    return this.row;
  }

  /** Connect is asked. @param mayBeAgain whether what the process saw allows that it is asked again */
  request(mayBeAgain: boolean, unanswered: ErrorCode): void {
    // Written down before, with the time: whoever comes next knows that it may have been taken.
    const { status, askedAt, notBefore } = this.row;
    this.#hold(status === "asking" && (notBefore ?? askedAt) >= this.time, "asked before it was written down");
    if (this.#unknownSince !== undefined) {
      this.#hold(mayBeAgain, "asked again, though nobody looked, or the file told");
      this.#hold(this.time - this.#unknownSince >= RULES.lookMinutes * MINUTE, "asked again too soon");
    }
    this.requests += 1;
    this.#unknownSince = this.time;
    const answer = this.#answers.shift() ?? "taken";
    if (answer === "lost") throw new SignalhouseError(unanswered, answer, "");
    if (answer === "api_unreachable") throw new SignalhouseError(answer, answer, "");
    if (this.takenAt !== undefined) throw new SignalhouseError("export_name_taken", "taken", "");
    if (answer === "quota_used_up" || answer === "api_refused") throw new SignalhouseError(answer, answer, "");
    this.takenAt = this.time;
    if (answer === "takenAndLost") throw new SignalhouseError(unanswered, answer, "");
  }

  #hold(isSo: boolean, otherwise: string): void {
    if (!isSo) this.wrongs.push(otherwise);
  }
}
