/** Marts as views: their columns, and that they are there whatever a warehouse has, and the same whoever asks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KEPT_MARTS, MARTS } from "../../../sinks/marts/index.ts";
import { generateExports } from "../../../samples/generator/exports.ts";
import { behavior, loadSignals, message, order } from "../../helpers/signals.ts";
import { memoryFile, type Scratch, scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

const NAMES = [...KEPT_MARTS, ...MARTS].map(({ name }) => name);

const counts = async (scratch: Scratch): Promise<Record<string, unknown>> =>
  Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await scratch.value(`SELECT count(*) FROM marts.${name}`)] as const)));

const columnsOf = (scratch: Scratch, name: string) => scratch.values(`SELECT column_name FROM (DESCRIBE FROM marts.${name})`);

test("each mart says of each of its columns what it is, in one sentence, and of itself", async () => {
  const scratch = await scratchWarehouse();
  for (const { name, about, columns } of MARTS) {
    expect([name, ...(await columnsOf(scratch, name))]).toEqual([name, ...Object.keys(columns)]);
    for (const sentence of [about, ...Object.values(columns)]) expect(sentence).toMatch(/^[A-Za-z(`].*[^.]\.$/);
  }
});

const withoutContacts = (row: Readonly<Record<string, string | undefined>>) => ({ ...row, "Customer ID": undefined });
const MESSAGES = [message("emailSend", "1", "03-01 10:00"), message("emailClick", "2", "03-01 10:01")];
const VISITS = [
  behavior("cartAbandonment", "3", "03-01 10:02"),
  behavior("onSiteSearch", "4", "03-01 10:02", { searchTerm: "a" }),
  order("5", "03-01 10:03", 1),
];

test.each([
  { what: "nothing", signals: [], some: [] },
  { what: "messages only", signals: MESSAGES, some: ["sends", "campaign_daily", "campaign_performance", "contacts", "daily"] },
  { what: "behavior only", signals: VISITS, some: ["orders_once", "attribution", "sessions", "contacts", "cart_recovery", "search_terms"] },
  {
    what: "no contact columns",
    signals: [...MESSAGES, ...VISITS].map(withoutContacts),
    some: ["sends", "attribution", "sessions", "contact_timeline"],
  },
])("all marts can be asked of a warehouse with $what", async ({ signals, some }) => {
  const scratch = await scratchWarehouse();
  if (signals.length > 0) await loadSignals(scratch, signals);
  const found = await counts(scratch);
  expect(some.filter((name) => found[name] === "0")).toEqual([]);
  if (signals.length === 0) expect(Object.entries(found).filter(([, count]) => count !== "0")).toEqual([]);
});

test("attributes that are called like columns of marts stand behind them, under names of their own", async () => {
  const scratch = await scratchWarehouse();
  const named = { ID: "an id", Via: "a way", "ID Attribute": "another", "Email; --\"'": "odd", Orders: "many" };
  await loadSignals(
    scratch,
    [...MESSAGES, ...VISITS].map((row) => ({ ...row, ...named })),
  );
  const attributes = (await columnsOf(scratch, "contacts")).slice(Object.keys(MARTS.find(({ name }) => name === "contacts")?.columns ?? {}).length);
  expect(attributes).toEqual([
    "contact_customer_id",
    "contact_id_attribute_attribute",
    "contact_via",
    "contact_id_attribute",
    "contact_email",
    "contact_orders",
  ]);
  expect(
    await scratch.rows(
      "SELECT contact_id, contact_id_attribute_attribute AS id, contact_id_attribute AS other, contact_orders, orders FROM marts.contacts",
    ),
  ).toEqual([{ contact_id: "C1", id: "an id", other: "another", contact_orders: "many", orders: "1" }]);
  expect((await counts(scratch))["consented"]).toBe("0");
});

/** Two exports, of which the later one repeats the end of the first, with changes. */
async function overlapping() {
  const folder = scratchFolder();
  const { files } = await generateExports({ rowsPerFile: 400, files: 2, overlap: 40, seed: 3, folder });
  return files.map(({ path, mtime }) => memoryFile(path, mtime, readFileSync(join(folder, path))));
}

test("neither the order in which overlapping exports are loaded nor the time zone of who asks changes a mart", async () => {
  const [one, other] = [await scratchWarehouse(), await scratchWarehouse()];
  const files = await overlapping();
  await one.load(files);
  for (const file of files.toReversed()) await other.load([file]);
  await other.run("SET TimeZone = 'America/New_York'");
  for (const name of NAMES) await other.run(`CREATE TEMP TABLE elsewhere_${name} AS FROM marts.${name}`);
  await other.run("SET TimeZone = 'UTC'");
  for (const name of NAMES) {
    const expected = await one.rows(`FROM marts.${name} ORDER BY ALL`);
    expect({ [name]: await other.rows(`FROM elsewhere_${name} ORDER BY ALL`) }).toEqual({ [name]: expected });
    if (name !== "orphans") expect(expected.length, name).toBeGreaterThan(0);
  }
});
