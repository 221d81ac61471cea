/** What the marts must say about generated signals, by arithmetic of their own: no SQL, and no file is read back. Memory grows with the signals. */
import { CHANNELS, type Channel, type SignalType } from "../../../schemas/signal-types.ts";
import type { Signal } from "../signal.ts";
import { type Credit, creditsOf } from "./attribution.ts";
import { type ContactFacts, consented, contactsOf } from "./contacts.ts";
import { type BehaviorFact, dayOf, type Fact, factsOf, type MarketingFact } from "./fact.ts";
import { groupBy } from "./group-by.ts";
import { type Order, ordersOf } from "./orders.ts";
import { People, type Via } from "./people.ts";
import { byChannel, byDay, byMessage, type Counts, countSends, type Send, sendsOf } from "./sends.ts";
import {
  type Cart,
  cartsOf,
  productAmounts,
  productDays,
  type SearchCounts,
  searchTerms,
  type SessionCounts,
  sessionsOf,
  type Steps,
} from "./visits.ts";

export interface MartsTruth {
  people: People;
  /** Signals by how their contact is known. */
  via: Record<Via | "unknown", number>;
  sends: Send[];
  orphans: MarketingFact[];
  /** By "day channel campaign message", with "none" for what is not there. */
  campaignDaily: Map<string, Counts>;
  /** By "channel campaign message". */
  campaignPerformance: Map<string, Counts>;
  byChannel: Map<string, Counts>;
  /** The latest name of each campaign and of each message. */
  campaignNames: Map<string, string>;
  messageNames: Map<string, string>;
  orders: Order[];
  credits: Credit[];
  sessions: Map<string, SessionCounts>;
  /** By "day product". */
  products: Map<string, Steps>;
  /** By "day product currency". */
  productAmounts: Map<string, { amount: bigint; pieces: bigint }>;
  carts: Cart[];
  searches: Map<string, SearchCounts>;
  contacts: Map<string, ContactFacts>;
  consented: Record<Channel, Set<string>>;
  /** Signals by "day type". */
  daily: Map<string, number>;
}

function countBy<T>(list: readonly T[], place: (one: T) => string): Map<string, number> {
  return new Map([...groupBy(list, place)].map(([name, ones]) => [name, ones.length]));
}

function latestNames(facts: readonly MarketingFact[], of: "campaign" | "message"): Map<string, string> {
  const name = of === "campaign" ? "campaignName" : "messageName";
  return new Map(facts.flatMap((fact) => (fact[of] !== undefined && fact[name] !== undefined ? [[fact[of], fact[name]] as const] : [])));
}

/** The truth about signals, each given once, in its last version. */
export const martsTruth = (signals: Iterable<Signal>): MartsTruth => truthOfFacts(factsOf(signals));

/** @param facts by time */
export function truthOfFacts(facts: readonly Fact[]): MartsTruth {
  const marketing = facts.filter((fact): fact is MarketingFact => fact.table === "marketing_signals");
  const behavior = facts.filter((fact): fact is BehaviorFact => fact.table === "behavior_signals");
  const people = new People(facts);
  const sent = sendsOf(marketing, people);
  const orders = ordersOf(behavior, people);
  const via = countBy(facts, (fact): Via | "unknown" => people.of(fact)?.via ?? "unknown");
  const viaCounts = { primary: 0, secondary: 0, session: 0, click: 0, unknown: 0, ...Object.fromEntries(via) };
  const may = (channel: Channel) => [channel, consented(facts, channel, people)] as const;
  return {
    people,
    via: viaCounts,
    ...sent,
    campaignDaily: countSends(sent, byDay),
    campaignPerformance: countSends(sent, byMessage),
    byChannel: countSends(sent, byChannel),
    campaignNames: latestNames(marketing, "campaign"),
    messageNames: latestNames(marketing, "message"),
    orders,
    credits: creditsOf(orders, marketing, behavior, people),
    sessions: sessionsOf(behavior),
    products: productDays(behavior, orders),
    productAmounts: productAmounts(orders),
    carts: cartsOf(behavior, orders, people),
    searches: searchTerms(behavior),
    contacts: contactsOf(facts, orders, people),
    consented: Object.fromEntries(CHANNELS.map(may)) as Record<Channel, Set<string>>,
    daily: countBy(facts, ({ at, type }: { at: number; type: SignalType }) => `${dayOf(at)} ${type}`),
  };
}
