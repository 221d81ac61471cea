/**
 * The command line, in the test's own process and in a World of its own, or, where a test is about processes, in one of its own.
 * `npm run build` makes what is spawned.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, type Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { interruptedBy } from "../../cli/failures.ts";
import { run } from "../../cli/run.ts";
import type { World } from "../../cli/world.ts";
import { type Clock, realClock } from "../../pipeline/common/clock.ts";
import { generateExports } from "../../samples/generator/exports.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { type Sandbox, startSandbox } from "../../samples/sandbox/sandbox.ts";
import type { ConfigInput } from "../../schemas/config.ts";
import { HOST_KEYS, KEY_PAIR, putFile } from "./sandbox.ts";
import { scratchFolder } from "./warehouse.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  /** Null where a signal killed the process. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A check of doctor, as --json has it. */
export interface DoctorCheck {
  name: string;
  status: string;
  detail: string;
  fix?: string;
  code?: string;
}

export interface CliOptions {
  cwd: string;
  /** All that there is beside HOME, which is `cwd`: nothing of this machine's own, no agent, no known_hosts, no npm. */
  env?: Record<string, string>;
  /** Standard input; it stays open after it where `keepOpen` is set. */
  input?: string | Uint8Array;
  keepOpen?: boolean;
}

/** For a command line in this process. */
export interface WorldOptions extends CliOptions {
  /** The machine's by default. */
  clock?: Clock;
  /** Whether the streams are a terminal, a wide one, or one of so many columns. */
  terminal?: boolean | number;
}

export interface Running {
  /** When `pattern` has been printed, on stdout or stderr: all that was printed until then. */
  said: (pattern: RegExp) => Promise<string>;
  ended: Promise<Ended>;
}

/** What was printed so far. */
class Printed {
  readonly texts = { stdout: "", stderr: "" };
  readonly #news = new EventEmitter().setMaxListeners(0);

  add(name: "stdout" | "stderr", text: string): void {
    this.texts[name] += text;
    this.#news.emit("news");
  }

  /** @param ended settles when nothing more is printed */
  async said(pattern: RegExp, ended: Promise<unknown>): Promise<string> {
    const all = () => this.texts.stderr + this.texts.stdout;
    for (let over = false; !pattern.test(all());) {
      if (over) throw new Error(`it ended without saying ${pattern}: ${all()}`);
      over = await Promise.race([once(this.#news, "news").then(() => false), ended.then(() => true)]);
    }
    return all();
  }
}

/** Runs a command line to its end, in this process. */
export function cli(args: readonly string[], options: WorldOptions): Promise<Ended> {
  return begin(args, options, new AbortController().signal).ended;
}

interface RunningHere extends Running {
  interrupt: (signal: "SIGINT" | "SIGTERM") => void;
  /** Types on standard input, which `keepOpen` keeps open. */
  type: (text: string) => void;
}

/** Starts a command line in this process; it is interrupted where it still runs when the test is over. */
export function startCli(args: readonly string[], options: WorldOptions): RunningHere {
  const interruption = new AbortController();
  const interrupt = (signal: "SIGINT" | "SIGTERM") => interruption.abort(interruptedBy(signal));
  const running = begin(args, options, interruption.signal);
  onTestFinished(async () => {
    interrupt("SIGTERM");
    await running.ended;
  });
  return { ...running, interrupt };
}

function begin(args: readonly string[], options: WorldOptions, signal: AbortSignal): Omit<RunningHere, "interrupt"> {
  const printed = new Printed();
  const keyboard = new PassThrough();
  const ended = run(args, worldOf(printed, keyboard, options, signal)).then((code) => ({ code, ...printed.texts }));
  return { ended, said: (pattern) => printed.said(pattern, ended), type: (text) => void keyboard.write(text) };
}

function worldOf(printed: Printed, keyboard: PassThrough, options: WorldOptions, signal: AbortSignal): World {
  const { cwd, env = {}, input = "", keepOpen = false, clock = realClock, terminal = false } = options;
  const into = (name: "stdout" | "stderr") =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        printed.add(name, text);
        done();
      },
    });
  const asTerminal = terminal === false ? {} : { isTTY: true, columns: terminal === true ? 200 : terminal };
  const stdin = () => {
    const stream = Object.assign(keyboard, asTerminal);
    stream.write(input);
    return keepOpen ? stream : stream.end();
  };
  const stream = (name: "stdout" | "stderr") => Object.assign(into(name), asTerminal);
  return {
    stdin,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    env,
    cwd,
    home: env["HOME"] ?? cwd,
    script: MAIN,
    pid: process.pid,
    clock,
    signal,
  };
}

/** Starts a command line in a process of its own; it is killed where it still runs when the test is over. */
export function spawnCli(
  args: readonly string[],
  { cwd, env = {}, input = "", keepOpen = false }: CliOptions,
): Running & { child: ChildProcessByStdio<Writable, Readable, Readable> } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => undefined).write(input);
  if (!keepOpen) child.stdin.end();
  const printed = new Printed();
  for (const name of ["stdout", "stderr"] as const) child[name].setEncoding("utf8").on("data", (text: string) => printed.add(name, text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...printed.texts }));
  return { child, ended, said: (pattern) => printed.said(pattern, ended) };
}

export interface Workplace {
  /** Has the configuration, and the key. */
  folder: string;
  /** What the sandbox serves. */
  exports: string;
  sandbox: Sandbox;
  /** About what is served. */
  truth: Truth;
  config: ConfigInput;
}

/** A folder from which a sandbox with small exports is reached, as a user's would be. All of it is gone when the test is over. */
export async function workplace({
  files = 2,
  rows = 60,
  sftp = {},
}: { files?: number; rows?: number; sftp?: Partial<ConfigInput["sftp"]> } = {}): Promise<Workplace> {
  const folder = scratchFolder();
  const exports = join(folder, "server");
  mkdirSync(join(exports, "Export", "Signals"), { recursive: true });
  const { truth, contents } = await generated(files, rows);
  for (const [index, { path, mtime }] of truth.files.entries()) putFile(join(exports, path), contents[index] as Buffer, Date.parse(mtime));
  writeFileSync(join(folder, "key"), KEY_PAIR.privateKey, { mode: 0o600 });
  const sandbox = await startSandbox({ folder: exports, authorizedKeys: [KEY_PAIR.publicKey], hostKeys: HOST_KEYS });
  onTestFinished(() => sandbox.close());
  const { host, port, user, fingerprints } = sandbox;
  const config: ConfigInput = { sftp: { host, port, user, keyFile: "key", hostKeys: fingerprints, ...sftp } };
  writeConfig(folder, config);
  return { folder, exports, sandbox, truth, config };
}

/** By how many files of how many rows they are: generated exports are the same each time, so that they are made once a test file. */
const made = new Map<string, { truth: Truth; contents: Buffer[] }>();

async function generated(files: number, rows: number) {
  const kind = `${files} of ${rows}`;
  const known = made.get(kind);
  if (known) return known;
  const folder = scratchFolder();
  const truth = await generateExports({ rowsPerFile: rows, files, overlap: 10, seed: 7, folder });
  const fresh = { truth, contents: truth.files.map(({ path }) => readFileSync(join(folder, path))) };
  made.set(kind, fresh);
  return fresh;
}

export function writeConfig(folder: string, config: ConfigInput): void {
  writeFileSync(join(folder, "signalhouse.config.json"), JSON.stringify(config));
}
