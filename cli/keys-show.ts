import ssh2 from "ssh2";
import { fingerprint } from "../pipeline/sftp/host-keys.ts";
import { readPublicKeys } from "../pipeline/sftp/keys.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { secrets, sftpOf } from "./server.ts";

export const command = defineCommand({
  usage: "[options]",
  about: "Shows the public half of the keys with which the SFTP server is asked in: sftp.keyFile's, and the ssh-agent's. Never the private half.",
  options: {},
  examples: ["keys show", "keys show --json"],
  async run(context) {
    const { config, file } = await context.config();
    const lines = await readPublicKeys({ ...sftpOf(config, file), ...secrets(context) });
    const keys = lines.map((line) => {
      const key = ssh2.utils.parseKey(line);
      return { public_key: line, fingerprint: key instanceof Error ? null : fingerprint(key.getPublicSSH()) };
    });
    context.out.result({ keys }, () => [
      ...keys.flatMap((key) => [key.public_key, `  ${key.fingerprint ?? ""}`]),
      "",
      "Connect knows one of them once it was registered: signalhouse keys register",
    ]);
    return EXIT.done;
  },
});
