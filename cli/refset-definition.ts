/** What a reference set is made of: the command line over refsets/NAME.json. */
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { readPlainFile } from "../pipeline/common/own-file.ts";
import type { Config } from "../schemas/config.ts";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import {
  ATTRIBUTE_TYPES,
  DATE_FORMAT_NAMES,
  DELIMITER_NAMES,
  type ImportMode,
  MOST_DECIMALS,
  type RefsetDefinition,
  refsetDefinition,
  type RefsetSource,
  setNameViolations,
} from "../schemas/reference-set.ts";
import { readShape } from "../schemas/faults.ts";
import { replaceFile, writeRefused } from "../sinks/whole-file.ts";
import { whyNotRead } from "../sinks/file-faults.ts";
import { didYouMean, similar } from "../schemas/suggest.ts";
import type { Input } from "./command.ts";
import { parseConfig } from "../schemas/config-text.ts";
import { localPath, type World } from "./world.ts";

const DELIMITERS = ["auto", ...DELIMITER_NAMES] as const;
const MODES = ["create", "add_update", "replace"] as const satisfies readonly Lowercase<ImportMode>[];

/** The options that make a set; `push` and `validate` take them. */
export const DEFINITION_OPTIONS = {
  query: { type: "string", value: "SQL", help: "the rows: a SELECT over the warehouse" },
  table: { type: "string", value: "NAME", help: "the rows: a table or view of the warehouse" },
  from: { type: "string", value: "FILE", help: "the rows: a csv, psv, tsv, json, jsonl or parquet file, by its ending" },
  key: { type: "string", value: "COLUMN", help: "the column that identifies a row" },
  columns: {
    type: "string",
    value: "LIST",
    help: 'the columns to send and their names in Connect: order_id=Order ID,amount or {"order_id":"Order ID"}',
  },
  types: { type: "string", value: "JSON", help: `types by column, where they are not as proposed: ${ATTRIBUTE_TYPES.join(", ")}` },
  phone: { type: "string", multiple: true, value: "COLUMN", help: "a column with phone numbers; may be repeated" },
  decimals: { type: "string", multiple: true, value: "COLUMN=N", help: "how many decimals a new NUMBER attribute has: price=2; may be repeated" },
  normalize: { type: "boolean", help: "rewrite phone numbers and dates that can be understood" },
  country: { type: "string", value: "CODE", help: "the country of phone numbers that have no country code, such as DE; with --normalize" },
  "date-format": { type: "string", value: "FORMAT", choices: DATE_FORMAT_NAMES, help: `how dates are written: ${DATE_FORMAT_NAMES.join(", ")}` },
  delimiter: {
    type: "string",
    value: "NAME",
    choices: DELIMITERS,
    help: `${DELIMITER_NAMES.join(", ")} or auto; auto, the default, takes one that no value has`,
  },
  "no-header": { type: "boolean", help: "write no header row" },
  mode: {
    type: "string",
    value: "MODE",
    choices: MODES,
    help: "create, add_update or replace; by default create where Connect has no such set, else add_update",
  },
  id: { type: "string", value: "ID", help: "the set's id, where several have its name" },
  "max-errors": { type: "string", value: "N", help: "how many broken rules are told; 100 by default" },
} as const;

type Values = Input<typeof DEFINITION_OPTIONS>["values"];

type Folders = Pick<World, "cwd" | "home">;

/**
 * The definition of a set, and where its file is. A file that the rows come from is relative to the working folder, wherever it is named.
 * @param more what else the command line says
 * @throws SignalhouseError usage, config_invalid where the file is wrong
 */
export async function definitionOf(set: string, values: Values, config: Config, folders: Folders, more: RefsetDefinition = {}) {
  // Such a name leads to no file.
  const file = setNameViolations(set).length > 0 ? undefined : join(config.refsets.folder, `${set}.json`);
  const saved = file === undefined ? {} : await readDefinition(file);
  const source = located(sourceOf(values) ?? saved.source, folders);
  if (!source) {
    const meant = file === undefined ? [] : similar(set, await definedSets(dirname(file)));
    throw new SignalhouseError(
      "usage",
      `${file === undefined ? "no option says" : `neither an option nor ${file} says`} where the rows of ${set} come from`,
      `${didYouMean(meant)}Give --query, --table or --from${file === undefined ? "" : "; with --save they are kept"}.`,
    );
  }
  return { definition: { ...saved, ...wished(values), ...more, source }, file };
}

/** The names of the sets that have a definition. */
async function definedSets(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []));
}

async function readDefinition(file: string): Promise<RefsetDefinition> {
  const text = await readPlainFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SignalhouseError("config_invalid", `${file} cannot be read: ${whyNotRead(error)}`, "Check its rights.", error);
  });
  if (text === undefined) return {};
  const read = readShape(refsetDefinition, parseConfig(text, file));
  if ("data" in read) return read.data;
  throw new SignalhouseError(
    "config_invalid",
    `${file} is not valid: ${read.faults.join("; ")}`,
    "Correct it, or remove it and write it again with --save.",
  );
}

/** Writes a definition, over the one before. */
export async function saveDefinition(file: string, definition: RefsetDefinition): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await replaceFile(file, `${JSON.stringify(definition, null, 2)}\n`, 0o644);
  } catch (error) {
    throw writeRefused(file, error, "Check refsets.folder, and that you may write there.");
  }
}

function sourceOf({ query, table, from }: Values): RefsetSource | undefined {
  const given = [query === undefined ? [] : [{ query }], table === undefined ? [] : [{ table }], from === undefined ? [] : [{ file: from }]].flat();
  if (given.length < 2) return given[0];
  throw new SignalhouseError("usage", "--query, --table and --from stand beside each other", "Give one of them: the rows come from one place.");
}

const located = (source: RefsetSource | undefined, folders: Folders): RefsetSource | undefined =>
  source && "file" in source ? { file: localPath(folders, source.file) } : source;

function wished(values: Values): RefsetDefinition {
  const { key, columns, types, phone, decimals, normalize, country, delimiter } = values;
  const dateFormat = values["date-format"];
  return {
    ...(key === undefined ? {} : { key }),
    ...(columns === undefined ? {} : { columns: columnsOf(columns) }),
    ...(types === undefined ? {} : { types: typesOf(types) }),
    ...(phone === undefined ? {} : { phone: phone.flatMap((list) => list.split(",").map((name) => name.trim())) }),
    ...(decimals === undefined ? {} : { decimals: decimalsOf(decimals) }),
    ...(normalize ? { normalize } : {}),
    ...(country === undefined ? {} : { country: country.toUpperCase() }),
    ...(dateFormat === undefined ? {} : { dateFormat }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(values["no-header"] ? { header: false } : {}),
  };
}

const TYPES_EXAMPLE = `For example: --types '{"Amount":"NUMBER","Date":"DATE"}'`;

function typesOf(text: string) {
  const read = readShape(z.record(z.string(), z.enum(ATTRIBUTE_TYPES)), jsonOf("--types", text, TYPES_EXAMPLE), "as a whole");
  if ("data" in read) return read.data;
  throw new SignalhouseError("usage", `--types is not valid: ${read.faults.join("; ")}`, TYPES_EXAMPLE);
}

function decimalsOf(lists: readonly string[]): Record<string, number> {
  const items = lists.flatMap((list) => list.split(","));
  return Object.fromEntries(
    items.map((item) => {
      const [, name, decimals] = /^\s*(.*\S)\s*=\s*(\d+)\s*$/s.exec(item) ?? [];
      if (name !== undefined && Number(decimals) <= MOST_DECIMALS) return [name, Number(decimals)] as const;
      throw new SignalhouseError(
        "usage",
        `--decimals is "${item}"`,
        `Give a column and a number from 0 to ${MOST_DECIMALS}, such as --decimals price=2.`,
      );
    }),
  );
}

const COLUMNS_EXAMPLE = `For example: --columns 'order_id=Order ID,amount' or --columns '{"order_id":"Order ID","amount":"amount"}'`;

function columnsOf(text: string): NonNullable<RefsetDefinition["columns"]> {
  if (!/^\s*[[{]/.test(text)) {
    return text.split(",").map((item) => {
      const [from = "", name] = item.split(/=(.*)/s).map((part) => part.trim());
      return { from, ...(name ? { name } : {}) };
    });
  }
  const read = z.union([z.array(z.string()), z.record(z.string(), z.string())]).safeParse(jsonOf("--columns", text, COLUMNS_EXAMPLE));
  if (!read.success) throw new SignalhouseError("usage", "--columns is neither a list nor names by column", COLUMNS_EXAMPLE);
  return Array.isArray(read.data) ? read.data.map((from) => ({ from })) : Object.entries(read.data).map(([from, name]) => ({ from, name }));
}

function jsonOf(option: string, text: string, example: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SignalhouseError("usage", `${option} is no JSON: ${messageOf(error)}`, example, error);
  }
}
