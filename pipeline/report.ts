/** The report of a warehouse, as the library makes it. */
import { readConfig } from "../schemas/config.ts";
import { makeReport, type Report } from "../sinks/report/page/make-report.ts";
import type { ReportOptions } from "../sinks/report/page/prepare.ts";
import type { EncryptionWords } from "./common/encryption.ts";
import { libraryDoor } from "./library.ts";

/** Memory for DuckDB: what of twenty million signals does not fit is spilled. */
export const REPORT_MEMORY = "600MB";

export interface WarehouseReportOptions extends ReportOptions, EncryptionWords {
  /** The DuckDB file. */
  warehouse: string;
  /** An abort ends the statement that is running. */
  signal?: AbortSignal;
}

/**
 * Makes the page that `signalhouse report` writes, and writes no file. Opens the warehouse only to read, for the time of the call. Memory: 600 MB for DuckDB at the most, and at times half as much again.
 * @returns the page as HTML, with the period and the currency that it is about; the same data, period and currency give the same bytes
 * @throws SignalhouseError warehouse_missing, warehouse_older, warehouse_locked; not_found where no order is in the currency that is wished
 */
export async function report({ warehouse, signal, warehouseKey, extensions, ...options }: WarehouseReportOptions): Promise<Report> {
  const door = libraryDoor(readConfig({ warehouse }, "report"), { warehouseKey, extensions, ...(signal ? { signal } : {}) });
  return door.toRead(({ connection }) => makeReport(connection, options), { memory: REPORT_MEMORY });
}
