/** The views: one a signal type, and message_behavior. They name contact columns, so they are made anew when one is added. */
import { CONTENT_FIELDS, type ContentField } from "../schemas/content-fields.ts";
import { EXPORT_COLUMNS, type ExportColumn } from "../schemas/export-columns.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../schemas/names.ts";
import { type BehaviorType, SIGNAL_TYPES, type SignalType } from "../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../schemas/tables.ts";

const IDENTITY = ["signal_key", "signal_id", "occurred_at"];
const ORIGIN = ["load_id", "record_no"];

/** What was sent to try something is in the tables, and in no view: it is no behavior, and no revenue. */
const IS_REAL = "is_test IS NOT TRUE";

/** The names of all views. */
export const VIEWS: readonly string[] = [...Object.values(SIGNAL_TYPES).map(({ view }) => view), "message_behavior"];

/** SQL that makes every view anew. */
export function createViewsSql(contactColumns: readonly string[]): string[] {
  const types = Object.keys(SIGNAL_TYPES) as SignalType[];
  return [...types.map((type) => typeViewSql(type, contactColumns)), messageBehaviorSql(contactColumns)];
}

function typeViewSql(type: SignalType, contactColumns: readonly string[]): string {
  const { table, view } = SIGNAL_TYPES[type];
  const columns = [...IDENTITY, ...columnsOf(type), ...contactColumns, "signal_content", "extra", ...ORIGIN];
  const real = table === "behavior_signals" ? ` AND ${IS_REAL}` : "";
  return `CREATE OR REPLACE VIEW ${id(view)} AS SELECT ${columns.map(id).join(", ")} FROM ${id(table)} WHERE signal_type = ${quoteText(type)}${real}`;
}

/** The columns that matter to a signal type. */
function columnsOf(type: SignalType): string[] {
  const { table } = SIGNAL_TYPES[type];
  const fixed = Object.entries<ExportColumn>(EXPORT_COLUMNS)
    .filter(([header, column]) => column.tables.includes(table) && !PLACED.has(header) && belongs(header, type))
    .map(([header]) => header.toLowerCase());
  if (table === "marketing_signals") return fixed;
  const content = Object.entries<ContentField>(CONTENT_FIELDS)
    .filter(([, field]) => field.types.includes(type as BehaviorType))
    .map(([name]) => snakeCase(name));
  return [...content, ...fixed];
}

const PLACED = new Set(["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT"]);

/** Whether an export column can hold anything for a signal type: channel columns and the columns of clicks, failures and opens cannot for all. */
function belongs(header: string, type: SignalType): boolean {
  const placement = SIGNAL_TYPES[type];
  if (!("channel" in placement)) return true;
  const { channel, action } = placement;
  if (/^(EMAIL_|VMTA)/.test(header)) return channel === "email";
  if (header.startsWith("WHATSAPP_")) return channel === "whatsapp";
  if (header === "SMS_TAGS" || header === "IS_MMS") return channel === "sms";
  if (header === "INCLUDES_MEDIA") return channel !== "email";
  if (header === "LINK_ID") return action === "click";
  if (header.startsWith("BOT_")) return action === "click" || action === "open";
  if (header.startsWith("CLASSIFICATION")) return action === "failure" || action === "inbound";
  return true;
}

/**
 * Each behavior signal but tests, with the message signal that it came from: of several types that share the id the click, whose id it is by the vendor's page. The messages are cut down to those that a behavior signal names, and to
 * one an id, so that the join never multiplies rows.
 */
function messageBehaviorSql(contactColumns: readonly string[]): string {
  const own = [...SIGNAL_TABLES.behavior_signals.flatMap(({ name }) => (name === "key_hash" ? [] : [name])), ...contactColumns];
  return `CREATE OR REPLACE VIEW message_behavior AS
    SELECT ${own.map((name) => `b.${id(name)}`).join(", ")},
      m.signal_type AS message_signal_type, m.channel AS message_channel, m.occurred_at AS message_occurred_at,
      m.message_id, m.message_name, m.campaign_id, m.campaign_name, m.bot_detected,
      m.signal_key IS NOT NULL AS matched
    FROM behavior_signals b
    LEFT JOIN (
      SELECT * FROM marketing_signals
      WHERE signal_key IN (SELECT message_signal_id FROM behavior_signals WHERE message_signal_id IS NOT NULL)
      QUALIFY row_number() OVER (PARTITION BY signal_key ORDER BY action = 'click' DESC NULLS LAST, occurred_at DESC, load_id DESC, record_no DESC) = 1
    ) m ON b.message_signal_id = m.signal_key
    WHERE b.${IS_REAL}`;
}
