/** The report, with what to choose. */
import { quoteText } from "../../../schemas/names.ts";
import { rowsOf } from "../../report/question.ts";
import { onDays } from "../../report/scope.ts";
import { nameOf } from "../../report/questions/words.ts";
import { answers } from "../../report/page/answers.ts";
import type { Context } from "../../report/page/context.ts";
import { html } from "../../report/page/html.ts";
import { FOOT, TITLE } from "../../report/page/make-report.ts";
import { prepare, type Prepared } from "../../report/page/prepare.ts";
import { hrefOf, hrefTo, optionsOf, type Page, param } from "../asked.ts";
import { chooser, filterForm, frame } from "./frame.ts";
import { campaignNamed } from "./subjects.ts";

/** Campaigns that can be chosen: those of the period to which most was sent. */
const MOST_CAMPAIGNS = 200;

export async function reportPage(page: Page): Promise<string> {
  const { connection, names } = page;
  const campaign = param(page, "campaign");
  const prepared = await prepare(connection, { ...optionsOf(page), campaign }, hrefOf(page, names));
  if (!prepared) return emptyPage(page);
  const { context, lead } = prepared;
  const name = campaign === undefined ? undefined : await campaignNamed(connection, campaign);
  const choices = await campaigns(context);
  const chosen = campaign === undefined || choices.some(({ value }) => value === campaign) ? [] : [{ value: campaign, text: name ?? campaign }];
  const form = filterForm(page, context.scope, [
    currencyChooser(prepared),
    chooser("campaign", "Campaign", { choices: [...chosen, ...choices], chosen: campaign ?? "", none: "All campaigns" }),
  ]);
  const only =
    campaign !== undefined &&
    html`<p class="lead">
      Only the campaign ${name}: <a href="${hrefTo(page, "/campaign", { id: campaign })}">more of it</a>. What is of no campaign, such as visits, is
      not here.
    </p> `;
  return frame(page, { title: TITLE, lead, body: [html`${form}${only}`, ...(await answers(context))], foot: FOOT });
}

/** The currencies that can be chosen; one that orders do not name can not be asked for. */
export function currencyChooser({ context: { scope }, currencies }: Pick<Prepared, "context" | "currencies">) {
  const named = currencies.flatMap(({ currency }) => (currency === null ? [] : [{ value: currency, text: currency }]));
  return chooser("currency", "Currency", { choices: named, chosen: scope.currency ?? "", ...(named.length === 0 && { none: "None" }) });
}

async function campaigns({ connection, scope }: Context): Promise<{ value: string; text: string }[]> {
  const rows = await rowsOf<{ campaign_id: string; campaign_name: string | null }>(
    connection,
    `SELECT campaign_id, campaign_name FROM (
       SELECT campaign_id, sum(sent) AS sent FROM marts.campaign_daily WHERE campaign_id <> ${quoteText("")} AND ${onDays("sent_on", scope)}
       GROUP BY campaign_id ORDER BY sent DESC, campaign_id LIMIT ${MOST_CAMPAIGNS}
     ) LEFT JOIN marts.campaign_names USING (campaign_id) ORDER BY lower(campaign_name), campaign_id`,
  );
  return rows.map(({ campaign_id, campaign_name }) => ({ value: campaign_id, text: nameOf(campaign_name, campaign_id, campaign_id) }));
}

const emptyPage = (page: Page): string =>
  frame(page, {
    title: TITLE,
    lead: ["The warehouse has no signals yet."],
    body: [],
    foot: ["Load exports with signalhouse sync or signalhouse load, then load this page anew."],
  });
