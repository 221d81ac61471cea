/** Records go to the table that they belong to, or are left; none is lost, and none is changed. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readHeader } from "../../transforms/header.ts";
import { type Part, Router } from "../../transforms/route.ts";
import { type Run, runsOf } from "../../transforms/runs.ts";
import { pickRows, rowsOf } from "../../transforms/rows.ts";
import { csvOf, piecesOf } from "./reading.ts";

const LIMIT = 1024 * 1024;
const HEADER = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT", "TIMESTAMP", "TLTSID", "BOT_DETECTED", "Email", "CAMPAIGN_NAME"];

async function runOf(text: string): Promise<Run> {
  for await (const piece of runsOf(piecesOf(Buffer.from(text)), LIMIT, LIMIT)) if (piece.kind === "run") return piece;
  throw new Error("there is no run");
}

/** Routes records without their header row; the parts' lines as fields. */
async function route(text: string, header = HEADER, before = 0) {
  const router = new Router(readHeader(header, []), header.indexOf("SIGNAL_TYPE"));
  const { parts, left } = router.route(await runOf(text), before);
  const lines = ({ bytes }: Part): string[][] => parse(bytes.toString());
  return { router, left, parts: Object.fromEntries(parts.map((part) => [part.table, { numbers: part.numbers, lines: lines(part) }])) };
}

const row = (more: Record<string, string>) => HEADER.map((name) => more[name] ?? "");

test("each record goes to its type's table, with its number", async () => {
  const page = row({ SIGNAL_ID: "1", SIGNAL_TYPE: "pageView", SIGNAL_CONTENT: '{"a":"b,c"}', TLTSID: "t", Email: 'q"q' });
  const click = row({ SIGNAL_ID: "2", SIGNAL_TYPE: "emailClick", BOT_DETECTED: "true", CAMPAIGN_NAME: "two\nlines" });
  const { parts, left } = await route(csvOf([page, click, page]), HEADER, 100);
  expect(left).toEqual([]);
  expect(parts["behavior_signals"]).toEqual({
    numbers: [1, 3],
    lines: [
      ["101", ...page],
      ["103", ...page],
    ],
  });
  expect(parts["marketing_signals"]).toEqual({ numbers: [2], lines: [["102", ...click]] });
});

describe("left are", () => {
  const cases: [string, string[]][] = [
    ["a type in another spelling", row({ SIGNAL_TYPE: "PageView" })],
    ["a type that is new", row({ SIGNAL_TYPE: "pushClick" })],
    ["no type", row({ SIGNAL_ID: "1" })],
    ["marketing with content", row({ SIGNAL_TYPE: "emailOpen", SIGNAL_CONTENT: "{}" })],
    ["marketing with a column of behavior", row({ SIGNAL_TYPE: "emailOpen", TLTSID: "t" })],
    ["behavior with a column of marketing", row({ SIGNAL_TYPE: "order", CAMPAIGN_NAME: "c" })],
    ["a field too few", row({ SIGNAL_TYPE: "order" }).slice(1)],
    ["a field too many", [...row({ SIGNAL_TYPE: "order" }), ""]],
  ];
  test.each(cases)("%s", async (_, fields) => {
    expect(await route(csvOf([fields]))).toMatchObject({ left: [1], parts: {} });
  });

  test("but not where the column says null", async () => {
    const fields = row({ SIGNAL_TYPE: "order", CAMPAIGN_NAME: "\\N", BOT_DETECTED: "\\N" });
    expect((await route(csvOf([fields]))).left).toEqual([]);
  });
});

test("many columns in a row that a table has no place for are left out", async () => {
  const marketing = ["CAMPAIGN_ID", "CAMPAIGN_NAME", "CAMPAIGN_STATUS", "CAMPAIGN_TYPE", "ENTRY_TYPE", "FREQUENCY", "SEGMENT_ID", "MESSAGE_ID"];
  const header = ["SIGNAL_TYPE", ...marketing, "Email"];
  const { router, parts } = await route(`order,${",".repeat(8)}a\nsmsSend,1,2,3,4,5,6,7,8,b\n`, header);
  expect(router.columns("behavior_signals")).toEqual([0, 9]);
  expect(router.columns("marketing_signals")).toHaveLength(10);
  expect(parts["behavior_signals"]?.lines).toEqual([["1", "order", "a"]]);
  expect(parts["marketing_signals"]?.lines).toEqual([["2", "smsSend", "1", "2", "3", "4", "5", "6", "7", "8", "b"]]);
});

test.each(["\n", "\r\n"])("the last field ends before the line does (%j), quoted or not", async (end) => {
  const header = ["SIGNAL_TYPE", "Email"];
  const { parts } = await route(["order,a", 'order,"b"', "order,", "order,c"].join(end) + end, header);
  expect(parts["behavior_signals"]?.lines).toEqual([
    ["1", "order", "a"],
    ["2", "order", "b"],
    ["3", "order", ""],
    ["4", "order", "c"],
  ]);
});

test("whatever the fields, csv-parse reads them as they were, and so do the splitter's marks", async () => {
  const field = fc.oneof(fc.constantFrom("", "order", "emailClick", "\\N", "a,b", 'q"q', '""', "l\nf", "é", "\ufeffx"), fc.string({ maxLength: 5 }));
  const record = fc.array(field, { minLength: HEADER.length, maxLength: HEADER.length });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 6 }), async (records) => {
      const text = csvOf(records);
      const run = await runOf(text);
      const [block] = run.blocks;
      if (!block) throw new Error("there is no block");
      const byParser = rowsOf(block, 1, LIMIT).map((one) => (one.kind === "row" ? one.fields : one.raw));
      expect(
        pickRows(
          block,
          block.starts.map((_, index) => index),
          1,
        ).map(({ fields }) => fields),
      ).toEqual(byParser);
      const { parts, left } = await route(text);
      const numbers = [...left, ...Object.values(parts).flatMap((part) => part.numbers)].sort((a, b) => a - b);
      expect(numbers).toEqual(records.map((_, index) => index + 1));
      for (const { lines } of Object.values(parts)) for (const [recordNo, ...fields] of lines) expect(fields).toEqual(byParser[Number(recordNo) - 1]);
    }),
  );
});
