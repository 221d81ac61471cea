import { fetchHostKeys, type ShownHostKey } from "../pipeline/sftp/fetch-host-keys.ts";
import { hostKeyFault, readHostTrust, trustHostKey } from "../pipeline/sftp/host-keys.ts";
import { serverName } from "../pipeline/sftp/options.ts";
import { FINGERPRINT, sftpHost } from "../schemas/config.ts";
import { isSignalhouseError, SignalhouseError } from "../schemas/errors.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { table } from "./format.ts";
import { sftpOf } from "./server.ts";

export const command = defineCommand({
  usage: "[--fingerprint SHA256:…] [options]",
  about:
    "Shows the host keys of the SFTP server. A key that you compared with what Acoustic support or a colleague tells you is made known with " +
    "--fingerprint: it is added to the first of sftp.knownHosts. Nothing is ever trusted without it.",
  options: { fingerprint: { type: "string", value: "SHA256:…", help: "trust the key that has this fingerprint" } },
  examples: ["keys trust", "keys trust --fingerprint SHA256:Wrwm8cJO0TGVUNlsfEHmCLZrSoDuYDNMpQkLqQSEuQ4"],
  async run({ out, signal, config: loadConfig }, { values }) {
    if (values.fingerprint !== undefined && !new RegExp(`^${FINGERPRINT}$`).test(values.fingerprint)) {
      throw new SignalhouseError(
        "usage",
        `"${values.fingerprint}" is no fingerprint: that is SHA256: and 43 characters, as \`signalhouse keys trust\` shows it`,
        "Nothing was trusted. Copy the whole of it.",
      );
    }
    const { config, file } = await loadConfig();
    const sftp = sftpOf(config, file);
    const server = { host: sftpHost(config), port: sftp.port };
    const shown = await fetchHostKeys(server.host, server.port, sftp.timeoutSeconds * 1000, signal);
    const trust = await readHostTrust({ ...sftp, ...server });
    const faultOf = ({ key }: ShownHostKey) => hostKeyFault(key, trust, server);
    const keys = shown.map((key) => ({ algorithm: key.algorithm, fingerprint: key.fingerprint, trusted: faultOf(key) === undefined }));
    const name = serverName(server);
    const keysTable = () =>
      table(
        ["type", "fingerprint", "trusted"],
        keys.map((key) => [key.algorithm, key.fingerprint, key.trusted ? "yes" : "no"]),
      );

    if (values.fingerprint === undefined) {
      const trusted = keys.some((key) => key.trusted);
      const advice = trusted
        ? ["One of them is trusted already: nothing is to be done."]
        : [
            "Compare a fingerprint with what Acoustic support tells you, by another way than this network. Only if it is the same, run:",
            ...keys.map((key) => `  signalhouse keys trust --fingerprint ${key.fingerprint}`),
          ];
      out.result({ server: name, keys }, () => [`${name} shows these host keys:`, "", ...keysTable(), "", ...advice]);
      return trusted ? EXIT.done : EXIT.failed;
    }

    const wanted = values.fingerprint.replace(/=+$/, "");
    const key = shown.find(({ fingerprint }) => fingerprint === wanted);
    if (!key) {
      const others = shown.map(({ fingerprint }) => fingerprint).join(", ");
      throw new SignalhouseError(
        "host_key_unknown",
        `${name} shows no host key ${values.fingerprint}; it shows ${others}`,
        "Nothing was trusted. If you were told this fingerprint, somebody may sit between you and the server.",
      );
    }
    const fault = faultOf(key);
    const [knownHosts] = sftp.knownHosts;
    if (fault === undefined) {
      out.result({ server: name, keys, trusted: key.fingerprint, added_to: null }, () => [
        `${key.algorithm} ${key.fingerprint} of ${name} is trusted already.`,
      ]);
      return EXIT.done;
    }
    // A key that stands against a pinned, another known or a revoked one is for a person to sort out.
    if (!isSignalhouseError(fault, "host_key_unknown")) throw fault;
    if (knownHosts === undefined) {
      throw new SignalhouseError("config_invalid", "sftp.knownHosts is empty", `Name a file there, or put "${key.fingerprint}" into sftp.hostKeys.`);
    }
    await trustHostKey(knownHosts, server.host, server.port, key.key);
    out.result({ server: name, keys, trusted: key.fingerprint, added_to: knownHosts }, () => [
      `Trusted: ${key.algorithm} ${key.fingerprint} of ${name}`,
      `Added to ${knownHosts}`,
    ]);
    return EXIT.done;
  },
});
