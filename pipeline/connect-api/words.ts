/** What a server said, as it can be told: in one line, with a bound, and without the API key. */

/** Characters of a server's message that are told. */
const MOST_CHARACTERS = 300;

/** A text in one line. */
export function inOneLine(text: string, most = MOST_CHARACTERS): string {
  const line = text.replace(/[\p{Z}\p{C}]+/gu, " ").trim();
  const characters = Array.from(line.slice(0, 2 * most));
  return characters.length <= most ? line : `${characters.slice(0, most).join("")}…`;
}

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
  return inOneLine(text);
}

/** A text, or a value with texts in it, without a secret: after JSON's escapes were read, so that none of them hides it. */
export function without<T>(secret: string, value: T): T {
  if (typeof value === "string") return value.replaceAll(secret, "(the API key)") as T;
  if (Array.isArray(value)) return value.map((item: unknown) => without(secret, item)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [without(secret, name), without(secret, item) as unknown])) as T;
}
