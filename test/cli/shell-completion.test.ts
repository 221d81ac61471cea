import { expect, test } from "vitest";
import { completed } from "../../cli/shell-completion.ts";
import type { Names } from "../../sinks/query/catalog.ts";

const relation = (schema: string, name: string) => ({ schema, name, kind: "table" as const, comment: null });
const column = (schema: string, relation: string, name: string) => ({ schema, relation, name, type: "VARCHAR", comment: null });

const NAMES: Names = {
  relations: [relation("main", "orders"), relation("main", "order_items"), relation("marts", "daily"), relation("marts", "Über")],
  columns: [
    column("main", "orders", "order_id"),
    column("main", "orders", "order_value"),
    column("main", "order_items", "order_id"),
    column("marts", "daily", "day"),
    column("marts", "daily", "Total"),
  ],
  words: ["FROM", "ORDER", "SELECT"],
};

test.each<[typed: string, hits: string[]]>([
  ["SELECT * FROM order", ["orders", "order_items", "order_id", "order_value", "order"]],
  ["SELECT * FROM ORDER_I", ["order_items", "order_id"]],
  ["SEL", ["SELECT"]],
  ["sel", ["select"]],
  ["SELECT * FROM m", ["main.", "marts."]],
  ["SELECT * FROM marts.", ["daily", '"Über"']],
  ["SELECT * FROM marts.d", ["daily"]],
  ["SELECT orders.", ["order_id", "order_value"]],
  ["SELECT orders.order_v", ["order_value"]],
  ["SELECT marts.daily.", ["day", '"Total"']],
  // What an alias stands for is not known.
  ["SELECT d.da", ["day"]],
  ["SELECT count(order_v", ["order_value"]],
  ["SELECT ", []],
  [".s", [".schema"]],
  [".schema order", ["orders", "order_items"]],
  [".schema marts.", ["daily", '"Über"']],
  [".format js", ["json", "jsonl"]],
])("%j may go on as %j", (typed, hits) => {
  expect(completed(NAMES, typed)[0]).toEqual(hits);
});
