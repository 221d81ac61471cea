import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { defineCommand, wholeNumber } from "./command.ts";
import { EXIT } from "./failures.ts";
import { invocation } from "./invocation.ts";
import { claimFolder, copySampleExports, startLocalConnect } from "./local-connect.ts";
import { localPath } from "./world.ts";

/** Connect takes some minutes; nobody who tries it wants to wait so long. */
const EXPORT_TAKES_MS = 3000;

export const command = defineCommand({
  usage: "[options]",
  about:
    "A local Connect on 127.0.0.1, to try signalhouse without an account: serves a folder over SFTP, and answers to exports and imports over its GraphQL API, with " +
    "the signals of a made-up shop. It writes keys and a configuration that reaches it, and runs until Ctrl-C. --config and --warehouse do not apply.",
  options: {
    folder: { type: "string", value: "DIR", help: "the folder to serve; by default a copy of the sample exports in DIR/exports of --out" },
    out: { type: "string", value: "DIR", help: "where key and configuration go; ./sandbox by default" },
    port: { type: "string", value: "N", help: "the port of SFTP; a free one by default" },
    "api-port": { type: "string", value: "N", help: "the port of the API; a free one by default" },
  },
  examples: ["sandbox", "sandbox --folder ~/exports --port 2222"],
  async run(context, { values }) {
    const { out, clock, signal } = context;
    const port = wholeNumber("--port", values.port ?? "0", { most: 65_535 });
    const apiPort = wholeNumber("--api-port", values["api-port"] ?? "0", { most: 65_535 });
    const folder = localPath(context, values.out ?? "sandbox");
    await claimFolder(folder, "sandbox");
    const exports = values.folder === undefined ? join(folder, "exports") : localPath(context, values.folder);
    if (values.folder === undefined && !existsSync(exports)) await copySampleExports(exports);
    const { sandbox, api, configFile } = await startLocalConnect(folder, exports, { port, apiPort, clock, delayMs: EXPORT_TAKES_MS, pollSeconds: 1 });
    try {
      const { host, user, fingerprints } = sandbox;
      out.result({ host, port: sandbox.port, user, fingerprints, api: api.url, folder: exports, config: configFile }, () => [
        `The sandbox serves ${exports}`,
        `  SFTP         ${host}, port ${sandbox.port}, as ${user}`,
        `  host key     ${fingerprints.join(", ")}`,
        `  key          ${join(folder, "id_ed25519")}`,
        `  API          ${api.url}, with the key in ${join(folder, "api-key")}`,
        "",
        "In another terminal, type:",
        `  cd ${relative(context.cwd, folder) || "."}`,
        ...["doctor", "export --types all --from 2025-09-04 --to 2025-09-05 --sync", "ls", "sync", "status"].map(
          (name) => `  ${invocation(context, folder)} ${name}`,
        ),
        "",
        "Ctrl-C ends the sandbox.",
      ]);
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await sandbox.close();
    }
    return EXIT.done;
  },
});
