// Publishes a warehouse, and kills itself before its n-th step.
import { doorTo } from "../../dist/pipeline/common/door.js";
import { publishWarehouse } from "../../dist/pipeline/publish.js";
import { readConfig } from "../../dist/schemas/config.js";

const { input, dieAt, waits } = JSON.parse(process.argv[2]);
const config = readConfig(input, "test");
const { signal } = new AbortController();
let steps = 0;
const step = (name) => {
  steps += 1;
  process.stdout.write(`${steps} ${name}\n`);
  if (steps === dieAt) process.kill(process.pid, "SIGKILL");
};
// Two of them begin together.
if (waits) await new Promise((resolve) => process.stdin.once("data", resolve));
const { version } = await publishWarehouse(config, { door: doorTo(config, { signal }), signal, step });
process.stdout.write(`published ${version}\n`);
process.stdin.destroy();
