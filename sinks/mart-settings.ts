/** How the marts of a warehouse are made: signalhouse.meta keeps it, since whoever opens it must mean the same contacts. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { defaultKeys, type MartSettings, type MartWishes, WINDOW_DAYS } from "../schemas/marts.ts";
import { contactColumnNames, contactColumns } from "./contact-columns.ts";
import { rows } from "./sql.ts";
import { contactKeysOf } from "./marts/contact.ts";
import type { MartContext } from "./marts/mart.ts";

/** What signalhouse.meta has of the marts. */
export interface KeptSettings extends MartSettings {
  /** Whether the tables have what the signals say. Not, where they were made anew, until they are filled. */
  isFilled: boolean;
}

export async function keptSettings(connection: DuckDBConnection): Promise<KeptSettings | undefined> {
  const [meta] = await rows<{ marts: string | null }>(connection, "SELECT marts::VARCHAR AS marts FROM signalhouse.meta");
  return meta?.marts ? (JSON.parse(meta.marts) as KeptSettings) : undefined;
}

/** Within the caller's transaction. */
export async function keepSettings(connection: DuckDBConnection, settings: KeptSettings): Promise<void> {
  await connection.run("UPDATE signalhouse.meta SET marts = $1", [JSON.stringify(settings)]);
}

/**
 * The settings that marts are to be made by: as wished; else as the warehouse has them; else, once there are contact columns, by their names, which holds from then on.
 */
export async function wantedSettings(connection: DuckDBConnection, { keys, windowDays }: MartWishes): Promise<MartSettings> {
  const kept = await keptSettings(connection);
  const known = keys ?? (kept && kept.keys.length > 0 ? kept.keys : undefined);
  return {
    keys: known ?? defaultKeys((await contactColumns(connection)).flatMap(({ header, occurrence }) => (occurrence === 1 ? [header] : []))),
    windowDays: windowDays ?? kept?.windowDays ?? WINDOW_DAYS,
    dataset: kept?.dataset ?? null,
    isQualified: kept?.isQualified ?? false,
  };
}

/** What SQL is made with by these settings. */
export async function martContext(connection: DuckDBConnection, settings: MartSettings): Promise<MartContext> {
  return {
    ...settings,
    contactKeys: contactKeysOf(settings, await contactColumns(connection)),
    contactColumns: await contactColumnNames(connection),
  };
}
