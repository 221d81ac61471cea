/** Writing what was staged of a file into the warehouse: new columns, signals, rejects and drift, in the transaction of whoever calls. */
import type { NewColumn } from "../schemas/header.ts";
import { quoteText } from "../schemas/names.ts";
import { keepUp } from "./keep-marts.ts";
import { TABLES } from "../schemas/tables.ts";
import { type AddedColumns, addContactColumns } from "./add-contact-columns.ts";
import type { FileIdentity } from "./ledger.ts";
import type { KeysInEffect } from "./mart-settings.ts";
import { useMemory } from "./memory.ts";
import { type Means, type Merged, mergeStaging } from "./merge.ts";
import type { Staging } from "./staging.ts";

/** What was written. */
export interface Written extends Merged {
  /** Contact columns that the warehouse did not have before. */
  newColumns: readonly NewColumn[];
  /** By which keys contacts are told apart, where that has become clear now. */
  keys?: KeysInEffect | undefined;
}

/**
 * Writes all that is staged as load `loadId`.
 * @param means of the merge
 * @throws SignalhouseError warehouse_failed where rows are of loads that the ledger does not have; DuckDB's errors as they are
 */
export async function writeStaged(
  staging: Staging,
  loadId: bigint,
  file: FileIdentity,
  means: Means = {},
  what: "load" | "replay" = "load",
): Promise<Written> {
  const { connection, counts, header } = staging;
  if (counts.characters > MUCH_TEXT) await useMemory(connection, means.memory);
  const { columns: newColumns, keys } = header ? await addContactColumns(connection, header, loadId) : NONE;
  const merged = await mergeStaging(staging, loadId, file, means);
  if (counts.rejected > 0) await connection.run(`INSERT INTO signalhouse.rejects BY NAME SELECT ${loadId}::BIGINT AS load_id, * FROM staged_rejects`);
  if (staging.drift.length > 0) await insertDrift(staging, loadId);
  // Rows that went straight into the tables were written with less than all memory; the marts look at those of other loads, too.
  if (counts.plain > 0) await useMemory(connection, means.memory);
  await keepUp(connection, { what, loadId, ...(what === "replay" ? { among: AMONG_STAGED } : {}), removed: merged.removed });
  return { ...merged, newColumns, keys };
}

/** Characters that were read one by one, which are in few rows where there are long ones: DuckDB holds some thousand rows of a table at a time, whatever their length, and needs all of its memory for such. */
const MUCH_TEXT = 32 * 1024 * 1024;

const NONE: AddedColumns = { columns: [] };

/** A condition on record_no of a load's rows: those that were staged. */
export const AMONG_STAGED = `record_no IN (${TABLES.map((table) => `SELECT record_no FROM staged_${table}`).join(" UNION ALL ")})`;

async function insertDrift({ connection, drift }: Staging, loadId: bigint): Promise<void> {
  const counts = drift.map(({ signalType, field, reason, records, firstRecordNo }) => ({
    // What is no Unicode would be none of JSON's.
    signal_type: signalType.toWellFormed(),
    field: field.toWellFormed(),
    reason,
    records,
    first_record_no: firstRecordNo,
  }));
  const shape = '[{"signal_type": "VARCHAR", "field": "VARCHAR", "reason": "VARCHAR", "records": "BIGINT", "first_record_no": "BIGINT"}]';
  await connection.run(
    `INSERT INTO signalhouse.drift BY NAME SELECT $1::BIGINT AS load_id, unnest(from_json($2, ${quoteText(shape)}), recursive := true)`,
    [loadId, JSON.stringify(counts)],
  );
}
