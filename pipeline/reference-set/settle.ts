/** What the columns of a reference set's file are: out of the source, the wish, and the set that Connect has. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { ATTRIBUTE_TYPES, type AttributeType, type KnownSet, type RefsetDefinition, type Violation } from "../../schemas/reference-set.ts";
import { type Column, FITS } from "../../sinks/reference-set/cells.ts";
import { type Looks, looksOf, proposedType } from "../../sinks/reference-set/looks.ts";
import type { SourceColumn } from "../../sinks/reference-set/source.ts";
import { chooseDates } from "./dates.ts";

export interface Settled {
  columns: Column[];
  violations: Violation[];
}

interface Chosen {
  source: SourceColumn;
  name: string;
  type: AttributeType | undefined;
}

/**
 * Settles name, type and date format of each column. What the user says comes first, then what the set has, then what the source's types or all of
 * its values propose.
 * @throws SignalhouseError usage where the wish names a column that is not there
 */
export async function settleColumns(
  connection: DuckDBConnection,
  source: readonly SourceColumn[],
  wish: RefsetDefinition,
  known: KnownSet | undefined,
): Promise<Settled> {
  const chosen = chooseColumns(source, wish);
  const isNamed = (name: string) => (column: Chosen) => column.name === name || column.source.name === name;
  for (const [option, names] of [
    ["--types", Object.keys(wish.types ?? {})],
    ["--phone", wish.phone ?? []],
    ["--decimals", Object.keys(wish.decimals ?? {})],
    ["--key", wish.key === undefined ? [] : [wish.key]],
  ] as const) {
    const unknown = names.find((name) => !chosen.some(isNamed(name)));
    if (unknown !== undefined)
      throw noColumn(
        option,
        unknown,
        chosen.map(({ name }) => name),
      );
  }
  const key = wish.key ?? known?.attributes.find(({ isKey }) => isKey)?.name;
  const keyAt = key === undefined ? -1 : chosen.findIndex(isNamed(key));
  const phones = new Set((wish.phone ?? []).map((name) => chosen.findIndex(isNamed(name))));
  const given = chosen.map((column, index) => typeGiven(column, wish, known) ?? (phones.has(index) ? "TEXT" : undefined));

  const decimals = chosen.map(({ name, source }) => wish.decimals?.[name] ?? wish.decimals?.[source.name]);

  const isLooked = ({ source: { kind, proposal } }: Chosen, index: number) =>
    given[index] === undefined ? proposal.startsWith("look") : given[index] === "DATE" && kind === "text";
  const looks = await looksOf(connection, [...new Set(chosen.filter(isLooked).map((column) => column.source.column))]);
  const columns = chosen.map((column, index): Column => {
    const type = given[index] ?? proposal(column.source, index === keyAt, looks);
    const base = { source: column.source, name: column.name, type, isKey: index === keyAt, isPhone: phones.has(index), decimals: decimals[index] };
    return { ...base, normalize: wish.normalize ?? false, dateFormat: "YYYY-MM-DD", slashed: "dayFirst" };
  });
  const dates = await chooseDates(connection, columns, looks, wish.dateFormat);
  return { columns: dates.columns, violations: [...misfits(dates.columns), ...dates.violations] };
}

function typeGiven({ name, source, type }: Chosen, { types = {} }: RefsetDefinition, known: KnownSet | undefined): AttributeType | undefined {
  const there = known?.attributes.find((attribute) => attribute.name === name)?.type;
  return type ?? types[name] ?? types[source.name] ?? ATTRIBUTE_TYPES.find((known) => known === there);
}

function proposal({ column, proposal }: SourceColumn, isKey: boolean, looks: ReadonlyMap<string, Looks>): AttributeType {
  if (proposal !== "look" && proposal !== "look for dates") return isKey ? "TEXT" : proposal;
  const look = looks.get(column);
  return look ? proposedType(look, isKey, proposal === "look for dates") : "TEXT";
}

function chooseColumns(source: readonly SourceColumn[], { columns }: RefsetDefinition): Chosen[] {
  if (!columns) return source.map((column) => ({ source: column, name: column.name, type: undefined }));
  return columns.map(({ from, name = from, type }) => {
    const found = source.find((column) => column.name === from);
    if (found) return { source: found, name, type };
    throw noColumn(
      "--columns",
      from,
      source.map((column) => column.name),
    );
  });
}

const noColumn = (option: string, name: string, names: readonly string[]) =>
  new SignalhouseError(
    "usage",
    `${option} names "${name}", which is no column of the source`,
    `The columns are ${names.map((name) => `"${name}"`).join(", ")}.`,
  );

function misfits(columns: readonly Column[]): Violation[] {
  return columns.flatMap(({ name, type, source, isPhone, decimals }): Violation[] => {
    if (decimals !== undefined && type !== "NUMBER")
      return [{ rule: "attribute_type", column: name, message: `"${name}" is to have ${decimals} decimals, but is ${type}, not NUMBER` }];
    if (isPhone && type !== "TEXT")
      return [{ rule: "attribute_type", column: name, message: `"${name}" holds phone numbers, which are TEXT, not ${type}` }];
    if (FITS[type].includes(source.kind)) return [];
    const message = `"${name}" is ${source.kind === "float" ? "number" : source.kind} in the source and cannot become ${type}`;
    return [{ rule: "attribute_type", column: name, message }];
  });
}
