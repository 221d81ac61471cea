/** What a version says of itself: manifest.json beside its files. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A version of the published copy. Times are ISO 8601 in UTC. */
export interface Manifest {
  /** Of this document. */
  format: 1;
  /** Number of the version, from 1. */
  version: number;
  published_at: string;
  /** From when on live.duckdb shows it; null where it is the first one. */
  live_from: string | null;
  /** The version of signalhouse that wrote it. */
  signalhouse: string;
  /** The version of the warehouse's tables. */
  schema_version: number;
  /** What of the warehouse is in it: all up to here, and nothing of what came after. */
  watermark: Watermark;
  contact_ids: "hashed" | "plain";
  /** What tells the key of the hashes from another one, and nothing about it. */
  key: string;
  tables: ManifestTable[];
  /** The versions before that are kept beside it; all others are taken away. */
  kept: number[];
  /** What tells its warehouse from another one: when the first load was over, in microseconds since the epoch; null where nothing was loaded. Absent in those of older versions, as settings. */
  warehouse?: string | null;
  /** Hash of what decides what it shows, beside rows: the contact columns that are shown, the key of hashes, how marts are made. */
  settings?: string;
  /** Hash of what its views are made of. */
  views: string;
  /** Of the bytes of its signals.duckdb, in hex. */
  signals_sha256: string;
}

export interface Watermark {
  /** The last one of signalhouse.changes; 0 where there is none. */
  change_id: number;
  /** The last load; 0 where there is none. */
  load_id: number;
  /** When that was committed. */
  loaded_at: string | null;
  /** The newest occurred_at. */
  newest_signal: string | null;
}

export interface ManifestTable {
  name: string;
  rows: number;
  /** Hash of names and types of all columns that its files have. */
  shape: string;
  /** Columns of the warehouse that it has not. */
  left_out: string[];
  /** Columns whose values are keyed hashes, in the files. */
  hashed: string[];
  files: ManifestFile[];
}

export interface ManifestFile {
  /** Relative to the version's folder, and to the store. */
  path: string;
  /** `2025-09`, in UTC; null where the table has all rows in one file. */
  month: string | null;
  rows: number;
  bytes: number;
  /** Of the file's bytes, in hex. */
  sha256: string;
}

/** The name of the file in a version's folder. */
export const MANIFEST = "manifest.json";

/** The manifest in a version's folder; undefined where there is none that can be read, as of a version that was never finished. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readFile(join(folder, MANIFEST), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return undefined;
  }
}

/** All files that a manifest names. */
export const filesOf = ({ tables }: Pick<Manifest, "tables">): ManifestFile[] => tables.flatMap(({ files }) => files);
