/** A result's rows as objects. */
import type { Json } from "@duckdb/node-api";
import type { QueryResult } from "./run.ts";

/** A row: its values by column, as exactJson has them. */
export type Row = Record<string, Json>;

export async function* rowObjects({ columns, rows }: QueryResult): AsyncGenerator<Row> {
  const names = uniqueNames(columns.map(({ name }) => name));
  for await (const batch of rows) for (const values of batch) yield Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
}

/** A result may have the same name twice, an object may not: `id`, `id_2`. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number++) unique = `${name}_${number}`;
    taken.add(unique);
    return unique;
  });
}
