/**
 * Writes rows as Parquet, for whoever reads columns: a text stands there as it is, behind its length, and what is null costs a bit. Pages are written here, out of columns as they lie in memory: a
 * library wants each value as an object of JavaScript. That is all of the format that is used: one row group, a page a column, nothing compressed, no dictionaries (https://parquet.apache.org/docs/file-format/).
 */
import type { ColumnChunk, PageHeader, SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { DECIMAL_DIGITS, type Kind } from "../schemas/kinds.ts";
import type { ColumnValues } from "./columns.ts";

export interface ParquetColumn {
  name: string;
  /** Lists are texts here. */
  kind: Kind;
  values: ColumnValues;
}

type Element = Omit<SchemaElement, "name" | "type"> & { type: "INT64" | "BYTE_ARRAY" | "BOOLEAN" };
const TEXT = { type: "BYTE_ARRAY", repetition_type: "OPTIONAL", converted_type: "UTF8" } as const satisfies Element;

/** How values of a kind are described. */
const ELEMENTS: Readonly<Record<Kind | "number", Element>> = {
  number: { type: "INT64", repetition_type: "REQUIRED" },
  text: TEXT,
  texts: TEXT,
  json: { ...TEXT, converted_type: "JSON" },
  boolean: { type: "BOOLEAN", repetition_type: "OPTIONAL" },
  decimal: {
    type: "INT64",
    repetition_type: "OPTIONAL",
    converted_type: "DECIMAL",
    precision: DECIMAL_DIGITS.whole + DECIMAL_DIGITS.places,
    scale: DECIMAL_DIGITS.places,
  },
  timestamp: {
    type: "INT64",
    repetition_type: "OPTIONAL",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
};

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
  const put = (name: string, kind: keyof typeof ELEMENTS, ...page: Uint8Array[]): void => {
    const bytes = page.reduce((sum, { length }) => sum + length, 0);
    const header = pageHeader(rows, bytes);
    pieces.push(header, ...page);
    const element = { name, ...ELEMENTS[kind] };
    schema.push(element);
    chunks.push(chunkOf(element, rows, offset, header.length + bytes));
    offset += header.length + bytes;
  };
  put("record_no", "number", numberBytes(numbers));
  for (const { name, kind, values } of columns) {
    const pieces = values.pieces();
    const present = pieces.length === 0 ? noLevels(rows) : levels(values.present(rows));
    put(name, kind, ...present, ...(kind === "boolean" ? [bits(pieces)] : pieces));
  }

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

function chunkOf({ name, type }: Element & { name: string }, rows: number, offset: number, size: number): ColumnChunk {
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
const levels = (present: Uint8Array): Uint8Array[] => runOf(present.length * 2 + 1, present);

/** The levels of so many rows without a value. */
const noLevels = (rows: number): Uint8Array[] => runOf(rows * 2, new Uint8Array(1));

function runOf(header: number, values: Uint8Array): Uint8Array[] {
  const run = new ByteWriter();
  run.appendVarInt(header);
  const length = new ByteWriter();
  length.appendUint32(run.offset + values.length);
  return [length.getBytes(), run.getBytes(), values];
}

/** A bit for each byte, which is 1 or 0, the lowest first. */
function bits(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(pieces);
  const packed = new Uint8Array(Math.ceil(bytes.length / 8));
  for (const [index, byte] of bytes.entries()) packed[index >> 3] = (packed[index >> 3] as number) | (byte << (index & 7));
  return packed;
}

function numberBytes(numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 8));
  for (const [index, number] of numbers.entries()) {
    view.setUint32(index * 8, number % 2 ** 32, true);
    view.setUint32(index * 8 + 4, Math.floor(number / 2 ** 32), true);
  }
  return new Uint8Array(view.buffer);
}
