/** Rows about contacts, with what pages call these. */
import type { Question } from "../../report/question.ts";
import { asked, type Context } from "../../report/page/context.ts";
import type { ContactNames } from "../contacts.ts";

export type Named<Row> = Row & { contact: string | null };

/** A question's rows. */
export async function askedNamed<Row extends { contact_id: string | null }>(
  context: Context,
  question: Question<Named<Row>>,
  names: ContactNames,
): Promise<Named<Row>[]> {
  const rows: Row[] = await asked(context, question);
  return rows.map((row) => ({ ...row, contact: row.contact_id === null ? null : names.nameOf(row.contact_id) }));
}
