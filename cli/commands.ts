/** All commands. Each is imported only when it is called. */
import type { Command } from "./command.ts";

interface Entry {
  summary: string;
  load(): Promise<{ command: Command }>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  init: { summary: "write signalhouse.config.json with a comment on every choice", load: () => import("./init.ts") },
  doctor: { summary: "test everything that a sync needs, and say how to mend it", load: () => import("./doctor.ts") },
  "keys generate": { summary: "make a key pair for the SFTP server", load: () => import("./keys-generate.ts") },
  "keys register": { summary: "tell Connect your public key", load: () => import("./keys-register.ts") },
  "keys show": { summary: "show your public keys", load: () => import("./keys-show.ts") },
  "keys trust": { summary: "make the server's host key known, after you compared it", load: () => import("./keys-trust.ts") },
  ls: { summary: "list the export files on the server", load: () => import("./ls.ts") },
  export: { summary: "ask Connect for an export, wait for it, load it", load: () => import("./export.ts") },
  "backfill plan": { summary: "what is missing of a span, and when it can be asked for", load: () => import("./backfill-plan.ts") },
  "backfill run": { summary: "ask for what is missing, day by day, and load it", load: () => import("./backfill-run.ts") },
  "backfill status": { summary: "each day by signal type: loaded, asked for or missing", load: () => import("./backfill-status.ts") },
  sync: { summary: "load every new export file from the server", load: () => import("./sync.ts") },
  watch: { summary: "sync, exports and backfill every so often, in one process", load: () => import("./watch.ts") },
  load: { summary: "load local export files, or standard input", load: () => import("./load.ts") },
  "refset push": { summary: "send rows to Connect as a reference set", load: () => import("./refset-push.ts") },
  "refset validate": { summary: "check a reference set by every rule of Connect", load: () => import("./refset-validate.ts") },
  "refset list": { summary: "the reference sets that Connect has", load: () => import("./refset-list.ts") },
  "refset status": { summary: "how the imports of reference sets stand", load: () => import("./refset-status.ts") },
  "loads forget": { summary: "dismiss failed files that will never come right", load: () => import("./loads-forget.ts") },
  status: { summary: "what the warehouse holds, and how the last runs went", load: () => import("./status.ts") },
  "rejects list": { summary: "rows that could not become records", load: () => import("./rejects-list.ts") },
  "rejects show": { summary: "one rejected row, whole", load: () => import("./rejects-show.ts") },
  "rejects replay": { summary: "load the rejects that can be loaded now", load: () => import("./rejects-replay.ts") },
  drift: { summary: "what the data has that the schema does not know", load: () => import("./drift.ts") },
  verify: { summary: "prove the ledger from the tables", load: () => import("./verify.ts") },
  query: { summary: "run SQL on the warehouse", load: () => import("./query.ts") },
  sandbox: { summary: "serve sample exports over SFTP on this machine", load: () => import("./sandbox.ts") },
  demo: { summary: "the sandbox, a sync and a look at the result; no account needed", load: () => import("./demo.ts") },
};

/** The command that the first words of a command line name, and the words after it. */
export function findCommand(args: readonly string[]): { name: string; entry: Entry; rest: string[] } | undefined {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(" ");
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (entry) return { name, entry, rest: args.slice(words) };
  }
  return undefined;
}
