/**
 * SQL that does for plain rows what the row path does for all: DuckDB gives texts their types. A row is plain where DuckDB makes of each of its
 * texts what the row path would. All others are in doubt, and go to the row path. Everything is derived from the data in schemas/.
 */
import { EXTRA_TEXT, ITEMS_TEXT, mirrorText, WHOLE_TEXT } from "../../schemas/content-columns.ts";
import { EXPORT_COLUMNS, type ExportHeader } from "../../schemas/export-columns.ts";
import type { Header } from "../../schemas/header.ts";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import { type Placement, SIGNAL_TYPES, type Table } from "../../schemas/signal-types.ts";
import { type Column, SIGNAL_TABLES } from "../../schemas/tables.ts";
import { contentValue, mirroredValue } from "./content.ts";
import { isValue, typedValue } from "./values.ts";

/**
 * How records of one table are read, out of files with a certain header. They come as `record_no`, as fields that are called f and their position in the header, times typed and all others texts, and of
 * behavior that has SIGNAL_CONTENT as what that was cut into.
 */
export interface Projection {
  table: Table;
  /** The columns of the table that its rows fill, record_no among them. */
  columns: readonly string[];
  /** Gives the plain rows with those columns and, of behavior, an order's items. @param from SQL that gives the records */
  rows: (from: string) => string;
  /** Gives the same, but only of orders; undefined where there are no items. */
  orders: ((from: string) => string) | undefined;
  /** A record's key, and, as far as columns tell it, its time. */
  key: string;
  time: string;
}

const TIMES = ["SIGNAL_TIMESTAMP", "TIMESTAMP", "RECEIVED_TIMESTAMP", "OBSERVED_TIMESTAMP"] as const satisfies ExportHeader[];

/**
 * The projection for records of a table.
 * @param positions of the header's fields that the records have
 * @returns undefined where no row could be plain
 */
export function projectionOf(table: Table, header: Header, positions: readonly number[]): Projection | undefined {
  const content = table === "behavior_signals" ? header.positions.get("SIGNAL_CONTENT") : undefined;
  const columns = new Map(
    positions.map((position) => [header.fields[position]?.column as string, position === content ? WHOLE_TEXT : `f${position}`]),
  );
  const at = (name: ExportHeader) => columns.get(name.toLowerCase());
  const times = TIMES.flatMap((name) => at(name) ?? []);
  const keys = [at("SIGNAL_ID"), contentKey(at)].filter((key) => key !== undefined);
  const type = at("SIGNAL_TYPE");
  if (type === undefined || times.length === 0 || keys.length === 0) return undefined;
  const hasContent = content !== undefined;
  const key = `coalesce(${keys.join(", ")})`;
  const checks = positions.flatMap((position) => {
    const meaning = header.fields[position];
    const kind = !meaning || meaning.contact ? "text" : meaning.fixed.kind;
    return kind === "text" || kind === "json" || kind === "timestamp" ? [] : [isValue(kind, `f${position}`)];
  });
  const values = valuesOf(table, header, columns, key, type, hasContent);
  const timed = `(${[...times, ...(hasContent ? [mirrorText("SIGNAL_TIMESTAMP")] : [])].map((time) => `${time} IS NOT NULL`).join(" OR ")})`;
  // What a value that is absent would be is not known, and no reason to doubt.
  const fits = `(${[`${key} IS NOT NULL`, timed, ...checks].join(" AND ")}) IS DISTINCT FROM false`;
  const select = [...(hasContent ? [ITEMS_TEXT] : []), ...[...values].map(([name, value]) => `${value} AS ${id(name)}`)].join(", ");
  // The limit, which is none, keeps DuckDB from pushing the filter below it, where everything would be computed twice.
  const rows = (from: string) => `SELECT * EXCLUDE (fits) FROM (SELECT ${fits} AS fits, ${select} FROM ${from} LIMIT 9000000000000000000) WHERE fits`;
  return {
    table,
    columns: [...values.keys()],
    rows,
    orders: hasContent ? (from) => rows(`(FROM ${from} WHERE ${type} = 'order')`) : undefined,
    key,
    time: `coalesce(${times.join(", ")})`,
  };
}

/** How the rows are read that a projection has made: as they are. */
export const projected = ({ table, columns, orders }: Projection): Projection => ({
  table,
  columns,
  rows: (from) => `FROM ${from}`,
  orders: orders && ((from) => `FROM ${from} WHERE signal_type = 'order'`),
  key: "signal_key",
  time: "occurred_at",
});

const IDENTITY = Object.entries(EXPORT_COLUMNS).flatMap(([name, { identity }]) => (identity === "signal" ? [name as ExportHeader] : []));

/** The key of a row without SIGNAL_ID, as the row path makes it; null where there is no session either. */
function contentKey(at: (name: ExportHeader) => string | undefined): string | undefined {
  const session = at("TLTSID");
  const parts = IDENTITY.map((name) => (at(name) === undefined ? "''" : `coalesce(${fieldOf(name, at(name) as string)}, '')`));
  return session && `CASE WHEN ${session} IS NOT NULL THEN 'h:' || substr(sha256(concat_ws(chr(31), ${parts.join(", ")})), 1, 32) END`;
}

/** The text that a fixed column had in the file: times are canonical there. */
const fieldOf = (name: ExportHeader, value: string) =>
  EXPORT_COLUMNS[name].kind === "timestamp" ? `strftime(make_timestamp(epoch_us(${value})), '%Y-%m-%dT%H:%M:%S.%gZ')` : `CAST(${value} AS VARCHAR)`;

/** The typed values of a plain row, by column; columns that the file says nothing of are not among them. */
function valuesOf(
  table: Table,
  header: Header,
  columns: ReadonlyMap<string, string>,
  key: string,
  type: string,
  hasContent: boolean,
): ReadonlyMap<string, string> {
  const fixed = ({ name, kind }: Column): string | undefined => {
    if (kind === "integer") return undefined;
    const [own, mirrored] = [columns.get(name), hasContent ? mirroredValue(name) : undefined];
    // Times are typed already; what content says of them is canonical text.
    if (kind === "timestamp") return either(own, mirrored && typedValue(kind, mirrored));
    const said = either(own, mirrored);
    return said && typedValue(kind, said);
  };
  const known = new Map(SIGNAL_TABLES[table].map((column) => [column.name, column]));
  const times = TIMES.flatMap((name) => fixed(known.get(name.toLowerCase()) as Column) ?? []);
  const value = (column: Column): string | undefined => {
    const { name } = column;
    if (name === "record_no") return name;
    // The router leaves marketing signals that have content.
    if (name === "signal_content" && !hasContent) return undefined;
    if (name === "signal_key") return key;
    if (name === "occurred_at") return `coalesce(${times.join(", ")})`;
    if (name === "channel" || name === "action") return placed(type, name);
    if (name === "extra") return hasContent ? EXTRA_TEXT : undefined;
    return fixed(column) ?? (hasContent ? contentValue(name) : undefined);
  };
  const contact = header.fields.flatMap(({ contact: isContact, column }) => (isContact ? [[column, columns.get(column)] as const] : []));
  const all = [...[...known.values()].map((column) => [column.name, value(column)] as const), ...contact];
  return new Map(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

const either = (one: string | undefined, other: string | undefined) => (one && other ? `coalesce(${one}, ${other})` : (one ?? other));

function placed(type: string, what: "channel" | "action"): string {
  const cases = Object.entries<Placement>(SIGNAL_TYPES).flatMap(([name, placement]) =>
    placement[what] === undefined ? [] : [`WHEN ${quoteText(name)} THEN ${quoteText(placement[what] ?? "")}`],
  );
  return `CASE ${type} ${cases.join(" ")} END`;
}
