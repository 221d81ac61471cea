import { readPlainFile } from "../pipeline/common/own-file.ts";
import { readPublicLine } from "../pipeline/sftp/key-pair.ts";
import { readPublicKeys } from "../pipeline/sftp/keys.ts";
import { apiEndpoint } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { whyNotRead } from "../sinks/file-faults.ts";
import { defineCommand } from "./command.ts";
import { apiOf } from "./api.ts";
import { EXIT } from "./failures.ts";
import { secrets, sftpOf } from "./server.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Registers the public half of your key with Connect (updatePublicKeyForConnectUser), so that it logs in over SFTP. It is registered for the user to " +
    "whom the API key belongs, in place of the key that this user had before. The private half never leaves this machine.",
  options: {
    file: { type: "string", value: "FILE", help: "a public key (FILE.pub), for one that is in the ssh-agent; by default the one of sftp.keyFile" },
  },
  examples: ["keys register", "keys register --file ~/.ssh/connect_ed25519.pub"],
  async run(context, { values }) {
    const { config, file } = await context.config();
    const [publicKey = ""] =
      values.file === undefined
        ? await readPublicKeys({ ...sftpOf(config, file), ...secrets(context) })
        : [await readPublicFile(localPath(context, values.file))];
    const api = await apiOf(config, context);
    await api.registerPublicKey(publicKey);
    const { host } = new URL(apiEndpoint(config));
    context.out.result({ registered: publicKey, api: host }, () => [
      `Registered with Connect (${host}), in place of the key that was there:`,
      "",
      `  ${publicKey}`,
      "",
      "It may take some minutes until the SFTP server knows it. Next: signalhouse keys trust, then signalhouse doctor",
    ]);
    return EXIT.done;
  },
});

async function readPublicFile(path: string): Promise<string> {
  const text = await readPlainFile(path).catch((error: unknown) => {
    throw new SignalhouseError(
      "key_unreadable",
      `the public key ${path} cannot be read: ${whyNotRead(error)}`,
      "Check --file; `signalhouse keys generate` makes a key.",
      error,
    );
  });
  return readPublicLine(text, path);
}
