/** Sends records to the table that they belong to, for whoever reads many at once: only those that can be told at a glance. */
import { isUtf8 } from "node:buffer";
import type { Header } from "../schemas/header.ts";
import { plainPlan } from "../schemas/plain-columns.ts";
import { NULL_TEXT } from "../schemas/kinds.ts";
import { isListed, SIGNAL_TYPES, type SignalType, type Table, TYPE_NAMES } from "../schemas/signal-types.ts";
import { type Block, fieldEnd, fieldStart, recordAt } from "./block.ts";
import { CASE, QUOTE } from "./bytes.ts";
import { ColumnMemory } from "./columns.ts";
import { placePlan } from "./content-plan.ts";
import { type Chosen, TableRows } from "./table-rows.ts";

/** Records of one table as Parquet: their record_no, and the columns that plainPlan() tells, typed. */
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
  rows: TableRows;
}

interface KnownType {
  name: string;
  number: number;
  route: Route;
  isListed: boolean;
}

const [BACKSLASH, N] = Buffer.from(NULL_TEXT);

/** Routes the records of files with a certain header. */
export class Router {
  readonly #fields: number;
  readonly #type: number;
  readonly #category: number | undefined;
  readonly #routes: readonly Route[];
  readonly #memory = new ColumnMemory();
  #isTaken = false;
  /** Types by a hash of their names in lower case. */
  readonly #known = new Map<number, KnownType>();

  /** @param type where the signal type stands @param tables the records of others are left */
  constructor(header: Header, type: number, tables: Iterable<Table>) {
    this.#fields = header.fields.length;
    this.#type = type;
    this.#category = header.positions.get("CATEGORY");
    placePlan(this.#memory.assembly);
    this.#routes = [...tables].map((table) => routeOf(table, header, this.#memory));
    for (const [number, name] of TYPE_NAMES.entries()) {
      const route = this.#routes.find(({ table }) => table === SIGNAL_TYPES[name as SignalType].table);
      if (!route) continue;
      const bytes = Buffer.from(name);
      this.#known.set(hashOf(bytes, 0, bytes.length), { name, number, route, isListed: isListed(name as SignalType) });
    }
  }

  /**
   * Adds the records of a block to the parts of their tables.
   * @param before how many records of the file come before it
   * @returns the record_no of those that are left, in order
   */
  add(block: Block, before: number): number[] {
    const left: number[] = [];
    const chosen = new Map<Route, Chosen>(this.#routes.map((route) => [route, { indexes: [], types: [], bytes: 0 }]));
    const isTooLarge = block.bytes.length > LARGEST;
    // One damaged record does not make its neighbours slow: only where there is one, each is looked at by itself.
    const isText = isTooLarge || isPlain(block.bytes);
    for (let index = 0; index < block.records; index += 1) {
      // What has a key of its own, or is not to be loaded, is nothing that a record says.
      const known = !block.marks?.has(index) && !isTooLarge && (isText || isPlain(recordAt(block, index))) ? this.#knownOf(block, index) : undefined;
      const records = known && (chosen.get(known.route) as Chosen);
      if (!records) {
        left.push(before + index + 1);
        continue;
      }
      records.indexes.push(index);
      records.types.push(known.number);
      records.bytes += sizeOf(block, index);
    }
    if (left.length === block.records) return left;
    if (this.#isTaken) this.#memory.clear();
    this.#isTaken = false;
    this.#memory.setBlock(block);
    for (const [{ rows }, records] of chosen) for (const index of rows.add(block, records, before)) left.push(before + index + 1);
    return left.sort((a, b) => a - b);
  }

  /** Gives the parts of what was added, and begins new ones. */
  take(): Part[] {
    this.#isTaken = true;
    return this.#routes.flatMap(({ table, rows }) => {
      const records = rows.count;
      return records > 0 ? [{ table, file: rows.take(), records }] : [];
    });
  }

  /** A record's type, and so its table; undefined where that cannot be told at a glance. */
  #knownOf(block: Block, index: number): KnownType | undefined {
    const { bytes, firstFields } = block;
    if (sizeOf(block, index) > LARGE) return undefined;
    if ((firstFields[index + 1] as number) - (firstFields[index] as number) !== this.#fields) return undefined;
    let start = fieldStart(block, index, this.#type);
    let end = fieldEnd(block, index, this.#type);
    if (bytes[start] === QUOTE) {
      start += 1;
      end -= 1;
    }
    const known = this.#known.get(hashOf(bytes, start, end));
    if (!known || known.name.length !== end - start) return undefined;
    for (let at = start; at < end; at += 1) {
      if (bytes[at] === known.name.charCodeAt(at - start)) continue;
      // In another spelling.
      if (((bytes[at] as number) | CASE) !== (known.name.charCodeAt(at - start) | CASE)) return undefined;
    }
    // What is on no page of Connect's exports may be of the other table.
    if (!known.isListed && !this.#isBehavior(block, index)) return undefined;
    for (const range of known.route.others) if (!isEmpty(block, index, range)) return undefined;
    return known;
  }

  #isBehavior(block: Block, index: number): boolean {
    if (this.#category === undefined) return false;
    const text = block.bytes.toString("latin1", fieldStart(block, index, this.#category), fieldEnd(block, index, this.#category));
    return /^"?behavior"?$/i.test(text);
  }
}

/** Bytes of a block: more of one that has a very large record, and what is made of it, might not have room in the memory for columns. */
const LARGEST = 128 * 1024 * 1024;

/** Bytes of a record: DuckDB would hold larger ones several times, 2,048 at once. */
const LARGE = 256 * 1024;

const sizeOf = ({ bytes, starts }: Block, index: number) => (starts[index + 1] ?? bytes.length) - (starts[index] as number);

/** UTF-8 without NUL. */
const isPlain = (bytes: Buffer) => !bytes.includes(0) && isUtf8(bytes);

/** The same for letters in upper and lower case. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (hash * 31 + ((bytes[at] as number) | CASE)) | 0;
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

/** An empty field, quoted or not, and NULL_TEXT: isNull() of schemas/kinds.ts, of bytes. */
function isNull(bytes: Buffer, start: number, end: number): boolean {
  if (end === start) return true;
  if (end !== start + 2) return false;
  return (bytes[start] === BACKSLASH && bytes[start + 1] === N) || bytes[start] === QUOTE;
}

function routeOf(table: Table, header: Header, memory: ColumnMemory): Route {
  const plan = plainPlan(table, header);
  const others: [number, number][] = [];
  for (const place of plan.others) {
    if (others.at(-1)?.[1] === place - 1) (others.at(-1) as [number, number])[1] = place;
    else others.push([place, place]);
  }
  return { table, others, rows: new TableRows(plan, header.positions.get("SIGNAL_ID"), header.fields.length - 1, memory) };
}
