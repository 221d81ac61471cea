/** Who a contact is, as commands tell it: loads once, status always, and contacts detect with what would be better. */
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli } from "../helpers/cli.ts";
import { csv, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const CONFIG = "signalhouse.config.json";

const send = (id: number, more: Record<string, string>) => ({
  SIGNAL_ID: `id ${id}`,
  SIGNAL_TYPE: "emailSend",
  SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z",
  ...more,
});
const people = (of: (number: number) => Record<string, string>) => csv(Array.from({ length: 24 }, (_, number) => send(number, of(number))));

/** A folder with an empty warehouse and these files. */
async function place(files: Record<string, string>): Promise<string> {
  const cwd = scratchFolder();
  const scratch = await scratchWarehouse({ path: join(cwd, "signals.duckdb") });
  scratch.warehouse.close();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

const ONE = people((n) => ({ Email: `p${n}@x.example` }));
const TWO = csv(Array.from({ length: 48 }, (_, n) => send(100 + n, { Email: `p${n}@x.example`, "Customer ID": `C${n % 40}` })));

describe("load", () => {
  test("says once what names have decided", async () => {
    const cwd = await place({ "one.csv": ONE, "two.csv": TWO });
    const first = await cli(["load", "one.csv"], { cwd });
    expect(first.stderr).toContain(
      'one.csv: contacts are told apart by "Email", chosen by name, and so it stays until contacts.keys says something else; see: signalhouse contacts detect',
    );
    const second = await cli(["load", "two.csv"], { cwd });
    expect(second.stderr).toContain('contact_customer_id ("Customer ID")');
    expect(second.stderr).not.toContain("contacts are told apart");
    expect((await cli(["status"], { cwd })).stdout).toMatch(/^contacts by +"Email", by default, for their names$/m);
  });

  test("says once that no name does, and in its document which do", async () => {
    const cwd = await place({ "one.csv": people(() => ({ Country: "AT" })), "two.csv": people((n) => ({ Email: `p${n}@x.example` })) });
    expect((await cli(["load", "one.csv"], { cwd })).stderr).toContain("no contact attribute has a name that says who a contact is");
    expect((await cli(["status"], { cwd })).stdout).toMatch(/^contacts by +nothing yet; see: signalhouse contacts detect$/m);
    const second = await cli(["load", "two.csv", "--json"], { cwd });
    expect(JSON.parse(second.stdout)).toMatchObject({ files: [{ contact_keys: { keys: ["Email"], chosen_by: "names", unknown: [] } }] });
    expect(JSON.parse((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({
      contact_keys: { keys: ["Email"], chosen_by: "names", unknown: [] },
    });
  });

  test("says once that a key of the configuration is no header yet, with what may be meant", async () => {
    const cwd = await place({
      "one.csv": TWO,
      "two.csv": people(() => ({ Country: "AT" })),
      [CONFIG]: '{ "contacts": { "keys": ["customer id", "Email"] } }',
    });
    const unknown = 'contacts.keys has "customer id", which is the header of no contact column yet. Did you mean "Customer ID"?';
    expect((await cli(["load", "one.csv"], { cwd })).stderr).toContain(unknown);
    expect((await cli(["load", "two.csv"], { cwd })).stderr).not.toContain("contacts.keys");
    expect((await cli(["status"], { cwd })).stdout).toMatch(
      /^contacts by +"customer id", then "Email", as contacts.keys says; no column yet has the header "customer id"$/m,
    );
  });

  test("says before it makes the marts anew by another configuration, and then no more", async () => {
    const cwd = await place({ "one.csv": TWO, "two.csv": ONE });
    await cli(["load", "one.csv"], { cwd });
    writeFileSync(join(cwd, CONFIG), '{ "contacts": { "keys": ["Email", "Customr ID"] } }');
    expect((await cli(["status"], { cwd })).stdout).toMatch(
      /by default, for their names; from the next load or sync on by "Email", then "Customr ID", as contacts.keys says$/m,
    );
    const { stderr } = await cli(["load", "one.csv"], { cwd });
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      'Contacts are told apart by "Email", then "Customr ID" from now on, as contacts.keys says; it was "Customer ID", then "Email". The marts are made anew, of 48 signals. That may take a minute for ten million of them. It is one transaction: interrupted, it leaves the warehouse as it was.',
      'contacts.keys has "Customr ID", which is the header of no contact column yet. Did you mean "Customer ID"?',
    ]);
    expect((await cli(["load", "two.csv"], { cwd })).stderr).not.toContain("Contacts are told apart");
    writeFileSync(join(cwd, CONFIG), "{}");
    expect((await cli(["load", "two.csv"], { cwd })).stderr).toBe("");
    expect((await cli(["status"], { cwd })).stdout).toMatch(/^contacts by +"Email", then "Customr ID", as contacts.keys said;/m);
  });
});

describe("contacts detect", () => {
  const text = '{\n  // Mine.\n  "contacts": {\n    // Who.\n  },\n}\n';

  test("proposes, changes nothing, and with --write puts it into the configuration, which the next load follows", async () => {
    const cwd = await place({ "one.csv": ONE, "two.csv": TWO, [CONFIG]: text });
    await cli(["load", "one.csv", "two.csv"], { cwd });
    const warehouse = readFileSync(join(cwd, "signals.duckdb"));
    const looked = await cli(["contacts", "detect"], { cwd });
    // Of 72 signals 48 have a customer, forty of them: too few for the primary key.
    expect(looked).toMatchObject({ code: 0, stderr: "" });
    expect(looked.stdout.split("\n")).toEqual([
      "contact attribute     fill  values  shared  key",
      "Email              100.0 %      48          the primary one",
      "Customer ID         66.7 %      40       8  a further one",
      "",
      'fill: the share of 72 signals that have it; shared: values that stand beside several of "Email"',
      "",
      'in effect  "Email", by default, for their names',
      'proposed   "Email", then "Customer ID"',
      "then       48 contacts instead of 48; 72 signals that say themselves whose they are instead of 72",
      "",
      "Nothing was changed. To take it: signalhouse contacts detect --write, then load or sync, which makes the marts anew.",
      "",
    ]);
    expect(readFileSync(join(cwd, CONFIG), "utf8")).toBe(text);

    chmodSync(join(cwd, CONFIG), 0o640);
    const written = await cli(["contacts", "detect", "--write"], { cwd });
    expect(written.stdout).toContain(`Wrote it to ${join(cwd, CONFIG)}. The next load or sync makes the marts anew where they differ.`);
    expect(readFileSync(join(cwd, CONFIG), "utf8")).toBe(
      '{\n  // Mine.\n  "contacts": {\n    // Who.\n    "keys": ["Email", "Customer ID"],\n  },\n}\n',
    );
    expect(statSync(join(cwd, CONFIG)).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(cwd, "signals.duckdb")).equals(warehouse)).toBe(true);
    expect((await cli(["load", "one.csv"], { cwd })).stderr).toContain('by "Email", then "Customer ID" from now on');
    const after = await cli(["contacts", "detect", "--write"], { cwd });
    expect(after.stdout).toContain("There is nothing to change.");
    expect(after.stdout).not.toContain("Wrote");
  });

  test("as a document", async () => {
    const cwd = await place({ "one.csv": TWO, [CONFIG]: '{ "contacts": { "keys": ["Email"] } }' });
    await cli(["load", "one.csv"], { cwd });
    const document = JSON.parse((await cli(["contacts", "detect", "--json"], { cwd })).stdout) as unknown;
    const shared = { occurrence: 1, filled: 48, fill: 1, fault: null };
    expect(document).toEqual({
      signals: 48,
      is_estimate: false,
      columns: [
        { ...shared, header: "Customer ID", column: "contact_customer_id", values: 40, shared: null, role: "primary" },
        { ...shared, header: "Email", column: "contact_email", values: 48, shared: 0, role: "further" },
      ],
      in_effect: { keys: ["Email"], chosen_by: "configuration", unknown: [] },
      configured: ["Email"],
      proposal: ["Customer ID", "Email"],
      change: { contacts: { before: 48, after: 40 }, signals_with_contact: { before: 48, after: 48 } },
      written: null,
    });
  });

  test.each<[why: string, files: Record<string, string>, args: string[], code: number, says: string]>([
    ["no attributes", { "one.csv": csv([send(1, {})]) }, [], 0, "The warehouse has no contact attributes yet"],
    ["nothing to propose", { "one.csv": people(() => ({ Country: "AT" })) }, [], 0, "nothing: no contact attribute tells contacts apart"],
    ["nothing to write", { "one.csv": people(() => ({ Country: "AT" })), [CONFIG]: text }, ["--write"], 1, "Nothing was written"],
    ["no configuration", { "one.csv": ONE }, ["--write"], 2, "there is no configuration that the proposal could be written to"],
    ["a setting twice", { "one.csv": ONE, [CONFIG]: '{ "contacts": {}, "contacts": {} }' }, ["--write"], 2, "was left as it is"],
  ])("%s", async (_, files, args, code, says) => {
    const cwd = await place(files);
    await cli(["load", "one.csv"], { cwd });
    const ended = await cli(["contacts", "detect", ...args], { cwd });
    expect([ended.code, ended.stdout + ended.stderr]).toEqual([code, expect.stringContaining(says)]);
    if (files[CONFIG] !== undefined) expect(readFileSync(join(cwd, CONFIG), "utf8")).toBe(files[CONFIG]);
  });
});
