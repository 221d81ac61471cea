/** Published copies of warehouses, and what is read out of them. */
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { type PublishContext, type PublishResult, publishWarehouse } from "../../pipeline/publish.ts";
import { type ConfigInput, readConfig } from "../../schemas/config.ts";
import { NO_PRIVACY } from "../../schemas/privacy.ts";
import { currentManifest } from "../../sinks/publish/open.ts";
import type { Manifest } from "../../sinks/publish/manifest.ts";
import { Scratch } from "./warehouse.ts";

/** Publishes a warehouse that is open, as it is. */
export function publishScratch(
  scratch: Scratch,
  to: string,
  settings: ConfigInput["publish"] = {},
  context: Partial<PublishContext> = {},
): Promise<PublishResult> {
  const config = readConfig({ warehouse: scratch.path, publish: { ...settings, to } }, "a test");
  return publishWarehouse(config, { door: { toRead: (work) => work(scratch.warehouse) }, signal: new AbortController().signal, ...context });
}

export async function manifestOf(to: string): Promise<Manifest> {
  const manifest = await currentManifest(to);
  if (!manifest) throw new Error(`nothing is published to ${to}`);
  return manifest;
}

/** A DuckDB file of a copy, open to read as a tool would have it, until the test is over. */
export async function openDatabase(path: string): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  onTestFinished(() => {
    connection.disconnectSync();
    instance.closeSync();
  });
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

/** The same, to be asked as warehouses are. */
export async function asScratch(path: string): Promise<Scratch> {
  const connection = await openDatabase(path);
  const unused = () => {
    throw new Error("a copy is only read");
  };
  return new Scratch({
    name: path,
    memory: undefined,
    isEncrypted: false,
    connection,
    contactColumns: [],
    privacyKey: unused,
    privacy: NO_PRIVACY,
    connect: unused,
    close: () => undefined,
  });
}

/** All files below a folder, relative to it, with what tells whether one is still the same. */
export function filesBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { ino, mtimeMs, size } = statSync(path);
      return [path.slice(folder.length + 1), `${ino} ${mtimeMs} ${size}`] as const;
    }),
  );
}

export const versionsIn = (to: string): string[] => readdirSync(join(to, "versions")).sort((a, b) => Number(a) - Number(b));
export const currentOf = (to: string): string => readlinkSync(join(to, "current"));
