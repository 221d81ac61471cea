/**
 * Writes rows as Parquet, for whoever reads columns: a text stands there as it is, behind its length, and what is null costs a bit. Pages are written here, out of columns as they lie in memory: a
 * library wants each value as an object of JavaScript. That is all of the format that is used: one row group, a page a column, nothing compressed, no dictionaries (https://parquet.apache.org/docs/file-format/).
 */
import type { ColumnChunk, PageHeader, SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import type { ColumnValues } from "./columns.ts";

export interface ParquetColumn {
  name: string;
  values: ColumnValues;
  /** What they are: texts, texts that are JSON for sure, or times, as microseconds since 1970 in UTC. */
  type: "text" | "json" | "time";
}

/** How values of a type are described. */
const ELEMENTS = {
  number: { type: "INT64", repetition_type: "REQUIRED" },
  text: { type: "BYTE_ARRAY", repetition_type: "OPTIONAL", converted_type: "UTF8" },
  json: { type: "BYTE_ARRAY", repetition_type: "OPTIONAL", converted_type: "JSON" },
  time: {
    type: "INT64",
    repetition_type: "OPTIONAL",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
} as const satisfies Record<string, Omit<SchemaElement, "name">>;

const MAGIC = Buffer.from("PAR1");

/**
 * A file of rows with a number each, as record_no, and columns whose values may be null.
 * @returns its pieces, some of which are the columns' memory
 */
export function parquetOf(numbers: readonly number[], columns: readonly ParquetColumn[]): Uint8Array[] {
  const rows = numbers.length;
  const pieces: Uint8Array[] = [MAGIC];
  const schema: SchemaElement[] = [{ name: "rows", num_children: columns.length + 1 }];
  const chunks: ColumnChunk[] = [];
  let offset = MAGIC.length;
  const put = (name: string, type: keyof typeof ELEMENTS, ...page: Uint8Array[]): void => {
    const bytes = page.reduce((sum, { length }) => sum + length, 0);
    const header = pageHeader(rows, bytes);
    pieces.push(header, ...page);
    const element: SchemaElement & { type: "INT64" | "BYTE_ARRAY" } = { name, ...ELEMENTS[type] };
    schema.push(element);
    chunks.push(chunkOf(element, rows, offset, header.length + bytes));
    offset += header.length + bytes;
  };
  put("record_no", "number", numberBytes(numbers));
  for (const { name, type, values } of columns) put(name, type, ...levels(values.present(rows)), ...values.pieces());

  const footer = new ByteWriter();
  const total = BigInt(offset - MAGIC.length);
  writeMetadata(footer, {
    version: 1,
    schema,
    num_rows: BigInt(rows),
    row_groups: [{ columns: chunks, total_byte_size: total, num_rows: BigInt(rows) }],
    metadata_length: 0,
  });
  return [...pieces, footer.getBytes(), MAGIC];
}

function pageHeader(rows: number, size: number): Uint8Array {
  const header: PageHeader = {
    type: "DATA_PAGE",
    uncompressed_page_size: size,
    compressed_page_size: size,
    data_page_header: { num_values: rows, encoding: "PLAIN", definition_level_encoding: "RLE", repetition_level_encoding: "RLE" },
  };
  const writer = new ByteWriter();
  writePageHeader(writer, header);
  return writer.getBytes();
}

function chunkOf({ name, type }: SchemaElement & { type: "INT64" | "BYTE_ARRAY" }, rows: number, offset: number, size: number): ColumnChunk {
  return {
    file_offset: BigInt(offset),
    meta_data: {
      type,
      encodings: ["PLAIN", "RLE"],
      path_in_schema: [name],
      codec: "UNCOMPRESSED",
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(size),
      total_compressed_size: BigInt(size),
      data_page_offset: BigInt(offset),
    },
  };
}

/** Which rows have a value, as definition levels: one bit-packed run, behind its length. */
function levels(bits: Uint8Array): Uint8Array[] {
  const run = new ByteWriter();
  run.appendVarInt(bits.length * 2 + 1);
  const length = new ByteWriter();
  length.appendUint32(run.offset + bits.length);
  return [length.getBytes(), run.getBytes(), bits];
}

function numberBytes(numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 8));
  for (const [index, number] of numbers.entries()) {
    view.setUint32(index * 8, number % 2 ** 32, true);
    view.setUint32(index * 8 + 4, Math.floor(number / 2 ** 32), true);
  }
  return new Uint8Array(view.buffer);
}
