/** Names that HTML has for characters. */
const ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

/**
 * Takes a secret out of what a server said: of all texts in a value that was read from JSON, and of a text that was not. It is found however it is
 * written there, for an answer may quote the request: plainly, with JSON's escapes (once or several times), percent signs, or HTML's references.
 * @param instead what stands in its place
 */
export function withoutSecret(secret: string, instead: string): <T>(said: T) => T {
  const pattern = new RegExp(Array.from(secret, writtenAs).join(""), "g");
  const clean = (said: unknown): unknown => {
    if (typeof said === "string") return said.replace(pattern, instead);
    if (Array.isArray(said)) return said.map(clean);
    if (typeof said !== "object" || said === null) return said;
    return Object.fromEntries(Object.entries(said).map(([name, value]) => [name.replace(pattern, instead), clean(value)]));
  };
  return <T>(said: T) => (secret === "" ? said : (clean(said) as T));
}

/** How a character may be written, as the source of a pattern. Whatever repeats has a bound, or a long run of it would take time by its square. */
function writtenAs(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = `(?:${anyCase(code.toString(16).padStart(2, "0"))})`;
  const entity = ENTITIES[character];
  const ways = [
    String.raw`\\{0,8}${character.replace(/[^A-Za-z0-9]/, String.raw`\$&`)}`,
    String.raw`\\{1,8}u00${hex}`,
    `%${hex}`,
    `&#0{0,8}${code};`,
    `&#[xX]0{0,8}${hex};`,
    ...(entity === undefined ? [] : [`&${entity};`]),
  ];
  return `(?:${ways.join("|")})`;
}

const anyCase = (hex: string): string => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
