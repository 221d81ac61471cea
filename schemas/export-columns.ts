/**
 * The 66 fixed columns of an export. Source: vendor page "Export signals from Connect", section "Export data structure".
 * A header that is none of these, by exact upper-case name, is a contact attribute.
 */
import type { Kind } from "./kinds.ts";
import type { Action, Channel, Table } from "./signal-types.ts";

export interface ExportColumn {
  kind: Kind;
  /** What its values say, without `values`: see described(). */
  about: string;
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
  DATASET_ID: { ...common, about: "Connect's id of the audience." },
  SUBSCRIPTION_ID: { ...common, about: "Connect's id of the subscription." },
  TEMPORARY_LINKING_ID: { ...common, about: "Connect's temporary id that links the contact's record in the audience to the signal." },

  ACOUSTIC_APP_KEY: { ...behavior, about: "Application key of the site or app that sent the signal." },
  CATEGORY: { ...shared, about: "Whether the signal is about behavior or about marketing.", values: ["Behavior", "Marketing"] },
  DESCRIPTION: { ...shared, about: "Description of the signal, a free text." },
  NAME: { ...shared, about: "Name of the signal, a free label." },
  OBSERVED_TIMESTAMP: { ...time, about: "When Connect had processed the signal." },
  RECEIVED_TIMESTAMP: { ...time, about: "When Connect received the signal." },
  SIGNAL_CONTENT: {
    ...shared,
    about: "The signal's payload as it came, to the letter, but for blanks around it that JSON does not have; null where it says nothing.",
    kind: "json",
  },
  SIGNAL_GROUP: { ...behavior, about: "What the signal is about.", values: ["session", "page", "order", "cart", "product"] },
  SIGNAL_TIMESTAMP: { ...time, about: "When the signal happened, as the export or the payload says; occurred_at always has a time." },
  SCREEN_VIEW_NAME: { ...behavior, about: "Name of the screen view that was shown at that moment." },
  TLTSID: { ...behavior, about: "Session id of the Connect library in the site or app." },

  BOT_DETECTED: { ...bot, about: "Whether Connect takes the open or click for a bot's.", kind: "boolean" },
  BOT_DETECTION_REASON: {
    ...bot,
    about: "Why Connect takes it for a bot's; null where it does not.",
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
  CLASSIFICATION: {
    ...classification,
    about: "Kind of the failure or reply.",
    values: ["PERMANENT", "TEMPORARY", "UNSUBSCRIBE", "ABUSE", "CHANGE_OF_ADDRESS", "DOI_CONFIRM", "OTHER"],
  },
  CLASSIFICATION_CODE: {
    ...classification,
    about: "Detail of the classification.",
    values: ["BAD_CONTENT", "BAD_RECIPIENT", "BAD_RELAY", "BAD_SENDER", "OTHER", "RESTRICTION", "SYSTEM"],
  },
  MESSAGE_SIGNAL_ID: { ...marketing, about: "SIGNAL_ID of the marketing signal, a click, that led here; null where none did.", tables: BOTH },
  SIGNAL_ID: { ...marketing, about: "SIGNAL_ID as exported; null where it is empty. signal_key is never null.", tables: BOTH },
  SIGNAL_TYPE: {
    ...marketing,
    about: "Type of the signal in Connect's spelling, for example `emailClick`; one that is new to signalhouse as it came. Never null.",
    tables: BOTH,
  },
  TIMESTAMP: { ...marketing, about: "When Connect received the signal, as marketing signals say it.", kind: "timestamp", tables: BOTH },

  CONSENT_EMAIL: { ...consent, about: "The contact's consent to e-mail." },
  CONSENT_SMS: { ...consent, about: "The contact's consent to SMS." },
  CONSENT_WHATSAPP: { ...consent, about: "The contact's consent to WhatsApp." },

  CAMPAIGN_DESCRIPTION: { ...campaign, about: "Description of the campaign." },
  CAMPAIGN_ID: { ...campaign, about: "Id of the campaign that sent the message." },
  CAMPAIGN_NAME: { ...campaign, about: "Name of the campaign." },
  CAMPAIGN_STATUS: { ...campaign, about: "Status of the campaign.", values: ["RUNNING", "COMPLETED", "CANCELLED", "TEMPLATE"] },
  CAMPAIGN_TYPE: { ...campaign, about: "Kind of the campaign.", values: ["SCHEDULED", "TRIGGERED", "MULTISTEP"] },
  COMPLETED_DATE: { ...campaign, about: "When the campaign was completed; null until then.", kind: "timestamp" },
  CONSENT_GROUP_ID: { ...campaign, about: "Id of the consent group that the send used." },
  ENTRY_SIGNAL: { ...campaign, about: "The signal that lets contacts into a triggered or multistep campaign." },
  ENTRY_TYPE: { ...campaign, about: "How contacts get into the campaign.", values: ["SEGMENT", "SIGNAL"] },
  FREQUENCY: { ...campaign, about: "How often a contact can get the campaign.", values: ["ALWAYS ON", "ONE TIME"] },
  SCHEDULED_DATE: { ...campaign, about: "When the campaign starts.", kind: "timestamp" },
  SEGMENT_DEFINITION_ID: { ...campaign, about: "Id of the segment's definition." },
  SEGMENT_ID: { ...campaign, about: "Id of the segment that the campaign was sent to." },
  TAGS: { ...campaign, about: "Tags of the campaign.", kind: "texts" },

  MESSAGE_ID: { ...message, about: "Id of the published message." },
  MESSAGE_NAME: { ...message, about: "Name of the message." },
  MESSAGE_TAGS: { ...message, about: "Tags of the message.", kind: "texts" },
  LINK_ID: { ...message, about: "Id of the link that was clicked.", actions: ["click"] },
  AUDIENCE_VARIABLES: { ...message, about: "Personalization: the variables from the audience.", kind: "texts" },
  PERSONALIZATION_VARIABLES: { ...message, about: "Personalization: the variables from all data sets that were used.", kind: "texts" },
  PLACEHOLDER_VARIABLES: { ...message, about: "Personalization: the variables that stand in the message.", kind: "texts" },
  PRODUCT_VARIABLES: { ...message, about: "Personalization: the variables from the product catalog.", kind: "texts" },
  REFERENCE_SET_VARIABLES: { ...message, about: "Personalization: the variables from reference sets.", kind: "texts" },
  EMAIL_FROM_ADDRESS: { ...email, about: "Address of the e-mail's sender." },
  EMAIL_FROM_NAME: { ...email, about: "Name of the e-mail's sender." },
  EMAIL_PRE_HEADER: { ...email, about: "Preview text that mailboxes show behind the subject." },
  EMAIL_REPLY_TO_ADDRESS: { ...email, about: "Address that replies go to." },
  EMAIL_SUBJECT: { ...email, about: "Subject of the e-mail." },
  EMAIL_TAGS: { ...email, about: "Tags of the e-mail.", kind: "texts" },
  EMAIL_TRACKING_LEVEL: {
    ...email,
    about: "How far opens and clicks of the e-mail are tracked.",
    values: ["no_tracking", "aggregate", "unique", "opens_only"],
  },
  VMTA: { ...email, about: "Connect's sending agent (VMTA) of the e-mail." },
  VMTA_POOL: { ...email, about: "The pool that the sending agent is of." },
  INCLUDES_MEDIA: { ...message, about: "Whether the SMS or WhatsApp message has media.", kind: "boolean", channels: ["sms", "whatsapp"] },
  IS_MMS: { ...sms, about: "Whether the message is an MMS rather than an SMS.", kind: "boolean" },
  SMS_TAGS: { ...sms, about: "Tags of the SMS.", kind: "texts" },
  WHATSAPP_MESSAGE_BODY: { ...whatsApp, about: "Text of the WhatsApp message, before it is personalized." },
  WHATSAPP_TAGS: { ...whatsApp, about: "Tags of the WhatsApp message.", kind: "texts" },
  WHATSAPP_TEMPLATE_CATEGORY: { ...whatsApp, about: "Category of the template.", values: ["Marketing", "One-time password", "Transactional"] },
  WHATSAPP_TEMPLATE_ID: { ...whatsApp, about: "Id of the template." },
  WHATSAPP_TEMPLATE_NAME: { ...whatsApp, about: "Name of the template." },
  WHATSAPP_TYPE: { ...whatsApp, about: "Whether the message was written for itself or from a template.", values: ["Custom", "Templated"] },
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
