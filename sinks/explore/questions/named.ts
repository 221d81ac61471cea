/** Rows about contacts, with what pages call these. */
import { type Question, rowsOf } from "../../report/question.ts";
import type { Context } from "../../report/page/context.ts";
import type { ContactNames } from "../contacts.ts";

export type Named<Row> = Row & { contact: string | null };

/** A question's rows. */
export async function askedNamed<Row extends { contact_id: string | null }>(
  { connection, scope }: Pick<Context, "connection" | "scope">,
  { sql }: Question<Named<Row>>,
  names: ContactNames,
): Promise<Named<Row>[]> {
  const rows = await rowsOf<Row>(connection, sql(scope));
  return rows.map((row) => ({ ...row, contact: row.contact_id === null ? null : names.nameOf(row.contact_id) }));
}
