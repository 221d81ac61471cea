/** What is wrong with a text that is no JSON, and where: in words of our own, so that it reads the same whichever parser refused it. */
import { type ParseErrorCode, printParseErrorCode, visit } from "jsonc-parser";

/** So much of what stands at the place is shown. */
const MOST_SHOWN = 20;

/** Ends the visit at the first fault: what a tolerant parser makes of the rest is no concern of ours. */
class FirstFault extends Error {
  readonly what: string;
  readonly offset: number;
  readonly length: number;
  constructor(error: ParseErrorCode, offset: number, length: number) {
    super();
    this.what = printParseErrorCode(error);
    this.offset = offset;
    this.length = length;
  }
}

/**
 * Says what is wrong with a text that is no JSON, and at which character, counted from 1.
 * @param start where in the text JSON begins: blanks of any kind may stand before it
 */
export function faultIn(text: string, start = 0, end = text.length): string {
  try {
    visit(
      text.slice(start, end),
      {
        onError: (error, offset, length) => {
          throw new FirstFault(error, start + offset, length);
        },
      },
      { disallowComments: true },
    );
  } catch (error) {
    if (!(error instanceof FirstFault)) throw error;
    return describe(text.slice(0, end), start, error);
  }
  return "it is no JSON";
}

function describe(text: string, start: number, { what, offset, length }: FirstFault): string {
  const inside = text[offset] === '"' ? faultInText(text, offset) : undefined;
  if (inside) return at(text, inside.offset, inside.what);
  if (offset >= text.length) return at(text, offset, `it ends where ${EXPECTED[what] ?? "more"} is missing`);
  const shown = show(text.slice(offset, offset + length));
  switch (what) {
    case "UnexpectedEndOfString":
      return at(text, offset, `a text begins that is never closed; all ends behind character ${charactersIn(text)}`);
    case "UnexpectedEndOfNumber":
    case "InvalidNumberFormat":
      return at(text, offset, `${shown} is no number`);
    case "InvalidCommentToken":
      return at(text, offset, "a comment stands, which JSON has not");
    case "EndOfFileExpected":
    case "InvalidSymbol":
      if (isJson(text.slice(start, offset)))
        return at(text, offset, /[[{]/.test(text.charAt(offset)) ? "a second value begins behind the first one" : `${shown} stands behind the end`);
      return at(
        text,
        offset,
        shown.startsWith(`"'`) ? `${shown} stands in single quotes, JSON has double ones` : `${shown} is nothing that JSON has`,
      );
    default:
      return at(text, offset, `${shown} stands where ${EXPECTED[what] ?? "something else"} is expected`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  PropertyNameExpected: "a name in double quotes",
  ValueExpected: "a value",
  ColonExpected: 'a ":"',
  CommaExpected: 'a "," or a closing bracket',
  CloseBraceExpected: 'a "}"',
  CloseBracketExpected: 'a "]"',
};

/** What may not stand inside a JSON text, a whole escape, or its end. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const TELLING = /[\u0000-\u001f"]|\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])?/g;

/** The first fault inside the JSON text that begins at a place; undefined where it has none, or is only never closed. */
function faultInText(text: string, start: number): { offset: number; what: string } | undefined {
  TELLING.lastIndex = start + 1;
  for (let match = TELLING.exec(text); match && match[0] !== '"'; match = TELLING.exec(text)) {
    const [found] = match;
    if (found === "\\") {
      if (match.index === text.length - 1) return undefined;
      const { length } = text[match.index + 1] === "u" ? "\\u0000" : "\\n";
      return { offset: match.index, what: `${show(text.slice(match.index, match.index + length))} is no escape that JSON has` };
    }
    if (found.length === 1) return { offset: match.index, what: `${controlName(found)} stands inside a text, where JSON has ${escapeOf(found)}` };
  }
  return undefined;
}

const CONTROLS: Readonly<Record<string, string>> = { "\n": "a line feed", "\r": "a carriage return", "\t": "a tab" };

const escapeOf = (character: string) => JSON.stringify(character).slice(1, -1);
const controlName = (character: string) => CONTROLS[character] ?? `the control character ${character.charCodeAt(0)}`;

/** What stands somewhere, in quotes, cut to a bounded length, nothing of which does anything to a terminal. */
function show(text: string): string {
  const shown = JSON.stringify(text.slice(0, MOST_SHOWN)).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return text.length > MOST_SHOWN ? `${shown.slice(0, -1)}…"` : shown;
}

/** Where a fault is: by characters, not UTF-16 units; with its line where there are several. */
function at(text: string, offset: number, what: string): string {
  const before = text.slice(0, offset);
  const lines = before.split("\n");
  const column = charactersIn(lines.at(-1) as string) + 1;
  const line = text.includes("\n") ? ` (line ${lines.length}, character ${column})` : "";
  return `at character ${charactersIn(before) + 1}${line}, ${what}`;
}

function charactersIn(text: string): number {
  let count = 0;
  // The second half of a pair is no character of its own.
  for (let index = 0; index < text.length; index += 1) if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00) count += 1;
  return count;
}
