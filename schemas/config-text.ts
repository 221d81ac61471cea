/** The text of a configuration. */
import { parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import { SignalhouseError } from "./errors.ts";

/** JSON with comments and trailing commas. @throws SignalhouseError config_invalid with line and column */
export function parseConfig(text: string, source: string): unknown {
  const errors: ParseError[] = [];
  const content = text.replace(/^\uFEFF/, "");
  const value: unknown = parse(content, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (!first) return value;
  const before = content.slice(0, first.offset).split("\n");
  const what = printParseErrorCode(first.error)
    .replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .toLowerCase();
  const where = `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
  throw new SignalhouseError(
    "config_invalid",
    `${source}, ${where}: not valid JSON: ${what}`,
    "Correct it there or just before. Comments and trailing commas are allowed.",
  );
}
