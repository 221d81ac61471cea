/** Staging rows that come one by one, and whose columns are known only when all have come. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import type { SourceColumn } from "./source.ts";

type ValueKind = "text" | "number" | "boolean";

/** Rows that are appended before DuckDB writes them. */
const BATCH = 10_000;

export class RowsTable {
  readonly #connection: DuckDBConnection;
  /** By name: which kinds of values came. */
  readonly #columns = new Map<string, Set<ValueKind>>();
  #appender: DuckDBAppender | undefined;
  #appended = 0;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Takes a row; a name that is new becomes a column, empty in the rows before. A row without names is none where no name has come yet. */
  async add(rowNo: number, row: ReadonlyMap<string, { kind: ValueKind; text: string } | null>): Promise<void> {
    await this.know(row.keys());
    if (this.#columns.size === 0) return;
    const appender = (this.#appender ??= await this.#connection.createAppender("source"));
    appender.appendBigInt(BigInt(rowNo));
    for (const [name, kinds] of this.#columns) {
      const value = row.get(name);
      if (value) {
        kinds.add(value.kind);
        appender.appendVarchar(value.text);
      } else appender.appendNull();
    }
    appender.endRow();
    this.#appended += 1;
    if (this.#appended % BATCH === 0) appender.flushSync();
  }

  /** Has columns of these names, of a row that need not be taken. */
  async know(names: Iterable<string>): Promise<void> {
    const fresh = [...names].filter((name) => !this.#columns.has(name));
    if (fresh.length > 0) await this.#widen(fresh);
  }

  /** The columns, in the order in which they came; none where no row had a name: then there is no table. */
  async end(): Promise<SourceColumn[]> {
    this.#close();
    return [...this.#columns].map(([name, kinds], index) => ({ name, column: `c${index + 1}`, kind: "text", proposal: proposalOf(kinds) }));
  }

  async #widen(names: readonly string[]): Promise<void> {
    this.#close();
    for (const name of names) {
      const column = `c${this.#columns.size + 1}`;
      const isFirst = this.#columns.size === 0;
      await this.#connection.run(
        isFirst ? `CREATE TABLE source (row_no BIGINT, ${column} VARCHAR)` : `ALTER TABLE source ADD COLUMN ${column} VARCHAR`,
      );
      this.#columns.set(name, new Set());
    }
  }

  #close(): void {
    this.#appender?.closeSync();
    this.#appender = undefined;
  }
}

/** JSON says what is a number and what only looks like one; it has no dates. */
function proposalOf(kinds: ReadonlySet<ValueKind>): SourceColumn["proposal"] {
  if (kinds.size !== 1) return "TEXT"; // texts beside numbers, or nothing but nulls
  if (kinds.has("number")) return "NUMBER";
  return kinds.has("boolean") ? "BOOLEAN" : "look for dates";
}
