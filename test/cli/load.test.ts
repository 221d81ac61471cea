import { execFileSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli, spawnCli } from "../helpers/cli.ts";
import { csv, csvLine, pageView, scratchFolder } from "../helpers/warehouse.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** Three records, one of them with drift; the third and fifth rows are rejected. */
const MIXED = [
  csv([pageView("1"), pageView("2", "a page", { SIGNAL_CONTENT: '{"signalType":"pageView","luckyNumber":7}' })]),
  "too,few\n",
  csvLine(Object.values(pageView("3", "a page", { SIGNAL_CONTENT: "" }))),
  csvLine(Object.values(pageView("4", "a page", { SIGNAL_CONTENT: "{not json" }))),
].join("");

/** A folder with a warehouse that holds MIXED. */
async function mixed(): Promise<string> {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "mixed.csv"), MIXED);
  expect((await cli(["load", "mixed.csv"], { cwd })).code).toBe(3);
  return cwd;
}

describe("load", () => {
  test("loads files and standard input, each once", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
    const loaded = await cli(["load", "one.csv", "-", "one.csv", "--json"], { cwd, input: csv([pageView("2"), pageView("3")]) });
    expect(loaded.code).toBe(0);
    expect(json(loaded.stdout)).toMatchObject({
      files: [
        { path: join(cwd, "one.csv"), records: 1, status: "loaded" },
        { path: "stdin", records: 2, status: "loaded" },
      ],
      totals: { records: 3, inserted: 3 },
      skipped: [],
    });
    expect(await cli(["load", "one.csv"], { cwd })).toMatchObject({ code: 0, stdout: "Nothing new: 1 file loaded before.\n" });
    // A copy that is later is a later export, whose records are known; one that is not is passed over.
    const later = await cli(["load", "-", "--json"], { cwd, input: csv([pageView("1")]) });
    expect(json(later.stdout)).toMatchObject({ files: [{ status: "loaded", records: 1, unchanged: 1 }] });
    writeFileSync(join(cwd, "copy.csv"), csv([pageView("1")]));
    utimesSync(join(cwd, "copy.csv"), new Date(1000), new Date(1000));
    const copy = await cli(["load", "copy.csv"], { cwd });
    expect([copy.code, copy.stdout]).toEqual([0, expect.stringMatching(/same bytes as .+one\.csv$/m)]);
  });

  test("a file that is not there stops it before anything is loaded", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
    expect(await cli(["load", "one.csv", "two.csv"], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/two\.csv.+\n.+\[file_missing\]/),
    });
    expect((await cli(["status"], { cwd })).stderr).toContain("[warehouse_missing]");
  });

  test("what is no export fails, and the others are loaded", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "letter.txt"), "Dear Sir,\n");
    writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
    const { code, stderr, stdout } = await cli(["load", "letter.txt", "one.csv"], { cwd });
    expect([code, stderr, stdout]).toEqual([1, expect.stringContaining("failed: "), expect.stringMatching(/one\.csv.+loaded/)]);
  });

  test("tells new contact columns, names that stand twice, and header rows in the middle", async () => {
    const cwd = scratchFolder();
    const page = ["1", "pageView", "2025-09-01", "C1"];
    writeFileSync(join(cwd, "one.csv"), csvLine(["SIGNAL_ID", "SIGNAL_TYPE", "TIMESTAMP", "Customer ID"]) + csvLine(page));
    const other = csvLine(["SIGNAL_ID", "SIGNAL_TYPE", "TIMESTAMP", "FREQUENCY", "Customer Id", "CAMPAIGN_NAME", "FREQUENCY"]);
    writeFileSync(join(cwd, "two.csv"), csvLine(["SIGNAL_ID", "SIGNAL_TYPE", "TIMESTAMP"]) + csvLine(["2", "pageView", "2025-09-01"]) + other);
    const first = await cli(["load", "one.csv"], { cwd });
    expect(first.stderr).toMatch(/one\.csv: 1 new contact column: contact_customer_id \("Customer ID"\)$/m);
    const second = await cli(["load", "two.csv"], { cwd });
    for (const line of [
      /two\.csv: 2 new contact columns: contact_frequency .*, contact_customer_id_2 \("Customer Id", which differs only in spelling from "Customer ID", column contact_customer_id\)$/m,
      /two\.csv: FREQUENCY stands 2 times in the header row: field 7 is taken for the export's own, as the columns beside it say; field 4 is contact_frequency$/m,
      /two\.csv: a header row with other columns stands behind record 1: it holds for the records behind it$/m,
    ])
      expect(second.stderr).toMatch(line);
    writeFileSync(join(cwd, "three.csv"), csvLine(["SIGNAL_ID", "SIGNAL_TYPE", "TIMESTAMP", "City", "NAME", "Tier", "NAME"]));
    const third = await cli(["load", "three.csv", "--json", "--quiet"], { cwd });
    expect(json(third.stdout)).toMatchObject({
      files: [
        {
          new_columns: [
            { column: "contact_city", header: "City" },
            { column: "contact_tier", header: "Tier" },
            { column: "contact_name", header: "NAME", like: { column: "name", header: "NAME" } },
          ],
          repeated_names: [{ header: "NAME", place: 5, others: [{ place: 7, column: "contact_name" }], decided: false }],
          later_headers: [],
        },
      ],
    });
    expect(third.stderr).toMatch(
      /three\.csv: NAME stands 2 times .* because it comes first: the columns beside do not tell; field 7 is contact_name\. Check it/,
    );
  });

  test("what is no file is told as what it is, and not waited for", async () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "folder"));
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    const says = async (name: string) => {
      const { code, stderr } = await cli(["load", name], { cwd });
      return [code, stderr.replaceAll(cwd, ".")];
    };
    expect(await says("folder")).toEqual([1, "signalhouse: ./folder is a folder, not a file\n  -> Name a file. [file_missing]\n"]);
    const pipe = "signalhouse: ./pipe is a named pipe, not a file\n  -> Hand it over as standard input: signalhouse load - < FILE [file_missing]\n";
    expect(await says("pipe")).toEqual([1, pipe]);
    expect(await says("nope.csv")).toEqual([1, expect.stringContaining("./nope.csv cannot be read: it is not there (ENOENT)\n  -> Check the path")]);
  });

  test("SIGINT while it waits for standard input ends it", async () => {
    const cwd = scratchFolder();
    const { child, said, ended } = spawnCli(["load", "-", "--warehouse", "w.duckdb"], { cwd, input: csv([pageView("1")]), keepOpen: true });
    await said(/reading standard input/);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted by SIGINT") });
    expect(json((await cli(["status", "--json", "--warehouse", "w.duckdb"], { cwd })).stdout)).toMatchObject({
      files: { loaded: 0 },
      runs: [{ exit_code: 130 }],
    });
  });

  test("--reader says how records are read; --path, its older name, is taken with a note", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
    const note = "--path is called --reader now: write --reader row\n";
    expect(await cli(["load", "one.csv", "--path", "row"], { cwd })).toMatchObject({ code: 0, stderr: expect.stringContaining(note) });
    for (const args of [
      ["--path", "row", "--quiet"],
      ["--reader", "row"],
    ]) {
      const { code, stderr } = await cli(["load", "one.csv", "--warehouse", `${args.length}.duckdb`, ...args], { cwd });
      expect([code, stderr]).toEqual([0, expect.not.stringContaining("--path")]);
    }
    for (const [args, says] of [
      [["--reader", "column"], '--reader is "column"'],
      [["--path", "column"], '--path is "column"'],
      [["--path", "row", "--reader", "row"], "--path stands beside --reader"],
    ] as const)
      expect(await cli(["load", "one.csv", ...args], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
    // What is none is not advised.
    expect((await cli(["load", "one.csv", "--path", "column"], { cwd })).stderr).not.toContain("--reader");
  });

  test("--warehouse and the configuration say where the warehouse is", async () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "data"));
    writeFileSync(join(cwd, "signalhouse.config.json"), '{ "warehouse": "data/mine.duckdb" }');
    writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
    await cli(["load", "one.csv", "--quiet"], { cwd });
    expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({ warehouse: join(cwd, "data/mine.duckdb"), files: { loaded: 1 } });
    expect((await cli(["status", "--json", "--warehouse", "other.duckdb"], { cwd })).code).toBe(1);
  });
});

test("amounts that are left out are told by column, by load and by status", async () => {
  const cwd = scratchFolder();
  const order = (id: string, content: string) => pageView(id, "", { SIGNAL_TYPE: "order", SIGNAL_CONTENT: content });
  writeFileSync(join(cwd, "good.csv"), csv([order("0", '{"orderValue":836.9999999999998,"orderTax":1}')]));
  const good = await cli(["load", "good.csv", "--json"], { cwd });
  expect(json(good.stdout)).toMatchObject({ files: [{ amounts_left_out: {} }], amounts_left_out: {} });
  expect((await cli(["status"], { cwd })).stdout).toMatch(/^amounts +none left out of decimal columns$/m);

  const items = '"orderedItems":[{"unitPrice":"1,5"},{"unitPrice":"2,5"},{"unitPrice":"3,5"},{"unitPrice":4.5}]';
  const rows = [order("1", `{"orderValue":"1.234,56",${items}}`), order("2", '{"orderValue":"12 EUR"}')];
  writeFileSync(join(cwd, "one.csv"), csv(rows));
  writeFileSync(join(cwd, "two.csv"), csv([order("3", '{"orderTotal":"10%"}')]));
  const told = /6 amounts left out of decimal columns, .+ \(behavior_signals\.order_value: 3, order_items\.unit_price: 3\); see: signalhouse drift$/m;
  expect(await cli(["load", "one.csv", "two.csv"], { cwd })).toMatchObject({ code: 0, stdout: expect.stringMatching(told) as unknown });
  expect((await cli(["status"], { cwd })).stdout).toMatch(told);
  expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({
    amounts_left_out: { "behavior_signals.order_value": 3, "order_items.unit_price": 3 },
  });
  writeFileSync(join(cwd, "one-more.csv"), csv([order("4", '{"orderValue":"free"}')]));
  expect(json((await cli(["load", "one-more.csv", "--json"], { cwd })).stdout)).toMatchObject({
    files: [{ amounts_left_out: { "behavior_signals.order_value": 1 } }],
    amounts_left_out: { "behavior_signals.order_value": 1 },
  });
});

describe("rejects", () => {
  test("list counts them by file and code, and with --load names each", async () => {
    const cwd = await mixed();
    expect((await cli(["rejects", "list"], { cwd })).stdout).toMatch(/^ +1 {2}.+mixed\.csv +content_not_json +1 +0 +5$/m);
    expect(JSON.parse((await cli(["rejects", "list", "--json"], { cwd })).stdout)).toMatchObject([
      { load_id: 1, code: "content_not_json", open: 1, replayed: 0, first_record_no: 5 },
      { load_id: 1, code: "field_count", open: 1, first_record_no: 3 },
    ]);
    expect(JSON.parse((await cli(["rejects", "list", "--json", "--load", "1", "--limit", "1"], { cwd })).stdout)).toMatchObject([
      { record_no: 3, code: "field_count" },
    ]);
    const more = await cli(["rejects", "list", "--load", "1", "--limit", "1"], { cwd });
    expect(more.stderr).toBe("there are more than 1: --limit N prints more\n");
    expect((await cli(["rejects", "list", "--load", "1", "--limit", "2"], { cwd })).stderr).toBe("");
    await cli(["load", "-"], { cwd, input: csv([pageView("9")]) });
    expect((await cli(["rejects", "list", "--load", "2"], { cwd })).stdout).toBe("Load 2 has no rejects.\n");
  });

  test.each([
    ["rejects", "list", "--load", "99"],
    ["rejects", "replay", "--load", "99"],
    ["rejects", "show", "99", "1"],
  ])("%s %s %s %s: there is no such load", async (...args) => {
    const cwd = await mixed();
    expect(await cli(args, { cwd })).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^signalhouse: there is no load 99; the last one is load 1\n {2}-> .*signalhouse rejects list.* \[not_found\]\n$/,
      ) as string,
    });
    expect(JSON.parse((await cli([...args, "--json"], { cwd })).stdout)).toMatchObject({ error: { code: "not_found" } });
  });

  test("show prints the whole row on stdout, and why on stderr", async () => {
    const cwd = await mixed();
    const shown = await cli(["rejects", "show", "1", "3"], { cwd });
    expect(shown).toMatchObject({ code: 0, stdout: "too,few\n", stderr: expect.stringMatching(/record 3 of .+mixed\.csv[^]+field_count/) });
    expect(json((await cli(["rejects", "show", "1", "3", "--json"], { cwd })).stdout)).toMatchObject({ raw: "too,few", replayed_at: null });
    expect(await cli(["rejects", "show", "1", "1"], { cwd })).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("[not_found]") });
  });

  test("replay says what still is one, and the run is in the ledger", async () => {
    const cwd = await mixed();
    const { code, stdout } = await cli(["rejects", "replay"], { cwd });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^ +1 {2}.+mixed\.csv +0 +0 +0 +0 +2$/m);
    expect(json((await cli(["rejects", "replay", "--json", "--load", "1"], { cwd })).stdout)).toMatchObject({
      loads: [{ load_id: 1, replayed: 0, still_rejected: 2 }],
    });
    expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({
      runs: [{ command: "rejects replay" }, { command: "rejects replay", exit_code: 3 }, { command: "load" }],
    });
  });

  test("where there are none, it says so", async () => {
    const cwd = scratchFolder();
    await cli(["load", "-"], { cwd, input: csv([pageView("1")]) });
    expect(await cli(["rejects", "list"], { cwd })).toMatchObject({ code: 0, stdout: "There are no rejects.\n" });
    expect(await cli(["rejects", "replay"], { cwd })).toMatchObject({ code: 0, stdout: "There are no rejects to replay.\n" });
    expect(await cli(["drift"], { cwd })).toMatchObject({ code: 0, stdout: "There is no drift.\n" });
  });
});

test("drift tells field, reason and where it was seen first", async () => {
  const cwd = await mixed();
  expect((await cli(["drift"], { cwd })).stdout).toMatch(/^pageView +luckyNumber +unknown field +1 +load 1, record 2 /m);
  expect(JSON.parse((await cli(["drift", "--json", "--since", "2025-01-01"], { cwd })).stdout)).toMatchObject([
    { field: "luckyNumber", records: 1, first_load_id: 1, first_record_no: 2 },
  ]);
  expect(JSON.parse((await cli(["drift", "--json", "--since", "2999-01-01"], { cwd })).stdout)).toEqual([]);
});

test("status tells what is there and what waits", async () => {
  const cwd = await mixed();
  const { code, stdout } = await cli(["status"], { cwd });
  expect(code).toBe(0);
  for (const line of [
    /^rejects +2 not replayed/m,
    /^drift +1 kind;/m,
    /^behavior_signals +3$/m,
    /^pageView +3 +2025-09-01 10:00:00$/m,
    /^load .+ 1 +done, with rejects$/m,
  ])
    expect(stdout).toMatch(line);
  expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({
    tables: [{ table: "marketing_signals", rows: 0 }, { table: "behavior_signals", rows: 3 }, { table: "order_items" }],
    newest_signal: "2025-09-01T10:00:00.000Z",
    rejects: 2,
    last_load: { path: join(cwd, "mixed.csv"), records: 5 },
  });
});

test("verify proves the ledger, and fails where a table was changed", async () => {
  const cwd = await mixed();
  expect(await cli(["verify"], { cwd })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^All \d+ checks hold\.$/m) });
  const warehouse = await openWarehouse(placeOf(join(cwd, "signals.duckdb")));
  await warehouse.connection.run("DELETE FROM behavior_signals WHERE record_no = 1");
  warehouse.close();
  const { code, stdout } = await cli(["verify", "--json"], { cwd });
  expect([code, json(stdout)]).toEqual([
    1,
    { ok: false, checks: expect.arrayContaining([{ name: expect.any(String), ok: false, detail: expect.any(String) }]) },
  ]);
});
