/** refset as a user runs it: processes of their own, against the sandbox. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli, startCli, writeConfig } from "../helpers/cli.ts";
import { type ConnectPlace, connectPlace } from "../helpers/connect.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

const place = () => connectPlace({ now: new Date().toISOString(), exports: { pollSeconds: 0.05, lookMinutes: 0.01, deadlineHours: 0.01 } });

function put(at: ConnectPlace, name: string, content: string): string {
  writeFileSync(join(at.folder, name), content);
  return name;
}

const ROWS = "id,name,phone\n1,Ana,+4917012345678\n2,Bo,\n";
const rowsOf = (at: ConnectPlace) => [...(at.api.sets[0]?.records.values() ?? [])].map((record) => Object.fromEntries(record));

describe("push", () => {
  test("sends, waits, and keeps its options; the next push needs only the name", async () => {
    const at = await place();
    put(at, "people.csv", ROWS);
    const options = ["--from", "people.csv", "--key", "id", "--columns", "id=Customer ID,name,phone", "--phone", "phone", "--folder", "sets/people"];
    const first = await cli(["refset", "push", "People", ...options, "--notify", "ana@example.com", "--wait", "--save"], { cwd: at.folder });
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
    const next = await cli(["refset", "push", "People", "--changed", "--wait", "--json"], { cwd: at.folder });
    expect(json(next.stdout)).toMatchObject({
      mode: "ADD_UPDATE",
      sending: 1,
      changed: 1,
      gone: { count: 0 },
      import: { status: "imported", rows: 1 },
    });
    put(at, "people.csv", "id,name,phone\n1,Ana,+4917012345678\n");
    const gone = await cli(["refset", "push", "People", "--changed"], { cwd: at.folder });
    expect(gone.stdout).toContain('2 rows gone: "2", "3"; they stay in Connect; --mode replace removes them');
    expect(gone.stdout).toContain("Nothing is to be sent.");
    expect(rowsOf(at)).toHaveLength(3);
    expect((await cli(["refset", "push", "People", "--mode", "replace", "--wait"], { cwd: at.folder })).code).toBe(0);
    expect(rowsOf(at)).toHaveLength(1);
  });

  test("without --wait, then status, then status --wait", async () => {
    const at = await place();
    at.api.faults.noDataJob = true;
    put(at, "people.csv", ROWS);
    const asked = await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id"], { cwd: at.folder });
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).toContain("Connect took People, CREATE: 2 rows");
    expect(asked.stderr).toContain("To see it through: signalhouse refset status --wait");
    const waited = await cli(["refset", "status", "People", "--wait"], { cwd: at.folder });
    expect(waited).toMatchObject({ code: 0 });
    expect(waited.stdout).toMatch(/People +CREATE +2 +imported/);
    expect(json((await cli(["refset", "status", "--json"], { cwd: at.folder })).stdout)).toMatchObject({
      imports: [{ set: "People", status: "imported" }],
    });
  });

  test("what is broken is told, nothing is sent, and the exit code says it", async () => {
    const at = await place();
    put(at, "people.csv", "id,phone\n1,0170\n1,\n");
    const args = ["--from", "people.csv", "--key", "id", "--phone", "phone"];
    const { code, stdout } = await cli(["refset", "push", "People", ...args], { cwd: at.folder });
    expect(code).toBe(1);
    expect(stdout).toContain('row 1: "phone" is "0170", but a phone number is E.164');
    expect(stdout).toContain('row 2: the key "id" is "1", as in row 1 already');
    expect(stdout).toContain("Nothing was sent.");
    expect(at.api.imports).toEqual([]);
    const document = json((await cli(["refset", "validate", "People", ...args, "--max-errors", "1", "--json"], { cwd: at.folder })).stdout);
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
    const { code, stderr } = await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], { cwd: at.folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /INPUT_VALIDATION_FAILED[^]*Its file is still on the server: People-[^]*-> [^]*the delimiter must be comma, tab or pipe[^]*\[import_failed\]/,
    );
    expect((await cli(["refset", "status"], { cwd: at.folder })).stdout).toMatch(/failed +the import "signalhouse People[^]*still on the server/);
  });

  test("Ctrl-C while it waits; the next push sees to it", async () => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, exports: { pollSeconds: 3600 } });
    at.api.faults.latencyMs = 50;
    put(at, "people.csv", ROWS);
    const running = startCli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], { cwd: at.folder });
    await running.said(/Connect took the import/);
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    at.api.faults.latencyMs = 0;
    await at.api.idle();
    writeConfig(at.folder, at.input);
    const again = await cli(["refset", "push", "People", "--from", "people.csv", "--wait"], { cwd: at.folder });
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

describe("list", () => {
  test("the sets, and the rows of one", async () => {
    const at = await place();
    expect((await cli(["refset", "list"], { cwd: at.folder })).stdout).toBe("Connect has no reference sets.\n");
    put(at, "people.csv", ROWS);
    await cli(["refset", "push", "People", "--from", "people.csv", "--key", "id", "--wait"], { cwd: at.folder });
    expect((await cli(["refset", "list"], { cwd: at.folder })).stdout).toMatch(/People +2 +id +id TEXT, name TEXT, phone TEXT +[0-9a-f-]{36}/);
    const rows = await cli(["refset", "list", "People", "--rows", "1"], { cwd: at.folder });
    expect(rows.stdout).toMatch(/id +name +phone\n1 +Ana +\+4917012345678\n\n1 of 2 rows/);
    expect(await cli(["refset", "list", "Nobody"], { cwd: at.folder })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no reference set Nobody") as string,
    });
  });
});

describe("bad usage names itself", () => {
  test.each([
    [["push", "People"], "does not know the rows of People"],
    [["push", "People", "--table", "orders", "--query", "SELECT 1"], "--query, --table and --from stand beside each other"],
    [["push", "People", "--table", "orders", "--types", "{"], "--types is no JSON"],
    [["push", "People", "--table", "orders", "--types", '{"a":"DECIMAL"}'], "--types, a:"],
    [["push", "People", "--table", "orders", "--columns", "[1]"], "--columns is neither a list nor names by column"],
    [["push", "People", "--table", "orders", "--delimiter", ";"], "--delimiter"],
    [["push", "People", "--table", "orders", "--date-format", "YYYY"], "--date-format"],
    [["push", "People", "--table", "orders", "--mode", "delete"], "--mode"],
    [["push", "People", "--table", "orders", "--notify", "ana"], '--notify is "ana"'],
    [["push", "People", "--table", "orders", "--folder", "../x"], '--folder is "../x"'],
    [["push", "People", "--table", "orders", "--folder", "Export/Signals"], "which Connect keeps for exports"],
    [["push", "People", "--table", "orders", "--max-errors", "x"], "--max-errors"],
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
    expect((await cli(["refset", "validate", "People"], { cwd: folder })).stderr).toContain('Unrecognized key: "keys"');
    writeFileSync(file, "{");
    expect((await cli(["refset", "validate", "People"], { cwd: folder })).stderr).toContain("refsets/People.json, line 1");
    expect(existsSync(join(folder, "signals.duckdb"))).toBe(false);
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
    const { code, stderr } = await cli(["refset", "push", "A", "--from", "a.csv", "--key", "id"], { cwd: at.folder });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("[api_key_file_open]") as string });
  });
});
