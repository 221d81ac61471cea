/** doctor before set-ups that are each broken in one place: it finds that one, and names the mend. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import ssh2 from "ssh2";
import { expect, inject, onTestFinished, test } from "vitest";
import { makeKeyPair } from "../../pipeline/sftp/key-pair.ts";
import type { ConfigInput } from "../../schemas/config.ts";
import { closedPort } from "../helpers/api-server.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "../helpers/certificate.ts";
import { cli, type DoctorCheck, type Workplace, workplace, writeConfig } from "../helpers/cli.ts";
import { HOST_KEYS } from "../helpers/sandbox.ts";

/** A set-up that was whole and is broken now. */
type Place = Workplace & { sftp: NonNullable<ConfigInput["sftp"]> };
/** @returns the environment that belongs to it */
type Break = (place: Place) => Promise<Record<string, string> | void> | Record<string, string> | void;

interface Broken {
  breaks: Break;
  /** The check that fails. */
  check: string;
  code: string;
  /** What is wrong, and where. */
  says: RegExp;
  /** What to do. */
  mend: RegExp;
}

const API_KEY = "a-key-that-nobody-may-see";
const PASSPHRASE = "a passphrase that nobody may see";
const OTHER_PAIR = makeKeyPair();
const LOCKED_KEY = makeKeyPair("ana", "the right one").privateKey;
const OTHER_FINGERPRINT = `SHA256:${"A".repeat(43)}`;

/** Listens on 127.0.0.1 until the test is over. @returns the port */
async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    if ("closeAllConnections" in server) (server as HttpServer).closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const sftpWith =
  (settings: Partial<ConfigInput["sftp"]>): Break =>
  ({ folder, config, sftp }) =>
    writeConfig(folder, { ...config, sftp: { ...sftp, ...settings } });

/** An API that answers so, and a key for it in the environment. */
const apiThat =
  (answers: RequestListener): Break =>
  async ({ folder, config }) => {
    writeConfig(folder, { ...config, api: { endpoint: `http://127.0.0.1:${await listening(createServer(answers))}` } });
    return { SIGNALHOUSE_API_KEY: API_KEY };
  };

const page = (status: number, text: string): RequestListener => {
  return (_request, response) => void response.writeHead(status, { "content-type": "text/html" }).end(`<!doctype html>\n<h1>${text}</h1>\n`);
};

/** An SSH server with the sandbox's host key that lets everybody in and knows no subsystem. */
async function shellOnly(): Promise<number> {
  const server = new ssh2.Server({ hostKeys: HOST_KEYS }, (client) => {
    client
      .on("error", () => {})
      .on("authentication", (attempt) => attempt.accept())
      .on("session", (accept) => void accept().on("subsystem", (_accept, reject) => reject()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const warehouseOf = ({ folder }: Place) => join(folder, "signals.duckdb");

/** Another process that has the file open until the test is over. */
async function heldElsewhere(path: string): Promise<void> {
  const code = `const { DuckDBInstance } = await import("@duckdb/node-api"); await DuckDBInstance.create(process.argv[1]); console.log("open"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(async () => {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  });
  await once(child.stdout, "data");
}

const BROKEN: Record<string, Broken> = {
  "a configuration with a setting that there is not": {
    breaks: sftpWith({ keyfile: "key" } as object),
    check: "configuration",
    code: "config_invalid",
    says: /signalhouse\.config\.json.*sftp.*keyfile/,
    mend: /[Cc]orrect.*`signalhouse init`/,
  },
  "a user name that Connect's SFTP cannot have": {
    breaks: sftpWith({ user: "ana+connect@example.com" }),
    check: "configuration",
    code: "user_name_invalid",
    says: /ana\+connect@example\.com/,
    mend: /plus.*another address/,
  },
  "a key file that others can read": {
    breaks: ({ folder }) => chmodSync(join(folder, "key"), 0o644),
    check: "key",
    code: "key_file_open",
    says: /key.*other users.*0644/,
    mend: /chmod 600 .*key/,
  },
  "a key file that is not there": {
    breaks: ({ folder }) => rmSync(join(folder, "key")),
    check: "key",
    code: "key_unreadable",
    says: /key.*(ENOENT|not there|no such file)/i,
    mend: /sftp\.keyFile.*signalhouse keys generate/,
  },
  "the public key in place of the private one": {
    breaks: ({ folder }) => writeFileSync(join(folder, "key"), OTHER_PAIR.publicKey),
    check: "key",
    code: "key_unreadable",
    says: /key is a public key/,
    mend: /private one.*\.pub/,
  },
  "a key that needs a passphrase": {
    breaks: ({ folder }) => writeFileSync(join(folder, "key"), LOCKED_KEY),
    check: "key",
    code: "key_passphrase",
    says: /key needs a passphrase/,
    mend: /SIGNALHOUSE_KEY_PASSPHRASE.*ssh-agent/,
  },
  "a passphrase that is another one": {
    breaks({ folder }) {
      writeFileSync(join(folder, "key"), LOCKED_KEY);
      return { SIGNALHOUSE_KEY_PASSPHRASE: PASSPHRASE };
    },
    check: "key",
    code: "key_passphrase",
    says: /passphrase does not open.*key/,
    mend: /SIGNALHOUSE_KEY_PASSPHRASE/,
  },
  "a server name that there is not": {
    // Too long for the DNS to be asked.
    breaks: sftpWith({ host: `${"x".repeat(64)}.example.com` }),
    check: "DNS",
    code: "host_unreachable",
    says: /x{64}\.example\.com/,
    mend: /region and sftp\.host.*DNS/,
  },
  "a port where nobody listens": {
    breaks: async (place) => sftpWith({ port: await closedPort() })(place),
    check: "network",
    code: "host_unreachable",
    says: /refuses connections on port/,
    mend: /sftp\.host and sftp\.port/,
  },
  "a server that is none of SSH": {
    breaks: async (place) => sftpWith({ port: await listening(createServer()) })(place),
    check: "host key",
    code: "host_unreachable",
    says: /not an SSH server/,
    mend: /sftp\.host and sftp\.port/,
  },
  "a host key that nobody has trusted yet": {
    breaks: sftpWith({ hostKeys: [], knownHosts: ["known_hosts"] }),
    check: "host key",
    code: "host_key_unknown",
    says: /ssh-ed25519 SHA256:.*not trusted yet/,
    mend: /Acoustic support.*signalhouse keys trust --fingerprint SHA256:/,
  },
  "another host key than the one that is pinned": {
    breaks: sftpWith({ hostKeys: [OTHER_FINGERPRINT] }),
    check: "host key",
    code: "host_key_changed",
    says: new RegExp(`SHA256:.*not pinned.*${OTHER_FINGERPRINT}`),
    mend: /between you and the server.*Acoustic support.*sftp\.hostKeys/,
  },
  "another host key than the one that is known": {
    breaks(place) {
      const { folder, sandbox } = place;
      writeFileSync(join(folder, "known_hosts"), `[127.0.0.1]:${sandbox.port} ${OTHER_PAIR.publicKey}\n`);
      return sftpWith({ hostKeys: [], knownHosts: ["known_hosts"] })(place);
    },
    check: "host key",
    code: "host_key_changed",
    says: /SHA256:.*known_hosts has SHA256:/,
    mend: /between you and the server.*Acoustic support.*remove.*known_hosts.*signalhouse keys trust/,
  },
  "a user that the server does not know": {
    breaks: sftpWith({ user: "somebody@example.com" }),
    check: "login",
    code: "login_refused",
    says: /does not let somebody@example\.com in.*ssh-ed25519 SHA256:/,
    mend: /[Rr]egister this public key.*e-mail address/,
  },
  "a key that is not registered": {
    breaks: ({ folder }) => writeFileSync(join(folder, "key"), OTHER_PAIR.privateKey),
    check: "login",
    code: "login_refused",
    says: /does not let .* in.*ssh-ed25519 SHA256:/,
    mend: /[Rr]egister this public key/,
  },
  "a server without SFTP": {
    breaks: async (place) => sftpWith({ port: await shellOnly() })(place),
    check: "login",
    code: "server_unfit",
    says: /no SFTP/,
    mend: /sftp\.host.*subsystem sftp/,
  },
  "a folder that is not on the server": {
    breaks: ({ exports }) => rmSync(join(exports, "Export"), { recursive: true }),
    check: "folders",
    code: "folder_missing",
    says: /no folder .*Export\/Signals/,
    mend: /sftp\.folders or sftp\.root/,
  },
  "a file with the API key that others can read": {
    breaks({ folder, config }) {
      writeFileSync(join(folder, "api-key"), API_KEY, { mode: 0o644 });
      writeConfig(folder, { ...config, api: { endpoint: "https://127.0.0.1:1", keyFile: "api-key" } });
    },
    check: "API key",
    code: "api_key_file_open",
    says: /api-key.*other users.*0644/,
    mend: /chmod 600 .*api-key/,
  },
  "an API key that is none": {
    breaks({ folder, config }) {
      writeConfig(folder, { ...config, api: { endpoint: "https://127.0.0.1:1" } });
      return { SIGNALHOUSE_API_KEY: `${API_KEY} ${API_KEY}` };
    },
    check: "API key",
    code: "api_key_missing",
    says: /SIGNALHOUSE_API_KEY.*blanks/,
    mend: /General settings > API keys/,
  },
  "an API key that Connect refuses": {
    breaks: apiThat((_request, response) => void response.writeHead(403).end(`{"message":"Forbidden: ${API_KEY}"}`)),
    check: "API",
    code: "api_key_refused",
    says: /refused the API key/,
    mend: /General settings > API keys.*region/,
  },
  "an API address that is another web server's": {
    breaks: apiThat(page(404, "Not found")),
    check: "API",
    code: "api_unreachable",
    says: /HTTP 404.*Not found/,
    mend: /api\.endpoint/,
  },
  "an API address that is another JSON service's": {
    breaks: apiThat((_request, response) => void response.writeHead(404, { "content-type": "application/json" }).end(`{"message":"Not Found"}`)),
    check: "API",
    code: "api_refused",
    says: /HTTP 404.*Not Found/,
    mend: /region and api\.endpoint/,
  },
  "a proxy that blocks the API": {
    breaks: apiThat(page(403, "Access to this site is blocked")),
    check: "API",
    code: "api_unreachable",
    says: /HTTP 403.*Access to this site is blocked/,
    mend: /proxy.*allowed/,
  },
  "an API whose certificate nobody knows": {
    async breaks({ folder, config }) {
      const server = createTlsServer({ key: CERTIFICATE_KEY, cert: CERTIFICATE }, (_request, response) => void response.end("{}"));
      writeConfig(folder, { ...config, api: { endpoint: `https://127.0.0.1:${await listening(server)}` } });
      return { SIGNALHOUSE_API_KEY: API_KEY };
    },
    check: "API",
    code: "api_unreachable",
    says: /certificate/,
    mend: /CA certificate.*NODE_EXTRA_CA_CERTS/,
  },
  "a proxy that is not there": {
    async breaks({ folder, config }) {
      writeConfig(folder, { ...config, api: { endpoint: "https://connect.example.com" } });
      return { SIGNALHOUSE_API_KEY: API_KEY, HTTPS_PROXY: `http://ana:${API_KEY}@127.0.0.1:${await closedPort()}` };
    },
    check: "API",
    code: "api_unreachable",
    says: /connect\.example\.com.*ECONNREFUSED/,
    mend: /the proxy http:\/\/127\.0\.0\.1:\d+ that HTTPS_PROXY names/,
  },
  "a folder for the warehouse that is not there": {
    breaks: ({ folder, config }) => writeConfig(folder, { ...config, warehouse: "nowhere/signals.duckdb" }),
    check: "disk",
    code: "warehouse_failed",
    says: /folder .*nowhere.*(not there|cannot be written)/,
    mend: /[Mm]ake it, or set another warehouse/,
  },
  "a file where the warehouse's folder should be": {
    breaks: ({ folder, config }) => writeConfig(folder, { ...config, warehouse: "key/signals.duckdb" }),
    check: "disk",
    code: "warehouse_failed",
    says: /folder .*key.*(not there|cannot be written)/,
    mend: /[Mm]ake it, or set another warehouse/,
  },
  "a folder where the warehouse should be": {
    breaks: (place) => mkdirSync(warehouseOf(place)),
    check: "warehouse",
    code: "warehouse_failed",
    says: /signals\.duckdb/,
    mend: /path.*(DuckDB file|another)/,
  },
  "another file where the warehouse should be": {
    breaks: (place) => writeFileSync(warehouseOf(place), "order,price\n1,9.99\n".repeat(1000)),
    check: "warehouse",
    code: "warehouse_failed",
    says: /signals\.duckdb/,
    mend: /DuckDB file/,
  },
  "a warehouse that another process has": {
    async breaks(place) {
      copyFileSync(inject("template"), warehouseOf(place));
      await heldElsewhere(warehouseOf(place));
    },
    check: "warehouse",
    code: "warehouse_locked",
    says: /signals\.duckdb is held by process \d+/,
    mend: /[Ww]ait for it to end, or close the notebook or BI tool/,
  },
  "a warehouse that is cut off": {
    breaks(place) {
      copyFileSync(inject("template"), warehouseOf(place));
      truncateSync(warehouseOf(place), Math.floor(statSync(warehouseOf(place)).size / 2));
    },
    check: "warehouse",
    code: "warehouse_damaged",
    says: /signals\.duckdb is damaged/,
    mend: /[Mm]ove .*signals\.duckdb away.*backup.*signalhouse sync/,
  },
  "a warehouse of a newer signalhouse": {
    async breaks(place) {
      copyFileSync(inject("template"), warehouseOf(place));
      const instance = await DuckDBInstance.create(warehouseOf(place));
      const connection = await instance.connect();
      await connection.run("UPDATE signalhouse.meta SET schema_version = 99");
      connection.disconnectSync();
      instance.closeSync();
    },
    check: "warehouse",
    code: "warehouse_newer",
    says: /schema version 99/,
    mend: /Upgrade signalhouse/,
  },
};

test.each(Object.entries(BROKEN))("%s", async (_name, { breaks, check, code, says, mend }) => {
  const place = await workplace({ files: 1 });
  const { sftp } = place.config;
  if (!sftp) throw new Error("the workplace has a server");
  const env = (await breaks({ ...place, sftp })) ?? {};
  const ended = await cli(["doctor", "--json"], { cwd: place.folder, env });
  const { ok, checks } = JSON.parse(ended.stdout) as { ok: boolean; checks: DoctorCheck[] };
  expect(checks.filter(({ status }) => status === "failed")).toEqual([
    { name: check, status: "failed", code, detail: expect.stringMatching(says), fix: expect.stringMatching(mend) },
  ]);
  expect([ended.code, ok]).toEqual([1, false]);
  const said = ended.stdout + ended.stderr;
  for (const secret of [API_KEY, PASSPHRASE, ...privateLines(place)]) expect(said).not.toContain(secret);
});

test("people read the same: the check, and below it the mend", async () => {
  const { folder: cwd } = await workplace({ files: 1 });
  chmodSync(join(cwd, "key"), 0o644);
  expect(await cli(["doctor"], { cwd })).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^failed +key +Private key .*\(mode 0644\)\n +-> Run: chmod 600 .*key\n[^]*\n\n1 test failed\.\n$/m),
  });
});

/** The lines of the private key that say something. */
function privateLines({ folder }: Workplace): string[] {
  try {
    return readFileSync(join(folder, "key"), "utf8")
      .split("\n")
      .filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line));
  } catch {
    return []; // it is not there
  }
}
