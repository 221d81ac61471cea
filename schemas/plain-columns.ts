/**
 * What the vector path reads of a record, by column: the columns of its table that a file with a certain header fills, typed, and two more out of which order items and keys are made.
 * Whoever reads records makes them (transforms/route.ts), whoever writes rows takes them as they are (sinks/vector/plain-rows.ts).
 */
import { CONTENT_FIELDS, type ContentField, MIRRORED_FIELDS } from "./content-fields.ts";
import { EXPORT_COLUMNS, type ExportColumn, type ExportHeader } from "./export-columns.ts";
import type { Header } from "./header.ts";
import type { Kind } from "./kinds.ts";
import { snakeCase } from "./names.ts";
import type { Table } from "./signal-types.ts";

/** The items of an order: a JSON list of objects, whose keys are columns of order_items, extra among them, and whose values are texts. */
export const ITEMS_COLUMN = "items";
/** What the record's id is, where that is told for sure, and so its key. */
export const KEY_COLUMN = "signal_key";
/** A hash of what the content says, of records whose SIGNAL_ID may be none; empty where it says nothing. */
export const HASH_COLUMN = "content_hash";
export const CONTENT_COLUMN = "signal_content";
export const EXTRA_COLUMN = "extra";

/** What stands before each text of a list: no text of a list that the vector path reads has a control character. */
export const LIST_MARK = "\u001f";

/** Fixed columns that content says again, and fills where they are empty; which type it is must be in the row itself. */
export const MIRRORED_HEADERS: readonly ExportHeader[] = [...new Set(Object.values(MIRRORED_FIELDS))].filter((header) => header !== "SIGNAL_TYPE");

/** A column by its name, and what it holds: a list as text, each of its texts behind LIST_MARK. */
export interface PlainColumn {
  name: string;
  kind: Kind;
  letterCase?: ContentField["letterCase"];
}

const text = (name: string): PlainColumn => ({ name, kind: "text" });
const json = (name: string): PlainColumn => ({ name, kind: "json" });

/** The fixed columns whose values are looked at, rather than copied: those that are no texts, and those that content may fill. */
export const CHECKED_COLUMNS: readonly PlainColumn[] = (Object.entries(EXPORT_COLUMNS) as [ExportHeader, ExportColumn][]).flatMap(
  ([header, { kind }]) => ((kind === "text" && !MIRRORED_HEADERS.includes(header)) || kind === "json" ? [] : [{ name: header.toLowerCase(), kind }]),
);

/** The columns that only content fills, and the content itself. */
const CONTENT_COLUMNS: readonly PlainColumn[] = [
  ...Object.entries<ContentField>(CONTENT_FIELDS).map(([name, { kind, letterCase }]) => ({ name: snakeCase(name), kind, letterCase })),
  json(CONTENT_COLUMN),
  json(EXTRA_COLUMN),
  text(ITEMS_COLUMN),
  text(HASH_COLUMN),
];

/** All columns that are filled by what is found in a record, in the order of their numbers in transforms/assembly/: those first that fields fill before content does. */
export const FOUND_COLUMNS: readonly PlainColumn[] = [...CHECKED_COLUMNS, text(KEY_COLUMN), ...CONTENT_COLUMNS];

/** How a table's records are read, out of files with a certain header. */
export interface PlainPlan {
  table: Table;
  /** Fields that are copied as they are, by where they stand. */
  copied: readonly (PlainColumn & { position: number })[];
  /** Fields that are checked. */
  checked: readonly (PlainColumn & { position: number })[];
  /** Where the content stands, if it is read. */
  content: number | undefined;
  /** The columns that are filled by what was checked, or said in content. */
  found: readonly PlainColumn[];
  /** The columns that go by the signal's type. */
  byType: readonly ("signal_type" | "channel" | "action")[];
  /** Positions of the fields that the table has no place for: a record that has something there is not read. */
  others: readonly number[];
}

/** The plan for records of a table. Those of marketing with content are not read. */
export function plainPlan(table: Table, { fields, positions }: Pick<Header, "fields" | "positions">): PlainPlan {
  const content = table === "behavior_signals" ? positions.get("SIGNAL_CONTENT") : undefined;
  const hasContent = content !== undefined;
  const copied: (PlainColumn & { position: number })[] = [];
  const checked: (PlainColumn & { position: number })[] = [];
  const others: number[] = [];
  for (const [position, meaning] of fields.entries()) {
    const { header, column: name } = meaning;
    if (meaning.contact) copied.push({ name, kind: "text", position });
    else if (header === "SIGNAL_TYPE" || position === content) continue;
    else if (!meaning.fixed.tables.includes(table) || header === "SIGNAL_CONTENT") others.push(position);
    else if (meaning.fixed.kind !== "text" || (hasContent && MIRRORED_HEADERS.includes(header as ExportHeader)))
      checked.push({ name, kind: meaning.fixed.kind, position });
    else copied.push({ name, kind: "text", position });
  }
  const isMirrored = ({ name }: PlainColumn) => MIRRORED_HEADERS.some((header) => header.toLowerCase() === name);
  const found = CHECKED_COLUMNS.filter((column) => checked.some(({ name }) => name === column.name) || (hasContent && isMirrored(column)));
  return {
    table,
    copied,
    checked,
    content,
    found: [...found, ...(positions.has("SIGNAL_ID") ? [text(KEY_COLUMN)] : []), ...(hasContent ? CONTENT_COLUMNS : [])],
    byType: table === "marketing_signals" ? ["signal_type", "channel", "action"] : ["signal_type"],
    others,
  };
}
