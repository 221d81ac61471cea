/**
 * Writes rows as Parquet, for whoever reads columns: a text stands there as it is, behind its length, and what is null costs a bit. That is all of the format that is used here:
 * one row group, a page a column, nothing compressed, no dictionaries (https://parquet.apache.org/docs/file-format/).
 */
import type { ColumnValues } from "./columns.ts";
import { Thrift } from "./thrift.ts";

export interface ParquetColumn {
  name: string;
  values: ColumnValues;
  /** What they are: texts, texts that are JSON for sure, or times, as microseconds since 1970 in UTC. */
  type: "text" | "json" | "time";
}

/**
 * A file of rows with a number each, as record_no, and columns whose values may be null.
 * @returns its pieces, some of which are the columns' memory
 */
export function parquetOf(numbers: readonly number[], columns: readonly ParquetColumn[]): Uint8Array[] {
  const rows = numbers.length;
  const pieces: Uint8Array[] = [MAGIC];
  let offset = MAGIC.length;
  const put = (...page: Uint8Array[]): Place => {
    const size = page.reduce((sum, { length }) => sum + length, 0);
    const header = pageHeader(rows, size);
    pieces.push(header, ...page);
    const place = { offset, size: header.length + size };
    offset += place.size;
    return place;
  };
  const chunks: Chunk[] = [
    { name: "record_no", type: "number", ...put(numberBytes(numbers)) },
    ...columns.map(({ name, type, values }) => ({ name, type, ...put(...levels(values.present(rows)), ...values.pieces()) })),
  ];
  const footer = fileMetadata(rows, chunks);
  return [...pieces, footer, lengthOf(footer.length), MAGIC];
}

/** Which rows have a text, as definition levels: one bit-packed run, behind its length. */
function levels(bits: Uint8Array): Uint8Array[] {
  const run = new Thrift().varint(bits.length * 2 + 1).bytes;
  return [lengthOf(run.length + bits.length), run, bits];
}

function lengthOf(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
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
interface Place {
  offset: number;
  size: number;
}

interface Chunk extends Place {
  name: string;
  type: ParquetColumn["type"] | "number";
}

const MAGIC = Buffer.from("PAR1");
// The format's own numbers, by their names in parquet.thrift.
const [INT64, BYTE_ARRAY] = [2, 6];
const [REQUIRED, OPTIONAL] = [0, 1];
const [PLAIN, RLE] = [0, 3];
const [UTF8, TIMESTAMP_MICROS, JSON_TEXT, UNCOMPRESSED, DATA_PAGE] = [0, 10, 19, 0, 0];

function pageHeader(rows: number, size: number): Uint8Array {
  const data = new Thrift().int(1, rows).int(2, PLAIN).int(3, RLE).int(4, RLE);
  return new Thrift().int(1, DATA_PAGE).int(2, size).int(3, size).struct(5, data).stop().bytes;
}

/** The format's own type. */
const physicalType = (type: Chunk["type"]) => (type === "number" || type === "time" ? INT64 : BYTE_ARRAY);

/** An instant, in microseconds. */
const INSTANT = () => new Thrift().struct(8, new Thrift().flag(1).struct(2, new Thrift().struct(2, new Thrift())));

function schemaElement({ name, type }: Chunk): Thrift {
  const element = new Thrift()
    .int(1, physicalType(type))
    .int(3, type === "number" ? REQUIRED : OPTIONAL)
    .text(4, name);
  if (type === "number") return element;
  return type === "time" ? element.int(6, TIMESTAMP_MICROS).struct(10, INSTANT()) : element.int(6, type === "json" ? JSON_TEXT : UTF8);
}

function fileMetadata(rows: number, chunks: readonly Chunk[]): Uint8Array {
  const root = new Thrift().text(4, "rows").int(5, chunks.length);
  const columns = chunks.map(({ name, type, offset, size }) => {
    const metadata = new Thrift()
      .int(1, physicalType(type))
      .ints(2, [PLAIN, RLE])
      .texts(3, [name])
      .int(4, UNCOMPRESSED)
      .long(5, rows)
      .long(6, size)
      .long(7, size);
    return new Thrift().long(2, offset).struct(3, metadata.long(9, offset));
  });
  const bytes = chunks.reduce((sum, { size }) => sum + size, 0);
  const group = new Thrift().structs(1, columns).long(2, bytes).long(3, rows);
  return new Thrift()
    .int(1, 1)
    .structs(2, [root, ...chunks.map(schemaElement)])
    .long(3, rows)
    .structs(4, [group])
    .stop().bytes;
}
