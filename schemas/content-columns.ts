/** What SIGNAL_CONTENT is cut into, for whoever reads many records at once: texts, each with a name. */
import { CONTENT_FIELDS, MIRRORED_FIELDS } from "./content-fields.ts";
import type { ExportHeader } from "./export-columns.ts";
import { snakeCase } from "./names.ts";

/** The content itself. */
export const WHOLE_TEXT = "content";
/** The text for a column of behavior_signals that content fills; JSON and lists as JSON text. */
export const fieldText = (column: string): string => `c_${column}`;
/** The text for a fixed column that is empty. */
export const mirrorText = (header: ExportHeader): string => `m_${header.toLowerCase()}`;
/** The items of an order: a JSON list of objects, whose keys are columns of order_items, extra among them, and whose values are texts. */
export const ITEMS_TEXT = "items";
/** A JSON object of what has no column. */
export const EXTRA_TEXT = "extra";
/** A hash of what the content says, of records whose SIGNAL_ID may be none; empty where it says nothing. */
export const HASH_TEXT = "content_hash";

/** Columns of behavior_signals that content fills. */
const FIELD_COLUMNS: readonly string[] = Object.keys(CONTENT_FIELDS).map(snakeCase);

/** Fixed columns that content says again; which type it is must be in the row itself. */
export const MIRRORED_HEADERS: readonly ExportHeader[] = [...new Set(Object.values(MIRRORED_FIELDS))].filter((header) => header !== "SIGNAL_TYPE");

/** Those of them that become JSON columns as they are. */
export const JSON_TEXTS: readonly string[] = [
  WHOLE_TEXT,
  ...Object.entries(CONTENT_FIELDS).flatMap(([name, { kind }]) => (kind === "json" ? [fieldText(snakeCase(name))] : [])),
  EXTRA_TEXT,
];

/** All of them. */
export const CONTENT_TEXTS: readonly string[] = [
  WHOLE_TEXT,
  ...FIELD_COLUMNS.map(fieldText),
  ...MIRRORED_HEADERS.map(mirrorText),
  ITEMS_TEXT,
  EXTRA_TEXT,
  HASH_TEXT,
];
