/** What --help prints, out of the command table and the option tables. It fits into 80 columns. */
import type { Command, CommandTable } from "./command.ts";
import { wrap } from "./format.ts";
import { COMMON_OPTIONS, type Option, type OptionTable } from "./options.ts";

const COLUMNS = 80;

/** `signalhouse --help`, or, with some of the commands, that of a group. */
export function overview(commands: CommandTable): string {
  return [
    ...wrap("Brings Acoustic Connect signals into a DuckDB warehouse on your own machine, exactly once.", COLUMNS),
    "",
    "Usage: signalhouse COMMAND [options]",
    "",
    ...inColumns(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    "",
    ...wrap("signalhouse COMMAND --help tells more, with examples. signalhouse --version prints the version.", COLUMNS),
    ...wrap("Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 done but records were rejected, 130 interrupted.", COLUMNS),
    "",
    "Without a Connect account, start with: signalhouse demo",
  ].join("\n");
}

/** `signalhouse COMMAND --help`. */
export function commandHelp(name: string, command: Command): string {
  const section = (title: string, table: OptionTable) => {
    const rows = optionRows(table);
    return rows.length === 0 ? [] : ["", title, ...inColumns(rows, flagWidth(command.options, COMMON_OPTIONS))];
  };
  return [
    usageLine(name, command),
    "",
    ...wrap(command.about, COLUMNS),
    ...section("Options:", command.options),
    ...section("Every command takes:", COMMON_OPTIONS),
    "",
    command.examples.length > 1 ? "Examples:" : "Example:",
    ...command.examples.flatMap((example) => wrapCommand(`signalhouse ${example}`)),
  ].join("\n");
}

export const usageLine = (name: string, { usage }: Pick<Command, "usage">): string => `Usage: signalhouse ${name} ${usage}`.trimEnd();

/** The options that are told of: each as it is written, and what it means. */
export function optionRows(table: OptionTable): [flag: string, meaning: string][] {
  return Object.entries(table).flatMap(([name, option]) => (option.hidden ? [] : [[flag(name, option), option.help]]));
}

function flag(name: string, { short, value, multiple }: Option): string {
  return `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}${multiple ? " …" : ""}`;
}

const flagWidth = (...tables: OptionTable[]) => Math.max(...tables.flatMap(optionRows).map(([flag]) => flag.length));

/** Two columns, of which the second is wrapped. */
function inColumns(rows: readonly (readonly [string, string])[], width = Math.max(...rows.map(([left]) => left.length))): string[] {
  const indent = " ".repeat(width + 4);
  return rows.flatMap(([left, right]) =>
    wrap(right, COLUMNS - indent.length).map((line, index) => (index === 0 ? `  ${left.padEnd(width)}  ` : indent) + line),
  );
}

/** A command line over several, which a shell reads as one: a line end behind `\` counts for nothing, in double quotes too. */
function wrapCommand(command: string): string[] {
  // What stands in single quotes is not cut, nor an option from a short value.
  const words = command.match(/(?:^| )--?[\w-]+ [^\s"'-]\S*|(?:[^\s']|'[^']*')+/g)?.map((word) => word.trim()) ?? [];
  const lines = wrap(words, COLUMNS - 6);
  return lines.map((line, index) => `${index === 0 ? "  " : "    "}${line}${index < lines.length - 1 ? " \\" : ""}`);
}
