/** sync: list, plan, read, load, record. */
import type { Config } from "../schemas/config.ts";
import { LOADABLE_EXPORTS, SOUGHT_EXPORTS } from "../schemas/jobs.ts";
import { isSignalhouseError } from "../schemas/errors.ts";
import { changeJob, type ExportChange, type ExportJob, exportJobs, markLoadedJobs } from "../sinks/jobs.ts";
import { forgetFailures, isLoaded, type KnownFile, knownFiles } from "../sinks/ledger.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { findExportFile } from "./export/file.ts";
import { foundAs } from "./jobs/export-steps.ts";
import { type FileResult, loadFiles, type LoadEvent, type Reader } from "./load/load-files.ts";
import { isExportFile, type PlannedFile, type PlanOptions, planSync } from "./load/plan.ts";
import { openServer, remoteSource } from "./load/remote-files.ts";
import type { PassedOver, RemoteFile, SftpOptions, SftpServer } from "./sftp/server.ts";

export interface SyncOptions extends PlanOptions {
  config: Config;
  warehouse: Warehouse;
  /** Only plan; nothing is read or written. */
  dryRun?: boolean;
  /** What must not stand in the configuration. */
  secrets?: Pick<SftpOptions, "passphrase" | "agentSocket" | "home">;
  /** The run that loads belong to, or what begins one where there is something to load. */
  runId?: bigint | null | (() => Promise<bigint>);
  signal?: AbortSignal;
  /** How records are read; by DuckDB by default. */
  reader?: Reader | undefined;
  onEvent?: (event: SyncEvent) => void;
  /** Takes a line about the connection, and about what is forgotten. */
  log?: (line: string) => void;
}

export type SyncEvent = LoadEvent | { event: "planned"; files: PlannedFile[]; passedOver: readonly PassedOver[] };

export interface SyncResult {
  planned: PlannedFile[];
  /** What else is in the folders, and why it is not planned for. */
  passedOver: readonly PassedOver[];
  files: FileResult[];
}

/**
 * Loads every export file on the server that the ledger does not know, oldest first.
 * @throws SignalhouseError where the server or the warehouse cannot be used at all; a file that fails is in the result instead
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const { warehouse, signal = new AbortController().signal } = options;
  const server = await openServer(options.config, { ...options.secrets, signal, ...(options.log ? { log: options.log } : {}) });
  try {
    const listing = await listExports(server, options.config, await readKnown(warehouse), signal);
    return await loadListed(server, listing, { ...options, signal });
  } finally {
    await server.close();
  }
}

/** What the warehouse knows that decides where to look on the server. */
export interface Known {
  files: KnownFile[];
  /** Exports whose files are looked for. */
  jobs: ExportJob[];
}

export const readKnown = async ({ connection }: Pick<Warehouse, "connection">): Promise<Known> => ({
  files: await knownFiles(connection),
  jobs: await exportJobs(connection, ...SOUGHT_EXPORTS),
});

/** What the server has. */
export interface Listing {
  files: RemoteFile[];
  /** What is to be written down of exports whose file was found. */
  found: { name: string; change: ExportChange }[];
  /** Files that have failed, and that the server has no more. */
  gone: string[];
  passedOver: readonly PassedOver[];
}

/**
 * What is in the folders, and the files of exports that were asked for, wherever Connect was told to put them.
 * @throws SignalhouseError as SftpServer.list
 */
export async function listExports(server: SftpServer, config: Config, known: Known, signal: AbortSignal): Promise<Listing> {
  let passedOver: readonly PassedOver[] = [];
  const listed = await server.list(config.sftp?.folders ?? [], signal, (others) => (passedOver = others));
  const files = new Map(listed.map((file) => [file.path, file]));
  const found: Listing["found"] = [];
  for (const job of known.jobs) {
    const file = await findExportFile(server, job);
    if (!file) continue;
    files.set(file.path, file);
    const change = foundAs(job, file);
    if (change) found.push({ name: job.name, change });
  }
  const gone: string[] = [];
  for (const path of new Set(known.files.filter((file) => !isLoaded(file)).map((file) => file.path)))
    if (isServerFile(path) && !files.has(path) && (await isGone(server, path, signal))) gone.push(path);
  return { files: [...files.values()], found, gone, passedOver };
}

/** Whether a path of the ledger may be the server's: a local file's is absolute, and standard input has no ending. */
export const isServerFile = (path: string): boolean => !path.startsWith("/") && isExportFile(path);

async function isGone(server: SftpServer, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await server.stat(path, signal);
    return false;
  } catch (error) {
    if (!isSignalhouseError(error, "file_missing", "sftp_failed")) throw error;
    // What cannot be looked at may still be there.
    return error.code === "file_missing";
  }
}

/** Whether there is something to load or to write down. */
export function isNews({ files, found, gone }: Listing, known: Known): boolean {
  if (found.length + gone.length > 0 || planSync(files, known.files).some(({ decision }) => decision.action === "load")) return true;
  // A process may have been killed between a load and the mark of its job.
  const loaded = new Set(known.files.filter(isLoaded).map(({ path }) => path));
  return known.jobs.some(({ status, path }) => path !== null && loaded.has(path) && LOADABLE_EXPORTS.includes(status));
}

/** Loads what is new of a listing, and writes down what it tells. The plan is made here, by the ledger as it is now. */
export async function loadListed(
  server: SftpServer,
  { files: listed, found, gone, passedOver }: Listing,
  options: SyncOptions & { signal: AbortSignal },
): Promise<SyncResult> {
  const { config, warehouse, signal } = options;
  const planned = planSync(listed, await knownFiles(warehouse.connection), options);
  options.onEvent?.({ event: "planned", files: planned, passedOver });
  if (options.dryRun) return { planned, passedOver, files: [] };
  for (const { name, change } of found) await changeJob(warehouse.connection, name, change);
  for (const path of gone) {
    await forgetFailures(warehouse.connection, path);
    options.log?.(`${path} is forgotten: it had failed, and the server has it no more`);
  }
  const sources = planned.filter(({ decision }) => decision.action === "load").map(({ file }) => remoteSource(server, file));
  const files = await loadFiles(sources, {
    warehouse,
    limits: config.limits,
    retention: config.retention,
    runId: typeof options.runId === "function" ? await beginWhere(sources.length > 0, options.runId) : (options.runId ?? null),
    signal,
    reader: options.reader,
    onEvent: options.onEvent,
  });
  await markLoadedJobs(warehouse.connection);
  return { planned, passedOver, files };
}

const beginWhere = async (any: boolean, begin: () => Promise<bigint>): Promise<bigint | null> => (any ? begin() : null);
