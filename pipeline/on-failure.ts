/** Telling somebody of a failure that nobody watches: by the command or the webhook that the configuration's onFailure names. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import type { Config } from "../schemas/config.ts";
import { messageOf } from "../schemas/errors.ts";
import { exchange } from "./connect-api/exchange.ts";
import { proxyTo } from "./connect-api/proxy.ts";

/** What went wrong. */
export interface Failure {
  /** The command, without `signalhouse`. */
  command: string;
  exitCode: number;
  /** Of errors; undefined where parts of the work failed, such as files. */
  code?: string | undefined;
  message: string;
  hint?: string | undefined;
}

/** Where it happened, and when. */
export interface FailurePlace {
  env: Readonly<Record<string, string | undefined>>;
  /** The working folder, which is the command's, too. */
  folder: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Failures whose messages are DuckDB's words, which repeat values of rows. */
const REPEATING: readonly (string | undefined)[] = ["query_failed", "bug"];

/** Whoever is told has so long to take it. */
const MOST_MS = 30_000;

/**
 * Tells of a failure. The document has what was printed of it, unless that may repeat values, and nothing of the data but what a message names, such as files.
 * @returns whom it could not be told to, and why
 */
export async function tellFailure({ onFailure }: Pick<Config, "onFailure">, failure: Failure, { env, folder, now }: FailurePlace): Promise<string[]> {
  const { command, exitCode, code, hint } = failure;
  const message = REPEATING.includes(code)
    ? "the message is not sent, as it may repeat what rows have; it stands where it was printed"
    : failure.message;
  const host = hostname();
  const text = `signalhouse ${command} failed on ${host}: ${message}${hint === undefined ? "" : ` -> ${hint}`}`;
  const body = JSON.stringify({
    text,
    command,
    exit_code: exitCode,
    code: code ?? null,
    message,
    hint: hint ?? null,
    host,
    folder,
    at: new Date(now),
  });
  const webhook = env["SIGNALHOUSE_FAILURE_WEBHOOK"] ?? onFailure.webhook;
  const untold: string[] = [];
  // The address of a webhook may be a secret.
  const noting = (whom: string) => (error: unknown) => void untold.push(`${whom} of onFailure: ${messageOf(error)}`);
  if (onFailure.command !== undefined) await runCommand(onFailure.command, body, { env, folder }).catch(noting("the command"));
  if (webhook !== undefined) await postTo(webhook, body, env).catch(noting("the webhook"));
  return untold;
}

async function runCommand(command: string, body: string, { env, folder: cwd }: Omit<FailurePlace, "now">): Promise<void> {
  const child = spawn(command, { shell: true, cwd, env: { ...env }, stdio: ["pipe", "ignore", "ignore"], timeout: MOST_MS, killSignal: "SIGKILL" });
  // One that does not read what it is given may end before.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${body}\n`);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) throw new Error(signal === null ? `it ended with ${code}` : `it was ended by ${signal}, after ${MOST_MS / 1000} seconds at most`);
}

async function postTo(webhook: string, body: string, env: FailurePlace["env"]): Promise<void> {
  const headers = { "content-type": "application/json", "user-agent": "signalhouse" };
  const answer = await exchange({ endpoint: webhook, headers, body, timeoutMs: MOST_MS, proxy: proxyTo(webhook, env) });
  if (answer.kind === "nothing") throw new Error(answer.cause === undefined ? `nothing within ${MOST_MS / 1000} seconds` : messageOf(answer.cause));
  if (answer.status >= 300) throw new Error(`it answered with HTTP ${answer.status}`);
}
