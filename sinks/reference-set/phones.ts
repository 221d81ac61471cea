/** Phone numbers of the staged source, read one by one. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { DuckDBScalarFunction, STRUCT, structValue, VARCHAR } from "../duckdb.ts";
import { onlyRow, rows } from "../sql.ts";
import { type Column, isReadAsPhone, phoneColumn } from "./cells.ts";

/** What a text was read as. */
export interface ReadNumber {
  /** In E.164; null where it cannot be read. */
  number: string | null;
  /** Why it cannot, or what is doubtful. */
  remark: string | null;
}

const READ = STRUCT({ number: VARCHAR, remark: VARCHAR });

/** Reads each number once, into a column beside it: the file is written from what stands there. */
export async function readPhones(connection: DuckDBConnection, columns: readonly Column[], read: (text: string) => ReadNumber): Promise<void> {
  const sources = new Map(columns.filter(isReadAsPhone).map(({ source }) => [source.column, source]));
  if (sources.size === 0) return;
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: "read_phone",
      parameterTypes: [VARCHAR],
      returnType: READ,
      mainFunction: (_, input, output) => {
        const texts = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row += 1) {
          const text = texts.getItem(row);
          output.setItem(row, typeof text === "string" && text !== "" ? structValue({ ...read(text) }) : null);
        }
        output.flush();
      },
    }),
  );
  const readings = [...sources.values()].map((source) => `read_phone(${source.column}::VARCHAR) AS ${phoneColumn(source)}`);
  // An update would put rows elsewhere; a table that is made anew keeps their order.
  await connection.run(`CREATE TABLE read_source AS SELECT *, ${readings.join(", ")} FROM source`);
  await connection.run("DROP TABLE source");
  await connection.run("ALTER TABLE read_source RENAME TO source");
}

/** Numbers that are sent though there is a doubt: how many, and the first ones. */
export async function doubtfulPhones(connection: DuckDBConnection, { source }: Column, most: number) {
  const doubtful = `FROM source WHERE ${phoneColumn(source)}.number IS NOT NULL AND ${phoneColumn(source)}.remark IS NOT NULL`;
  const { count } = await onlyRow<{ count: bigint }>(connection, `SELECT count(*) AS count ${doubtful}`);
  const first = await rows<{ row_no: bigint; number: string }>(
    connection,
    `SELECT row_no, ${phoneColumn(source)}.number AS number ${doubtful} ORDER BY row_no LIMIT ${most}`,
  );
  return { count: Number(count), first };
}
