/** refset as a user runs it, against the sandbox, whose clock it has. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realClock } from "../../pipeline/common/clock.ts";
import { cli, spawnCli, startCli, writeConfig } from "../helpers/cli.ts";
import { type ConnectPlace, connectPlace } from "../helpers/connect.ts";
import { message } from "../helpers/signals.ts";
import { csv, scratchFolder } from "../helpers/warehouse.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

const place = () => connectPlace({ exports: { pollSeconds: 0.05, lookMinutes: 0.01, deadlineHours: 0.01 } });
/** Where commands are that wait as long as the sandbox does. */
const within = ({ folder: cwd, clock }: ConnectPlace) => ({ cwd, clock });

function put(at: ConnectPlace, name: string, content: string): string {
  writeFileSync(join(at.folder, name), content);
  return name;
}

const ROWS = "id,name,phone\n1,Ana,+4917012345678\n2,Bo,\n";
const rowsOf = (at: ConnectPlace) => [...(at.api.sets[0]?.records.values() ?? [])].map((record) => Object.fromEntries(record));

describe("push", () => {
  test("waiting for an import shows that it waits, until when, and only once in a log", async () => {
    const at = await place();
    put(at, "people.csv", ROWS);
    at.api.faults.importsNeverEnd = 1;
    const { code, stderr } = await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], within(at));
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("[import_late]") as string });
    expect(stderr.match(/waiting until Connect is done with the import "[\w ]*People.*", until 2025-07-10 09:00 UTC at most$/gm)).toHaveLength(1);
  });

  test("sends, waits, and keeps its options; the next push needs only the name", async () => {
    const at = await place();
    put(at, "people.csv", ROWS);
    const options = ["--from", "people.csv", "--key", "id", "--columns", "id=Customer ID,name,phone", "--phone", "phone", "--folder", "sets/people"];
    const first = await cli(["refset", "push", "People", ...options, "--notify", "ana@example.com", "--wait", "--save"], within(at));
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/Customer ID +id +TEXT +key/);
    expect(first.stdout).toMatch(/Connect has imported People, CREATE: 2 rows, \d+ B, delimiter comma, sets\/people\/People-/);
    expect(first.stdout + first.stderr).not.toContain(at.api.key);
    expect(rowsOf(at)).toEqual([
      { "Customer ID": "1", name: "Ana", phone: "+4917012345678" },
      { "Customer ID": "2", name: "Bo", phone: null },
    ]);
    expect(json(readFileSync(join(at.folder, "refsets/People.json"), "utf8"))).toEqual({
      source: { file: join(at.folder, "people.csv") },
      key: "id",
      columns: [{ from: "id", name: "Customer ID" }, { from: "name" }, { from: "phone" }],
      phone: ["phone"],
      folder: "sets/people",
      notify: ["ana@example.com"],
    });
    put(at, "people.csv", `${ROWS}3,Cy,\n`);
    const next = await cli(["refset", "push", "People", "--changed", "--wait", "--json"], within(at));
    expect(json(next.stdout)).toMatchObject({
      mode: "ADD_UPDATE",
      sending: 1,
      changed: 1,
      gone: { count: 0 },
      import: { status: "imported", rows: 1 },
    });
    put(at, "people.csv", "id,name,phone\n1,Ana,+4917012345678\n");
    const gone = await cli(["refset", "push", "People", "--changed"], within(at));
    expect(gone.stdout).toContain('2 rows gone: "2", "3"; they stay in Connect; --mode replace removes them');
    expect(gone.stdout).toContain("Nothing is to be sent.");
    expect(rowsOf(at)).toHaveLength(3);
    expect((await cli(["refset", "push", "People", "--mode", "replace", "--wait"], within(at))).code).toBe(0);
    expect(rowsOf(at)).toHaveLength(1);
  });

  test("without --wait, then status, then status --wait", async () => {
    const at = await place();
    at.api.faults.noDataJob = true;
    put(at, "people.csv", ROWS);
    const asked = await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id"], within(at));
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).toContain("Connect took People, CREATE: 2 rows");
    expect(asked.stderr).toContain("To see it through: signalhouse refset status --wait");
    const waited = await cli(["refset", "status", "People", "--wait"], within(at));
    expect(waited).toMatchObject({ code: 0 });
    expect(waited.stdout).toMatch(/People +CREATE +2 +imported/);
    expect(json((await cli(["refset", "status", "--json"], within(at))).stdout)).toMatchObject({
      imports: [{ set: "People", status: "imported" }],
    });
  });

  test("what is broken is told, nothing is sent, and the exit code says it", async () => {
    const at = await place();
    put(at, "people.csv", "id,phone\n1,0170\n1,\n");
    const args = ["--from", "people.csv", "--key", "id", "--phone", "phone"];
    const { code, stdout } = await cli(["refset", "push", "People", ...args], within(at));
    expect(code).toBe(1);
    expect(stdout).toContain('row 1: "phone" is "0170", but a phone number is E.164');
    expect(stdout).toContain('row 2: the key "id" is "1", as in row 1 already');
    expect(stdout).toContain("Nothing was sent.");
    expect(at.api.imports).toEqual([]);
    const document = json((await cli(["refset", "validate", "People", ...args, "--max-errors", "1", "--json"], within(at))).stdout);
    expect(document).toMatchObject({
      asked_connect: true,
      violation_count: 2,
      violations: [{ rule: "phone", row: 1, column: "phone", value: "0170" }],
    });
  });

  test("a failed import is explained, and status names the file that is left", async () => {
    const at = await place();
    at.api.faults.failImports = 1;
    put(at, "people.csv", ROWS);
    const { code, stderr } = await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], within(at));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /INPUT_VALIDATION_FAILED[^]*Its file is still on the server: People-[^]*-> [^]*the delimiter must be comma, tab or pipe[^]*\[import_failed\]/,
    );
    expect((await cli(["refset", "status"], within(at))).stdout).toMatch(/failed +the import "signalhouse People[^]*still on the server/);
  });

  test("Ctrl-C while it waits; the next push sees to it", async () => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, exports: { pollSeconds: 3600 } });
    at.api.faults.latencyMs = 50;
    put(at, "people.csv", ROWS);
    const running = startCli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], {
      cwd: at.folder,
      clock: { ...realClock, now: () => at.clock.now() },
    });
    await running.said(/Connect took the import/);
    running.interrupt("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stderr: expect.stringContaining("signalhouse refset status --wait") });
    at.api.faults.latencyMs = 0;
    await at.api.idle();
    writeConfig(at.folder, at.input);
    const again = await cli(["refset", "push", "People", "--from", "people.csv", "--wait"], within(at));
    expect(again).toMatchObject({ code: 0 });
    expect(rowsOf(at)).toHaveLength(2);
  });

  test("--out writes the file here and asks nobody", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "a.csv"), ROWS);
    const { code, stdout } = await cli(["refset", "push", "People", "--from", "a.csv", "--key", "id", "--delimiter", "pipe", "--out", "b.psv"], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout).toContain(`Wrote ${join(folder, "b.psv")}: 2 rows`);
    expect(readFileSync(join(folder, "b.psv"), "utf8")).toBe(ROWS.replaceAll(",", "|"));
  });
});

test.each([
  ["a folder", "."],
  ["a file in a folder that is not there", "missing/b.psv"],
])("--out that is %s cannot be written, and says so", async (_, out) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "a.csv"), "id,name\n1,Ada\n");
  const { code, stderr } = await cli(["refset", "push", "People", "--from", "a.csv", "--key", "id", "--out", out], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(`${join(folder, out)} cannot be written`);
  expect(stderr).toContain("--out");
  expect(readdirSync(folder)).toEqual(["a.csv"]);
});

test("whom one may write to is a reference set as it stands", async () => {
  const at = await place();
  const consents = { CONSENT_EMAIL: "OPT_IN", CONSENT_SMS: "OPT_OUT" };
  put(
    at,
    "signals.csv",
    csv([
      message("emailSend", "1", "03-01 10:00", { Email: "ana@x.example", ...consents }),
      message("emailSend", "2", "03-01 10:00", { "Customer ID": "C2" }),
    ]),
  );
  expect((await cli(["load", "signals.csv"], within(at))).code).toBe(0);
  const { code, stderr } = await cli(["refset", "push", "Consented", "--table", "marts.consented", "--key", "consented_key", "--wait"], within(at));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(rowsOf(at)).toEqual([{ consented_key: "C1/email", contact_id: "C1", channel: "email", address: "ana@x.example" }]);
});

describe("validate of a file", () => {
  const PHONES = "id,phone,price\n1,0170 1234567,1.50\n2,+49 (0)171 1234567,2\n";
  const OPTIONS = ["--from", "people.csv", "--key", "id", "--phone", "phone", "--normalize", "--country", "de", "--decimals", "price=2"];

  test("needs no configuration, account, warehouse or network, and leaves nothing behind", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "people.csv"), PHONES);
    const { code, stdout, stderr } = await cli(["refset", "validate", "People", ...OPTIONS], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "Connect was not asked about its sets: there is no API key\n" });
    expect(stdout).toMatch(/price +NUMBER +2 decimals/);
    expect(stdout).toContain('note: 2 values of "phone" were normalized');
    expect(stdout).toContain("People can be pushed, CREATE: 2 rows");
    expect(readdirSync(folder)).toEqual(["people.csv"]);
  });

  test("works where nothing can be written beside the warehouse", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "people.csv"), PHONES);
    const args = ["refset", "validate", "People", ...OPTIONS, "--warehouse", join(folder, "nowhere", "w.duckdb")];
    expect(await spawnCli(args, { cwd: folder, env: { TMPDIR: folder } }).ended).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual(["people.csv"]);
  });

  test("works where Connect cannot be reached, and says so", async () => {
    const at = await place();
    await at.sandbox.close();
    writeConfig(at.folder, { ...at.input, api: { ...at.input.api, retries: 0 } });
    put(at, "people.csv", PHONES);
    const { code, stdout, stderr } = await cli(["refset", "validate", "People", ...OPTIONS, "--json"], within(at));
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ asked_connect: false, violation_count: 0, columns: [{}, {}, { name: "price", decimals: 2 }] });
    expect(stderr).toMatch(/Connect was not asked about its sets: .*cannot be reached/);
  });

  test("counts all broken rules, in text and in JSON", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "a.csv"), `id,v\n${Array.from({ length: 251 }, (_, row) => `A${row},1,2\n`).join("")}`);
    const args = ["refset", "validate", "A", "--from", "a.csv", "--key", "id"];
    const { code, stdout } = await cli(args, { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toContain(
      "251 broken rules; the first 100, more with --max-errors:\n  row 1 (line 2) has 3 fields, but the header 2 [delimiter]\n",
    );
    const document = json((await cli([...args, "--json"], { cwd: folder })).stdout);
    expect(document).toMatchObject({ rows: 251, violation_count: 251 });
    expect(document["violations"]).toHaveLength(100);
  });
});

describe("list", () => {
  test("the sets, and the rows of one", async () => {
    const at = await place();
    expect((await cli(["refset", "list"], within(at))).stdout).toBe("Connect has no reference sets.\n");
    put(at, "people.csv", ROWS);
    await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], within(at));
    expect((await cli(["refset", "list"], within(at))).stdout).toMatch(/People +2 +id +id TEXT, name TEXT, phone TEXT +[0-9a-f-]{36}/);
    const rows = await cli(["refset", "list", "People", "--rows", "1"], within(at));
    expect(rows.stdout).toMatch(/id +name +phone\n1 +Ana +\+4917012345678\n\n1 of 2 rows/);
    expect(await cli(["refset", "list", "Nobody"], within(at))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no reference set Nobody") as string,
    });
  });
});

describe("bad usage names itself", () => {
  test.each([
    [["push", "People"], "refsets/People.json says where the rows of People come from"],
    [["push", "People", "--table", "orders", "--query", "SELECT 1"], "--query, --table and --from stand beside each other"],
    [["push", "People", "--table", "orders", "--types", "{"], "--types is no JSON"],
    [["push", "People", "--table", "orders", "--types", '{"a":"DECIMAL"}'], "--types is not valid: a: expected one of TEXT, NUMBER, BOOLEAN, DATE"],
    [["push", "People", "--table", "orders", "--types", '["a"]'], "--types is not valid: as a whole: expected names and values in braces"],
    [["push", "People", "--table", "orders", "--columns", "[1]"], "--columns is neither a list nor names by column"],
    [["push", "People", "--table", "orders", "--delimiter", ";"], "--delimiter"],
    [["push", "People", "--table", "orders", "--date-format", "YYYY"], "--date-format"],
    [["push", "People", "--table", "orders", "--mode", "delete"], "--mode"],
    [["push", "People", "--table", "orders", "--notify", "ana"], '--notify is "ana"'],
    [["push", "People", "--table", "orders", "--folder", "../x"], '--folder is "../x"'],
    [["push", "People", "--table", "orders", "--folder", "Export/Signals"], "which Connect keeps for exports"],
    [["push", "People", "--table", "orders", "--max-errors", "x"], "--max-errors"],
    [["push", "People", "--table", "orders", "--decimals", "price"], '--decimals is "price"'],
    [["push", "People", "--table", "orders", "--decimals", "a=2,price=39"], '--decimals is "price=39"'],
    [["push"], "needs NAME"],
  ])("refset %j", async (args, message) => {
    const { code, stderr } = await cli(["refset", ...args], { cwd: scratchFolder() });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) as string });
    expect(stderr).toContain("-> ");
  });

  test("a definition that is wrong, and one that cannot be read", async () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, "refsets"));
    const file = join(folder, "refsets/People.json");
    writeFileSync(file, '{"source":{"table":"orders"},"keys":"id"}');
    expect((await cli(["refset", "validate", "People"], { cwd: folder })).stderr).toContain('"keys" is no setting, but key is');
    expect((await cli(["refset", "validate", "Peopel"], { cwd: folder })).stderr).toContain("-> Did you mean People? Give --query");
    writeFileSync(file, "{");
    expect((await cli(["refset", "validate", "People"], { cwd: folder })).stderr).toContain("refsets/People.json, line 1");
    expect(existsSync(join(folder, "signals.duckdb"))).toBe(false);
  });

  test("a file that a definition names is relative to the working folder", async () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, "refsets"));
    writeFileSync(join(folder, "people.csv"), "id\n1\n");
    writeFileSync(join(folder, "refsets/People.json"), '{"source":{"file":"people.csv"},"key":"id"}');
    expect(await cli(["refset", "validate", "People"], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("1 row,") as string,
    });
  });

  test("a name that is no name leads to no file", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "a.csv"), "id\n1\n");
    const { code, stdout } = await cli(["refset", "validate", "../secret", "--from", "a.csv", "--key", "id"], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toContain("cannot be a reference set's name");
  });

  test("without an API key nothing is pushed", async () => {
    const at = await place();
    chmodSync(join(at.folder, "api-key"), 0o644);
    put(at, "a.csv", "id\n1\n");
    const { code, stderr } = await cli(["refset", "push", "A", "--from", "a.csv", "--key", "id"], within(at));
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("[api_key_file_open]") as string });
  });
});
