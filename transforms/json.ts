/** Reading SIGNAL_CONTENT as JSON with every number as it is written. */
import { setImmediate } from "node:timers/promises";
import Assembler from "stream-json/assembler.js";
import { jsonParser } from "stream-json/parser.js";
import { LONG_NUMBER, LongNumber } from "../schemas/kinds.ts";

/** The streaming parser takes text in pieces of this many characters, and everything else gets its turn between two. */
const PIECE = 64 * 1024;
/** Nested deeper than this, content is no JSON to us: DuckDB's JSON functions go down by recursion, and take the process with them. */
const MAX_DEPTH = 1000;
/** From this many characters on, text is read in pieces even where JSON.parse could read it. */
const LARGE = 1024 * 1024;

/**
 * Reads JSON text. Numbers that a double does not give back as they are written come back as LongNumber.
 * JSON.parse reads nearly all of it; stream-json what JSON.parse would spell otherwise, or hold up everything else for.
 * @returns the value, or the fault as a text that says what is wrong
 */
export function readJson(text: string): JsonResult | Promise<JsonResult> {
  if (text.length > 2 * MAX_DEPTH && depthOf(text) > MAX_DEPTH) return { fault: `it is nested deeper than ${MAX_DEPTH} levels` };
  const suspicious = LONG_NUMBER.test(text);
  if (text.length >= (suspicious ? PIECE : LARGE)) return readInPieces(text);
  try {
    return { value: suspicious ? readExactly(text) : (JSON.parse(text) as unknown) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

export type JsonResult = { value: unknown; fault?: undefined } | { fault: string };

function readExactly(text: string): unknown {
  const reader = new ExactReader();
  reader.take(text);
  return reader.end();
}

async function readInPieces(text: string): Promise<JsonResult> {
  const reader = new ExactReader();
  try {
    for (let start = 0; start < text.length; start += PIECE) {
      if (start > 0) await setImmediate();
      reader.take(text.slice(start, start + PIECE));
    }
    return { value: reader.end() };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/** How deep brackets and braces nest, outside strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = stringEnd(text, at);
    // In ASCII "[" and "{" differ in one bit, and so do their counterparts.
    else if ((character | 0x20) === OPEN) deepest = Math.max(deepest, (depth += 1));
    else if ((character | 0x20) === CLOSE) depth -= 1;
  }
  return deepest;
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

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

/** Assembles objects as JSON.parse would, but for long numbers, and for keys like __proto__, which stay keys. */
class ExactAssembler extends Assembler {
  /** Undefined until there is a value. */
  override current: unknown = undefined;

  override startObject(): void {
    super.startObject();
    this.current = Object.create(null) as unknown;
  }

  override numberValue(value: string): void {
    const number = Number(value);
    const saved = String(number) === value ? number : new LongNumber(value);
    // The assembler saves what stringValue is given as it is.
    this.stringValue(saved as unknown as string);
  }
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** The same in what JSON.stringify writes: it escapes nothing but half pairs so. An even number of backslashes before it would be data. */
const HALF_CHARACTER = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** Whether JSON text spells half a surrogate pair: valid JSON, but no database's JSON functions take it. */
export function hasHalfCharacters(text: string, value: unknown): boolean {
  return SURROGATE_ESCAPE.test(text) && HALF_CHARACTER.test(JSON.stringify(value));
}
