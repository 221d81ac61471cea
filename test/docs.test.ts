/** What README and docs/ say is true: commands, tables, codes, links, SQL and code are checked against the real thing. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { COMMON_OPTIONS, parseCommand } from "../cli/command.ts";
import { COMMANDS, findCommand } from "../cli/commands.ts";
import { EXIT } from "../cli/failures.ts";
import { commandHelp } from "../cli/help.ts";
import { copySampleExports } from "../cli/local-connect.ts";
import { makeKeyPair, startSandbox } from "../samples/sandbox/sandbox.ts";
import { readConfig } from "../schemas/config.ts";
import { CONTENT_FIELDS, type ContentField, ITEM_FIELDS } from "../schemas/content-fields.ts";
import { ERROR_CODES } from "../schemas/errors.ts";
import { snakeCase } from "../schemas/names.ts";
import type { DriftReason } from "../schemas/record.ts";
import { REJECT_CODES } from "../schemas/reject-codes.ts";
import { SIGNAL_TYPES } from "../schemas/signal-types.ts";
import { LEDGER_TABLES, ORDER_ITEM_COLUMNS, SIGNAL_TABLES } from "../schemas/tables.ts";
import { cli } from "./helpers/cli.ts";
import { anchors, codeBlocks, inlineCode, PAGES, readPage, relativeLinks, ROOT, section, shellCommands, tableRows } from "./helpers/markdown.ts";
import { scratchFolder, scratchWarehouse } from "./helpers/warehouse.ts";

const run = promisify(execFile);
const COMMAND_NAMES = Object.keys(COMMANDS);

describe("docs/commands.md", () => {
  const page = readPage("docs/commands.md");

  test.each(COMMAND_NAMES)("%s is as its --help says", async (name) => {
    const { command } = await loadCommand(name);
    const help = commandHelp(name, command);
    const text = section(page, name);
    expect(inlineCode(text)).toContain(helpLines(help, /^Usage: (.*)$/)[0]);
    const [own = ""] = help.split("Every command takes:");
    expect(tableRows(text)).toEqual(helpOptions(own));
    const examples = codeBlocks(text).flatMap(({ code }) => code.trimEnd().split("\n"));
    expect(examples).toEqual(helpLines(help, /^ {2}(signalhouse .*)$/));
  });

  test("names the options that every command takes", () => {
    const help = commandHelp("", { usage: "", about: "", options: COMMON_OPTIONS, examples: [], run: () => Promise.resolve(0) });
    expect(tableRows(section(page, "Options of every command"))).toEqual(helpOptions(help.split("Every command takes:")[0] ?? ""));
  });

  test("names every exit code", () => {
    expect(tableRows(section(page, "Exit codes")).map(([code]) => Number(code))).toEqual(Object.values(EXIT));
  });

  test("names the settings that there are, with their defaults", () => {
    const settings = Object.fromEntries(tableRows(section(page, "The configuration")).map(([name = "", value = ""]) => [name, value]));
    const defaults = flat(readConfig({ sftp: { user: "analyst@example.com", host: "a" } }, "a test"));
    for (const [name, value] of Object.entries(defaults)) {
      if (name !== "sftp.user" && name !== "sftp.host") expect({ [name]: settings[name] }).toEqual({ [name]: JSON.stringify(value) });
    }
    for (const name of Object.keys(settings)) {
      const wrong = name.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), null);
      expect(() => readConfig(wrong, "a test"), name).toThrow(`${name}: `);
    }
  });
});

async function loadCommand(name: string) {
  const entry = COMMANDS[name];
  if (!entry) throw new Error(`there is no command ${name}`);
  return entry.load();
}

const helpLines = (help: string, pattern: RegExp) =>
  help.split("\n").flatMap((line) => {
    const [, found] = pattern.exec(line) ?? [];
    return found === undefined ? [] : [found];
  });

/** The options in a part of a help, as rows of name and meaning. */
const helpOptions = (help: string) =>
  help.split("\n").flatMap((line) => {
    const [, flag, meaning] = /^ {2}(-.*?) {2,}(.*)$/.exec(line) ?? [];
    return flag === undefined || meaning === undefined ? [] : [[flag, meaning]];
  });

function flat(value: object, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.entries(flat(inner, `${prefix}${key}.`))
        : [[prefix + key, inner]],
    ),
  );
}

describe("docs/tables.md", () => {
  const page = readPage("docs/tables.md");
  const columns = (title: string) => tableRows(section(page, title)).map(([name, type]) => [name, type]);

  test.each(Object.entries({ ...SIGNAL_TABLES, order_items: ORDER_ITEM_COLUMNS }))("%s", (table, expected) => {
    const rows = tableRows(section(page, table)).filter((row) => row.length === 3);
    expect(rows.map(([name, type]) => [name, type])).toEqual(expected.map(({ name, type }) => [name, type]));
    expect(rows.filter(([, , meaning]) => meaning === "")).toEqual([]);
  });

  test.each(Object.entries(LEDGER_TABLES))("signalhouse.%s", (table, expected) => {
    expect(columns(`signalhouse.${table}`)).toEqual(Object.entries<string>(expected).map(([name, type]) => [name, type.replace(" NOT NULL", "")]));
  });

  test("the older names of fields", () => {
    const rows = tableRows(section(page, "behavior_signals")).filter((row) => row.length === 2);
    const named = rows.map(([column = "", names = ""]) => [column, names.replaceAll("`", "")]);
    const fields = Object.entries<ContentField>(CONTENT_FIELDS).map(([name, { aliases = [], aliasesByType = {} }]) => {
      const byType = Object.entries(aliasesByType).flatMap(([type, names]) => names.map((alias) => `${alias} (${type})`));
      return [snakeCase(name), [...aliases, ...byType].join(", ")];
    });
    const items = Object.entries(ITEM_FIELDS).map(([name, field]) => [
      `order_items.${snakeCase(name)}`,
      "aliases" in field ? field.aliases.join(", ") : "",
    ]);
    expect(named).toEqual([...fields, ...items].filter(([, names]) => names !== ""));
  });

  test("every view, with its columns", async () => {
    const scratch = await scratchWarehouse();
    const actual = async (view: string) =>
      (
        await scratch.rows(
          `SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = '${view}' ORDER BY column_index`,
        )
      ).map((row) => [String(row["column_name"]), String(row["data_type"]).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")]);
    const text = section(page, "Signal types");
    expect(tableRows(text).map(([view, type]) => [type, view])).toEqual(sortedByTable().map(([type, { view }]) => [type, view]));

    const shared = (kind: string) => new RegExp(`^${kind} views have in common: (.*)\\.$`, "m").exec(text)?.[1]?.split(", ") ?? [];
    for (const [view = "", type = "", own = ""] of tableRows(text)) {
      const { table } = SIGNAL_TYPES[type as keyof typeof SIGNAL_TYPES];
      const named = [...shared(table === "marketing_signals" ? "Marketing" : "Behavior"), ...(own === "none" ? [] : own.split(", "))];
      expect(named.toSorted(), view).toEqual((await actual(view)).map(([name]) => name).toSorted());
    }

    const behavior = new Set(SIGNAL_TABLES.behavior_signals.map(({ name }) => name));
    expect(columns("message_behavior")).toEqual((await actual("message_behavior")).filter(([name = ""]) => !behavior.has(name)));
  });
});

/** The signal types in the order of the page: marketing first. */
const sortedByTable = () =>
  Object.entries(SIGNAL_TYPES).toSorted(([, a], [, b]) => (a.table === b.table ? 0 : a.table === "marketing_signals" ? -1 : 1));

/** Every reason, which the compiler checks. */
const DRIFT_REASONS = {
  "unknown field": true,
  "does not fit": true,
  "not a column of this table": true,
  "second name of a field": true,
  "not UTF-8": true,
  "unknown signal type": true,
  "not valid Unicode": true,
} satisfies Record<DriftReason, true>;

describe("docs/errors.md", () => {
  const page = readPage("docs/errors.md");

  test("every error code, with its title and whether it may pass by itself", () => {
    const named = tableRows(section(page, "Error codes")).map(([code, title, byItself]) => [code, { title, retryable: byItself === "yes" }]);
    expect(Object.fromEntries(named)).toEqual(ERROR_CODES);
    expect(named).toHaveLength(Object.keys(ERROR_CODES).length);
  });

  test("every reject code, with its meaning", () => {
    expect(Object.fromEntries(tableRows(section(page, "Reject codes")).map(([code, meaning]) => [code, meaning]))).toEqual(REJECT_CODES);
  });

  test("every drift reason", () => {
    expect(tableRows(section(page, "Drift reasons")).map(([reason]) => reason)).toEqual(Object.keys(DRIFT_REASONS));
  });

  test("the error that it shows is printed so", async () => {
    const { stderr } = await cli(["sync"], { cwd: scratchFolder() });
    expect(stderr).toBe(codeBlocks(section(page, "Error codes"))[0]?.code);
  });
});

describe("every page", () => {
  test.each(PAGES)("%s links to what is there", (path) => {
    const broken = relativeLinks(readPage(path)).filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(readPage(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test.each(PAGES)("%s names only commands and options that there are", async (path) => {
    for (const { line, args } of commandLines(path)) {
      const found = findCommand(args);
      if (!found) expect.fail(`${path}: there is no such command: ${line}`);
      const { command } = await found.entry.load();
      expect(() => parseCommand(found.name, command, found.rest), line).not.toThrow();
    }
  });
});

interface CommandLine {
  line: string;
  args: string[];
}

/** The command lines of a page: whole ones in code blocks; in running text the arguments may be left out. */
function commandLines(path: string): CommandLine[] {
  const text = readPage(path);
  const blocks = codeBlocks(text).flatMap(({ code }) => code.split("\n").flatMap(signalhouseLines));
  const inline = inlineCode(text).flatMap(signalhouseLines);
  return [...blocks, ...inline.map(({ line, args }) => ({ line, args: [...args, "--help"] }))];
}

function signalhouseLines(line: string): CommandLine[] {
  return shellCommands(line).flatMap((words) => {
    const at = words.findIndex((word) => word === "signalhouse" || /(^|\/)dist\/cli\/main\.js$/.test(word));
    const args = words.slice(at + 1);
    return at === -1 || args.length === 0 ? [] : [{ line, args }];
  });
}

test("the SQL of the pages runs on the demo's warehouse, and README shows what comes of it", async () => {
  const cwd = scratchFolder();
  expect(await cli(["demo"], { cwd })).toMatchObject({ code: 0 });
  const warehouse = join(cwd, "demo", "signals.duckdb");
  const statements = PAGES.flatMap((path) => codeBlocks(readPage(path)).filter(({ language }) => language === "sql"));
  for (const { code } of statements) expect(await cli(["query", code, "--warehouse", warehouse], { cwd }), code).toMatchObject({ code: 0 });

  const queries = PAGES.flatMap(commandLines).filter(({ args }) => args[0] === "query" && !args.includes("--help"));
  for (const { args } of queries) expect(await cli([...args, "--warehouse", warehouse], { cwd }), args[1]).toMatchObject({ code: 0 });

  const [first] = commandLines("README.md").filter(({ args }) => args[0] === "query");
  const { stdout } = await cli([...(first?.args ?? []), "--warehouse", warehouse], { cwd });
  expect(codeBlocks(section(readPage("README.md"), "The first query in five minutes")).find(({ language }) => language === "text")?.code).toBe(
    stdout,
  );
});

describe("the library, as README shows it", () => {
  const blocks = codeBlocks(section(readPage("README.md"), "As a library"));
  const [reading = "", syncing = ""] = blocks.filter(({ language }) => language === "ts").map(({ code }) => code);
  const CONFIG = /^const config: ConfigInput = \{[\s\S]*?^\};$/m;

  test("compiles, and does what it says", async () => {
    const folder = scratchFolder();
    const { config, truth } = await servedSamples(folder);
    const example = join(folder, "example");
    mkdirSync(join(example, "node_modules"), { recursive: true });
    symlinkSync(ROOT, join(example, "node_modules", "signalhouse"));
    const write = (name: string, text: string) => writeFileSync(join(example, name), text);
    write("package.json", '{ "type": "module" }');
    write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { ...COMPILER_OPTIONS, typeRoots: [join(ROOT, "node_modules/@types")], outDir: "out" } }),
    );
    write("reading.ts", reading);
    write("syncing.ts", syncing);
    expect(syncing).toMatch(CONFIG);
    write(
      "syncing-samples.ts",
      syncing.replace(CONFIG, () => `const config: ConfigInput = ${JSON.stringify(config)};`),
    );
    await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", example]);

    const read = await run(process.execPath, [join(example, "out/reading.js")], { cwd: ROOT });
    expect(read.stdout).toBe(blocks.find(({ language }) => language === "text")?.code);
    const synced = await run(process.execPath, [join(example, "out/syncing-samples.js")], { cwd: example });
    expect(synced.stdout).toBe(
      truth.map(({ path, inserted, updated }) => `${path}: ${inserted} inserted, ${updated} updated, 0 rejected\n`).join(""),
    );
  });
});

const COMPILER_OPTIONS = {
  target: "es2023",
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  types: ["node"],
};

/** A sandbox that serves the committed samples, a configuration that reaches it, and what the samples have. It ends with the test. */
async function servedSamples(folder: string) {
  const exports = join(folder, "server");
  await copySampleExports(exports);
  const { privateKey, publicKey } = makeKeyPair();
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, privateKey, { mode: 0o600 });
  const sandbox = await startSandbox({ folder: exports, authorizedKeys: [publicKey] });
  onTestFinished(() => sandbox.close());
  const { host, port, user, fingerprints } = sandbox;
  const { files } = JSON.parse(readPage("samples/exports/truth.json")) as { files: { path: string; inserted: number; updated: number }[] };
  return { config: { sftp: { host, port, user, keyFile, hostKeys: fingerprints } }, truth: files };
}
