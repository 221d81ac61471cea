/** What happened with one contact. */
import { SignalhouseError } from "../../../schemas/errors.ts";
import { oneLine } from "../../../schemas/characters.ts";
import { CONTACTS } from "../../marts/contacts.ts";
import { count, moneyOf, NONE, time } from "../../report/page/format.ts";
import { type Html, html } from "../../report/page/html.ts";
import { table } from "../../report/page/table.ts";
import { hrefOf, hrefTo, type Page, param } from "../asked.ts";
import type { ContactNames } from "../contacts.ts";
import { frame } from "./frame.ts";
import {
  contactRevenue,
  contactRow,
  type ContactRow,
  MOST_PAGES,
  PAGE_ROWS,
  timeline,
  timelineColumns,
  type TimelineRow,
} from "../questions/contact.ts";
import { needed } from "./subjects.ts";

export async function contactPage(page: Page): Promise<string> {
  const { connection, names } = page;
  const id = names.idOf(needed(param(page, "id"), "contact"));
  const row = id === undefined ? undefined : await contactRow(connection, id);
  if (id === undefined || row === undefined)
    throw new SignalhouseError(
      "not_found",
      "the address names no contact of the warehouse",
      "Addresses of contacts hold until explore ends, and are others where a published copy with hashed ids is read: choose the contact anew, at one of its messages.",
    );
  const number = pageNumber(param(page, "page"));
  const rows = await timeline(connection, id, number);
  const body = [await facts(page, id, row), signals(page, id, number, rows)];
  return frame(page, { title: "What happened with this contact?", lead: [names.nameOf(id)], body, foot: [FOOT] });
}

const FOOT = "Times are in UTC. A contact's attributes and consents are those of its latest signal that came with its own record.";

const MOMENTS = {
  first_seen_at: "First seen",
  last_seen_at: "Last seen",
  last_sent_at: "Last message sent",
  last_open_at: "Last open",
  last_click_at: "Last click",
  last_visit_at: "Last visit",
};
const SAID = { consent_email: "Consent to e-mail", consent_sms: "Consent to SMS", consent_whatsapp: "Consent to WhatsApp" };

async function facts({ connection, copy, names }: Page, id: string, row: ContactRow): Promise<Html> {
  const revenue = (await contactRevenue(connection, id)).map(
    ({ orders, revenue: worth, currency }) => `${count(orders)}, worth ${worth === null ? "nothing that is known" : moneyOf(currency).exact(worth)}`,
  );
  const known: (readonly [string, string])[] = [
    ...Object.entries(MOMENTS).map(([column, text]) => [text, momentOf(row[column])] as const),
    ["Orders", revenue.join("; ") || "0"],
    ...Object.entries(SAID).map(([column, text]) => [text, String(row[column] ?? NONE)] as const),
    ["Called a message abuse", row["complained"] ? "yes" : "no"],
    ["A message failed for good", row["hard_bounced"] ? "yes" : "no"],
  ];
  return html`<section class="card" aria-labelledby="facts">
    <h2 id="facts" class="unseen">What is known of it?</h2>
    ${list(known)} ${attributes(row, names)}
    ${copy && html`<p class="note">A published copy has no attributes of contacts but those that publish.contactColumns names.</p>`}
  </section> `;
}

const momentOf = (value: ContactRow[string] | undefined) => (typeof value === "string" ? time(value) : NONE);

const list = (entries: readonly (readonly [string, string])[]) =>
  html`<dl class="facts">
    ${entries.map(
      ([name, text]) =>
        html`<dt>${name}</dt>
          <dd><bdi>${oneLine(text)}</bdi></dd>`,
    )}
  </dl>`;

/** Its contact columns: they say who it is. */
function attributes(row: ContactRow, { isPersonal }: ContactNames): Html | false {
  const own = Object.entries(row).filter(([name]) => !Object.hasOwn(CONTACTS.columns, name));
  if (own.length === 0) return false;
  if (!isPersonal) return html`<p class="note">Its ${count(own.length)} attributes are hidden: --show-personal shows them.</p>`;
  return html`<details open>
    <summary>Attributes</summary>
    ${list(own.map(([name, value]) => [name, value === null ? NONE : String(value)]))}
  </details>`;
}

function pageNumber(text = "1"): number {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= MOST_PAGES) return Number(text);
  throw new SignalhouseError("usage", `the page is "${text}"`, `Give a whole number from 1 to ${MOST_PAGES}.`);
}

function signals(page: Page, id: string, number: number, found: readonly TimelineRow[]): Html {
  const { names } = page;
  const rows = found.slice(0, PAGE_ROWS);
  const amountOf = ({ amount, currency }: TimelineRow) => (amount === null ? null : moneyOf(currency).exact(amount));
  const columns = timelineColumns(amountOf, (text) => names.textOf(text));
  const step = (to: number, text: string, rel: string) =>
    html`<a rel="${rel}" href="${hrefTo(page, "/contact", { id: names.refOf(id), page: String(to) })}">${text}</a>`;
  return html`<section class="card" aria-labelledby="timeline">
    <h3 id="timeline">${number === 1 ? "Its signals, the newest first" : `Its signals, page ${number}`}</h3>
    ${
      rows.length === 0
        ? html`<p class="note">There are none on this page.</p>`
        : table("Signals", columns, rows, { money: moneyOf(null), hrefOf: hrefOf(page, names) })
    }
    <div class="pages">
      ${number > 1 && step(number - 1, "Newer", "prev")} ${found.length > PAGE_ROWS && number < MOST_PAGES && step(number + 1, "Older", "next")}
    </div>
  </section> `;
}
