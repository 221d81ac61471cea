/** The command line as a function: finds the command, runs it, and turns what it throws into a message and an exit code. */
import { isSignalhouseError, SignalhouseError } from "../schemas/errors.ts";
import { parseCommand } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, exitCodeOf, failureDocument, printFailure } from "./failures.ts";
import { findCommand, groupOf } from "./find-command.ts";
import { commandHelp } from "./help-text.ts";
import { Output } from "./output.ts";
import { packageVersion } from "../pipeline/common/package.ts";
import { explainTooMany } from "../sinks/file-faults.ts";
import type { World } from "./world.ts";
import type { Failure } from "../pipeline/on-failure.ts";

/**
 * Runs a command line.
 * @param args what stands behind `signalhouse`
 * @returns the exit code. It throws nothing: failures are printed.
 */
export async function run(args: readonly string[], world: World): Promise<number> {
  const say = (text: string) => {
    world.stdout.write(`${text}\n`);
    return EXIT.done;
  };
  if (args[0] === "--version") return say(packageVersion());
  const debug = args.includes("--debug");
  // A command line that is not understood has to be told as JSON too.
  let out = new Output(world, { json: args.includes("--json"), quiet: false, level: "info" });
  let goesOn: string | undefined;
  let tell: ((failure: Omit<Failure, "command">) => Promise<void>) | undefined;
  try {
    const { name, entry, rest } = findCommand(COMMANDS, helpFirst(args));
    const { command } = await entry.load();
    ({ goesOn } = command);
    const { values, positionals } = parseCommand(name, command, rest);
    if (values.help) return say(commandHelp(name, command));
    const { json = false, quiet = false } = values;
    out = new Output(world, { json, quiet, level: values.debug ? "debug" : (values["log-level"] ?? "info") });
    // Not every command has a configuration, and reading one takes longer than some of these.
    const config = async () => (await import("./config-file.ts")).loadConfig(world, { file: values.config, warehouse: values.warehouse });
    if (command.isUnattended && !out.isWatched)
      tell = async (failure) => {
        // Without a configuration there is nobody to tell, and that was the failure. What tells is loaded only where there is something to tell.
        const loaded = await config().catch(() => undefined);
        if (loaded) await (await import("./telling.ts")).tellOfFailure({ ...world, out }, loaded.config, { command: name, ...failure });
      };
    const code = await command.run({ ...world, out, config, configFile: values.config, commands: COMMANDS }, { values, positionals });
    if (code === EXIT.failed) await tell?.({ exitCode: code, message: "parts of it failed; its output says which, and so does signalhouse status" });
    return code;
  } catch (thrown) {
    // After an interruption everything that goes on fails in its own way; the interruption is what happened.
    const error = world.signal.aborted ? interruption(world.signal.reason, goesOn) : explainTooMany(thrown);
    printFailure(error, out, debug);
    const exitCode = exitCodeOf(error);
    if (exitCode === EXIT.failed) await tell?.({ exitCode, ...failureDocument(error) });
    return exitCode;
  }
}

/** What happened where a signal ended a command, with the way on that the command has. */
function interruption(reason: unknown, goesOn: string | undefined): unknown {
  if (goesOn === undefined || !isSignalhouseError(reason)) return reason;
  return new SignalhouseError(reason.code, reason.message, goesOn, reason);
}

/** `--help` in the place of a command, or behind the first word of several commands, is the command help. */
function helpFirst(args: readonly string[]): readonly string[] {
  const isHelp = (word: string | undefined) => word === "--help" || word === "-h";
  const [first = "", second, ...rest] = args;
  if (isHelp(first)) return ["help", ...args.slice(1)];
  return isHelp(second) && groupOf(COMMANDS, first).length > 0 ? ["help", first, ...rest] : args;
}
