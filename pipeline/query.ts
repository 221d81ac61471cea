import { assertParams, type Params } from "../sinks/query/params.ts";
import { type Row, rowObjects } from "../sinks/query/rows.ts";
import { readQuery } from "../sinks/query/run.ts";
import { configOf, libraryDoor, orInterrupted, type WarehouseOptions } from "./library.ts";

export interface QueryOptions extends WarehouseOptions {
  /** Texts by the names that the SQL has as $name. A cast in the SQL makes them something else. */
  params?: Readonly<Record<string, string>>;
  /** The zone of times, as the IANA names it; UTC by default. */
  timezone?: string;
}

/**
 * Runs SQL that reads the warehouse and nothing else, row by row: what `signalhouse query` does. Statements before the last one may set up.
 * A row is an object of JSON's values by column. Decimals, and integers beyond 2^53, are texts, so that no digit is lost; times are ISO 8601 in `timezone`;
 * a second column of the same name is called `name_2`.
 * The warehouse is open for reading from the first row that is asked for until the last one; leaving the loop early closes it. Other readers are let in meanwhile,
 * and nobody who writes. Memory: a few thousand rows, and what DuckDB needs for the statement.
 * @throws SignalhouseError usage where a statement is not allowed, or a name in it has no value; query_failed with DuckDB's message; config_invalid;
 * warehouse_missing, warehouse_locked and others of the warehouse; interrupted, with the signal's reason as its cause
 * @example for await (const { day, orders } of query("SELECT occurred_at::DATE AS day, count(*) AS orders FROM orders GROUP BY ALL")) …
 */
export async function* query(sql: string, options: QueryOptions = {}): AsyncGenerator<Row> {
  const params: Params = new Map(Object.entries(options.params ?? {}));
  assertParams(sql, params);
  const door = libraryDoor(configOf(options), options);
  const rows = door.toStream(async function* ({ connection }) {
    yield* rowObjects(await readQuery(connection, sql, { params, zone: options.timezone }));
  });
  try {
    for (;;) {
      const { done, value } = await orInterrupted(options, () => rows.next());
      if (done) return;
      yield value;
    }
  } finally {
    await rows.return(undefined);
  }
}
