/** What a user's SQL may do: every function and statement that does more than read the warehouse is refused. */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { ACTING_FUNCTIONS, OUTSIDE_FUNCTIONS } from "../../../sinks/query/allowed.ts";
import { runQuery, writeParquet } from "../../../sinks/query/run.ts";
import { failureOf } from "../../helpers/errors.ts";
import { scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

/** Functions that give tables, and only look into this DuckDB; and those whose result is not always the same. */
const HARMLESS =
  `duckdb_approx_database_count duckdb_columns duckdb_connection_count duckdb_constraints duckdb_coordinate_systems duckdb_databases duckdb_dependencies
  duckdb_extensions duckdb_external_file_cache duckdb_functions duckdb_indexes duckdb_keywords duckdb_log_contexts duckdb_logs duckdb_logs_parsed duckdb_memory duckdb_optimizers
  duckdb_prepared_statements duckdb_profiling_settings duckdb_schemas duckdb_secret_types duckdb_sequences duckdb_settings duckdb_table_sample duckdb_tables duckdb_temporary_files
  duckdb_types duckdb_variables duckdb_views generate_series histogram histogram_values icu_calendar_names json_each json_tree pg_timezone_names pragma_collations
  pragma_database_size pragma_metadata_info pragma_platform pragma_show pragma_storage_info pragma_table_info pragma_user_agent pragma_version query_table range repeat repeat_row
  sql_auto_complete summary test_all_types test_vector_types unnest
  currval current_connection_id current_database current_date current_query current_query_id current_schema current_schemas current_transaction_id error gen_random_uuid
  get_current_time get_current_timestamp in_search_path nextval now random setseed sleep_ms stats today transaction_timestamp txid_current uuid uuidv4 uuidv7`.split(
    /\s+/,
  );

test("of each function of DuckDB's that could do more than read it is decided whether it may be called", async () => {
  const connection = await (await DuckDBInstance.create()).connect();
  const found = await connection.runAndReadAll(
    `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro') OR has_side_effects OR stability <> 'CONSISTENT'`,
  );
  const names = found.getRows().map(([name]) => String(name));
  const decided = [...ACTING_FUNCTIONS, ...OUTSIDE_FUNCTIONS, ...HARMLESS];
  expect(names.filter((name) => !decided.includes(name))).toEqual([]);
  expect(decided.filter((name) => !names.includes(name))).toEqual([]);
});

const run = async (sql: string) => runQuery((await scratchWarehouse()).warehouse.connection, sql);

test.each([
  "FROM enable_logging()",
  "FROM enable_logging(level := 'trace'); SELECT 1",
  'SELECT * FROM "Enable_Logging" /* so */ ()',
  "FROM enable_logging\u00a0()",
  "FROM system.main.checkpoint()",
  "FROM force_checkpoint()",
  "FROM query('FROM enable_logging()')",
  "PRAGMA json_execute_serialized_sql('{}')",
  "SELECT write_log('x')",
  String.raw`SELECT e'a'${"\n"}'\' ', write_log('x') --'`,
  "CREATE TEMP MACRO m() AS TABLE FROM enable_logging(); FROM m()",
  "CREATE TEMP VIEW v AS FROM enable_logging(); FROM v",
  "EXPLAIN ANALYZE FROM enable_logging()",
  "EXPLAIN EXPLAIN SELECT 1",
  "CREATE TABLE mine (a INTEGER)",
  "CREATE /* TEMP */ TABLE mine (a INTEGER)",
  "CREATE TEMP SEQUENCE s",
  "SET VARIABLE a = 1; SET threads = 1",
  "RESET threads",
  "USE main",
  "BEGIN",
  "PREPARE p AS SELECT 1",
  "CALL enable_logging()",
  "PRAGMA enable_profiling",
  "PRAGMA force_checkpoint",
  "CHECKPOINT",
  "VACUUM",
  "LOAD json",
  "ATTACH ':memory:' AS other",
  "DETACH signals",
  "COMMENT ON TABLE behavior_signals IS 'mine'",
])("%s is refused", async (sql) => {
  const failure = await failureOf(run(sql));
  expect(`${failure.code}: ${failure.message}`).toMatch(/^(usage: query only reads|query_failed: (Parser|Binder|Catalog|Invalid Input) Error)/);
});

test.each(OUTSIDE_FUNCTIONS)("%s() is refused, for the warehouse's own file, too", async (name) => {
  const { warehouse, path } = await scratchWarehouse();
  const failure = await failureOf(runQuery(warehouse.connection, `FROM ${name}('${path}')`));
  expect(failure).toMatchObject({ code: "query_failed", message: expect.stringContaining("reads the warehouse only") });
});

test("Parquet is written of what reads, and of nothing that closes its bracket", async () => {
  const file = join(scratchFolder(), "out.parquet");
  const write = async (sql: string) => writeParquet((await scratchWarehouse()).warehouse.connection, sql, file);
  expect(await write("CREATE TEMP TABLE x AS FROM range(3); FROM x -- all")).toBe(3);
  expect(await write("PIVOT (SELECT range % 2 AS odd FROM range(5)) ON odd USING count(*)")).toBe(1);
  expect(await write("DESCRIBE (SELECT 1 AS a, 2 AS b)")).toBe(2);
  for (const sql of [
    "SELECT 1) TO '/tmp/other.csv'; COPY (SELECT 1",
    `SELECT 1) TO '${file}' (FORMAT csv); --`,
    "EXPLAIN SELECT 1",
    "SET VARIABLE a = 1",
  ])
    expect((await failureOf(write(sql))).message).toMatch(/Parquet takes what SELECT gives|only the last one may read|Parser Error/);
});

test("a query that does not fit into memory still has its temporary files", async () => {
  const scratch = await scratchWarehouse();
  await scratch.reopen({ access: "read", memory: "40MB" });
  const result = await runQuery(
    scratch.warehouse.connection,
    "SELECT count(*) AS n, sum(length(t)) AS l FROM (SELECT hash(range)::VARCHAR || repeat('x', 100) AS t FROM range(1000000) ORDER BY 1 OFFSET 1)",
  );
  const rows = [];
  for await (const batch of result?.rows ?? []) rows.push(...batch);
  expect(rows.map(([count]) => count)).toEqual([999_999]);
});
