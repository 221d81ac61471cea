/** Values that the command line gives to the SQL's $name. */
import type { DuckDBPreparedStatement } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { didYouMean, similar } from "../../schemas/suggest.ts";
import { tokensOf } from "./sql-text.ts";

/** Texts by name. */
export type Params = ReadonlyMap<string, string>;

/** Holds the names that SQL has against those that are given. @throws SignalhouseError usage where one is there and not the other */
export function assertParams(sql: string, params: Params): void {
  const named = new Set(tokensOf(sql).flatMap(({ kind, text }) => (kind === "parameter" ? [text.replace(/^[$?]/, "").toLowerCase()] : [])));
  const given = [...params.keys()];
  for (const name of named) {
    if (given.some((known) => known.toLowerCase() === name)) continue;
    if (name === "") throw new SignalhouseError("usage", "the SQL has a parameter without a name", "Write $name, and --param name=value.");
    throw new SignalhouseError(
      "usage",
      `the SQL has $${name}, and no --param says what it is`,
      `${didYouMean(similar(name, given))}Give --param ${name}=VALUE.`,
    );
  }
  const unused = given.find((name) => !named.has(name.toLowerCase()));
  if (unused === undefined) return;
  throw new SignalhouseError(
    "usage",
    `the SQL has no $${unused}`,
    `${didYouMean(similar(unused, [...named]).map((name) => `$${name}`))}Take --param ${unused} away, or write $${unused} in the SQL.`,
  );
}

/** Gives a statement the values that it names. They are texts: a cast in the SQL makes them something else. */
export function bindParams(prepared: DuckDBPreparedStatement, params: Params): void {
  for (let index = 1; index <= prepared.parameterCount; index += 1) {
    const name = prepared.parameterName(index).toLowerCase();
    const value = [...params].find(([known]) => known.toLowerCase() === name)?.[1];
    if (value !== undefined) prepared.bindVarchar(index, value);
  }
}
