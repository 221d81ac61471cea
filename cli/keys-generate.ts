import ssh2 from "ssh2";
import { fingerprint } from "../pipeline/sftp/host-keys.ts";
import { makeKeyPair, writeKeyPair } from "../pipeline/sftp/key-pair.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { secrets } from "./server.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Makes an ed25519 key pair for Connect's SFTP server: the private half for you alone (mode 600), the public half beside it in FILE.pub. It never " +
    "overwrites a key. Where the environment variable SIGNALHOUSE_KEY_PASSPHRASE is set, the private half is encrypted with it.",
  options: {
    file: { type: "string", value: "FILE", help: "the private key to write; sftp.keyFile by default, else ~/.ssh/connect_ed25519" },
    comment: { type: "string", value: "TEXT", help: 'what stands behind the public key; "Acoustic Connect key" by default' },
  },
  examples: ["keys generate", 'keys generate --file ~/.ssh/connect_ed25519 --comment "ana at work"'],
  async run(context, { values }) {
    const { out } = context;
    const comment = values.comment ?? "Acoustic Connect key";
    if (/[^\x20-\x7e]/.test(comment))
      throw new SignalhouseError("usage", "--comment has other than printable ASCII characters", "Use letters, digits and blanks.");
    // A configuration that is not complete yet is no reason not to make a key.
    const configured =
      values.file === undefined
        ? await context.config().then(
            ({ config }) => config.sftp?.keyFile,
            () => undefined,
          )
        : undefined;
    const path = values.file === undefined ? (configured ?? localPath(context, "~/.ssh/connect_ed25519")) : localPath(context, values.file);
    const pair = makeKeyPair(comment, secrets(context).passphrase);
    await writeKeyPair(path, pair);
    const key = ssh2.utils.parseKey(pair.publicKey);
    const print = key instanceof Error ? "" : fingerprint(key.getPublicSSH());
    out.result({ file: path, public_key: pair.publicKey, fingerprint: print }, () => [
      `Wrote ${path} (private: keep it to yourself) and ${path}.pub`,
      "",
      `  ${pair.publicKey}`,
      `  ${print}`,
      "",
      ...(configured === path ? [] : [`Put it into the configuration as sftp.keyFile: ${path}`]),
      "Next: signalhouse keys register",
    ]);
    return EXIT.done;
  },
});
