/** What can be completed where: the tables of commands and options, as the scripts for the shells want them. */
import type { Command, CommandTable } from "./command.ts";
import { COMMON_OPTIONS, type Option, type OptionTable } from "./options.ts";

/** What stands at a place: files, folders, one of some words, or what only its user knows. */
export type Place = "files" | "folders" | "unknown" | readonly string[];

export interface CompletedOption extends Pick<Option, "help" | "multiple"> {
  /** As it is written: `--output`, and where there is a short one, `-o`. */
  flags: readonly string[];
  /** What its value says, where it takes one. */
  value?: { name: string; place: Place };
}

export interface CompletedCommand {
  name: string;
  options: readonly CompletedOption[];
  /** What its arguments are; undefined where it takes none. */
  takes?: Place;
}

export interface CompletionTables {
  /** The words that may follow some others: those of commands, by the word before, which is "" at first. */
  words: ReadonlyMap<string, ReadonlyMap<string, string>>;
  commands: readonly CompletedCommand[];
}

/** Loads all commands, and takes from them what can be completed. */
export async function completionTables(table: CommandTable): Promise<CompletionTables> {
  const words = new Map<string, Map<string, string>>([["", new Map()]]);
  const commands: CompletedCommand[] = [];
  for (const [name, entry] of Object.entries(table)) {
    const [first = "", second] = name.split(" ");
    if (second === undefined) words.get("")?.set(first, entry.summary);
    else {
      const group = words.get(first) ?? new Map<string, string>();
      words.set(first, group.set(second, entry.summary));
      words.get("")?.set(first, [...group.keys()].join(", "));
    }
    commands.push(completed(name, (await entry.load()).command));
  }
  return { words, commands };
}

function completed(name: string, { options, positionals, takes }: Command): CompletedCommand {
  const table: OptionTable = { ...options, ...COMMON_OPTIONS };
  return {
    name,
    options: Object.entries(table).flatMap(([option, row]) => (row.hidden ? [] : [completedOption(option, row)])),
    ...(positionals ? { takes: takes ?? "unknown" } : {}),
  };
}

function completedOption(name: string, { type, short, value = "", choices, help, multiple }: Option): CompletedOption {
  return {
    flags: [`--${name}`, ...(short ? [`-${short}`] : [])],
    help,
    ...(multiple ? { multiple } : {}),
    ...(type === "boolean" ? {} : { value: { name: value, place: choices ?? PLACES[value] ?? "unknown" } }),
  };
}

/** What --help calls a value says what it is. */
const PLACES: Readonly<Record<string, Place>> = { FILE: "files", DIR: "folders" };
