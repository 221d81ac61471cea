/** Forgetting: who goes and who stays, what the tables and the marts are then, and what later loads leave out. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { forget, type Forgotten, lookForgotten } from "../../../sinks/erasure/forget.ts";
import { readTables } from "../../../sinks/erasure/proof.ts";
import type { Asked } from "../../../sinks/erasure/who.ts";
import { inTransaction } from "../../../sinks/transaction.ts";
import { keptAndFilled } from "../../helpers/marts.ts";
import { behavior, message, order } from "../../helpers/signals.ts";
import { csv, memoryFile, type Scratch, scratchWarehouse } from "../../helpers/warehouse.ts";

const KEY = randomBytes(32);

/** Anna is A-1017, Bob is B-2. */
const ANNA = { "Customer ID": "A-1017", Email: "Anna@Example.com" };
const BOB = { "Customer ID": "B-2", Email: "bob@example.com" };
const NOBODY = { "Customer ID": "", Email: "" };

const SIGNALS = [
  message("emailSend", "anna-send", "03-01 09:00", ANNA),
  message("emailClick", "anna-click", "03-01 10:00", { "Customer ID": "A-1017", Email: "", LINK_ID: "l" }),
  message("emailOpen", "anna-by-address", "03-01 09:30", { "Customer ID": "", Email: "anna@example.com " }),
  behavior("pageView", "anna-view", "03-01 10:01", {}, { ...ANNA, TLTSID: "s-anna" }),
  behavior("pageView", "anna-by-session", "03-01 10:02", {}, { ...NOBODY, TLTSID: "s-anna" }),
  behavior("pageView", "anna-by-click", "03-01 10:03", {}, { ...NOBODY, TLTSID: "s-x", MESSAGE_SIGNAL_ID: "anna-click" }),
  behavior("pageView", "anna-test", "03-01 10:04", { test: true }, { ...NOBODY, TLTSID: "s-anna" }),
  behavior(
    "identification",
    "anna-says",
    "03-01 10:05",
    { identifierName: "email", identifierValue: "ANNA@example.com" },
    { ...NOBODY, TLTSID: "s-y" },
  ),
  behavior("pageView", "anna-in-address", "03-01 10:06", { url: "https://shop/?mail=anna%40example.com" }, { ...NOBODY, TLTSID: "s-z" }),
  order("anna-order", "03-01 10:07", 10, { ...ANNA, TLTSID: "s-anna" }, { orderedItems: [{ productId: "p", gift: "for anna@example.com" }] }),
  message("emailSend", "bob-send", "03-01 09:00", BOB),
  behavior("pageView", "bob-view", "03-01 10:00", {}, { ...BOB, TLTSID: "s-bob" }),
  behavior("pageView", "bob-of-anna", "03-01 10:01", { url: "https://shop/?gift=anna@example.com" }, { ...BOB, TLTSID: "s-bob" }),
  behavior("pageView", "joanna", "03-01 10:02", { url: "https://shop/?mail=joanna@example.com" }, { ...NOBODY, TLTSID: "s-j" }),
  behavior("pageView", "other-key", "03-01 10:02", { url: "https://shop/A-10170" }, { "Customer ID": "A-10170", Email: "", TLTSID: "s-k" }),
  order("bob-order", "03-01 10:07", 20, { ...BOB, TLTSID: "s-bob" }, { orderedItems: [{ productId: "p" }] }),
];
const OTHERS = ["bob-of-anna", "bob-order", "bob-send", "bob-view", "joanna", "other-key"];
/** A row that is no record, and whose raw text names her. */
const REJECTS = [
  { SIGNAL_ID: "r1", Email: "anna@example.com" },
  { SIGNAL_ID: "r2", Email: "joanna@example.com" },
];

async function loaded(signals: readonly Readonly<Record<string, string | undefined>>[] = [...SIGNALS, ...REJECTS]): Promise<Scratch> {
  const scratch = await scratchWarehouse({ privacyKey: async () => KEY });
  await scratch.load([memoryFile("a.csv", 1, csv(signals))]);
  return scratch;
}

const forgotten = ({ warehouse: { connection } }: Scratch, asked: Asked): Promise<Forgotten> =>
  inTransaction(connection, () => forget(connection, asked, KEY, null));

const left = (scratch: Scratch) =>
  scratch.values("SELECT signal_key FROM marketing_signals UNION ALL SELECT signal_key FROM behavior_signals ORDER BY signal_key");

test.each([
  ["an e-mail address", { email: " anna@EXAMPLE.com" }],
  ["a contact's key", { contactKey: "A-1017" }],
] as const)("by %s a contact goes with all that is its, and nobody else", async (_, asked) => {
  const scratch = await loaded();
  await scratch.run(
    "INSERT INTO signalhouse.refset_rows VALUES ('VIP', 'A-1017', 1, 'j', now()), ('VIP', 'A-10170', 2, 'j', now()), ('News', 'anna@example.com', 3, 'j', now())",
  );
  const look = await lookForgotten(scratch.warehouse.connection, asked);
  expect(await left(scratch)).toHaveLength(SIGNALS.length);
  const result = await forgotten(scratch, asked);
  expect(await left(scratch)).toEqual(OTHERS);
  expect(result).toMatchObject({
    contacts: 1,
    sharing: 0,
    left: { behavior_signals: 1 },
    referenceSets: ["News", "VIP"],
    remembered: { key: 2, session: 2, click: 1, signal: 1 },
  });
  const ours = { marketing_signals: 3, behavior_signals: 7, order_items: 1, "signalhouse.rejects": 1, "signalhouse.refset_rows": 2 };
  expect(look.tables).toEqual(ours);
  expect(result.tables).toMatchObject({ ...ours, "marts.contact_states": 1, "marts.orders_once": 1, "marts.clicks": 1 });
  expect(await scratch.values("SELECT record_no - 16 FROM signalhouse.rejects")).toEqual(["2"]);
  await scratch.prove();
  const { kept, filled } = await keptAndFilled(scratch);
  expect(kept).toEqual(filled);
  expect(await scratch.values("SELECT DISTINCT what FROM signalhouse.changes ORDER BY what")).toEqual(["erasure", "load"]);
});

test("of every table that there is none has a text that names whoever is gone", async () => {
  const scratch = await loaded(SIGNALS.filter(({ SIGNAL_ID }) => SIGNAL_ID !== "bob-of-anna"));
  // A later export that says the same, one that says something new, and rejects: what each table may have.
  await scratch.load([memoryFile("b.csv", 2, csv([...SIGNALS.slice(0, 4), message("emailSend", "anna-later", "03-02 09:00", ANNA), ...REJECTS]))]);
  await scratch.run("INSERT INTO signalhouse.refset_rows VALUES ('VIP', 'anna@example.com', 1, 'j', now())");
  // DuckDB repeats the value that it cannot cast.
  await scratch.run(
    "INSERT INTO signalhouse.runs VALUES (1, 'refset push', '0', now(), now(), 1, 'Could not convert ''anna@example.com'' to INT32')",
  );
  const { connection } = scratch.warehouse;
  const before = await lookForgotten(connection, { email: "anna@example.com" });
  const had = (await readTables(connection, before.needles)).found.map(({ place }) => place);
  expect(had.toSorted()).toEqual([
    "behavior_signals",
    "marketing_signals",
    "marts.contact_aliases",
    "marts.contact_states",
    "order_items",
    "signalhouse.refset_rows",
    "signalhouse.rejects",
    "signalhouse.runs",
  ]);
  const { needles } = await forgotten(scratch, { email: "anna@example.com" });
  expect((await readTables(connection, needles)).found).toEqual([]);
  // What says it by a number only.
  const named = await scratch.values("SELECT signal_key FROM signalhouse.confirmations WHERE signal_key LIKE 'anna%'");
  expect([named, await scratch.value("SELECT count(*) FROM marts.sends WHERE contact_id = 'A-1017'")]).toEqual([[], "0"]);
  await scratch.prove();
});

const SHARED = [
  message("emailSend", "one", "03-01 09:00", { "Customer ID": "C1", Email: "family@example.com" }),
  message("emailSend", "one-alone", "03-01 10:00", { "Customer ID": "C1", Email: "" }),
  message("emailSend", "two", "03-01 09:00", { "Customer ID": "C2", Email: "family@example.com" }),
  message("emailSend", "two-alone", "03-01 10:00", { "Customer ID": "C2", Email: "two@example.com" }),
  message("emailOpen", "address", "03-01 11:00", { "Customer ID": "", Email: "family@example.com" }),
];

test("by an address that several have only the signals go that name it", async () => {
  const scratch = await loaded(SHARED);
  const result = await forgotten(scratch, { email: "family@example.com" });
  expect(await left(scratch)).toEqual(["one-alone", "two-alone"]);
  expect(result).toMatchObject({ contacts: 0, sharing: 2, remembered: { key: 1 } });
  await scratch.load([memoryFile("b.csv", 2, csv(SHARED))]);
  expect(await left(scratch)).toEqual(["one-alone", "two-alone"]);
});

test("a contact whose address others have goes without what is theirs, too", async () => {
  const scratch = await loaded(SHARED);
  const result = await forgotten(scratch, { contactKey: "C1" });
  expect(await left(scratch)).toEqual(["address", "two", "two-alone"]);
  expect(result).toMatchObject({ contacts: 1, sharing: 0, remembered: { key: 1 } });
});

test("who is known by an address alone goes by that", async () => {
  const scratch = await loaded([
    message("emailSend", "other", "03-01 09:00", BOB),
    message("emailSend", "named", "03-01 09:00", { "Customer ID": "", Email: "carl@example.com" }),
    behavior("pageView", "says", "03-01 09:00", {}, { "Customer ID": "", Email: "carl@example.com", TLTSID: "s1" }),
    behavior("pageView", "session", "03-01 09:01", {}, { ...NOBODY, TLTSID: "s1" }),
  ]);
  expect(await forgotten(scratch, { email: "carl@example.com" })).toMatchObject({ contacts: 1 });
  expect(await left(scratch)).toEqual(["other"]);
});

test("of two data sets' contacts with one key none goes unless it is said whose", async () => {
  const of = (dataset: string) => message("emailSend", dataset, "03-01 09:00", { DATASET_ID: dataset, Email: "" });
  const scratch = await loaded([of("D1"), of("D2")]);
  await expect(forgotten(scratch, { contactKey: "C1" })).rejects.toMatchObject({
    code: "usage",
    message: "2 data sets have a contact with this key",
  });
  expect(await forgotten(scratch, { contactKey: "D2/C1" })).toMatchObject({ contacts: 1 });
  expect(await left(scratch)).toEqual(["D1"]);
});

test("a key of few characters is looked for in fields of rejects, and not where it stands by chance", async () => {
  const carl = { SIGNAL_ID: "carl", "Customer ID": "42", Email: "" };
  const others = [
    { SIGNAL_ID: "at 10:42", "Customer ID": "B-2", Email: "", TIMESTAMP: "2025-03-01T10:42:00Z" },
    { SIGNAL_ID: "421", "Customer ID": "421", Email: "" },
  ];
  const scratch = await loaded([message("emailSend", "send", "03-01 09:00", { ...carl, SIGNAL_ID: "send" }), carl, ...others]);
  expect((await forgotten(scratch, { contactKey: "42" })).tables).toMatchObject({ marketing_signals: 1, "signalhouse.rejects": 1 });
  const kept = () => scratch.values("SELECT regexp_extract(raw, 'carl|at 10:42|421') FROM signalhouse.rejects ORDER BY 1");
  expect(await kept()).toEqual(["421", "at 10:42"]);
  // Another file, as that one's bytes are known.
  const [result] = await scratch.load([memoryFile("b.csv", 2, csv([message("emailSend", "later", "03-01 09:00", BOB), carl, ...others]))]);
  expect(result).toMatchObject({ rejected: 2, suppressed: 1 });
  expect(await kept()).toEqual(["421", "421", "at 10:42", "at 10:42"]);
});

test("by a condition the signals go for which it holds, and do not come again", async () => {
  const scratch = await loaded();
  // A column that only one table has; a comment takes no bracket with it.
  const result = await forgotten(scratch, { where: "tltsid = 's-bob' -- his session" });
  expect(result.tables).toMatchObject({ behavior_signals: 3, order_items: 1 });
  expect(result.remembered).toEqual({ signal: 3 });
  expect(await left(scratch)).not.toContain("bob-view");
  await scratch.load([memoryFile("b.csv", 2, csv(SIGNALS))]);
  expect(await left(scratch)).toHaveLength(SIGNALS.length - 3);
  expect(await scratch.values("SELECT suppressed FROM signalhouse.loads ORDER BY load_id")).toEqual(["0", "3"]);
});

test("refuses a condition that is none", async () => {
  const scratch = await loaded();
  for (const [where, code] of [
    ["no_such_column = 1", "query_failed"],
    ["true); DELETE FROM marketing_signals; SELECT (true", "usage"],
    ["read_text('/etc/passwd') IS NULL", "query_failed"],
    ["CAST(signal_key AS INTEGER) = 1", "query_failed"],
  ] as const)
    await expect(forgotten(scratch, { where }), where).rejects.toMatchObject({ code, hint: expect.any(String) });
  expect(await left(scratch)).toHaveLength(SIGNALS.length);
});

/** Times as Connect writes them, which the vector path reads. */
const asConnect = (text: string) => text.replace(/(T\d\d:\d\d:\d\d)Z/g, "$1.000Z");

test.each(["row", "vector"] as const)("what comes again is left out and counted, read by the %s path", async (reader) => {
  const scratch = await loaded();
  await forgotten(scratch, { email: "anna@example.com" });
  const news = [
    behavior("pageView", "anna-new", "03-05 10:00", {}, { ...ANNA, TLTSID: "s-new" }),
    behavior("pageView", "anna-new-in-session", "03-05 10:00", {}, { ...NOBODY, TLTSID: "s-anna" }),
    behavior("pageView", "bob-in-session", "03-05 10:00", {}, { ...BOB, TLTSID: "s-anna" }),
    behavior("pageView", "new", "03-05 10:00", {}, { ...NOBODY, TLTSID: "s-new" }),
  ];
  const sizes = { rowGroup: 1024, stretch: 4096 };
  const [result] = await scratch.load([memoryFile("b.csv", 2, asConnect(csv([...SIGNALS, ...news, ...REJECTS])))], { reader, sizes });
  expect(result).toMatchObject({ records: 22, inserted: 2, updated: 0, unchanged: 6, rejected: 1, suppressed: 13 });
  expect(await left(scratch)).toEqual([...OTHERS, "bob-in-session", "new"].toSorted());
  // Of all by the row path, and by the vector path of rejects and test signals alone.
  expect(await scratch.value("SELECT row_path_records < 10 FROM signalhouse.loads WHERE load_id = 2")).toBe(reader === "vector");
  expect(await scratch.value("SELECT count(*) FROM order_items")).toBe("1");
  const { kept, filled } = await keptAndFilled(scratch);
  expect(kept).toEqual(filled);
});

test("a file without contents or sessions is read by what it has, and nothing that is left out comes near the table", async () => {
  const scratch = await loaded();
  await forgotten(scratch, { email: "anna@example.com" });
  const plain = (id: string, who: object) => ({ SIGNAL_ID: id, SIGNAL_TYPE: "pageView", SIGNAL_TIMESTAMP: "2025-03-05T10:00:00.000Z", ...who });
  const [result] = await scratch.load([memoryFile("b.csv", 2, csv([plain("anna-plain", ANNA), plain("bob-plain", BOB)]))], { reader: "vector" });
  expect(result).toMatchObject({ records: 2, inserted: 1, suppressed: 1 });
  expect(await left(scratch)).toEqual([...OTHERS, "bob-plain"].toSorted());
});

test("a reject that becomes a record of somebody who was forgotten goes", async () => {
  const scratch = await loaded();
  await forgotten(scratch, { email: "anna@example.com" });
  const header = (await scratch.value("SELECT header::JSON FROM signalhouse.loads")) as string;
  const mended = csv([message("emailSend", "mended", "03-01 09:00", ANNA)], JSON.parse(header) as string[]).split("\n")[1] ?? "";
  await scratch.run(`UPDATE signalhouse.rejects SET raw = '${mended}'`);
  expect(await scratch.replay()).toMatchObject([{ replayed: 0, inserted: 0, suppressed: 1, still_rejected: 0 }]);
  expect(await scratch.value("SELECT count(*) FROM signalhouse.rejects")).toBe("0");
  expect(await left(scratch)).toEqual(OTHERS);
});

test("of a reject that has become a record its raw text goes with that, whatever names it", async () => {
  const scratch = await loaded();
  const header = JSON.parse((await scratch.value("SELECT header::JSON FROM signalhouse.loads")) as string) as string[];
  const mended = csv([behavior("pageView", "mended", "03-01 09:00", {}, { ...NOBODY, TLTSID: "s-mended" })], header).split("\n")[1] ?? "";
  await scratch.run(`UPDATE signalhouse.rejects SET raw = '${mended}' WHERE record_no = 18`);
  await scratch.replay();
  const { tables } = await forgotten(scratch, { where: "tltsid = 's-mended'" });
  expect(tables).toMatchObject({ behavior_signals: 1, "signalhouse.rejects": 1 });
  expect(await scratch.values("SELECT record_no FROM signalhouse.rejects")).toEqual(["17"]);
  await scratch.prove();
});

test("without the key, or with another one, nothing is loaded that could bring somebody back", async () => {
  const scratch = await loaded();
  await forgotten(scratch, { email: "anna@example.com" });
  for (const [privacyKey, message] of [
    [undefined, "the warehouse knows who was forgotten by keyed hashes, and their key is not there"],
    [randomBytes(32), "the privacy key is another one than that by which the warehouse knows who was forgotten"],
  ] as const) {
    await scratch.reopen({ privacyKey: async () => privacyKey });
    await expect(scratch.load([memoryFile("b.csv", 2, csv(SIGNALS))])).rejects.toMatchObject({ code: "config_invalid", message });
  }
  await expect(
    inTransaction(scratch.warehouse.connection, () => forget(scratch.warehouse.connection, { email: "bob@example.com" }, randomBytes(32), null)),
  ).rejects.toMatchObject({ code: "config_invalid" });
  expect(await left(scratch)).toEqual(OTHERS);
});

test("who is not there is remembered all the same, and nothing else tells who was asked for", async () => {
  const scratch = await loaded();
  expect(await forgotten(scratch, { email: "dora@example.com" })).toMatchObject({ contacts: 0, tables: {}, remembered: { key: 1 } });
  await scratch.load([memoryFile("b.csv", 2, csv([message("emailSend", "dora", "03-01 09:00", { "Customer ID": "D", Email: "Dora@example.com" })]))]);
  expect(await left(scratch)).toHaveLength(SIGNALS.length);
  expect(await scratch.rows("SELECT kind, table_name, rows FROM signalhouse.erasures")).toEqual([{ kind: "forget", table_name: null, rows: "0" }]);
});
