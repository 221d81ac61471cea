/**
 * The 66 fixed columns of an export. Source: vendor page "Export signals from Connect", section "Export data structure".
 * A header that is none of these, by exact upper-case name, is a contact attribute.
 */
import type { Kind } from "./kinds.ts";
import type { Action, Channel, Table } from "./signal-types.ts";

export interface ExportColumn {
  kind: Kind;
  /** The heading on the vendor's page. Descriptive: Connect does not promise that other signals leave the column empty. */
  group: "common" | "behavior" | "marketing" | "contact" | "campaign" | "message";
  /** The tables that have the column. A value in a row of the other table goes to `extra`. */
  tables: readonly Table[];
  /** The channels and actions of marketing signals that can have a value, and whose views have the column; all where absent. */
  channels?: readonly Channel[];
  actions?: readonly Action[];
  /** The values that the vendor names. Others are loaded all the same. */
  values?: readonly string[];
}

const BOTH = ["marketing_signals", "behavior_signals"] as const;
const BEHAVIOR = ["behavior_signals"] as const;
const MARKETING = ["marketing_signals"] as const;

const common = { kind: "text", group: "common", tables: BOTH } as const;
const shared = { kind: "text", group: "behavior", tables: BOTH } as const;
const time = { ...shared, kind: "timestamp" } as const;
const behavior = { ...shared, tables: BEHAVIOR } as const;
const marketing = { kind: "text", group: "marketing", tables: MARKETING } as const;
const consent = { kind: "text", group: "contact", tables: BOTH, values: ["OPT_IN", "OPT_OUT", "OPT_IN_UNVERIFIED"] } as const;
const campaign = { kind: "text", group: "campaign", tables: MARKETING } as const;
const message = { kind: "text", group: "message", tables: MARKETING } as const;
const email = { ...message, channels: ["email"] } as const;
const sms = { ...message, channels: ["sms"] } as const;
const whatsApp = { ...message, channels: ["whatsapp"] } as const;
const bot = { ...marketing, actions: ["open", "click"] } as const;
const classification = { ...marketing, actions: ["failure", "inbound"] } as const;

export const EXPORT_COLUMNS = {
  DATASET_ID: common,
  SUBSCRIPTION_ID: common,
  TEMPORARY_LINKING_ID: common,

  ACOUSTIC_APP_KEY: behavior,
  CATEGORY: { ...shared, values: ["Behavior", "Marketing"] },
  DESCRIPTION: shared,
  NAME: shared,
  OBSERVED_TIMESTAMP: time,
  RECEIVED_TIMESTAMP: time,
  SIGNAL_CONTENT: { ...shared, kind: "json" },
  SIGNAL_GROUP: { ...behavior, values: ["session", "page", "order", "cart", "product"] },
  SIGNAL_TIMESTAMP: time,
  SCREEN_VIEW_NAME: behavior,
  TLTSID: behavior,

  BOT_DETECTED: { ...bot, kind: "boolean" },
  BOT_DETECTION_REASON: {
    ...bot,
    values: [
      "APPLE_MPP",
      "DELIVERY_OPEN_THRESHOLD",
      "OPEN_COUNT_THRESHOLD",
      "CLICK_COUNT_THRESHOLD",
      "OPEN_CLICK_THRESHOLD",
      "CLICK_TIME_THRESHOLD",
      "USER_AGENT",
    ],
  },
  CLASSIFICATION: { ...classification, values: ["PERMANENT", "TEMPORARY", "UNSUBSCRIBE", "ABUSE", "CHANGE_OF_ADDRESS", "DOI_CONFIRM", "OTHER"] },
  CLASSIFICATION_CODE: {
    ...classification,
    values: ["BAD_CONTENT", "BAD_RECIPIENT", "BAD_RELAY", "BAD_SENDER", "OTHER", "RESTRICTION", "SYSTEM"],
  },
  MESSAGE_SIGNAL_ID: { ...marketing, tables: BOTH },
  SIGNAL_ID: { ...marketing, tables: BOTH },
  SIGNAL_TYPE: { ...marketing, tables: BOTH },
  TIMESTAMP: { ...marketing, kind: "timestamp", tables: BOTH },

  CONSENT_EMAIL: consent,
  CONSENT_SMS: consent,
  CONSENT_WHATSAPP: consent,

  CAMPAIGN_DESCRIPTION: campaign,
  CAMPAIGN_ID: campaign,
  CAMPAIGN_NAME: campaign,
  CAMPAIGN_STATUS: { ...campaign, values: ["RUNNING", "COMPLETED", "CANCELLED", "TEMPLATE"] },
  CAMPAIGN_TYPE: { ...campaign, values: ["SCHEDULED", "TRIGGERED", "MULTISTEP"] },
  COMPLETED_DATE: { ...campaign, kind: "timestamp" },
  CONSENT_GROUP_ID: campaign,
  ENTRY_SIGNAL: campaign,
  ENTRY_TYPE: { ...campaign, values: ["SEGMENT", "SIGNAL"] },
  FREQUENCY: { ...campaign, values: ["ALWAYS ON", "ONE TIME"] },
  SCHEDULED_DATE: { ...campaign, kind: "timestamp" },
  SEGMENT_DEFINITION_ID: campaign,
  SEGMENT_ID: campaign,
  TAGS: { ...campaign, kind: "texts" },

  MESSAGE_ID: message,
  MESSAGE_NAME: message,
  MESSAGE_TAGS: { ...message, kind: "texts" },
  LINK_ID: { ...message, actions: ["click"] },
  AUDIENCE_VARIABLES: { ...message, kind: "texts" },
  PERSONALIZATION_VARIABLES: { ...message, kind: "texts" },
  PLACEHOLDER_VARIABLES: { ...message, kind: "texts" },
  PRODUCT_VARIABLES: { ...message, kind: "texts" },
  REFERENCE_SET_VARIABLES: { ...message, kind: "texts" },
  EMAIL_FROM_ADDRESS: email,
  EMAIL_FROM_NAME: email,
  EMAIL_PRE_HEADER: email,
  EMAIL_REPLY_TO_ADDRESS: email,
  EMAIL_SUBJECT: email,
  EMAIL_TAGS: { ...email, kind: "texts" },
  EMAIL_TRACKING_LEVEL: { ...email, values: ["no_tracking", "aggregate", "unique", "opens_only"] },
  VMTA: email,
  VMTA_POOL: email,
  INCLUDES_MEDIA: { ...message, kind: "boolean", channels: ["sms", "whatsapp"] },
  IS_MMS: { ...sms, kind: "boolean" },
  SMS_TAGS: { ...sms, kind: "texts" },
  WHATSAPP_MESSAGE_BODY: whatsApp,
  WHATSAPP_TAGS: { ...whatsApp, kind: "texts" },
  WHATSAPP_TEMPLATE_CATEGORY: { ...whatsApp, values: ["Marketing", "One-time password", "Transactional"] },
  WHATSAPP_TEMPLATE_ID: whatsApp,
  WHATSAPP_TEMPLATE_NAME: whatsApp,
  WHATSAPP_TYPE: { ...whatsApp, values: ["Custom", "Templated"] },
} as const satisfies Record<string, ExportColumn>;

export type ExportHeader = keyof typeof EXPORT_COLUMNS;

/** The fixed column that `header` is, by exact name; undefined where it is a contact attribute. */
export function exportColumn(header: string): ExportColumn | undefined {
  return Object.hasOwn(EXPORT_COLUMNS, header) ? EXPORT_COLUMNS[header as ExportHeader] : undefined;
}

/** What a signal is, by its id, type and content: these stand first and last in the tables, all others between them in the order of the export. */
export const CORE_HEADERS = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT"] as const satisfies ExportHeader[];

/** The fixed columns that a table has, but for CORE_HEADERS, in the order of the export. */
export const columnsBetween = (table: Table): [ExportHeader, ExportColumn][] =>
  (Object.entries<ExportColumn>(EXPORT_COLUMNS) as [ExportHeader, ExportColumn][]).filter(
    ([header, { tables }]) => tables.includes(table) && !(CORE_HEADERS as readonly string[]).includes(header),
  );

/** The columns that may say what a signal is, and when it happened: the first that has a time counts. SIGNAL_CONTENT may say both. */
export const TYPE_HEADERS = ["SIGNAL_TYPE", "SIGNAL_CONTENT"] as const satisfies ExportHeader[];
export const TIME_HEADERS = ["SIGNAL_TIMESTAMP", "TIMESTAMP", "RECEIVED_TIMESTAMP", "OBSERVED_TIMESTAMP"] as const satisfies ExportHeader[];

/**
 * Whether a file with these columns can be an export of signals: they say what a signal is and when it happened, and are not one column alone. One name that
 * an export has, too, such as TIMESTAMP or NAME, is in many files.
 */
export function isExportHeader(names: readonly string[]): boolean {
  const has = (...any: readonly string[]) => any.some((name) => names.includes(name));
  return has(...TYPE_HEADERS) && has(...TIME_HEADERS, "SIGNAL_CONTENT") && new Set(names.filter(exportColumn)).size > 1;
}
