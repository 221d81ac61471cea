/** Encryption of a warehouse's file: DuckDB's own, by AES-256 in GCM, of the file, its log and its temporary files. */
import { stat } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import { quoteText } from "../schemas/names.ts";
import { version as duckdbVersion } from "./duckdb.ts";

/** What it takes to read and write what is encrypted. */
export interface Encryption {
  /** A text that DuckDB makes the file's key of. */
  key: string;
  /**
   * DuckDB's extension httpfs, a file, which brings OpenSSL. Without it DuckDB can read what is encrypted, by a library that takes longer, and refuses to write it, as that library's random numbers can be
   * guessed (GHSA-vmp8-hg63-v2hp).
   */
  extension: string | undefined;
}

/** Finds out how a warehouse is to be encrypted; undefined where it is not. @throws SignalhouseError config_invalid, key_file_open */
export type FindEncryption = () => Promise<Encryption | undefined>;

export const NOT_ENCRYPTED: FindEncryption = () => Promise.resolve(undefined);

/** The extension, as DuckDB and the registries of packages call it. */
const EXTENSION = "httpfs";
/** The name of its file. */
export const EXTENSION_FILE = `${EXTENSION}.duckdb_extension`;

/** What a file is, by the first of DuckDB's headers, which is never encrypted. Source: DuckDB's storage_info.hpp, MainHeader: the first of its flags. */
export const isEncrypted = (start: Buffer): boolean => start.length > FLAGS_AT && (start.readUInt8(FLAGS_AT) & 1) === 1;
const FLAGS_AT = 20;

/** What ATTACH takes for it, behind its other options. */
export const encryptedAs = (encryption: Encryption | undefined): string =>
  encryption === undefined ? "" : `, ENCRYPTION_KEY ${quoteText(encryption.key)}, ENCRYPTION_CIPHER 'GCM'`;

/**
 * Makes sure that a file is as it is said to be, before DuckDB opens it.
 * @param found whether it is encrypted
 * @throws SignalhouseError warehouse_key, warehouse_not_encrypted
 */
export function assertEncrypted(path: string, found: boolean, encryption: Encryption | undefined): void {
  if (found === (encryption !== undefined)) return;
  if (found)
    throw new SignalhouseError(
      "warehouse_key",
      `the warehouse ${path} is encrypted, and no key is given`,
      "Give its key in SIGNALHOUSE_WAREHOUSE_KEY, or in a file that encryption.keyFile names.",
    );
  throw new SignalhouseError(
    "warehouse_not_encrypted",
    `a key is given for the warehouse ${path}, which is not encrypted`,
    "Run `signalhouse encrypt`, which writes it anew with this key; or take away SIGNALHOUSE_WAREHOUSE_KEY and encryption.keyFile.",
  );
}

/**
 * Readies a DuckDB that has nothing in it yet for a file that is encrypted: what it spills is encrypted, too.
 * @param access whether that file is written to
 * @throws SignalhouseError extension_missing
 */
export async function readyForEncrypted(connection: DuckDBConnection, { extension }: Encryption, access: "read" | "write"): Promise<void> {
  if (extension !== undefined) await loadExtension(connection, extension);
  else if (access === "write") throw missing("SIGNALHOUSE_EXTENSIONS names no folder that has it");
  await connection.run("SET temp_file_encryption = true");
}

async function loadExtension(connection: DuckDBConnection, file: string): Promise<void> {
  // DuckDB would look for it in the network's registry by a message of its own.
  if (!(await stat(file).catch(() => undefined))?.isFile()) throw missing(`${file} is not there`);
  await connection.run(`LOAD ${quoteText(file)}`).catch((error: unknown) => {
    throw missing(`${file} is not it: ${messageOf(error).split("\n")[0]}`, error);
  });
}

const missing = (why: string, error?: unknown): SignalhouseError =>
  new SignalhouseError(
    "extension_missing",
    `an encrypted warehouse takes DuckDB's extension ${EXTENSION} of exactly ${duckdbVersion()}, and ${why}`,
    `Put ${EXTENSION_FILE} of ${duckdbVersion()}, for this machine, into a folder, and name that in SIGNALHOUSE_EXTENSIONS: docs/operations.md, "Encryption at rest". To read, none need be named.`,
    error,
  );

/** The key does not open the file. DuckDB's words name no file. */
export const isOtherKey = (error: unknown): boolean =>
  /^(?:Invalid Input Error: Wrong encryption key used to open|Catalog Error: Cannot open encrypted database)/.test(messageOf(error));

export const otherKey = (path: string, error: unknown): SignalhouseError =>
  new SignalhouseError(
    "warehouse_key",
    `the warehouse ${path} is encrypted with another key`,
    "Nothing was changed. Give the key that it was encrypted with in SIGNALHOUSE_WAREHOUSE_KEY, or in the file that encryption.keyFile names; the environment comes first.",
    error,
  );
