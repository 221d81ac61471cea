/** What people did in the shop: sessions, products, searches, carts that were left. */
import { type BehaviorFact, dayOf } from "./fact.ts";
import { groupBy } from "./group-by.ts";
import type { Order } from "./orders.ts";
import type { People } from "./people.ts";

const WEEK = 7 * 86_400_000;

export interface SessionCounts {
  signals: number;
  page_views: number;
  product_views: number;
  cart_adds: number;
  searches: number;
  errors: number;
  orders: number;
  cart_abandoned: boolean;
}

/** By session. */
export function sessionsOf(facts: readonly BehaviorFact[]): Map<string, SessionCounts> {
  const sessions = groupBy(
    facts.filter(({ session }) => session !== undefined),
    ({ session }) => session as string,
  );
  return new Map(
    [...sessions].map(([session, signals]) => {
      const count = (type: string) => signals.filter((signal) => signal.type === type).length;
      const orders = new Set(signals.flatMap(({ type, order, key }) => (type === "order" ? [order ?? key] : []))).size;
      const counts = {
        signals: signals.length,
        page_views: count("pageView"),
        product_views: count("productView"),
        cart_adds: count("addToCart"),
        searches: count("onSiteSearch"),
        errors: count("error"),
        orders,
        cart_abandoned: count("cartAbandonment") > 0,
      };
      return [session, counts];
    }),
  );
}

const STEPS = ["viewed", "carted", "bought", "viewed_carted", "viewed_carted_bought"] as const;
export type Steps = Record<(typeof STEPS)[number], number>;

/** Steps by day and product, in sessions. A step of an order is that of the signal whose amounts count. */
export function productDays(facts: readonly BehaviorFact[], orders: readonly Order[]): Map<string, Steps> {
  /** Which steps a session took on a day with a product. */
  const visits = new Map<string, Map<string, Set<"viewed" | "carted" | "bought">>>();
  const step = (fact: BehaviorFact, product: string, what: "viewed" | "carted" | "bought") => {
    const place = `${dayOf(fact.at)} ${product}`;
    const sessions = visits.get(place) ?? new Map<string, Set<"viewed" | "carted" | "bought">>();
    const session = fact.session ?? fact.key;
    visits.set(place, sessions.set(session, (sessions.get(session) ?? new Set()).add(what)));
  };
  for (const fact of facts) {
    if (fact.product === undefined) continue;
    if (fact.type === "productView") step(fact, fact.product, "viewed");
    if (fact.type === "addToCart") step(fact, fact.product, "carted");
  }
  for (const { counts } of orders) for (const { product } of counts.items) step(counts, product, "bought");
  return new Map(
    [...visits].map(([place, sessions]) => {
      const count = (...steps: ("viewed" | "carted" | "bought")[]) =>
        [...sessions.values()].filter((taken) => steps.every((one) => taken.has(one))).length;
      const steps: Steps = {
        viewed: count("viewed"),
        carted: count("carted"),
        bought: count("bought"),
        viewed_carted: count("viewed", "carted"),
        viewed_carted_bought: count("viewed", "carted", "bought"),
      };
      return [place, steps];
    }),
  );
}

/** Amounts of bought items by day, product and currency: money in hundred-millionths, pieces in ten-thousandths. */
export function productAmounts(orders: readonly Order[]): Map<string, { amount: bigint; pieces: bigint }> {
  const sums = new Map<string, { amount: bigint; pieces: bigint }>();
  for (const { counts, currency = "none" } of orders) {
    for (const { product, price, pieces } of counts.items) {
      const place = `${dayOf(counts.at)} ${product} ${currency}`;
      const sum = sums.get(place) ?? { amount: 0n, pieces: 0n };
      sums.set(place, { amount: sum.amount + price * pieces, pieces: sum.pieces + pieces });
    }
  }
  return sums;
}

export interface SearchCounts {
  searches: number;
  sessions: number;
  without_results: number;
  sessions_with_product_view: number;
  sessions_with_order: number;
}

/** By search term. What follows a search is what its session did after it first searched for the term. */
export function searchTerms(facts: readonly BehaviorFact[]): Map<string, SearchCounts> {
  const sessions = groupBy(facts, ({ session }) => session);
  const searches = groupBy(
    facts.filter(({ type, term }) => type === "onSiteSearch" && term !== undefined && term !== ""),
    ({ term }) => term as string,
  );
  return new Map(
    [...searches].map(([term, found]) => {
      const first = new Map<string, number>();
      for (const { session, at } of found) if (session !== undefined) first.set(session, Math.min(at, first.get(session) ?? Infinity));
      const followedBy = (type: string) =>
        [...first].filter(([session, at]) => sessions.get(session)?.some((fact) => fact.type === type && fact.at > at)).length;
      const counts = {
        searches: found.length,
        sessions: first.size,
        without_results: found.filter(({ results }) => results === 0).length,
        sessions_with_product_view: followedBy("productView"),
        sessions_with_order: followedBy("order"),
      };
      return [term, counts];
    }),
  );
}

/** A cart that was left; `order` is what recovered it. */
export interface Cart {
  key: string;
  at: number;
  contact: string | undefined;
  order: string | undefined;
}

/** Each order recovers the cart that its contact left last before it, within a week, and a cart is recovered once, by the first. */
export function cartsOf(facts: readonly BehaviorFact[], orders: readonly Order[], people: People): Cart[] {
  const carts = facts
    .filter(({ type }) => type === "cartAbandonment")
    .map((fact): Cart => ({ key: fact.key, at: fact.at, contact: people.of(fact)?.contact, order: undefined }));
  for (const { id, at, person } of orders.toSorted((one, other) => one.at - other.at)) {
    const left = person && carts.findLast((cart) => cart.contact === person.contact && cart.at <= at);
    if (left && left.order === undefined && at < left.at + WEEK) left.order = id;
  }
  return carts;
}
