/** The SQL and the code of README and docs/ run, and do what the pages say. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { copySampleExports } from "../cli/local-connect.ts";
import { makeKeyPair, startSandbox } from "../samples/sandbox/sandbox.ts";
import { cli, type Ended, startCli } from "./helpers/cli.ts";
import { TestClock } from "./helpers/clock.ts";
import { codeBlocks, commandLines, MONTHLY_SQL, PAGES, readPage, ROOT, section } from "./helpers/markdown.ts";
import { scratchFolder } from "./helpers/warehouse.ts";

const run = promisify(execFile);

/** Nobody waits for the sandbox's files. */
const clock = new TestClock("2025-09-10T08:00:00Z");

/** Where the demo was run, and how it ended. */
let cwd = "";
let demo: Ended;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
  demo = await cli(["demo"], { cwd, clock });
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("the SQL of the pages runs on the demo's warehouse, and README shows what comes of it", async () => {
  expect(demo).toMatchObject({ code: 0 });
  const warehouse = join(cwd, "demo", "signals.duckdb");
  const statements = PAGES.flatMap((path) => codeBlocks(readPage(path)).filter(({ language }) => language === "sql"));
  for (const { code } of statements) expect(await cli(["query", code, "--warehouse", warehouse], { cwd })).toMatchObject({ code: 0 });

  writeFileSync(join(cwd, "monthly.sql"), MONTHLY_SQL);
  const queries = PAGES.flatMap(commandLines).filter(({ args }) => args[0] === "query" && !args.includes("--help"));
  for (const { args } of queries) expect(await cli([...args, "--warehouse", warehouse], { cwd })).toMatchObject({ code: 0 });

  const [first] = commandLines("README.md").filter(({ args }) => args[0] === "query");
  const { stdout } = await cli([...(first?.args ?? []), "--warehouse", warehouse], { cwd });
  expect(codeBlocks(section(readPage("README.md"), "The first query in five minutes")).find(({ language }) => language === "text")?.code).toBe(
    stdout,
  );
});

test("the demo's buyers become a reference set in the sandbox, and README shows what it has then", async () => {
  const blocks = codeBlocks(section(readPage("README.md"), "Back into Connect"));
  const [serve = "", work = "", shown = ""] = blocks.map(({ code }) => code);
  expect(serve).toContain("main.js sandbox");
  const sandbox = startCli(["sandbox"], { cwd, clock });
  await sandbox.said(/Ctrl-C ends the sandbox/);
  expect(work).toMatch(/^cd sandbox$/m);
  const commands = commandLines("README.md").filter(({ line }) => work.includes(line) && line.includes("refset"));
  expect(commands).toHaveLength(2);
  const [push, list] = commands.map(({ args }) => args);
  const here = join(cwd, "sandbox");
  expect(await cli(push ?? [], { cwd: here, clock })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Connect has imported Buyers, CREATE") as string,
  });
  expect((await cli(list ?? [], { cwd: here })).stdout).toBe(shown);
  sandbox.interrupt("SIGINT");
  await sandbox.ended;
}, 60_000);

describe("the library, as README and docs/library.md show it", () => {
  const blocks = codeBlocks(section(readPage("README.md"), "As a library"));
  const page = codeBlocks(readPage("docs/library.md"));
  /** The programs of the page, each with what it prints. */
  const programs = page.flatMap(({ language, code }, index) => (language === "ts" ? [{ code, prints: page[index + 1]?.code }] : []));
  const [reading = "", syncing = "", publishing = "", reporting = ""] = blocks.filter(({ language }) => language === "ts").map(({ code }) => code);
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
    write("reporting.ts", reporting);
    expect(syncing).toMatch(CONFIG);
    write("publishing.ts", publishing);
    const withConfig = (code: string, own: object) => code.replace(CONFIG, () => `const config: ConfigInput = ${JSON.stringify(own)};`);
    write("syncing-samples.ts", withConfig(syncing, config));
    expect(programs).toHaveLength(3);
    const warehouse = "demo/signals.duckdb";
    mkdirSync(join(example, "demo"));
    copyFileSync(join(cwd, warehouse), join(example, warehouse));
    for (const [index, { code }] of programs.entries()) write(`program-${index}.ts`, withConfig(code, { ...config, warehouse }));
    await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", example]);

    const read = await run(process.execPath, [join(example, "out/reading.js")], { cwd: ROOT });
    expect(read.stdout).toBe(blocks.find(({ language }) => language === "text")?.code);
    const synced = await run(process.execPath, [join(example, "out/syncing-samples.js")], { cwd: example });
    expect(synced.stdout).toBe(
      truth.map(({ path, inserted, updated }) => `${path}: ${inserted} inserted, ${updated} updated, 0 rejected\n`).join(""),
    );
    const published = await run(process.execPath, [join(example, "out/publishing.js")], { cwd: example });
    expect(published.stdout).toBe("version 1 has rows; all files were written\n");
    const reported = await run(process.execPath, [join(example, "out/reporting.js")], { cwd: example });
    expect(reported.stdout).toBe("2025-08-31 2025-09-03 EUR\n");
    expect(readFileSync(join(example, "report.html"), "utf8")).toMatch(/^<!doctype html>/);
    const printed: string[] = [];
    for (const index of programs.keys())
      printed.push((await run(process.execPath, [join(example, `out/program-${index}.js`)], { cwd: example })).stdout);
    expect(printed).toEqual(programs.map(({ prints }) => prints));
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
  const sandbox = await startSandbox({ folder: exports, authorizedKeys: [publicKey], api: { rowsPerDay: 600 } });
  onTestFinished(() => sandbox.close());
  const { host, port, user, fingerprints, api } = sandbox;
  const apiKeyFile = join(folder, "api-key");
  writeFileSync(apiKeyFile, api?.key ?? "", { mode: 0o600 });
  const { files } = JSON.parse(readPage("samples/exports/truth.json")) as { files: { path: string; inserted: number; updated: number }[] };
  return {
    config: {
      sftp: { host, port, user, keyFile, hostKeys: fingerprints },
      api: { endpoint: api?.url, keyFile: apiKeyFile },
      exports: { pollSeconds: 0.05 },
    },
    truth: files,
  };
}
