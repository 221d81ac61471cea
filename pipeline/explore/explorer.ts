/** Pages made one after the other, so that two take no more memory than one: each opens what it reads, and lets it go. */
import { isSignalhouseError, messageOf } from "../../schemas/errors.ts";
import { type Answer, answerTo, failurePage } from "../../sinks/explore/page/answer.ts";
import type { Asked, Source } from "../../sinks/explore/asked.ts";
import { ContactNames } from "../../sinks/explore/contacts.ts";

/** Opens what pages read for `work`, and closes it after it; an abort ends the statement that is running. */
export type ReadSource = <T>(work: (source: Source) => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Nobody waits longer in front of a page that does not come. */
const SQL_MS = 10_000;

const STATUS: Readonly<Record<string, number>> = { usage: 400, not_found: 404, warehouse_locked: 503 };

export interface ExplorerOptions {
  read: ReadSource;
  /** Whether personal data is shown. */
  isPersonal: boolean;
  /** Milliseconds that a statement of the SQL box may take; 10 seconds by default. */
  sqlMs?: number | undefined;
  /** Told what failed in a way that nobody expected. */
  onBug: (error: unknown) => void;
}

export class Explorer {
  readonly #options: ExplorerOptions;
  readonly #names: ContactNames;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ExplorerOptions) {
    this.#options = options;
    this.#names = new ContactNames(options);
  }

  /** The page that answers, whatever happens; what it read is closed by then. @throws the reason of `signal` where that ended it */
  answer(asked: Asked, signal: AbortSignal): Promise<Answer> {
    const answer = this.#last.then(() => this.#answer(asked, signal));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** When no page is being made. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async #answer(asked: Asked, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const { read, onBug, sqlMs = SQL_MS } = this.#options;
    try {
      return await read((source) => answerTo({ ...asked, ...source, names: this.#names, sqlMs }), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isSignalhouseError(error)) return { status: STATUS[error.code] ?? 500, html: failurePage(asked, error) };
      onBug(error);
      const failure = {
        code: "bug",
        message: `This is a bug in signalhouse: ${messageOf(error)}`,
        hint: "Please report it, with what --debug prints.",
      };
      return { status: 500, html: failurePage(asked, failure) };
    }
  }
}
