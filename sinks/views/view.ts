/** What a view is, and what views have in common. A new view is a file beside this one, an entry in index.ts and its section in docs/tables.md. */

import type { Table } from "../../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../../schemas/tables.ts";

/** A view of the schema `main`. */
export interface View {
  name: string;
  /** What its rows are, in one sentence: for people who meet it in another tool. */
  about: string;
  /** What its columns say, by name, but for the contact columns. */
  columns: Readonly<Record<string, string>>;
  /**
   * The SELECT that it is.
   * @param contactColumns names of the contact columns, in order; whoever has a behavior or marketing signal whole has them, too
   * @param leftOut names of columns that are not in the tables: none but in a published copy
   */
  sql: (contactColumns: readonly string[], leftOut?: readonly string[]) => string;
}

/** What columns of a table say, by name. @param names all but key_hash by default, which is of no use to queries */
export function aboutColumns(table: Table, names?: readonly string[]): Record<string, string> {
  const shown = SIGNAL_TABLES[table].filter(({ name }) => names?.includes(name) ?? name !== "key_hash");
  return Object.fromEntries(shown.map(({ name, about }) => [name, about]));
}

/** Of behavior_signals: what was sent to try something is in the tables, and in no view: it is no behavior, and no revenue. */
export const IS_REAL = "is_test IS NOT TRUE";
