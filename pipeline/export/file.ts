/** Where the file of an export is. Connect's answer names a path, but not whether `.gz` follows; and an answer can get lost. */
import { createHash, randomBytes } from "node:crypto";
import { basename } from "node:path/posix";
import type { ExportPlace } from "../../schemas/connect.ts";
import { isSignalhouseError } from "../../schemas/errors.ts";
import type { ExportJob } from "../../sinks/jobs.ts";
import type { RemoteFile, SftpServer } from "../sftp/server.ts";

const EXPORT_AREA = "Export/Signals";

/** What Connect itself writes behind a naming prefix. Source: vendor page "Export signals from Connect", section "Custom file placement". */
const EXPORT_FILE = "Signals_Export";

/** A name that no other job has, such as `signalhouse-20250701T061500Z-3f2a9c`. */
export function newJobName(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  return `signalhouse-${time}-${randomBytes(3).toString("hex")}`;
}

/** A place below Export/Signals, where `sync` looks, with a prefix by which the file is found even where Connect's answer got lost. */
export function placeFor(jobName: string): ExportPlace {
  return { parentFolder: `${EXPORT_AREA}/signalhouse`, namingPrefix: prefixFor(jobName) };
}

/** A naming prefix that belongs to this job alone, as its name does: where characters have to be left out, a hash of the name stands for them. */
export function prefixFor(jobName: string): string {
  const plain = jobName.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 80);
  return plain === jobName ? `${plain}_` : `${plain}-${createHash("sha256").update(jobName).digest("hex").slice(0, 8)}_`;
}

/**
 * The file of a job, where it is on the server.
 * @param job `path` is asked first, then the place that was asked for
 * @throws SignalhouseError as SftpServer.list, but for folder_missing
 */
export async function findExportFile(server: SftpServer, job: Pick<ExportJob, "path" | "request" | "askedAt">): Promise<RemoteFile | undefined> {
  const place = job.request.place ?? {};
  const told = job.path ?? ("path" in place ? place.path : undefined);
  for (const path of told === undefined ? [] : spellings(told)) {
    const found = await server.stat(path).catch(ifMissing);
    if (found) return found;
  }
  if ("path" in place || place.namingPrefix === undefined) return undefined;
  const { parentFolder = EXPORT_AREA, namingPrefix } = place;
  const listing = (await server.list([parentFolder]).catch(ifMissing)) ?? [];
  // A prefix that the user chose may have been used before; the server's clock may be a little behind ours.
  return listing.find(({ path, mtime }) => basename(path).startsWith(`${namingPrefix}${EXPORT_FILE}`) && mtime >= job.askedAt - CLOCK_SKEW_MS);
}

const CLOCK_SKEW_MS = 10 * 60 * 1000;

/** How a file may be called that Connect calls `path`. */
function spellings(path: string): string[] {
  return [...new Set([path, `${path}.gz`, path.replace(/\.csv$/i, ".gz")])];
}

function ifMissing(error: unknown): undefined {
  if (!isSignalhouseError(error, "file_missing", "folder_missing")) throw error;
}
