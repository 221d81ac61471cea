/** Rows of small exports about sends and visits, made by hand. */
import type { Channel } from "../../schemas/signal-types.ts";

export type CsvRow = Readonly<Record<string, string | undefined>>;

/** A moment of 2025-09-10: "10:00", "10:00:30", or "+3 10:00" for three days later. */
function moment(text: string): string {
  const [, days = "0", time = ""] = /^(?:([+-]\d+) )?(.+)$/.exec(text) ?? [];
  const at = Date.parse(`2025-09-10T${time.length === 5 ? `${time}:00` : time}Z`) + Number(days) * 86_400_000;
  return new Date(at).toISOString();
}

/** The column is always there, so that it is the first key from the first file on. */
const who = (customer: string): CsvRow => ({ "Customer ID": customer });

/** A message's signal: `emailClick`, and the like. */
function message(channel: Channel, action: string, id: string, at: string, customer: string, more: CsvRow): CsvRow {
  return {
    SIGNAL_ID: id,
    SIGNAL_TYPE: `${channel}${action}`,
    CATEGORY: "Marketing",
    TIMESTAMP: moment(at),
    CAMPAIGN_ID: "autumn",
    CAMPAIGN_NAME: "Autumn",
    MESSAGE_ID: "hello",
    MESSAGE_NAME: "Hello",
    ...(action === "Click" || action === "Open" ? { BOT_DETECTED: "false" } : {}),
    ...who(customer),
    ...more,
  };
}

type Make = (id: string, at: string, customer: string, more?: CsvRow) => CsvRow;

const email =
  (action: string): Make =>
  (id, at, customer, more = {}) =>
    message("email", action, id, at, customer, more);

export const send = email("Send");
export const delivery = email("Delivery");
export const open = email("Open");
export const click = email("Click");
export const failure = email("Failure");
export const inbound = email("Inbound");
export const sms = (action: "Send" | "Delivery" | "Click", ...[id, at, customer, more = {}]: Parameters<Make>): CsvRow =>
  message("sms", action, id, at, customer, more);

/** A bot is behind it. */
export const BOT = { BOT_DETECTED: "true", BOT_DETECTION_REASON: "USER_AGENT" };
export const of = (campaign: string, message: string): CsvRow => ({
  CAMPAIGN_ID: campaign,
  CAMPAIGN_NAME: campaign,
  MESSAGE_ID: message,
  MESSAGE_NAME: message,
});

/** A behavior signal in the session "s", with this content. */
export function act(type: string, id: string, at: string, customer: string, content: object = {}, more: CsvRow = {}): CsvRow {
  return {
    SIGNAL_ID: id,
    SIGNAL_TYPE: type,
    CATEGORY: "Behavior",
    SIGNAL_TIMESTAMP: moment(at),
    ACOUSTIC_APP_KEY: "shop",
    TLTSID: "s",
    NAME: type,
    SIGNAL_CONTENT: JSON.stringify({ signalType: type, ...content }),
    ...who(customer),
    ...more,
  };
}

/** An order; its signal is called as the order is unless `more` says otherwise. */
export const order = (orderId: string, at: string, customer: string, orderValue: string, content: object = {}, more: CsvRow = {}): CsvRow =>
  act("order", orderId, at, customer, { orderId, orderValue, currency: "EUR", ...content }, more);
