/**
 * DuckDB's client. It is required, not imported: of a CommonJS module Node reads all hundred files to find out what they export before it runs any, which is a third of the time
 * that signalhouse takes to start. Types are imported from the package itself.
 */
import { createRequire } from "node:module";
import type * as Client from "@duckdb/node-api";

const client = createRequire(import.meta.url)("@duckdb/node-api") as typeof Client;

export const {
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBScalarFunction,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  JsonDuckDBValueConverter,
  StatementType,
  STRUCT,
  structValue,
  VARCHAR,
  version,
} = client;
export type DuckDBInstance = Client.DuckDBInstance;
export type DuckDBTypeId = Client.DuckDBTypeId;
export type DuckDBTimestampTZValue = Client.DuckDBTimestampTZValue;
export type DuckDBIntervalValue = Client.DuckDBIntervalValue;
export type StatementType = Client.StatementType;
