/**
 * When SQL may read a value by itself: where what DuckDB makes of it is what the row path makes of it. What the conditions leave out is not wrong, it only goes the way
 * of the row path.
 */
import { CANONICAL, DUCKDB_TYPES, type Kind } from "../../schemas/kinds.ts";
import { quoteText } from "../../schemas/names.ts";

/** Whether the text of a fixed column is a value of its kind; null where there is none. */
export const isValue = (kind: Exclude<Kind, "text" | "json">, value: string) => `regexp_full_match(${value}, ${quoteText(CANONICAL[kind])})`;

/** The typed value of a text that is a value of its kind; of others, anything. */
export function typedValue(kind: Kind, value: string, letterCase?: "upper" | "lower"): string {
  switch (kind) {
    case "text":
      return letterCase === undefined ? value : `${letterCase}(${value})`;
    case "json":
      return value;
    case "texts":
      // Older senders write one text where a list is documented.
      return `CASE WHEN starts_with(${value}, '[') THEN TRY_CAST(TRY_CAST(${value} AS JSON) AS VARCHAR[]) WHEN ${value} IS NOT NULL THEN [${value}] END`;
    default:
      return `TRY_CAST(${value} AS ${DUCKDB_TYPES[kind]})`;
  }
}
