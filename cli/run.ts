/** The command line as a function: finds the command, runs it, and turns what it throws into a message and an exit code. */
import { SignalhouseError } from "../schemas/errors.ts";
import { parseCommand, oneOf } from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { loadConfig } from "./config-file.ts";
import { EXIT, exitCodeOf, printFailure } from "./failures.ts";
import { commandHelp, overview } from "./help.ts";
import { LOG_LEVELS, Output } from "./output.ts";
import { packageVersion } from "../pipeline/common/package.ts";
import type { World } from "./world.ts";

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
  if (isHelp(args[0])) return say(overview(COMMANDS));
  if (isHelp(args[1]) && groupOf(args[0]).length > 0) return say(overview(Object.fromEntries(groupOf(args[0]))));
  const debug = args.includes("--debug");
  // A command line that is not understood has to be told as JSON too.
  let out = new Output(world, { json: args.includes("--json"), quiet: false, level: "info" });
  try {
    const found = findCommand(args);
    if (!found) throw noSuchCommand(args);
    const { name } = found;
    const { command } = await found.entry.load();
    const { values, positionals } = parseCommand(name, command, found.rest);
    if (values.help) return say(commandHelp(name, command));
    const { json = false, quiet = false } = values;
    out = new Output(world, { json, quiet, level: values.debug ? "debug" : oneOf("--log-level", values["log-level"] ?? "info", LOG_LEVELS) });
    const config = () => loadConfig(world, { file: values.config, warehouse: values.warehouse });
    return await command.run({ ...world, out, config, configFile: values.config }, { values, positionals });
  } catch (thrown) {
    // After an interruption everything that goes on fails in its own way; the interruption is what happened.
    const error: unknown = world.signal.aborted ? world.signal.reason : thrown;
    printFailure(error, out, debug);
    return exitCodeOf(error);
  }
}

const isHelp = (word: string | undefined) => word === "--help" || word === "-h";

/** The commands whose name starts with this word and goes on. */
const groupOf = (word: string | undefined) => Object.entries(COMMANDS).filter(([name]) => name.startsWith(`${word} `));

function noSuchCommand(args: readonly string[]): SignalhouseError {
  const [first] = args;
  if (first === undefined) return new SignalhouseError("usage", "no command is given", "See what there is: signalhouse --help");
  const group = groupOf(first).map(([name]) => name);
  if (group.length > 0) return new SignalhouseError("usage", `"signalhouse ${first}" needs one more word`, `Choose one of: ${group.join(", ")}.`);
  if (first.startsWith("-")) return new SignalhouseError("usage", `the command comes first, before ${first}`, "See: signalhouse --help");
  return new SignalhouseError("usage", `there is no command "${first}"`, "See: signalhouse --help");
}
