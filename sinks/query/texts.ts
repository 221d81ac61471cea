/** Values of a result as text: a value has the same one, wherever it is shown. */
import type { Json } from "@duckdb/node-api";
import { oneLine } from "../../schemas/characters.ts";

/** A value's text. Lists and structures are JSON. */
export const textOf = (value: Json): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** A value in a table or the like: null is told from the text NULL, which is in quotes there. @param most characters of it that are of use */
export function cellOf(value: Json | undefined, most?: number): string {
  if (value === null || value === undefined) return "NULL";
  const text = textOf(value);
  return text === "NULL" ? '"NULL"' : oneLine(most === undefined ? text : text.slice(0, most));
}
