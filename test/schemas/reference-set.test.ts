import { describe, expect, test } from "vitest";
import { importInput, type ImportPlan } from "../../schemas/import-input.ts";
import {
  type Attribute,
  attributeViolations,
  type KnownSet,
  mappingViolations,
  newSetViolations,
  setNameViolations,
} from "../../schemas/reference-set.ts";
import { ORDERS_IMPORT } from "../helpers/orders.ts";

const rules = (found: readonly { rule: string }[]) => found.map(({ rule }) => rule);
const attribute = (name: string, type: Attribute["type"] = "TEXT", isKey = false): Attribute => ({ name, type, isKey });

describe("a set's name", () => {
  test.each(["O", "Orders", "my_orders-2025", "a".repeat(25), "123"])("%s is one", (name) => expect(setNameViolations(name)).toEqual([]));
  test.each(["", "a".repeat(26), "My Orders", "Ordres-été", "a.b", "../a", "a/b", "Orders\n"])("%j is none", (name) => {
    expect(rules(setNameViolations(name))).toEqual(["set_name"]);
  });
  test("says how long it is", () => expect(setNameViolations("a".repeat(26))[0]?.message).toContain("it has 26"));
  test.each(["Audience", "PRODUCT_CATALOG"])("%s is Connect's own", (name) => expect(rules(setNameViolations(name))).toEqual(["set_name_reserved"]));
});

describe("attributes", () => {
  test("may have spaces and signs within", () => {
    expect(attributeViolations([attribute("Order ID", "TEXT", true), attribute("First-time purchase"), attribute("Ä/ö (x)")])).toEqual([]);
  });
  test.each(["", " a", "a ", "a\tb", "a\nb", "\ufeffa"])("%j is no name", (name) => {
    expect(rules(attributeViolations([attribute("id", "TEXT", true), attribute(name)]))).toEqual(["attribute_name"]);
  });
  test.each([
    ["a", "a", '"a" is there twice'],
    ["Amount", "amount", '"Amount" differ in case only'],
  ])("%s beside %s", (one, other, message) => {
    const found = attributeViolations([attribute("id", "TEXT", true), attribute(one), attribute(other)]);
    expect(rules(found)).toEqual(["attribute_duplicate"]);
    expect(found[0]?.message).toContain(message);
  });
  test("have exactly one key", () => {
    expect(attributeViolations([attribute("a"), attribute("b")])[0]).toMatchObject({
      rule: "key",
      message: expect.stringContaining('"a", "b"') as string,
    });
    expect(rules(attributeViolations([attribute("a", "TEXT", true), attribute("b", "TEXT", true)]))).toEqual(["key"]);
  });
});

const SET: KnownSet = {
  id: "7",
  name: "Orders",
  size: 3,
  attributes: [
    { name: "id", type: "TEXT", isKey: true },
    { name: "amount", type: "NUMBER", isKey: false },
  ],
};

describe("a set that is there", () => {
  const id = attribute("id", "TEXT", true);
  test("takes what fits it, and with ADD_UPDATE less and more of it", () => {
    expect(mappingViolations("REPLACE", [id, attribute("amount", "NUMBER")], SET)).toEqual([]);
    expect(mappingViolations("ADD_UPDATE", [id], SET)).toEqual([]);
    expect(mappingViolations("ADD_UPDATE", [id, attribute("shop")], SET)).toEqual([]);
  });
  test.each([
    ["REPLACE", [id], "mapping", '"amount" is missing'],
    ["REPLACE", [id, attribute("amount", "NUMBER"), attribute("shop")], "mapping", 'no attribute "shop"'],
    ["ADD_UPDATE", [id, attribute("amount")], "attribute_type", "is NUMBER in the set Orders and cannot become TEXT"],
    ["ADD_UPDATE", [attribute("id"), attribute("amount", "NUMBER", true)], "key", 'the key of the set Orders is "id"'],
  ] as const)("%s refuses %j", (mode, attributes, rule, message) => {
    const found = mappingViolations(mode, attributes, SET);
    expect(rules(found)).toEqual([rule]);
    expect(found[0]?.message).toContain(message);
  });
});

describe("a new set", () => {
  const sets = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `set${index}`, type: "REFERENCE_SET" }));
  const audience = { name: "Audience", type: "AUDIENCE" };
  test("has room up to the limit; the audience does not count", () => {
    expect(newSetViolations("Orders", [...sets(4), audience], 5)).toEqual([]);
    expect(rules(newSetViolations("Orders", sets(5), 5))).toEqual(["set_limit"]);
    expect(newSetViolations("Orders", sets(24), 25)).toEqual([]);
    expect(rules(newSetViolations("Orders", sets(25), 25))).toEqual(["set_limit"]);
  });
  test("has a name of its own", () => {
    expect(rules(newSetViolations("audience", [audience], 5))).toEqual(["set_name_reserved"]);
    expect(rules(newSetViolations("SET0", sets(1), 5))).toEqual(["set_name_reserved"]);
  });
});

describe("the input of createImportJob", () => {
  const attributes: Attribute[] = [
    attribute("Order ID", "TEXT", true),
    attribute("Client ID"),
    attribute("Amount", "NUMBER"),
    attribute("Date", "DATE"),
    attribute("First-time purchase", "BOOLEAN"),
    attribute("Discount coupon"),
  ];
  const plan: ImportPlan = {
    mode: "CREATE",
    set: "Orders",
    known: undefined,
    attributes,
    jobName: "Add orders",
    delimiter: "comma",
    dateFormat: "YYYY-MM-DDTHH:mm:ssZ",
    header: true,
    folder: "RS/Orders",
    fileName: "orders.csv",
    notify: [],
  };

  test("is that of the vendor's example, with the date format of its file", () => {
    expect(importInput(plan)).toEqual(ORDERS_IMPORT);
  });

  const known: KnownSet = { id: "7", name: "Orders", size: 0, attributes: attributes.slice(0, 5) };
  test("names a set that is there by its id, and makes only what it lacks", () => {
    expect(importInput({ ...plan, mode: "ADD_UPDATE", known, delimiter: "tab", header: false, folder: "", notify: ["a@example.com"] })).toEqual({
      dataSetId: "7",
      attributes: { create: [{ name: "Discount coupon", type: "TEXT" }] },
      jobName: "Add orders",
      importType: "ADD_UPDATE",
      fileFormat: "DELIMITED",
      delimiter: "\t",
      dateFormat: "YEAR_MONTH_DAY_DASH_SEPARATED_WITH_TIME",
      fileLocation: { type: "SFTP", filename: "orders.csv", folder: "" },
      skipFirstRow: false,
      mappings: attributes.map(({ name }, index) => ({ columnIndex: index + 1, attributeName: name })),
      notifications: [{ channel: "EMAIL", destination: "a@example.com" }],
    });
  });
  test("says the decimals of a new attribute, and of no other", () => {
    const priced = [
      attribute("Order ID", "TEXT", true),
      { ...attribute("Amount", "NUMBER"), decimals: 2 },
      { ...attribute("Units", "NUMBER"), decimals: 0 },
    ];
    const create = (there: KnownSet | undefined) =>
      importInput({ ...plan, mode: there ? "ADD_UPDATE" : "CREATE", known: there, attributes: priced }).attributes;
    const units = { name: "Units", type: "NUMBER", decimalPrecision: 0 };
    expect(create(undefined)).toEqual({
      create: [{ name: "Order ID", type: "TEXT", identifyAs: { key: true } }, { name: "Amount", type: "NUMBER", decimalPrecision: 2 }, units],
    });
    expect(create(known)).toEqual({ create: [units] });
  });
  test("has no attributes with REPLACE, and no date format without dates", () => {
    const input = importInput({ ...plan, mode: "REPLACE", known: { ...known, attributes }, delimiter: "pipe", attributes: attributes.slice(0, 2) });
    expect(input).not.toHaveProperty("attributes");
    expect(input).not.toHaveProperty("dataSetName");
    expect(input).not.toHaveProperty("dateFormat");
    expect(input.delimiter).toBe("|");
  });
});
