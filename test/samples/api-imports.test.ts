/** The import half of the sandbox, over real HTTP and the served folder: what Connect would take and what it would refuse. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ApiOptions, makeKeyPair, type Sandbox, startSandbox } from "../../samples/sandbox/sandbox.ts";
import { ORDERS, ORDERS_IMPORT as INPUT } from "../helpers/orders.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

interface Place extends Sandbox {
  api: NonNullable<Sandbox["api"]>;
  folder: string;
  put(path: string, content: string | Uint8Array): void;
}

async function place(options: ApiOptions = {}): Promise<Place> {
  const folder = scratchFolder();
  const sandbox = await startSandbox({ folder, authorizedKeys: [makeKeyPair().publicKey], api: options });
  onTestFinished(() => sandbox.close());
  if (!sandbox.api) throw new Error("the sandbox has no API");
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  return { ...sandbox, api: sandbox.api, folder, put };
}

interface Answer {
  data?: Record<string, Record<string, unknown>> | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

async function ask({ api }: Place, query: string, variables: object = {}): Promise<Answer> {
  const headers = { "content-type": "application/json", "x-api-key": api.key };
  const response = await fetch(api.url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return (await response.json()) as Answer;
}

const create = (at: Place, importInput: object) =>
  ask(at, "mutation ($importInput: ImportInput!) { createImportJob(importInput: $importInput) { id } }", { importInput });

/** Imports a file that is already there, to its end. @returns what `dataJob` says */
async function imported(at: Place, input: object): Promise<unknown> {
  const { data, errors } = await create(at, input);
  if (!data) throw new Error(JSON.stringify(errors));
  await at.api.idle();
  const id = data["createImportJob"]?.["id"];
  return (await ask(at, `{ dataJob(id: "${String(id)}") { type status errors { code message } } }`)).data?.["dataJob"];
}

const DONE = { type: "IMPORT", status: "COMPLETED", errors: [] };
const sets = async (at: Place, filter = "") =>
  (
    await ask(
      at,
      `{ dataSets${filter} { nodes { dataSetId name type size attributes { name type identifyAs { key } } } pageInfo { hasNextPage endCursor } } }`,
    )
  ).data?.["dataSets"];

test("the vendor's example is imported, its file deleted, and its rows read back", async () => {
  const at = await place();
  at.put("RS/Orders/orders.csv", ORDERS);
  expect(await imported(at, INPUT)).toEqual(DONE);
  expect(existsSync(join(at.folder, "RS/Orders/orders.csv"))).toBe(false);
  const found = await sets(at, '(filter: [{ field: "type", eq: "REFERENCE_SET" }])');
  const attributes = INPUT.attributes.create.map(({ name, type }) => ({ name, type, identifyAs: { key: name === "Order ID" } }));
  const id = at.api.sets[0]?.id;
  expect(found).toEqual({
    nodes: [{ dataSetId: id, name: "Orders", type: "REFERENCE_SET", size: 8, attributes }],
    pageInfo: { hasNextPage: false, endCursor: "1" },
  });
  const records = await ask(at, `{ referenceSetRecords(dataSetId: "${id}", first: 1) { totalCount nodes { attributes { name value type } } } }`);
  expect(records.data?.["referenceSetRecords"]).toEqual({
    totalCount: 8,
    nodes: [
      {
        attributes: [
          { name: "Order ID", value: "8783845", type: "TEXT" },
          { name: "Client ID", value: "HX-18900123", type: "TEXT" },
          { name: "Amount", value: 623.7, type: "NUMBER" },
          { name: "Date", value: "2024-11-01 16:04:38.000", type: "DATE" },
          { name: "First-time purchase", value: true, type: "BOOLEAN" },
          { name: "Discount coupon", value: "FALL2024", type: "TEXT" },
        ],
      },
    ],
  });
  expect(at.api.imports).toMatchObject([{ name: "Add orders", status: "COMPLETED", rows: 8 }]);
});

test("the page's own example, whose date format is not that of its file, fails", async () => {
  const at = await place();
  at.put("RS/Orders/orders.csv", ORDERS);
  const told = await imported(at, { ...INPUT, dateFormat: "DAY_MONTH_YEAR_SLASH_SEPARATED" });
  expect(told).toMatchObject({
    status: "FAILED",
    errors: [{ code: "INPUT_VALIDATION_FAILED", message: expect.stringContaining("row 1, Date") as string }],
  });
});

const SMALL = {
  ...INPUT,
  attributes: { create: [INPUT.attributes.create[0], { name: "n", type: "NUMBER" }, { name: "d", type: "DATE" }, { name: "b", type: "BOOLEAN" }] },
  mappings: ["Order ID", "n", "d", "b"].map((attributeName, index) => ({ columnIndex: index + 1, attributeName })),
  fileLocation: { type: "SFTP", filename: "a.csv", folder: "" },
  dateFormat: "YEAR_MONTH_DAY_DASH_SEPARATED",
  skipFirstRow: false,
};

test.each([
  ["a key twice", "1,1,,\n1,2,,\n", "row 2 has the key"],
  ["no key", ",1,,\n", "row 1 has no key"],
  ["a number with a comma", '1,"1,5",,\n', "row 1, n"],
  ["a day that does not exist", "1,,2023-02-29,\n", "row 1, d"],
  ["another format", "1,,29.02.2024,\n", "row 1, d"],
  ["a boolean in lower case", "1,,,true\n", "row 1, b"],
  ["another delimiter", "1|1||\n", "no column 2"],
  ["fewer fields", "1,,,\n2,\n", "after row 1"],
  ["a quote within", '1,,,\n"x"y,,,\n', "Invalid Closing Quote"],
  ["a BOM", "\ufeff1,,,\n", "no UTF-8"],
  ["no UTF-8", Buffer.from([0xe4, 0x2c, 0x2c, 0x2c, 0x0a]), "no UTF-8"],
])("a file with %s fails, stays, and nothing of it is kept", async (_, content, what) => {
  const at = await place();
  at.put("a.csv", content);
  const told = await imported(at, SMALL);
  expect(told).toMatchObject({ status: "FAILED", errors: [{ code: "INPUT_VALIDATION_FAILED", message: expect.stringContaining(what) as string }] });
  expect(at.api.sets).toEqual([]);
  expect(existsSync(join(at.folder, "a.csv"))).toBe(true);
});

test("a file that is not there, or leads elsewhere, fails", async () => {
  const at = await place();
  const FAILED = { status: "FAILED", errors: [{ code: "S3_FILE_METADATA_FAILED", message: "S3_FILE_METADATA_FAILED." }] };
  expect(await imported(at, SMALL)).toMatchObject(FAILED);
  const elsewhere = scratchFolder();
  writeFileSync(join(elsewhere, "a.csv"), "1,,,\n");
  symlinkSync(elsewhere, join(at.folder, "link"));
  expect(await imported(at, { ...SMALL, fileLocation: { ...SMALL.fileLocation, folder: "link" } })).toMatchObject(FAILED);
  expect(await imported(at, { ...SMALL, fileLocation: { ...SMALL.fileLocation, folder: "../x" } })).toMatchObject(FAILED);
});

test("a number keeps to the decimals of its attribute", async () => {
  const at = await place();
  const [key, number, ...others] = SMALL.attributes.create;
  const input = { ...SMALL, attributes: { create: [key, { ...number, decimalPrecision: 2 }, ...others] } };
  at.put("a.csv", "1,1.505,,\n");
  expect(await imported(at, input)).toMatchObject({
    status: "FAILED",
    errors: [{ message: expect.stringContaining('row 1, n: "1.505" has more than 2') as string }],
  });
  at.put("a.csv", "1,1.500,,\n2,7,,\n3,,,\n");
  expect(await imported(at, input)).toEqual(DONE);
  const told = await ask(at, "{ dataSets { nodes { name attributes { name decimalPrecision } } } }");
  expect(told.data?.["dataSets"]).toMatchObject({
    nodes: [{ name: "Audience" }, { attributes: [{ decimalPrecision: null }, { name: "n", decimalPrecision: 2 }, {}, {}] }],
  });
});

describe("what is refused at once", () => {
  const { dataSetName: _, dataSetType: __, attributes: ___, ...existing } = SMALL;
  const two = { create: [...SMALL.attributes.create, { name: "x", type: "TEXT", identifyAs: { key: true } }] };
  test.each([
    ["another delimiter", { ...SMALL, delimiter: ";" }, "Invalid delimiter. Only the delimiters comma(,), tab(\\t), or pipe(|) are allowed."],
    ["a long name", { ...SMALL, dataSetName: "a".repeat(26) }, "dataSetName"],
    ["a name with a space", { ...SMALL, dataSetName: "My set" }, "dataSetName"],
    ["an id with CREATE", { ...SMALL, dataSetId: "1" }, "dataSetId must not be supplied"],
    ["no key", { ...SMALL, attributes: { create: SMALL.attributes.create.slice(1) } }, "exactly one attribute must be the key"],
    ["two keys", { ...SMALL, attributes: two }, "exactly one attribute must be the key"],
    [
      "an attribute that is not there",
      { ...SMALL, mappings: [...SMALL.mappings, { columnIndex: 5, attributeName: "no" }] },
      '"no", which is not there',
    ],
    ["a column twice", { ...SMALL, mappings: [...SMALL.mappings.slice(0, 3), { columnIndex: 1, attributeName: "b" }] }, "twice"],
    ["decimals of a text", { ...SMALL, attributes: { create: [{ ...SMALL.attributes.create[0], decimalPrecision: 2 }] } }, "decimalPrecision of"],
    ["fewer decimals than none", { ...SMALL, attributes: { create: [{ name: "n", type: "NUMBER", decimalPrecision: -1 }] } }, "decimalPrecision of"],
    ["a column 0", { ...SMALL, mappings: [{ columnIndex: 0, attributeName: "Order ID" }] }, "begins at 1"],
    ["a key that is not mapped", { ...SMALL, mappings: SMALL.mappings.slice(1) }, "the key must be mapped"],
    ["no e-mail address", { ...SMALL, notifications: [{ channel: "EMAIL", destination: "ana" }] }, "no e-mail address"],
    ["a set that is not there", { ...existing, importType: "ADD_UPDATE", dataSetId: "no" }, "there is no data set"],
    ["a name with ADD_UPDATE", { ...SMALL, importType: "ADD_UPDATE", dataSetId: "no" }, "must not be supplied with ADD_UPDATE"],
  ])("%s", async (_, input, message) => {
    const at = await place();
    const { data, errors } = await create(at, input);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]).toMatchObject({ extensions: { code: "INPUT_VALIDATION_FAILED" }, message: expect.stringContaining(message) as string });
    expect(at.api.imports).toEqual([]);
  });

  test("a name that is taken, and one set too many", async () => {
    const at = await place({ maxReferenceSets: 2 });
    for (const dataSetName of ["a", "b"]) {
      at.put("a.csv", "1,,,\n");
      expect(await imported(at, { ...SMALL, dataSetName })).toEqual(DONE);
    }
    expect((await create(at, { ...SMALL, dataSetName: "a" })).errors?.[0]?.message).toContain('there is a data set "a" already');
    expect((await create(at, { ...SMALL, dataSetName: "c" })).errors?.[0]?.message).toContain("there are 2 reference sets already");
  });
});

test("ADD_UPDATE adds, changes and keeps; REPLACE replaces, and maps everything", async () => {
  const at = await place();
  at.put("a.csv", "1,1,2024-01-01,TRUE\n2,2,,\n");
  await imported(at, SMALL);
  const dataSetId = at.api.sets[0]?.id;
  const { dataSetName: _, dataSetType: __, attributes: ___, ...rest } = SMALL;
  const kept = () => [...(at.api.sets[0]?.records ?? [])].map(([key, record]) => [key, Object.fromEntries(record)]);
  at.put("a.csv", "2,x\n3,y\n");
  const mappings = [
    { columnIndex: 1, attributeName: "Order ID" },
    { columnIndex: 2, attributeName: "t" },
  ];
  const added = {
    ...rest,
    dataSetId,
    importType: "ADD_UPDATE",
    attributes: { create: [{ name: "t", type: "TEXT" }], remove: [{ name: "b" }] },
    mappings,
  };
  expect(await imported(at, added)).toEqual(DONE);
  expect(kept()).toEqual([
    ["1", { "Order ID": "1", n: "1", d: "2024-01-01", b: "TRUE" }],
    ["2", { "Order ID": "2", n: "2", d: null, b: null, t: "x" }],
    ["3", { "Order ID": "3", t: "y" }],
  ]);
  expect(at.api.sets[0]?.attributes.map(({ name }) => name)).toEqual(["Order ID", "n", "d", "t"]);

  const replacing = { ...rest, dataSetId, importType: "REPLACE" };
  expect((await create(at, { ...replacing, mappings })).errors?.[0]?.message).toContain("must map all attributes");
  expect((await create(at, { ...replacing, attributes: {} })).errors?.[0]?.message).toContain("attributes must not be supplied");
  const all = ["Order ID", "n", "d", "t"].map((attributeName, index) => ({ columnIndex: index + 1, attributeName }));
  at.put("a.csv", "");
  expect(await imported(at, { ...replacing, mappings: all })).toMatchObject({
    status: "FAILED",
    errors: [{ message: expect.stringContaining("no rows") as string }],
  });
  at.put("a.csv", "9,9,,z\n");
  expect(await imported(at, { ...replacing, mappings: all })).toEqual(DONE);
  expect(kept()).toEqual([["9", { "Order ID": "9", n: "9", d: null, t: "z" }]]);
});

test("data sets come in pages, with the audience where no type is asked for", async () => {
  const at = await place({ maxReferenceSets: 60 });
  for (let number = 0; number < 55; number += 1) {
    at.put("a.csv", "1,,,\n");
    await imported(at, { ...SMALL, dataSetName: `set${number}` });
  }
  const first = (await sets(at)) as { nodes: { name: string }[]; pageInfo: { endCursor: string } };
  expect(first).toMatchObject({ nodes: { length: 50 }, pageInfo: { hasNextPage: true } });
  expect(first.nodes[0]).toMatchObject({ name: "Audience", type: "AUDIENCE" });
  const second = (await sets(at, `(first: 50, after: "${first.pageInfo.endCursor}")`)) as typeof first;
  expect(second).toMatchObject({ nodes: { length: 6 }, pageInfo: { hasNextPage: false } });
  expect(await sets(at, '(filter: { field: "dataSetId", eq: "no" })')).toMatchObject({ nodes: [] });
});

describe("faults", () => {
  test.each(["S3_FILE_METADATA_FAILED", "INPUT_VALIDATION_FAILED"] as const)("failImports with %s", async (code) => {
    const at = await place();
    at.api.faults.failImports = 1;
    at.api.faults.importError = code;
    at.put("a.csv", "1,,,\n");
    expect(await imported(at, SMALL)).toMatchObject({ status: "FAILED", errors: [{ code }] });
    expect(await imported(at, SMALL)).toEqual(DONE);
  });

  test("importsNeverEnd and dropsRows", async () => {
    const at = await place();
    at.api.faults.importsNeverEnd = 1;
    at.put("a.csv", "1,,,\n2,,,\n");
    expect(await imported(at, SMALL)).toMatchObject({ status: "RUNNING" });
    at.api.faults.dropsRows = 1;
    expect(await imported(at, SMALL)).toEqual(DONE);
    expect([...(at.api.sets[0]?.records.keys() ?? [])]).toEqual(["1"]);
  });
});
