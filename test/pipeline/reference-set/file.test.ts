/** From a source to a file on this machine: what is proposed, what is checked, and what is written. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { writeReferenceSet } from "../../../pipeline/reference-set/push.ts";
import { doorTo, PATIENCE_MS, readerOf } from "../../../pipeline/common/door.ts";
import { readConfig } from "../../../schemas/config.ts";
import { prepareFile } from "../../../pipeline/reference-set/prepare.ts";
import { Scratch } from "../../../sinks/reference-set/scratch.ts";
import { placeOf } from "../../../sinks/places.ts";
import { openWarehouse } from "../../../sinks/warehouse.ts";
import { failureOf } from "../../helpers/errors.ts";
import { ORDERS } from "../../helpers/orders.ts";
import { csv, make, type MakeOptions as Options, told, types } from "../../helpers/reference-set.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

describe("the vendor's example", () => {
  test("comes out byte for byte, with the types of the page", async () => {
    const made = await make(csv(ORDERS), { key: "Order ID" });
    expect(made.violations).toEqual([]);
    expect(made.text).toBe(ORDERS);
    expect(types(made)).toEqual({
      "Order ID": "TEXT",
      "Client ID": "TEXT",
      Amount: "NUMBER",
      Date: "DATE",
      "First-time purchase": "BOOLEAN",
      "Discount coupon": "TEXT",
    });
    expect(made).toMatchObject({ rows: 8, sending: 8, bytes: Buffer.byteLength(ORDERS), delimiter: "comma", mode: "CREATE" });
    expect(made.columns[0]?.dateFormat).toBe("YYYY-MM-DDTHH:mm:ssZ");
  });

  test.each([
    ["tab", "\t"],
    ["pipe", "|"],
  ] as const)("with the %s", async (delimiter, sign) => {
    expect((await make(csv(ORDERS), { key: "Order ID", delimiter })).text).toBe(ORDERS.replaceAll(",", sign));
  });

  test("without a header row", async () => {
    expect((await make(csv(ORDERS), { key: "Order ID", header: false })).text).toBe(ORDERS.slice(ORDERS.indexOf("\n") + 1));
  });
});

describe("every kind of source gives the same file", () => {
  const FILE = 'id,amount,at,day,ok,note\na,12.50,2024-02-29T23:59:59Z,2024-02-29T00:00:00Z,TRUE,\nb,,,,,"x, ä"\n';
  const expected = "id\tamount\tat\tday\tok\tnote\na\t12.50\t2024-02-29T23:59:59Z\t2024-02-29T00:00:00Z\tTRUE\t\nb\t\t\t\t\tx, ä\n";
  const SQL = `SELECT * FROM (VALUES ('a', 12.50, TIMESTAMPTZ '2024-03-01 00:59:59.9+01', DATE '2024-02-29', true, NULL),
    ('b', NULL, NULL, NULL, NULL, 'x, ä')) AS t(id, amount, "at", day, ok, note) ORDER BY id`;
  const sources: [string, () => Promise<Parameters<typeof make>[0]>][] = [
    ["csv", async () => csv(FILE)],
    ["csv with CRLF and a BOM", async () => csv(`\ufeff${FILE.replaceAll("\n", "\r\n")}`)],
    ["tsv", async () => ({ name: "a.tsv", content: expected })],
    ["psv", async () => ({ name: "a.psv", content: expected.replaceAll("\t", "|") })],
    [
      "json",
      async () => ({
        name: "a.json",
        content: '[{"id":"a","amount":12.50,"at":"2024-02-29T23:59:59Z","day":"2024-02-29T00:00:00Z","ok":true},{"id":"b","note":"x, ä"}]',
      }),
    ],
    [
      "jsonl",
      async () => ({
        name: "a.jsonl",
        content: '{"id":"a","amount":12.50,"at":"2024-02-29T23:59:59Z","day":"2024-02-29T00:00:00Z","ok":true}\n{"id":"b","note":"x, ä"}\n',
      }),
    ],
    ["a query", async () => ({ query: SQL })],
    [
      "parquet",
      async () => {
        const file = join(scratchFolder(), "made.parquet");
        const instance = await DuckDBInstance.create(":memory:");
        const connection = await instance.connect();
        await connection.run(`COPY (${SQL}) TO '${file}' (FORMAT parquet)`);
        connection.closeSync();
        instance.closeSync();
        return { name: "a.parquet", content: readFileSync(file) };
      },
    ],
  ];
  test.each(sources)("%s", async (_, source) => {
    const made = await make(await source(), { key: "id" });
    expect(made.violations).toEqual([]);
    expect(made.text).toBe(expected);
    expect(types(made)).toEqual({ id: "TEXT", amount: "NUMBER", at: "DATE", day: "DATE", ok: "BOOLEAN", note: "TEXT" });
  });

  test("a table by its name", async () => {
    const folder = scratchFolder();
    const config = readConfig({ warehouse: join(folder, "w.duckdb") }, "test");
    const warehouse = await openWarehouse(placeOf(config.warehouse));
    await warehouse.connection.run("CREATE TABLE \"my table\" AS SELECT 1 AS id, 'x' AS name");
    warehouse.close();
    const { signal } = new AbortController();
    const wish = { set: "A", definition: { source: { table: "my table" }, key: "id" }, changed: false, maxErrors: 10 };
    await writeReferenceSet(
      { config, readWarehouse: readerOf(doorTo(config, { signal, patience: PATIENCE_MS })), signal },
      wish,
      undefined,
      join(folder, "out"),
    );
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("id,name\n1,x\n");
  });
});

describe("what is proposed", () => {
  test.each([
    ["digits with zeros in front stay text", "id,zip\n1,01234\n2,99999\n", { zip: "TEXT" }],
    ["a number in all rows but one is text", "id,n\n1,1\n2,x\n", { n: "TEXT" }],
    [
      "one beyond the first 10,000 rows counts",
      `id,n\n${Array.from({ length: 10_500 }, (_, row) => `${row},${row === 10_400 ? "x" : row}\n`).join("")}`,
      { n: "TEXT" },
    ],
    ["empty values are nothing", "id,n,t,b\n1,,,\n2,-1.5,2024-01-01,\n", { n: "NUMBER", t: "DATE", b: "TEXT" }],
    ["lower-case booleans are text", "id,b\n1,true\n", { b: "TEXT" }],
    ["a key is text", "id\n1\n2\n", { id: "TEXT" }],
    ["a day that does not exist is text", "id,d\n1,2024-02-30\n", { d: "TEXT" }],
    ["a number with an exponent is text", "id,n\n1,1e5\n", { n: "TEXT" }],
  ] as const)("%s", async (_, content, expected) => {
    const made = await make(csv(content), { key: "id" });
    expect(made.violations).toEqual([]);
    expect(types(made)).toMatchObject(expected);
  });

  test("JSON's texts of digits stay text, its numbers are numbers to the last digit", async () => {
    const made = await make({ name: "a.json", content: '[{"id":"1","zip":"12345","n":12345678901234567890.123456789}]' }, { key: "id" });
    expect(types(made)).toEqual({ id: "TEXT", zip: "TEXT", n: "NUMBER" });
    expect(made.text).toBe("id,zip,n\n1,12345,12345678901234567890.123456789\n");
  });

  test("what the user says comes first, then what the set has", async () => {
    const known = {
      id: "7",
      name: "Orders",
      size: 1,
      attributes: [
        { name: "id", type: "TEXT", isKey: true },
        { name: "n", type: "TEXT", isKey: false },
      ],
    };
    const view = { sets: [], known, setLimit: 5 };
    const fromSet = await make(csv("id,n\n1,5\n"), { view });
    expect(types(fromSet)).toEqual({ id: "TEXT", n: "TEXT" });
    expect(fromSet.columns.find(({ isKey }) => isKey)?.name).toBe("id");
    expect(fromSet.mode).toBe("ADD_UPDATE");
    expect(types(await make(csv("id,n\n1,5\n"), { key: "id", types: { n: "TEXT" } }))).toEqual({ id: "TEXT", n: "TEXT" });
  });

  test("columns are chosen, ordered and renamed", async () => {
    const made = await make(csv("a,b,c\n1,2,3\n"), {
      key: "The key",
      columns: [
        { from: "c", name: "The key" },
        { from: "a", type: "TEXT" },
      ],
    });
    expect(made.text).toBe("The key,a\n3,1\n");
    expect(types(made)).toEqual({ "The key": "TEXT", a: "TEXT" });
  });
});

describe("each rule, broken and at its edge", () => {
  const broken: [string, string, Options, unknown[]][] = [
    ["key: none", "id,a\n1,2\n", {}, [["key", undefined, undefined, undefined]]],
    ["key_empty", "id,a\n1,2\n,3\n", { key: "id" }, [["key_empty", 2, "id", ""]]],
    [
      "key_duplicate",
      "id,a\nx,2\ny,2\nx,3\nx,4\n",
      { key: "id" },
      [
        ["key_duplicate", 3, "id", "x"],
        ["key_duplicate", 4, "id", "x"],
      ],
    ],
    ["key_duplicate of a number", "id,a\n1.0,2\n1,2\n", { key: "id", types: { id: "NUMBER" } }, [["key_duplicate", 2, "id", "1"]]],
    [
      "number",
      'id,n\n1,"1,5"\n2,1.5\n3,+1\n4,1.\n5,.5\n6,1e3\n7,007\n8, 1\n',
      { key: "id", types: { n: "NUMBER" } },
      [1, 3, 4, 5, 6, 7, 8].map((row) => ["number", row, "n", ["1,5", "", "+1", "1.", ".5", "1e3", "007", " 1"][row - 1]]),
    ],
    [
      "boolean",
      "id,b\n1,TRUE\n2,true\n3,1\n4,FALSE\n",
      { key: "id", types: { b: "BOOLEAN" } },
      [
        ["boolean", 2, "b", "true"],
        ["boolean", 3, "b", "1"],
      ],
    ],
    [
      "date",
      "id,d\n1,2024-02-29\n2,2023-02-29\n3,2024-1-1\n4,2024-01-01 \n",
      { key: "id", types: { d: "DATE" } },
      [
        ["date", 2, "d", "2023-02-29"],
        ["date", 3, "d", "2024-1-1"],
        ["date", 4, "d", "2024-01-01 "],
      ],
    ],
    [
      "date: a time beyond the day",
      "id,d\n1,2024-02-29T23:59:59Z\n2,2024-02-29T24:00:00Z\n3,2024-02-29T10:00:00+01\n",
      { key: "id", types: { d: "DATE" } },
      [
        ["date", 2, "d", "2024-02-29T24:00:00Z"],
        ["date", 3, "d", "2024-02-29T10:00:00+01"],
      ],
    ],
    [
      "date_format: another of the six",
      "id,d\n1,2024-02-29\n2,29.02.2024\n3,2024-03-01\n",
      { key: "id", types: { d: "DATE" } },
      [["date_format", 2, "d", "29.02.2024"]],
    ],
    ["date_format: could be either", "id,d\n1,01/02/2024\n2,12/12/2024\n", { key: "id" }, [["date_format", undefined, "d", undefined]]],
    [
      "phone",
      "id,p\n1,+4917012345678\n2,017012345\n3,+49 170\n4,+0123456\n5,+1234567890123456\n6,+123456789012345\n",
      { key: "id", phone: ["p"] },
      [
        ["phone", 2, "p", "017012345"],
        ["phone", 3, "p", "+49 170"],
        ["phone", 4, "p", "+0123456"],
        ["phone", 5, "p", "+1234567890123456"],
      ],
    ],
    ["attribute_duplicate", "id,a,A\n1,2,3\n", { key: "id" }, [["attribute_duplicate", undefined, "A", undefined]]],
    ["attribute_name", "id,\n1,2\n", { key: "id" }, [["attribute_name", undefined, "", undefined]]],
    ["delimiter: another one", "id,a\n1,2\n2|3\n", { key: "id" }, [["delimiter", 2, undefined, "2|3"]]],
    ["delimiter: more fields", "id,a\n1,2,3\n", { key: "id" }, [["delimiter", 1, undefined, "1,2,3"]]],
    ["rows", "id,a\n", { key: "id" }, [["rows", undefined, undefined, undefined]]],
    ["set_name", "id\n1\n", { key: "id", set: "My set" }, [["set_name", undefined, undefined, "My set"]]],
  ];
  test.each(broken)("%s", async (_, content, options, expected) => {
    const made = await make(csv(content), options);
    expect(told(made)).toEqual(expected);
    expect(made.violationCount).toBe(expected.length);
    expect(made.text).toBeUndefined();
    for (const { message } of made.violations) expect(message.length).toBeGreaterThan(20);
  });

  test("encoding", async () => {
    const made = await make(csv(Buffer.concat([Buffer.from("id,name\n1,a\n2,"), Buffer.from([0xe4]), Buffer.from("\n")])), { key: "id" });
    expect(made.violations).toMatchObject([
      { rule: "encoding", column: "name", message: expect.stringContaining('row 2 (line 3): "name" is not UTF-8') as string },
    ]);
  });

  test("attribute_type: what the source cannot give", async () => {
    const made = await make({ query: "SELECT 1 AS id, DATE '2024-01-01' AS d, true AS b" }, { key: "id", types: { d: "NUMBER", b: "DATE" } });
    expect(told(made)).toEqual([
      ["attribute_type", undefined, "d", undefined],
      ["attribute_type", undefined, "b", undefined],
    ]);
  });

  test("numbers and dates of DuckDB that no file can hold", async () => {
    const made = await make(
      {
        query:
          "SELECT * FROM (VALUES (1, 'nan'::DOUBLE, DATE '2024-01-01'), (2, 'inf'::DOUBLE, DATE '12024-01-01'), (3, 1.5, 'infinity'::DATE)) AS t(id, n, d)",
      },
      { key: "id" },
    );
    expect(told(made).map(([rule, row, column]) => [rule, row, column])).toEqual([
      ["number", 1, "n"],
      ["number", 2, "n"],
      ["date", 2, "d"],
      ["date", 3, "d"],
    ]);
  });

  test("file_size, to the byte", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "a.csv"), "id,a\n1,ä\n2,b\n");
    const config = readConfig({ warehouse: join(folder, "w.duckdb") }, "test");
    const wish = { set: "A", definition: { source: { file: join(folder, "a.csv") }, key: "id" }, changed: false, maxErrors: 10 };
    const sized = async (fileBytes: number) => {
      const scratch = await Scratch.make(config.warehouse, config.limits, "check");
      try {
        return await prepareFile(
          scratch,
          wish,
          undefined,
          readerOf(doorTo(config, { signal: new AbortController().signal, patience: PATIENCE_MS })),
          { fileBytes },
        );
      } finally {
        await scratch.remove();
      }
    };
    expect(await sized(14)).toMatchObject({ bytes: 14, violations: [] });
    expect((await sized(13)).violations).toMatchObject([{ rule: "file_size" }]);
  });

  test("all broken rules are counted, the first are told", async () => {
    const made = await make(csv(`id,n\n${Array.from({ length: 500 }, (_, row) => `${row},x\n`).join("")}`), {
      key: "id",
      types: { n: "NUMBER" },
      maxErrors: 3,
    });
    expect(made.violationCount).toBe(500);
    expect(told(made)).toEqual([1, 2, 3].map((row) => ["number", row, "n", "x"]));
  });
});

describe("dates", () => {
  test.each([
    ["a format that only one can be", "id,d\n1,31/12/2024\n2,01/02/2024\n", {}, "DD/MM/YYYY"],
    ["the month first", "id,d\n1,12/31/2024\n2,01/02/2024\n", {}, "MM/DD/YYYY"],
    ["one that is said", "id,d\n1,01/02/2024\n", { dateFormat: "MM/DD/YYYY" }, "MM/DD/YYYY"],
    ["dots", "id,d\n1,31.12.2024\n", {}, "DD.MM.YYYY"],
    ["year first", "id,d\n1,2024/12/31\n", {}, "YYYY/MM/DD"],
  ] as const)("%s", async (_, content, options, expected) => {
    const made = await make(csv(content), { key: "id", ...options });
    expect(made.violations).toEqual([]);
    expect(made.text).toBe(content);
    expect(made.columns[1]).toMatchObject({ type: "DATE", dateFormat: expected });
  });

  test("of two columns share what both can be", async () => {
    const made = await make(csv("id,d,e\n1,01/02/2024,31/12/2024\n"), { key: "id" });
    expect(made.violations).toEqual([]);
    expect(made.columns[1]?.dateFormat).toBe("DD/MM/YYYY");
  });

  test("of DuckDB without any time need none", async () => {
    expect((await make({ query: "SELECT 1 AS id, DATE '2024-02-29' AS d" }, { key: "id" })).text).toBe("id,d\n1,2024-02-29\n");
  });

  test("that are text take DuckDB's days with them, but not its times", async () => {
    const query = (kind: string) => ({ query: `SELECT 1 AS id, '29.02.2024' AS d, ${kind} '2024-03-01' AS e` });
    expect((await make(query("DATE"), { key: "id", types: { d: "DATE" } })).text).toBe("id,d,e\n1,29.02.2024,01.03.2024\n");
    expect(told(await make(query("TIMESTAMP"), { key: "id", types: { d: "DATE" } }))).toEqual([["date_format", undefined, "e", undefined]]);
    const normalized = await make(query("TIMESTAMP"), { key: "id", types: { d: "DATE" }, normalize: true });
    expect(normalized.text).toBe("id,d,e\n1,2024-02-29T00:00:00Z,2024-03-01T00:00:00Z\n");
  });
});

describe("normalized, where it is asked for", () => {
  test("dates of several spellings become one format", async () => {
    const made = await make(csv("id,d\n1,2024-02-29T10:00:00+02:00\n2,2024/3/1\n3,1.3.2024\n4,31/12/2024\n5,\n6,2024-03-01\n"), {
      key: "id",
      types: { d: "DATE" },
      normalize: true,
    });
    expect(made.violations).toEqual([]);
    expect(made.text).toBe(
      "id,d\n1,2024-02-29T08:00:00Z\n2,2024-03-01T00:00:00Z\n3,2024-03-01T00:00:00Z\n4,2024-12-31T00:00:00Z\n5,\n6,2024-03-01T00:00:00Z\n",
    );
    expect(made.notes).toContain('5 values of "d" were normalized');
  });

  test.each([
    ["MM/DD/YYYY", "02/01/2024"],
    ["DD/MM/YYYY", "02/01/2024"],
  ] as const)("slashed dates are read as %s where that is said", async (dateFormat, expected) => {
    expect((await make(csv("id,d\n1,2/1/2024\n"), { key: "id", types: { d: "DATE" }, normalize: true, dateFormat })).text).toBe(
      `id,d\n1,${expected}\n`,
    );
  });

  test("and are a broken rule where nobody says it", async () => {
    expect(told(await make(csv("id,d\n1,2/1/2024\n"), { key: "id", types: { d: "DATE" }, normalize: true }))).toEqual([
      ["date_format", undefined, "d", undefined],
    ]);
  });
});

describe("quoting", () => {
  const QUERY = (value: string) => ({ query: `SELECT 1 AS id, ${value} AS t` });
  test.each([
    ["the comma where nothing has one", "'a|b'", "id,t\n1,a|b\n", "comma"],
    ["the tab where a value has a comma", "'a,b|c'", "id\tt\n1\ta,b|c\n", "tab"],
    ["the pipe where values have the others", "'a,b' || chr(9)", "id|t\n1|a,b\t\n", "pipe"],
  ] as const)("takes %s", async (_, value, text, delimiter) => {
    const made = await make(QUERY(value), { key: "id" });
    expect(made).toMatchObject({ text, delimiter, notes: [] });
  });

  test("quotes where all three occur, and says so", async () => {
    const made = await make(QUERY("'a,b|c' || chr(9) || '\"q\"'"), { key: "id" });
    expect(made.text).toBe('id,t\n1,"a,b|c\t""q"""\n');
    expect(made.notes[0]).toContain("fields are quoted (RFC 4180)");
  });

  test("quotes line breaks, and quotes in names", async () => {
    const made = await make({ query: "SELECT 1 AS id, 'a' || chr(10) || 'b' AS \"t\"\"x\"" }, { key: "id" });
    expect(made.text).toBe('id,"t""x"\n1,"a\nb"\n');
  });
});

describe("numbers of DuckDB are written without exponents", () => {
  test.each([
    ["1e20::DOUBLE", "100000000000000000000"],
    ["-1.5e-10::DOUBLE", "-0.00000000015"],
    ["1.25e17::DOUBLE", "125000000000000000"],
    ["0.1::DOUBLE", "0.1"],
    ["3::DOUBLE", "3.0"],
    ["-0.000001::DOUBLE", "-0.000001"],
    ["12345678901234567890.1234::DECIMAL(38, 4)", "12345678901234567890.1234"],
    ["170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"],
  ])("%s", async (value, expected) => {
    const made = await make({ query: `SELECT 1 AS id, ${value} AS n` }, { key: "id" });
    expect(made.violations).toEqual([]);
    expect(made.text).toBe(`id,n\n1,${expected}\n`);
  });
});

describe("bad sources", () => {
  test.each([
    [{ query: "SELECT 1 AS id, [1] AS l" }, { key: "id" }, "usage", 'the column "l" is INTEGER[]'],
    [{ query: "DELETE FROM signalhouse.jobs" }, { key: "id" }, "usage", "query only reads"],
    [{ query: "SELECT nothing" }, { key: "id" }, "query_failed", "nothing"],
    [{ query: "FROM read_csv('/etc/passwd')" }, { key: "id" }, "query_failed", "no other files"],
    [{ name: "a.xlsx", content: "x" }, { key: "id" }, "usage", "does not say what it is"],
    [csv(""), { key: "id" }, "usage", "is empty"],
    [csv("id\n1\n"), { key: "no" }, "usage", '--key names "no", which is no column'],
    [csv("id\n1\n"), { key: "id", types: { no: "TEXT" } }, "usage", '--types names "no"'],
    [csv("id\n1\n"), { key: "id", phone: ["no"] }, "usage", '--phone names "no"'],
    [csv("id\n1\n"), { key: "id", columns: [{ from: "no" }] }, "usage", '--columns names "no"'],
    [{ name: "a.json", content: "[]" }, { key: "id" }, "refset_invalid", "has no rows"],
    [{ name: "a.json", content: "[1]" }, { key: "id" }, "refset_invalid", "something is no object"],
  ] as [Parameters<typeof make>[0], Options, string, string][])("%j %j", async (source, options, code, message) => {
    const failure = await failureOf(make(source, options));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(message);
  });

  test("a file that is not there", async () => {
    const config = readConfig({ warehouse: join(scratchFolder(), "w.duckdb") }, "test");
    const { signal } = new AbortController();
    const wish = { set: "A", definition: { source: { file: "/nowhere/a.csv" } }, changed: false, maxErrors: 10 };
    const failure = await failureOf(
      writeReferenceSet({ config, readWarehouse: readerOf(doorTo(config, { signal, patience: PATIENCE_MS })), signal }, wish, undefined, undefined),
    );
    expect(failure.code).toBe("not_found");
  });
});
