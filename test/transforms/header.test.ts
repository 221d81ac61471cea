import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EXPORT_COLUMNS } from "../../schemas/export-columns.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import { readHeader } from "../../transforms/header.ts";
import { gzip, read, readOne, readSignalRecords } from "./reading.ts";

const columnsOf = (names: readonly string[], known: readonly ContactColumn[] = []) =>
  readHeader(names, known)
    .fields.slice(1)
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
    expect(columnsOf(["SIGNAL_ID", ...names])).toEqual(columns);
  });

  test("keep the column that they have", () => {
    const first = readHeader(["SIGNAL_ID", "E-Mail", "E Mail", "E Mail"], []);
    expect(first.added).toEqual([
      { header: "E-Mail", occurrence: 1, column: "contact_e_mail" },
      { header: "E Mail", occurrence: 1, column: "contact_e_mail_2" },
      { header: "E Mail", occurrence: 2, column: "contact_e_mail_3" },
    ]);
    const second = readHeader(["SIGNAL_ID", "E Mail", "e_mail", "E-Mail"], first.added);
    expect(second.fields.slice(1).map(({ column }) => column)).toEqual(["contact_e_mail_2", "contact_e_mail_4", "contact_e_mail"]);
    expect(second.added).toEqual([{ header: "e_mail", occurrence: 1, column: "contact_e_mail_4" }]);
  });

  test("never share a column, and have the same one in every later file", () => {
    const header = fc.array(fc.oneof(fc.constantFrom("Email", "email", "E-Mail", "email 2", "NAME", "Name", "name_2"), fc.string({ maxLength: 4 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(header, header, (one, two) => {
        const plain = (names: readonly string[]) => ["SIGNAL_ID", ...names.map((name) => name.replaceAll("\r", ""))];
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
    const { added } = readHeader(["SIGNAL_ID", ...Array.from({ length: 50_000 }, () => "x")], []);
    expect(added.at(-1)?.column).toBe("contact_x_50000");
  });
});

describe("fixed columns", () => {
  test("are found in any order, and each may be missing", () => {
    const names = Object.keys(EXPORT_COLUMNS);
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 1 }), (some) => {
        const header = readHeader(["SIGNAL_ID", ...some.filter((name) => name !== "SIGNAL_ID")], []);
        expect(header.added).toEqual([]);
        for (const [name, position] of header.positions) expect(header.names[position]).toBe(name);
        expect(header.positions.size).toBe(header.names.length);
      }),
    );
  });
});

describe("header_missing", () => {
  test.each<[string, string[], RegExp]>([
    ["a data row", ["a1", "emailOpen", "2025-09-01"], /names none of SIGNAL_TYPE.*starts "a1,emailOpen/],
    ["lower case", ["signal_id", "signal_type"], /names none/],
    ["semicolons", ["SIGNAL_ID;SIGNAL_TYPE;TIMESTAMP"], /separated by semicolons.*starts "SIGNAL_ID;SIGNAL_TYPE;/],
    ["tabs", ["Email\tSIGNAL_ID", "Name\tTIMESTAMP"], /separated by tabs/],
    ["a semicolon in a data row", ["a1;b", "emailOpen"], /names none/],
    ["nothing", [""], /names none/],
  ])("%s", (_, names, message) => {
    expect(() => readHeader(names, [])).toThrow(
      expect.objectContaining({ code: "header_missing", message: expect.stringMatching(message) as string }),
    );
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
    expect(await read("SIGNAL_ID,SIGNAL_TYPE")).toEqual([]);
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
