/** The tables of marts after each load are what filling them anew makes of all signals, whatever came before, and in whatever order. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { READERS } from "../../../pipeline/load/load-files.ts";
import { contentKey } from "../../../transforms/content-key.ts";
import { keptAndFilled } from "../../helpers/marts.ts";
import { often } from "../../helpers/often.ts";
import { loadSignals, message } from "../../helpers/signals.ts";
import { csv, memoryFile, type Scratch, scratchWarehouse } from "../../helpers/warehouse.ts";

const RUNS = Number(process.env["MARTS_RUNS"] ?? often(3, 10));

const START = Date.parse("2025-09-01T10:00:00.000Z");
const [MINUTE, DAY] = [60_000, 86_400_000];
/** Apart by less and more than clocks may differ, and than events may come after their send. */
const TIMES = [0, 4 * MINUTE, 6 * MINUTE, DAY, 40 * DAY, 91 * DAY, 400 * DAY];

const TYPES = [
  "emailSend",
  "emailSend",
  "emailDelivery",
  "emailOpen",
  "emailClick",
  "emailClick",
  "emailFailure",
  "emailInbound",
  "smsSend",
  "smsClick",
  "smsInbound",
  "order",
  "order",
  "pageView",
  "identification",
] as const;

/** What a row says: few of everything, so that rows meet. */
const said = fc.record({
  type: fc.constantFrom(...TYPES),
  id: fc.nat(7),
  time: fc.constantFrom(...TIMES),
  customer: fc.constantFrom("", "", "C1", "C2", " C1 "),
  email: fc.constantFrom("", "ana@x.example", "Ana@X.example ", "bo@x.example"),
  phone: fc.constantFrom("", "+43 1", "+431", "+432"),
  message: fc.constantFrom("", "m1", "m2"),
  session: fc.constantFrom("", "s1", "s2"),
  cause: fc.constantFrom("", "id 0", "id 1", "id 2"),
  order: fc.constantFrom("", "o1", "o2"),
  value: fc.nat(3),
  isBot: fc.boolean(),
  classification: fc.constantFrom("PERMANENT", "TEMPORARY", "UNSUBSCRIBE", "UNSUBSCRIBE", "ABUSE"),
  consent: fc.constantFrom("", "OPT_IN", "OPT_IN", "OPT_OUT"),
  isTest: fc.constantFrom(false, false, false, true),
  /** Whether it comes as a reject, which is mended and replayed. */
  isLate: fc.constantFrom(false, false, false, true),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

function fieldsOf(row: Said): Record<string, string> {
  const isBehavior = ["order", "pageView", "identification"].includes(row.type);
  const content = {
    ...(row.type === "order" ? { orderValue: row.value, currency: "EUR", ...(row.order ? { orderId: row.order } : {}) } : {}),
    ...(row.type === "identification"
      ? { identifierName: row.value > 1 ? "Customer ID" : "email", identifierValue: row.value > 1 ? "C2" : "bo@x.example" }
      : {}),
    ...(row.isTest ? { isTest: true } : {}),
  };
  return {
    SIGNAL_ID: `id ${row.id}`,
    SIGNAL_TYPE: row.type,
    SIGNAL_TIMESTAMP: new Date(START + row.time).toISOString(),
    MESSAGE_ID: isBehavior ? "" : row.message,
    BOT_DETECTED: row.type.endsWith("Open") || row.type.endsWith("Click") ? String(row.isBot) : "",
    TLTSID: isBehavior ? row.session : "",
    MESSAGE_SIGNAL_ID: isBehavior ? row.cause : "",
    CLASSIFICATION: /Failure|Inbound/.test(row.type) ? row.classification : "",
    CONSENT_EMAIL: row.consent,
    CONSENT_SMS: row.consent === "" ? "OPT_IN" : "OPT_OUT",
    SIGNAL_CONTENT: isBehavior ? JSON.stringify(content) : "",
    "Customer ID": row.customer,
    Email: row.email,
    "Mobile Number": row.phone,
  };
}

/** Tables that are kept up, and those that are filled anew, in parts and at once. */
async function keptBesideFilled(scratch: Scratch) {
  const { kept, inParts, filled } = await keptAndFilled(scratch);
  return [
    { kept, inParts },
    { kept: filled, inParts: filled },
  ] as const;
}

test("what is kept up equals what is filled anew, after every load and every replay", { timeout: 600_000, tags: "long" }, async () => {
  const file = fc.record({ mtime: fc.nat(5), rows: fc.array(said, { minLength: 1, maxLength: 12 }), reader: fc.constantFrom(...READERS) });
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 2, maxLength: 5 }), async (files) => {
      const scratch = await scratchWarehouse();
      for (const [number, { mtime, rows, reader }] of files.entries()) {
        const [header = "", ...lines] = csv(rows.map(fieldsOf)).trimEnd().split("\n");
        const sent = [header, ...lines.map((line, index) => (rows[index]?.isLate ? "late" : line))];
        const source = memoryFile(`${number}.csv`, START + mtime * 1000, `${sent.join("\n")}\n`);
        await scratch.load([source], { reader, sizes: { rowGroup: 2048, stretch: 4096 } });
        const [loaded, anew] = await keptBesideFilled(scratch);
        expect(loaded).toEqual(anew);
        if (!rows.some(({ isLate }) => isLate)) continue;
        for (const [index, line] of lines.entries())
          await scratch.run(`UPDATE signalhouse.rejects SET raw = '${line}' WHERE raw = 'late' AND record_no = ${index + 1}`);
        await scratch.replay();
        const [replayed, filled] = await keptBesideFilled(scratch);
        expect(replayed).toEqual(filled);
      }
      scratch.warehouse.close();
    }),
    { numRuns: RUNS },
  );
});

test("a primary key that is no phone number is none: whose the signal is follows its address", async () => {
  const scratch = await scratchWarehouse({ migration: { contentKey, marts: { keys: ["Mobile Number", "Email"] } } });
  const sent = (id: string, phone: string) => message("emailSend", id, "09-01 10:00", { "Mobile Number": phone, Email: "ana@x.example" });
  await loadSignals(scratch, [sent("1", "n/a")], "a.csv");
  await loadSignals(scratch, [sent("2", "+43 1")], "b.csv");
  expect(await scratch.rows("SELECT send_key, contact_id, contact_via FROM marts.sends ORDER BY send_key")).toEqual([
    { send_key: "1", contact_id: "+431", contact_via: "secondary" },
    { send_key: "2", contact_id: "+431", contact_via: "primary" },
  ]);
});
