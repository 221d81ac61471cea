/** Sends records to the table that they belong to, for whoever reads many at once: only those that can be told at a glance. */
import { isUtf8 } from "node:buffer";
import type { Header } from "../schemas/header.ts";
import { SIGNAL_TYPES, type SignalType, type Table } from "../schemas/signal-types.ts";
import { ParquetRows } from "./parquet.ts";
import { type Block, fieldEnd, fieldStart } from "./block.ts";
import { ColumnMemory } from "./columns.ts";

/** Records of one table as Parquet: their record_no, and the fields that placesIn() tells, as f and their position in the header. */
export interface Part {
  table: Table;
  /** The file, in pieces. Only until more is added: the memory is used again. */
  file: readonly Uint8Array[];
  records: number;
}

/** Positions from one to another, both included. */
type Range = readonly [from: number, to: number];

/** The way to a table. */
interface Route {
  table: Table;
  /** Positions of the fields that the table has no place for: a record that has something there is left. */
  others: readonly Range[];
  rows: ParquetRows;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const N = 0x4e;

/** Routes the records of files with a certain header. */
export class Router {
  readonly #fields: number;
  readonly #type: number;
  readonly #routes: readonly Route[];
  readonly #memory = new ColumnMemory();
  #isTaken = false;
  /** Routes by a hash of the signal type, with its name. */
  readonly #known = new Map<number, { name: string; route: Route }>();

  /** @param type where the signal type stands @param tables the records of others are left */
  constructor({ fields }: Header, type: number, tables: Iterable<Table>) {
    this.#fields = fields.length;
    this.#type = type;
    this.#routes = [...tables].map((table) => routeOf(table, fields, this.#memory));
    for (const name of Object.keys(SIGNAL_TYPES)) {
      const route = this.#routes.find(({ table }) => table === SIGNAL_TYPES[name as SignalType].table);
      if (!route) continue;
      const bytes = Buffer.from(name);
      this.#known.set(hashOf(bytes, 0, bytes.length), { name, route });
    }
  }

  /**
   * Adds the records of a block to the parts of their tables.
   * @param before how many records of the file come before it
   * @returns the record_no of those that are left
   */
  add(block: Block, before: number): number[] {
    const left: number[] = [];
    const indexes = new Map(this.#routes.map((route) => [route, [] as number[]]));
    const isText = isPlain(block.bytes);
    for (let index = 0; index < block.records; index += 1) {
      const route = isText ? this.#routeOf(block, index) : undefined;
      if (route) indexes.get(route)?.push(index);
      else left.push(before + index + 1);
    }
    if (left.length === block.records) return left;
    if (this.#isTaken) this.#memory.clear();
    this.#isTaken = false;
    this.#memory.setBlock(block);
    for (const [route, some] of indexes) route.rows.add(block, some, before);
    return left;
  }

  /** Gives the parts of what was added, and begins new ones. */
  take(): Part[] {
    this.#isTaken = true;
    return this.#routes.flatMap(({ table, rows }) => {
      const records = rows.count;
      return records > 0 ? [{ table, file: rows.take(), records }] : [];
    });
  }

  /** The table that a record belongs to; undefined where that cannot be told at a glance. */
  #routeOf(block: Block, index: number): Route | undefined {
    const { bytes, starts, firstFields } = block;
    if ((starts[index + 1] ?? bytes.length) - (starts[index] as number) > LARGE) return undefined;
    if ((firstFields[index + 1] as number) - (firstFields[index] as number) !== this.#fields) return undefined;
    let start = fieldStart(block, index, this.#type);
    let end = fieldEnd(block, index, this.#type);
    if (bytes[start] === QUOTE) {
      start += 1;
      end -= 1;
    }
    const known = this.#known.get(hashOf(bytes, start, end));
    if (!known || known.name.length !== end - start) return undefined;
    for (let at = start; at < end; at += 1) if (bytes[at] !== known.name.charCodeAt(at - start)) return undefined;
    for (const range of known.route.others) if (!isEmpty(block, index, range)) return undefined;
    return known.route;
  }
}

/** Bytes of a record: DuckDB would hold larger ones several times, 2,048 at once. */
const LARGE = 256 * 1024;

/** UTF-8 without NUL. */
const isPlain = (bytes: Buffer) => !bytes.includes(0) && isUtf8(bytes);

function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (hash * 31 + (bytes[at] as number)) | 0;
  return hash;
}

/** Whether some fields in a row are all null. */
function isEmpty(block: Block, index: number, [from, to]: Range): boolean {
  // Nearly always there is nothing but their commas.
  if (fieldEnd(block, index, to) - fieldStart(block, index, from) === to - from) return true;
  for (let field = from; field <= to; field += 1) {
    if (!isNull(block.bytes, fieldStart(block, index, field), fieldEnd(block, index, field))) return false;
  }
  return true;
}

/** An empty field, quoted or not, and `\N`. */
function isNull(bytes: Buffer, start: number, end: number): boolean {
  if (end === start) return true;
  if (end !== start + 2) return false;
  return (bytes[start] === BACKSLASH && bytes[start + 1] === N) || bytes[start] === QUOTE;
}

/** The positions of the fields that the parts of a table have. */
export function placesIn(table: Table, fields: Header["fields"]): number[] {
  return fields.flatMap((meaning, position) => {
    // A marketing signal with content is not told at a glance.
    const hasPlace =
      meaning.contact || (meaning.fixed.tables.includes(table) && !(table === "marketing_signals" && meaning.header === "SIGNAL_CONTENT"));
    return hasPlace ? [position] : [];
  });
}

function routeOf(table: Table, fields: Header["fields"], memory: ColumnMemory): Route {
  const columns = placesIn(table, fields);
  const others: [number, number][] = [];
  for (const position of fields.keys()) {
    if (columns.includes(position)) continue;
    if (others.at(-1)?.[1] === position - 1) (others.at(-1) as [number, number])[1] = position;
    else others.push([position, position]);
  }
  return { table, others, rows: new ParquetRows(columns, memory) };
}
