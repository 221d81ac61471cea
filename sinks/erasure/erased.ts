/** The rows that are to be erased, as a temporary table. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { made } from "../sql.ts";

/** The temporary table: behavior, row_id, signal_type, signal_key, occurred_at, load_id, record_no, is_own (whether it is a contact's that goes as a whole), why. */
export const ERASED = "erased";

/** Makes it. @param select SQL of its columns @returns how many rows there are */
export const makeErased = (connection: DuckDBConnection, select: string): Promise<number> => made(connection, ERASED, select);
