/** How the marts of a warehouse are made: signalhouse.meta keeps it, since whoever opens it must mean the same contacts. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ContactColumn } from "../schemas/header.ts";
import { defaultKeys, type MartSettings, type MartWishes, WINDOW_DAYS } from "../schemas/marts.ts";
import { similar } from "../schemas/suggest.ts";
import { TABLES } from "../schemas/tables.ts";
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

/** The settings alone, of what has more. */
export const settingsOf = ({ keys, chosenBy, windowDays, dataset, isQualified }: MartSettings): MartSettings => ({
  keys,
  chosenBy,
  windowDays,
  dataset,
  isQualified,
});

/** Within the caller's transaction. */
export async function keepSettings(connection: DuckDBConnection, settings: KeptSettings): Promise<void> {
  await connection.run("UPDATE signalhouse.meta SET marts = $1", [JSON.stringify(settings)]);
}

/**
 * The settings that marts are to be made by: as wished; else as the warehouse has them; else, once there are contact columns, by their names, which holds from then on.
 */
export async function wantedSettings(connection: DuckDBConnection, { keys, windowDays }: MartWishes): Promise<MartSettings> {
  const kept = await keptSettings(connection);
  const known = kept && kept.keys.length > 0 ? kept : undefined;
  // An older warehouse has signals, and nothing that says whose contacts they are.
  const [dataset = null, another] = kept ? [kept.dataset] : await datasetsOf(connection, TABLES);
  return {
    keys: keys ?? known?.keys ?? defaultKeys(namedHeaders(await contactColumns(connection))),
    chosenBy: keys ? "configuration" : (known?.chosenBy ?? "names"),
    windowDays: windowDays ?? kept?.windowDays ?? WINDOW_DAYS,
    dataset,
    isQualified: kept?.isQualified ?? another !== undefined,
  };
}

/** The data sets that signals name, in order: two, where there are more. @param from the signals, each as SQL behind FROM that gives dataset_id */
export async function datasetsOf(connection: DuckDBConnection, from: readonly string[]): Promise<string[]> {
  const named = from.map((signals) => `SELECT dataset_id FROM ${signals} WHERE dataset_id IS NOT NULL`);
  const found = await rows<{ dataset_id: string }>(
    connection,
    `SELECT DISTINCT dataset_id FROM (${named.join(" UNION ALL ")}) ORDER BY dataset_id LIMIT 2`,
  );
  return found.map(({ dataset_id }) => dataset_id);
}

/** The headers that a setting can name. Of several columns with the same header it is the first one's. */
const namedHeaders = (columns: readonly ContactColumn[]): string[] => columns.flatMap(({ header, occurrence }) => (occurrence === 1 ? [header] : []));

/** The keys by which contacts are told apart, as people and programs are told of them. */
export interface KeysInEffect {
  keys: readonly string[];
  chosenBy: MartSettings["chosenBy"];
  /** Those of them that are the header of no column yet, each with the headers that may be meant. */
  unknown: readonly { key: string; similar: readonly string[] }[];
}

/** What the warehouse has in effect. */
export async function keysInEffect(connection: DuckDBConnection): Promise<KeysInEffect> {
  const { keys = [], chosenBy = "names" } = (await keptSettings(connection)) ?? {};
  return { keys, chosenBy, unknown: unknownKeys(keys, await contactColumns(connection)) };
}

function unknownKeys(keys: readonly string[], columns: readonly ContactColumn[]): KeysInEffect["unknown"] {
  const headers = namedHeaders(columns);
  return keys.flatMap((key) => (headers.includes(key) ? [] : [{ key, similar: similar(key, headers) }]));
}

/** What SQL is made with by these settings. */
export async function martContext(connection: DuckDBConnection, settings: MartSettings): Promise<MartContext> {
  return {
    ...settings,
    contactKeys: contactKeysOf(settings, await contactColumns(connection)),
    contactColumns: await contactColumnNames(connection),
  };
}
