/** Keeping the tables of marts up with the signals. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { fillMarts } from "./fill.ts";
import { keepSettings, keptSettings, martContext, wantedSettings } from "./settings.ts";

/** Fills them where they were made anew. Within the caller's transaction. */
export async function fillWhereEmpty(connection: DuckDBConnection): Promise<void> {
  const kept = await keptSettings(connection);
  if (kept === undefined || kept.isFilled) return;
  await fillMarts(connection, await martContext(connection, await wantedSettings(connection, {})));
  await keepSettings(connection, { ...kept, isFilled: true });
}

/** Makes the tables of marts what the signals say after a load, replay or erasure. Within its transaction. */
export async function keepUp(connection: DuckDBConnection): Promise<void> {
  await fillMarts(connection, await martContext(connection, await wantedSettings(connection, {})));
}
