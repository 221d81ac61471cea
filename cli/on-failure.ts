/** Telling somebody of a failure that nobody watches: by the command or the webhook that the configuration's onFailure names. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { exchange } from "../pipeline/connect-api/exchange.ts";
import { proxyTo } from "../pipeline/connect-api/proxy.ts";
import type { Config } from "../schemas/config.ts";
import { messageOf } from "../schemas/errors.ts";
import type { Context } from "./command.ts";

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

/** Whoever is told has so long to take it. */
const MOST_MS = 30_000;

/**
 * Tells of a failure. Where that fails, a line says so, and nothing else changes: the failure itself was printed before.
 * The document has what was printed of it, and nothing of the data but what a message names, such as files.
 */
export async function tellFailure(
  { out, env, cwd, clock }: Pick<Context, "out" | "env" | "cwd" | "clock">,
  { onFailure }: Config,
  failure: Failure,
): Promise<void> {
  const { command, exitCode, code, message, hint } = failure;
  const host = hostname();
  const text = `signalhouse ${command} failed on ${host}: ${message}${hint === undefined ? "" : ` -> ${hint}`}`;
  const document = {
    text,
    command,
    exit_code: exitCode,
    code: code ?? null,
    message,
    hint: hint ?? null,
    host,
    folder: cwd,
    at: new Date(clock.now()),
  };
  const body = JSON.stringify(document);
  const webhook = env["SIGNALHOUSE_FAILURE_WEBHOOK"] ?? onFailure.webhook;
  const untold = (whom: string) => (error: unknown) => out.trouble(`signalhouse: the failure could not be told to ${whom}: ${messageOf(error)}`);
  if (onFailure.command !== undefined) await runCommand(onFailure.command, { body, cwd, env }).catch(untold("the command of onFailure"));
  // Its address may be a secret.
  if (webhook !== undefined) await postTo(webhook, body, env).catch(untold("the webhook of onFailure"));
}

async function runCommand(command: string, { body, cwd, env }: { body: string; cwd: string; env: Context["env"] }): Promise<void> {
  const child = spawn(command, { shell: true, cwd, env: { ...env }, stdio: ["pipe", "ignore", "ignore"], timeout: MOST_MS, killSignal: "SIGKILL" });
  // One that does not read what it is given may end before.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${body}\n`);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) throw new Error(signal === null ? `it ended with ${code}` : `it was ended by ${signal}, after ${MOST_MS / 1000} seconds at most`);
}

async function postTo(webhook: string, body: string, env: Context["env"]): Promise<void> {
  const headers = { "content-type": "application/json", "user-agent": "signalhouse" };
  const answer = await exchange({ endpoint: webhook, headers, body, timeoutMs: MOST_MS, proxy: proxyTo(webhook, env) });
  if (answer.kind === "nothing") throw new Error(answer.cause === undefined ? `nothing within ${MOST_MS / 1000} seconds` : messageOf(answer.cause));
  if (answer.status >= 300) throw new Error(`it answered with HTTP ${answer.status}`);
}
