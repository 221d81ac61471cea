/** Amounts that are in no sum, as a sentence. */
import type { AmountsLeftOut } from "../sinks/amounts.ts";
import { count, number } from "./format.ts";

/** How many there are of which column, and where to look; undefined where there are none. */
export function leftOutText(left: AmountsLeftOut): string | undefined {
  const columns = Object.entries(left);
  if (columns.length === 0) return undefined;
  const all = columns.reduce((sum, [, amounts]) => sum + amounts, 0);
  const each = columns.map(([column, amounts]) => `${column}: ${number(amounts)}`).join(", ");
  return `${count(all, "amount")} left out of decimal columns, for they are no numbers that these hold (${each}); see: signalhouse drift`;
}
