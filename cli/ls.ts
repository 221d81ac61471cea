import { planSync, type Decision } from "../pipeline/load/plan.ts";
import type { PassedOver, RemoteFile } from "../pipeline/sftp/server.ts";
import { openServer } from "../pipeline/load/remote-files.ts";
import { DAY_MS, KEPT_MS } from "../schemas/connect.ts";
import { isSignalhouseError } from "../schemas/errors.ts";
import { type KnownFile, knownFiles } from "../sinks/ledger.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { bytes, count, duration, number, table } from "./format.ts";
import { passedOverLines } from "./passed-over.ts";
import { secrets, sftpOf } from "./server.ts";
import { reading } from "./warehouse.ts";

/** A file that is not loaded and has less than this left is pointed at. */
const URGENT_MS = 7 * DAY_MS;

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
    const files = planSync(listing, ledger ?? []).map(({ file: { path, size, mtime, fault }, decision }) => {
      if (fault) return { path, size: null, mtime: null, state: "unreadable", days_left: null, urgent: false, fault: fault.message };
      const state = ledger ? stateOf(decision) : "unknown";
      const left = mtime + KEPT_MS - now;
      return { path, size, mtime: new Date(mtime), state, days_left: Math.floor(left / DAY_MS), urgent: isWaiting(state) && left < URGENT_MS };
    });
    const urgent = files.filter((entry) => entry.urgent).length;
    out.result({ root: server.root, files, passed_over: passedOver }, () => {
      const others = passedOverLines(passedOver);
      if (files.length === 0) return [`There are no files in ${folders.join(", ")}.`, ...others];
      const rows = files.map(({ path, size, mtime, state, urgent, fault }) =>
        mtime === null
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
      const warning = urgent > 0 ? ` ${count(urgent, "file")} to be deleted within 7 days and not loaded: run signalhouse sync.` : "";
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

function stateOf({ why }: Decision): string {
  switch (why) {
    case "same bytes as another file":
      return "loaded (same bytes)";
    case "changed since it was loaded":
      return "changed";
    case "failed before":
      return "failed";
    case "not .csv or .gz":
      return "no export";
    default:
      return why;
  }
}

const isWaiting = (state: string) => ["new", "changed", "failed"].includes(state);

function deletion(left: number): string {
  return left > 0 ? `in ${duration(left)}` : "due";
}
