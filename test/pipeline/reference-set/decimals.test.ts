/** How many decimals a NUMBER attribute has. */
import { expect, test } from "vitest";
import { failureOf } from "../../helpers/errors.ts";
import { csv, make, told } from "../../helpers/reference-set.ts";

test("zeros at the end are no decimals, and more than these are never rounded", async () => {
  const content = "id,price,qty\n1,1.50,3\n2,-0.05,3.0\n3,7,3.000\n4,1.2000,0\n";
  expect(await make(csv(content), { key: "id", decimals: { price: 2, qty: 0 } })).toMatchObject({ violations: [], text: content });
  const broken = await make(csv("id,price\n1,1.505\n2,1.50\n3,0.3333333333\n"), { key: "id", decimals: { price: 2 } });
  expect(told(broken)).toEqual([
    ["decimals", 1, "price", "1.505"],
    ["decimals", 3, "price", "0.3333333333"],
  ]);
  expect(broken.violations[0]?.message).toContain('"price" is to have 2');
});

test.each([
  ["1.5000::DECIMAL(18, 4)", []],
  ["1.5050::DECIMAL(18, 4)", [["decimals", 1, "n", "1.5050"]]],
  ["0.5::DOUBLE", []],
  ["1e-7::DOUBLE", [["decimals", 1, "n", "1e-07"]]],
])("%s of DuckDB", async (value, expected) =>
  expect(told(await make({ query: `SELECT 1 AS id, ${value} AS n` }, { key: "id", decimals: { n: 2 } }))).toEqual(expected),
);

test("the source's name of a column does, too", async () => {
  const made = await make(csv("id,p\n1,1.5\n"), { key: "id", columns: [{ from: "id" }, { from: "p", name: "Price" }], decimals: { p: 1 } });
  expect(made.columns.map(({ name, decimals }) => [name, decimals])).toEqual([
    ["id", undefined],
    ["Price", 1],
  ]);
});

test("only numbers have decimals", async () => {
  expect(told(await make(csv("id,t\n1,x\n"), { key: "id", decimals: { t: 2 } }))).toEqual([["attribute_type", undefined, "t", undefined]]);
  expect((await failureOf(make(csv("id,t\n1,x\n"), { key: "id", decimals: { price: 2 } }))).message).toContain('--decimals names "price"');
});

test("an attribute that the set has keeps its precision, which is said", async () => {
  const known = {
    id: "7",
    name: "Orders",
    size: 1,
    attributes: [
      { name: "id", type: "TEXT", isKey: true },
      { name: "price", type: "NUMBER", isKey: false },
    ],
  };
  const made = await make(csv("id,price\n1,1.5\n"), { view: { sets: [], known, setLimit: 5 }, decimals: { price: 2 } });
  expect(made.notes).toEqual(['"price" is in the set already, and keeps the precision that it has; no value has more than 2 decimals']);
});
