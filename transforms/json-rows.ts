/** JSON files of plain rows: an array of objects, or one object after another, as in JSON Lines. */
import { jsonParser } from "stream-json/parser.js";
import { SignalhouseError } from "../schemas/errors.ts";

/** A value as it is written; numbers keep all their digits. */
interface JsonCell {
  kind: "text" | "number" | "boolean";
  text: string;
}

/** A row's values by name. */
export type JsonRow = Map<string, JsonCell | null>;

/**
 * Reads the rows one by one; holds one piece of the text and what it has.
 * @throws SignalhouseError refset_invalid, naming the row: where the text is no JSON or no UTF-8, a row is no object, or a value is no plain one
 */
export async function* jsonRows(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<JsonRow, undefined> {
  const reader = new RowReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of bytes) yield* reader.take(decode(decoder, reader, chunk));
  yield* reader.take(decode(decoder, reader));
  reader.end();
}

function decode(decoder: InstanceType<typeof TextDecoder>, reader: RowReader, chunk?: Uint8Array): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch {
    throw reader.fault("the file is not UTF-8");
  }
}

class RowReader {
  readonly #parse = jsonParser({ streamValues: false, jsonStreaming: true });
  /** Whether an array holds the rows, once the text has begun. */
  #isArray: boolean | undefined;
  #closed = false;
  #row: JsonRow | undefined;
  #key = "";
  #rows = 0;

  /** Line by line: where the parser fails, it keeps what it had of the text to itself, and the row would not be known. */
  *take(piece: string): Generator<JsonRow, undefined> {
    for (const line of piece.match(/[^\n]*\n|[^\n]+/g) ?? []) {
      for (const token of this.#tokens(line)) {
        const row = this.#consume(token.name, "value" in token ? String(token.value) : "");
        if (row) yield row;
      }
    }
  }

  end(): void {
    // A number ends where something else follows it.
    for (const token of this.#tokens(" ")) this.#consume(token.name, "value" in token ? String(token.value) : "");
    if (this.#row || (this.#isArray && !this.#closed)) throw this.fault("the text ends too early");
  }

  fault(what: string): SignalhouseError {
    const where = this.#row ? `in row ${this.#rows + 1}` : `after row ${this.#rows}`;
    return new SignalhouseError(
      "refset_invalid",
      `the JSON cannot be read as rows: ${where}, ${what}`,
      "It takes an array of objects, or one object a line, with plain values: texts, numbers, true, false, null.",
    );
  }

  #tokens(piece: string) {
    try {
      const tokens = this.#parse(piece);
      return typeof tokens === "object" ? (tokens.values as { name: string; value?: unknown }[]) : [];
    } catch (error) {
      throw this.fault((error as Error).message);
    }
  }

  #consume(name: string, value: string): JsonRow | undefined {
    if (!this.#row) return this.#between(name);
    switch (name) {
      case "keyValue":
        if (this.#row.has(value)) throw this.fault(`"${value}" is there twice`);
        this.#key = value;
        return undefined;
      case "endObject": {
        const row = this.#row;
        this.#row = undefined;
        this.#rows += 1;
        return row;
      }
      case "stringValue":
        this.#row.set(this.#key, { kind: "text", text: value });
        return undefined;
      case "numberValue":
        this.#row.set(this.#key, { kind: "number", text: value });
        return undefined;
      case "trueValue":
      case "falseValue":
        this.#row.set(this.#key, { kind: "boolean", text: name === "trueValue" ? "TRUE" : "FALSE" });
        return undefined;
      case "nullValue":
        this.#row.set(this.#key, null);
        return undefined;
      default:
        throw this.fault(`"${this.#key}" is ${name === "startArray" ? "a list" : "an object"}`);
    }
  }

  #between(name: string): undefined {
    if (name === "startObject" && !this.#closed) {
      this.#isArray ??= false;
      this.#row = new Map();
    } else if (name === "startArray" && this.#isArray === undefined) this.#isArray = true;
    else if (name === "endArray" && this.#isArray && !this.#closed) this.#closed = true;
    else throw this.fault("something is no object");
  }
}
