/** publish: what is new of the warehouse into the copy that others read. */
import { isAbsolute, relative, resolve } from "node:path";
import { type Config, type ConfigInput, readConfig } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { explainPublish } from "../sinks/publish/failures.ts";
import { openCopyFolder } from "../sinks/publish/folder.ts";
import type { ContactIds } from "../sinks/publish/hashing.ts";
import { type Published, publishSnapshot, type SnapshotOptions, storeSnapshot } from "../sinks/publish/index.ts";
import { currentManifest } from "../sinks/publish/open.ts";
import { showsAll } from "../sinks/publish/settings.ts";
import { type Clock, realClock } from "./common/clock.ts";
import { type Door, doorTo, PATIENCE_MS } from "./common/door.ts";
import { type EncryptionWords, findEncryption } from "./common/encryption.ts";
import { packageVersion } from "./common/package.ts";
import { makeKey, PUBLISH_KEY } from "./common/warehouse-key.ts";

export interface PublishOptions extends EncryptionWords {
  /** What signalhouse.config.json would hold. Relative paths are relative to the working directory. */
  config: ConfigInput;
  /** The DuckDB file; by default the configuration's. */
  warehouse?: string;
  /** The folder of the copy; by default publish.to of the configuration. */
  to?: string;
  /** The key of hashes; by default that of the file beside the warehouse, WAREHOUSE.publish-key, which is made where it is not there. */
  key?: string;
  signal?: AbortSignal;
  /** Is told of each file before it is written. */
  onFile?: SnapshotOptions["onFile"];
}

export interface PublishResult {
  /** Number of the version that is read from now on. */
  version: number;
  /** Whether it is a new one; not, where the one before has all that the warehouse has. */
  isNew: boolean;
  /** Files that were written; all others are those of versions before. */
  filesWritten: number;
  /** Files and rows of the version, and their bytes. */
  files: number;
  rows: number;
  bytes: number;
  publishedAt: string;
  /** Headers of publish.contactColumns that no contact column has. */
  unknownColumns: readonly string[];
}

/**
 * Publishes the warehouse to a folder that others read: what `signalhouse publish` does. What has not changed is not written again. Other processes may read the warehouse meanwhile, and none can write to it;
 * readers of the copy notice nothing. Memory: limits.memory for DuckDB, and about 200 MB.
 * @throws SignalhouseError config_invalid, warehouse_missing, warehouse_locked, publish_under_way, publish_failed, key_file_open, disk_full; the signal's reason
 */
export async function publish({ config: input, warehouse, to, key, signal, onFile, ...words }: PublishOptions): Promise<PublishResult> {
  const given = readConfig(input, "config");
  const config = {
    ...given,
    warehouse: warehouse ?? given.warehouse,
    publish: { ...given.publish, ...(to === undefined ? {} : { to }) },
  };
  const aborted = signal ?? new AbortController().signal;
  const door = doorTo(config, { signal: aborted, patience: PATIENCE_MS, encryption: () => findEncryption(config.encryption, words) });
  return publishWarehouse(config, { door, signal: aborted, ...(key === undefined ? {} : { key }), ...(onFile ? { onFile } : {}) });
}

export interface PublishContext {
  door: Pick<Door, "toRead">;
  signal: AbortSignal;
  key?: string | undefined;
  clock?: Clock;
  onFile?: NonNullable<SnapshotOptions["onFile"]>;
  /** Is told of the file with the key of hashes, where it is made. */
  onKey?: (file: string) => void;
  /** Is told where the copy had contact ids by another key: of another warehouse, or of this one before. */
  onOtherKey?: () => void;
  /** Is told of headers of publish.contactColumns that no contact column has. */
  onUnknown?: (headers: readonly string[]) => void;
  /** Is told before each step. */
  step?: (name: string) => void;
}

/** The same with what a program has at hand. @throws as publish */
export async function publishWarehouse(config: Config, context: PublishContext): Promise<PublishResult> {
  const { door, signal, clock = realClock, step: told, onFile } = context;
  const { to, contactColumns, keepVersions, keepHours } = config.publish;
  if (to === undefined)
    throw new SignalhouseError("usage", "it is not said where to publish to", "Give --to FOLDER, or set publish.to in the configuration.");
  const step = (name: string) => {
    signal.throwIfAborted();
    told?.(name);
  };
  // A mistyped path is no warehouse to make a key and a folder for.
  const { ids, made } = await door.toRead(() => contactIdsOf(config, context.key), { mayLack: "anything" });
  if (made !== undefined) context.onKey?.(made);
  assertOutside(config.warehouse, to);
  const folder = await openCopyFolder(to);
  try {
    const snapshot = await door.toRead(
      (warehouse) => storeSnapshot(warehouse, folder, { contactColumns, contactIds: ids, step, ...(onFile ? { onFile } : {}) }),
      { isLimited: true },
    );
    const published = await publishSnapshot(folder, snapshot, {
      keeping: { keepVersions, keepHours },
      signalhouse: packageVersion(),
      now: clock.now(),
      step,
    });
    if (published.isOtherKey) context.onOtherKey?.();
    if (snapshot.unknownColumns.length > 0) context.onUnknown?.(snapshot.unknownColumns);
    return { ...resultOf(published), filesWritten: snapshot.written, unknownColumns: snapshot.unknownColumns };
  } catch (error) {
    throw explainPublish(error, folder.path);
  } finally {
    folder.close();
  }
}

/** Who copies the folder, or lets others into it, is not to hand over the warehouse and the key. */
function assertOutside(warehouse: string, to: string): void {
  const way = relative(resolve(to), resolve(warehouse));
  if (way.startsWith("..") || isAbsolute(way)) return;
  const what = way === "" ? `${to} is the warehouse itself` : `the warehouse ${warehouse} is in ${to}, which others read`;
  throw new SignalhouseError("publish_failed", what, "Name another folder for the copy.");
}

async function contactIdsOf({ publish, warehouse }: Config, given: string | undefined): Promise<{ ids: ContactIds; made?: string | undefined }> {
  if (publish.contactIds === "plain") return { ids: { as: "plain" } };
  const { key, made } = await makeKey(PUBLISH_KEY, given, warehouse);
  return { ids: { as: "hashed", key }, made };
}

function resultOf({ manifest, isNew }: Published) {
  const files = manifest.tables.flatMap((table) => table.files);
  const sum = (of: "rows" | "bytes") => files.reduce((total, file) => total + file[of], 0);
  return { version: manifest.version, isNew, files: files.length, rows: sum("rows"), bytes: sum("bytes"), publishedAt: manifest.published_at };
}

/**
 * Publishes where the configuration says so, and the copy does not show what the warehouse has now, as the configuration has it shown.
 * @returns undefined where there was nothing to do
 */
export async function publishChanges(config: Config, context: PublishContext): Promise<PublishResult | undefined> {
  const { to, contactColumns } = config.publish;
  if (to === undefined) return undefined;
  const before = await currentManifest(to);
  if (before) {
    const { ids, made } = await contactIdsOf(config, context.key);
    if (made !== undefined) context.onKey?.(made);
    const choices = { contactColumns, contactIds: ids };
    if (await context.door.toRead((warehouse) => showsAll(before, warehouse, choices, packageVersion()), { isLimited: true })) return undefined;
  }
  return publishWarehouse(config, context);
}
