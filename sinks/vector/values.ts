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

/**
 * Whether a text is a JSON object that DuckDB and JSON.parse take for the same, before it is known which: DuckDB also takes commas before an end, and NaN. Without escaped
 * characters, without numbers that either of them would write otherwise, and not so deep that a reader that goes down by recursion might fall.
 */
export function isJsonText(text: string): string {
  const number = String.raw`[:,\[]\s*(?:-?(?:[\d.]{16,}|[\d.]+[eE]|0\.0000|\d+\.\d*0[\s,\]}])|-0[\s,\]}])`;
  const lenient = String.raw`,\s*[}\]]|[:,\[]\s*-?(?i:nan|inf)`;
  const deep = String.raw`[\[{]\s*[\[{]\s*[\[{]\s*[\[{]`;
  const brackets = `length(${text}) - length(translate(${text}, '{[', ''))`;
  return [
    `starts_with(${text}, '{')`,
    `(length(${text}) <= 4000 OR (length(${text}) <= 262144 AND ${brackets} < 1000))`,
    `NOT regexp_matches(${text}, ${quoteText(`${number}|${lenient}|${deep}|\\\\u`)})`,
    `json_valid(${text})`,
  ].join(" AND ");
}
