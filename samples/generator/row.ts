/** Rows of an export: LF ends, quotes only where they are needed, as Snowflake unloads them. */
import { EXPORT_COLUMNS, type ExportHeader } from "../../schemas/export-columns.ts";
import { NULL_TEXT } from "../../schemas/kinds.ts";
import { SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { campaignUuid, type Cells, type Message } from "./campaigns.ts";
import { type Contact, CONTACT_HEADERS, type Header } from "./contacts.ts";
import { contentText } from "./content.ts";
import type { Behavior, Clock, Marketing, Signal } from "./signal.ts";

const FIXED = Object.keys(EXPORT_COLUMNS) as ExportHeader[];
const columns = (from: ExportHeader, until?: ExportHeader) => FIXED.slice(FIXED.indexOf(from), until && FIXED.indexOf(until));

// The columns in their order, cut so that what many rows share is rendered once. Contact attributes stand behind the consents.
const SIGNAL_COLUMNS = columns("DATASET_ID", "CONSENT_EMAIL");
const CONTACT_COLUMNS: readonly Header[] = [...columns("CONSENT_EMAIL", "CAMPAIGN_DESCRIPTION"), ...CONTACT_HEADERS];
const CAMPAIGN_COLUMNS = columns("CAMPAIGN_DESCRIPTION", "LINK_ID");
const MESSAGE_COLUMNS = columns("AUDIENCE_VARIABLES");

/** The header row, with its line end. */
export const headerText = (): string => `${[...SIGNAL_COLUMNS, ...CONTACT_COLUMNS, ...CAMPAIGN_COLUMNS, "LINK_ID", ...MESSAGE_COLUMNS].join(",")}\n`;

/** A signal's row, with its line end. */
export function rowText(signal: Signal): string {
  const { nullText } = signal;
  const contact = contactText(signal.contact ?? NOBODY, nullText);
  if (signal.table === "behavior_signals") {
    return `${cellsText(SIGNAL_COLUMNS, behaviorCells(signal), nullText)},${contact},${noMessageText(NOBODY, nullText)}\n`;
  }
  const { message, linkId = nullText } = signal;
  return `${cellsText(SIGNAL_COLUMNS, marketingCells(signal), nullText)},${contact},${campaignText(message, nullText)},${linkId},${messageText(message, nullText)}\n`;
}

const NOBODY: Partial<Contact> = {};

const contactText = cached(({ cells, tier }: Partial<Contact>, nullText) => cellsText(CONTACT_COLUMNS, { ...cells, "Loyalty Tier": tier }, nullText));
const campaignText = cached((message: Message, nullText) => cellsText(CAMPAIGN_COLUMNS, { ...campaignCells(message), ...message.cells }, nullText));
const messageText = cached((message: Message, nullText) => cellsText(MESSAGE_COLUMNS, message.cells, nullText));
const noMessageText = cached((_: object, nullText) => cellsText([...CAMPAIGN_COLUMNS, "LINK_ID", ...MESSAGE_COLUMNS], {}, nullText));

type NullText = Signal["nullText"];

/** Renders each object once for each way of writing null, for as long as the object lives. */
function cached<T extends object>(render: (part: T, nullText: NullText) => string): (part: T, nullText: NullText) => string {
  const known = { "": new WeakMap<T, string>(), [NULL_TEXT]: new WeakMap<T, string>() };
  return (part, nullText) => {
    let text = known[nullText].get(part);
    if (text === undefined) known[nullText].set(part, (text = render(part, nullText)));
    return text;
  };
}

const TELLING = /[",\n\r]/;

const cellText = (cell: string) => (TELLING.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The cells of some columns, with commas between them. */
function cellsText(headers: readonly Header[], cells: Cells<Header>, nullText: NullText): string {
  return headers.map((header) => cellText(cells[header] ?? nullText)).join(",");
}

const DATASET_ID = "audience-20417";
const SUBSCRIPTION_ID = "sub-1184203";

function marketingCells({ type, id, at, contact, botReason, classification, classificationCode }: Marketing): Cells {
  const { action } = SIGNAL_TYPES[type];
  const judged = action === "open" || action === "click";
  return {
    DATASET_ID,
    SUBSCRIPTION_ID,
    TEMPORARY_LINKING_ID: contact?.linkingId,
    CATEGORY: "Marketing",
    NAME: type,
    BOT_DETECTED: judged ? String(botReason !== undefined) : undefined,
    BOT_DETECTION_REASON: botReason,
    CLASSIFICATION: classification,
    CLASSIFICATION_CODE: classificationCode,
    SIGNAL_ID: id,
    SIGNAL_TYPE: type,
    TIMESTAMP: timeText(at),
  };
}

function campaignCells({ campaign }: Message): Cells {
  const scheduled = campaign.type === "SCHEDULED";
  return {
    CAMPAIGN_DESCRIPTION: campaign.description,
    CAMPAIGN_ID: campaign.id,
    CAMPAIGN_NAME: campaign.name,
    CAMPAIGN_STATUS: campaign.status,
    CAMPAIGN_TYPE: campaign.type,
    COMPLETED_DATE: campaign.status === "COMPLETED" ? "2025-09-30T22:00:00.000Z" : undefined,
    CONSENT_GROUP_ID: campaignUuid(campaign, 4),
    ENTRY_SIGNAL: campaign.entrySignal,
    ENTRY_TYPE: campaign.entrySignal === undefined ? "SEGMENT" : "SIGNAL",
    FREQUENCY: scheduled ? "ONE TIME" : "ALWAYS ON",
    SCHEDULED_DATE: scheduled ? "2025-09-01T06:00:00.000Z" : undefined,
    SEGMENT_DEFINITION_ID: scheduled ? campaignUuid(campaign, 5) : undefined,
    SEGMENT_ID: scheduled ? campaignUuid(campaign, 6) : undefined,
    TAGS: JSON.stringify(campaign.tags),
  };
}

function behaviorCells(signal: Behavior): Cells {
  const { id, type, at, session, form, contact } = signal;
  const since = CLOCKS.indexOf(signal.clock);
  return {
    DATASET_ID,
    SUBSCRIPTION_ID,
    TEMPORARY_LINKING_ID: contact?.linkingId,
    ACOUSTIC_APP_KEY: "fernhill-web-7f3a2b",
    CATEGORY: "Behavior",
    DESCRIPTION: signal.description,
    NAME: signal.name,
    OBSERVED_TIMESTAMP: timeText(since === 4 ? at : at + 4_270),
    RECEIVED_TIMESTAMP: since > 3 ? undefined : timeText(since === 3 ? at : at + 310),
    SIGNAL_CONTENT: contentText(signal),
    SIGNAL_GROUP: signal.group,
    SIGNAL_TIMESTAMP: since > 0 ? undefined : timeText(at),
    SCREEN_VIEW_NAME: signal.screen,
    TLTSID: session.id,
    MESSAGE_SIGNAL_ID: typeof session.cause === "string" ? session.cause : session.cause?.id,
    SIGNAL_ID: id === "" ? undefined : id,
    SIGNAL_TYPE: form === "typeInContent" ? undefined : form === "lowerCaseType" ? type.toLowerCase() : type,
    TIMESTAMP: since === 2 ? timeText(at) : undefined,
  };
}

/** In the order in which they are asked for the time. What stands before a signal's clock is empty, what stands behind it is later, or empty. */
const CLOCKS: readonly Clock[] = ["SIGNAL_TIMESTAMP", "signalTimestamp", "TIMESTAMP", "RECEIVED_TIMESTAMP", "OBSERVED_TIMESTAMP"];

const timeText = (at: number) => new Date(at).toISOString();
