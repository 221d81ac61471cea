/**
 * SQL that does for plain rows what the row path does for all: DuckDB gives texts their types. A row is plain where DuckDB makes of each of its
 * texts what the row path would. All others are in doubt, and go to the row path. Everything is derived from the data in schemas/.
 */
import { EXTRA_TEXT, HASH_TEXT, ITEMS_TEXT, mirrorText, WHOLE_TEXT } from "../../schemas/content-columns.ts";
import { type ExportHeader, TIME_HEADERS } from "../../schemas/export-columns.ts";
import { contactFields, type Header } from "../../schemas/header.ts";
import { CONTENT_KEY, KEY_COLUMNS, PART_END } from "../../schemas/identity.ts";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import { type Placement, SIGNAL_TYPES, type Table } from "../../schemas/signal-types.ts";
import { type Column, SIGNAL_TABLES } from "../../schemas/tables.ts";
import { bareId, isNoId } from "../identity.ts";
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
  /** A record's key, its type, and, as far as columns tell it, its time. */
  key: string;
  type: string;
  time: string;
}

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
  const times = TIME_HEADERS.flatMap((name) => at(name) ?? []);
  const type = at("SIGNAL_TYPE");
  if (type === undefined || times.length === 0) return undefined;
  const hasContent = content !== undefined;
  const checks = positions.flatMap((position) => {
    const meaning = header.fields[position];
    const kind = !meaning || meaning.contact ? "text" : meaning.fixed.kind;
    return kind === "text" || kind === "json" || kind === "timestamp" ? [] : [isValue(kind, `f${position}`)];
  });
  const values = valuesOf(table, header, columns, type, hasContent);
  const key = values.get("signal_key") as string;
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
    type,
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
  type: "signal_type",
  time: "occurred_at",
});

/** The key of a row: its id, or where that is none a hash, as transforms/content-key.ts makes it; null where that cannot be told. */
function keyOf(header: Header, columns: ReadonlyMap<string, string>, type: string, time: string, hasContent: boolean): string {
  const at = (name: ExportHeader) => columns.get(name.toLowerCase());
  const idText = (value: string | undefined) =>
    value === undefined ? "''" : `CASE WHEN ${value} IS NULL OR ${isNoId(value)} THEN '' ELSE ${value} END`;
  const end = quoteText(PART_END);
  const said = hasContent ? `CASE WHEN ${WHOLE_TEXT} IS NULL THEN '' ELSE ${HASH_TEXT} END` : "''";
  const parts = [type, `CAST(epoch_us(${time}) AS VARCHAR)`, ...KEY_COLUMNS.map((name) => idText(at(name))), said];
  const contact = contactFields(header).map(({ header: name, position }) => `coalesce(${end} || ${quoteText(name + PART_END)} || f${position}, '')`);
  const session = at(KEY_COLUMNS[0]);
  const who =
    contact.length === 0
      ? "''"
      : session === undefined
        ? contact.join(" || ")
        : `CASE WHEN ${session} IS NULL OR ${isNoId(session)} THEN ${contact.join(" || ")} ELSE '' END`;
  const hash = `${quoteText(CONTENT_KEY.prefix)} || substr(sha256(${parts.join(` || ${end} || `)} || ${who}), 1, ${CONTENT_KEY.digits})`;
  const own = at("SIGNAL_ID");
  return own === undefined ? hash : `coalesce(CASE WHEN ${isNoId(own)} THEN NULL ELSE ${bareId(own)} END, ${hash})`;
}

/** The typed values of a plain row, by column; columns that the file says nothing of are not among them. */
function valuesOf(
  table: Table,
  header: Header,
  columns: ReadonlyMap<string, string>,
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
  const time = `coalesce(${TIME_HEADERS.flatMap((name) => fixed(known.get(name.toLowerCase()) as Column) ?? []).join(", ")})`;
  const value = (column: Column): string | undefined => {
    const { name } = column;
    if (name === "record_no") return name;
    // The router leaves marketing signals that have content.
    if (name === "signal_content" && !hasContent) return undefined;
    if (name === "signal_key") return keyOf(header, columns, type, time, hasContent);
    if (name === "occurred_at") return time;
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
