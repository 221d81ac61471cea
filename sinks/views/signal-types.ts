/** The views of signal types: each has its type's signals, with the columns that are documented for them. */
import { CONTENT_FIELDS, type ContentField } from "../../schemas/content-fields.ts";
import { columnsBetween, type ExportColumn } from "../../schemas/export-columns.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../../schemas/names.ts";
import { type Action, type BehaviorType, type Channel, SIGNAL_TYPES, type SignalType } from "../../schemas/signal-types.ts";
import { aboutColumns, IS_REAL, type View } from "./view.ts";

const FIRST = ["signal_key", "signal_id", "occurred_at"];
const LAST = ["signal_content", "extra", "load_id", "record_no"];

/** One for each signal type. */
export const TYPE_VIEWS: readonly View[] = (Object.keys(SIGNAL_TYPES) as SignalType[]).map((type) => {
  const { table, view: name } = SIGNAL_TYPES[type];
  const isBehavior = table === "behavior_signals";
  const documented = [...FIRST, ...documentedColumns(type)];
  return {
    name,
    about: `The signals of the type ${type}${isBehavior ? ", without those that were sent as a test" : ""}.`,
    columns: aboutColumns(table, [...documented, ...LAST]),
    sql: (contactColumns, leftOut = []) => {
      const columns = [...documented, ...contactColumns, ...LAST].filter((column) => !leftOut.includes(column));
      return `SELECT ${columns.map(id).join(", ")} FROM ${table} WHERE signal_type = ${quoteText(type)}${isBehavior ? ` AND ${IS_REAL}` : ""}`;
    },
  };
});

/** The columns that are documented for a signal type, in their order. */
function documentedColumns(type: SignalType): string[] {
  const placement = SIGNAL_TYPES[type];
  const fixed = columnsBetween(placement.table)
    .filter(([, column]) => !("channel" in placement) || canHave(placement, column))
    .map(([header]) => header.toLowerCase());
  const content = Object.entries<ContentField>(CONTENT_FIELDS)
    .filter(([, { types }]) => types.includes(type as BehaviorType))
    .map(([name]) => snakeCase(name));
  return [...content, ...fixed];
}

/** Whether marketing signals of a channel and action can have a value in a column. */
function canHave(signal: { channel: Channel; action: Action }, { channels, actions }: ExportColumn): boolean {
  return (channels?.includes(signal.channel) ?? true) && (actions?.includes(signal.action) ?? true);
}
