/** What is known of one contact. None of this SQL is shown: it names the contact. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../../schemas/names.ts";
import { rowsOf, subjectOf, type Column } from "../../report/question.ts";
import { nameOf } from "../../report/questions/words.ts";

/** A contact's row of marts.contacts: what each has, and its contact columns. */
export type ContactRow = Readonly<Record<string, string | number | boolean | null>>;

export async function contactRow(connection: DuckDBConnection, id: string): Promise<ContactRow | undefined> {
  const [row] = await rowsOf<ContactRow>(connection, `FROM marts.contacts WHERE contact_id = ${quoteText(id)}`);
  return row;
}

export interface RevenueRow {
  currency: string | null;
  orders: number;
  revenue: string | null;
}

/** What its orders are worth, by currency. */
export const contactRevenue = (connection: DuckDBConnection, id: string): Promise<RevenueRow[]> =>
  rowsOf(
    connection,
    `SELECT currency, orders, revenue FROM marts.contact_revenue WHERE contact_id = ${quoteText(id)} ORDER BY orders DESC, currency`,
  );

export interface TimelineRow {
  occurred_at: string;
  signal_type: string;
  message_id: string | null;
  message_name: string | null;
  detail: string | null;
  amount: string | null;
  currency: string | null;
}

export const PAGE_ROWS = 100;
/** Nobody turns so many pages. */
export const MOST_PAGES = 1_000;

/** Its signals, the newest first: a page of them, and one more where there is another page. @param page from 1 */
export const timeline = (connection: DuckDBConnection, id: string, page: number): Promise<TimelineRow[]> =>
  rowsOf(
    connection,
    `SELECT occurred_at, signal_type, message_id, message_name, detail, amount, currency
     FROM (FROM marts.contact_timeline WHERE contact_id = ${quoteText(id)}
       ORDER BY occurred_at DESC, signal_key DESC, signal_type LIMIT ${PAGE_ROWS + 1} OFFSET ${(page - 1) * PAGE_ROWS})
     LEFT JOIN marts.message_names USING (message_id) ORDER BY occurred_at DESC, signal_key DESC, signal_type`,
  );

/** @param amountOf an amount in its currency, @param textOf a detail as it may be shown */
export const timelineColumns = (amountOf: (row: TimelineRow) => string | null, textOf: (text: string) => string): Column<TimelineRow>[] => [
  { heading: "When (UTC)", kind: "time", value: (row) => row.occurred_at },
  { heading: "What happened", kind: "text", value: (row) => row.signal_type },
  {
    heading: "Message",
    kind: "text",
    value: (row) => (row.message_id === null ? null : nameOf(row.message_name, row.message_id, "(no name)")),
    leadsTo: (row) => subjectOf("message", row.message_id),
  },
  { heading: "More of it", kind: "text", value: ({ detail }) => (detail === null ? null : textOf(detail)) },
  { heading: "Amount", kind: "number", value: amountOf },
];
