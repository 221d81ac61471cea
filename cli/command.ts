/** What a command is: what it takes and does, from which parsing, --help and the completions are derived. */
import { SignalhouseError } from "../schemas/errors.ts";
import type { LoadedConfig } from "./config-file.ts";
import { COMMON_OPTIONS, type OptionTable, oneOf, parseOptions, similarOptions, type Values } from "./options.ts";
import type { Output } from "./output.ts";
import { didYouMean } from "../schemas/suggest.ts";
import type { World } from "./world.ts";

/** What a command gets beside its own options: the world that it runs in, in which only `out` prints. */
export interface Context extends Omit<World, "stdout" | "stderr"> {
  out: Output;
  /** The configuration file that --config names; undefined where the default one is meant. */
  configFile: string | undefined;
  /** The configuration with --warehouse applied and paths resolved. @throws SignalhouseError config_invalid, user_name_invalid */
  config: () => Promise<LoadedConfig>;
  /** All commands, for those that tell of others. */
  commands: CommandTable;
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
  /** What its arguments are, where that can be told: files, or one of these words. */
  takes?: "files" | readonly string[];
  /** Whether it runs where nobody watches, so that onFailure of the configuration is told when it fails. */
  isUnattended?: boolean;
  /** What to do after an interruption, where running it again would not go on but begin something new. */
  goesOn?: string;
  /** @returns the exit code */
  run(context: Context, input: Input<T>): Promise<number>;
}

/** Declares a command; the types of its values come from its options. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command<T> {
  return command;
}

/** A command as the table of all commands has it: it is imported only when it is called. */
interface CommandEntry {
  summary: string;
  load(): Promise<{ command: Command }>;
}

export type CommandTable = Readonly<Record<string, CommandEntry>>;

/** Reads a command line. @throws SignalhouseError usage */
export function parseCommand<T extends OptionTable>(name: string, command: Command<T>, args: readonly string[]): Input<T & typeof COMMON_OPTIONS> {
  const hint = `See: signalhouse ${name} --help`;
  const table = { ...COMMON_OPTIONS, ...command.options };
  const { values, positionals } = parseOptions(table, args, hint);
  const [least, most] = command.positionals ?? [0, 0];
  if (!("help" in values)) {
    if (positionals.length < least)
      throw new SignalhouseError("usage", `signalhouse ${name} needs ${command.usage.replace(/ ?\[options\]/, "")}`, hint);
    const extra = positionals[most];
    const quoted = command.usage.startsWith('"') ? `Put it in quotes: signalhouse ${name} ${command.usage.replace(/ .*/, "")}. ` : "";
    if (extra !== undefined)
      throw new SignalhouseError("usage", `signalhouse ${name} does not take "${extra}"`, quoted + didYouMean(similarOptions(table, extra)) + hint);
    if (Array.isArray(command.takes)) for (const word of positionals) oneOf(command.usage.replace(/ .*/, ""), word, command.takes);
  }
  return { values, positionals };
}

/** The whole number that an option or argument says, by default from 0 on. @throws SignalhouseError usage */
export function wholeNumber(name: string, text: string, { least = 0, most }: { least?: number; most?: number } = {}): number {
  if (/^\d{1,15}$/.test(text) && least <= Number(text) && Number(text) <= (most ?? Infinity)) return Number(text);
  throw new SignalhouseError("usage", `${name} is "${text}"`, `Give a whole number from ${least} ${most === undefined ? "on" : `to ${most}`}.`);
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

const AGO_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The time that an option says as so long ago, such as 24h, or as a date; in milliseconds. @param now milliseconds since the epoch @throws SignalhouseError usage */
export function timeAgo(name: string, text: string, now: number): number {
  const [, digits, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (digits !== undefined) return now - Number(digits) * AGO_MS[unit as keyof typeof AGO_MS];
  return pointInTime(name, text);
}
