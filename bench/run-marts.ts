/** One step of bench/marts.ts in a process of its own: `node run-marts.js WAREHOUSE fill|keep|query MEMORY [SQL]`; prints a MartFigures as JSON. */
import { fillMarts } from "../sinks/fill-marts.ts";
import { keepUp } from "../sinks/keep-marts.ts";
import { keptSettings, martContext } from "../sinks/mart-settings.ts";
import { placeOf } from "../sinks/places.ts";
import { onlyRow } from "../sinks/sql.ts";
import { inTransaction } from "../sinks/transaction.ts";
import { openWarehouse } from "../sinks/warehouse.ts";

const [path = "", step = "", memory = "", sql = ""] = process.argv.slice(2);
const isQuery = step === "query";
const warehouse = await openWarehouse(placeOf(path), isQuery ? { access: "read" } : { memory, threads: 2 });
const { connection } = warehouse;
const start = performance.now();
if (isQuery) {
  // As a tool does that has the file open: the second time, of which the first has read from the disk.
  await connection.runAndReadAll(sql);
}
const begin = isQuery ? performance.now() : start;
if (isQuery) await connection.runAndReadAll(sql);
else {
  await inTransaction(connection, async () => {
    const settings = await keptSettings(connection);
    if (!settings) throw new Error("the warehouse has no marts");
    if (step === "fill") return fillMarts(connection, await martContext(connection, settings));
    const { load_id: loadId } = await onlyRow<{ load_id: bigint }>(connection, "SELECT max(load_id) AS load_id FROM signalhouse.loads");
    return keepUp(connection, { what: "load", loadId, removed: [] });
  });
}
warehouse.close();
console.log(JSON.stringify({ seconds: (performance.now() - begin) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024 }));
