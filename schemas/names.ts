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
