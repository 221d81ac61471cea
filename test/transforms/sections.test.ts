/** Header rows as they stand in files: the first one, however it is written, and those of files that were joined. */
import { describe, expect, test } from "vitest";
import { MOST_CONTACT_COLUMNS } from "../../schemas/header.ts";
import { sectionsOf } from "../../transforms/sections.ts";
import { gzip, piecesOf, read, readSignalRecords } from "./reading.ts";

const FIRST = "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,RECEIVED_TIMESTAMP,NAME,Email\n";
const OTHER = "RECEIVED_TIMESTAMP,NAME,SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,Tier\n";
const one = (id: string) => `${id},pageView,2025-09-01T00:00:00.000Z,2025-09-02T00:00:00.000Z,a page,a@x.example\n`;
const other = (id: string) => `2025-09-02T00:00:00.000Z,a page,${id},pageView,2025-09-01T00:00:00.000Z,gold\n`;
const said = async (file: string | Uint8Array) =>
  (await readSignalRecords(file)).map(({ record_no, signal_id, occurred_at }) => [record_no, signal_id, occurred_at]);
const AT = "2025-09-01T00:00:00.000Z";

test("a later header row of few columns holds for the records behind it, where it names attributes of the one before", async () => {
  const file = `SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,Email,Phone\n1,emailSend,${AT},a@x.example,+491\nEmail,SIGNAL_TYPE,TIMESTAMP,Phone,Tier\nb@x.example,emailSend,${AT},+492,gold\n`;
  expect(await readSignalRecords(file)).toMatchObject([
    { signal_id: "1", contact_email: "a@x.example", contact_phone: "+491" },
    { contact_email: "b@x.example", contact_phone: "+492", contact_tier: "gold" },
  ]);
});

describe("the first header row", () => {
  const row = "1,order,2025-09-01\n";
  test.each([
    ["several byte order marks", "\ufeff\ufeff\ufeffSIGNAL_ID,SIGNAL_TYPE,TIMESTAMP"],
    ["several byte order marks before a quote", '\ufeff\ufeff"SIGNAL_ID","SIGNAL_TYPE","TIMESTAMP"'],
    ["a blank before a quote", ' "SIGNAL_ID",SIGNAL_TYPE,TIMESTAMP'],
    ["blanks around quotes", '"SIGNAL_ID" , "SIGNAL_TYPE" ,\u00a0"TIMESTAMP"'],
    ["a zero-width space before a quote", '\u200b"SIGNAL_ID",SIGNAL_TYPE,"TIMESTAMP"\u200b'],
    ["a byte order mark within quotes", '"\ufeffSIGNAL_ID","SIGNAL_TYPE","TIMESTAMP"'],
    ["quotes within quotes", '"""SIGNAL_ID""","""SIGNAL_TYPE""","""TIMESTAMP"""'],
    ["doubled quotes", '""SIGNAL_ID"",""SIGNAL_TYPE"",""TIMESTAMP""'],
    ["typographic and single quotes", "\u201cSIGNAL_ID\u201d,'SIGNAL_TYPE',\u00abTIMESTAMP\u00bb"],
    ["tabs, blanks and marks of direction", "\tSIGNAL_ID ,\u200eSIGNAL_TYPE\u3000,TIMESTAMP\u2007"],
    ["empty lines before it", "\ufeff\n\r\n\ufeffSIGNAL_ID,SIGNAL_TYPE,TIMESTAMP"],
  ])("with %s", async (_, header) => {
    for (const end of ["\n", "\r\n"]) expect(await said(header + end + row)).toEqual([[1, "1", AT]]);
  });

  test("keeps commas within quotes, also where it is no CSV", async () => {
    expect(await readSignalRecords(' "SIGNAL_TYPE", "Name, first","TIMESTAMP"\norder,Ana,2025-09-01\n')).toMatchObject([
      { contact_name_first: "Ana" },
    ]);
  });

  test.each(['"SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP\n', ' "SIGNAL_ID",SIGNAL_TYPE,"TIMESTAMP\n', 'SIGNAL"_ID,SIGNAL_TYPE,TIMESTAMP\n'])(
    "whose quotes do not pair up is refused: %j",
    async (header) => {
      await expect(read(header + row)).rejects.toMatchObject({
        code: "header_missing",
        message: expect.stringContaining("cannot be read as a header: a quote stands where none may") as string,
      });
    },
  );
});

describe("a header row in the middle", () => {
  const both = [
    [1, "1", AT],
    [2, "2", AT],
    [3, "3", AT],
  ];
  test.each([
    ["the same again", FIRST + one("1") + FIRST + one("2") + one("3")],
    ["the same again at once, and at the end", FIRST + FIRST + one("1") + one("2") + FIRST + one("3") + FIRST],
    ["other columns in another order", FIRST + one("1") + OTHER + other("2") + other("3")],
    ["another order, and back again", FIRST + one("1") + OTHER + other("2") + FIRST + one("3")],
    ["more columns", `SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP\n1,pageView,${AT}\n${OTHER}${other("2")}${other("3")}`],
    ["fewer columns", `${FIRST}${one("1")}SIGNAL_TIMESTAMP,SIGNAL_TYPE,SIGNAL_ID\n${AT},pageView,2\n${AT},pageView,3\n`],
    ["two columns", `SIGNAL_TYPE,TIMESTAMP\npageView,${AT}\nTIMESTAMP,SIGNAL_TYPE\n${AT},pageView\n${AT},pageView\n`],
    ["a byte order mark", `${FIRST}${one("1")}\ufeff${OTHER}${other("2")}${other("3")}`],
    ["a byte order mark before quotes", `${FIRST}${one("1")}\ufeff"RECEIVED_TIMESTAMP"${OTHER.slice(18)}${other("2")}${other("3")}`],
    ["quotes and CRLF", `${FIRST}${one("1")}${OTHER.trimEnd().replaceAll(/\w+/g, '"$&"')}\r\n${other("2")}${other("3")}`],
    [
      "an attribute called as a type where the type stands",
      `${FIRST}${one("1")}SIGNAL_ID,Order,SIGNAL_TYPE,SIGNAL_TIMESTAMP\n2,x,pageView,${AT}\n3,y,pageView,${AT}\n`,
    ],
    [
      "an attribute with a very long name",
      `${FIRST}${one("1")}SIGNAL_ID,${"x".repeat(5000)},SIGNAL_TYPE,SIGNAL_TIMESTAMP\n2,x,pageView,${AT}\n3,y,pageView,${AT}\n`,
    ],
  ])("holds for the records behind it, and is none itself: %s", async (name, file) => {
    const expected = name === "two columns" ? both.map(([recordNo]) => [recordNo, undefined, AT]) : both;
    expect(await said(file)).toEqual(expected);
    expect(await said(gzip(file))).toEqual(expected);
  });

  test("of a gzip member of its own", async () => {
    expect(await said(Buffer.concat([gzip(FIRST + one("1")), gzip(OTHER + other("2") + other("3"))]))).toEqual(both);
  });

  test("swaps no values, and gives each attribute its column", async () => {
    expect(await readSignalRecords(FIRST + one("1") + OTHER + other("2"))).toMatchObject([
      { signal_timestamp: AT, received_timestamp: "2025-09-02T00:00:00.000Z", contact_email: "a@x.example" },
      { signal_timestamp: AT, received_timestamp: "2025-09-02T00:00:00.000Z", contact_tier: "gold" },
    ]);
  });

  test("leaves rejects what they are, with their numbers", async () => {
    const records = await read(`${FIRST}${one("1")}too,few\n${OTHER}${other("3")}4,"broken\n${other("5")}`);
    expect(records.map((record) => [record.record_no, record.kind === "reject" ? record.code : record["signal_id"]])).toEqual([
      [1, "1"],
      [2, "field_count"],
      [3, "3"],
      [4, "csv_broken"],
      [5, "5"],
    ]);
    expect(records[1]).toMatchObject({ reason: "the row has 2 fields, the header 6" });
  });

  test.each([
    ["behind the last field of a record", `${FIRST}${one("1").trimEnd()}${OTHER}${other("2")}`],
    ["behind it, with a byte order mark", `${FIRST}${one("1").trimEnd()}\ufeff${OTHER}${other("2")}`],
    ["behind a last field in quotes", `${FIRST}1,pageView,${AT},${AT},,"a@x.example"${OTHER}${other("2")}`],
    ["behind a record without a time", `${FIRST}1,pageView,,,,a@x.example${OTHER}${other("2")}`],
    ["behind content", `SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,SIGNAL_CONTENT\n1,pageView,${AT},"{""url"":""a"",""b"":1}"${OTHER}${other("2")}`],
    ["with a quote left open", `${FIRST}${one("1")}"${OTHER}${other("2")}`],
  ])("that is no line of its own fails the file: %s", async (_, file) => {
    await expect(read(file)).rejects.toMatchObject({
      code: "header_missing",
      message: expect.stringMatching(/^a second header row.* stands in one line with the record before it, or its quotes do not pair up/) as string,
      hint: expect.stringContaining("load them one by one") as string,
    });
  });

  test.each([
    [
      "small letters",
      `${FIRST}${one("1")}${OTHER.toLowerCase()}${other("2")}`,
      /^a second header row, behind record 1, has the names .* in other letters/,
    ],
    [
      "no type",
      `${FIRST}${one("1")}SIGNAL_ID,NAME,SIGNAL_TIMESTAMP\n2,x,${AT}\n`,
      /^a second header row, behind record 1, is not the header .* neither SIGNAL_TYPE/,
    ],
  ])("that cannot be used fails the file: %s", async (_, file, message) => {
    await expect(read(file)).rejects.toMatchObject({ code: "header_missing", message: expect.stringMatching(message) as string });
  });

  test.each([
    ["in texts", `1,pageView,${AT},,SIGNAL_TYPE,SIGNAL_ID`],
    ["in nearly all fields", `SIGNAL_ID,SIGNAL_TYPE,${AT},RECEIVED_TIMESTAMP,NAME,Email`],
    ["with a time that is not Connect's", `SIGNAL_ID,SIGNAL_TYPE,2025-09-01,RECEIVED_TIMESTAMP,NAME,Email`],
    ["with a time in the second column of times", `SIGNAL_ID,SIGNAL_TYPE,,${AT},NAME,TAGS`],
  ])("is no record that has such names as values: %s", async (_, row) => {
    expect(await readSignalRecords(`${FIRST}${row}\n${one("2")}`)).toMatchObject([
      { record_no: 1 },
      { record_no: 2, signal_id: "2", contact_email: "a@x.example" },
    ]);
  });

  test.each([
    ["a type, and no time", "1,pageView,,,SIGNAL_TYPE,SIGNAL_ID TIMESTAMP"],
    ["few names", "1,later,soon,,NAME,SIGNAL_ID"],
    ["names in a text with commas that are not quoted", `1,pageView,,,SIGNAL_ID,SIGNAL_TYPE,a@x.example`],
  ])("is no record that is to be rejected: %s", async (_, row) => {
    const [reject, record] = await read(`${FIRST}${row}\n${one("2")}`);
    expect([reject?.kind, record?.kind]).toEqual(["reject", "signal"]);
  });
});

test.each([
  [3, "limits.maxContactColumns, and limits.memory with it"],
  [MOST_CONTACT_COLUMNS, "That is the most that there may be"],
])("with more contact attributes than %d, what to do is something that can be done", async (maxContactColumns, advice) => {
  const names = Array.from({ length: maxContactColumns + 1 }, (_, number) => `Attribute ${number}`);
  const file = Buffer.from(`SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,${names.join(",")}\n`);
  const read = async () => {
    for await (const _ of sectionsOf(piecesOf(file), { maxRecordBytes: 1e6, maxExpansionRatio: 10, contactColumns: [], maxContactColumns }));
  };
  await expect(read()).rejects.toMatchObject({ code: "too_many_columns", hint: expect.stringContaining(advice) as string });
});
