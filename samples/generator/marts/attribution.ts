/** Which message earned an order, by six ways of seeing it. */
import { type BehaviorFact, inTime, type MarketingFact } from "./fact.ts";
import { groupBy } from "./group-by.ts";
import type { Order } from "./orders.ts";
import type { People } from "./people.ts";

export const MODELS = ["direct", "last", "first", "linear", "time_decay", "position_based"] as const;
export type Model = (typeof MODELS)[number];

const DAY = 86_400_000;
/** How long before an order a click may be, on every channel. */
const WINDOW = 7 * DAY;
const HALF_LIFE = 7 * DAY;

/** What a touch gets of an order. */
export interface Credit {
  model: Model;
  order: string;
  currency: string | undefined;
  /** Absent where nothing led to the order. */
  touch?: MarketingFact;
  position: number | undefined;
  touches: number;
  /** In ten-thousandths. */
  revenue: bigint | undefined;
  /** In millionths of an order. */
  orders: bigint;
}

/** Rounded down, below zero too. */
export const floorDivide = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
};

/** Whole shares of a whole in proportion to weights, which add up to it exactly: what is rounded off goes on to the next one. */
export function sharesOf(whole: bigint, weights: readonly bigint[]): bigint[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0n);
  let sum = 0n;
  return weights.map((weight) => {
    const before = floorDivide(whole * sum, all);
    sum += weight;
    return floorDivide(whole * sum, all) - before;
  });
}

/**
 * The weights of touches, in the order of time.
 * @param ages how long before the order each was, in milliseconds
 */
export function weightsOf(model: Exclude<Model, "direct">, ages: readonly number[]): bigint[] {
  const last = ages.length - 1;
  return ages.map((age, index) => {
    const isEnd = index === 0 || index === last;
    switch (model) {
      case "last":
        return index === last ? 1n : 0n;
      case "first":
        return index === 0 ? 1n : 0n;
      case "linear":
        return 1n;
      case "time_decay":
        return BigInt(Math.max(1, Math.round(1e6 * 2 ** (-age / HALF_LIFE))));
      default:
        return ages.length > 2 && isEnd ? BigInt(2 * (ages.length - 2)) : 1n;
    }
  });
}

/** The touches of an order among its contact's clicks: those of people within the window, one a message, its last. */
export function touchesOf(at: number, clicks: readonly MarketingFact[]): MarketingFact[] {
  const near = clicks.filter((click) => !click.isBot && click.at > at - WINDOW && click.at <= at).toSorted(inTime);
  return [...new Map(near.map((click) => [`${click.channel} ${click.message ?? ""}`, click])).values()].toSorted(inTime);
}

/** The signal that led to an order directly: the one that it names, else the one that its session named last, before it. */
function directOf(order: Order, visits: readonly BehaviorFact[], messages: ReadonlyMap<string, MarketingFact>): MarketingFact | undefined {
  const cause = order.cause ?? visits.findLast((fact) => fact.cause !== undefined && fact.at < order.at)?.cause;
  return cause === undefined ? undefined : messages.get(cause);
}

/**
 * All credits of all orders. An order without a touch has a row of its own in each model.
 * @param marketing by time
 * @param behavior by time
 */
export function creditsOf(
  orders: readonly Order[],
  marketing: readonly MarketingFact[],
  behavior: readonly BehaviorFact[],
  people: People,
): Credit[] {
  const clicks = groupBy(
    marketing.filter(({ action }) => action === "click"),
    (click) => people.of(click)?.contact,
  );
  const sessions = groupBy(behavior, ({ session }) => session);
  const messages = new Map(marketing.map((fact) => [fact.key, fact]));
  return orders.flatMap((order) => {
    const touches = order.person ? touchesOf(order.at, clicks.get(order.person.contact) ?? []) : [];
    const visits = order.session === undefined ? [] : (sessions.get(order.session) ?? []);
    const direct = directOf(order, visits, messages);
    return MODELS.flatMap((model) => {
      const credited = model === "direct" ? (direct ? [direct] : []) : touches;
      const weights =
        model === "direct"
          ? credited.map(() => 1n)
          : weightsOf(
              model,
              touches.map(({ at }) => order.at - at),
            );
      const common = { model, order: order.id, currency: order.currency, touches: credited.length };
      if (credited.length === 0) return [{ ...common, position: undefined, revenue: order.value, orders: 1_000_000n }];
      const revenue = order.value === undefined ? [] : sharesOf(order.value, weights);
      const parts = sharesOf(1_000_000n, weights);
      return credited.map((touch, index): Credit => {
        return { ...common, touch, position: index + 1, revenue: revenue[index], orders: parts[index] as bigint };
      });
    });
  });
}
