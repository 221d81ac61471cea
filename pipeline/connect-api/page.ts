/** Web pages that come in place of an answer. */
import { serverWords } from "../../schemas/characters.ts";

/** Whether a body is a web page, as proxies, firewalls and login pages answer, and not what the API says. */
export const isPage = (body: string): boolean => /^[\s\ufeff]*<(!|\?xml|[a-z])/i.test(body);

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** What a person would read of a web page, in one line. */
export function textOfPage(html: string): string {
  const text = html
    .slice(0, 100_000)
    .replace(/<!--[^]*?(-->|$)/g, " ")
    .replace(/<(script|style)\b[^]*?(<\/\1\s*>|$)/gi, " ")
    .replace(/<[^>]*(>|$)/g, " ")
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (entity, decimal?: string, hex?: string, name = "") => {
      const point = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
      if (point === undefined) return ENTITIES[String(name).toLowerCase()] ?? entity;
      return point <= 0x10_ffff ? String.fromCodePoint(point) : " ";
    });
  return serverWords(text);
}
