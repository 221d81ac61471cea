/** What a shell keeps between statements. The warehouse is none of it: it is opened for each, and closed. */
import { PATIENCE_MS } from "../pipeline/common/door.ts";
import type { Reading } from "../pipeline/read-copy.ts";
import type { Config } from "../schemas/config.ts";
import { type Names, namesOf } from "../sinks/query/catalog.ts";
import { runQuery } from "../sinks/query/run.ts";
import { statementsOf } from "../sinks/query/sql-text.ts";
import { zoneOf } from "../sinks/query/zone.ts";
import type { Context } from "./command.ts";
import { interruptedBy } from "./failures.ts";
import { type FormatName, printResult } from "./query-output.ts";
import { copyNote, foldersOf, openEither } from "./read-copy.ts";
import { isShellCommand, runShellCommand } from "./shell-commands.ts";

export class ShellSession {
  format: FormatName;
  readonly #context: Context;
  readonly #config: Config;
  readonly #zone: string | undefined;
  /** Statements that only set up, such as CREATE TEMP VIEW: each later one finds what they make. */
  readonly #setUp: string[] = [];
  #names: Promise<Names> | undefined;
  #running: AbortController | undefined;

  /** @throws SignalhouseError usage where there is no such zone */
  constructor(context: Context, config: Config, { format, zone }: { format: FormatName; zone: string | undefined }) {
    if (zone !== undefined) zoneOf(zone);
    this.#context = context;
    this.#config = config;
    this.format = format;
    this.#zone = zone;
  }

  /**
   * Runs statements, or one of the shell's own commands. Waits for a warehouse that another process has.
   * @returns false where the shell is to end
   * @throws SignalhouseError interrupted where `interrupt` has ended it; what a statement throws
   */
  async run(text: string): Promise<boolean> {
    if (isShellCommand(text)) {
      return runShellCommand(text, {
        session: this,
        out: this.#context.out,
        names: () => this.#interruptibly(() => this.#read(({ connection }) => namesOf(connection), PATIENCE_MS)),
      });
    }
    for (const { sql } of statementsOf(text)) await this.#interruptibly(() => this.#statement(sql));
    return true;
  }

  /** Ends the statement that is running. @returns whether one was */
  interrupt(): boolean {
    this.#running?.abort(interruptedBy("SIGINT"));
    return this.#running !== undefined;
  }

  /** What can be completed. @throws SignalhouseError warehouse_locked while another process has it */
  names(): Promise<Names> {
    const names = (this.#names ??= this.#read(({ connection }) => namesOf(connection), 0));
    names.catch(() => (this.#names = undefined));
    return names;
  }

  async #statement(sql: string): Promise<void> {
    const { out } = this.#context;
    // What a load has made meanwhile is to be completed, too.
    this.#names = undefined;
    await this.#read(async ({ connection, copy }) => {
      out.log("debug", "querying");
      if (copy) out.note(copyNote(copy, this.#context.clock.now()));
      const result = await runQuery(connection, sql, { zone: this.#zone, setUp: this.#setUp, ...foldersOf(copy) });
      if (result) await printResult(result, this.format, out, {});
      else this.#setUp.push(sql);
    }, PATIENCE_MS);
  }

  async #read<T>(work: (reading: Reading) => Promise<T>, patience: number): Promise<T> {
    const signal = this.#running ? AbortSignal.any([this.#context.signal, this.#running.signal]) : this.#context.signal;
    return openEither({ ...this.#context, signal }, this.#config, work, { patience, mayLack: "anything" });
  }

  async #interruptibly<T>(work: () => Promise<T>): Promise<T> {
    const running = new AbortController();
    this.#running = running;
    try {
      return await work();
    } catch (error) {
      throw running.signal.aborted ? running.signal.reason : error;
    } finally {
      this.#running = undefined;
    }
  }
}
