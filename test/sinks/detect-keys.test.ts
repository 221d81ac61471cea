/** What contact attributes hold, counted; and which of them are proposed as keys. Figures are by hand. */
import { describe, expect, test } from "vitest";
import { compareKeys, detectKeys } from "../../sinks/detect-keys.ts";
import { csv, memoryFile, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

type Attributes = Record<string, string>;

const send = (id: string, more: Attributes) => ({ SIGNAL_ID: id, SIGNAL_TYPE: "emailSend", SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z", ...more });

async function withContacts(contacts: readonly Attributes[], ...others: Attributes[]): Promise<Scratch> {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([...contacts.map((more, index) => send(String(index), more)), ...others]))]);
  return scratch;
}

const detected = async (scratch: Scratch) => detectKeys(scratch.warehouse.connection);
const column = async (scratch: Scratch, header: string) => (await detected(scratch)).columns.find((found) => found.header === header);

/** So many contacts, each with what is made of its number. */
const contacts = (of: (number: number) => Attributes, count = 20): Attributes[] => Array.from({ length: count }, (_, number) => of(number));
const email = (number: number) => `p${number}@x.example`;

describe("figures", () => {
  const test20 = contacts((n) => ({
    "Customer ID": `C${n}`,
    Email: email(n),
    Phone: n < 2 ? "+43 1" : `+43 2 ${n}`,
    Tier: n % 2 === 0 ? "gold" : "tin",
  }));
  const more = [
    // A second signal of the same, written otherwise, with another address of C1's.
    { "Customer ID": " C0 ", Email: " P0@X.example", Phone: "+431" },
    { "Customer ID": "C1", Email: "other@x.example" },
    // No customer.
    { Email: "letter@x.example" },
    { Email: "  ", Phone: "-" },
  ];

  test("are of all signals but those that were sent to try something", async () => {
    const scratch = await withContacts(
      [...test20, ...more],
      pageView("real", "", { "Customer ID": "C2" }),
      pageView("tried", "", { "Customer ID": "C99", SIGNAL_CONTENT: '{"test": true}' }),
    );
    const { signals, isEstimate, columns, proposal } = await detected(scratch);
    expect({ signals, isEstimate, proposal }).toEqual({ signals: 25, isEstimate: false, proposal: ["Customer ID", "Email", "Phone"] });
    expect(columns).toMatchObject([
      { header: "Customer ID", column: "contact_customer_id", filled: 23, values: 20, shared: undefined, role: "primary", fault: undefined },
      { header: "Email", filled: 23, values: 22, shared: 0, role: "further" },
      { header: "Phone", filled: 21, values: 19, shared: 1, role: "further" },
      { header: "Tier", filled: 20, values: 2, shared: 2, role: undefined, fault: "it has too few values" },
    ]);
  });

  test("of contacts, before and after", async () => {
    const scratch = await withContacts([...test20, ...more]);
    const { connection } = scratch.warehouse;
    const change = (keys: string[]) => detected(scratch).then((found) => compareKeys(connection, found, keys));
    // Of the 24 signals the last says nothing of anybody. C0 to C19, and the address that nobody has.
    const byNumber = { contacts: 21, signals: 23 };
    expect(await change(["Email"])).toEqual({ before: byNumber, after: { contacts: 22, signals: 23 } });
    expect(await change(["Customer ID"])).toEqual({ before: byNumber, after: { contacts: 20, signals: 22 } });
    // +431 is C0's and C1's; the other eighteen numbers are a contact each.
    expect(await change(["Phone"])).toEqual({ before: byNumber, after: { contacts: 19, signals: 21 } });
    expect(await change(["Not There"])).toEqual({ before: byNumber, after: { contacts: 0, signals: 0 } });
  });

  test("are by data set where there are several: the same number may be another one's there", async () => {
    const one = contacts((n) => ({ "Customer ID": `C${n}`, Email: email(n), DATASET_ID: "d1" }));
    const scratch = await withContacts([...one, ...contacts((n) => ({ "Customer ID": `C${n}`, Email: `q${n}@x.example`, DATASET_ID: "d2" }))]);
    expect(await column(scratch, "Customer ID")).toMatchObject({ role: "primary", filled: 40, values: 20 });
    const { before } = await compareKeys(scratch.warehouse.connection, await detected(scratch), ["Email"]);
    expect(before).toEqual({ contacts: 40, signals: 40 });
  });

  // More than a million signals, for up to there all is counted.
  test("of a large warehouse are estimates, one or two in a hundred off", { timeout: 120_000 }, async () => {
    const scratch = await withContacts([{ "Customer ID": "C0", Email: "p0", Tier: "T0" }]);
    await scratch.run(`INSERT INTO marketing_signals BY NAME
      SELECT 'k' || r AS signal_key, 'emailSend' AS signal_type, TIMESTAMPTZ '2025-09-01 10:00:00Z' AS occurred_at, 1 AS load_id, r + 10 AS record_no,
        'C' || n AS contact_customer_id, 'p' || n || CASE WHEN n % 10 = 0 AND r >= 600000 THEN 'x' ELSE '' END AS contact_email, 'T' || n % 4 AS contact_tier
      FROM (SELECT range AS r, range % 300000 AS n FROM range(1200000))`);
    const found = await detected(scratch);
    const about = (value: number) => expect.toSatisfy((found: number) => Math.abs(found / value - 1) < 0.02) as number;
    expect(found).toMatchObject({ signals: 1_200_001, isEstimate: true, proposal: ["Customer ID", "Email"] });
    expect(found.columns).toMatchObject([
      { header: "Customer ID", filled: 1_200_001, values: about(300_000) },
      { header: "Email", filled: 1_200_001, values: about(330_000), shared: 0 },
      { header: "Tier", filled: 1_200_001, values: 4, shared: 4 },
    ]);
    const { before, after } = await compareKeys(scratch.warehouse.connection, found, ["Email"]);
    expect([before, after]).toMatchObject([{ contacts: about(300_000) }, { contacts: about(330_000) }]);
  });

  test("are none where there are no attributes, and no signals", async () => {
    const scratch = await scratchWarehouse();
    expect(await detected(scratch)).toMatchObject({ signals: 0, columns: [], proposal: [] });
    await scratch.load([memoryFile("a.csv", 1, csv([], ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "Email"]))]);
    expect(await detected(scratch)).toMatchObject({ signals: 0, columns: [{ header: "Email", fault: "it is empty" }], proposal: [] });
  });
});

describe("what is proposed", () => {
  test.each<[why: string, proposal: string[], of: (number: number) => Attributes]>([
    [
      "a customer number before a number of another name",
      ["Customer ID", "Email"],
      (n) => ({ "A No": `${n}`, Email: email(n), "Customer ID": `C${n}` }),
    ],
    ["a number of another name before an e-mail address", ["Kundennummer", "Email"], (n) => ({ Email: email(n), Kundennummer: `K-${n}` })],
    [
      "an e-mail address where a number is missing often",
      ["Email", "Customer ID"],
      (n) => ({ Email: email(n), "Customer ID": n < 15 ? `C${n}` : "" }),
    ],
    ["a phone number where there is nothing else", ["Mobile"], (n) => ({ Mobile: `+43 1 ${n}`, "First Name": `Ana the ${n}` })],
    ["no number that several people have", ["Email"], (n) => ({ Email: email(n), "Company No": `${1000 + (n % 12)}` })],
    ["no number that changes", ["Email"], (n) => ({ Email: email(n % 12), "Order No": `${1000 + n}` })],
    ["no e-mail address of everybody", ["Customer ID"], (n) => ({ "Customer ID": `C${n}`, Email: "shop@x.example" })],
    [
      "a customer number before addresses that nearly all have in common",
      ["Customer ID", "Email"],
      (n) => ({ "Customer ID": `C${n}`, Email: n === 0 ? email(n) : "shop@x.example" }),
    ],
    ["nothing that everybody has", [], (n) => ({ "Customer ID": "guest", Tier: `T${n % 2}` })],
    ["no texts, however different", [], (n) => ({ "First Name": `Ana${"x".repeat(n)}`, Note: `she said ${n} things` })],
    ["no dates, however different", [], (n) => ({ Birthday: `19${50 + n}-02-03`, "Last Seen": `2025-10-0${1 + (n % 3)}T1${n % 10}:00:00Z` })],
    ["no tiers and countries", ["Email"], (n) => ({ Email: email(n), Country: `C${n % 3}`, Tier: `T${n % 2}` })],
    ["of several customer numbers the likeliest first", ["Contact Key", "Member ID"], (n) => ({ "Member ID": `M${n}`, "Contact Key": `K${n}` })],
  ])("%s", async (_, proposal, of) => {
    const { columns, ...found } = await detected(await withContacts(contacts(of, 24)));
    expect(found.proposal).toEqual(proposal);
    for (const { role, fault } of columns) expect([role === undefined, fault === undefined]).toSatisfy(([one, other]) => one !== other);
  });

  test("is no second column of a header", async () => {
    const names = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "Email", "Email"];
    const scratch = await scratchWarehouse();
    const lines = contacts((n) => ({ line: `${n},emailSend,2025-09-01T10:00:00Z,${email(n)},${email(n)}` })).map(({ line }) => line);
    await scratch.load([memoryFile("a.csv", 1, [names.join(","), ...lines, ""].join("\n"))]);
    expect(await detected(scratch)).toMatchObject({
      proposal: ["Email"],
      columns: [
        { column: "contact_email", role: "primary" },
        { column: "contact_email_2", role: undefined, fault: "its header is another column's, too" },
      ],
    });
  });
});
