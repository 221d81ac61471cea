/** Contacts that have fewer signals than before, or older ones that were nobody's: what the table says of them follows, load by load. */
import { expect, test } from "vitest";
import { keptAndFilled } from "../../helpers/marts.ts";
import { behavior, loadSignals, message } from "../../helpers/signals.ts";
import { csv, memoryFile, scratchWarehouse } from "../../helpers/warehouse.ts";

type Signals = Parameters<typeof loadSignals>[1];

const UNKNOWN = { "Customer ID": "" };
const C2 = { "Customer ID": "C2" };

/** Each contact with its first and last day and its last visit's, the day of its record, and of its unsubscription and its last refusal by e-mail. */
const SAID = `SELECT concat_ws(' ', contact_id, ${[
  "first_seen_at",
  "last_seen_at",
  "last_visit_at",
  "record.occurred_at",
  "unsubscribed_email_at",
  "refused_email_at",
]
  .map((time) => `coalesce(strftime(${time} AT TIME ZONE 'UTC', '%d'), '–')`)
  .join(
    ", ",
  )}, CASE WHEN complained THEN 'complained' END, CASE WHEN hard_bounced_email THEN 'bounced' END) FROM marts.contact_states ORDER BY contact_id`;

const CASES: Record<string, { loads: Signals[]; before: string[]; after: string[] }> = {
  "a message that is another contact's in a later export": {
    loads: [
      [message("emailSend", "1", "03-01 10:00"), message("emailSend", "2", "03-02 10:00", { CONSENT_EMAIL: "OPT_OUT" })],
      [message("emailSend", "2", "03-02 10:00", { CONSENT_EMAIL: "OPT_OUT", ...C2 })],
    ],
    before: ["C1 01 02 – 02 – 02"],
    after: ["C1 01 01 – 01 – –", "C2 02 02 – 02 – 02"],
  },
  "an unsubscription, a complaint and a failure that are taken back": {
    loads: [
      [
        message("emailInbound", "1", "03-01 10:00", { CLASSIFICATION: "UNSUBSCRIBE" }),
        message("smsInbound", "2", "03-02 10:00", { CLASSIFICATION: "ABUSE" }),
        message("emailFailure", "3", "03-03 10:00", { CLASSIFICATION: "PERMANENT" }),
      ],
      [
        message("emailInbound", "1", "03-01 10:00", { CLASSIFICATION: "OTHER" }),
        message("smsInbound", "2", "03-02 10:00", { CLASSIFICATION: "OTHER" }),
        message("emailFailure", "3", "03-03 10:00", { CLASSIFICATION: "TEMPORARY" }),
      ],
    ],
    before: ["C1 01 03 – 03 01 – complained bounced"],
    after: ["C1 01 03 – 03 – –"],
  },
  "a visit that is another contact's in a later export": {
    loads: [
      [behavior("pageView", "1", "03-01 10:00"), behavior("pageView", "2", "03-02 10:00", {}, { TLTSID: "" })],
      [behavior("pageView", "2", "03-02 10:00", {}, { TLTSID: "", ...C2 })],
    ],
    before: ["C1 01 02 02 02 – –"],
    after: ["C1 01 01 01 01 – –", "C2 02 02 02 02 – –"],
  },
  "messages and visits with an address that is somebody's only now": {
    loads: [
      [
        message("emailSend", "1", "03-01 10:00", { ...UNKNOWN, Email: "a@x.example" }),
        behavior("pageView", "2", "03-02 10:00", {}, { ...UNKNOWN, Email: "a@x.example", TLTSID: "" }),
      ],
      [message("emailSend", "3", "03-03 10:00", { Email: "a@x.example" })],
    ],
    before: ["email:a@x.example 01 02 02 02 – –"],
    after: ["C1 01 03 02 03 – –"],
  },
  "an address that turns out to be shared": {
    loads: [
      [
        message("emailSend", "1", "03-01 10:00", { Email: "a@x.example" }),
        message("emailOpen", "2", "03-02 10:00", { ...UNKNOWN, Email: "a@x.example" }),
      ],
      [message("emailSend", "3", "03-03 10:00", { ...C2, Email: "a@x.example" })],
    ],
    before: ["C1 01 02 – 02 – –"],
    after: ["C1 01 01 – 01 – –", "C2 03 03 – 03 – –"],
  },
  "a session that somebody logs into later": {
    loads: [[behavior("pageView", "1", "03-01 10:00", {}, UNKNOWN)], [behavior("pageView", "2", "03-02 10:00")]],
    before: [],
    after: ["C1 01 02 02 02 – –"],
  },
  "a session that turns out to be shared": {
    loads: [
      [behavior("pageView", "1", "03-01 10:00"), behavior("pageView", "2", "03-02 10:00", {}, UNKNOWN)],
      [behavior("pageView", "3", "03-03 10:00", {}, C2)],
    ],
    before: ["C1 01 02 02 01 – –"],
    after: ["C1 01 01 01 01 – –", "C2 03 03 03 03 – –"],
  },
  "a visit that was the click's, in a session that is somebody else's now": {
    loads: [
      [message("emailClick", "k", "03-01 10:00"), behavior("pageView", "1", "03-02 10:00", {}, { ...UNKNOWN, MESSAGE_SIGNAL_ID: "k" })],
      [behavior("pageView", "2", "03-03 10:00", {}, C2)],
    ],
    before: ["C1 01 02 02 01 – –"],
    after: ["C1 01 01 – 01 – –", "C2 02 03 03 03 – –"],
  },
  "a visit whose click comes later": {
    loads: [[behavior("pageView", "1", "03-02 10:00", {}, { ...UNKNOWN, MESSAGE_SIGNAL_ID: "k" })], [message("emailClick", "k", "03-01 10:00")]],
    before: [],
    after: ["C1 01 02 02 01 – –"],
  },
  "a visit whose click has lost its name to one of another channel": {
    loads: [
      [message("emailClick", "k", "03-01 10:00"), behavior("pageView", "1", "03-03 10:00", {}, { ...UNKNOWN, MESSAGE_SIGNAL_ID: "k" })],
      [message("smsClick", "k", "03-02 10:00", C2)],
    ],
    before: ["C1 01 03 03 01 – –"],
    after: ["C1 01 01 – 01 – –", "C2 02 03 03 02 – –"],
  },
};

test.each(Object.entries(CASES))("%s", async (_, { loads, before, after }) => {
  const scratch = await scratchWarehouse();
  const [first = [], ...later] = loads;
  // All columns from the start: a new one that is a key fills the table anew.
  await loadSignals(scratch, [message("emailSend", "0", "01-01 10:00", { ...UNKNOWN, Email: "" }), ...first]);
  expect(await scratch.values(SAID)).toEqual(before);
  for (const [index, signals] of later.entries()) await scratch.load([memoryFile(`${index}.csv`, index + 2, csv(signals))]);
  expect(await scratch.values(SAID)).toEqual(after);
  const { kept, inParts, filled } = await keptAndFilled(scratch);
  expect(kept["contact_states"]).toEqual(filled["contact_states"]);
  expect(inParts).toEqual(filled);
});
