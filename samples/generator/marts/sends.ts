/** What became of each send. */
import { dayOf, type MarketingFact } from "./fact.ts";
import { groupBy } from "./group-by.ts";
import type { People } from "./people.ts";

const CLOCKS_DIFFER = 5 * 60_000;
const LONGEST = 90 * 86_400_000;

export interface Send {
  send: MarketingFact;
  contact: string | undefined;
  /** What belongs to it, in the order of time. */
  events: MarketingFact[];
}

/**
 * Sends with what belongs to them, and what belongs to none: of one contact, channel and message, the latest send at or before an event, give or take what clocks differ.
 * @param facts by time
 */
export function sendsOf(facts: readonly MarketingFact[], people: People): { sends: Send[]; orphans: MarketingFact[] } {
  const sends = facts.filter(({ action }) => action === "send").map((send): Send => ({ send, contact: people.of(send)?.contact, events: [] }));
  const place = (contact: string | undefined, { channel, message }: MarketingFact) =>
    contact === undefined || message === undefined ? undefined : `${channel} ${message} ${contact}`;
  const sent = groupBy(sends, ({ send, contact }) => place(contact, send));
  const orphans: MarketingFact[] = [];
  for (const event of facts) {
    if (event.action === "send") continue;
    const where = place(people.of(event)?.contact, event);
    const latest = where === undefined ? undefined : sent.get(where)?.findLast(({ send }) => send.at <= event.at + CLOCKS_DIFFER);
    if (latest && event.at <= latest.send.at + LONGEST) latest.events.push(event);
    else orphans.push(event);
  }
  return { sends, orphans };
}

/** A send's outcome, in the columns of marts.sends. */
export interface Outcome {
  delivered: boolean;
  opens: number;
  bot_opens: number;
  mpp_opens: number;
  clicks: number;
  bot_clicks: number;
  first_open_at: number | undefined;
  first_click_at: number | undefined;
  hard_bounced: boolean;
  soft_bounced: boolean;
  unsubscribed: boolean;
  complained: boolean;
}

/** What became of a send. */
export function outcomeOf({ events }: Pick<Send, "events">): Outcome {
  const of = (action: MarketingFact["action"]) => events.filter((event) => event.action === action);
  const [opens, clicks, failures, inbounds] = [of("open"), of("click"), of("failure"), of("inbound")];
  const people = (events: MarketingFact[]) => events.filter(({ isBot }) => !isBot);
  const first = (events: MarketingFact[]) => (events.length > 0 ? Math.min(...events.map(({ at }) => at)) : undefined);
  const delivered = of("delivery").length > 0;
  const hard = failures.some(({ classification }) => classification === "PERMANENT");
  return {
    delivered,
    opens: opens.length,
    bot_opens: opens.filter(({ isBot }) => isBot).length,
    mpp_opens: opens.filter(({ botReason }) => botReason === "APPLE_MPP").length,
    clicks: clicks.length,
    bot_clicks: clicks.filter(({ isBot }) => isBot).length,
    first_open_at: first(people(opens)),
    first_click_at: first(people(clicks)),
    hard_bounced: hard,
    soft_bounced: failures.length > 0 && !delivered && !hard,
    unsubscribed: inbounds.some(({ classification }) => classification === "UNSUBSCRIBE"),
    complained: inbounds.some(({ classification }) => classification === "ABUSE"),
  };
}

/** The counts of marts.campaign_daily. */
export const COUNTS = [
  "sent",
  "delivered",
  "hard_bounced",
  "soft_bounced",
  "opened",
  "opened_with_bots",
  "opens_total",
  "bot_opens",
  "mpp_opens",
  "mpp_opened",
  "clicked",
  "clicked_with_bots",
  "clicks_total",
  "bot_clicks",
  "engaged",
  "unsubscribed",
  "complained",
  "trackable_opens",
  "trackable_clicks",
  "orphan_deliveries",
  "orphan_opens",
  "orphan_clicks",
  "orphan_bot_opens",
  "orphan_bot_clicks",
] as const;
export type Counts = Record<(typeof COUNTS)[number], number>;

const nothing = (): Counts => Object.fromEntries(COUNTS.map((name) => [name, 0])) as Counts;

function countsOf(each: Send): Partial<Counts> {
  const { channel, tracking } = each.send;
  const outcome = outcomeOf(each);
  const [humanOpens, humanClicks] = [outcome.opens - outcome.bot_opens, outcome.clicks - outcome.bot_clicks];
  const { delivered, opens, bot_opens, mpp_opens, clicks, bot_clicks, hard_bounced, soft_bounced, unsubscribed, complained } = outcome;
  const trackable = delivered && tracking !== "no_tracking";
  return {
    sent: 1,
    delivered: Number(delivered),
    hard_bounced: Number(hard_bounced),
    soft_bounced: Number(soft_bounced),
    opened: Number(humanOpens > 0),
    opened_with_bots: Number(opens > 0),
    opens_total: opens,
    bot_opens,
    mpp_opens,
    mpp_opened: Number(mpp_opens > 0),
    clicked: Number(humanClicks > 0),
    clicked_with_bots: Number(clicks > 0),
    clicks_total: clicks,
    bot_clicks,
    engaged: Number(humanOpens > 0 || humanClicks > 0),
    unsubscribed: Number(unsubscribed),
    complained: Number(complained),
    trackable_opens: Number(trackable && channel !== "sms"),
    trackable_clicks: Number(trackable && tracking !== "opens_only"),
  };
}

function orphanCounts({ action, isBot }: MarketingFact): Partial<Counts> {
  if (action === "delivery") return { orphan_deliveries: 1 };
  if (action === "open") return { orphan_opens: 1, orphan_bot_opens: Number(isBot) };
  if (action === "click") return { orphan_clicks: 1, orphan_bot_clicks: Number(isBot) };
  return {};
}

/** Where a count stands: day, channel, campaign, message, with `without` for what is not there. */
type Place = (fact: MarketingFact) => string;
export const byDay: Place = (fact) => `${dayOf(fact.at)} ${byMessage(fact)}`;
export const byMessage: Place = ({ channel, campaign = "none", message = "none" }) => `${channel} ${campaign} ${message}`;
export const byChannel: Place = ({ channel }) => channel;

/** The counts of sends by the place of the send, and of orphans by their own; a place at which nothing is counted is left out. */
export function countSends({ sends, orphans }: { sends: readonly Send[]; orphans: readonly MarketingFact[] }, place: Place): Map<string, Counts> {
  const counted = new Map<string, Counts>();
  const add = (fact: MarketingFact, counts: Partial<Counts>) => {
    if (Object.keys(counts).length === 0) return;
    const at = place(fact);
    const sum = counted.get(at) ?? nothing();
    for (const name of COUNTS) sum[name] += counts[name] ?? 0;
    counted.set(at, sum);
  };
  for (const each of sends) add(each.send, countsOf(each));
  for (const orphan of orphans) add(orphan, orphanCounts(orphan));
  return counted;
}
