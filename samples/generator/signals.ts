/** All signals of a seed, by number: any part of them can be made again, so that overlapping files need no memory. */
import { contactOf, TIERS } from "./contacts.ts";
import { DECK, signalsOf } from "./journeys.ts";
import { Random } from "./random.ts";
import type { Signal } from "./signal.ts";
import { TANGLES, tangleSignals } from "./tangles.ts";
import { renamed, tangledContact } from "./variants.ts";

/** Signals are made in blocks of so many; within a block they are in the order of their times. */
export const BLOCK = 1_000;

/** What the signals of a series depend on. */
export interface Series {
  seed: number;
  /** When the first signal happens, in milliseconds since 1970. */
  start: number;
  /** Milliseconds from signal to signal on average. */
  pace: number;
  /** How many contacts there are. */
  contacts: number;
  /** Whether journeys get into each other's way. */
  tangled?: boolean;
}

/** Some campaigns of a tangled series have another name so long after its start. */
const RENAMED_AFTER = 3 * 86_400_000;

/** When a block begins, in milliseconds since 1970: none of its signals happens before. */
export const startOfBlock = ({ start, pace }: Series, block: number): number => start + Math.floor(block * BLOCK * pace);

/** The signals of one block: exactly BLOCK of them, numbered (`row`) and with their ids. */
export function blockOf(series: Series, block: number): Signal[] {
  const { seed, pace, contacts, tangled = false } = series;
  const deck = tangled ? [...DECK, ...TANGLES] : DECK;
  const person = tangled ? tangledContact : contactOf;
  const random = new Random(seed, "block", block);
  const from = startOfBlock(series, block);
  const span = Math.floor(BLOCK * pace);
  const signals: Signal[] = [];
  for (let journeys = 0; signals.length < BLOCK;) {
    for (const journey of random.shuffled(deck)) {
      const contact = person(seed, random.int(0, contacts - 1));
      const number = block * BLOCK + journeys;
      const at = from + random.int(0, span);
      if (typeof journey !== "string") signals.push(...signalsOf(journey, contact, number, at, random));
      else signals.push(...tangleSignals(journey, { contact, other: person(seed, random.int(0, contacts - 1)), number, at, random }));
      journeys += 1;
    }
  }
  signals.length = BLOCK; // cuts the end of a journey, so no visit loses the click before it
  signals.sort((one, other) => one.at - other.at);
  for (const [index, signal] of signals.entries()) {
    signal.row = block * BLOCK + index;
    const idless = signal.table === "behavior_signals" && random.chance(2);
    if (!idless) signal.id = random.uuid(signal.row);
    if (tangled && signal.table === "marketing_signals" && signal.at > series.start + RENAMED_AFTER) signal.message = renamed(signal.message);
  }
  return signals;
}

/**
 * What a later export says about a signal that an earlier one already had: mostly the same, sometimes a campaign that was completed
 * or renamed, a contact in another tier, or an order that was corrected. A signal that is not the same object differs in a cell.
 */
export function revised(seed: number, signal: Signal): Signal {
  const random = new Random(seed, "revision", signal.row);
  if (signal.id === "" || !random.chance(signal.type === "order" ? 50 : 12)) return signal;
  const { contact } = signal;
  if (signal.table === "marketing_signals") {
    const { campaign } = signal.message;
    const change = campaign.type === "SCHEDULED" ? ({ status: "COMPLETED" } as const) : { name: `${campaign.name} (2)` };
    return { ...signal, message: { ...signal.message, campaign: { ...campaign, ...change } } };
  }
  const { orderValue, orderShippingHandling } = signal.amounts;
  if (orderValue !== undefined && orderShippingHandling !== undefined) {
    return { ...signal, amounts: { ...signal.amounts, orderValue: orderValue - orderShippingHandling, orderShippingHandling: 0 } };
  }
  if (!contact) return signal;
  const tier = TIERS[(TIERS.indexOf(contact.tier) + 1) % TIERS.length] ?? TIERS[0];
  return { ...signal, contact: { ...contact, tier } };
}
