/** Campaigns and messages by their ids: what they are called. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { quoteText } from "../../../schemas/names.ts";
import { rowsOf } from "../../report/question.ts";
import { nameOf } from "../../report/questions/words.ts";

/** A campaign's name. @throws SignalhouseError not_found */
export async function campaignNamed(connection: DuckDBConnection, id: string): Promise<string> {
  const [found] = await rowsOf<{ campaign_name: string | null }>(
    connection,
    `SELECT (SELECT campaign_name FROM marts.campaign_names WHERE campaign_id = ${quoteText(id)}) AS campaign_name
     WHERE EXISTS (FROM marketing_signals WHERE campaign_id = ${quoteText(id)})`,
  );
  if (!found) throw none("campaign", id);
  return nameOf(found.campaign_name, id, id);
}

/** A message's name, and the campaign of its latest signal that has one. @throws SignalhouseError not_found */
export async function messageNamed(connection: DuckDBConnection, id: string): Promise<{ name: string; campaign: string | undefined }> {
  const [found] = await rowsOf<{ message_name: string | null; campaign_id: string | null }>(
    connection,
    `SELECT (SELECT message_name FROM marts.message_names WHERE message_id = ${quoteText(id)}) AS message_name, arg_max(campaign_id, occurred_at) AS campaign_id
     FROM marketing_signals WHERE message_id = ${quoteText(id)} HAVING count(*) > 0`,
  );
  if (!found) throw none("message", id);
  return { name: nameOf(found.message_name, id, id), campaign: found.campaign_id ?? undefined };
}

const none = (what: string, id: string) =>
  new SignalhouseError("not_found", `no signal in the warehouse is of the ${what} "${id}"`, "Go back to the report, and choose one there.");

/** An id that has to be there. @throws SignalhouseError usage */
export function needed(id: string | undefined, what: string): string {
  if (id !== undefined) return id;
  throw new SignalhouseError("usage", `the address names no ${what}`, "Go back to the report, and choose one there.");
}
