/** The published copy of a warehouse: written while it is read by others, who never wait for it. */
import { SignalhouseError } from "../../schemas/errors.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import { onlyRow } from "../sql.ts";
import { inTransaction } from "../transaction.ts";
import type { Warehouse } from "../warehouse.ts";
import { keepLive, viewsHash } from "./databases.ts";
import { type CopyFolder, type Keeping, openCopyFolder, removeOld, staying, versionPath, versionsOf } from "./folder.ts";
import { fingerprintOf, useContactIds } from "./hashing.ts";
import { filesOf, type Manifest, type ManifestFile, type ManifestTable, readManifest, type Watermark } from "./manifest.ts";
import { currentManifest } from "./open.ts";
import { partsOf, type TableParts } from "./parts.ts";
import { assertOwn, type Choices, copySettings } from "./settings.ts";
import { storePart } from "./store.ts";
import { publishedTables } from "./tables.ts";
import type { CopyContents } from "./views.ts";
import { makeVersion } from "./version.ts";
import { lastErasure, watermarkOf } from "./watermark.ts";

export interface SnapshotOptions extends Choices {
  /** Is told of each file before it is written. */
  onFile?: (file: { table: string; month: string | null; rows: number }) => void;
  /** Is told before each step of writing. */
  step?: (name: string) => void;
}

/** What the store has of a warehouse: all of it at one moment. */
export interface Snapshot extends CopyContents {
  schemaVersion: number;
  /** What tells the warehouse from another one. */
  origin: string | null;
  /** Hash of what decides what a copy shows, beside rows. */
  settings: string;
  watermark: Watermark;
  /** The last of signalhouse.changes by which somebody was forgotten. */
  erasedAt: number;
  contactIds: Manifest["contact_ids"];
  /** What tells the key of its contact ids from another one. */
  key: string;
  files: ReadonlyMap<TableParts, readonly ManifestFile[]>;
  /** Files that were written now. */
  written: number;
  /** Headers that no contact column has. */
  unknownColumns: string[];
}

/**
 * Writes what is new of a warehouse into the store, in one transaction: whole loads only. Memory: the warehouse's limit.
 * @throws SignalhouseError publish_failed where the folder has the copy of another warehouse
 */
export async function storeSnapshot(warehouse: Warehouse, folder: CopyFolder, options: SnapshotOptions): Promise<Snapshot> {
  const { connection } = warehouse;
  const { step = () => undefined } = options;
  const before = await currentManifest(folder.path);
  const known = await knownFiles(folder);
  return inTransaction(connection, async () => {
    const settings = await copySettings(connection, options);
    const { context, columns, shown, basis } = settings;
    assertOwn(folder.path, before, settings);
    await useContactIds(connection, options.contactIds);
    const tables: TableParts[] = [];
    const files = new Map<TableParts, ManifestFile[]>();
    let written = 0;
    for (const table of publishedTables(context, namesOf(shown))) {
      step(`look at ${table.name}`);
      const parts = await partsOf(connection, table, basis);
      const stored: ManifestFile[] = [];
      for (const part of parts.parts) {
        const onWrite = () => options.onFile?.({ table: table.name, month: part.month, rows: part.rows });
        const { files: some, written: count } = await storePart(connection, folder, part, known, { onWrite, step });
        stored.push(...some);
        written += count;
      }
      tables.push(parts);
      files.set(parts, stored);
    }
    return {
      tables,
      context,
      contactColumns: columns,
      isCommented: (await onlyRow<{ is: boolean }>(connection, "SELECT comments IS NOT NULL AS is FROM signalhouse.meta")).is,
      schemaVersion: settings.schemaVersion,
      origin: settings.origin,
      settings: settings.hash,
      watermark: await watermarkOf(warehouse),
      erasedAt: await lastErasure(warehouse),
      contactIds: options.contactIds.as,
      key: fingerprintOf(options.contactIds),
      files,
      written,
      unknownColumns: options.contactColumns.filter((header) => !columns.some((column) => column.header === header)),
    };
  });
}

const namesOf = (columns: readonly ContactColumn[]) => columns.map(({ column }) => column);

/** What is known of files that are in the store, so that they need not be read again. */
async function knownFiles(folder: CopyFolder): Promise<Map<string, ManifestFile>> {
  const known = new Map<string, ManifestFile>();
  for (const version of await versionsOf(folder.path)) {
    const manifest = await readManifest(versionPath(folder.path, version));
    for (const file of manifest ? filesOf(manifest) : []) known.set(file.path, file);
  }
  return known;
}

export interface VersionOptions {
  keeping: Keeping;
  /** The version of signalhouse. */
  signalhouse: string;
  /** Milliseconds since the epoch. */
  now: number;
  step?: (name: string) => void;
}

/** What a publish has done. */
export interface Published {
  manifest: Manifest;
  /** Whether there is a new version; not, where the one before has it all. */
  isNew: boolean;
  /** Whether the version before has contact ids by another key, so that none of them is one of these. */
  isOtherKey: boolean;
}

/** Has the folder show a snapshot, unless it does already; takes away what is old. */
export async function publishSnapshot(folder: CopyFolder, snapshot: Snapshot, options: VersionOptions): Promise<Published> {
  const { step = () => undefined } = options;
  const before = folder.current === 0 ? undefined : await readManifest(versionPath(folder.path, folder.current));
  const tables = snapshot.tables.map((parts): ManifestTable => {
    const files = [...(snapshot.files.get(parts) ?? [])];
    const { name, leftOut, hashed, keys } = parts.table;
    const isHashed = snapshot.contactIds === "hashed";
    return {
      name,
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
      shape: parts.shape,
      left_out: [...leftOut],
      hashed: isHashed ? [...hashed, ...keys.flatMap(([key]) => (key.startsWith("key_") ? [key] : []))] : [],
      files,
    };
  });
  const views = viewsHash(snapshot, folder.path);
  const isSame =
    before !== undefined &&
    before.signalhouse === options.signalhouse &&
    before.settings === snapshot.settings &&
    before.views === views &&
    JSON.stringify(before.tables) === JSON.stringify(tables);
  const { erasedAt } = snapshot;
  const newest = isSame
    ? { version: before.version, publishedAt: Date.parse(before.published_at), tables, erasedAt }
    : { version: folder.current + 1, publishedAt: options.now, tables, erasedAt };
  const kept = await staying(folder.path, options.keeping, newest, options.now);
  const manifest = isSame
    ? before
    : await makeVersion(
        folder,
        snapshot,
        {
          format: 1,
          version: newest.version,
          published_at: new Date(options.now).toISOString(),
          signalhouse: options.signalhouse,
          schema_version: snapshot.schemaVersion,
          watermark: snapshot.watermark,
          contact_ids: snapshot.contactIds,
          key: snapshot.key,
          tables,
          kept,
          warehouse: snapshot.origin,
          settings: snapshot.settings,
          views,
        },
        before,
        step,
      );
  step("live.duckdb");
  await keepLive(folder, snapshot, manifest);
  step("remove");
  await removeOld(folder.path, manifest.version, kept);
  return { manifest, isNew: !isSame, isOtherKey: before?.key !== undefined && before.key !== snapshot.key };
}

/**
 * Takes away at once what was published before somebody was forgotten. Who still has it open has to open the copy anew.
 * @param erasedAt the last of signalhouse.changes by which somebody was
 * @param wait for the time, in milliseconds since the epoch, from which on nobody who opens the copy is shown it
 * @returns the version that is read now
 * @throws SignalhouseError publish_under_way, publish_failed
 */
export async function removeErased(to: string, erasedAt: number, wait: (until: number) => Promise<void>): Promise<number> {
  const folder = await openCopyFolder(to);
  try {
    const manifests = new Map<number, Manifest>();
    for (const version of await versionsOf(folder.path)) {
      const manifest = await readManifest(versionPath(folder.path, version));
      if (manifest) manifests.set(version, manifest);
    }
    const hasErased = (version: number) => (manifests.get(version)?.watermark.change_id ?? 0) < erasedAt;
    if (hasErased(folder.current))
      throw new SignalhouseError("publish_failed", `version ${folder.current} of ${to} has what was erased`, "Run signalhouse publish.");
    const liveFrom = manifests.get(folder.current)?.live_from;
    if (liveFrom != null && [...manifests.keys()].some(hasErased)) await wait(Date.parse(liveFrom));
    await removeOld(
      folder.path,
      folder.current,
      [...manifests.keys()].filter((version) => !hasErased(version)),
    );
    return folder.current;
  } finally {
    folder.close();
  }
}
