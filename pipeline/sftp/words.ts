/** What a message has at most of somebody else's words. */
const MOST = 200;

/** Somebody else's words for a message: on one line, without control characters, and not endless. */
export function firstWords(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.length > MOST ? `${line.slice(0, MOST)}…` : line;
}
