/** sync: list, plan, read, load, record. */
import type { Config } from "../schemas/config.ts";
import { SOUGHT_EXPORTS } from "../schemas/jobs.ts";
import { changeJob, exportJobs, markLoadedJobs } from "../sinks/jobs.ts";
import { knownFiles } from "../sinks/ledger.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { findExportFile } from "./export/file.ts";
import { foundAs } from "./jobs/export-steps.ts";
import { type FileResult, loadFiles, type LoadEvent, type Reader } from "./load/load-files.ts";
import { type PlannedFile, type PlanOptions, planSync } from "./load/plan.ts";
import { openServer, remoteSource } from "./load/remote-files.ts";
import type { PassedOver, SftpOptions, SftpServer } from "./sftp/server.ts";

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
  /** Takes a line about the connection. */
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
  const { config, warehouse, signal = new AbortController().signal } = options;
  const server = await openServer(config, { ...options.secrets, signal, ...(options.log ? { log: options.log } : {}) });
  try {
    const { listing, passedOver } = await listExports(server, config.sftp?.folders ?? [], warehouse, options);
    const planned = planSync(listing, await knownFiles(warehouse.connection), options);
    options.onEvent?.({ event: "planned", files: planned, passedOver });
    if (options.dryRun) return { planned, passedOver, files: [] };
    const sources = planned.filter(({ decision }) => decision.action === "load").map(({ file }) => remoteSource(server, file));
    const files = await loadFiles(sources, {
      warehouse,
      limits: config.limits,
      runId: typeof options.runId === "function" ? await beginWhere(sources.length > 0, options.runId) : (options.runId ?? null),
      signal,
      reader: options.reader,
      onEvent: options.onEvent,
    });
    await markLoadedJobs(warehouse.connection);
    return { planned, passedOver, files };
  } finally {
    await server.close();
  }
}

const beginWhere = async (any: boolean, begin: () => Promise<bigint>): Promise<bigint | null> => (any ? begin() : null);

/** What is in the folders, and the files of exports that were asked for, wherever Connect was told to put them. */
async function listExports(server: SftpServer, folders: readonly string[], { connection }: Warehouse, { dryRun, signal }: SyncOptions) {
  let passedOver: readonly PassedOver[] = [];
  const found = await server.list(folders, signal, (others) => (passedOver = others));
  const files = new Map(found.map((file) => [file.path, file]));
  for (const job of await exportJobs(connection, ...SOUGHT_EXPORTS)) {
    const file = await findExportFile(server, job);
    if (!file) continue;
    files.set(file.path, file);
    const change = foundAs(job, file);
    if (change && !dryRun) await changeJob(connection, job.name, change);
  }
  return { listing: [...files.values()], passedOver };
}
