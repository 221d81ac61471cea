import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { defineCommand, wholeNumber } from "./command.ts";
import { EXIT } from "./failures.ts";
import { invocation } from "./invocation.ts";
import { claimFolder, copySampleExports, startLocalConnect } from "./local-connect.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Serves a folder over SFTP on 127.0.0.1, as Connect serves a subscription's: to try signalhouse without an account. It writes a key and a\n" +
    "configuration that reaches it, and runs until Ctrl-C. --config and --warehouse do not apply.",
  options: {
    folder: { type: "string", value: "DIR", help: "the folder to serve; by default a copy of the sample exports in DIR/exports of --out" },
    out: { type: "string", value: "DIR", help: "where key and configuration go; ./sandbox by default" },
    port: { type: "string", value: "N", help: "the port to listen on; a free one by default" },
  },
  examples: ["sandbox", "sandbox --folder ~/exports --port 2222"],
  async run({ out, signal }, { values }) {
    const port = values.port === undefined ? 0 : wholeNumber("--port", values.port, 65_535);
    const folder = resolve(values.out ?? "sandbox");
    await claimFolder(folder, "sandbox");
    const exports = values.folder === undefined ? join(folder, "exports") : resolve(values.folder);
    if (values.folder === undefined && !existsSync(exports)) await copySampleExports(exports);
    const { sandbox, configFile } = await startLocalConnect(folder, exports, port);
    try {
      const { host, user, fingerprints } = sandbox;
      out.result({ host, port: sandbox.port, user, fingerprints, folder: exports, config: configFile }, () =>
        [
          `The sandbox serves ${exports}`,
          `  SFTP         ${host}, port ${sandbox.port}, as ${user}`,
          `  host key     ${fingerprints.join(", ")}`,
          `  key          ${join(folder, "id_ed25519")}`,
          "",
          "In another terminal, type:",
          `  cd ${relative(process.cwd(), folder) || "."}`,
          ...["doctor", "ls", "sync", "status"].map((name) => `  ${invocation(folder)} ${name}`),
          "",
          "Ctrl-C ends the sandbox.",
        ].join("\n"),
      );
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await sandbox.close();
    }
    return EXIT.done;
  },
});
