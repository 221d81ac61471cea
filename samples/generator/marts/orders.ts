/** Orders, each once, however often its signal came. */
import { type BehaviorFact, inTime } from "./fact.ts";
import { groupBy } from "./group-by.ts";
import type { People, Person } from "./people.ts";

export interface Order {
  /** order_id; the signal's key where there is none. */
  id: string;
  /** When it was first told. */
  at: number;
  /** In ten-thousandths. */
  value: bigint | undefined;
  currency: string | undefined;
  person: Person | undefined;
  session: string | undefined;
  cause: string | undefined;
  /** The signal whose amounts count. */
  counts: BehaviorFact;
  signals: number;
}

/** @param facts by time, of one app */
export function ordersOf(facts: readonly BehaviorFact[], people: People): Order[] {
  const told = groupBy(
    facts.filter(({ type }) => type === "order"),
    ({ order, key }) => order ?? key,
  );
  return [...told].map(([id, signals]) => {
    const sorted = signals.toSorted(inTime);
    const earliest = <T>(of: (fact: BehaviorFact) => T | undefined) => sorted.map(of).find((value) => value !== undefined);
    const counts = (sorted.findLast(({ value }) => value !== undefined) ?? sorted.at(-1)) as BehaviorFact;
    return {
      id,
      at: (sorted[0] as BehaviorFact).at,
      value: counts.value,
      currency: counts.currency,
      person: earliest((fact) => people.of(fact)),
      session: earliest(({ session }) => session),
      cause: earliest(({ cause }) => cause),
      counts,
      signals: signals.length,
    };
  });
}
