// Runs `refset push --wait`, and kills itself at its n-th step: a step is a line that the flow logs, a use of the warehouse, or the request.
import { connectApi } from "../../dist/pipeline/connect-api/api.js";
import { realClock } from "../../dist/pipeline/common/clock.js";
import { pushSet } from "../../dist/pipeline/reference-set/push.js";
import { doorTo, PATIENCE_MS, readerOf, writerOf } from "../../dist/pipeline/common/door.js";
import { readConfig } from "../../dist/schemas/config.js";

const { input, apiKey, wish, dieAt } = JSON.parse(process.argv[2]);
const config = readConfig(input, "test");
const { signal } = new AbortController();
let step = 0;
const die = (what) => {
  step += 1;
  process.stdout.write(`${step} ${what}\n`);
  if (step === dieAt) process.kill(process.pid, "SIGKILL");
};
const between = (user) => async (work) => {
  die("before the warehouse");
  const result = await user(work);
  die("after the warehouse");
  return result;
};
const api = connectApi({ endpoint: config.api.endpoint, apiKey, timeoutSeconds: 5, retries: 1, backoffMs: 1 });
const context = {
  config,
  api: {
    ...api,
    async createImportJob(request) {
      die("before the request");
      const id = await api.createImportJob(request);
      die("after the answer");
      return id;
    },
  },
  useWarehouse: between(writerOf(config, signal)),
  finish: between(writerOf(config, signal)),
  readWarehouse: between(readerOf(doorTo(config, { signal, patience: PATIENCE_MS }))),
  clock: realClock,
  signal,
  log: die,
};
const { prepared, outcome } = await pushSet(context, wish);
if (outcome?.error) throw outcome.error;
if (prepared.violationCount > 0) throw new Error(JSON.stringify(prepared.violations));
process.stdout.write("done\n");
