/** How channels are shown: always in the same order and color. */
export const CHANNEL_COLORS: Readonly<Record<string, string>> = { email: "var(--email)", sms: "var(--sms)", whatsapp: "var(--whatsapp)" };

/** The channels that rows have, in their order; null, which is no message, comes last. */
export const presentChannels = (rows: readonly { channel: string | null }[]): (string | null)[] =>
  [...Object.keys(CHANNEL_COLORS), null].filter((channel) => rows.some((row) => row.channel === channel));
