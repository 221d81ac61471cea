import { lookup } from "node:dns/promises";
import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { fetchHostKeys } from "../pipeline/sftp/fetch-host-keys.ts";
import { hostKeyFault, readHostTrust } from "../pipeline/sftp/host-keys.ts";
import { readCredentials } from "../pipeline/sftp/keys.ts";
import { serverName, type SftpOptions } from "../pipeline/sftp/options.ts";
import { connectSftp, type SftpServer } from "../pipeline/sftp/server.ts";
import { openSocket } from "../pipeline/sftp/socket.ts";
import { apiEndpoint, sftpHost } from "../schemas/config.ts";
import { isSignalhouseError, SignalhouseError } from "../schemas/errors.ts";
import { probeWarehouse } from "../sinks/probe.ts";
import { MISREAD_STORAGE, STORAGE } from "../sinks/storage.ts";
import { assertNotNewer } from "../sinks/migrate.ts";
import { Checklist, type Finding } from "./checklist.ts";
import { type Context, defineCommand } from "./command.ts";
import { apiOf } from "./api.ts";
import { CONFIG_FILE, type LoadedConfig } from "./config-file.ts";
import { EXIT } from "./failures.ts";
import { bytes, count } from "./format.ts";
import { secrets, sftpOf } from "./server.ts";

/** A sync needs room for the warehouse's growth and for DuckDB's temporary files. */
const LEAST_ROOM = 1_000_000_000;
/** Whoever asks the doctor waits for the answer. */
const MOST_MS = 15_000;

export const command = defineCommand({
  usage: "[options]",
  about:
    "Tests everything that a sync needs: configuration, API key, API, key, DNS, network, host key, login, folders, disk, warehouse, storage version. Each failure comes with what to do.\nIt changes nothing. Exit code 1 where a test fails.",
  options: {},
  examples: ["doctor", "doctor --json"],
  async run(context) {
    const list = new Checklist();
    const configuration = await list.check("configuration", [], async () => {
      const value = await context.config();
      return { detail: value.file ?? `no ${CONFIG_FILE} here: the defaults`, value };
    });
    await checkApi(context, list, configuration);
    await checkServer(context, list, configuration);
    await checkWarehouse(list, configuration);
    context.out.result({ ok: list.failed === 0, checks: list.checks }, () => {
      const verdict = list.failed === 0 ? "Everything works." : `${count(list.failed, "test")} failed.`;
      return `${list.text()}\n\n${verdict}`;
    });
    return list.failed === 0 ? EXIT.done : EXIT.failed;
  },
});

/** The API is for asking; loading works without it. */
async function checkApi(context: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<void> {
  const loaded = configuration.value?.config;
  const source = context.env["SIGNALHOUSE_API_KEY"] ? "SIGNALHOUSE_API_KEY" : loaded?.api.keyFile;
  if (configuration.ok && source === undefined) {
    list.leaveOut("API key", "none is set: exports are loaded, not asked for; see SIGNALHOUSE_API_KEY and api.keyFile");
    return;
  }
  const api = await list.check("API key", [configuration], async ({ config }) => ({
    detail: `from ${source ?? "nowhere"}`,
    value: await apiOf(
      { ...config, api: { ...config.api, retries: 0, timeoutSeconds: Math.min(config.api.timeoutSeconds, MOST_MS / 1000) } },
      context,
    ),
  }));
  await list.check("API", [api, configuration], async (connect, { config }) => {
    await connect.ping();
    return { detail: `${new URL(apiEndpoint(config)).host} takes the key`, value: undefined };
  });
}

async function checkServer(context: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<void> {
  const { signal } = context;
  const loaded = await list.check("server", [configuration], async ({ config, file }) => {
    const sftp = sftpOf(config, file);
    const timeoutSeconds = Math.min(sftp.timeoutSeconds, MOST_MS / 1000);
    const options: SftpOptions = { ...sftp, ...secrets(context), host: sftpHost(config), retries: 0, timeoutSeconds, signal };
    return { detail: `${serverName(options)} as ${options.user}`, value: options };
  });
  const key = await list.check("key", [loaded], async (options) => ({ detail: (await readCredentials(options)).keys.join(", "), value: undefined }));
  const address = await list.check("DNS", [loaded], async ({ host }) => {
    const found = await lookup(host).catch((error: unknown) => {
      throw new SignalhouseError("host_unreachable", `the name ${host} is not found`, "Check region and sftp.host, and this machine's DNS.", error);
    });
    return { detail: `${host} is ${found.address}`, value: undefined };
  });
  const network = await list.check("network", [loaded, address], async (options) => {
    (await openSocket(options, MOST_MS, signal)).destroy();
    return { detail: `port ${options.port} is open`, value: undefined };
  });
  const hostKey = await list.check("host key", [loaded, network], async (options) => ({ detail: await trustedKey(options), value: undefined }));
  const server = await list.check("login", [loaded, key, hostKey], async (options) => {
    const connected = await connectSftp(options);
    return { detail: `the subscription's folder is ${connected.root}`, value: connected };
  });
  try {
    await list.check("folders", [server, loaded], async (connected, { folders }) => ({
      detail: await countFiles(connected, folders),
      value: undefined,
    }));
  } finally {
    await server.value?.close();
  }
}

/** The host key that is trusted, as it would be at a login. @throws SignalhouseError host_key_unknown, host_key_changed */
async function trustedKey(options: SftpOptions): Promise<string> {
  const trust = await readHostTrust(options);
  const shown = await fetchHostKeys(options.host, options.port, MOST_MS, options.signal);
  const faults = shown.map(({ key }) => hostKeyFault(key, trust, options));
  const trusted = shown[faults.indexOf(undefined)];
  if (trusted) return `${trusted.algorithm} ${trusted.fingerprint} is ${trust.pinned.length > 0 ? "pinned" : "in known_hosts"}`;
  throw faults.find((fault) => isSignalhouseError(fault, "host_key_changed")) ?? faults[0] ?? new Error(`${serverName(options)} shows no key`);
}

async function countFiles(server: SftpServer, folders: readonly string[]): Promise<string> {
  const files = await server.list(folders);
  return `${folders.join(", ")}: ${count(files.length, "file")}, ${bytes(files.reduce((sum, { size }) => sum + size, 0))}`;
}

async function checkWarehouse(list: Checklist, configuration: Finding<LoadedConfig>): Promise<void> {
  const disk = await list.check("disk", [configuration], async ({ config }) => {
    const folder = dirname(config.warehouse);
    // With the slash, a file in its place is none.
    await access(`${folder}/`, constants.W_OK).catch((error: unknown) => {
      throw new SignalhouseError(
        "warehouse_failed",
        `the folder ${folder} of the warehouse is not there or cannot be written to`,
        "Make it, or set another warehouse.",
        error,
      );
    });
    const { bavail, bsize } = await statfs(folder);
    const room = bavail * bsize;
    if (room >= LEAST_ROOM) return { detail: `${bytes(room)} free in ${folder}`, value: undefined };
    throw new SignalhouseError(
      "disk_full",
      `only ${bytes(room)} are free in ${folder}`,
      `Free some room: a sync should have at least ${bytes(LEAST_ROOM)}.`,
    );
  });
  const warehouse = await list.check("warehouse", [configuration, disk], async ({ config: { warehouse: path } }) => {
    const found = await stat(path).catch(() => undefined);
    if (!found) return { detail: `${path} is not there yet; the first sync makes it`, value: STORAGE };
    const { version, target, storage } = await probeWarehouse(path);
    assertNotNewer(version, target);
    const schema =
      version === undefined ? "no tables yet" : version < target ? `schema ${version}, the next sync brings it to ${target}` : `schema ${version}`;
    return { detail: `${path}, ${bytes(found.size)}, ${schema}, not locked`, value: storage };
  });
  await list.check("storage", [warehouse, configuration], async (storage, { config: { warehouse: path } }) => {
    if (storage !== MISREAD_STORAGE)
      return { detail: `${storage}: DuckDB ${/^v(\d+\.\d+)/.exec(storage)?.[1] ?? "of that version"} and later read it`, value: undefined };
    throw new SignalhouseError(
      "warehouse_older",
      `${path} has DuckDB's storage version ${storage}: DuckDB 1.3 takes texts in it for nulls, and does not say so; later ones read it well`,
      `Run \`signalhouse sync\`, or any other command that writes: it raises the file to ${STORAGE}, which DuckDB 1.3 refuses to open. Nothing in it changes.`,
    );
  });
}
