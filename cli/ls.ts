import type { PassedOver, RemoteFile } from "../pipeline/sftp/server.ts";
import { openServer } from "../pipeline/load/remote-files.ts";
import { KEPT_MS } from "../schemas/connect.ts";
import { isSignalhouseError } from "../schemas/errors.ts";
import { type KnownFile, knownFiles } from "../sinks/ledger.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { bytes, count, duration, number, table } from "./format.ts";
import { passedOverLines } from "./passed-over.ts";
import { secrets, sftpOf } from "./server.ts";
import { serverFiles, URGENT_DAYS } from "./server-files.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Lists the export files on the server: size, age, whether the warehouse has them, and when Connect deletes them (28 days after they were written).\nThose that are deleted first come first.",
  options: {},
  examples: ["ls", "ls --json"],
  async run(context) {
    const { out, clock, signal } = context;
    const { config, file } = await context.config();
    const { folders } = sftpOf(config, file);
    const ledger = await knownOrNothing(context);
    const server = await openServer(config, { ...secrets(context), signal, log: (line) => out.log("debug", line) });
    let listing: RemoteFile[];
    let passedOver: readonly PassedOver[] = [];
    try {
      listing = await server.list(folders, signal, (others) => (passedOver = others));
    } finally {
      await server.close();
    }
    const now = clock.now();
    const files = serverFiles(listing, ledger, now);
    const urgent = files.filter((entry) => entry.urgent).length;
    out.result({ root: server.root, files, passed_over: passedOver }, () => {
      const others = passedOverLines(passedOver);
      if (files.length === 0) return [`There are no files in ${folders.join(", ")}.`, ...others];
      const rows = files.map(({ path, size, mtime, state, urgent, fault }) =>
        mtime === null || size === null
          ? [path, "", "", state, "", `<- ${fault}`]
          : [
              path,
              bytes(size),
              `${duration(now - mtime.getTime())} old`,
              state,
              deletion(mtime.getTime() + KEPT_MS - now),
              urgent ? "<- load it soon" : "",
            ],
      );
      const loaded = files.filter(({ state }) => state.startsWith("loaded")).length;
      const total = `${count(files.length, "file")}, ${bytes(files.reduce((sum, { size }) => sum + (size ?? 0), 0))}; ${number(loaded)} loaded.`;
      const warning = urgent > 0 ? ` ${count(urgent, "file")} to be deleted within ${URGENT_DAYS} days and not loaded: run signalhouse sync.` : "";
      return [...table(["file", { right: "size" }, { right: "age" }, "state", "deleted", ""], rows), "", `${total}${warning}`, ...others];
    });
    return EXIT.done;
  },
});

/** The ledger; nothing where there is no warehouse yet, undefined where another process is writing to it. */
async function knownOrNothing(context: Context): Promise<KnownFile[] | undefined> {
  try {
    return await reading(context, knownFiles, { mayLack: "anything" });
  } catch (error) {
    if (isSignalhouseError(error, "warehouse_missing")) return [];
    if (!isSignalhouseError(error, "warehouse_locked")) throw error;
    context.out.log("warn", `${error.message}: it cannot be told which files are loaded`);
    return undefined;
  }
}

function deletion(left: number): string {
  return left > 0 ? `in ${duration(left)}` : "due";
}
