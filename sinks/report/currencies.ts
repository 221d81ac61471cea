/** Which currency a report's amounts are of: amounts of several are never added. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { rowsOf } from "./question.ts";
import { inPeriod, type Period } from "./scope.ts";

/** A currency, in capitals, and its orders of the period; null where orders say none. */
export interface CurrencyUse {
  currency: string | null;
  orders: number;
}

/** The currencies of all orders: that with most orders of the period first. */
export async function currenciesOf(connection: DuckDBConnection, period: Period): Promise<CurrencyUse[]> {
  return rowsOf(
    connection,
    `SELECT currency, count(*) FILTER (${inPeriod("ordered_at", period)}) AS orders FROM marts.orders_once
     GROUP BY currency ORDER BY orders DESC, count(*) DESC, currency NULLS LAST`,
  );
}

/** The currency that is wished, else the one with most orders. @throws SignalhouseError not_found where no order is of the one that is wished */
export function chosenCurrency(used: readonly CurrencyUse[], wish: string | undefined): string | null {
  if (wish === undefined) return used[0]?.currency ?? null;
  const currency = wish.trim().toUpperCase();
  if (used.length === 0 || used.some((use) => use.currency === currency)) return currency;
  const known = used.flatMap((use) => (use.currency === null ? [] : [use.currency]));
  throw new SignalhouseError(
    "not_found",
    `no order in the warehouse is in ${currency}`,
    known.length === 0 ? "Its orders name no currency: leave --currency out." : `Choose one of ${known.join(", ")}.`,
  );
}
