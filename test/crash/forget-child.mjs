// Forgets somebody, and kills itself before its n-th step.
import { doorTo } from "../../dist/pipeline/common/door.js";
import { realClock } from "../../dist/pipeline/common/clock.js";
import { forget } from "../../dist/pipeline/forget.js";
import { readConfig } from "../../dist/schemas/config.js";

const { input, email, dieAt } = JSON.parse(process.argv[2]);
const config = readConfig(input, "test");
const { signal } = new AbortController();
let steps = 0;
const step = (name) => {
  steps += 1;
  process.stdout.write(`${steps} ${name}\n`);
  if (steps === dieAt) process.kill(process.pid, "SIGKILL");
};
const door = doorTo(config, { signal });
const context = { door, clock: realClock, signal, publish: { door, signal, step }, onKey: () => step("key"), step, rewriting: step };
const { proof, tables } = await forget(config, { email }, context);
process.stdout.write(`forgot ${JSON.stringify({ ok: proof.ok, tables })}\n`);
