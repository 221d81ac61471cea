/** How answers leave one SFTP channel: in the order of the requests, and as late, slow or broken as the faults say. */
import { setTimeout as wait } from "node:timers/promises";
import type { Attributes, FileEntry, SFTPWrapper } from "ssh2";
import type { FaultBoard } from "./faults.ts";
import { refusalOf, STATUS_CODE } from "./refusal.ts";

export type Answer =
  | { type: "data"; data: Buffer }
  | { type: "status"; status: number; message: string }
  | { type: "handle"; handle: Buffer }
  | { type: "names"; names: FileEntry[] }
  | { type: "attributes"; attributes: Attributes };

export const DONE: Answer = { type: "status", status: STATUS_CODE.OK, message: "OK" };

export interface SandboxStats {
  connections: number;
  opens: number;
  reads: number;
  bytesServed: number;
  openHandles: number;
}

/** What the channels of one connection share. */
export interface SandboxConnection {
  faults: FaultBoard;
  stats: SandboxStats;
  /** Whether it was cut: nothing more is to be sent. */
  isCut: boolean;
  /** While the connection stalls: ends with the stall. */
  stalled: Promise<void> | undefined;
  /** Ends the connection as soon as what was written is on its way. */
  cut(): void;
}

export class Answers {
  readonly #sftp: SFTPWrapper;
  readonly #connection: SandboxConnection;
  readonly #over = new AbortController();
  /** Both settle with the newest request, and never fail. */
  #worked: Promise<unknown> = Promise.resolve();
  #sent: Promise<unknown> = Promise.resolve();

  constructor(sftp: SFTPWrapper, connection: SandboxConnection) {
    this.#sftp = sftp;
    this.#connection = connection;
  }

  /** Answers request `id` with what `work` gives, which begins when all requests before are worked off. */
  inTurn(id: number, work: () => Promise<Answer>): void {
    this.atOnce(id, this.#worked.then(work));
  }

  /** Answers request `id` with what `work`, running already, gives. */
  atOnce(id: number, work: Promise<Answer>): void {
    const ready = work.catch(refusal).then((answer) => ({ answer, at: performance.now() }));
    this.#worked = this.#worked.then(() => ready);
    this.#sent = this.#sent.then(async () => {
      const { answer, at } = await ready;
      if (await this.#isDue(answer, at)) this.#send(id, answer);
    });
  }

  /** Sends no more. @returns when all work is done */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#worked;
  }

  /** Waits until an answer that was ready at `readyAt` is to be sent. @returns false where it never is */
  async #isDue(answer: Answer, readyAt: number): Promise<boolean> {
    const connection = this.#connection;
    const { signal } = this.#over;
    const delay = connection.faults.arrival(readyAt, answer.type === "data" ? answer.data.length : 0) - performance.now();
    if (delay > 0 && !signal.aborted) await wait(delay, undefined, { signal }).catch(() => {});
    if (connection.stalled) await connection.stalled;
    return !signal.aborted && !connection.isCut;
  }

  #send(id: number, answer: Answer): void {
    if (answer.type === "data") this.#sendData(id, answer.data);
    else if (answer.type === "status") this.#sftp.status(id, answer.status, answer.message);
    else if (answer.type === "handle") this.#sftp.handle(id, answer.handle);
    else if (answer.type === "names") this.#sftp.name(id, answer.names);
    else this.#sftp.attrs(id, answer.attributes);
  }

  #sendData(id: number, data: Buffer): void {
    const connection = this.#connection;
    const allowed = connection.faults.allow(data.length);
    connection.stats.bytesServed += allowed.bytes;
    if (allowed.bytes > 0) this.#sftp.data(id, data.subarray(0, allowed.bytes));
    if (allowed.next === "cut") connection.cut();
    if (allowed.next === "stall") {
      connection.stalled = connection.faults.stall().then(() => {
        connection.stalled = undefined;
      });
    }
  }
}

function refusal(error: unknown): Answer {
  const { status, message } = refusalOf(error);
  return { type: "status", status, message };
}
