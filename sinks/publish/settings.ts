/** What decides what a copy shows, beside the rows of its warehouse. */
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import { contactColumns as contactColumnsOf } from "../contact-columns.ts";
import { keptSettings, martContext, settingsOf } from "../mart-settings.ts";
import type { MartContext } from "../marts/mart.ts";
import { schemaVersion } from "../migrate.ts";
import type { Warehouse } from "../warehouse.ts";
import { type ContactIds, fingerprintOf } from "./hashing.ts";
import type { Manifest } from "./manifest.ts";
import type { Basis } from "./parts.ts";
import { originOf, watermarkOf } from "./watermark.ts";

/** What whoever publishes chooses. */
export interface Choices {
  /** Headers of the contact attributes that the copy shows. */
  contactColumns: readonly string[];
  contactIds: ContactIds;
}

export interface CopySettings {
  /** As the warehouse's marts are made. */
  context: MartContext;
  /** All contact columns of the warehouse, and those of them that are shown. */
  columns: readonly ContactColumn[];
  shown: readonly ContactColumn[];
  schemaVersion: number;
  /** What tells the warehouse from another one; null where nothing is loaded. */
  origin: string | null;
  /** What decides what its files say. */
  basis: Basis;
  /** Of all this. */
  hash: string;
}

/** Another format of files gets other names. */
const FORMAT = 1;

export async function copySettings(connection: DuckDBConnection, { contactColumns, contactIds }: Choices): Promise<CopySettings> {
  const marts = await keptSettings(connection);
  if (!marts) throw new Error("the warehouse has no marts");
  const columns = await contactColumnsOf(connection);
  const shown = columns.filter(({ header }) => contactColumns.includes(header));
  const version = (await schemaVersion(connection)) ?? 0;
  const origin = await originOf(connection);
  const basis = [FORMAT, version, fingerprintOf(contactIds), origin ?? "0"];
  const all = [basis, shown.map(({ column }) => column), settingsOf(marts)];
  return {
    context: await martContext(connection, marts),
    columns,
    shown,
    schemaVersion: version,
    origin,
    basis,
    hash: createHash("sha256").update(JSON.stringify(all)).digest("hex"),
  };
}

/** Whether a version shows all that the warehouse has now, as it is to be shown. @param signalhouse the version of signalhouse */
export async function showsAll(manifest: Manifest, warehouse: Warehouse, choices: Choices, signalhouse: string): Promise<boolean> {
  const { hash } = await copySettings(warehouse.connection, choices);
  return (
    manifest.signalhouse === signalhouse &&
    manifest.settings === hash &&
    JSON.stringify(manifest.watermark) === JSON.stringify(await watermarkOf(warehouse))
  );
}

/** Two warehouses in one folder would take each other's place with each publish. @throws SignalhouseError publish_failed */
export function assertOwn(path: string, before: Pick<Manifest, "warehouse"> | undefined, { origin }: Pick<CopySettings, "origin">): void {
  // Folders of older versions do not say whose they are: whoever comes first has them.
  if (before?.warehouse == null || before.warehouse === origin) return;
  throw new SignalhouseError(
    "publish_failed",
    `${path} has the published copy of another warehouse: that one's first load was at ${momentOf(before.warehouse)}, this one's ${origin === null ? "is still to come" : `at ${momentOf(origin)}`}`,
    "Name another folder, in publish.to or with --to. Where that warehouse is gone, as after it was built anew, remove the folder, and publish again.",
  );
}

const momentOf = (origin: string) => new Date(Number(origin) / 1000).toISOString();
