/** What is wrong with something that a user wrote, in plain words: zod's own are for programmers. */
import { z } from "zod";
import { similar } from "./suggest.ts";

/**
 * Reads what a user wrote by its shape. Values are never told: one of them may be a secret that stands in the wrong place.
 * @param whole how the input as a whole is called
 * @returns the data, or each fault with its place: `sftp.port: expected a number`
 */
export function readShape<T extends z.ZodType>(shape: T, input: unknown, whole = "the file"): { data: z.output<T> } | { faults: string[] } {
  const read = shape.safeParse(input, { error: inPlainWords });
  if (read.success) return { data: read.data };
  return { faults: read.error.issues.map(({ path, message }) => `${path.join(".") || whole}: ${message}`) };
}

/** How we call what zod calls by the types of JavaScript. */
const KINDS: Readonly<Record<string, string>> = {
  string: "a text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list [ … ]",
  object: "settings in braces { … }",
  record: "names and values in braces { … }",
};

/** Undefined where what zod, or the shape itself, says will do. */
const inPlainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `expected ${amount(issue.origin, issue.inclusive ? "at least" : "more than", issue.minimum)}`;
    case "too_big":
      return `expected ${amount(issue.origin, issue.inclusive ? "at most" : "less than", issue.maximum)}`;
    case "unrecognized_keys":
      return issue.keys.map((key) => noSetting(key, issue.inst)).join("; ");
    default:
      return undefined;
  }
};

function amount(origin: string, than: string, limit: number | bigint): string {
  if (origin === "string") return limit === 1n || limit === 1 ? "a text that is not empty" : `${than} ${limit} characters`;
  return origin === "array" ? `${than} ${limit} in the list` : `${than} ${limit}`;
}

function noSetting(key: string, shape: unknown): string {
  const known = shape instanceof z.ZodObject ? Object.keys(shape.shape) : [];
  const meant = similar(key, known);
  const told = meant.length === 0 ? `; there are ${known.join(", ")}` : `, but ${meant.join(" or ")} is`;
  return `"${key}" is no setting${told}`;
}
