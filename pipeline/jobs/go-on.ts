/** Doing what the steps of a job say, for exports and imports. */
import type { Clock } from "../common/clock.ts";
import { type Answer, type Mark, type PlainStep, type Seen, type Step, type Stop, WAIT } from "./steps.ts";

/** What a flow does for the steps of its kind of job. */
export interface Handlers<Job, Change, S, Action extends string> {
  /** Writes a change down, committed when it returns. @returns the job with it */
  mark(job: Job, mark: Pick<Mark<Change>, "change" | "isWhole">): Promise<Job>;
  /** Writes down that a job is about to be asked for, unless another process has gone on with it since it was read. @returns the job as it stands, and whether it is ours to ask for */
  claim(job: Job, change: Change): Promise<{ job: Job; isMine: boolean }>;
  /** Asks Connect. @returns what it told of the job that it took */
  ask(job: Job): Promise<Change>;
  /** The actions. Each returns what it saw. */
  actions: { readonly [action in Action]: (job: Job, seen: S) => Promise<S> };
}

/** The parts of a flow's context that are needed to go on. */
interface Flow {
  clock: Clock;
  signal: AbortSignal;
  log: (line: string) => void;
}

/**
 * Goes on with a job from step to step until nothing can be done for it at the moment.
 * @param next decides; it is pure
 * @param known what was seen of the job beforehand
 * @returns the job, where it is left, and what was seen
 * @throws what the handlers throw; what `ask` throws is an answer instead
 */
export async function goOn<Job, Change, S extends Seen<Job, Change>, Action extends string>(
  { clock, signal, log }: Flow,
  given: Job,
  next: (job: Job, seen: S, now: number) => Step<Change, Action>,
  handlers: Handlers<Job, Change, S, Action>,
  known: S,
): Promise<{ job: Job; stop: Stop; seen: S }> {
  let job = given;
  let seen = known;
  for (;;) {
    const step = next(job, seen, clock.now());
    if (isAction(step, handlers.actions)) {
      seen = { ...seen, ...(await handlers.actions[step.do](job, seen)) };
      job = seen.row ?? job;
      continue;
    }
    const plain: PlainStep<Change> = step;
    switch (plain.do) {
      case "mark":
        if (plain.say !== undefined) log(plain.say);
        job = await handlers.mark(job, plain);
        if (plain.stop) return { job, stop: plain.stop, seen };
        break;
      case "ask": {
        const before = job;
        if (plain.first) {
          // Committed before Connect is asked: what it is asked cannot be lost.
          const claimed = await handlers.claim(job, plain.first);
          job = claimed.job;
          if (!claimed.isMine) return { job, stop: WAIT, seen };
        }
        seen = { ...seen, answer: { before, again: plain.again, asked: job, ...(await answerTo(handlers.ask(job), signal)) } };
        break;
      }
      default:
        if ("say" in plain) log(plain.say);
        return { job, stop: plain, seen };
    }
  }
}

/** What asking came to. */
const answerTo = <Change>(asked: Promise<Change>, signal: AbortSignal): Promise<Pick<Answer<unknown, Change>, "taken" | "error" | "isAborted">> =>
  asked.then(
    (taken) => ({ taken }),
    (error: unknown) => ({ error, isAborted: signal.aborted }),
  );

function isAction<Action extends string>(step: { do: string }, actions: Readonly<Record<Action, unknown>>): step is { do: Action } {
  return step.do in actions;
}
