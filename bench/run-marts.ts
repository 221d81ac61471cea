/** One step of bench/marts.ts in a process of its own: `node run-marts.js WAREHOUSE open|keep|query MEMORY [SQL]`; prints a MartFigures as JSON. */
import { keepUp } from "../sinks/keep-marts.ts";
import { placeOf } from "../sinks/places.ts";
import { onlyRow } from "../sinks/sql.ts";
import { inTransaction } from "../sinks/transaction.ts";
import { openWarehouse } from "../sinks/warehouse.ts";

const [path = "", step = "", memory = "", sql = ""] = process.argv.slice(2);
let start = performance.now();
let before = process.cpuUsage();
const warehouse = await openWarehouse(placeOf(path), step === "query" ? { access: "read" } : { memory, threads: 2 });
const { connection } = warehouse;
if (step === "query") {
  // As a tool does that has the file open: the first time it has read from the disk.
  await connection.runAndReadAll(sql);
  start = performance.now();
  before = process.cpuUsage();
  await connection.runAndReadAll(sql);
} else if (step === "keep") {
  start = performance.now();
  before = process.cpuUsage();
  await inTransaction(connection, async () => {
    const { load_id: loadId } = await onlyRow<{ load_id: bigint }>(connection, "SELECT max(load_id) AS load_id FROM signalhouse.loads");
    await keepUp(connection, { what: "load", loadId, removed: [] });
  });
}
warehouse.close();
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({ seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024 }),
);
