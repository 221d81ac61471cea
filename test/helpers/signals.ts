/** Signals as rows of an export, in few words. */
import { csv, memoryFile, type Scratch } from "./warehouse.ts";

type Fields = Readonly<Record<string, string | undefined>>;

/** A time of 2025 in UTC: `03-01 10:00` or `03-01 10:00:30.5`. */
const at = (time: string): string => `2025-${time.replace(" ", "T")}${time.length === 11 ? ":00" : ""}Z`;

/** A marketing signal of message m1 of campaign c1 to contact C1. */
export const message = (type: string, id: string, time: string, more: Fields = {}): Fields => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: type,
  CATEGORY: "Marketing",
  TIMESTAMP: at(time),
  MESSAGE_ID: "m1",
  CAMPAIGN_ID: "c1",
  "Customer ID": "C1",
  ...more,
});

/** A behavior signal of contact C1 in session s1. @param content what SIGNAL_CONTENT says; a number's digits are kept where it is a text */
export const behavior = (type: string, id: string, time: string, content: Readonly<Record<string, unknown>> = {}, more: Fields = {}): Fields => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: type,
  CATEGORY: "Behavior",
  SIGNAL_TIMESTAMP: at(time),
  ACOUSTIC_APP_KEY: "shop",
  TLTSID: "s1",
  "Customer ID": "C1",
  SIGNAL_CONTENT: JSON.stringify({ signalType: type, ...content }),
  ...more,
});

/** An order of contact C1. */
export const order = (
  id: string,
  time: string,
  orderValue: string | number,
  more: Fields = {},
  content: Readonly<Record<string, unknown>> = {},
): Fields => behavior("order", id, time, { orderId: id, orderValue, currency: "EUR", ...content }, more);

/** Loads such rows as one file. */
export async function loadSignals(scratch: Scratch, signals: readonly Fields[], path = "signals.csv"): Promise<void> {
  const [result] = await scratch.load([memoryFile(path, 1, csv(signals))]);
  if (result?.status !== "loaded" || result.rejected > 0) throw new Error(`${path} was not loaded whole`);
}
