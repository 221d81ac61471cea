/**
 * Writes rows of text as Parquet, for whoever reads columns: a value is copied as it is, with its length, and what is null costs a bit. That is all of the format that is used here:
 * one row group, a page a column, nothing compressed, no dictionaries (https://parquet.apache.org/docs/file-format/).
 */
import { type Block, fieldCount, fieldEnd, fieldStart } from "./split.ts";
import { Words } from "./words.ts";

/** Rows with a number each, and texts that may be null. Its memory is kept for the next rows. */
export class ParquetRows {
  readonly #columns: { position: number; texts: TextColumn }[];
  #numbers: number[] = [];

  /** @param positions of the fields that become columns, named f and their position; that of the numbers is record_no */
  constructor(positions: readonly number[]) {
    this.#columns = positions.map((position) => ({ position, texts: new TextColumn() }));
  }

  get count(): number {
    return this.#numbers.length;
  }

  /**
   * Adds some records of a block. A field that is empty or `\N`, quoted or not, is null.
   * @param indexes which, from 0 @param before how many records of the file come before the block
   */
  add(block: Block, indexes: readonly number[], before: number): void {
    const rows = this.#numbers.length;
    for (const index of indexes) this.#numbers.push(before + index + 1);
    const firstFields = Uint32Array.from(indexes, (index) => block.firstFields[index] as number);
    const fields = indexes.length > 0 ? fieldCount(block, indexes[0] as number) : 0;
    const odd = Uint32Array.from(indexes, (_, row) => row * 2 + 1);
    const source = new Words(block.bytes);
    // Column by column: what the innermost loop uses is then always the same.
    for (const { position, texts } of this.#columns) {
      // Where the field is the first of its record, or the last, the marks are looked at one by one.
      if (position === 0 || position === fields - 1) texts.add(source, boundsOf(block, indexes, position), odd, 0, rows);
      else texts.add(source, block.fieldEnds, firstFields, position, rows);
    }
  }

  /** The file, in pieces that are valid until rows are added again: it begins anew. */
  take(): Uint8Array[] {
    const rows = this.#numbers.length;
    const pieces: Uint8Array[] = [MAGIC];
    let offset = MAGIC.length;
    const put = (type: number, levels: Uint8Array, values: Uint8Array): Chunk => {
      const size = levels.length + values.length;
      const header = pageHeader(rows, size);
      pieces.push(header, levels, values);
      const chunk = { type, offset, size: header.length + size };
      offset += chunk.size;
      return chunk;
    };
    const chunks = [
      { name: "record_no", ...put(INT64, NONE, numberBytes(this.#numbers)) },
      ...this.#columns.map(({ position, texts }) => ({ name: `f${position}`, ...put(BYTE_ARRAY, texts.levels(rows), texts.bytes) })),
    ];
    const footer = fileMetadata(rows, chunks);
    this.#numbers = [];
    for (const { texts } of this.#columns) texts.clear();
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, footer.length, true);
    return [...pieces, footer, length, MAGIC];
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const N = 0x4e;
const LENGTH_BYTES = 4;
/** Words may be copied beyond a text's end. */
const SLACK = 4;

/** The texts of a column, each behind its length, and which rows have one. */
class TextColumn {
  #target = new Words(new Uint8Array(16 * 1024));
  #length = 0;
  #present = new Uint8Array(1024);

  clear(): void {
    this.#length = 0;
    this.#present.fill(0);
  }

  /** @param source the block's bytes @param ends where fields end, each one behind the one before @param fields and @param position tell which of them @param rows how many there are already */
  add(source: Words, ends: Uint32Array, fields: Uint32Array, position: number, rows: number): void {
    if (this.#present.length * 8 < rows + fields.length) this.#present = grown(this.#present, (rows + fields.length) >> 2);
    const present = this.#present;
    let target = this.#target;
    let length = this.#length;
    for (let row = 0; row < fields.length; row += 1) {
      const field = (fields[row] as number) + position;
      // As whole numbers of 32 bits: one before the first place is 2^32 - 1.
      const start = ((ends[field - 1] as number) + 1) | 0;
      const end = (ends[field] as number) | 0;
      if (start === end) continue;
      const to = length + LENGTH_BYTES;
      if (to + end - start + SLACK > target.length) {
        target = this.#target = new Words(grown(target.bytes, (to + end - start + SLACK) * 2));
      }
      const at = source.bytes[start] === QUOTE ? unquote(source, start + 1, end - 1, target, to) : target.copy(source, start, end, to);
      const size = at - to;
      if (size === 0 || (size === 2 && target.bytes[to] === BACKSLASH && target.bytes[to + 1] === N)) continue;
      target.view.setUint32(to - LENGTH_BYTES, size, true);
      length = at;
      present[(rows + row) >> 3] = (present[(rows + row) >> 3] as number) | (1 << ((rows + row) & 7));
    }
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return this.#target.bytes.subarray(0, this.#length);
  }

  /** Which of so many rows have a text, as definition levels: one bit-packed run, behind its length. */
  levels(rows: number): Uint8Array {
    const bits = (rows + 7) >> 3;
    const run = new Thrift().varint(bits * 2 + 1).bytes;
    const levels = new Uint8Array(LENGTH_BYTES + run.length + bits);
    new DataView(levels.buffer).setUint32(0, run.length + bits, true);
    levels.set(run, LENGTH_BYTES);
    levels.set(this.#present.subarray(0, bits), LENGTH_BYTES + run.length);
    return levels;
  }
}

/** Where a field of some records starts, less one, and ends. */
function boundsOf(block: Block, indexes: readonly number[], position: number): Uint32Array {
  const bounds = new Uint32Array(indexes.length * 2);
  for (const [row, index] of indexes.entries()) {
    bounds[row * 2] = fieldStart(block, index, position) - 1;
    bounds[row * 2 + 1] = fieldEnd(block, index, position);
  }
  return bounds;
}

/** Copies what stands between quotes, in which a quote is doubled. @returns the place behind the copy */
function unquote(source: Words, start: number, end: number, target: Words, to: number): number {
  let [from, at] = [start, to];
  while (from < end) {
    const quote = source.indexOf(QUOTE, from);
    const stop = quote < end ? quote + 1 : end;
    at = target.copy(source, from, stop, at);
    from = stop + 1;
  }
  return at;
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

function numberBytes(numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 8));
  for (const [index, number] of numbers.entries()) {
    view.setUint32(index * 8, number % 2 ** 32, true);
    view.setUint32(index * 8 + 4, Math.floor(number / 2 ** 32), true);
  }
  return new Uint8Array(view.buffer);
}

/** Where a column is in the file. */
interface Chunk {
  type: number;
  offset: number;
  size: number;
}

const MAGIC = Buffer.from("PAR1");
const NONE = new Uint8Array(0);
// The format's own numbers, by their names in parquet.thrift.
const [INT64, BYTE_ARRAY] = [2, 6];
const [REQUIRED, OPTIONAL] = [0, 1];
const [PLAIN, RLE] = [0, 3];
const [UTF8, UNCOMPRESSED, DATA_PAGE] = [0, 0, 0];

function pageHeader(rows: number, size: number): Uint8Array {
  const data = new Thrift().int(1, rows).int(2, PLAIN).int(3, RLE).int(4, RLE);
  return new Thrift().int(1, DATA_PAGE).int(2, size).int(3, size).struct(5, data).stop().bytes;
}

function fileMetadata(rows: number, chunks: readonly (Chunk & { name: string })[]): Uint8Array {
  const root = new Thrift().text(4, "rows").int(5, chunks.length);
  const schema = chunks.map(({ name, type }) => {
    const element = new Thrift()
      .int(1, type)
      .int(3, type === BYTE_ARRAY ? OPTIONAL : REQUIRED)
      .text(4, name);
    return type === BYTE_ARRAY ? element.int(6, UTF8) : element;
  });
  const columns = chunks.map(({ name, type, offset, size }) => {
    const metadata = new Thrift().int(1, type).ints(2, [PLAIN, RLE]).texts(3, [name]).int(4, UNCOMPRESSED).long(5, rows).long(6, size).long(7, size);
    return new Thrift().long(2, offset).struct(3, metadata.long(9, offset));
  });
  const bytes = chunks.reduce((sum, { size }) => sum + size, 0);
  const group = new Thrift().structs(1, columns).long(2, bytes).long(3, rows);
  return new Thrift()
    .int(1, 1)
    .structs(2, [root, ...schema])
    .long(3, rows)
    .structs(4, [group])
    .stop().bytes;
}

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];

/** A struct in Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), field after field. */
class Thrift {
  readonly #bytes: number[] = [];
  #field = 0;

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  int(field: number, value: number): this {
    return this.#begin(field, I32).varint(value * 2);
  }

  long(field: number, value: number): this {
    return this.#begin(field, I64).varint(value * 2);
  }

  text(field: number, value: string): this {
    return this.#begin(field, BINARY).#text(value);
  }

  texts(field: number, values: readonly string[]): this {
    this.#list(field, BINARY, values.length);
    for (const value of values) this.#text(value);
    return this;
  }

  ints(field: number, values: readonly number[]): this {
    this.#list(field, I32, values.length);
    for (const value of values) this.varint(value * 2);
    return this;
  }

  struct(field: number, value: Thrift): this {
    this.#begin(field, STRUCT).#add(value.stop().#bytes);
    return this;
  }

  structs(field: number, values: readonly Thrift[]): this {
    this.#list(field, STRUCT, values.length);
    for (const value of values) this.#add(value.stop().#bytes);
    return this;
  }

  stop(): this {
    this.#bytes.push(0);
    return this;
  }

  /** A number of any size, seven bits a byte. */
  varint(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) + 128);
    this.#bytes.push(rest);
    return this;
  }

  #begin(field: number, type: number): this {
    this.#bytes.push((field - this.#field) * 16 + type);
    this.#field = field;
    return this;
  }

  #list(field: number, type: number, length: number): void {
    this.#begin(field, LIST);
    if (length < 15) this.#bytes.push(length * 16 + type);
    else this.#add([240 + type]).varint(length);
  }

  #text(value: string): this {
    const bytes = Buffer.from(value);
    return this.varint(bytes.length).#add(bytes);
  }

  #add(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
}
