/** Which command the first words of a command line name. */
import { SignalhouseError } from "../schemas/errors.ts";
import type { CommandTable } from "./command.ts";
import { didYouMean, similar } from "../schemas/suggest.ts";

const HINT = "See: signalhouse --help";
/** What stands in the place of a command. */
const IN_FRONT = ["--help", "--version"];

/** The command that the first words of a command line name, and the words after it. @throws SignalhouseError usage, with what may have been meant */
export function findCommand(commands: CommandTable, args: readonly string[]): { name: string; entry: CommandTable[string]; rest: string[] } {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(" ");
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (entry) return { name, entry, rest: args.slice(words) };
  }
  throw noSuchCommand(commands, args);
}

/** The names of the commands whose name starts with this word and goes on. */
export const groupOf = (commands: CommandTable, word: string | undefined): string[] =>
  Object.keys(commands).filter((name) => name.startsWith(`${word} `));

function noSuchCommand(commands: CommandTable, args: readonly string[]): SignalhouseError {
  const [first, second] = args;
  if (first === undefined) return new SignalhouseError("usage", "no command is given", "See what there is: signalhouse --help");
  if (first.startsWith("-")) return optionInFront(commands, args, first);
  const group = groupOf(commands, first);
  if (group.length === 0)
    return new SignalhouseError("usage", `there is no command "${first}"`, didYouMean(calls(meantBy(commands, first, second))) + HINT);
  if (second === undefined || second.startsWith("-"))
    return new SignalhouseError("usage", `"signalhouse ${first}" needs one more word`, `Choose one of: ${group.join(", ")}.`);
  const meant = similar(second, group.map(lastWord)).map((word) => `${first} ${word}`);
  return new SignalhouseError("usage", `there is no command "${first} ${second}"`, `${didYouMean(calls(meant))}Choose one of: ${group.join(", ")}.`);
}

/** `--quiet status`: it is understood what is meant, but an option's value could be taken for a command. */
function optionInFront(commands: CommandTable, args: readonly string[], first: string): SignalhouseError {
  const meant = similar(first, IN_FRONT);
  if (meant.length > 0) return new SignalhouseError("usage", `there is no option ${first} here`, didYouMean(calls(meant)) + HINT);
  const name = args.flatMap((_, at) => [`${args[at]} ${args[at + 1]}`, `${args[at]}`]).find((words) => Object.hasOwn(commands, words));
  const example = name === undefined ? "" : `Write: signalhouse ${name} ${first.split("=")[0]} … `;
  return new SignalhouseError("usage", `the command comes first, before ${first.split("=")[0]}`, example + HINT);
}

/** The commands that somebody may have meant: by both words, the first, or the second alone, as in `replay`. */
function meantBy(commands: CommandTable, first: string, second = ""): string[] {
  const names = Object.keys(commands);
  const ofTwo = names.filter((name) => name.includes(" "));
  const groups = [...new Set(ofTwo.map((name) => name.replace(/ .*/, "")))];
  const both = similar(second.startsWith("-") ? first : `${first} ${second}`, ofTwo);
  if (both.length > 0) return both;
  // What is written without a slip is nearer than what is one away.
  const ofLast = ofTwo.filter((name) => lastWord(name) === first.toLowerCase());
  if (ofLast.length > 0) return ofLast;
  return similar(first, [...names.filter((name) => !name.includes(" ")), ...groups, "--version"]).flatMap((word) =>
    groups.includes(word) ? groupOf(commands, word) : word,
  );
}

const lastWord = (name: string) => name.replace(/.* /, "");

const calls = (names: readonly string[]) => names.map((name) => `"signalhouse ${name}"`);
