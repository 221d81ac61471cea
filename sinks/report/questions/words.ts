/** What several questions say in the same words. */
import type { Scope } from "../scope.ts";

const CHANNEL_NAMES: Readonly<Record<string, string>> = { email: "E-mail", sms: "SMS", whatsapp: "WhatsApp" };

/** A channel as people call it. */
export const channelName = (channel: string | null): string => (channel === null ? "No message" : (CHANNEL_NAMES[channel] ?? channel));

/** What something is called that may have no name. */
export const nameOf = (name: string | null, id: string | null, otherwise: string): string => name?.trim() || id?.trim() || otherwise;

/** How long a click earns orders: "7 days", or by channel where that differs. */
export function windowText({ windowDays }: Scope): string {
  const windows = Object.entries(windowDays);
  const days = (count: number) => `${count} ${count === 1 ? "day" : "days"}`;
  const [first] = windows;
  if (first && windows.every(([, count]) => count === first[1])) return days(first[1]);
  return windows.map(([channel, count]) => `${days(count)} (${channelName(channel)})`).join(", ");
}
