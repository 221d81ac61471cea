import { describe, expect, test } from "vitest";
import { csvOf, gzip, LIMITS, read, readReject } from "./reading.ts";

const HEADER = "SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,EMAIL_SUBJECT,SIGNAL_CONTENT,City\n";
const good = (id: number) => `${id},emailSend,2025-09-01,,,\n`;
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("the number of fields", () => {
  test.each([
    ["2,emailSend", 2],
    ["2", 1],
    ["2,emailSend,2025-09-01,,", 5],
    ["2,emailSend,2025-09-01,,,,", 7],
    ['2,emailSend,2025-09-01,"a\nb",,,extra', 7],
    [" ", 1],
  ])("%j is rejected whole, and the rows around it are not", async (row, count) => {
    const records = await read(`${HEADER}${good(1)}${row}\r\n${good(3)}`);
    expect(records).toMatchObject([
      { signal_id: "1", record_no: 1 },
      { kind: "reject", record_no: 2, code: "field_count", reason: `the row has ${count} fields, the header 6`, raw: row },
      { signal_id: "3", record_no: 3 },
    ]);
    expect(records[1]).not.toHaveProperty("raw_bytes");
  });
});

describe("bytes that are not UTF-8", () => {
  test("in one field cost that field its column, and nothing else", async () => {
    const row = Buffer.concat([Buffer.from("2,emailSend,2025-09-01,"), latin1("caf\u00e9 \u00a480"), Buffer.from(",,Köln\n")]);
    const records = await read(Buffer.concat([Buffer.from(HEADER + good(1)), row, Buffer.from(good(3))]));
    expect(records.map(({ record_no }) => record_no)).toEqual([1, 2, 3]);
    expect(records[1]).toEqual({
      kind: "signal",
      table: "marketing_signals",
      record_no: 2,
      signal_key: "2",
      signal_type: "emailSend",
      occurred_at: "2025-09-01T00:00:00.000Z",
      channel: "email",
      action: "send",
      signal_id: "2",
      timestamp: "2025-09-01T00:00:00.000Z",
      contact_city: "Köln",
      extra: '{"EMAIL_SUBJECT":"caf\u00e9 \u00a480"}',
      drift: [{ field: "EMAIL_SUBJECT", reason: "not UTF-8" }],
    });
    const { EMAIL_SUBJECT } = JSON.parse(records[1]?.kind === "reject" ? "" : (records[1]?.extra ?? "")) as { EMAIL_SUBJECT: string };
    expect(latin1(EMAIL_SUBJECT)).toEqual(latin1("caf\u00e9 \u00a480"));
  });

  test("in a contact attribute, in quotes, are kept under its header", async () => {
    const [record] = await read(latin1(`${HEADER}1,emailSend,2025-09-01,,,"M\u00fcnchen, ""M\u00fc"""\n`));
    expect(record).toMatchObject({ extra: JSON.stringify({ City: 'M\u00fcnchen, "M\u00fc"' }), drift: [{ field: "City", reason: "not UTF-8" }] });
    expect(record).not.toHaveProperty("contact_city");
  });

  test("half of a character at the end of a field does not reach into the next", async () => {
    const row = Buffer.concat([Buffer.from("1,emailSend,2025-09-01,a"), Buffer.from("é").subarray(0, 1), Buffer.from(",,b\n")]);
    expect(await read(Buffer.concat([Buffer.from(HEADER), row]))).toMatchObject([{ contact_city: "b", extra: '{"EMAIL_SUBJECT":"a\u00c3"}' }]);
  });

  test("in SIGNAL_CONTENT cost the row, which is kept byte by byte", async () => {
    const row = latin1('1,order,2025-09-01,,"{""a"":""caf\u00e9""}",');
    const reject = await readReject(Buffer.concat([Buffer.from(HEADER), row, Buffer.from("\r\n")]));
    expect(reject).toMatchObject({
      code: "content_not_json",
      reason: "SIGNAL_CONTENT cannot be read: at byte 10, which is 0xe9, it is not UTF-8",
      record_no: 1,
    });
    expect(Buffer.from(reject.raw_bytes as Uint8Array).equals(row)).toBe(true);
    expect(reject.raw).toBe(row.toString("utf8"));
  });

  test.each<[string, number[], string]>([
    ["behind characters of several bytes", [0xf0, 0x9f, 0x98, 0x80, 0xff, 0x61], "at byte 5, which is 0xff"],
    ["behind a replacement character", [0xef, 0xbf, 0xbd, 0xe9, 0x78], "at byte 4, which is 0xe9"],
    ["half of a character at the end", [0x61, 0xc3], "at byte 2, which is 0xc3"],
    ["at the start", [0x80], "at byte 1, which is 0x80"],
  ])("in SIGNAL_CONTENT are told by their place: %s", async (_, bytes, place) => {
    const file = Buffer.concat([Buffer.from(`${HEADER}1,order,2025-09-01,,`), Buffer.from(bytes), Buffer.from(",\n")]);
    expect((await readReject(file)).reason).toBe(`SIGNAL_CONTENT cannot be read: ${place}, it is not UTF-8`);
  });

  test("in SIGNAL_TYPE leave the row without a type, unless its content names one", async () => {
    const type = (content: string) => latin1(`${HEADER}1,ord\u00e9r,2025-09-01,,${content},\n`);
    expect(await readReject(type(""))).toMatchObject({ code: "no_signal_type", raw_bytes: expect.any(Uint8Array) as Uint8Array });
    expect(await read(type('"{""signalType"":""order""}"'))).toMatchObject([{ signal_type: "order", extra: '{"SIGNAL_TYPE":"ord\u00e9r"}' }]);
  });

  test("in a damaged record are kept byte by byte", async () => {
    const row = latin1('1,"\u00e9"x');
    const reject = await readReject(Buffer.concat([Buffer.from(HEADER), row]));
    expect(reject.code).toBe("csv_broken");
    expect(Buffer.from(reject.raw_bytes as Uint8Array).equals(row)).toBe(true);
  });
});

describe("a record of 20 MB", () => {
  const large = "x".repeat(20 * 1024 * 1024);

  test("is read, and so are the rows after it", async () => {
    const file = csvOf([HEADER.trim().split(","), ["1", "emailSend", "2025-09-01", large, "", 'a"b'], ["2", "emailSend", "2025-09-01", "", "", "c"]]);
    const [first, second] = await read(gzip(file));
    expect(first).toMatchObject({ contact_city: 'a"b', record_no: 1 });
    expect(first?.kind === "signal" && first["email_subject"] === large).toBe(true);
    expect(second).toMatchObject({ contact_city: "c", record_no: 2 });
  });

  test("is refused where the limit is lower, in plain words", async () => {
    await expect(read(`${HEADER}1,emailSend,2025-09-01,${large},,\n`, { maxRecordBytes: LIMITS.maxRecordBytes / 64 })).rejects.toMatchObject({
      code: "record_too_large",
    });
  });
});

test("a header that is no CSV is header_missing, with the reason", async () => {
  await expect(read('SIGNAL_ID,"SIGNAL_TYPE\n1,order\n')).rejects.toMatchObject({
    code: "header_missing",
    message: expect.stringContaining("a quote stands where none may") as string,
  });
});

test("the first batch brings the header, and record numbers start at 1 behind it, however the chunks are cut", async () => {
  const file = HEADER + good(1) + good(2);
  for (let size = 1; size <= file.length; size += 1) {
    expect((await read(file, { pieces: [size] })).map(({ record_no }) => record_no)).toEqual([1, 2]);
  }
});
