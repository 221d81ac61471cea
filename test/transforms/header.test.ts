import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EXPORT_COLUMNS } from "../../schemas/export-columns.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import { readHeader } from "../../transforms/header.ts";
import { gzip, read, readOne, readSignalRecords } from "./reading.ts";

const MINIMAL = ["SIGNAL_TYPE", "TIMESTAMP"];

const columnsOf = (names: readonly string[], known: readonly ContactColumn[] = []) =>
  readHeader([...MINIMAL, ...names], known)
    .fields.slice(2)
    .map(({ column }) => column);

describe("contact attributes", () => {
  test.each([
    [
      ["Email", "Customer ID"],
      ["contact_email", "contact_customer_id"],
    ],
    [
      ["Name", "Tags", "Description"],
      ["contact_name", "contact_tags", "contact_description"],
    ],
    [
      ["NAME", "NAME", "Name"],
      ["name", "contact_name", "contact_name_2"],
    ],
    [
      ["Email", "email", "E-Mail", "E Mail"],
      ["contact_email", "contact_email_2", "contact_e_mail", "contact_e_mail_2"],
    ],
    [
      ["Email", "Email", "Email"],
      ["contact_email", "contact_email_2", "contact_email_3"],
    ],
    [
      ["Email 2", "Email", "Email"],
      ["contact_email_2", "contact_email", "contact_email_3"],
    ],
    [
      ["Email", "Email", "Email 2"],
      ["contact_email", "contact_email_2", "contact_email_2_2"],
    ],
    [
      ["", " ", "%"],
      ["contact_unnamed", "contact_unnamed_2", "contact_unnamed_3"],
    ],
    [
      ["__proto__", "constructor"],
      ["contact_proto", "contact_constructor"],
    ],
  ])("%j have the columns %j", (names, columns) => {
    expect(columnsOf(names)).toEqual(columns);
  });

  test("keep the column that they have", () => {
    const first = readHeader([...MINIMAL, "E-Mail", "E Mail", "E Mail"], []);
    expect(first.added).toEqual([
      { header: "E-Mail", occurrence: 1, column: "contact_e_mail" },
      { header: "E Mail", occurrence: 1, column: "contact_e_mail_2" },
      { header: "E Mail", occurrence: 2, column: "contact_e_mail_3" },
    ]);
    const second = readHeader([...MINIMAL, "E Mail", "e_mail", "E-Mail"], first.added);
    expect(second.fields.slice(2).map(({ column }) => column)).toEqual(["contact_e_mail_2", "contact_e_mail_4", "contact_e_mail"]);
    expect(second.added).toEqual([{ header: "e_mail", occurrence: 1, column: "contact_e_mail_4" }]);
  });

  test("never share a column, and have the same one in every later file", () => {
    const header = fc.array(fc.oneof(fc.constantFrom("Email", "email", "E-Mail", "email 2", "NAME", "Name", "name_2"), fc.string({ maxLength: 4 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(header, header, (one, two) => {
        const plain = (names: readonly string[]) => [...MINIMAL, ...names.map((name) => name.replaceAll("\r", ""))];
        const first = readHeader(plain(one), []);
        const second = readHeader(plain(two), first.added);
        for (const { fields } of [first, second]) expect(new Set(fields.map(({ column }) => column)).size).toBe(fields.length);
        const known = [...first.added, ...second.added];
        expect(new Set(known.map(({ column }) => column)).size).toBe(known.length);
        expect(readHeader(plain(one), known)).toEqual({ ...first, added: [] });
        expect(readHeader(plain(two), known)).toEqual({ ...second, added: [] });
      }),
    );
  });

  test("ten thousand headers of one name take no quadratic time", () => {
    const { added } = readHeader([...MINIMAL, ...Array.from({ length: 50_000 }, () => "x")], []);
    expect(added.at(-1)?.column).toBe("contact_x_50000");
  });
});

describe("fixed columns", () => {
  test("are found in any order, and each may be missing", () => {
    const names = Object.keys(EXPORT_COLUMNS);
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 1 }), (some) => {
        const header = readHeader([...MINIMAL, ...some.filter((name) => !MINIMAL.includes(name))], []);
        expect(header.added).toEqual([]);
        for (const [name, position] of header.positions) expect(header.names[position]).toBe(name);
        expect(header.positions.size).toBe(header.names.length);
      }),
    );
  });
});

describe("header_missing", () => {
  test.each<[string, string[], RegExp]>([
    ["a data row", ["a1", "emailOpen", "2025-09-01"], /names neither SIGNAL_TYPE nor .* has none \(it starts "a1,emailOpen/],
    ["lower case", ["signal_id", "signal_type"], /in other letters: signal_id, signal_type;/],
    ["lower case and much else", ["Email", "signal_content", "Signal_Timestamp", "NAME"], /in other letters: signal_content, Signal_Timestamp;/],
    ["only the time in lower case", ["SIGNAL_ID", "SIGNAL_TYPE", "signal_timestamp"], /in other letters: signal_timestamp;/],
    ["semicolons", ["SIGNAL_ID;SIGNAL_TYPE;TIMESTAMP"], /separated by semicolons.*starts "SIGNAL_ID;SIGNAL_TYPE;/],
    ["tabs", ["Email\tSIGNAL_ID", "Name\tTIMESTAMP"], /separated by tabs/],
    ["pipes", ["SIGNAL_ID|SIGNAL_TYPE|TIMESTAMP"], /separated by pipes/],
    ["a line in quotes as a whole", ["SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP"], /stands in quotes as a whole/],
    ["a semicolon in a data row", ["a1;b", "emailOpen"], /has none/],
    ["nothing", [""], /has none/],
    ["another vendor's file", ["TIMESTAMP", "NAME", "TAGS", "amount"], /names neither SIGNAL_TYPE nor SIGNAL_CONTENT.* has TIMESTAMP, NAME, TAGS \(/],
    ["a reference set", ["sku", "NAME", "DESCRIPTION"], /names neither .*, and none of SIGNAL_TIMESTAMP,.* has NAME, DESCRIPTION \(/],
    ["no time", ["SIGNAL_ID", "SIGNAL_TYPE", "Email"], /it names none of SIGNAL_TIMESTAMP,.* has SIGNAL_ID, SIGNAL_TYPE \(/],
    ["one column alone", ["SIGNAL_CONTENT", "Email"], /one column alone tells no signal; .* has SIGNAL_CONTENT \(/],
  ])("%s", (_, names, message) => {
    expect(() => readHeader(names, [])).toThrow(
      expect.objectContaining({ code: "header_missing", message: expect.stringMatching(message) as string }),
    );
  });

  test.each([
    ["Signal_ID", "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,SIGNAL_CONTENT"],
    ["SIGNAL TYPE", "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,SIGNAL_CONTENT"],
    ["SIGNAL\u00a0CONTENT", "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,SIGNAL_CONTENT"],
    ["\uff33\uff29\uff27\uff2e\uff21\uff2c_\uff29\uff24", "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,SIGNAL_CONTENT"],
    ["signal-timestamp", "SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP,SIGNAL_CONTENT"],
  ])("a column that says which signal a record is, as %j: no contact attribute is called so", (name, names) => {
    const fixed = name.normalize("NFKC").toUpperCase().replaceAll(/[\s-]/g, "_");
    const shown = name.replace("\u00a0", " ");
    expect(() => readHeader(names.replace(fixed, name).split(","), [])).toThrow(`the first row has ${JSON.stringify(shown)} in place of ${fixed}: `);
    // Beside the column itself it is one.
    expect(readHeader([...names.split(","), name], []).added).toHaveLength(1);
  });

  test("a file whose lines end in CR alone is refused, not taken for a header without rows", async () => {
    await expect(read("SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP\r1,order,2025-09-01\r2,order,2025-09-01\r")).rejects.toMatchObject({
      code: "header_missing",
      message: expect.stringContaining("carriage return") as string,
    });
  });

  test.each(["\n\n\n", "\ufeff", "\r\n", gzip(""), gzip("\ufeff\n")])("a file without any text: %j", async (file) => {
    await expect(read(file)).rejects.toMatchObject({
      code: "header_missing",
      message: expect.stringContaining("no text in it") as string,
    });
  });

  test("a header alone is an export without records", async () => {
    expect(await read("SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP")).toEqual([]);
  });

  test.each([
    ["SIGNAL_ID,SIGNAL_TYPE,SIGNAL_TIMESTAMP"],
    ["SIGNAL_TYPE,TIMESTAMP"],
    ["SIGNAL_CONTENT,RECEIVED_TIMESTAMP"],
    ["SIGNAL_ID,SIGNAL_CONTENT"],
  ])("%s are columns enough", (names) => {
    expect(readHeader(names.split(","), []).positions.size).toBe(names.split(",").length);
  });
});

test("a header row may have a byte order mark, quotes and CRLF, and stand after empty lines", async () => {
  const rows = await readSignalRecords('\ufeff\r\n\r\n"SIGNAL_ID","SIGNAL_TYPE",TIMESTAMP,"First\r\nname"\r\n1,order,2025-09-01,Ana\r\n');
  expect(rows).toMatchObject([{ record_no: 1, signal_id: "1", contact_first_name: "Ana" }]);
});

test("an attribute's name cannot reach another field of the record", async () => {
  const record = await readOne({
    SIGNAL_ID: "1",
    SIGNAL_TYPE: "order",
    TIMESTAMP: "2025-09-01",
    __proto__x: "a",
    constructor: "b",
    kind: "c",
    signal_key: "d",
    items: "e",
  });
  expect(record).toMatchObject({ kind: "signal", signal_key: "1", items: [], contact_constructor: "b", contact_kind: "c", contact_signal_key: "d" });
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
});
