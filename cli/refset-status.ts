import { PATIENCE_MS, readerOf } from "../pipeline/common/door.ts";
import { endImport, type ImportOutcome } from "../pipeline/reference-set/follow.ts";
import { openServer } from "../pipeline/load/remote-files.ts";
import { isAtConnect } from "../schemas/jobs.ts";
import { importJobs } from "../sinks/reference-set/imports.ts";
import { defineCommand } from "./command.ts";
import { exportContext } from "./api.ts";
import { EXIT } from "./failures.ts";
import { importDocument, importTable, tellImportFaults } from "./refset-report.ts";
import { sftpOf } from "./server.ts";
import { doorOf } from "./warehouse.ts";

/** Those before are in signalhouse.jobs. */
const MOST = 20;

export const command = defineCommand({
  usage: "[NAME] [options]",
  about:
    "Shows the imports of reference sets, at most the last twenty, the newest last. Those that Connect is at are looked at once; with --wait, until they are over.",
  options: { wait: { type: "boolean", help: "wait until all imports are over" } },
  examples: ["refset status", "refset status Buyers --wait"],
  positionals: [0, 1],
  async run(context, { values, positionals: [set] }) {
    const { config, file } = await context.config();
    const jobs = await readerOf(doorOf(config, context, { patience: PATIENCE_MS }))(({ connection }) => importJobs(connection, set));
    const isOpen = ({ status }: (typeof jobs)[number]) => isAtConnect(status);
    const looked = new Map<string, ImportOutcome>();
    if (jobs.some(isOpen)) {
      sftpOf(config, file);
      const flow = await exportContext(config, context);
      const server = await openServer(config, { ...flow.secrets, signal: flow.signal, log: flow.log });
      try {
        for (const job of jobs.filter(isOpen)) looked.set(job.name, await endImport(flow, server, job, !values.wait));
      } finally {
        await server.close();
      }
    }
    const outcomes = jobs.map((job): ImportOutcome => looked.get(job.name) ?? { job });
    const shown = outcomes.slice(-MOST);
    context.out.result({ imports: shown.map(importDocument) }, () =>
      shown.length > 0 ? importTable(shown) : [set === undefined ? "Nothing was pushed yet." : `No push of ${set} is known here.`],
    );
    tellImportFaults(context.out, outcomes);
    return outcomes.some(({ error }) => error) ? EXIT.failed : EXIT.done;
  },
});
