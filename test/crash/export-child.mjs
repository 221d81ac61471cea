// Runs `export --wait --sync`, or resumes it, and kills itself at its n-th step: a step is a line that the flow logs.
import { connectApi } from "../../dist/pipeline/connect-api/api.js";
import { realClock } from "../../dist/pipeline/common/clock.js";
import { askForExport } from "../../dist/pipeline/export/ask.js";
import { awaitExports } from "../../dist/pipeline/export/arrive.js";
import { writerOf } from "../../dist/pipeline/common/door.js";
import { readConfig } from "../../dist/schemas/config.js";
import { OPEN_EXPORTS } from "../../dist/schemas/jobs.js";
import { exportJobs } from "../../dist/sinks/jobs.js";

const { input, apiKey, wish, dieAt } = JSON.parse(process.argv[2]);
const config = readConfig(input, "test");
const { signal } = new AbortController();
let step = 0;
const die = (what) => {
  step += 1;
  process.stdout.write(`${step} ${what}\n`);
  if (step === dieAt) process.kill(process.pid, "SIGKILL");
};
const user = writerOf(config, signal);
const api = connectApi({ endpoint: config.api.endpoint, apiKey, timeoutSeconds: 5, retries: 1, backoffMs: 1 });
// Before and after each time that the warehouse is used.
const useWarehouse = async (work) => {
  die("before the warehouse");
  const result = await user(work);
  die("after the warehouse");
  return result;
};
const context = {
  config,
  // Between a request and its answer, and between an answer and what is written of it.
  api: {
    ...api,
    async exportSignals(request) {
      die("before the request");
      const answer = await api.exportSignals(request);
      die("after the answer");
      return answer;
    },
  },
  useWarehouse,
  finish: useWarehouse,
  clock: realClock,
  signal,
  log: die,
};
const jobs = wish ? [await askForExport(context, wish)] : await context.useWarehouse(({ connection }) => exportJobs(connection, ...OPEN_EXPORTS));
const outcomes = await awaitExports(context, jobs, { load: true });
const failed = outcomes.filter(({ error }) => error);
if (failed.length > 0) throw failed[0].error;
process.stdout.write("done\n");
