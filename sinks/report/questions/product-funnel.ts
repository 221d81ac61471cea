/** Which products lose people on the way from a view to an order. */
import { type Question, share } from "../question.ts";
import { inPeriod, onDays } from "../scope.ts";
import { nameOf } from "./words.ts";

export interface ProductRow {
  product_id: string;
  product_name: string | null;
  viewed: number;
  viewed_carted: number;
  viewed_carted_bought: number;
}

const MOST_PRODUCTS = 30;

export const productName = ({ product_id, product_name }: ProductRow): string => nameOf(product_name, product_id, "(no name)");

export const PRODUCT_FUNNEL: Question<ProductRow> = {
  id: "product-funnel",
  title: "Which products lose people on the way?",
  definition: () =>
    `Visits that viewed a product, of these those that put it into the cart, and of these those that ordered it, within a day; a visit counts once a day. The ${MOST_PRODUCTS} that were viewed most.`,
  sql: (scope) =>
    `WITH most AS MATERIALIZED (
  SELECT product_id, sum(viewed) AS viewed, sum(viewed_carted) AS viewed_carted, sum(viewed_carted_bought) AS viewed_carted_bought
  FROM marts.product_daily WHERE ${onDays("day", scope)}
  GROUP BY product_id
  HAVING sum(viewed) > 0
  ORDER BY viewed DESC, product_id
  LIMIT ${MOST_PRODUCTS}
)
SELECT m.*, product_name
FROM most m LEFT JOIN (
  SELECT product_id, max(product_name) AS product_name FROM behavior_signals
  WHERE signal_type = 'productView' AND product_id IN (SELECT product_id FROM most) AND ${inPeriod("occurred_at", scope)}
  GROUP BY product_id
) USING (product_id)
ORDER BY viewed DESC, product_id`,
  columns: () => [
    { heading: "Product", kind: "text", value: productName },
    { heading: "Viewed", kind: "count", value: ({ viewed }) => viewed },
    { heading: "Put into the cart", kind: "count", value: (row) => row.viewed_carted },
    { heading: "Ordered", kind: "count", value: (row) => row.viewed_carted_bought },
    { heading: "Ordered of viewed", kind: "share", value: (row) => share(row.viewed_carted_bought, row.viewed) },
  ],
};
