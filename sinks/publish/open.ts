/** Reading a published copy. */
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { DuckDBInstance } from "../duckdb.ts";
import { CURRENT, SIGNALS } from "./folder.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { MOVED } from "./views.ts";

/** A version that is open. Whoever opened it closes it; publishes go on meanwhile, and it stays as it is. */
export interface OpenCopy {
  connection: DuckDBConnection;
  manifest: Manifest;
  /** The folder that its views read, absolute. */
  folder: string;
  close(): void;
}

/** The manifest of the version that is to be read now; undefined where nothing is published there. */
export const currentManifest = (path: string): Promise<Manifest | undefined> => readManifest(join(path, CURRENT));

/**
 * Opens the version that is to be read now, wherever the folder is.
 * @param memory that DuckDB may use, in its own spelling; most of the machine's by default
 * @returns undefined where nothing is published there
 * @throws DuckDB's errors as they are
 */
export async function openCopy(path: string, memory?: string): Promise<OpenCopy | undefined> {
  // The link is followed once: a publish may change it at any moment.
  const version = await realpath(join(path, CURRENT)).catch(() => undefined);
  const manifest = version === undefined ? undefined : await readManifest(version);
  if (version === undefined || manifest === undefined) return undefined;
  const folder = dirname(dirname(version));
  const instance = await DuckDBInstance.create(join(version, SIGNALS), {
    access_mode: "READ_ONLY",
    ...(memory === undefined ? {} : { memory_limit: memory }),
  });
  try {
    const connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'; SET VARIABLE ${MOVED} = ${quoteText(folder)}`);
    const close = () => {
      connection.disconnectSync();
      instance.closeSync();
    };
    return { connection, manifest, folder, close };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}
