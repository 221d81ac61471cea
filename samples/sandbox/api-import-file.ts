/** Reading an uploaded file as Connect would: strictly, each value by its attribute's type. */
import { createReadStream } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse";
import type { ImportArguments } from "./api-import-checks.ts";
import type { AttributeType, SandboxAttribute, SandboxRecord } from "./api-sets.ts";

/** Why an import failed. */
export class ImportFault extends Error {
  readonly code: "S3_FILE_METADATA_FAILED" | "INPUT_VALIDATION_FAILED";

  constructor(code: ImportFault["code"], what = "") {
    super(what === "" ? `${code}.` : `${code}. ${what}`);
    this.code = code;
  }
}

const invalid = (what: string) => new ImportFault("INPUT_VALIDATION_FAILED", what);

/** @param root the served folder's real path. @returns where the file is. @throws ImportFault S3_FILE_METADATA_FAILED */
export async function placeOf(root: string, { folder, filename }: ImportArguments["fileLocation"]): Promise<string> {
  const place = join(root, folder ?? "", filename);
  // A path that leads out of the folder, also over a symbolic link, is none.
  const real = await realpath(place).catch(() => undefined);
  if (real !== place || !place.startsWith(`${root}/`) || !(await lstat(place)).isFile()) throw new ImportFault("S3_FILE_METADATA_FAILED");
  return place;
}

const MOST_BYTES = 5 * 1024 ** 3;

/** @returns the rows by key. @throws ImportFault INPUT_VALIDATION_FAILED, with row and column */
export async function readRows(place: string, input: ImportArguments, attributes: readonly SandboxAttribute[]): Promise<Map<string, SandboxRecord>> {
  if ((await lstat(place)).size > MOST_BYTES) throw invalid("The file has more than 5 GB");
  const columns = input.mappings.map(({ columnIndex, attributeName }) => {
    const attribute = attributes.find(({ name }) => name === attributeName);
    if (!attribute) throw invalid(`there is no attribute "${attributeName}"`);
    return { index: columnIndex - 1, ...attribute };
  });
  const fields = parse({ delimiter: input.delimiter, from: input.skipFirstRow ? 2 : 1, encoding: null }) as unknown as NodeJS.ReadWriteStream;
  const records = new Map<string, SandboxRecord>();
  let row = 0;
  try {
    for await (const values of createReadStream(place).pipe(fields) as unknown as AsyncIterable<Buffer[]>) {
      row += 1;
      const record: SandboxRecord = new Map();
      let key: string | null = null;
      for (const { index, name, type, isKey, decimalPrecision } of columns) {
        const bytes = values[index];
        if (!bytes) throw invalid(`row ${row} has no column ${index + 1}`);
        const cell = bytes.length === 0 ? null : textOf(bytes, row, name);
        if (cell !== null && !isOf(cell, type, input.dateFormat)) throw invalid(`row ${row}, ${name}: "${cell}" is no ${type}`);
        const decimals = type === "NUMBER" ? (cell?.split(".")[1]?.replace(/0+$/, "").length ?? 0) : 0;
        if (decimals > (decimalPrecision ?? decimals)) throw invalid(`row ${row}, ${name}: "${cell}" has more than ${decimalPrecision} decimals`);
        record.set(name, cell);
        if (isKey) key = cell;
      }
      if (key === null) throw invalid(`row ${row} has no key`);
      if (records.has(key)) throw invalid(`row ${row} has the key "${key}" again`);
      records.set(key, record);
    }
  } catch (error) {
    throw error instanceof ImportFault ? error : invalid(`after row ${row}: ${(error as Error).message}`);
  }
  if (row === 0 && input.importType === "REPLACE") throw invalid("The file has no rows");
  return records;
}

function textOf(bytes: Buffer, row: number, name: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith("\ufeff")) return text;
  } catch {
    // said below
  }
  throw invalid(`row ${row}, ${name} is no UTF-8`);
}

/** Parts of a date, by Connect's name for its format. */
const DATES: Record<string, RegExp> = {
  YEAR_MONTH_DAY_DASH_SEPARATED_WITH_TIME: /^(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  YEAR_MONTH_DAY_DASH_SEPARATED: /^(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)$/,
  MONTH_DAY_YEAR_SLASH_SEPARATED: /^(?<m>\d\d)\/(?<d>\d\d)\/(?<y>\d{4})$/,
  DAY_MONTH_YEAR_SLASH_SEPARATED: /^(?<d>\d\d)\/(?<m>\d\d)\/(?<y>\d{4})$/,
  YEAR_MONTH_DAY_SLASH_SEPARATED: /^(?<y>\d{4})\/(?<m>\d\d)\/(?<d>\d\d)$/,
  DAY_MONTH_YEAR_DOT_SEPARATED: /^(?<d>\d\d)\.(?<m>\d\d)\.(?<y>\d{4})$/,
};

function isOf(cell: string, type: AttributeType, dateFormat: string): boolean {
  if (type === "NUMBER") return /^-?\d+(\.\d+)?$/.test(cell);
  if (type === "BOOLEAN") return cell === "TRUE" || cell === "FALSE";
  if (type === "TEXT") return true;
  const parts = DATES[dateFormat]?.exec(cell)?.groups;
  if (!parts) return false;
  const day = `${parts["y"]}-${parts["m"]}-${parts["d"]}`;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
