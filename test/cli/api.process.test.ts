/** The API through a real proxy and real TLS, and interrupted for real: in processes of their own, which alone read NODE_EXTRA_CA_CERTS. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ConfigInput } from "../../schemas/config.ts";
import { CERTIFICATE } from "../helpers/certificate.ts";
import { spawnCli, writeConfig } from "../helpers/cli.ts";
import { httpProxy, rawServer } from "../helpers/misbehaving.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const KEY = "sk-very-secret-0815";

/** A folder whose configuration asks an API. */
function place(api: NonNullable<ConfigInput["api"]>): string {
  const folder = scratchFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ca.pem"), CERTIFICATE);
  writeConfig(folder, { sftp: { host: "127.0.0.1", port: 1, user: "ana@example.com", agent: true, retries: 0 }, api });
  return folder;
}

/** What the doctor says of proxy and API. */
async function doctor(cwd: string, env: Record<string, string>): Promise<string[]> {
  const { stdout, stderr } = await spawnCli(["doctor"], { cwd, env: { SIGNALHOUSE_API_KEY: KEY, ...env } }).ended;
  expect(stdout + stderr).not.toMatch(/0815|pass%40word|pass@word/);
  return stdout.split("\n").flatMap((line) => (/^\S+ +(proxy|API) +(?!key)/.test(line) ? [line.replace(/ +/g, " ")] : []));
}

test("HTTPS_PROXY leads through a proxy that wants a login, NODE_EXTRA_CA_CERTS trusts its CA, NO_PROXY leads past it, and doctor says so", async () => {
  const answer = JSON.stringify({ data: { __typename: "Query" } });
  const server = await rawServer(
    (socket) => socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`)),
    {
      tls: true,
    },
  );
  const proxy = await httpProxy(server.port);
  const cwd = place({ endpoint: "https://connect.test" });
  const HTTPS_PROXY = `http://ana:pass%40word@127.0.0.1:${proxy.port}`;
  const [trusted, strange, direct] = await Promise.all([
    doctor(cwd, { HTTPS_PROXY, NODE_EXTRA_CA_CERTS: join(cwd, "ca.pem") }),
    doctor(cwd, { HTTPS_PROXY }),
    doctor(cwd, { HTTPS_PROXY, NO_PROXY: "connect.test" }),
  ]);
  const through = `ok proxy connect.test goes through http://127.0.0.1:${proxy.port}, which HTTPS_PROXY names; SFTP never goes through a proxy`;
  expect(trusted).toEqual([through, "ok API connect.test takes the key"]);
  expect(strange).toEqual([through, expect.stringMatching(/^failed API .*through the proxy.*self-signed certificate/)]);
  expect(direct).toEqual([
    expect.stringMatching(/^ok proxy connect\.test is asked directly.*NO_PROXY/),
    expect.stringMatching(/^failed API .*getaddrinfo/),
  ]);
  const login = `Basic ${Buffer.from("ana:pass@word").toString("base64")}`;
  expect(proxy.asked).toEqual([
    { host: "connect.test:443", login },
    { host: "connect.test:443", login },
  ]);
  expect(server.received).toContain(`x-api-key: ${KEY}`);
  expect(server.received).not.toContain("proxy-authorization");
});

test("SIGTERM ends a request whose answer stops in its body", async () => {
  const server = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data":'));
  const cwd = place({ endpoint: `http://127.0.0.1:${server.port}`, timeoutSeconds: 600 });
  const { child, ended } = spawnCli(["refset", "list"], { cwd, env: { SIGNALHOUSE_API_KEY: KEY } });
  await expect.poll(() => server.received).toContain("dataSets");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted by SIGTERM") });
  await server.idle();
});
