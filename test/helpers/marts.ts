/** The tables of marts, as they are kept up and as they would be filled. */
import { fillMarts } from "../../sinks/fill-marts.ts";
import { keptSettings, martContext } from "../../sinks/mart-settings.ts";
import { KEPT_MARTS } from "../../sinks/marts/index.ts";
import { inTransaction } from "../../sinks/transaction.ts";
import type { Row, Scratch } from "./warehouse.ts";

async function tables(scratch: Scratch): Promise<Record<string, Row[]>> {
  const found: Record<string, Row[]> = {};
  for (const { name } of KEPT_MARTS) found[name] = await scratch.rows(`FROM marts.${name} ORDER BY ALL`);
  return found;
}

/** The tables as they are, and as they are once they are filled anew, in parts and at once. */
export async function keptAndFilled(scratch: Scratch) {
  const kept = await tables(scratch);
  const { connection } = scratch.warehouse;
  const settings = await keptSettings(connection);
  if (!settings) throw new Error("no settings");
  const context = await martContext(connection, settings);
  await inTransaction(connection, () => fillMarts(connection, context, 7));
  const inParts = await tables(scratch);
  await inTransaction(connection, () => fillMarts(connection, context));
  return { kept, inParts, filled: await tables(scratch) };
}
