/** All questions of the report, in the order in which a page has them. */
import { isPart } from "../scope.ts";
import type { Context } from "./context.ts";
import { knownContacts, signalsByDay, signalTypes, toLookAfter } from "./health.ts";
import { type Html, html } from "./html.ts";
import { deliverability, engagement, messages, recipientDomains } from "./messages.ts";
import { campaignRevenue, clickToOrder, dailyRevenue } from "./revenue.ts";
import { carts, failedSearches, productFunnel } from "./shop.ts";
import { tiles } from "./tiles.ts";

type Answers = Readonly<Record<string, readonly ((context: Context) => Promise<Html>)[]>>;

/** What is told of each campaign, too. */
const OF_CAMPAIGNS = {
  Revenue: [campaignRevenue, dailyRevenue, clickToOrder],
  Messages: [engagement, deliverability, messages],
} satisfies Answers;

const OF_ALL: Answers = {
  ...OF_CAMPAIGNS,
  Messages: [engagement, deliverability, recipientDomains, messages],
  Shop: [productFunnel, carts, failedSearches],
  "The data": [signalsByDay, signalTypes, knownContacts, toLookAfter],
};

/** The answers, one after the other: of one campaign those that are told of campaigns. */
export async function answers(context: Context): Promise<Html[]> {
  const body = [await tiles(context)];
  for (const [title, asked] of Object.entries(isPart(context.scope) ? OF_CAMPAIGNS : OF_ALL)) {
    body.push(html`<h2>${title}</h2> `);
    for (const answer of asked) body.push(await answer(context));
  }
  return body;
}
