/** Values of DuckDB as JSON values that lose nothing: each has one text, whatever it is printed as. */
import type { DuckDBValueConverter, Json } from "@duckdb/node-api";
import { DuckDBIntervalValue, DuckDBTimestampTZValue, DuckDBTypeId, JsonDuckDBValueConverter } from "../duckdb.ts";
import type { Zone } from "./zone.ts";

/** DuckDB's types of numbers. */
export const NUMBERS: readonly DuckDBTypeId[] = [
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
];

/**
 * Decimals, and integers beyond what a double holds, are text, so that no digit is lost; so are NaN and Infinity, which JSON has not. Times with a zone are
 * ISO 8601 in `zone`; those without have none. Intervals are as DuckDB writes them.
 */
export function exactJson(zone: Zone): DuckDBValueConverter<Json> {
  return (value, type, converter) => {
    if (value instanceof DuckDBTimestampTZValue) return isoTime(value, zone);
    if (value instanceof DuckDBIntervalValue) return String(value);
    if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
    if (typeof value === "number" && type.typeId === DuckDBTypeId.FLOAT && Number.isFinite(value)) return shortest(value);
    return JsonDuckDBValueConverter(value, type, converter);
  };
}

/** A number of 32 bits with no more digits than tell it from others: 0.1, not 0.10000000149011612. */
function shortest(value: number): number {
  const written = [6, 7, 8].map((digits) => Number(value.toPrecision(digits)));
  return written.find((number) => Math.fround(number) === value) ?? value;
}

/** With three fraction digits, six where they are needed. */
function isoTime(time: DuckDBTimestampTZValue, zone: Zone): Json {
  const thousandths = ((time.micros % 1000n) + 1000n) % 1000n;
  const ms = Number((time.micros - thousandths) / 1000n);
  const { offset, suffix } = zone(ms);
  const local = new Date(ms + offset);
  // DuckDB knows years that JavaScript does not.
  if (!time.isFinite || Number.isNaN(local.getTime())) return time.toString();
  return local.toISOString().replace("Z", (thousandths === 0n ? "" : String(thousandths).padStart(3, "0")) + suffix);
}
