/** Names: how a field or header becomes a column. */

/** A camelCase name in snake_case, as a type. */
export type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : "";

/** A camelCase name in snake_case: `orderId` -> `order_id`. */
export function snakeCase<S extends string>(name: S): SnakeCase<S> {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<S>;
}

/** Characters of a header that are in its column's name. Longer ones are no names, and each statement would be as long. */
const LONGEST = 200;

/** Characters that nobody sees and that mean nothing wherever they stand: soft hyphens, zero-width spaces, marks of direction, byte order marks. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** Joiners, fillers and selectors mean something between the letters of some scripts, and in emoji; beside ASCII they do not. */
const UNSEEN_BESIDE_ASCII = /(?<=[\0-\x7f])\p{Default_Ignorable_Code_Point}+|[\u200c\u200d]+(?=[\0-\x7f])/gu;

/** Blanks of every kind, control characters, and what nobody sees. U+2800 is Braille's blank. */
const EDGE = String.raw`[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]+`;
const EDGES = new RegExp(`^${EDGE}|${EDGE}$`, "gu");

/** Blanks that look like a space, but are none. */
const OTHER_SPACES = /[\p{Zs}\u2800]/gu;

/** Quotes of a kind, opening and closing: double, single and what is typed in their place, pointed, and those of East Asia. */
const QUOTES = [
  `"\u201c-\u201f\u2033\u301d-\u301f\uff02`,
  "'`\u00b4\u2018-\u201b\u2032\uff07",
  "\u00ab\u00bb\u2039\u203a",
  "\u300c-\u300f\uff62\uff63\ufe41-\ufe44",
];
const WRAPPED = new RegExp(QUOTES.map((quotes) => `^[${quotes}].*[${quotes}]$`).join("|"), "su");

/**
 * A name from a header row without what tools and people leave around it: byte order marks, blanks, characters that nobody sees, wrapping quotes, in any
 * order and number; in NFC. Names are compared, and kept, like this.
 */
export function cleanName(name: string): string {
  const cleaned = name.normalize("NFC").replace(UNSEEN, "").replace(UNSEEN_BESIDE_ASCII, "").replace(OTHER_SPACES, " ").replace(EDGES, "");
  const bare = WRAPPED.test(cleaned) ? cleaned.slice(1, -1) : cleaned;
  return bare === name ? name : cleanName(bare);
}

/** The same for names that differ only in case, blanks, punctuation and accents; empty where there is nothing else. */
export function spellingOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}]+/gu, "")
    .toLowerCase();
}

/**
 * The column that a contact attribute's header asks for: `Customer ID` -> `contact_customer_id`.
 * Letters (with their marks) and digits of every script stay; everything else becomes an underscore. What is very long is cut.
 */
export function contactColumnName(header: string): string {
  const words = header
    .normalize("NFC")
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1_$2")
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "")
    .toLowerCase()
    .slice(0, LONGEST)
    // Not within a character.
    .replace(/\p{Surrogate}$/u, "");
  return `contact_${words || "unnamed"}`;
}

/** An SQL identifier in quotes. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL text literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
