/** What header rows do to a load, on both paths: columns of contacts, names that stand twice, header rows in the middle, files that are none. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Reader, READERS } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { sealAll } from "../../sinks/seals.ts";
import { piecesOf } from "../transforms/reading.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

/** So that DuckDB reads small files, too, in several stretches. */
const SMALL = { sizes: { rowGroup: 8 * 1024, stretch: 32 * 1024 } };
/** In one stretch. */
const LARGE = { sizes: { rowGroup: 1024 * 1024, stretch: 4 * 1024 * 1024 } };

const loading = (scratch: Scratch, reader: Reader, files: readonly Source[], sizes = SMALL) => scratch.load(files, { reader, ...sizes });
const file = (path: string, mtime: number, bytes: string | Uint8Array): Source => {
  const data = Buffer.from(bytes);
  return { ...memoryFile(path, mtime, data), open: () => piecesOf(data, [3000]) };
};

const rowPathRecords = async (scratch: Scratch) => Number(await scratch.value("SELECT row_path_records FROM signalhouse.loads"));
const contactColumns = (scratch: Scratch) => scratch.values("SELECT DISTINCT column_name FROM signalhouse.schema_changes ORDER BY ALL");

/** Ordinary page views, each with its own number. */
const pages = (from: number, count: number, more: Record<string, string> = {}) =>
  Array.from({ length: count }, (_, index) => pageView(String(from + index), "a page", { Email: `p${from + index}@x.example`, ...more }));

describe.each(READERS)("by the %s reader", (reader) => {
  test.each([
    ["two byte order marks", (text: string) => `\ufeff\ufeff${text}`],
    [
      "blanks of every kind",
      (text: string) => text.replace("SIGNAL_ID,SIGNAL_TYPE", "\u00a0SIGNAL_ID\u2007,\tSIGNAL_TYPE\u3000").replace("Email", "Email "),
    ],
    ["characters that nobody sees", (text: string) => text.replace("SIGNAL_ID", "\u200bSIGNAL_ID\u2060").replace("Email", "Em\u200bail\u200d")],
    ["quotes", (text: string) => text.replace("SIGNAL_ID", '"""SIGNAL_ID"""').replace("Email", "\u201cEmail\u201d")],
    ["a blank before a quote", (text: string) => text.replace("SIGNAL_ID", ' "SIGNAL_ID"')],
  ])("names with %s are what they are: no signal is doubled, no column made", async (_, change) => {
    const scratch = await scratchWarehouse();
    const text = csv(pages(0, 200));
    const results = await loading(scratch, reader, [file("a.csv", 1, text), file("b.csv", 2, change(text))]);
    expect(results).toMatchObject([
      { inserted: 200, newColumns: [{ column: "contact_email", header: "Email" }] },
      { inserted: 0, unchanged: 200, newColumns: [] },
    ]);
    expect(await contactColumns(scratch)).toEqual(["contact_email"]);
  });

  test("a file that brings more contact attributes than the limit is refused; what is there already is none that it brings", async () => {
    const scratch = await scratchWarehouse();
    const limits = { maxContactColumns: 3 };
    const view = (id: string, ...attributes: string[]) => csv([pageView(id, "", Object.fromEntries(attributes.map((name) => [name, "x"])))]);
    const files = [
      file("a.csv", 1, view("1", "Email", "Tier")),
      file("b.csv", 2, view("2", "Tier", "City", "Colour")),
      // Its later header row brings the third and the fourth.
      file("c.csv", 3, view("3", "Tier", "Email") + view("4", "Tier", "City", "Colour")),
      file("d.csv", 4, view("5", "Tier", "Email", "City")),
      file("e.csv", 5, view("6", "Tier", "Email", "City")),
    ];
    const results = await scratch.load(files, { reader, ...SMALL, limits });
    expect(results).toMatchObject([
      { status: "loaded", inserted: 1 },
      {
        status: "failed",
        code: "too_many_columns",
        retryable: false,
        message:
          "the file has 2 contact attributes that the warehouse has no columns for, such as City; with them there would be 4, and limits.maxContactColumns is 3",
        hint: expect.stringContaining("limits.maxContactColumns") as string,
      },
      { status: "failed", code: "too_many_columns" },
      { status: "loaded", inserted: 1 },
      { status: "loaded", inserted: 1 },
    ]);
    expect(await contactColumns(scratch)).toEqual(["contact_city", "contact_email", "contact_tier"]);
  });

  test("new contact columns are told, and which are spelled like others", async () => {
    const scratch = await scratchWarehouse();
    const [first, second, third] = await loading(scratch, reader, [
      file("a.csv", 1, csv([pageView("1", "", { Email: "a", "Pr\u00e9nom": "b", "Customer ID": "c" })])),
      file("b.csv", 2, csv([pageView("2", "", { "Email ": "a", "Pre\u0301nom": "b", "Customer Id": "c", Tags: "d", customer_id: "e", Tier: "f" })])),
      file("c.csv", 3, csv([pageView("3", "", { Email: "a", "Customer Id": "c" })])),
    ]);
    expect(first).toMatchObject({
      newColumns: [
        { column: "contact_email", header: "Email" },
        { column: "contact_prénom", header: "Prénom" },
        { column: "contact_customer_id", header: "Customer ID" },
      ],
    });
    const customer = { column: "contact_customer_id", header: "Customer ID" };
    expect(second).toMatchObject({
      newColumns: [
        { column: "contact_customer_id_2", header: "Customer Id", like: customer },
        { column: "contact_tags", header: "Tags", like: { column: "tags", header: "TAGS" } },
        { column: "contact_customer_id_3", header: "customer_id", like: customer },
        { column: "contact_tier", header: "Tier" },
      ],
    });
    expect(third).toMatchObject({ newColumns: [] });
    expect(await scratch.rows("SELECT contact_email, contact_prénom FROM page_views WHERE signal_id = '2'")).toEqual([
      { contact_email: "a", contact_prénom: "b" },
    ]);
  });

  test("a name that stands twice goes by its neighbours, and is told", async () => {
    const scratch = await scratchWarehouse();
    const header = "SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,CONSENT_EMAIL,Email,FREQUENCY,SEGMENT_ID,CAMPAIGN_NAME,FREQUENCY,SEGMENT_ID\n";
    const [result] = await loading(scratch, reader, [
      file("a.csv", 1, `${header}1,emailSend,2025-09-01T10:00:00.000Z,OPT_IN,a@x.example,weekly,gold,Autumn,ONE TIME,seg-77\n`),
    ]);
    expect(result).toMatchObject({
      repeatedNames: [
        { header: "FREQUENCY", place: 9, others: [{ place: 6, column: "contact_frequency" }], decided: true },
        { header: "SEGMENT_ID", place: 10, others: [{ place: 7, column: "contact_segment_id" }], decided: true },
      ],
    });
    expect(await scratch.rows("SELECT frequency, segment_id, contact_frequency, contact_segment_id FROM email_sends")).toEqual([
      { frequency: "ONE TIME", segment_id: "seg-77", contact_frequency: "weekly", contact_segment_id: "gold" },
    ]);
  });

  test("columns that older versions gave to names with blanks are those of the clean names", async () => {
    const scratch = await scratchWarehouse();
    await loading(scratch, reader, [file("a.csv", 1, csv([pageView("1", "", { Email: "a", Tier: "gold", City: "x" })]))]);
    // As if "Email " had come beside Email, Tier only with a byte order mark, and City never.
    for (const table of ["marketing_signals", "behavior_signals"]) {
      await scratch.run(`ALTER TABLE ${table} ADD COLUMN contact_email_2 VARCHAR`);
      await scratch.run(`INSERT INTO signalhouse.schema_changes BY NAME SELECT 1 AS load_id, '${table}' AS table_name, 'contact_email_2' AS column_name,
        'VARCHAR' AS column_type, 'Email ' AS header, 1 AS occurrence, now() AS changed_at`);
    }
    await scratch.run("UPDATE signalhouse.schema_changes SET header = chr(65279) || 'Tier' WHERE header = 'Tier'");
    await sealAll(scratch.warehouse.connection);
    await scratch.reopen();
    const results = await loading(scratch, reader, [
      file("b.csv", 2, csv([pageView("2", "", { "Email ": "b", Tier: "silver" })])),
      file("c.csv", 3, csv([pageView("3", "", { Email: "c", "Email ": "d" })])),
    ]);
    expect(results).toMatchObject([{ newColumns: [] }, { newColumns: [] }]);
    expect(await scratch.rows("SELECT contact_email AS a, contact_email_2 AS b, contact_tier AS c FROM behavior_signals ORDER BY signal_id")).toEqual(
      [
        { a: "a", b: null, c: "gold" },
        { a: "b", b: null, c: "silver" },
        { a: "c", b: "d", c: null },
      ],
    );
  });

  describe("a header row in the middle", () => {
    const FIRST = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "RECEIVED_TIMESTAMP", "NAME", "TAGS", "Email"];
    const OTHER = ["RECEIVED_TIMESTAMP", "SIGNAL_TIMESTAMP", "SIGNAL_TYPE", "SIGNAL_ID", "Email", "NAME"];
    const dated = (from: number, count: number) => pages(from, count, { RECEIVED_TIMESTAMP: "2025-09-02T00:00:00.000Z" });
    const SAID =
      "SELECT signal_id, record_no, signal_timestamp::VARCHAR AS at, received_timestamp::VARCHAR AS received, contact_email FROM page_views ORDER BY record_no";
    const expected = (ids: readonly number[]) =>
      ids.map((id, index) => ({
        signal_id: String(id),
        record_no: String(index + 1),
        at: "2025-09-01 10:00:00+00",
        received: "2025-09-02 00:00:00+00",
        contact_email: `p${id}@x.example`,
      }));
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

    test.each([
      ["of a gzip member", Buffer.concat([csv(dated(0, 300), FIRST), csv(dated(300, 300), OTHER)].map((text) => gzipSync(text)))],
      ["of a plain file", Buffer.from(csv(dated(0, 300), FIRST) + csv(dated(300, 300), OTHER))],
      [
        "again and again",
        Buffer.from(
          numbers(0, 20)
            .flatMap((turn) => csv(dated(turn * 30, 30), turn % 2 === 0 ? FIRST : OTHER))
            .join(""),
        ),
      ],
      [
        "the same as the first",
        Buffer.from(
          numbers(0, 20)
            .flatMap((turn) => csv(dated(turn * 30, 30), FIRST))
            .join(""),
        ),
      ],
    ])("holds for the records behind it, and is no record: %s", async (name, bytes) => {
      for (const sizes of [SMALL, LARGE]) {
        const scratch = await scratchWarehouse();
        const [result] = await loading(scratch, reader, [file("a.csv", 1, bytes)], sizes);
        expect(result).toMatchObject({ records: 600, inserted: 600, rejected: 0 });
        expect(result).toHaveProperty("laterHeaders.length", name === "again and again" ? 19 : name === "the same as the first" ? 0 : 1);
        expect(await scratch.rows(SAID)).toEqual(expected(numbers(0, 600)));
        expect(await rowPathRecords(scratch)).toBe(reader === "row" ? 600 : 0);
      }
    });

    test("that adds a contact attribute is read, by either path", async () => {
      const scratch = await scratchWarehouse();
      const text =
        csv(dated(0, 200), FIRST) +
        csv(
          dated(200, 200).map((row) => ({ ...row, Tier: "gold" })),
          [...OTHER, "Tier"],
        );
      const [result] = await loading(scratch, reader, [file("a.csv", 1, text)]);
      expect(result).toMatchObject({
        records: 400,
        inserted: 400,
        newColumns: [{ column: "contact_email" }, { column: "contact_tier" }],
        laterHeaders: [{ after: 200 }],
      });
      expect(
        await scratch.rows(
          "SELECT contact_tier, count(*)::INTEGER AS n, min(record_no)::INTEGER AS first FROM page_views GROUP BY ALL ORDER BY first",
        ),
      ).toEqual([
        { contact_tier: null, n: 200, first: 1 },
        { contact_tier: "gold", n: 200, first: 201 },
      ]);
    });

    test("that cannot be used fails the file: nothing is loaded, and no column made", async () => {
      const scratch = await scratchWarehouse();
      const text = csv(dated(0, 200), FIRST).trimEnd() + csv(dated(200, 200), OTHER);
      expect(await loading(scratch, reader, [file("a.csv", 1, text)])).toMatchObject([{ status: "failed", code: "header_missing" }]);
      expect(await contactColumns(scratch)).toEqual([]);
      expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals")).toBe(0);
    });

    test("holds for rejects behind it when they are replayed", async () => {
      const scratch = await scratchWarehouse();
      const bad = "2025-09-02T00:00:00.000Z,2025-09-01T10:00:00.000Z\n";
      const [result] = await loading(scratch, reader, [
        file("a.csv", 1, `${csv(dated(0, 50), FIRST)}too,few\n${csv([{ ...dated(51, 1)[0], Tier: "gold" }], [...OTHER, "Tier"])}${bad}`),
      ]);
      expect(result).toMatchObject({ records: 53, inserted: 51, rejected: 2 });
      await scratch.run(
        "UPDATE signalhouse.rejects SET raw = '50,pageView,2025-09-01T10:00:00.000Z,2025-09-02T00:00:00.000Z,a page,,p50@x.example' WHERE record_no = 51",
      );
      await scratch.run("UPDATE signalhouse.rejects SET raw = raw || ',pageView,52,p52@x.example,a page,silver' WHERE record_no = 53");
      expect(await scratch.replay()).toMatchObject([{ replayed: 2, inserted: 2, still_rejected: 0 }]);
      expect(await scratch.rows(SAID)).toEqual(expected(numbers(0, 53)));
      expect(await scratch.rows("SELECT record_no::INTEGER AS n, contact_tier FROM page_views WHERE contact_tier IS NOT NULL ORDER BY ALL")).toEqual([
        { n: 52, contact_tier: "gold" },
        { n: 53, contact_tier: "silver" },
      ]);
    });
  });

  test.each([
    [
      "another vendor's file",
      "TIMESTAMP,NAME,amount,Email\n2025-09-01,x,1,a@x.example\n",
      /neither SIGNAL_TYPE nor SIGNAL_CONTENT.* it has TIMESTAMP, NAME/,
    ],
    ["a reference set", "sku,NAME,DESCRIPTION\n1,x,y\n", /of an export's columns it has NAME, DESCRIPTION/],
    ["names in small letters", csv(pages(0, 1)).replace(/^.*$/m, (names) => names.toLowerCase()), /in other letters: signal_id, signal_type/],
  ])("%s is no export: nothing is loaded, and no column made", async (_, text, message) => {
    const scratch = await scratchWarehouse();
    expect(await loading(scratch, reader, [file("a.csv", 1, text)])).toMatchObject([
      { status: "failed", code: "header_missing", message: expect.stringMatching(message) as string },
    ]);
    expect(await contactColumns(scratch)).toEqual([]);
    expect(await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals")).toBe(0);
  });
});

test("a header row that adds a contact attribute fails what cannot be read again, and says how to load it", async () => {
  const scratch = await scratchWarehouse();
  const text = csv([pageView("1")]) + csv([pageView("2", "", { Tier: "gold" })]);
  const source = { ...file("stdin", 1, text), once: true };
  expect(await loading(scratch, "vector", [source])).toMatchObject([
    {
      status: "failed",
      code: "header_missing",
      message: "a second header row, behind record 1, has contact attributes that the first one has not: Tier",
      hint: expect.stringContaining("--reader row") as string,
    },
  ]);
  expect(await contactColumns(scratch)).toEqual([]);
  expect(await loading(scratch, "row", [source])).toMatchObject([{ status: "loaded", inserted: 2 }]);
});

describe("one odd record costs its own speed, not its neighbours'", () => {
  const lines = csv(pages(0, 3000)).split("\n");
  const loaded = async (bytes: Buffer) => {
    const scratch = await scratchWarehouse();
    const [result] = await loading(scratch, "vector", [{ ...memoryFile("a.csv", 1, bytes) }], LARGE);
    return { result, others: await rowPathRecords(scratch) };
  };
  /** The file with some of its lines changed. */
  const changed = (every: number, change: (line: string) => string) =>
    Buffer.from(lines.map((line, index) => (index > 0 && index % every === 0 && line !== "" ? change(line) : line)).join("\n"), "latin1");

  test("with a NUL", async () => {
    const { result, others } = await loaded(changed(1000, (line) => line.replace("a page", "a\0page")));
    expect(result).toMatchObject({ records: 3000, inserted: 3000 });
    expect(others).toBe(3);
  });

  test("that is not UTF-8", async () => {
    const { result, others } = await loaded(changed(1000, (line) => line.replace("a page", "na\u00efve")));
    expect(result).toMatchObject({ records: 3000, inserted: 3000 });
    expect(others).toBe(3);
  });

  test("that is no CSV, two hundred times", async () => {
    const { result, others } = await loaded(changed(15, (line) => line.replace("a page", '"a" page')));
    expect(result).toMatchObject({ records: 3000, inserted: 2800, rejected: 200 });
    expect(others).toBe(200);
  });
});
