/** Servers that will not do tomorrow either: nobody is told to try again later, and nothing is tried again. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fetchHostKeys } from "../../../pipeline/sftp/fetch-host-keys.ts";
import { connectSftp } from "../../../pipeline/sftp/server.ts";
import { userInfo } from "node:os";
import { cli, writeConfig } from "../../helpers/cli.ts";
import { failureOf } from "../../helpers/errors.ts";
import { SFTP_SERVER, sshdMissing, startSshd } from "../../helpers/sshd.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

/** Before a server: drops every second connection. @returns its port */
async function startBusyServer(target: number): Promise<number> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => socket.destroy());
    if (connections % 2 === 0) socket.end("Exceeded MaxStartups\r\n");
    else socket.pipe(connect(target, "127.0.0.1").on("error", () => socket.destroy())).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe.skipIf(sshdMissing)("OpenSSH", () => {
  test.each([
    { name: "without SFTP", settings: ["Subsystem other /bin/true"], says: /lets us in, but has no SFTP$/ },
    {
      name: "whose login shell talks before SFTP",
      settings: [`Subsystem sftp echo Welcome to our server; exec ${SFTP_SERVER}`],
      says: /it says "Welcome to our server"/,
    },
    { name: "whose login shell says a word before SFTP", settings: [`Subsystem sftp printf hi; exec ${SFTP_SERVER}`], says: /it says "hi"/ },
    { name: "with a menu", settings: ["ForceCommand printf '1) Files 2) Quit: '; cat"], says: /it says "1\) Files 2\) Quit:"/ },
    { name: "with a short prompt", settings: ["ForceCommand printf '> '; cat >/dev/null"], says: /it says ">"/, timeoutSeconds: 0.5 },
    {
      name: "that has no shell for us",
      settings: ["ForceCommand /usr/sbin/nologin"],
      says: /it says "This account is currently not available\.?"/,
    },
    {
      name: "whose SFTP program is not there",
      settings: ["Subsystem sftp /nowhere/sftp-server"],
      says: /its program ends at once \(exit code 127\)/,
    },
    { name: "whose program ends without a word", settings: ["ForceCommand exit 3"], says: /its program ends at once \(exit code 3\)/ },
    { name: "that is killed", settings: ["ForceCommand kill -9 $$"], says: /its program ends at once \(SIGKILL\)/ },
    { name: "with no cipher of ours", settings: ["Ciphers chacha20-poly1305@openssh.com"], says: /they share no cipher/ },
    { name: "with no MAC of ours", settings: ["Ciphers aes256-ctr", "MACs hmac-sha1"], says: /they share no MAC/ },
    { name: "with no key exchange of ours", settings: ["KexAlgorithms sntrup761x25519-sha512@openssh.com"], says: /they share no key exchange/ },
  ])("$name", async ({ settings, says, timeoutSeconds = 10 }) => {
    const sshd = await startSshd(["ed25519"], settings);
    onTestFinished(() => sshd.close());
    const lines: string[] = [];
    const error = await failureOf(connectSftp({ ...sshd.options, timeoutSeconds, log: (line) => lines.push(line) }));
    expect(error.message).toMatch(says);
    expect(error).toMatchObject({ code: "server_unfit", retryable: false });
    expect(error.hint).not.toMatch(/again|later/i);
    expect(lines.filter((line) => line.includes("again"))).toEqual([]);
  });

  test("whose only host key is proven by SHA-1", async () => {
    const sshd = await startSshd(["rsa"], ["HostKeyAlgorithms ssh-rsa"]);
    onTestFinished(() => sshd.close());
    expect(await failureOf(connectSftp(sshd.options))).toMatchObject({ code: "server_unfit", message: expect.stringMatching(/share no host key/) });
    expect(await failureOf(fetchHostKeys(sshd.host, sshd.port, 5000))).toMatchObject({ code: "server_unfit" });
  });

  test("doctor names it, and takes MaxStartups 2, or a server that drops some of us, for no fault", async () => {
    const cwd = scratchFolder();
    const well = await startSshd(["ed25519", "rsa"], ["MaxStartups 2"]);
    onTestFinished(() => well.close());
    const doctor = async (sshd: typeof well) => {
      const { host, port, keyFile, fingerprints } = sshd;
      writeConfig(cwd, { sftp: { host, port, user: userInfo().username, keyFile, hostKeys: [fingerprints.at(-1)!], folders: [""] } });
      const { stdout } = await cli(["doctor", "--json"], { cwd });
      const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; code?: string; fix?: string; detail: string }[] };
      return Object.fromEntries(checks.map((check) => [check.name, check]));
    };
    writeFileSync(join(well.folder, "a.csv"), "");
    expect(await doctor(well)).toMatchObject({ "host key": { status: "ok" }, login: { status: "ok" }, folders: { status: "ok" } });
    const busy = await startBusyServer(well.port);
    expect(await doctor({ ...well, port: busy, fingerprints: well.fingerprints.slice(0, 1) })).toMatchObject({
      "host key": { status: "ok" },
      login: { status: "ok" },
    });
    const talking = await startSshd(["ed25519"], ["ForceCommand echo Welcome"]);
    onTestFinished(() => talking.close());
    expect(await doctor(talking)).toMatchObject({ login: { status: "failed", code: "server_unfit", detail: expect.stringContaining('"Welcome"') } });
  });
});
