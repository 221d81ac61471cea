import { lookup } from "node:dns/promises";
import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { proxyTo, proxyVariable, shownProxy } from "../pipeline/connect-api/proxy.ts";
import { fetchTrustedKey } from "../pipeline/sftp/fetch-host-keys.ts";
import { fingerprint, readHostTrust } from "../pipeline/sftp/host-keys.ts";
import { readCredentials } from "../pipeline/sftp/keys.ts";
import { keyType } from "../pipeline/sftp/known-hosts.ts";
import { serverName, type SftpOptions } from "../pipeline/sftp/options.ts";
import { connectSftp, type PassedOver, type RemoteFile, type SftpServer } from "../pipeline/sftp/server.ts";
import { openSocket } from "../pipeline/sftp/socket.ts";
import { apiEndpoint, sftpHost } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { probeWarehouse, readWhole } from "../sinks/probe.ts";
import { MISREAD_STORAGE, STORAGE } from "../sinks/storage.ts";
import { assertNotNewer } from "../sinks/migrate.ts";
import { lookAtPrivacy } from "../pipeline/privacy.ts";
import { listsAny } from "../schemas/privacy.ts";
import { didYouMean } from "../schemas/suggest.ts";
import { Checklist, type Finding } from "./checklist.ts";
import { type Context, defineCommand, timeAgo } from "./command.ts";
import { apiKeySource, apiOf } from "./api.ts";
import { checkRunning } from "./doctor-running.ts";
import { CONFIG_FILE, type LoadedConfig } from "./config-file.ts";
import { EXIT } from "./failures.ts";
import { bytes, count } from "./format.ts";
import { passedOverLines } from "./passed-over.ts";
import { secrets, sftpOf } from "./server.ts";
import { doorOf } from "./warehouse.ts";

/** A sync needs room for the warehouse's growth and for DuckDB's temporary files. */
const LEAST_ROOM = 1_000_000_000;
/** Whoever asks the doctor waits for the answer. */
const MOST_MS = 15_000;
/** A large warehouse is not read to its end. */
const READ_MS = 10_000;
/** Files that cannot be read are told one by one up to so many: a server may say too little of all that it has. */
const MOST_FAULTS = 20;

export const command = defineCommand({
  usage: "[options]",
  about:
    "Tests everything that a sync needs: configuration, proxy, API key, API, key, DNS, network, host key, login, folders, disk, warehouse, storage version, and privacy where it lists anything. Of a warehouse that has been loaded it looks how things go: whether " +
    "files still come, what was rejected and what is new in the data since a time, which files Connect deletes soon, for how many days there is room, and whether runs are of another version. Each failure comes with what to do.\n" +
    "It changes nothing. Exit code 1 where a test fails, 3 where all works and something wants a look.",
  options: { since: { type: "string", value: "TIME", help: "what counts as new: 24h, 7d, or a date; 24h by default" } },
  isUnattended: true,
  examples: ["doctor", "doctor --json", "doctor --since 7d --quiet  # for cron, once a week"],
  async run(context, { values }) {
    const since = timeAgo("--since", values.since ?? "24h", context.clock.now());
    const list = new Checklist();
    const configuration = await list.check("configuration", [], async () => {
      const value = await context.config();
      return { detail: value.file ?? `no ${CONFIG_FILE} here: the defaults`, value };
    });
    await checkApi(context, list, configuration);
    const listing = await checkServer(context, list, configuration);
    const warehouse = await checkWarehouse(context, list, configuration);
    await checkPrivacy(context, list, configuration);
    await checkRunning(context, list, { configuration, listing, warehouse, since });
    context.out.result({ ok: list.failed === 0, looks: list.looks, checks: list.checks }, () => [...list.lines(), "", verdict(list)]);
    return list.failed > 0 ? EXIT.failed : list.looks > 0 ? EXIT.rejected : EXIT.done;
  },
});

function verdict({ failed, looks }: Checklist): string {
  if (failed > 0) return `${count(failed, "test")} failed.`;
  return looks > 0 ? `Everything works; ${looks === 1 ? "one thing wants" : `${looks} things want`} a look.` : "Everything works.";
}

/** The API is for asking; loading works without it. */
async function checkApi(context: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<void> {
  const loaded = configuration.value?.config;
  const source = loaded && apiKeySource(loaded, context);
  if (configuration.ok && source === undefined) {
    list.leaveOut("API key", "none is set: exports are loaded, not asked for; see SIGNALHOUSE_API_KEY and api.keyFile");
    return;
  }
  const proxy = await checkProxy(context, list, configuration);
  const api = await list.check("API key", [configuration, proxy], async ({ config }) => ({
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

/** Only where the environment names one. */
async function checkProxy({ env }: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<Finding<undefined>> {
  const variable = proxyVariable(env);
  if (!configuration.ok || variable === undefined) return { name: "proxy", ok: true };
  return list.check("proxy", [configuration], async ({ config }) => {
    const endpoint = apiEndpoint(config);
    const proxy = proxyTo(endpoint, env);
    const { host } = new URL(endpoint);
    const way = proxy
      ? `goes through ${shownProxy(proxy)}, which ${variable} names`
      : `is asked directly, though ${variable} is set: NO_PROXY has it, or it is on this machine`;
    return { detail: `${host} ${way}; SFTP never goes through a proxy`, value: undefined };
  });
}

/** @returns the files in the folders of exports */
async function checkServer(context: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<Finding<RemoteFile[]>> {
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
    return await list.check("folders", [server, loaded], (connected, { folders }) => listFiles(connected, folders));
  } finally {
    await server.value?.close();
  }
}

/** The host key that is trusted, as it would be at a login. @throws SignalhouseError as fetchTrustedKey */
async function trustedKey(options: SftpOptions): Promise<string> {
  const trust = await readHostTrust(options);
  const key = await fetchTrustedKey(options, trust, MOST_MS, options.signal);
  return `${keyType(key)} ${fingerprint(key)} is ${trust.pinned.length > 0 ? "pinned" : "in known_hosts"}`;
}

async function listFiles(server: SftpServer, folders: readonly string[]): Promise<{ detail: string; value: RemoteFile[] }> {
  let passedOver: readonly PassedOver[] = [];
  const files = await server.list(folders, undefined, (others) => (passedOver = others));
  const faults = files.flatMap(({ fault }) => (fault ? [fault.message] : []));
  const total = `${folders.join(", ")}: ${count(files.length, "file")}, ${bytes(files.reduce((sum, { size }) => sum + size, 0))}`;
  const more = faults.length > MOST_FAULTS ? [`and ${count(faults.length - MOST_FAULTS, "other")} like these; signalhouse ls lists them`] : [];
  return { detail: [total, ...faults.slice(0, MOST_FAULTS), ...more, ...passedOverLines(passedOver)].join("; "), value: files };
}

/** @returns its storage version, undefined where it is not there yet */
async function checkWarehouse(context: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<Finding<string | undefined>> {
  const { signal } = context;
  const disk = await list.check("disk", [configuration], async ({ config }) => {
    const folder = dirname(config.warehouse);
    // With the slash, a file in its place is none.
    await access(`${folder}/`, constants.W_OK).catch((error: unknown) => {
      throw new SignalhouseError(
        "warehouse_failed",
        `the folder ${folder} of the warehouse is not there or cannot be written to (${(error as NodeJS.ErrnoException).code})`,
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
  const warehouse = await list.check("warehouse", [configuration, disk], async ({ config }) => {
    const { warehouse: path } = config;
    const found = await stat(path).catch(() => undefined);
    if (!found) return { detail: `${path} is not there yet; the first sync makes it`, value: undefined };
    const { place } = doorOf(config, context);
    const { version, target, storage } = await probeWarehouse(place);
    assertNotNewer(version, target);
    const schema =
      version === undefined ? "no tables yet" : version < target ? `schema ${version}, the next sync brings it to ${target}` : `schema ${version}`;
    const read = (await readWhole(place, READ_MS, signal)) ? "all of it readable" : "what was read of it readable";
    const encrypted = (await place.encryption()) ? ["encrypted"] : [];
    return { detail: [path, bytes(found.size), ...encrypted, read, schema, "not locked"].join(", "), value: storage };
  });
  await list.check("storage", [warehouse, configuration], async (found, { config: { warehouse: path } }) => {
    const storage = found ?? STORAGE;
    if (storage !== MISREAD_STORAGE)
      return { detail: `${storage}: DuckDB ${/^v(\d+\.\d+)/.exec(storage)?.[1] ?? "of that version"} and later read it`, value: undefined };
    throw new SignalhouseError(
      "warehouse_older",
      `${path} has DuckDB's storage version ${storage}: DuckDB 1.3 takes texts in it for nulls, and does not say so; later ones read it well`,
      `Run \`signalhouse sync\`, or any other command that writes: it raises the file to ${STORAGE}, which DuckDB 1.3 refuses to open. Nothing in it changes.`,
    );
  });
  return warehouse;
}

/** Whether the next load would be refused for what privacy lists, and whether its names are mistyped. */
async function checkPrivacy(context: Context, list: Checklist, configuration: Finding<LoadedConfig>): Promise<void> {
  if (!configuration.value || !listsAny(configuration.value.config.privacy)) return;
  await list.check("privacy", [configuration], async ({ config }) => {
    const { doubtful, isThere } = await lookAtPrivacy(config, doorOf(config, context));
    const names = Object.values(config.privacy).reduce((sum, listed) => sum + Object.keys(listed).length, 0);
    const doubts = doubtful.map(({ name, meant }) => `nothing called ${JSON.stringify(name)} is known. ${didYouMean(meant)}`.trim());
    const detail = `lists ${count(names, "name")}, ${isThere ? "which the warehouse has applied" : "which the first load applies"}`;
    return { detail: [detail, ...doubts].join("; "), value: undefined };
  });
}
