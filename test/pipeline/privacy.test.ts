/** What privacy lists comes into no table and no file, by either reader; signals stay as many as they are, and contacts the same; and a warehouse that it was applied to is one that was loaded with it. */
import { randomBytes } from "node:crypto";
import { expect, test, vi } from "vitest";
import { applyTo } from "../../pipeline/privacy.ts";
import { type Reader, READERS } from "../../pipeline/load/load-files.ts";
import { Spool, SpooledText } from "../../pipeline/vector/spool.ts";
import { pseudonym, type PrivacySettings } from "../../schemas/privacy.ts";
import { forget } from "../../sinks/erasure/forget.ts";
import { needlesOf } from "../../sinks/erasure/needles.ts";
import { readTables } from "../../sinks/erasure/proof.ts";
import { inTransaction } from "../../sinks/transaction.ts";
import { failureOf } from "../helpers/errors.ts";
import { keptAndFilled } from "../helpers/marts.ts";
import { behavior, message, order } from "../helpers/signals.ts";
import { csv, csvLine, memoryFile, type Row, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

const KEY = randomBytes(32);
const ANNA = "anna.of.somewhere@example.com";
const PHONE = "+49 171 5550199";
const SECRET = "10.77.88.99.secret";
const PRIVACY: PrivacySettings = {
  columns: { Email: "pseudonym", Mobile: "pseudonym", Salutation: "drop" },
  fields: { ipAddress: "drop", searchTerm: "pseudonym", gift: "drop" },
};
const EMAIL_PSEUDONYM = pseudonym(KEY, ANNA, "email");

type Fields = Readonly<Record<string, string | undefined>>;
const WHO = { Email: ANNA, Mobile: PHONE, Salutation: "Frau Doktor Anna" };
const NOBODY = { "Customer ID": "", Email: "", Mobile: "", Salutation: "" };

const SIGNALS: readonly Fields[] = [
  message("emailSend", "send", "03-01 09:00", WHO),
  message("emailClick", "click", "03-01 10:00", { ...NOBODY, Email: ` ${ANNA.toUpperCase()}` }),
  behavior("pageView", "view", "03-01 10:01", { url: "https://shop/", ipAddress: SECRET }, { ...WHO, "Customer ID": "", TLTSID: "s1" }),
  behavior("onSiteSearch", "search", "03-01 10:02", { searchTerm: SECRET, numberOfResults: 3 }, { ...NOBODY, TLTSID: "s1" }),
  behavior("identification", "says", "03-01 10:03", { identifierName: "E-Mail", identifierValue: ANNA }, { ...NOBODY, TLTSID: "s2" }),
  behavior("pageView", "audience", "03-01 10:04", { audience: { Email: ANNA, tier: "gold" }, consent: [] }, { ...NOBODY, TLTSID: "s3" }),
  behavior("pageView", "pairs", "03-01 10:05", { audience: [{ name: "Salutation", value: "Frau Doktor Anna" }] }, { ...NOBODY, TLTSID: "s4" }),
  order(
    "order",
    "03-01 10:07",
    "10.50",
    { ...WHO, TLTSID: "s1" },
    { orderedItems: [{ productId: "p", quantity: 2, gift: SECRET }, { productId: "q" }] },
  ),
  { ...behavior("pageView", "text", "03-01 10:08"), SIGNAL_CONTENT: JSON.stringify(JSON.stringify({ ipAddress: SECRET, url: "u", n: 1.5 })) },
  { ...behavior("pageView", "escapes", "03-01 10:09"), SIGNAL_CONTENT: String.raw`{"ip\u0041ddress":"${SECRET}","unknown":12.50}` },
  {
    ...behavior("pageView", "nested", "03-01 10:10"),
    SIGNAL_CONTENT: JSON.stringify({ signalContent: JSON.stringify({ url: "v", ipAddress: SECRET }), audience: [] }),
  },
  { ...behavior("pageView", "half", "03-01 10:11"), SIGNAL_CONTENT: String.raw`{"url":"\ud800","ipAddress":"${SECRET}"}` },
  behavior("somethingNew", "new", "03-01 10:12", { ipAddress: SECRET, loyalty: 1 }, WHO),
  message("smsSend", "phone", "03-01 11:00", { ...NOBODY, Mobile: "0049-n/a" }),
  message("smsSend", "no-phone", "03-01 11:00", { ...NOBODY, Mobile: "n/a" }),
  // Without an id; the second two differ in what is left out alone.
  { ...behavior("pageView", "", "03-01 12:00", { url: "a" }, { TLTSID: "s1" }) },
  { ...behavior("pageView", "", "03-01 12:01", { url: "b", ipAddress: `${SECRET}1` }, { TLTSID: "s1" }) },
  { ...behavior("pageView", "null", "03-01 12:01", { url: "b", ipAddress: `${SECRET}2` }, { TLTSID: "s1" }) },
  { ...message("emailSend", "", "03-01 12:02", { ...NOBODY, Email: "one@example.com" }) },
  { ...message("emailSend", "", "03-01 12:02", { ...NOBODY, Email: "other@example.com" }) },
  order("", "03-01 12:03", "7", { TLTSID: "s9" }, { orderedItems: [{ productId: "r", gift: SECRET }] }),
  // Rejects whose fields can be told apart.
  { ...message("emailSend", "no-time", "03-01 09:00", WHO), TIMESTAMP: "" },
  { ...behavior("", "no-type", "03-01 09:00", { signalType: "", ipAddress: SECRET }, WHO) },
];
const NAMES = [...new Set(SIGNALS.flatMap((row) => Object.keys(row)))];
const line = (row: Fields) => csvLine(NAMES.map((name) => row[name] ?? ""));
/** Rows in which nobody can tell what is what. */
const DAMAGED = [
  `${line(SIGNALS[0] as Fields).trimEnd()},more\n`,
  line({ ...SIGNALS[2], SIGNAL_ID: "broken", SIGNAL_CONTENT: `{"ipAddress":"${SECRET}",}` }),
  line({ ...SIGNALS[2], SIGNAL_ID: "inner", SIGNAL_CONTENT: JSON.stringify({ signalContent: `{"ipAddress":"${SECRET}"` }) }),
  line({ ...SIGNALS[2], SIGNAL_ID: "two", SIGNAL_CONTENT: `[{"ipAddress":"${SECRET}"},{"url":"x"}]` }),
  `${ANNA},"${SECRET}"x,"\n`,
];
const FILE = Buffer.from(csv(SIGNALS, NAMES) + DAMAGED.join(""));
/** A listed value that is not UTF-8. */
const LATIN1 = Buffer.concat([
  Buffer.from(csv([], NAMES)),
  Buffer.from(line({ ...message("emailSend", "latin1", "03-02 09:00", WHO), Salutation: "Frau Gr\u00fcn" }), "latin1"),
]);
const VALUES = [ANNA, SECRET, "5550199", "Frau Doktor Anna", "one@example.com", "other@example.com"];

/** Small ones, so that there are many. */
const SIZES = { sizes: { rowGroup: 2000, stretch: 4000 } };
const opened = (privacy: PrivacySettings = PRIVACY, key: Buffer | undefined = KEY) => scratchWarehouse({ privacy, privacyKey: async () => key });
const loadAll = (scratch: Scratch, reader: Reader = "row") =>
  scratch.load([memoryFile("a.csv", 1, FILE), memoryFile("b.csv", 2, LATIN1)], { reader, ...SIZES });

/** All that there is but for what says when. */
async function everything(scratch: Scratch): Promise<Record<string, Row[]>> {
  const of = (table: string, except = "") => scratch.rows(`SELECT * ${except} FROM ${table} ORDER BY ALL`);
  return {
    ...(await scratch.dump()),
    rejects: await of("signalhouse.rejects"),
    confirmations: await of("signalhouse.confirmations"),
    contacts: await of("marts.contact_states"),
    aliases: await of("marts.contact_aliases"),
    privacy: await of("signalhouse.meta", "EXCLUDE (changed_at, comments)"),
  };
}

test("both readers give equal tables, in which no listed value is left, and so does what lay on the way", async () => {
  const spooled: Buffer[] = [];
  // The methods as they are, taken before they are spied on.
  const puts = Object.getOwnPropertyDescriptor(Spool.prototype, "put") as { value: Spool["put"] };
  const adds = Object.getOwnPropertyDescriptor(SpooledText.prototype, "add") as { value: SpooledText["add"] };
  vi.spyOn(Spool.prototype, "put").mockImplementation(function (this: Spool, pieces) {
    // Their memory is used again.
    const all = [...pieces].map((piece) => Buffer.from(piece));
    spooled.push(...all);
    return puts.value.call(this, all);
  });
  vi.spyOn(SpooledText.prototype, "add").mockImplementation(function (this: SpooledText, bytes) {
    spooled.push(Buffer.from(bytes));
    return adds.value.call(this, bytes);
  });
  const all: Record<string, Row[]>[] = [];
  for (const reader of READERS) {
    const scratch = await opened();
    await loadAll(scratch, reader);
    const { found, isPart } = await readTables(scratch.warehouse.connection, needlesOf(VALUES));
    expect({ reader, found, isPart }).toEqual({ reader, found: [], isPart: false });
    all.push(await everything(scratch));
  }
  vi.restoreAllMocks();
  expect(all[1]).toEqual(all[0]);
  const bytes = Buffer.concat(spooled).toString("latin1");
  expect(bytes.length).toBeGreaterThan(1000);
  for (const value of VALUES) expect(bytes.toLowerCase()).not.toContain(value.toLowerCase());
});

test("values have equal pseudonyms wherever they stand, what is dropped is absent, and all else is as it was sent", async () => {
  const scratch = await opened();
  await loadAll(scratch);
  const of = async (id: string) => (await scratch.rows(`FROM behavior_signals WHERE signal_id = '${id}'`))[0] as Row;
  expect(await scratch.values("SELECT DISTINCT contact_email FROM marketing_signals WHERE signal_id IN ('send', 'click')")).toEqual([
    EMAIL_PSEUDONYM,
  ]);
  expect(await of("view")).toMatchObject({
    contact_email: EMAIL_PSEUDONYM,
    contact_mobile: pseudonym(KEY, PHONE, "phone"),
    contact_salutation: null,
    url: "https://shop/",
    signal_content: '{"signalType":"pageView","url":"https://shop/"}',
    extra: null,
  });
  expect(await of("search")).toMatchObject({ search_term: pseudonym(KEY, SECRET, "exact"), number_of_results: "3.0000" });
  expect(await of("says")).toMatchObject({ identifier_name: "E-Mail", identifier_value: EMAIL_PSEUDONYM });
  expect(await of("audience")).toMatchObject({ audience: `{"Email":"${EMAIL_PSEUDONYM}","tier":"gold"}` });
  expect(await of("escapes")).toMatchObject({ signal_content: '{"unknown":12.50}', extra: '{"unknown":12.50}' });
  expect(await scratch.rows("SELECT product_id, item_quantity, extra FROM order_items WHERE order_id = 'order' ORDER BY item_no")).toEqual([
    { product_id: "p", item_quantity: "2.0000", extra: null },
    { product_id: "q", item_quantity: null, extra: null },
  ]);
  expect(await scratch.value("SELECT contact_mobile FROM marketing_signals WHERE signal_id = 'no-phone'")).toBeNull();
});

test("contacts are the same ones by pseudonyms, and signals as many", async () => {
  const plain = await opened({ columns: {}, fields: {} });
  const hidden = await opened();
  const said: unknown[] = [];
  for (const scratch of [plain, hidden]) {
    await scratch.load([memoryFile("a.csv", 1, csv(SIGNALS, NAMES))], { reader: "row" });
    const owners = await scratch.rows(
      "SELECT list_sort(list(signal_type || occurred_at::VARCHAR)) AS signals FROM marts.contact_timeline GROUP BY contact_id ORDER BY ALL",
    );
    said.push([owners, await scratch.counts("a.csv"), await scratch.value("SELECT sum(order_value) FROM behavior_signals")]);
    const { kept, filled } = await keptAndFilled(scratch);
    expect(kept).toEqual(filled);
  }
  expect(said[1]).toEqual(said[0]);
});

test("rows in which nothing can be told apart leave no text, and say so; all others are kept without what is listed", async () => {
  const scratch = await opened();
  await loadAll(scratch);
  const rejects = await scratch.rows("SELECT code, reason, raw, raw_bytes FROM signalhouse.rejects ORDER BY record_no");
  const withheld = "; the row is not kept, as what privacy lists could not be told apart in it";
  expect(rejects.map(({ code }) => code)).toEqual([
    "no_timestamp",
    "no_signal_type",
    "field_count",
    "content_not_json",
    "content_not_json",
    "content_not_json",
    "csv_broken",
  ]);
  expect(rejects.slice(2).map(({ raw, reason }) => [raw, String(reason).endsWith(withheld)])).toEqual(Array.from({ length: 5 }, () => ["", true]));
  expect(rejects[3]).toMatchObject({ reason: `SIGNAL_CONTENT cannot be read${withheld}` });
  expect(rejects[0]?.["raw"]).toContain(EMAIL_PSEUDONYM);
  expect(rejects[1]?.["raw"]).toContain('"{""signalType"":""""}"');
});

test("two signals without an id that differ in what is left out alone stay two; a key tells nobody what it was", async () => {
  const scratch = await opened();
  await loadAll(scratch);
  await scratch.load([memoryFile("again.csv", 3, csv(SIGNALS, NAMES))]);
  const keys =
    "SELECT signal_key FROM behavior_signals WHERE starts_with(signal_key, 'h:') UNION ALL SELECT signal_key FROM marketing_signals WHERE starts_with(signal_key, 'h:')";
  const all = await scratch.values(keys);
  expect([all.length, new Set(all).size]).toEqual([6, 6]);
  expect(await scratch.counts("again.csv")).toMatchObject({ inserted: 0, updated: 0, unchanged: SIGNALS.length - 2 });
  const other = await opened(PRIVACY, randomBytes(32));
  await loadAll(other);
  const plain = await opened({ columns: {}, fields: {} });
  await loadAll(plain);
  for (const scratch of [other, plain]) expect((await scratch.values(keys)).filter((key) => all.includes(key))).toEqual([]);
});

test.each(READERS)("a warehouse that was loaded without it and had it applied is one that was loaded with it: %s", async (reader) => {
  const [start, applied] = [await opened(), await scratchWarehouse({ privacyKey: async () => KEY })];
  // The second file replaces rows of the first, and the third confirms them.
  const later = csv(
    SIGNALS.map((row, index) => (index === 2 ? { ...row, NAME: "renamed" } : row)),
    NAMES,
  );
  for (const scratch of [start, applied]) {
    await loadAll(scratch, reader);
    await scratch.load([memoryFile("c.csv", 3, later), memoryFile("d.csv", 4, csv(SIGNALS.slice(0, 9), NAMES))], { reader });
  }
  await applied.run("INSERT INTO signalhouse.refset_rows VALUES ('VIP', 'anna.of.somewhere@example.com', 1, 'j', now())");
  await applied.reopen({ privacy: PRIVACY, privacyKey: async () => KEY });
  const { changed } = await applyTo(applied.warehouse, { privacy: PRIVACY });
  expect(changed).toMatchObject({ keys: 6, referenceSetRows: 1 });
  expect(await everything(applied)).toEqual(await everything(start));
  await applied.prove();
  const { kept, filled } = await keptAndFilled(applied);
  expect(kept).toEqual(filled);
  expect((await readTables(applied.warehouse.connection, needlesOf(VALUES))).found).toEqual([]);
  // Applied again it changes nothing, and what comes again is known.
  const again = await applyTo(applied.warehouse, { privacy: PRIVACY });
  expect(again.changed).toEqual({
    columns: { contact_email: 0, contact_mobile: 0, contact_salutation: 0 },
    contents: { marketing_signals: 0, behavior_signals: 0 },
    rejects: 0,
    referenceSetRows: 0,
    keys: 0,
  });
  await applied.load([memoryFile("e.csv", 5, csv(SIGNALS, NAMES))], { reader });
  expect(await applied.counts("e.csv")).toMatchObject({ inserted: 0 });
});

test("a contact key that comes before any attribute has the pseudonym of the attribute that is listed as one", async () => {
  const scratch = await opened({ columns: { "Customer ID": "pseudonym" }, fields: {} });
  const {
    "Customer ID": _id,
    Email: _email,
    ...says
  } = behavior("identification", "says", "03-01 10:03", { identifierName: "contactKey", identifierValue: "C-1" });
  await scratch.load([memoryFile("a.csv", 1, csv([says]))]);
  expect(await scratch.values("SELECT identifier_value FROM behavior_signals")).toEqual([pseudonym(KEY, "C-1", "exact")]);
});

test("a file without a header row fails without a word of what stands in it", async () => {
  const scratch = await opened();
  const [result] = await scratch.load([memoryFile("a.csv", 1, line(SIGNALS[0] as Fields).repeat(2))]);
  expect(result).toMatchObject({ status: "failed", code: "header_missing" });
  expect(JSON.stringify(result) + JSON.stringify(await scratch.rows("FROM signalhouse.loads"))).not.toContain("anna");
});

test("what is listed later has to be applied first; what is listed no more is told, and stays as it is", async () => {
  const scratch = await opened({ columns: { Email: "pseudonym" }, fields: {} });
  await scratch.load([memoryFile("a.csv", 1, csv([SIGNALS[0] as Fields], NAMES))]);
  const more = { columns: { Email: "drop", Mobile: "drop" }, fields: { ipAddress: "drop" } } as const;
  await scratch.reopen({ privacy: more, privacyKey: async () => KEY });
  const error = await failureOf(scratch.load([memoryFile("b.csv", 2, csv([SIGNALS[2] as Fields], NAMES))]));
  expect(error).toMatchObject({ code: "config_invalid" });
  expect(error.message).toContain("lists columns.Email, columns.Mobile, fields.ipAddress");
  expect(error.hint).toContain("signalhouse privacy apply --dry-run");
  expect(await scratch.value("SELECT count(*) FROM signalhouse.loads")).toBe("1");

  await scratch.reopen({ privacy: { columns: {}, fields: {} }, privacyKey: async () => KEY });
  const told: unknown[] = [];
  await scratch.load([memoryFile("b.csv", 2, csv([SIGNALS[2] as Fields], NAMES))], {
    onEvent: (event) => event.event === "unlisted" && told.push(event.names),
  });
  expect(told).toEqual([["columns.Email"]]);
  expect(await scratch.values("SELECT contact_email FROM marketing_signals UNION ALL SELECT contact_email FROM behavior_signals")).toEqual([
    EMAIL_PSEUDONYM,
    ANNA,
  ]);
  await scratch.reopen({ privacy: { columns: { Email: "pseudonym" }, fields: {} }, privacyKey: async () => KEY });
  expect(await failureOf(scratch.load([memoryFile("c.csv", 3, csv([SIGNALS[2] as Fields], NAMES))]))).toMatchObject({ code: "config_invalid" });
});

test.each([
  ["is lost", undefined, "the warehouse has pseudonyms by keyed hashes, and their key is not there"],
  ["is another one", randomBytes(32), "the privacy key is another one than that by which the warehouse has pseudonyms"],
])("where the key %s nothing is loaded, whatever is listed", async (_, key, message) => {
  const scratch = await opened();
  await scratch.load([memoryFile("a.csv", 1, csv([SIGNALS[0] as Fields], NAMES))]);
  for (const privacy of [PRIVACY, { columns: {}, fields: {} }]) {
    await scratch.reopen({ privacy, privacyKey: async () => key });
    const error = await failureOf(scratch.load([memoryFile("b.csv", 2, csv([SIGNALS[2] as Fields], NAMES))]));
    expect([error.code, error.message]).toEqual(["config_invalid", message]);
  }
});

const erased = ({ warehouse: { connection } }: Scratch, email: string) => inTransaction(connection, () => forget(connection, { email }, KEY, null));

test.each(READERS)("whoever was forgotten before it was applied, or since, or before it was taken away, stays away: %s", async (reader) => {
  const rows = [
    message("emailSend", "a", "03-01 09:00", { ...NOBODY, Email: ANNA }),
    behavior("pageView", "", "03-01 09:01", { url: `https://x/?${ANNA}` }, { ...NOBODY, TLTSID: "" }),
  ];
  const comes = [
    message("emailSend", "later", "04-01 09:00", { ...NOBODY, Email: ANNA.toUpperCase() }),
    behavior("identification", "says", "04-01 09:00", { identifierName: "email", identifierValue: ANNA }, { ...NOBODY, TLTSID: "" }),
    ...rows,
    message("emailSend", "bob", "04-01 09:00", { ...NOBODY, Email: "bob@example.com" }),
  ];
  const listed = { columns: { Email: "pseudonym" }, fields: { url: "drop" } } as const;
  const none = { columns: {}, fields: {} };
  for (const [before, after] of [
    [none, listed],
    [listed, listed],
    [listed, none],
  ] as const) {
    const scratch = await opened(before);
    await scratch.load([memoryFile("a.csv", 1, csv(rows, NAMES))], { reader });
    expect(await scratch.value("SELECT count(*) FROM marketing_signals")).toBe("1");
    await erased(scratch, ANNA);
    expect(await scratch.value("SELECT count(*) FROM marketing_signals")).toBe("0");
    await scratch.reopen({ privacy: after, privacyKey: async () => KEY });
    if (before === none) await applyTo(scratch.warehouse, { privacy: after });
    await scratch.load([memoryFile("b.csv", 2, csv(comes, NAMES))], { reader });
    // A mention is known by its text, which a content without it has not; what is remembered is its key.
    const keys = await scratch.values("SELECT signal_id FROM marketing_signals UNION ALL SELECT signal_id FROM behavior_signals");
    expect(keys.filter((key) => key !== null)).toEqual(["bob"]);
  }
});

test("a single signal without an id that was forgotten is known by its key, before and after", async () => {
  const rows = [
    behavior("pageView", "", "03-01 09:01", { url: "x", ipAddress: SECRET }, { TLTSID: "s" }),
    behavior("pageView", "", "03-01 09:02", { url: "y" }, { TLTSID: "t" }),
  ];
  const scratch = await opened({ columns: {}, fields: {} });
  await scratch.load([memoryFile("a.csv", 1, csv(rows, NAMES))]);
  const { connection } = scratch.warehouse;
  const gone = (where: string) => inTransaction(connection, () => forget(connection, { where }, KEY, null));
  await gone("url = 'x'");
  await scratch.reopen({ privacy: PRIVACY, privacyKey: async () => KEY });
  await applyTo(scratch.warehouse, { privacy: PRIVACY });
  await scratch.load([memoryFile("b.csv", 2, csv(rows, NAMES))]);
  expect(await scratch.values("SELECT url FROM behavior_signals")).toEqual(["y"]);
  await inTransaction(scratch.warehouse.connection, () => forget(scratch.warehouse.connection, { where: "url = 'y'" }, KEY, null));
  await scratch.load([memoryFile("c.csv", 3, csv(rows, NAMES))]);
  expect(await scratch.values("SELECT url FROM behavior_signals")).toEqual([]);
});

test("forget finds somebody by the address or key that was asked for, with all that is hers", async () => {
  const scratch = await opened({ columns: { Email: "pseudonym", "Customer ID": "pseudonym" }, fields: {} });
  const rows = [
    message("emailSend", "a", "03-01 09:00", { "Customer ID": "A-1", Email: ANNA }),
    message("emailOpen", "b", "03-01 09:01", { "Customer ID": "", Email: ANNA }),
    message("emailSend", "c", "03-01 09:00", { "Customer ID": "B-2", Email: "bob@example.com" }),
  ];
  await scratch.load([memoryFile("a.csv", 1, csv(rows))]);
  const { connection } = scratch.warehouse;
  const asked = await inTransaction(connection, () => forget(connection, { email: ` ${ANNA.toUpperCase()}` }, KEY, null));
  expect(asked).toMatchObject({ contacts: 1, tables: { marketing_signals: 2 } });
  await inTransaction(connection, () => forget(connection, { contactKey: "B-2" }, KEY, null));
  expect(await scratch.value("SELECT count(*) FROM marketing_signals")).toBe("0");
  const wrong = await failureOf(inTransaction(connection, () => forget(connection, { email: ANNA }, randomBytes(32), null)));
  expect(wrong).toMatchObject({ code: "config_invalid" });
});

test("a reject that is mended is loaded without what is listed; one without an id stays, as nobody can tell which it is", async () => {
  const scratch = await opened();
  const no = (row: Fields) => ({ ...row, SIGNAL_TIMESTAMP: "", TIMESTAMP: "" });
  await scratch.load([memoryFile("a.csv", 1, csv([no(SIGNALS[2] as Fields), no(SIGNALS[16] as Fields)], NAMES))]);
  expect(await scratch.values("SELECT code FROM signalhouse.rejects")).toEqual(["no_timestamp", "no_timestamp"]);
  for (const [record, row] of [SIGNALS[2], SIGNALS[16]].entries())
    await scratch.warehouse.connection.run("UPDATE signalhouse.rejects SET raw = $1 WHERE record_no = $2", [
      line(row as Fields).trimEnd(),
      BigInt(record + 1),
    ]);
  expect(await scratch.replay()).toMatchObject([{ replayed: 1, still_rejected: 1 }]);
  expect(await scratch.rows("SELECT signal_id, contact_email, contact_salutation, signal_content FROM behavior_signals")).toEqual([
    {
      signal_id: "view",
      contact_email: EMAIL_PSEUDONYM,
      contact_salutation: null,
      signal_content: '{"signalType":"pageView","url":"https://shop/"}',
    },
  ]);
});

test("keys besides the primary one have pseudonyms that are the same in any case, and keep their place", async () => {
  const privacy = { columns: { Member: "pseudonym" }, fields: {} } as const;
  const rows = [
    message("emailSend", "a", "03-01 09:00", { "Customer ID": "A-1", Member: "M-1" }),
    message("emailOpen", "b", "03-01 09:01", { "Customer ID": "", Member: "m-1 " }),
  ];
  const migration = (keys: string[]) => ({ contentKey: () => "", marts: { keys } });
  const scratch = await scratchWarehouse({ privacy, privacyKey: async () => KEY, migration: migration(["Customer ID", "Member"]) });
  await scratch.load([memoryFile("a.csv", 1, csv(rows))]);
  expect(await scratch.values("SELECT DISTINCT contact_member FROM marketing_signals")).toEqual([pseudonym(KEY, "m-1", "lower")]);
  expect(await scratch.values("SELECT DISTINCT contact_id FROM marts.contact_timeline")).toEqual(["A-1"]);
  await scratch.reopen({ privacy, privacyKey: async () => KEY, migration: migration(["Member"]) });
  const error = await failureOf(scratch.load([memoryFile("b.csv", 2, csv(rows))]));
  expect([error.code, error.message]).toEqual(["config_invalid", expect.stringContaining('contacts.keys has "Member" at another place')]);
});
