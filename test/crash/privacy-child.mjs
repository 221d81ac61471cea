// Applies privacy to a warehouse, and kills itself before its n-th statement.
import { DuckDBConnection } from "@duckdb/node-api";
import { doorTo } from "../../dist/pipeline/common/door.js";
import { realClock } from "../../dist/pipeline/common/clock.js";
import { privacyApply } from "../../dist/pipeline/privacy.js";
import { readConfig } from "../../dist/schemas/config.js";

const { input, dieAt } = JSON.parse(process.argv[2]);
const config = readConfig(input, "test");
const { signal } = new AbortController();
let statements = 0;
const { value: run } = Object.getOwnPropertyDescriptor(DuckDBConnection.prototype, "run");
DuckDBConnection.prototype.run = function (...args) {
  statements += 1;
  if (statements === dieAt) process.kill(process.pid, "SIGKILL");
  return run.apply(this, args);
};
const door = doorTo(config, { signal });
const nothing = () => undefined;
const { proof } = await privacyApply(config, { door, clock: realClock, signal, publish: { door, signal }, step: nothing });
process.stdout.write(`${proof.ok} ${statements}\n`);
