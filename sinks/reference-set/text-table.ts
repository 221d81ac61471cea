/** Staging rows of texts whose columns are known. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { columnNames, type SourceColumn } from "./source.ts";

/** Rows that are appended before DuckDB writes them. */
const BATCH = 10_000;

export class TextTable {
  readonly columns: SourceColumn[];
  readonly #appender: DuckDBAppender;
  #appended = 0;

  private constructor(names: readonly string[], appender: DuckDBAppender) {
    this.columns = names.map((name, index) => ({ name, column: `c${index + 1}`, kind: "text", proposal: "look" }));
    this.#appender = appender;
  }

  static async create(connection: DuckDBConnection, names: readonly string[]): Promise<TextTable> {
    const columns = columnNames(names.length).map((name) => `${name} VARCHAR`);
    await connection.run(`CREATE TABLE source (${["row_no BIGINT", ...columns].join(", ")})`);
    return new TextTable(names, await connection.createAppender("source"));
  }

  /** Takes a row that has a text for each column. */
  add(rowNo: number, texts: readonly string[]): void {
    this.#appender.appendBigInt(BigInt(rowNo));
    for (const text of texts) this.#appender.appendVarchar(text);
    this.#appender.endRow();
    this.#appended += 1;
    if (this.#appended % BATCH === 0) this.#appender.flushSync();
  }

  end(): void {
    this.#appender.closeSync();
  }
}
