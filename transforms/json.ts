/** Reading SIGNAL_CONTENT as JSON with every number as it is written. */
import { setImmediate } from "node:timers/promises";
import Assembler from "stream-json/assembler.js";
import { jsonParser } from "stream-json/parser.js";
import { LONG_NUMBER, LongNumber } from "../schemas/kinds.ts";
import { faultIn } from "./json-fault.ts";

/** The streaming parser takes text in pieces of this many characters, and everything else gets its turn between two. */
const PIECE = 64 * 1024;
/** Nested deeper than this, content is no JSON to us: DuckDB's JSON functions go down by recursion, and take the process with them. */
export const MAX_DEPTH = 1000;
/** With more members of objects and lists than this, content is none of a signal: as objects of JavaScript they would take a gigabyte. */
const MAX_VALUES = 1_000_000;
/** From this many characters on, text is read in pieces even where JSON.parse could read it. */
const LARGE = 1024 * 1024;

/** What reading gives: the value, or the fault as words that say what is wrong, and where. */
export type JsonResult = { value: unknown; fault?: undefined } | { fault: string };

/**
 * Reads JSON text; blanks of any kind may stand around it. Numbers that a double does not give back as they are written come back as LongNumber. Where an object
 * has a name twice its last value counts, and repeatedIn() tells the others. JSON.parse reads nearly all of it; stream-json what JSON.parse would change, or hold up
 * everything else for: a promise is given only then.
 */
export function readJson(text: string): JsonResult | Promise<JsonResult> {
  if (text.length < PIECE) return readJsonNow(text);
  const json = withoutBlanks(text);
  const isLarge = json.length >= LARGE || (json.length >= PIECE && LONG_NUMBER.test(json));
  return isLarge && tooMuchIn(json) === undefined ? readInPieces(text, json) : readJsonNow(text);
}

/** The same, in one go. */
export function readJsonNow(text: string): JsonResult {
  const json = withoutBlanks(text);
  const tooMuch = tooMuchIn(json);
  if (tooMuch !== undefined) return { fault: tooMuch };
  try {
    // Where a text is large, looking for long numbers costs more than reading them.
    return { value: json.length >= LARGE || LONG_NUMBER.test(json) ? readExactly(json) : parse(json) };
  } catch {
    return faultOf(text, json);
  }
}

function faultOf(text: string, json: string): JsonResult {
  const start = startOf(text);
  return { fault: faultIn(text, start, start + json.length) };
}

/** Reads JSON without long numbers. What JSON.parse does not tell, that a name is there twice, the names themselves do: there are more of them in the text. */
function parse(json: string): unknown {
  const value = JSON.parse(json) as unknown;
  return namesIn(json) === namesOf(value) ? value : readExactly(json);
}

function readExactly(json: string): unknown {
  const reader = new ExactReader();
  reader.take(json);
  return reader.end();
}

async function readInPieces(text: string, json: string): Promise<JsonResult> {
  const reader = new ExactReader();
  try {
    for (let start = 0; start < json.length; start += PIECE) {
      if (start > 0) await setImmediate();
      reader.take(json.slice(start, start + PIECE));
    }
    return { value: reader.end() };
  } catch {
    return faultOf(text, json);
  }
}

/** Blanks of Unicode, those without width among them, and byte order marks: nothing that anybody sees. */
const BLANK = /[\s\u0085\u180e\u200b-\u200d\u2060\ufeff]/;

/** Whether a character is blank; of printable ASCII, which nearly every text begins and ends with, that is told without a pattern. */
function isBlankAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return !(code > 0x20 && code < 0x7f) && BLANK.test(text.charAt(at));
}

function startOf(text: string): number {
  let start = 0;
  while (start < text.length && isBlankAt(text, start)) start += 1;
  return start;
}

/** A text without the blanks around it, of whatever kind. */
export function withoutBlanks(text: string): string {
  const start = startOf(text);
  let end = text.length;
  while (end > start && isBlankAt(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

/** JSON text as databases take it: as it is, unless there are blanks around it that JSON does not have. */
export function plainJson(text: string): string {
  const json = withoutBlanks(text);
  return json.length < text.length && /[^ \t\r\n]/.test(text.replace(json, "")) ? json : text;
}

/** How many names the objects of a JSON text have: a colon stands behind each, and nowhere else outside texts. */
function namesIn(json: string): number {
  let names = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) at = stringEnd(json, at);
    else if (character === COLON) names += 1;
  }
  return names;
}

/** How many names the objects of a value have. */
function namesOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((names, member) => names + namesOf(member), 0);
  const names = Object.keys(value);
  return names.reduce((sum, name) => sum + namesOf((value as Record<string, unknown>)[name]), names.length);
}

/** Why a text is not read, which is told before it takes memory; undefined where it is. */
function tooMuchIn(json: string): string | undefined {
  if (json.length <= 2 * MAX_DEPTH) return undefined;
  const { deepest, values } = shapeOf(json);
  if (deepest > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`;
  return values > MAX_VALUES ? `it has more than ${MAX_VALUES.toLocaleString("en-US")} values` : undefined;
}

/** How deep brackets and braces nest, and how many values there may be at the most, outside strings. */
function shapeOf(text: string): { deepest: number; values: number } {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = stringEnd(text, at);
    // In ASCII "[" and "{" differ in one bit, and so do their counterparts.
    else if ((character | 0x20) === OPEN) {
      deepest = Math.max(deepest, (depth += 1));
      values += 1;
    } else if ((character | 0x20) === CLOSE) depth -= 1;
    else if (character === COMMA) values += 1;
  }
  return { deepest, values };
}

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN, CLOSE] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d];

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Reads one JSON text, piece by piece. Its methods throw where the text is no JSON. */
class ExactReader {
  readonly #parse = jsonParser({ streamValues: false });
  readonly #assembler = new ExactAssembler();

  take(piece: string): void {
    const tokens = this.#parse(piece);
    if (typeof tokens === "object") for (const token of tokens.values) this.#assembler.consume(token);
  }

  /** The value: the text ends here. */
  end(): unknown {
    // A number ends where something else follows it.
    this.take(" ");
    if (!this.#assembler.done || this.#assembler.current === undefined) throw new Error("the JSON text ends too early");
    return this.#assembler.current;
  }
}

/** Where an object has what its names said before their last values: JSON.stringify and Object.entries pass it over. */
const REPEATED = Symbol("repeated");

/** What an object's names said before their last values, in order: JSON may have a name several times. */
export function repeatedIn(value: object): readonly (readonly [name: string, value: unknown])[] {
  return (value as { [REPEATED]?: [string, unknown][] })[REPEATED] ?? [];
}

/** Assembles objects as JSON.parse would, but for long numbers, for keys like __proto__, which stay keys, and for those that come again, see repeatedIn(). */
class ExactAssembler extends Assembler {
  /** Undefined until there is a value. */
  override current: unknown = undefined;

  override startObject(): void {
    super.startObject();
    this.current = Object.create(null) as unknown;
  }

  override keyValue(name: string): void {
    super.keyValue(name);
    const object = this.current as Record<string, unknown> & { [REPEATED]?: [string, unknown][] };
    if (Object.hasOwn(object, name)) (object[REPEATED] ??= []).push([name, object[name]]);
  }

  override numberValue(value: string): void {
    const number = Number(value);
    const saved = String(number) === value ? number : new LongNumber(value);
    // The assembler saves what stringValue is given as it is.
    this.stringValue(saved as unknown as string);
  }
}

/** JSON text as it is kept. DuckDB's JSON functions refuse half of a surrogate pair, and one row would fail every query: such a text is kept as a JSON text that holds it. */
export const storedContent = (json: string): string => (hasHalfCharacters(json) ? JSON.stringify(json) : json);

/** The JSON text that was kept so. */
export function contentOfStored(stored: string): string {
  const text = stored.startsWith('"') ? (JSON.parse(stored) as string) : "";
  return hasHalfCharacters(text) ? text : stored;
}

const ESCAPES = /\\(?:u([0-9a-fA-F]{4})|.)/g;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Whether JSON text spells half a surrogate pair: valid JSON, but no database's JSON functions take it. */
export function hasHalfCharacters(json: string): boolean {
  if (!SURROGATE_ESCAPE.test(json)) return false;
  /** Behind a first half: where the second one must stand. */
  let second = -1;
  for (const { index, 1: digits = "0" } of json.matchAll(ESCAPES)) {
    const half = Number.parseInt(digits, 16) & 0xfc00;
    if (second === index) {
      if (half !== 0xdc00) return true;
      second = -1;
    } else if (second !== -1 || half === 0xdc00) return true;
    else if (half === 0xd800) second = index + 6;
  }
  return second !== -1;
}
