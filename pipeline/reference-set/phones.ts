/** Phone numbers that are to be normalized. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { PHONE_FAULTS, type RefsetDefinition } from "../../schemas/reference-set.ts";
import { type Column, isReadAsPhone } from "../../sinks/reference-set/cells.ts";
import { doubtfulPhones, readPhones } from "../../sinks/reference-set/phones.ts";
import { isPhoneCountry, readPhone } from "../../transforms/phone.ts";

/** @throws SignalhouseError usage where the definition names a country that there is not, or nothing to read with it */
export function refuseCountry({ country, phone = [], normalize }: RefsetDefinition): void {
  if (country === undefined) return;
  if (!isPhoneCountry(country))
    throw new SignalhouseError("usage", `--country is "${country}", which is no country's code`, "Give its ISO 3166 code: DE, GB, US, …");
  if (phone.length === 0 || !normalize)
    throw new SignalhouseError("usage", "--country says how phone numbers are read", "Give --phone COLUMN and --normalize with it.");
}

const DOUBT = "no numbering plan has it";
/** Doubtful numbers that are named. */
const NAMED = 5;

/**
 * Reads the numbers of all columns that have some.
 * @returns what is worth knowing of those that are sent
 */
export async function readPhoneColumns(connection: DuckDBConnection, columns: readonly Column[], country: string | undefined): Promise<string[]> {
  const home = country !== undefined && isPhoneCountry(country) ? country : undefined;
  await readPhones(connection, columns, (text) => {
    const read = readPhone(text, home);
    if ("fault" in read) return { number: null, remark: PHONE_FAULTS[read.fault] };
    return { number: read.number, remark: read.isUnknown ? DOUBT : null };
  });
  const notes: string[] = [];
  for (const column of columns.filter(isReadAsPhone)) {
    const { count, first } = await doubtfulPhones(connection, column, NAMED);
    if (count === 0) continue;
    const named = first.map(({ row_no, number }) => `row ${row_no} ${number}`).join(", ");
    const more = count > first.length ? ", …" : "";
    const many = count.toLocaleString("en-US");
    notes.push(
      `numbers of "${column.name}" of a right length that no numbering plan has: ${many} (${named}${more}); they are sent, look whether they are right`,
    );
  }
  return notes;
}
