/** What may follow what is typed: tables, columns and SQL's words, and the shell's own commands. */
import type { Names } from "../sinks/query/catalog.ts";
import { quoteIdentifier } from "../schemas/names.ts";
import { FORMATS } from "./query-output.ts";
import { SHELL_COMMANDS } from "./shell-commands.ts";

/** The last word, and the names with dots before it. */
const TYPED = /((?:(?:"[^"]*"|[\p{L}\p{N}_]+)\.)*)([\p{L}\p{N}_]*)$/u;

/** @param line what stands before the cursor @returns what may stand for the last word, and that word */
export function completed(names: Names, line: string): [hits: string[], typed: string] {
  const [, path = "", typed = ""] = TYPED.exec(line) ?? [];
  const command = /^\s*(\.[a-z]*)( +)?/.exec(line);
  if (command && command[2] === undefined)
    return [
      beginningWith(
        line.trimStart(),
        Object.keys(SHELL_COMMANDS).map((usage) => usage.replace(/ .*/, "")),
      ),
      line.trimStart(),
    ];
  if (command?.[1] === ".format") return [beginningWith(typed, FORMATS), typed];
  if (path !== "") return [beginningWith(typed, behindDot(names, path)), typed];
  if (command) return [beginningWith(typed, relationsAndSchemas(names)), typed];
  if (typed === "") return [[], typed];
  const words = typed === typed.toUpperCase() ? names.words : names.words.map((word) => word.toLowerCase());
  return [beginningWith(typed, [...relationsAndSchemas(names), ...names.columns.map(({ name }) => written(name)), ...words]), typed];
}

const relationsAndSchemas = ({ relations }: Names) => [
  ...relations.flatMap(({ schema, name }) => (schema === "main" ? [written(name)] : [])),
  ...relations.map(({ schema }) => `${written(schema)}.`),
];

/** What a schema or table has. What is neither is an alias, of which it is not known what it stands for: all columns. */
function behindDot({ relations, columns }: Names, path: string): string[] {
  const [last = "", before] = path.slice(0, -1).toLowerCase().replaceAll('"', "").split(".").toReversed();
  const inSchema = relations.filter(({ schema }) => before === undefined && schema.toLowerCase() === last);
  if (inSchema.length > 0) return inSchema.map(({ name }) => written(name));
  const isOf = (relation: string, schema: string) => relation.toLowerCase() === last && (before === undefined || schema.toLowerCase() === before);
  const own = columns.filter(({ relation, schema }) => isOf(relation, schema));
  return (own.length > 0 ? own : columns).map(({ name }) => written(name));
}

const beginningWith = (typed: string, all: readonly string[]): string[] =>
  [...new Set(all)].filter((word) => word.toLowerCase().startsWith(typed.toLowerCase()));

/** A name as SQL has to write it. */
const written = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name));
