/** What is known of one campaign, or of one of its messages. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { CAMPAIGN_REVENUE } from "../../report/questions/campaign-revenue.ts";
import { card } from "../../report/page/card.ts";
import { asked, type Context } from "../../report/page/context.ts";
import type { Html } from "../../report/page/html.ts";
import { FOOT } from "../../report/page/make-report.ts";
import { deliverability, engagement, messages } from "../../report/page/messages.ts";
import { prepare } from "../../report/page/prepare.ts";
import { dailyRevenue } from "../../report/page/revenue.ts";
import { tiles } from "../../report/page/tiles.ts";
import { hrefOf, hrefTo, optionsOf, type Page, param } from "../asked.ts";
import { type Crumb, filterForm, frame } from "./frame.ts";
import { CLICKS, MOST_CONTACTS } from "../questions/clicks.ts";
import { LINKS, MOST_LINKS } from "../questions/links.ts";
import { askedNamed } from "../questions/named.ts";
import { MOST_ORDERS, ORDERS } from "../questions/orders.ts";
import { currencyChooser } from "./report-page.ts";
import { campaignNamed, messageNamed, needed } from "./subjects.ts";

export async function campaignPage(page: Page): Promise<string> {
  const id = needed(param(page, "id"), "campaign");
  const name = await campaignNamed(page.connection, id);
  return partPage(page, { id, title: `How did “${name}” do?`, only: { campaign: id }, parts: [messages, dailyRevenue] });
}

export async function messagePage(page: Page): Promise<string> {
  const { connection } = page;
  const id = needed(param(page, "id"), "message");
  const { name, campaign } = await messageNamed(connection, id);
  const crumbs = campaign === undefined ? [] : [await campaignCrumb(connection, page, campaign)];
  return partPage(page, { id, title: `How did the message “${name}” do?`, only: { message: id }, parts: [dailyRevenue], crumbs });
}

async function campaignCrumb(connection: DuckDBConnection, page: Page, campaign: string): Promise<Crumb> {
  return [await campaignNamed(connection, campaign), hrefTo(page, "/campaign", { id: campaign })];
}

interface Part {
  id: string;
  title: string;
  only: { campaign?: string; message?: string };
  /** What is told between the tiles and what both have. */
  parts: readonly ((context: Context) => Promise<Html>)[];
  crumbs?: readonly Crumb[];
}

async function partPage(page: Page, { id, title, only, parts, crumbs = [] }: Part): Promise<string> {
  const { connection, names } = page;
  const prepared = await prepare(connection, { ...optionsOf(page), ...only }, hrefOf(page, names));
  if (!prepared) throw new SignalhouseError("not_found", "the warehouse has only signals whose days are not known", "Name the days: From and To.");
  const { context, lead } = prepared;
  const body = [filterForm(page, context.scope, [currencyChooser(prepared)], { id }), await tiles(context)];
  for (const part of [...parts, revenueByModel, engagement, deliverability, links]) body.push(await part(context));
  body.push(await orders(context, page), await clicks(context, page));
  return frame(page, { title, lead, body, foot: FOOT }, crumbs);
}

async function revenueByModel(context: Context): Promise<Html> {
  const question = { ...CAMPAIGN_REVENUE, title: "What did it bring, by each model?" };
  return card(context, question, { rows: await asked(context, question), empty: "No order of the period followed it." });
}

async function links(context: Context): Promise<Html> {
  const rows = await asked(context, LINKS);
  return card(context, LINKS, {
    rows,
    notes: [rows.length === MOST_LINKS ? `The first ${MOST_LINKS}.` : undefined],
    empty: "No link was clicked in the period.",
  });
}

async function orders(context: Context, page: Page): Promise<Html> {
  const rows = await askedNamed(context, ORDERS, page.names);
  const notes = [rows.length === MOST_ORDERS ? `The latest ${MOST_ORDERS}.` : undefined, masked(page)];
  return card(context, ORDERS, { rows, notes, empty: "No order of the period followed a click." });
}

async function clicks(context: Context, page: Page): Promise<Html> {
  const rows = await askedNamed(context, CLICKS, page.names);
  const notes = [rows.length === MOST_CONTACTS ? `The latest ${MOST_CONTACTS}.` : undefined, masked(page)];
  return card(context, CLICKS, { rows, notes, empty: "No contact clicked in the period." });
}

/** Why contacts are not called as the warehouse calls them. */
function masked({ copy, names }: Page): string | undefined {
  if (!names.isPersonal) return "Contacts have other names here: --show-personal shows who they are.";
  return copy?.contactIds === "hashed" ? "Contacts are called by hashes, as the published copy has them." : undefined;
}
