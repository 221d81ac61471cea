/** How long it takes from the last click to the order. */
import type { Question } from "../question.ts";
import { inPeriod, onlyOf } from "../scope.ts";
import { windowText } from "./words.ts";

export interface DelayRow {
  within_hours: number;
  orders: number;
  in_all: number;
}

/** Hours at which a range ends, with its name; what takes longer is in the last one. */
const RANGES: readonly (readonly [hours: number, name: string])[] = [
  [1, "within an hour"],
  [6, "1 to 6 hours"],
  [24, "6 to 24 hours"],
  [48, "1 to 2 days"],
  [96, "2 to 4 days"],
  [168, "4 to 7 days"],
  [9_999, "more than 7 days"],
];

export const rangeName = ({ within_hours }: Pick<DelayRow, "within_hours">): string => RANGES.find(([hours]) => hours === within_hours)?.[1] ?? "";

/** All ranges until the last one that has orders, those without any too. */
export function allRanges(rows: readonly DelayRow[]): Pick<DelayRow, "within_hours" | "orders">[] {
  const last = rows.at(-1)?.within_hours ?? 0;
  const known = new Map(rows.map((row) => [row.within_hours, row.orders]));
  return RANGES.flatMap(([within_hours]) => (within_hours > last ? [] : [{ within_hours, orders: known.get(within_hours) ?? 0 }]));
}

export const CLICK_TO_ORDER: Question<DelayRow> = {
  id: "click-to-order",
  title: "How long does it take from the click to the order?",
  definition: (scope) =>
    `Orders whose contact clicked in a message in the ${windowText(scope)} before, by the time since its last click; orders of all currencies.`,
  sql: (scope) =>
    `SELECT CASE ${RANGES.slice(0, -1)
      .map(([hours]) => `WHEN hours < ${hours} THEN ${hours}`)
      .join(" ")} ELSE ${RANGES.at(-1)?.[0]} END AS within_hours,
  sum(orders)::BIGINT AS orders, (sum(sum(orders)) OVER ())::BIGINT AS in_all
FROM (
  SELECT epoch(ordered_at - touched_at) / 3600 AS hours, orders FROM marts.attribution
  WHERE model = 'last' AND touches > 0 AND ${inPeriod("ordered_at", scope)}${onlyOf(scope)}
)
GROUP BY ALL
ORDER BY within_hours`,
  columns: () => [
    { heading: "Order after the click", kind: "text", value: rangeName },
    { heading: "Orders", kind: "count", value: ({ orders }) => orders },
    { heading: "Share", kind: "share", value: (row) => row.orders / row.in_all },
  ],
};
