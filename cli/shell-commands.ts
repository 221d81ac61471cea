/** The shell's own commands, which begin with a dot. */
import { SignalhouseError } from "../schemas/errors.ts";
import { didYouMean, similar } from "../schemas/suggest.ts";
import { type Names, nameIn, type Relation } from "../sinks/query/catalog.ts";
import { table } from "./format.ts";
import { oneOf } from "./options.ts";
import type { Output } from "./output.ts";
import { FORMATS, type FormatName } from "./query-output.ts";

export const SHELL_COMMANDS = {
  ".help": "what there is",
  ".tables": "tables and views, with what is said of them",
  ".schema NAME": "the columns of a table or view, with their types and what is said of them",
  ".format FORMAT": `how results are printed: ${FORMATS.join(", ")}`,
  ".quit": "end the shell, as Ctrl-D does",
} as const;

const NAMES = Object.keys(SHELL_COMMANDS).map((usage) => usage.replace(/ .*/, ""));

interface ShellParts {
  session: { format: FormatName };
  out: Output;
  /** Reads them from the warehouse. */
  names: () => Promise<Names>;
}

/** Whether a line is no SQL. People who come from elsewhere end a shell in other words. */
export const isShellCommand = (text: string): boolean => /^\s*(\.[a-z]|(quit|exit)\s*;?\s*$)/i.test(text);

/** @returns false where the shell is to end @throws SignalhouseError usage */
export async function runShellCommand(text: string, { session, out, names }: ShellParts): Promise<boolean> {
  const [word = "", argument] = text.trim().replace(/\s*;$/, "").split(/\s+/);
  switch (word.toLowerCase().replace(/^(quit|exit|\.exit)$/, ".quit")) {
    case ".quit":
      return false;
    case ".help":
      out.print(table(["command", ""], Object.entries(SHELL_COMMANDS)));
      return true;
    case ".tables":
      out.print(tables(await names()));
      return true;
    case ".schema":
      out.print(schema(await names(), needed(argument, ".schema NAME")));
      return true;
    case ".format":
      session.format = oneOf(".format", needed(argument, ".format FORMAT"), FORMATS);
      return true;
    default:
      throw new SignalhouseError("usage", `the shell has no command ${word}`, `${didYouMean(similar(word, NAMES))}.help says what there is.`);
  }
}

function needed(argument: string | undefined, usage: string): string {
  if (argument !== undefined) return argument;
  throw new SignalhouseError("usage", `${usage} needs ${usage.replace(/.* /, "")}`, "`.help` says what there is.");
}

const tables = ({ relations }: Names) =>
  table(
    ["name", "", "comment"],
    relations.map((relation) => [nameIn(relation), relation.kind, relation.comment ?? ""]),
  );

function schema(names: Names, wanted: string): string[] {
  const relation = find(names, wanted);
  const columns = names.columns.filter((column) => column.schema === relation.schema && column.relation === relation.name);
  return [
    ...(relation.comment === null ? [] : [relation.comment, ""]),
    ...table(
      ["column", "type", "comment"],
      columns.map(({ name, type, comment }) => [name, type, comment ?? ""]),
    ),
  ];
}

/** @throws SignalhouseError usage */
function find({ relations }: Names, wanted: string): Relation {
  const plain = wanted.replaceAll('"', "").toLowerCase();
  const found =
    relations.find((relation) => `${relation.schema}.${relation.name}`.toLowerCase() === plain) ??
    relations.find(({ name }) => name.toLowerCase() === plain);
  if (found) return found;
  throw new SignalhouseError(
    "usage",
    `there is no table or view ${wanted}`,
    `${didYouMean(similar(wanted, relations.map(nameIn)).slice(0, 3))}.tables lists them.`,
  );
}
