/** What a view is, and what views have in common. A new view is a file beside this one, an entry in index.ts and its section in docs/tables.md. */

/** A view of the schema `main`. */
export interface View {
  name: string;
  /** What its rows are, in one sentence: for people who meet it in another tool. */
  about: string;
  /**
   * The SELECT that it is.
   * @param contactColumns names of the contact columns, in order; whoever has a behavior or marketing signal whole has them, too
   */
  sql: (contactColumns: readonly string[]) => string;
}

/** Of behavior_signals: what was sent to try something is in the tables, and in no view: it is no behavior, and no revenue. */
export const IS_REAL = "is_test IS NOT TRUE";
