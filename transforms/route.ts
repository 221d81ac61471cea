/** Sends records to the table that they belong to, for whoever reads many at once: only those that can be told at a glance. */
import type { Header } from "../schemas/header.ts";
import { SIGNAL_TYPES, type SignalType, type Table } from "../schemas/signal-types.ts";
import type { Run } from "./runs.ts";
import type { Block } from "./split.ts";

/** Records of one table as CSV: each has its record_no first, and then the fields that columns() tells. */
export interface Part {
  table: Table;
  /** Only until the next run is routed: the memory is used again. */
  bytes: Buffer;
  /** Its records, by their number in the run, from 1. */
  numbers: number[];
}

/** What becomes of a run. */
export interface Routed {
  parts: Part[];
  /** The other records, by their number in the run, from 1. */
  left: number[];
}

/** A table's columns in the rows of a file. */
interface Lane {
  table: Table;
  /** Positions of the fields that a part has. */
  columns: readonly number[];
  /** The same as ranges, both ends included. */
  ranges: readonly (readonly [number, number])[];
  /** Positions of the fields that the table has no place for: a record that has something there is left. */
  others: readonly number[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;
const N = 0x4e;

const TABLES = ["marketing_signals", "behavior_signals"] as const satisfies Table[];
/** So many fields in a row that a table has no place for are not handed on: copying in pieces has its price too. */
const WORTH_LEAVING_OUT = 8;
/** Longest record_no, with its comma. */
const NUMBER_BYTES = 17;

/** Routes the records of files with a certain header. */
export class Router {
  readonly #fields: number;
  readonly #type: number;
  readonly #lanes: readonly Lane[];
  /** The memory of each lane's part. */
  readonly #memory = new Map<Lane, Buffer>();
  /** Lanes by a hash of the signal type, with its name. */
  readonly #known = new Map<number, { name: string; lane: Lane }>();

  /** @param type where the signal type stands */
  constructor({ fields }: Header, type: number) {
    this.#fields = fields.length;
    this.#type = type;
    this.#lanes = TABLES.map((table) => laneOf(table, fields));
    for (const name of Object.keys(SIGNAL_TYPES)) {
      const lane = this.#lanes.find(({ table }) => table === SIGNAL_TYPES[name as SignalType].table) as Lane;
      const bytes = Buffer.from(name);
      this.#known.set(hashOf(bytes, 0, bytes.length), { name, lane });
    }
  }

  /** The positions of the fields that the parts of a table have; those among them that the table has no place for are null. */
  columns(table: Table): readonly number[] {
    return this.#lanes.find((lane) => lane.table === table)?.columns ?? [];
  }

  /** @param before how many records of the file come before the run */
  route(run: Run, before: number): Routed {
    const texts = new Map(this.#lanes.map((lane) => [lane, new Text(this.#memoryOf(lane, run.bytes + run.records * NUMBER_BYTES))]));
    const left: number[] = [];
    let n = 0;
    for (const block of run.blocks) {
      for (let index = 0; index < block.starts.length; index += 1) {
        n += 1;
        const first = block.firstFields[index] as number;
        const lane = (block.firstFields[index + 1] as number) - first === this.#fields ? this.#laneOf(block, index, first) : undefined;
        if (!lane || !this.#isEmpty(lane.others, block, index, first)) {
          left.push(n);
          continue;
        }
        const text = texts.get(lane) as Text;
        text.begin(n, before + n);
        for (const [from, to] of lane.ranges) text.add(block.bytes, fieldStart(block, index, first, from), this.#end(block, first, to));
      }
    }
    const parts = [...texts].flatMap(([{ table }, text]) => (text.numbers.length > 0 ? [{ table, bytes: text.end(), numbers: text.numbers }] : []));
    return { parts, left };
  }

  #memoryOf(lane: Lane, bytes: number): Buffer {
    const memory = this.#memory.get(lane);
    if (memory && memory.length >= bytes) return memory;
    // A little more, since runs differ a little.
    const larger = Buffer.allocUnsafe(Math.ceil(bytes * 1.1));
    this.#memory.set(lane, larger);
    return larger;
  }

  #isEmpty(others: readonly number[], block: Block, index: number, first: number): boolean {
    for (const field of others) {
      if (!isNull(block.bytes, fieldStart(block, index, first, field), this.#end(block, first, field))) return false;
    }
    return true;
  }

  /** Where a field ends; an unquoted last one has the CR of its line end in it. */
  #end({ bytes, fieldEnds }: Block, first: number, field: number): number {
    const end = fieldEnds[first + field] as number;
    return field === this.#fields - 1 && bytes[end - 1] === CR ? end - 1 : end;
  }

  #laneOf(block: Block, index: number, first: number): Lane | undefined {
    const { bytes } = block;
    let start = fieldStart(block, index, first, this.#type);
    let end = this.#end(block, first, this.#type);
    if (bytes[start] === QUOTE) {
      start += 1;
      end -= 1;
    }
    const known = this.#known.get(hashOf(bytes, start, end));
    if (!known || known.name.length !== end - start) return undefined;
    for (let at = start; at < end; at += 1) if (bytes[at] !== known.name.charCodeAt(at - start)) return undefined;
    return known.lane;
  }
}

function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (hash * 31 + (bytes[at] as number)) | 0;
  return hash;
}

/** A field starts behind the comma after the one before it. */
const fieldStart = ({ starts, fieldEnds }: Block, index: number, first: number, field: number): number =>
  field === 0 ? (starts[index] as number) : (fieldEnds[first + field - 1] as number) + 1;

/** An empty field, quoted or not, and `\N`. */
function isNull(bytes: Buffer, start: number, end: number): boolean {
  if (end === start) return true;
  if (end !== start + 2) return false;
  return (bytes[start] === BACKSLASH && bytes[start + 1] === N) || bytes[start] === QUOTE;
}

function laneOf(table: Table, fields: Header["fields"]): Lane {
  const others = fields.flatMap((meaning, position) => {
    // A marketing signal with content is not told at a glance.
    const hasPlace =
      meaning.contact || (meaning.fixed.tables.includes(table) && !(table === "marketing_signals" && meaning.header === "SIGNAL_CONTENT"));
    return hasPlace ? [] : [position];
  });
  const ranges: [number, number][] = [];
  for (let position = 0; position < fields.length; position += 1) {
    let end = position;
    while (others.includes(end)) end += 1;
    if (end - position >= WORTH_LEAVING_OUT) position = end;
    if (position === fields.length) break;
    const last = ranges.at(-1);
    if (last && last[1] === position - 1) last[1] = position;
    else ranges.push([position, position]);
  }
  const columns = ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
  return { table, columns, ranges, others };
}

/** CSV that is being written. */
class Text {
  readonly #bytes: Buffer;
  #length = 0;
  readonly numbers: number[] = [];

  constructor(memory: Buffer) {
    this.#bytes = memory;
  }

  begin(n: number, recordNo: number): void {
    if (this.numbers.length > 0) this.#bytes[this.#length++] = LF;
    this.numbers.push(n);
    this.#length += this.#bytes.write(String(recordNo), this.#length, "latin1");
  }

  /** Adds some fields, which lie one behind the other. */
  add(bytes: Buffer, start: number, end: number): void {
    this.#bytes[this.#length++] = COMMA;
    this.#length += bytes.copy(this.#bytes, this.#length, start, end);
  }

  end(): Buffer {
    this.#bytes[this.#length++] = LF;
    return this.#bytes.subarray(0, this.#length);
  }
}
