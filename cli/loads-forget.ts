import { isServerFile } from "../pipeline/sync.ts";
import { oneLine } from "../schemas/characters.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import type { LoadStatus } from "../schemas/ledger-tables.ts";
import { dismissFailure, knownFiles } from "../sinks/ledger.ts";
import { inTransaction } from "../sinks/transaction.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { reading, running } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "PATH… [options]",
  about:
    "Dismisses failed files, named as status shows them: no sync tries them again, and status tells no more of them, until they change. Nothing of a " +
    "failed file is in the warehouse, and nothing on the server is touched. Files that the server no longer has are forgotten by themselves.",
  options: { undo: { type: "boolean", help: "take dismissed files up again: the next sync tries those of the server" } },
  examples: ["loads forget Export/Signals/2025-09-01/Signals_Export.csv.gz", "loads forget --undo Export/Signals/2025-09-01/Signals_Export.csv.gz"],
  positionals: [1, Infinity],
  async run(context, { values, positionals }) {
    const isDismissed = !values.undo;
    // A mistyped path is no warehouse to make.
    await reading(context, async () => undefined, { mayLack: "anything" });
    return running(context, "loads forget", async ({ connection }) => {
      const from: LoadStatus = isDismissed ? "failed" : "dismissed";
      const there = (await knownFiles(connection)).filter(({ status }) => status === from).map(({ path }) => path);
      const paths = [...new Set(positionals.map((named) => pathNamed(context, named, there, from)))];
      await inTransaction(connection, async () => {
        for (const path of paths) await dismissFailure(connection, path, isDismissed);
      });
      context.out.result({ [isDismissed ? "dismissed" : "taken_up"]: paths }, () =>
        paths.map((path) => (isDismissed ? `Dismissed ${path}: ${TOLD[placeOf(path)].dismissed}.` : `${path} ${TOLD[placeOf(path)].takenUp}.`)),
      );
      return EXIT.done;
    });
  },
});

/** What comes of it. A file of this machine is loaded where somebody names it, whatever the ledger says. */
const TOLD = {
  server: { dismissed: "it is not tried again until it changes", takenUp: "is tried again by the next sync" },
  local: { dismissed: "status tells no more of it", takenUp: "is told by status again; it is tried again where load names it" },
} as const;

const placeOf = (path: string) => (isServerFile(path) ? "server" : "local");

/** The path in the ledger that a user means: it may be a local file's, or written as it is shown. @throws SignalhouseError not_found */
function pathNamed(context: Context, named: string, there: readonly string[], status: LoadStatus): string {
  const local = localPath(context, named);
  const found = there.find((path) => path === named) ?? there.find((path) => path === local || oneLine(path) === named);
  if (found !== undefined) return found;
  throw new SignalhouseError(
    "not_found",
    `the ledger has no ${status} file ${named}`,
    `Nothing was changed. See which there are: signalhouse query "SELECT path FROM signalhouse.loads WHERE status = '${status}'"`,
  );
}
