/** What DuckDB says of a statement that failed, and what to do about it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { didYouMean, similar } from "../../schemas/suggest.ts";
import { isDamage } from "../damage.ts";
import { isDiskFull } from "../duckdb-errors.ts";
import { readsOutside } from "./allowed.ts";
import { nameIn, namesOf } from "./catalog.ts";
import { tokensOf } from "./sql-text.ts";

const TABLES = 'The tables and their columns: signalhouse query "SHOW ALL TABLES", signalhouse query "DESCRIBE orders"';

/** What the lock-down refuses. A file's name in FROM looks like a table's to DuckDB then. */
const OUTSIDE = /disabled (by|through) configuration|Table with name \S*(\/|\\|\.(csv|json|jsonl|ndjson|parquet|txt|tsv|gz|zst|db|duckdb|xlsx)\b)/i;

/** A failed statement as query_failed. A damaged warehouse is none: whoever opened it tells of that. @param hint what to do */
export function queryFailed(error: unknown, hint = TABLES): unknown {
  if (error instanceof SignalhouseError || isDamage(error)) return error;
  const message = wordsOf(error);
  if (isDiskFull(error)) {
    const [what] = message.split("\n");
    return new SignalhouseError("disk_full", `there is no room left on the disk: ${what}`, "Free some room, then run it again.", error);
  }
  if (OUTSIDE.test(message)) return readsOutside(inOneLine(message), error);
  return new SignalhouseError("query_failed", inOneLine(message), hint, error);
}

/** The same, with what may have been meant. @param connection on which it failed */
export async function explainedFailure(error: unknown, connection: DuckDBConnection, sql: string): Promise<unknown> {
  if (error instanceof SignalhouseError) return error;
  // What failed within a transaction of PIVOT's has left it aborted.
  await connection.run("ROLLBACK").catch(() => undefined);
  const message = wordsOf(error);
  const hint = arrowHint(message, sql) ?? `${await nearest(message, connection).catch(() => "")}${TABLES}`;
  return queryFailed(error, hint);
}

const wordsOf = (error: unknown) => messageOf(error).replace("Failed to extract statements: ", "").trimEnd();

/** DuckDB's message as one line: it has lines for what it proposes, and draws the place in the statement with a caret below it. */
function inOneLine(message: string): string {
  const drawing = message.lastIndexOf("\nLINE ");
  const [line = "", caret = ""] = drawing < 0 ? [] : message.slice(drawing + 1).split("\n");
  const lines = (drawing < 0 ? message : message.slice(0, drawing)).split("\n").map((text) => text.trim());
  const told = lines.filter((text) => text !== "").join(" ");
  const at = line.slice(Math.max(caret.indexOf("^"), line.indexOf(": ") + 2));
  return at === "" ? told : `${told} (${line.slice(0, line.indexOf(":")).toLowerCase()}, at ${JSON.stringify(at)})`;
}

/** `a = 1 AND extra->>'x' = 'y'` is `(a = 1 AND extra)->>'x' = 'y'` to DuckDB, which then fails at whatever that makes it cast. */
function arrowHint(message: string, sql: string): string | undefined {
  if (!/^(Conversion|Binder) Error/.test(message)) return undefined;
  const tokens = tokensOf(sql);
  const isBare = tokens.some(
    ({ text }, index) => text.startsWith("->") && /^([=<>!]|and|or|like|ilike|in|is|between)$/i.test(tokens[index + 2]?.text ?? ""),
  );
  return isBare ? "-> and ->> bind less than AND, OR and comparisons: put them in brackets, as in AND (extra->>'x') = 'y'." : undefined;
}

const UNKNOWN_TABLE = /Table with name "?([^"\s]+)"? does not exist/;
const UNKNOWN_COLUMN = /Referenced column "(.+?)" (?:was )?not found|does not have a column named "(.+?)"/;

/** The names of the warehouse that are nearest to one that it has not. */
async function nearest(message: string, connection: DuckDBConnection): Promise<string> {
  const [, table] = UNKNOWN_TABLE.exec(message) ?? [];
  const [, column = table, qualified = column] = UNKNOWN_COLUMN.exec(message) ?? [];
  if (qualified === undefined) return "";
  const { columns, relations } = await namesOf(connection);
  // A table is meant by its name, whether or not its schema is said.
  const known =
    table === undefined
      ? columns.map(({ name }) => [name, name] as const)
      : relations.flatMap((at) => [at.name, nameIn(at)].map((name) => [name, nameIn(at)] as const));
  const meant = new Map(known);
  return didYouMean([...new Set(similar(qualified, [...meant.keys()]).map((name) => meant.get(name) ?? name))].slice(0, 3));
}
