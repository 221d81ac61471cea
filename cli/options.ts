/** Options as tables, and a command line read by them. --help and the completions are made of the same tables. */
import { parseArgs } from "node:util";
import { SignalhouseError } from "../schemas/errors.ts";
import { LOG_LEVELS } from "./output.ts";
import { didYouMean, similar } from "../schemas/suggest.ts";

export interface Option {
  type: "string" | "boolean";
  multiple?: true;
  short?: string;
  /** How --help calls the value. FILE and DIR are completed as what they say. */
  value?: string;
  /** The values that it takes, where it takes no others. Letters' cases do not count, nor whether it is - or _. */
  choices?: readonly string[];
  help: string;
  /** Taken, but not told of: an older name of another option. */
  hidden?: true;
}

export type OptionTable = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O["type"] extends "boolean"
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : O extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string;
export type Values<T extends OptionTable> = { [K in keyof T]?: ValueOf<T[K]> };

/** The options that every command takes. */
export const COMMON_OPTIONS = {
  config: { type: "string", value: "FILE", help: "the configuration; signalhouse.config.json by default" },
  warehouse: { type: "string", value: "FILE", help: "the DuckDB file, in place of the configuration's" },
  json: { type: "boolean", help: "print one JSON document" },
  quiet: { type: "boolean", help: "print only results that were asked for, and failures" },
  "log-level": {
    type: "string",
    value: "LEVEL",
    choices: LOG_LEVELS,
    help: `how much is told on the way: ${LOG_LEVELS.join(", ")}; info by default`,
  },
  debug: { type: "boolean", help: "with a failure, print where in the code it happened" },
  help: { type: "boolean", short: "h", help: "print this" },
} as const satisfies OptionTable;

/**
 * Reads a command line by a table of options.
 * @param hint where to look, for what is wrong
 * @throws SignalhouseError usage, naming the first option that is wrong
 */
export function parseOptions<T extends OptionTable>(table: T, args: readonly string[], hint: string): { values: Values<T>; positionals: string[] } {
  // Strict parsing would word its faults in Node's way, and has no look for what was meant.
  const parsed = parseArgs({ args: [...args], options: table, allowPositionals: true, strict: false, tokens: true });
  const values = new Map<string, boolean | string | string[]>();
  const positionals: string[] = [];
  for (const token of parsed.tokens) {
    const word = args[token.index] ?? "";
    // SQL may begin with a comment, which does not make it an option: no option has a blank in its name.
    const isArgument = token.kind === "positional" || (token.kind === "option" && /^--[^=]*\s/.test(word));
    if (isArgument) positionals.push(word);
    if (isArgument || token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!option) throw unknownOption(table, word, hint);
    if (option.type === "boolean") {
      if (value !== undefined) throw new SignalhouseError("usage", `${rawName} takes no value`, `Write ${rawName} alone. ${hint}`);
      values.set(name, true);
      continue;
    }
    if (value === undefined || (!inlineValue && /^-./.test(value))) throw valueMissing(rawName, option, value, hint);
    // What a variable of a script would have said, that is not set, is no path: it would be the working folder.
    if (value === "" && (option.value === "FILE" || option.value === "DIR")) throw valueMissing(rawName, option, undefined, hint);
    const chosen = option.choices ? oneOf(rawName, value, option.choices) : value;
    values.set(name, option.multiple ? [...((values.get(name) ?? []) as string[]), chosen] : chosen);
  }
  return { values: Object.fromEntries(values) as Values<T>, positionals };
}

/** @param word as it was typed: `--dryrun=x`, `-dry-run` */
function unknownOption(table: OptionTable, word: string, hint: string): SignalhouseError {
  const [typed = word] = word.split("=");
  return new SignalhouseError("usage", `there is no option ${typed} here`, didYouMean(similarOptions(table, typed)) + hint);
}

/** The options, with their dashes, that somebody may have meant who wrote this word, with or without dashes. */
export function similarOptions(table: OptionTable, word: string): string[] {
  const names = Object.entries(table).flatMap(([name, { hidden }]) => (hidden ? [] : [name]));
  return similar(word, names).map((name) => `--${name}`);
}

function valueMissing(name: string, { value = "VALUE" }: Option, next: string | undefined, hint: string): SignalhouseError {
  if (next === undefined) return new SignalhouseError("usage", `${name} needs a value`, `Write ${name} ${value}. ${hint}`);
  return new SignalhouseError(
    "usage",
    `${name} needs a value, and ${next} looks like an option`,
    `Write ${name} ${value}, or ${name}=${next} where that is the value. ${hint}`,
  );
}

/** The value of an option or argument that has a fixed set of them. @throws SignalhouseError usage */
export function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const folded = (value: string) => value.toLowerCase().replaceAll("_", "-");
  const choice = choices.find((known) => known === text) ?? choices.find((known) => folded(known) === folded(text));
  if (choice !== undefined) return choice;
  const meant = similar(text, choices);
  const guess = meant.length < choices.length ? didYouMean(meant) : "";
  throw new SignalhouseError("usage", `${name} is "${text}"`, `${guess}Choose one of ${choices.join(", ")}.`);
}
