/** What a user's SQL may do: a list of what is allowed, for everything else is refused. */
import { SignalhouseError } from "../../schemas/errors.ts";
import { StatementType } from "../duckdb.ts";
import { firstWords, nameOf, type Statement, type Token } from "./sql-text.ts";

function names(...lines: string[]): readonly string[] {
  return lines.flatMap((line) => line.split(" "));
}

/**
 * Functions that look outside of the warehouse, or at it as a file. DuckDB refuses most of them once it is locked down; the warehouse's own file, and
 * pointers into memory, it does not.
 */
export const OUTSIDE_FUNCTIONS = names(
  "arrow_scan arrow_scan_dumb duckdb_secrets glob parquet_bloom_probe parquet_file_metadata parquet_full_metadata parquet_kv_metadata",
  "parquet_metadata parquet_scan parquet_schema read_blob read_csv read_csv_auto read_duckdb read_json read_json_auto",
  "read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto read_ndjson_objects read_parquet read_text seq_scan",
  "sniff_csv which_secret",
);

/** Functions that change something in DuckDB, or run a text as SQL, which could call the others. */
export const ACTING_FUNCTIONS = names(
  "check_peg_parser checkpoint disable_logging disable_peg_parser disable_profiling enable_logging enable_peg_parser enable_profiling",
  "force_checkpoint json_execute_serialized_sql query truncate_duckdb_logs write_log",
);

const EXAMPLE = 'For example: signalhouse query "SELECT count(*) FROM orders"';

const refused = (what: string, hint = EXAMPLE) => new SignalhouseError("usage", `query only reads: ${what}`, hint);

/** Refuses functions by their names, before DuckDB looks at the statement. @throws SignalhouseError usage, query_failed */
export function assertFunctions({ tokens }: Statement): void {
  for (const [index, token] of tokens.entries()) {
    // To DuckDB the second of two is what E'…' goes on with, in which a backslash hides a quote: where that ends is another place than these tokens tell.
    if (/^e'/i.test(token.text) && tokens[index + 1]?.kind === "text")
      throw refused("it takes E'…' in one part", "Write it as one text, or put || between the two.");
    if (tokens[index + 1]?.text !== "(" || (token.kind !== "word" && token.kind !== "quoted")) continue;
    const name = nameOf(token);
    if (ACTING_FUNCTIONS.includes(name)) throw refused(`it does not run ${name}()`);
    if (OUTSIDE_FUNCTIONS.includes(name)) throw readsOutside(`it does not run ${name}()`);
  }
}

export const readsOutside = (what: string, error?: unknown): SignalhouseError =>
  new SignalhouseError(
    "query_failed",
    `query reads the warehouse only, no other files and no network: ${what}`,
    "For other files beside it, open the warehouse with the duckdb command line or in a notebook. A result is written with -o FILE.",
    error,
  );

/** What a statement is for: a result, or what the next ones find. */
export type Purpose = "read" | "set up";

const TEMPORARY = /^CREATE (OR REPLACE )?TEMP(ORARY)? (TABLE|VIEW|MACRO|FUNCTION)\b/;

/**
 * What a statement is for, by what DuckDB takes it for. PIVOT and the like are several to it: a type and a transaction beside what was written.
 * @param statement as it was written
 * @param types what DuckDB makes of it, in turn
 * @throws SignalhouseError usage where it is not allowed
 */
export function purposeOf(statement: Statement, type: StatementType, isOneOfSeveral: boolean): Purpose {
  if (type === StatementType.SELECT || type === StatementType.EXPLAIN) return "read";
  const [first, second] = firstWords(statement, 2);
  if (type === StatementType.TRANSACTION && isOneOfSeveral) return "set up";
  if (type === StatementType.SET && (first === "SET" || first === "RESET") && second === "VARIABLE") return "set up";
  if (type === StatementType.CREATE) {
    if (TEMPORARY.test(firstWords(statement, 5).join(" ")) || (isOneOfSeveral && first !== "CREATE")) return "set up";
    throw refused("it creates nothing that stays", "For the statements behind it: CREATE TEMP TABLE, TEMP VIEW or TEMP MACRO.");
  }
  throw refused(`it does not run ${StatementType[type]} statements`);
}

/** The statement that EXPLAIN is about: EXPLAIN ANALYZE runs it, so it has to be one that reads, too. Undefined where there is none. */
export function explained({ sql, tokens }: Statement): Statement | undefined {
  let at = tokens[1]?.text.toUpperCase() === "ANALYZE" || tokens[1]?.text.toUpperCase() === "ANALYSE" ? 2 : 1;
  // EXPLAIN (ANALYZE, FORMAT json) …, but not EXPLAIN (SELECT 1).
  if (tokens[at]?.text === "(" && isOption(tokens[at + 1])) at = tokens.findIndex(({ text }) => text === ")") + 1;
  const first = tokens[at];
  return first && at > 0 ? { sql: sql.slice(0, first.at).replace(/[^\n]/g, " ") + sql.slice(first.at), tokens: tokens.slice(at) } : undefined;
}

const isOption = (token: Token | undefined) => /^(analy[sz]e|format)$/i.test(token?.text ?? "");

export const explainsReadingOnly = (): SignalhouseError =>
  refused("it explains SELECT statements only", 'For example: signalhouse query "EXPLAIN ANALYZE FROM orders"');
