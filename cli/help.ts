/** What --help prints, out of the command table and the option tables. */
import { COMMON_OPTIONS, type Command, type OptionTable } from "./command.ts";

/** `signalhouse --help`. */
export function overview(commands: Readonly<Record<string, { summary: string }>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Brings Acoustic Connect signals into a DuckDB warehouse on your own machine, exactly once.",
    "",
    "Usage: signalhouse COMMAND [options]",
    "",
    ...lines,
    "",
    "signalhouse COMMAND --help tells more, with examples. signalhouse --version prints the version.",
    "Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 done but records were rejected, 130 interrupted.",
    "",
    "Without a Connect account, start with: signalhouse demo",
  ].join("\n");
}

/** `signalhouse COMMAND --help`. */
export function commandHelp(name: string, command: Command): string {
  const width = Math.max(...[command.options, COMMON_OPTIONS].flatMap((table) => told(table).map((entry) => flag(entry).length)));
  const section = (title: string, table: OptionTable) => {
    const entries = told(table);
    return entries.length === 0 ? [] : ["", title, ...entries.map((entry) => `  ${flag(entry).padEnd(width)}  ${entry[1].help}`)];
  };
  return [
    `Usage: signalhouse ${name} ${command.usage}`.trimEnd(),
    "",
    command.about,
    ...section("Options:", command.options),
    ...section("Every command takes:", COMMON_OPTIONS),
    "",
    command.examples.length > 1 ? "Examples:" : "Example:",
    ...command.examples.map((example) => `  signalhouse ${example}`),
  ].join("\n");
}

const told = (table: OptionTable) => Object.entries(table).filter(([, { hidden }]) => !hidden);

function flag([name, { short, value, multiple }]: [string, OptionTable[string]]): string {
  return `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}${multiple ? " …" : ""}`;
}
