/** Has a warehouse open for a while, as a BI tool does: `node run-reader.js WAREHOUSE SECONDS`. Where it is locked, it tries again. */
import { setTimeout as wait } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";

const [path = "", seconds = "1"] = process.argv.slice(2);

async function open(): Promise<DuckDBInstance> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await DuckDBInstance.create(path, { access_mode: "READ_ONLY", memory_limit: "200MB", threads: "1" });
    } catch (error) {
      if (attempt === 100) throw error;
      await wait(200);
    }
  }
}

const instance = await open();
const connection = await instance.connect();
await connection.runAndReadAll("SELECT signal_type, count(*) FROM message_behavior GROUP BY ALL");
await wait(Number(seconds) * 1000);
connection.disconnectSync();
instance.closeSync();
