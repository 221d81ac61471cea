import { expect, test } from "vitest";
import {
  CONTENT_FIELDS,
  CONTENT_PATHS,
  ENVELOPE_FIELDS,
  ITEM_FIELDS,
  ITEMS_FIELD,
  MIRRORED_FIELDS,
  type ContentField,
} from "../../schemas/content-fields.ts";
import { EXPORT_COLUMNS, type ExportColumn, exportColumn, TIME_HEADERS, TYPE_HEADERS } from "../../schemas/export-columns.ts";
import { BEHAVIOR_TYPES } from "../../schemas/signal-types.ts";
import { ORDER_ITEM_COLUMNS, SIGNAL_TABLES } from "../../schemas/tables.ts";

/** The columns of the vendor's page "Export signals from Connect", section "Export data structure", by the kind that it gives them. */
const DOCUMENTED = {
  text: `DATASET_ID SUBSCRIPTION_ID TEMPORARY_LINKING_ID
    ACOUSTIC_APP_KEY CATEGORY DESCRIPTION NAME SIGNAL_GROUP SCREEN_VIEW_NAME TLTSID
    BOT_DETECTION_REASON CLASSIFICATION CLASSIFICATION_CODE MESSAGE_SIGNAL_ID SIGNAL_ID SIGNAL_TYPE
    CONSENT_EMAIL CONSENT_SMS CONSENT_WHATSAPP
    CAMPAIGN_DESCRIPTION CAMPAIGN_ID CAMPAIGN_NAME CAMPAIGN_STATUS CAMPAIGN_TYPE CONSENT_GROUP_ID ENTRY_SIGNAL ENTRY_TYPE FREQUENCY
    SEGMENT_DEFINITION_ID SEGMENT_ID
    MESSAGE_ID MESSAGE_NAME LINK_ID
    EMAIL_FROM_ADDRESS EMAIL_FROM_NAME EMAIL_PRE_HEADER EMAIL_REPLY_TO_ADDRESS EMAIL_SUBJECT EMAIL_TRACKING_LEVEL VMTA VMTA_POOL
    WHATSAPP_MESSAGE_BODY WHATSAPP_TEMPLATE_CATEGORY WHATSAPP_TEMPLATE_ID WHATSAPP_TEMPLATE_NAME WHATSAPP_TYPE`,
  timestamp: "OBSERVED_TIMESTAMP RECEIVED_TIMESTAMP SIGNAL_TIMESTAMP TIMESTAMP COMPLETED_DATE SCHEDULED_DATE",
  boolean: "BOT_DETECTED INCLUDES_MEDIA IS_MMS",
  texts: `TAGS MESSAGE_TAGS EMAIL_TAGS SMS_TAGS WHATSAPP_TAGS
    AUDIENCE_VARIABLES PERSONALIZATION_VARIABLES PLACEHOLDER_VARIABLES PRODUCT_VARIABLES REFERENCE_SET_VARIABLES`,
  json: "SIGNAL_CONTENT",
};

test("the export columns are the 66 of the vendor's page, of the kinds that it gives them", () => {
  const documented = Object.fromEntries(
    Object.entries(DOCUMENTED).flatMap(([kind, headers]) => headers.split(/\s+/).map((header) => [header, kind])),
  );
  expect(Object.keys(documented)).toHaveLength(66);
  expect(Object.fromEntries(Object.entries(EXPORT_COLUMNS).map(([header, { kind }]) => [header, kind]))).toEqual(documented);
});

test("an export column is told by its exact name", () => {
  expect(exportColumn("NAME")).toBe(EXPORT_COLUMNS.NAME);
  for (const header of ["Name", "name", " NAME", "constructor", "__proto__", "toString", ""]) expect(exportColumn(header)).toBeUndefined();
  for (const header of [...TYPE_HEADERS, ...TIME_HEADERS]) expect(exportColumn(header)).toBeDefined();
});

test("no table has two columns of one name, and none is in the way of contact columns", () => {
  for (const columns of [...Object.values(SIGNAL_TABLES), ORDER_ITEM_COLUMNS]) {
    const names = columns.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.startsWith("contact_"))).toEqual([]);
  }
});

test("every export column is in a table, and every content field in behavior_signals", () => {
  const names = new Set(Object.values(SIGNAL_TABLES).flatMap((columns) => columns.map(({ name }) => name)));
  for (const header of Object.keys(EXPORT_COLUMNS)) expect(names).toContain(header.toLowerCase());
  expect(SIGNAL_TABLES.behavior_signals.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["product_id", "item_quantity", "order_shipping_handling", "number_of_results", "interaction_type", "audience"]),
  );
});

test("every name of a content field means one thing", () => {
  const fields = Object.entries<ContentField>(CONTENT_FIELDS);
  const everywhere = [
    ...fields.flatMap(([name, { aliases = [] }]) => [name, ...aliases]),
    ...Object.keys(MIRRORED_FIELDS),
    ...ENVELOPE_FIELDS,
    ITEMS_FIELD,
  ];
  expect(new Set(everywhere).size).toBe(everywhere.length);
  for (const type of BEHAVIOR_TYPES) {
    const names = fields.flatMap(([, { aliasesByType = {} }]) => aliasesByType[type] ?? []);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(everywhere).not.toContain(name);
  }
  const items = Object.entries<{ kind: string; aliases?: readonly string[] }>(ITEM_FIELDS).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  expect(new Set(items).size).toBe(items.length);
});

test("no envelope begins with the name of a field: content that only has fields is known to be flat", () => {
  const fields = Object.entries<ContentField>(CONTENT_FIELDS);
  const names = [
    ...fields.flatMap(([name, { aliases = [], aliasesByType = {} }]) => [name, ...aliases, ...Object.values(aliasesByType).flat()]),
    ...Object.keys(MIRRORED_FIELDS),
    ...ENVELOPE_FIELDS,
    ITEMS_FIELD,
  ];
  const first = CONTENT_PATHS.flatMap((path: readonly string[]) => path.slice(0, 1));
  expect(first.length).toBeGreaterThan(0);
  expect(names.filter((name) => first.includes(name))).toEqual([]);
});

test("every behavior type has content fields: those of all types, and most have more", () => {
  const fields = Object.entries<ContentField>(CONTENT_FIELDS);
  for (const type of BEHAVIOR_TYPES) {
    const names = fields.flatMap(([name, { types }]) => (types.includes(type) ? [name] : []));
    expect([type, names]).toEqual([type, expect.arrayContaining(["effect", "signalCustomAttributes", "audience", "consent", "sessionId", "isTest"])]);
  }
});

test("columns of one channel or action are told by their data: their names, and the vendor's words for them", () => {
  const columns = Object.entries<ExportColumn>(EXPORT_COLUMNS);
  const of = (channel?: string, action?: string) =>
    columns.flatMap(([header, { channels, actions }]) => (channels?.join() === channel && actions?.join() === action ? [header] : []));
  expect(of("email")).toEqual(columns.map(([header]) => header).filter((header) => /^(EMAIL_|VMTA)/.test(header)));
  expect(of("whatsapp")).toEqual(columns.map(([header]) => header).filter((header) => header.startsWith("WHATSAPP_")));
  expect(of("sms")).toEqual(["IS_MMS", "SMS_TAGS"]);
  expect(of("sms,whatsapp")).toEqual(["INCLUDES_MEDIA"]);
  expect(of(undefined, "open,click")).toEqual(["BOT_DETECTED", "BOT_DETECTION_REASON"]);
  expect(of(undefined, "failure,inbound")).toEqual(["CLASSIFICATION", "CLASSIFICATION_CODE"]);
  expect(of(undefined, "click")).toEqual(["LINK_ID"]);
  // What behavior has as well, belongs to no channel.
  expect(columns.filter(([, { tables, channels, actions }]) => (channels ?? actions) && tables.includes("behavior_signals"))).toEqual([]);
});
