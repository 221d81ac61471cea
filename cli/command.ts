/** What a command is: its options as a table, from which parsing and --help are derived. */
import { parseArgs } from "node:util";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import type { LoadedConfig } from "./config-file.ts";
import { LOG_LEVELS, type Output } from "./output.ts";
import type { World } from "./world.ts";

interface Option {
  type: "string" | "boolean";
  multiple?: true;
  short?: string;
  /** How --help calls the value. */
  value?: string;
  help: string;
  /** Taken, but not told of: an older name of another option. */
  hidden?: true;
}

export type OptionTable = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O["type"] extends "boolean" ? boolean : O extends { multiple: true } ? string[] : string;
type Values<T extends OptionTable> = { [K in keyof T]?: ValueOf<T[K]> };

/** The options that every command takes. */
export const COMMON_OPTIONS = {
  config: { type: "string", value: "FILE", help: "the configuration; signalhouse.config.json by default" },
  warehouse: { type: "string", value: "FILE", help: "the DuckDB file, in place of the configuration's" },
  json: { type: "boolean", help: "print one JSON document" },
  quiet: { type: "boolean", help: "print only results that were asked for, and failures" },
  "log-level": { type: "string", value: "LEVEL", help: `how much is told on the way: ${LOG_LEVELS.join(", ")}; info by default` },
  debug: { type: "boolean", help: "with a failure, print where in the code it happened" },
  help: { type: "boolean", short: "h", help: "print this" },
} as const satisfies OptionTable;

/** What a command gets beside its own options: the world that it runs in, in which only `out` prints. */
export interface Context extends Omit<World, "stdout" | "stderr"> {
  out: Output;
  /** The configuration file that --config names; undefined where the default one is meant. */
  configFile: string | undefined;
  /** The configuration with --warehouse applied and paths resolved. @throws SignalhouseError config_invalid, user_name_invalid */
  config: () => Promise<LoadedConfig>;
}

export interface Input<T extends OptionTable = OptionTable> {
  values: Values<T>;
  positionals: string[];
}

export interface Command<T extends OptionTable = OptionTable> {
  /** What stands after the command's name. */
  usage: string;
  /** One or more sentences on what it does. */
  about: string;
  options: T;
  /** Command lines, without `signalhouse`. */
  examples: readonly string[];
  /** How many arguments it takes, least and most; none by default. */
  positionals?: readonly [least: number, most: number];
  /** @returns the exit code */
  run(context: Context, input: Input<T>): Promise<number>;
}

/** Declares a command; the types of its values come from its options. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command<T> {
  return command;
}

/** Reads a command line. @throws SignalhouseError usage */
export function parseCommand<T extends OptionTable>(name: string, command: Command<T>, args: readonly string[]): Input<T & typeof COMMON_OPTIONS> {
  const help = `See: signalhouse ${name} --help`;
  const parsed = parse({ ...COMMON_OPTIONS, ...command.options }, args, help);
  const [least, most] = command.positionals ?? [0, 0];
  const count = parsed.positionals.length;
  if (parsed.values["help"] !== true) {
    if (count < least) throw new SignalhouseError("usage", `signalhouse ${name} needs ${command.usage.replace(/ ?\[options\]/, "")}`, help);
    if (count > most) throw new SignalhouseError("usage", `signalhouse ${name} does not take "${parsed.positionals[most]}"`, help);
  }
  return parsed as Input<T & typeof COMMON_OPTIONS>;
}

function parse(options: OptionTable, args: readonly string[], hint: string) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's own message ends with advice on how to pass such an argument after "--"; its first sentence is enough.
    throw new SignalhouseError("usage", messageOf(error).split(/\. /)[0] ?? "", hint, error);
  }
}

/** The whole number that an option or argument says, from 0 to `most`. @throws SignalhouseError usage */
export function wholeNumber(name: string, text: string, most = 1e15): number {
  if (/^\d{1,16}$/.test(text) && Number(text) <= most) return Number(text);
  throw new SignalhouseError("usage", `${name} is "${text}"`, `Give a whole number from 0 to ${most}.`);
}

/** The time that an option says, in milliseconds: a date (its start in UTC) or an ISO 8601 time. @throws SignalhouseError usage */
export function pointInTime(name: string, text: string): number {
  // Date.parse takes 2025-02-30 for March 2.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  const time = exists && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new SignalhouseError("usage", `${name} is "${text}", which is no date`, "Write it as 2025-09-01 or 2025-09-01T08:00:00Z.");
}

/** The value of an option that has a fixed set of them. @throws SignalhouseError usage */
export function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new SignalhouseError("usage", `${name} is "${text}"`, `Choose one of ${choices.join(", ")}.`);
}
