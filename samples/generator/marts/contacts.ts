/** Contacts, with what their latest signal says of them, and who may be written to. */
import type { Channel } from "../../../schemas/signal-types.ts";
import type { Fact, MarketingFact } from "./fact.ts";
import { groupBy } from "./group-by.ts";
import type { Order } from "./orders.ts";
import type { People } from "./people.ts";

/** A contact, in the columns of marts.contacts; times in milliseconds since 1970. */
export interface ContactFacts {
  first_seen_at: number;
  last_seen_at: number;
  last_sent_at: number | undefined;
  last_open_at: number | undefined;
  last_click_at: number | undefined;
  last_visit_at: number | undefined;
  complained: boolean;
  hard_bounced: boolean;
  orders: number;
  /** Of the latest signal that names the contact in its contact columns. */
  attributes: Readonly<Record<string, string | undefined>>;
}

const last = (facts: readonly Fact[]): number | undefined => facts.at(-1)?.at;

/**
 * By contact.
 * @param facts by time
 */
export function contactsOf(facts: readonly Fact[], orders: readonly Order[], people: People): Map<string, ContactFacts> {
  const bought = groupBy(orders, ({ person }) => person?.contact);
  const known = groupBy(facts, (fact) => people.of(fact)?.contact);
  const contacts = new Map<string, ContactFacts>();
  for (const [contact, signals] of known) {
    if (contact === undefined) continue;
    const marketing = signals.filter((fact): fact is MarketingFact => fact.table === "marketing_signals");
    const of = (action: string) => marketing.filter((fact) => fact.action === action && !fact.isBot);
    contacts.set(contact, {
      first_seen_at: (signals[0] as Fact).at,
      last_seen_at: last(signals) as number,
      last_sent_at: last(of("send")),
      last_open_at: last(of("open")),
      last_click_at: last(of("click")),
      last_visit_at: last(signals.filter(({ table }) => table === "behavior_signals")),
      complained: marketing.some(({ action, classification }) => action === "inbound" && classification === "ABUSE"),
      hard_bounced: marketing.some(({ action, classification }) => action === "failure" && classification === "PERMANENT"),
      orders: bought.get(contact)?.length ?? 0,
      attributes: signals.findLast(({ attributes }) => attributes !== undefined)?.attributes ?? {},
    });
  }
  return contacts;
}

/**
 * Whom one may write to on a channel: whoever opted in, as the latest signal has it, and since then has not unsubscribed from the channel, never complained, and never failed for good there.
 * @param facts by time
 */
export function consented(facts: readonly Fact[], channel: Channel, people: People): Set<string> {
  const column = `consent_${channel}`;
  const allowed = new Map<string, boolean>();
  const never = new Set<string>();
  for (const fact of facts) {
    const contact = people.of(fact)?.contact;
    if (contact === undefined) continue;
    if (fact.attributes !== undefined) {
      // An opt-in that was there before stays what it was: only a new one undoes an unsubscription.
      if (fact.attributes[column] !== "OPT_IN") allowed.delete(contact);
      else if (!allowed.has(contact)) allowed.set(contact, true);
    }
    if (fact.table !== "marketing_signals") continue;
    const { action, classification } = fact;
    if (action === "inbound" && classification === "ABUSE") never.add(contact);
    if (action === "failure" && classification === "PERMANENT" && fact.channel === channel) never.add(contact);
    if (action === "inbound" && classification === "UNSUBSCRIBE" && fact.channel === channel && allowed.has(contact)) allowed.set(contact, false);
  }
  return new Set([...allowed].flatMap(([contact, may]) => (may && !never.has(contact) ? [contact] : [])));
}
