import { addAbortSignal } from "node:stream";
import { loadFiles } from "../pipeline/load/load-files.ts";
import { localFile, streamSource } from "../pipeline/load/local-files.ts";
import type { Source } from "../pipeline/load/source.ts";
import { type FileIdentity, isLoaded, knownFiles } from "../sinks/ledger.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { type Context, defineCommand } from "./command.ts";
import { count } from "./format.ts";
import { READER_OPTIONS, chosenReader } from "./reader.ts";
import { reportLoads } from "./summary.ts";
import { running } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "FILE… [options]",
  about:
    'Loads export files from this machine, gzip or plain CSV, in the order given; "-" reads standard input. Each is loaded whole or not at all. ' +
    "A file that is in the warehouse already is left out.",
  options: READER_OPTIONS,
  isUnattended: true,
  examples: ["load Signals_Export.csv.gz", "load exports/*.csv.gz", "load - < Signals_Export.csv.gz"],
  positionals: [1, Infinity],
  takes: "files",
  async run(context, { values, positionals }) {
    const { out, signal } = context;
    const reader = chosenReader(values, out);
    // Before the warehouse is touched: a wrong path is a mistake of the command line.
    const open = async (path: string) => (path === "-" ? streamSource(standardInput(context)) : localFile(localPath(context, path)));
    const sources = await Promise.all([...new Set(positionals)].map(open));
    return running(context, "load", async (warehouse, { limits, retention }, runId) => {
      const known = await knownIn(warehouse);
      const fresh = sources.filter((source) => !known(source));
      const skipped = sources.filter(known).map(({ path }) => path);
      const framing = { extra: () => ({ skipped }), nothing: () => `Nothing new: ${count(skipped.length, "file")} loaded before.` };
      return reportLoads(out, framing, async ({ begin, onEvent }) => {
        if (positionals.includes("-")) out.log("info", "reading standard input");
        begin(fresh.reduce((sum, { size }) => sum + size, 0));
        await loadFiles(fresh, { warehouse, limits, retention, runId, signal, reader, onEvent });
      });
    });
  },
});

/** Standard input, until the signal; a stream that is aborted while nobody listens to it would end the process. */
async function* standardInput({ stdin, signal }: Pick<Context, "stdin" | "signal">): AsyncGenerator<Buffer> {
  yield* addAbortSignal(signal, stdin());
}

/** Whether a file is in the warehouse: by path, size and mtime together. */
async function knownIn({ connection }: Warehouse): Promise<(source: Source) => boolean> {
  const identity = ({ path, size, mtime }: FileIdentity) => `${size} ${mtime} ${path}`;
  const known = new Set((await knownFiles(connection)).filter(isLoaded).map(identity));
  return (source) => known.has(identity(source));
}
