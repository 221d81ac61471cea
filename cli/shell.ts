import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { isSignalhouseError } from "../schemas/errors.ts";
import { isEnded, statementsOf } from "../sinks/query/sql-text.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT, printFailure } from "./failures.ts";
import { RESULT_OPTIONS } from "./result-options.ts";
import { isShellCommand } from "./shell-commands.ts";
import { completed } from "./shell-completion.ts";
import { historyOf, MOST_LINES, NO_HISTORY } from "./shell-history.ts";
import { ShellSession } from "./shell-session.ts";
import type { Terminal } from "./world.ts";

const PROMPT = "signalhouse> ";
/** Within a statement. */
const PROMPT_WITHIN = "        ...> ";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Takes SQL as query does, one statement after another: each ends with a semicolon, and may have several lines. Tab completes tables, columns and words, .help tells of " +
    "other commands, Ctrl-C ends a statement and Ctrl-D the shell. Between statements the warehouse is closed, so that a load can write to it. Input that is no terminal ends with the " +
    `first statement that fails. Lines are kept in ~/.local/state/signalhouse/history, but for those that begin with a blank; with --no-history or ${NO_HISTORY}=1 none is.`,
  options: {
    ...RESULT_OPTIONS,
    "no-history": { type: "boolean", help: "keep no lines, and offer none of those that are kept" },
  },
  examples: ["shell", "shell --format line --timezone Europe/Berlin", "shell < report.sql"],
  async run(context, { values }) {
    const { out, signal } = context;
    // What is wrong with the configuration or the zone is told before the first prompt.
    const { config } = await context.config();
    const session = new ShellSession(context, config, { format: values.format ?? (out.json ? "json" : "table"), zone: values.timezone });
    const input = context.stdin();
    const screen = input.isTTY ? out.screen : undefined;
    if (screen) await talk(context, session, input, screen, values["no-history"] ?? false);
    else await readAll(session, input, signal);
    signal.throwIfAborted();
    return EXIT.done;
  },
});

/** Runs statements from what is no terminal. @throws what the first one throws that fails */
async function readAll(session: ShellSession, input: Readable, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input, signal });
  const rest = await eachStatement(lines, new Begun(), (text) => session.run(text));
  if (statementsOf(rest).length > 0) await session.run(rest);
}

/** Runs statements from a terminal; one that fails is told of, and ends nothing. */
async function talk(context: Context, session: ShellSession, input: Readable, output: Terminal, isForgetful: boolean): Promise<void> {
  const { out, signal } = context;
  const history = await historyOf(context, isForgetful);
  const lines = createInterface({
    input,
    output,
    signal,
    terminal: true,
    history: history.lines,
    historySize: MOST_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, found: [hits: string[], typed: string]) => void) => {
      session.names().then(
        (names) => done(null, completed(names, line)),
        // Another process has the warehouse: nothing is offered.
        () => done(null, [[], line]),
      );
    },
  });
  const begun = new Begun();
  const prompt = () => {
    lines.setPrompt(begun.text === "" ? PROMPT : PROMPT_WITHIN);
    lines.prompt();
  };
  lines.on("line", history.keep);
  lines.on("SIGINT", () => {
    if (session.interrupt()) return;
    begun.text = "";
    // What is typed is dropped, as a shell does: to the line's end, and from there to its start.
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    output.write("\n");
    prompt();
  });
  out.note("SQL ends with a semicolon; .help tells of more, Ctrl-D ends the shell.");
  prompt();
  const run = async (text: string) => {
    try {
      return await session.run(text);
    } catch (error) {
      if (signal.aborted) throw error;
      if (isSignalhouseError(error, "interrupted")) out.note("The statement was ended.");
      else printFailure(error, out, out.tells("debug"));
      return true;
    }
  };
  try {
    await eachStatement(lines, begun, run, prompt);
  } finally {
    output.write("\n");
    await history.kept();
  }
}

/** The lines of a statement that has not ended. */
class Begun {
  text = "";
}

/** Hands over statement after statement, and commands of the shell's own, until `run` says false. @returns what has not ended */
async function eachStatement(lines: Interface, begun: Begun, run: (text: string) => Promise<boolean>, prompt?: () => void): Promise<string> {
  for await (const line of lines) {
    if (begun.text !== "" || line.trim() !== "") begun.text += `${line}\n`;
    const { text } = begun;
    if (isShellCommand(text) || (line.includes(";") && isEnded(text))) {
      begun.text = "";
      if (!(await run(text))) return "";
    }
    prompt?.();
  }
  return begun.text;
}
