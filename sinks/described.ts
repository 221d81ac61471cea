/** Everything in a warehouse that signalhouse makes, with its description. */
import { LEDGER_TABLES, type LedgerTable } from "../schemas/ledger-tables.ts";
import { TABLE_ABOUTS } from "../schemas/tables.ts";
import { DATA_TABLES } from "./ddl.ts";
import { KEPT_MARTS, MARTS } from "./marts/index.ts";
import { VIEWS } from "./views/index.ts";

/** A table or view, and what it says. */
export interface Described {
  schema: string;
  name: string;
  kind: "table" | "view";
  /** What its rows are. */
  about: string;
  /** What its columns say, by name, but for the contact columns. */
  columns: Readonly<Record<string, string>>;
}

const table = (schema: string, name: string, about: string, columns: readonly (readonly [name: string, about: string])[]): Described => ({
  schema,
  name,
  kind: "table",
  about,
  columns: Object.fromEntries(columns),
});

/** All tables and views. */
export const DESCRIBED: readonly Described[] = [
  ...Object.entries(DATA_TABLES).map(([name, columns]) =>
    table(
      "main",
      name,
      TABLE_ABOUTS[name as keyof typeof TABLE_ABOUTS],
      columns.map((column) => [column.name, column.about]),
    ),
  ),
  ...Object.entries<LedgerTable>(LEDGER_TABLES).map(([name, { about, columns }]) =>
    table(
      "signalhouse",
      name,
      about,
      Object.entries(columns).map(([column, [, text]]) => [column, text]),
    ),
  ),
  ...VIEWS.map(({ name, about, columns }) => ({ schema: "main", name, kind: "view", about, columns }) as const),
  ...KEPT_MARTS.map(({ name, about, columns }) =>
    table(
      "marts",
      name,
      about,
      Object.entries(columns).map(([column, { about: text }]) => [column, text]),
    ),
  ),
  ...MARTS.map(({ name, about, columns }) => ({ schema: "marts", name, kind: "view", about, columns }) as const),
];
