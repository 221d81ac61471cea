import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectSftp, type SftpOptions } from "../../../pipeline/sftp/server.ts";
import { failureOf } from "../../helpers/errors.ts";
import { fingerprintOf, makeKey, sshdMissing, startSshd, type Sshd } from "../../helpers/sshd.ts";

describe.skipIf(sshdMissing)("connecting", () => {
  let sshd: Sshd;
  let serverLine: (type: string) => Promise<string>;
  const at = (name: string) => join(sshd.dir, name);

  beforeAll(async () => {
    sshd = await startSshd(["ed25519", "rsa"]);
    serverLine = async (type) => `[127.0.0.1]:${sshd.port} ${await readFile(at(`host_${type}.pub`), "utf8")}`;
    makeKey(at("stranger"));
    makeKey(at("locked"), "ed25519", "open sesame");
    await writeFile(at("authorized_keys"), (await readFile(at("id.pub"), "utf8")) + (await readFile(at("locked.pub"), "utf8")));
  });

  afterAll(() => sshd.close());

  /** The host key that the connection was made with. */
  async function hostKeyUsed(options: Partial<SftpOptions>): Promise<string | undefined> {
    const lines: string[] = [];
    const server = await connectSftp({ ...sshd.options, ...options, log: (line) => lines.push(line) });
    await server.close();
    return /host key ([\w-]+)/.exec(lines.join())?.[1];
  }

  async function knownHosts(name: string, ...lines: string[]): Promise<{ knownHosts: string[] }> {
    await writeFile(at(name), lines.join(""));
    return { knownHosts: [at(name)] };
  }

  describe("verifies the host key", () => {
    test("known", async () => {
      expect(await hostKeyUsed({})).toBe("ssh-ed25519");
    });

    test("known by a hashed line", async () => {
      const options = await knownHosts("hashed", await serverLine("ed25519"));
      execFileSync("ssh-keygen", ["-H", "-f", at("hashed")], { stdio: "ignore" });
      expect(await readFile(at("hashed"), "utf8")).toContain("|1|");
      expect(await hostKeyUsed(options)).toBe("ssh-ed25519");
    });

    test("known by another type than the one that the server would show first", async () => {
      expect(await hostKeyUsed(await knownHosts("rsa", await serverLine("rsa")))).toBe("rsa-sha2-512");
    });

    test("unknown", async () => {
      const error = await failureOf(connectSftp({ ...sshd.options, knownHosts: [at("absent")] }));
      expect(error.code).toBe("host_key_unknown");
      expect(error.hint).toContain(fingerprintOf(at("host_ed25519.pub")));
    });

    test("changed", async () => {
      const stranger = await readFile(at("stranger.pub"), "utf8");
      const error = await failureOf(connectSftp({ ...sshd.options, ...(await knownHosts("changed", `[127.0.0.1]:${sshd.port} ${stranger}`)) }));
      expect(error.code).toBe("host_key_changed");
      expect(error.message).toContain(fingerprintOf(at("stranger.pub")));
      expect(error.message).toContain(fingerprintOf(at("host_ed25519.pub")));
    });

    test("revoked", async () => {
      const line = await serverLine("ed25519");
      const error = await failureOf(connectSftp({ ...sshd.options, ...(await knownHosts("revoked", line, `@revoked ${line}`)) }));
      expect(error).toMatchObject({ code: "host_key_changed", message: expect.stringContaining("revoked") as string });
    });

    test("pinned", async () => {
      expect(await hostKeyUsed({ hostKeys: [fingerprintOf(at("host_ed25519.pub"))], knownHosts: [] })).toBe("ssh-ed25519");
    });

    test("pinned, of a type that the server does not show first", async () => {
      expect(await hostKeyUsed({ hostKeys: [fingerprintOf(at("host_rsa.pub"))], knownHosts: [] })).toBe("rsa-sha2-512");
    });

    test("not the pinned one, though known", async () => {
      const error = await failureOf(connectSftp({ ...sshd.options, hostKeys: [fingerprintOf(at("stranger.pub"))] }));
      expect(error.code).toBe("host_key_changed");
    });
  });

  describe("logs in", () => {
    test("with AES-GCM", async () => {
      const lines: string[] = [];
      const server = await connectSftp({ ...sshd.options, log: (line) => lines.push(line) });
      await server.close();
      expect(lines.join()).toContain("aes128-gcm@openssh.com");
    });

    test("with a passphrase, which is logged nowhere", async () => {
      const lines: string[] = [];
      const server = await connectSftp({ ...sshd.options, keyFile: at("locked"), passphrase: "open sesame", log: (line) => lines.push(line) });
      await server.close();
      expect(lines.join()).not.toContain("sesame");
    });

    test("with the ssh-agent", async () => {
      const agentSocket = at("agent");
      const agent = spawn("ssh-agent", ["-D", "-a", agentSocket], { stdio: ["ignore", "pipe", "ignore"] });
      try {
        await once(agent.stdout, "data");
        execFileSync("ssh-add", ["-q", at("stranger"), at("id")], { env: { ...process.env, SSH_AUTH_SOCK: agentSocket } });
        const { keyFile, ...others } = sshd.options;
        expect(keyFile).toBeDefined();
        const server = await connectSftp({ ...others, agent: true, agentSocket });
        await server.close();
      } finally {
        const ended = once(agent, "exit");
        agent.kill();
        await ended;
      }
    });

    test("not with a key that the server does not know", async () => {
      const error = await failureOf(connectSftp({ ...sshd.options, keyFile: at("stranger") }));
      expect(error.code).toBe("login_refused");
      expect(error.message).toContain(sshd.user);
      expect(error.message).toContain(fingerprintOf(at("stranger.pub")));
      expect(error.hint).toContain("Register this public key");
    });

    test("not with a key that others can read", async () => {
      await writeFile(at("open"), await readFile(at("id")), { mode: 0o644 });
      await chmod(at("open"), 0o644);
      expect(await failureOf(connectSftp({ ...sshd.options, keyFile: at("open") }))).toMatchObject({ code: "key_file_open" });
    });
  });

  describe("finds the subscription's folder", () => {
    const rootOf = async (root?: string) => {
      const server = await connectSftp({ ...sshd.options, ...(root === undefined ? {} : { root }) });
      await server.close();
      return server.root;
    };

    test("in this order: as configured, the one sub_ folder, where it lands", async () => {
      expect(await rootOf()).toBe(sshd.folder);
      await mkdir(join(sshd.folder, "elsewhere"));
      await writeFile(join(sshd.folder, "sub_file"), "");
      expect(await rootOf()).toBe(sshd.folder);
      await mkdir(join(sshd.folder, "sub_1"));
      expect(await rootOf()).toBe(`${sshd.folder}/sub_1`);
      expect(await rootOf("elsewhere/")).toBe(`${sshd.folder}/elsewhere`);
      expect(await rootOf("/tmp/")).toBe("/tmp");
      await mkdir(join(sshd.folder, "sub_2"));
      expect(await failureOf(connectSftp(sshd.options))).toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining("sub_1, sub_2") as string,
      });
      expect(await rootOf("sub_2")).toBe(`${sshd.folder}/sub_2`);
    });
  });

  describe("tells apart", () => {
    test("a name that is none", async () => {
      expect(await failureOf(connectSftp({ ...sshd.options, host: "sftp.invalid" }))).toMatchObject({
        code: "host_unreachable",
        message: expect.stringMatching(/sftp\.invalid/) as string,
      });
    });

    test("a port where nobody listens", async () => {
      expect(await failureOf(connectSftp({ ...sshd.options, port: 1 }))).toMatchObject({
        code: "host_unreachable",
        message: expect.stringContaining("refuses connections") as string,
      });
    });

    test.each([
      { name: "a server that says nothing", greeting: "", code: "host_unreachable", message: "does not finish the SSH login" },
      {
        name: "a server that speaks something else",
        greeting: "220 ftp.example.com\r\n",
        code: "host_unreachable",
        message: "is not an SSH server: it says",
      },
      {
        name: "a server of SSH that says something before it greets",
        greeting: "220 welcome\r\nSSH-2.0-slow\r\n",
        code: "host_unreachable",
        message: "does not finish the SSH login",
      },
      { name: "a server that hangs up", greeting: null, code: "connection_lost", message: "dropped the connection" },
    ])("$name", async ({ greeting, code, message }) => {
      const server = createServer((socket) => {
        if (greeting === null) socket.destroy();
        else
          socket
            .on("error", () => {})
            .resume()
            .write(greeting);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      try {
        const { port } = server.address() as AddressInfo;
        const error = await failureOf(connectSftp({ ...sshd.options, port, timeoutSeconds: 0.2 }));
        expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
      } finally {
        server.close();
        await once(server, "close");
      }
    });
  });

  test("can be given up", async () => {
    const reason = new Error("enough");
    await expect(connectSftp({ ...sshd.options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("says goodbye when it is closed", async () => {
    const server = await connectSftp({ ...sshd.options, root: "/" });
    const goodbyes = () => sshd.log.filter((line) => line.includes("Received disconnect")).length;
    const before = goodbyes();
    await server.close();
    await server.close();
    while (goodbyes() === before) await new Promise(setImmediate);
    expect(goodbyes()).toBe(before + 1);
  });

  test("leaves no socket behind, whether it works or not", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    const server = await connectSftp({ ...sshd.options, root: "/" });
    expect(sockets()).toBe(before + 1);
    await server.close();
    await failureOf(connectSftp({ ...sshd.options, keyFile: at("stranger") }));
    await failureOf(connectSftp({ ...sshd.options, knownHosts: [] }));
    await failureOf(connectSftp({ ...sshd.options, port: 1 }));
    // A destroyed socket needs a moment to go; one that is left behind never goes, and the test times out.
    while (sockets() > before) await new Promise(setImmediate);
    expect(sockets()).toBe(before);
  });
});
