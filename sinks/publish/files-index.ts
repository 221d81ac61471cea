/** files.json: which versions have which files, for live.duckdb. */
import { quoteText } from "../../schemas/names.ts";
import type { Manifest } from "./manifest.ts";

/** Its name, in the folder of each version. */
export const INDEX = "files.json";

/** Its columns. Times stand in it as texts. */
const COLUMNS = {
  version: "BIGINT",
  published_at: "TIMESTAMPTZ",
  change_id: "BIGINT",
  load_id: "BIGINT",
  newest_signal: "TIMESTAMPTZ",
  live_from: "TIMESTAMPTZ",
  table_name: "VARCHAR",
  shape: "VARCHAR",
  file: "VARCHAR",
};

type Row = Record<keyof typeof COLUMNS, string | number | null>;

/** Of which nobody has to wait for the time to come. */
const FROM_THE_START = new Date(0).toISOString();

/** Its text, with a row for each file of each of some versions. */
export function indexText(manifests: readonly Manifest[]): string {
  const rows = manifests.flatMap(({ version, published_at, live_from, watermark: { change_id, load_id, newest_signal }, tables }) => {
    const told = { version, published_at, change_id, load_id, newest_signal, live_from: live_from ?? FROM_THE_START };
    return tables.flatMap(({ name, shape, files }) => files.map(({ path }): Row => ({ ...told, table_name: name, shape, file: path })));
  });
  return JSON.stringify(rows);
}

/**
 * SQL behind FROM that reads it. A version that is switched to brings another one under the same path: read_text() opens it once, where readers of Parquet may open it twice, and take two files for one.
 * @param path SQL of its path
 */
export function indexSql(path: string): string {
  const shape = JSON.stringify([Object.fromEntries(Object.entries(COLUMNS).map(([name, type]) => [name, type === "BIGINT" ? type : "VARCHAR"]))]);
  const columns = Object.entries(COLUMNS).map(([name, type]) => `row.${name}::${type} AS ${name}`);
  return `(SELECT ${columns.join(", ")} FROM (SELECT unnest(from_json(content, ${quoteText(shape)})) AS row FROM read_text(${path})))`;
}
