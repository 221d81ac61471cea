/** Every command line of README and docs/ runs, and ends as the pages say. Those with a demo and a sandbox beside them, in a clone, run in docs-examples. */
import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../cli/commands.ts";
import { findCommand } from "../cli/find-command.ts";
import { type ConfigInput, readConfig } from "../schemas/config.ts";
import { cli, type Ended, startCli, type WorldOptions, writeConfig } from "./helpers/cli.ts";
import { type ConnectPlace, connectPlace } from "./helpers/connect.ts";
import { EXTENSIONS, extensionMissing } from "./helpers/extensions.ts";
import { codeBlocks, commandLines, MONTHLY_SQL, PAGES, readPage, ROOT, section, signalhouseLines } from "./helpers/markdown.ts";
import { KEY_PAIR } from "./helpers/sandbox.ts";
import { csv, pageView, scratchFolder } from "./helpers/warehouse.ts";

/** What does not run as it stands, and why: what is the reader's own is the test's here. */
const INSTEAD: readonly [written: string, why: string, instead: (at: ConnectPlace) => string][] = [
  ["/home/ana/signals", "the reader's folder", ({ folder }) => folder],
  ["/mnt/backup", "a disk of the reader's machine", ({ folder }) => folder],
  ["/run/signalhouse", "a folder of the reader's machine", ({ folder }) => folder],
  ["/var/lib/node_exporter", "a folder of the reader's machine", ({ folder }) => folder],
  ["SHA256:Wrwm8cJO0TGVUNlsfEHmCLZrSoDuYDNMpQkLqQSEuQ4", "each server has a key of its own", ({ sandbox }) => sandbox.fingerprints[0] ?? ""],
  ["backfill run --from 2025-01-01", "months of it take long", () => "backfill run --from 2025-10-01"],
  ["--port 2222", "tests listen on no fixed port", () => "--port 0"],
];

/** Other lines of shell, which are not run, and why. */
const NOT_RUN: readonly [line: RegExp, why: string][] = [
  [/^(npm ci && )?npm (ci|test|run|install)\b/, "it is how this test was begun, or changes the machine"],
  [/^(for version in .* |python3 -m venv .*\/bin\/)?pip install /, "it fetches packages"],
  [/^(DUCKDB_PACKAGES|DBT)=.* npm run test:long /, "it is how this test was begun"],
  [/^(mkdir -p lost|cp signals-backup\.duckdb) /, "it is run below"],
  [/^SIGNALHOUSE_EXTENSIONS=.* npm test /, "it is how this test may be begun"],
  [/^\(umask 077 && openssl rand /, "it makes a key of the reader's own"],
  [/^(mkdir|cd|export) /, "it is the shell's own"],
];

/** Commands that want a folder where there is nothing yet. */
const FRESH = ["init", "keys generate", "sandbox", "demo"];
/** Commands that stay until they are ended, and what they have said by then. */
const STAYING: Readonly<Record<string, RegExp>> = { sandbox: /Ctrl-C ends the sandbox/, explore: /Ctrl-C ends it/, watch: /cycle of/ };
/** What comes before a command that has something to do only then. */
const BEFORE: Readonly<Record<string, (at: ConnectPlace) => Promise<unknown>>> = {
  "loads forget": ({ folder: cwd }) => cli(["load", "Export/Signals/2025-09-01/Signals_Export.csv.gz"], { cwd }),
};
/** Keys of warehouses: the one that is set, and the one in the file old-key. */
const [KEY, OLD_KEY] = ["the key that is set", "the key that was set before"];
/** What commands want that is only for them: a copy of the reader's place, and what else there is. */
const ASIDE: Readonly<Record<string, (at: ConnectPlace, args: readonly string[]) => Promise<WorldOptions>>> = {
  "privacy apply": async (at) => ({ cwd: copyOf(at, { privacy: { columns: { Email: "pseudonym" } } }) }),
  encrypt: async (at, args) => {
    const cwd = copyOf(at);
    const options = (key: string) => ({ cwd, env: { SIGNALHOUSE_WAREHOUSE_KEY: key, SIGNALHOUSE_EXTENSIONS: EXTENSIONS } });
    writeFileSync(join(cwd, "old-key"), OLD_KEY, { mode: 0o600 });
    if (args.length > 1) await cli(["encrypt"], options(args.includes("--from") ? OLD_KEY : KEY));
    return options(KEY);
  },
};
/** How commands end that do not end with 0: there are rejects. */
const ENDS: Readonly<Record<string, number>> = { "rejects replay": 3, doctor: 3 };

/** The command lines of a page that have all that they need: in running text, many are but named. */
const linesOf = (page: string): string[] => {
  const isWhole = (args: readonly string[]) => findCommand(COMMANDS, args).rest.length > 0 && !args.some((word) => /[[…]|^[A-Z_]+$/.test(word));
  const whole = commandLines(page).filter(({ args }) => args.at(-1) !== "--help" || isWhole(args.slice(0, -1)));
  return [...new Set(whole.map(({ line }) => line))].filter((line) => !line.includes("main.js"));
};

describe.each(PAGES.filter((page) => linesOf(page).length > 0))("%s", (page) => {
  test("every command line runs", { timeout: 300_000 }, async () => {
    const at = await readersPlace();
    for (const written of linesOf(page)) {
      const line = INSTEAD.reduce((text, [known, , instead]) => text.replaceAll(known, instead(at)), written);
      for (const { args } of signalhouseLines(line)) {
        const { name } = findCommand(COMMANDS, args);
        if (name === "encrypt" && extensionMissing()) continue;
        if (!args.includes("--undo")) await BEFORE[name]?.(at);
        const cwd = FRESH.includes(name) ? freshFolder() : at.folder;
        const [, input] = /< (\S+)/.exec(line) ?? [];
        const options = { cwd, clock: at.clock, ...(input ? { input: readFileSync(join(cwd, input)) } : {}), ...(await ASIDE[name]?.(at, args)) };
        const { code, stderr } = await ended(
          name,
          args.flatMap((word) => filesOf(cwd, word)),
          options,
        );
        expect({ line, code, stderr }).toMatchObject({ line, code: ENDS[name] ?? 0 });
      }
    }
  });
});

/** How a command ends; one that stays is ended once it has said what it says. */
async function ended(name: string, args: readonly string[], options: WorldOptions): Promise<Ended> {
  const stays = STAYING[name];
  if (!stays) return cli(args, options);
  const { said, interrupt, ended } = startCli(args, options);
  await said(stays);
  interrupt("SIGTERM");
  return ended;
}

test("other lines of shell are those that are listed here", () => {
  const blocks = PAGES.flatMap((page) => codeBlocks(readPage(page))).filter(({ language, code }) => language === "sh" && !code.startsWith("#!"));
  const others = blocks.flatMap(({ code }) => code.split("\n")).filter((line) => line !== "" && signalhouseLines(line).length === 0);
  expect(others.filter((line) => !NOT_RUN.some(([known]) => known.test(line)))).toEqual([]);
  expect(NOT_RUN.filter(([known]) => !others.some((line) => known.test(line)))).toEqual([]);
  expect(INSTEAD.filter(([written]) => !PAGES.some((page) => readPage(page).includes(written)))).toEqual([]);
});

describe("docs/operations.md", () => {
  const page = readPage("docs/operations.md");
  const blocks = (title: string) => codeBlocks(section(page, title));

  test("its script tells exit codes apart", async () => {
    const script = blocks("Running it daily").find(({ code }) => code.startsWith("#!/bin/sh"))?.code ?? "";
    const folder = scratchFolder();
    const run = async (code: number) => {
      writeFileSync(join(folder, "signalhouse"), `#!/bin/sh\necho "$@"\n[ "$1" = sync ] && exit ${code}\nexit 0\n`, { mode: 0o755 });
      const ended = promisify(execFile)("sh", ["-c", script.replaceAll("/home/ana/signals", folder)], {
        env: { PATH: `${folder}:${process.env["PATH"]}` },
      });
      return ended.then(
        ({ stdout }) => stdout,
        (error: { code: number }) => error.code,
      );
    };
    expect(await run(0)).toBe("sync --quiet\n");
    expect(await run(3)).toBe("sync --quiet\nrejects list\n");
    expect(await run(1)).toBe(1);
  });

  test("its setting is one", () => {
    const setting = JSON.parse(`{ ${blocks("Asking Connect for exports").find(({ code }) => code.startsWith('"'))?.code ?? ""} }`) as ConfigInput;
    expect(readConfig(setting, "the page")).toMatchObject(setting);
  });

  test("a row is mended by its SQL, and then replayed", async () => {
    const { folder: cwd } = await readersPlace();
    const update = blocks("Rejected records").find(({ code }) => code.startsWith("UPDATE"))?.code ?? "";
    const [, row = ""] = csv([pageView("mended")]).split(/\r?\n/);
    await statement(cwd, update.replace("'…'", `'${row}'`));
    expect(await cli(["rejects", "replay", "--load", "12"], { cwd })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ +12 .* 1 +1 +0 +0 +0$/m) as string,
    });
  });
});

test("a warehouse is restored from its backup by the lines for it", async () => {
  const { folder: cwd } = await readersPlace();
  expect((await cli(["backup", "signals-backup.duckdb"], { cwd })).code).toBe(0);
  const lines = codeBlocks(section(readPage("docs/operations.md"), "Backup")).flatMap(({ code }) => code.split("\n"));
  writeFileSync(join(cwd, "signals.duckdb"), "lost");
  writeFileSync(join(cwd, "signals.duckdb.wal"), "of what was lost");
  for (const line of lines.filter((line) => /^(mkdir|cp) /.test(line))) await promisify(execFile)("sh", ["-c", line], { cwd });
  expect(await cli(["verify"], { cwd })).toMatchObject({ code: 0 });
  expect(readFileSync(join(cwd, "lost", "signals.duckdb"), "utf8")).toBe("lost");
});

async function statement(cwd: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(cwd, "signals.duckdb"));
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** A warehouse of twelve loads, of which the last has a reject. It is made once, and copied. */
let warehouse = "";
beforeAll(async () => {
  const cwd = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
  warehouse = join(cwd, "signals.duckdb");
  const { files } = JSON.parse(readPage("samples/exports/truth.json")) as { files: { path: string }[] };
  const samples = files.map(({ path }) => join(ROOT, "samples/exports", path));
  const small = Array.from({ length: 11 - samples.length }, (_, index) => join(cwd, `${index}.csv`));
  for (const path of small) writeFileSync(path, csv([pageView(`of ${path}`)]));
  const large = join(cwd, "large.csv");
  // Its record 4711 has too few fields.
  writeFileSync(large, `${csv(Array.from({ length: 4710 }, (_, index) => pageView(`of many ${index}`)))}too,few\r\n`);
  const loaded = await cli(["load", "--reader", "row", "--quiet", ...samples, ...small, large], { cwd });
  if (loaded.code !== 3) throw new Error(loaded.stderr);
});
afterAll(() => rmSync(dirname(warehouse), { recursive: true, force: true }));

/** What a reader has who follows the pages: a sandbox, that warehouse, files to load and to push, and a key. */
async function readersPlace(): Promise<ConnectPlace> {
  const at = await connectPlace({ now: "2025-10-05T08:00:00Z", rowsPerDay: 3 });
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(at.folder, path)), { recursive: true });
    writeFileSync(join(at.folder, path), content, { mode: 0o600 });
  };
  copyFileSync(warehouse, join(at.folder, "signals.duckdb"));
  writeConfig(at.folder, {
    ...at.input,
    exports: { pollSeconds: 1 },
    backfill: { from: "2025-10-02", guessRowsPerDay: 3 },
    retention: { days: 30_000 },
  });
  put(".ssh/connect_ed25519.pub", `${KEY_PAIR.publicKey}\n`);
  put("orders.csv", "Order ID,Amount,Date\nA-1,12.50,2025-09-01T08:00:00Z\nA-2,7.25,2025-09-02T08:00:00Z\n");
  put("Signals_Export.csv.gz", gzipSync(csv([pageView("one")])));
  put("Export/Signals/2025-09-01/Signals_Export.csv.gz", "this is no export");
  put("monthly.sql", MONTHLY_SQL);
  put("report.sql", "FROM orders LIMIT 1;");
  put("exports/a.csv.gz", gzipSync(csv([pageView("a")])));
  put("exports/b.csv.gz", gzipSync(csv([pageView("b")])));
  return at;
}

/** A copy of the reader's place, with a warehouse of its own. */
function copyOf({ folder, input }: ConnectPlace, more: ConfigInput = {}): string {
  const copy = scratchFolder();
  cpSync(folder, copy, { recursive: true });
  writeConfig(copy, { ...input, warehouse: join(copy, "signals.duckdb"), ...more });
  return copy;
}

/** A folder where nothing is yet but exports to serve. */
function freshFolder(): string {
  const folder = scratchFolder();
  mkdirSync(join(folder, "exports"));
  return folder;
}

/** What a shell makes of a word: home, and the files of a pattern. */
function filesOf(cwd: string, word: string): string[] {
  const [, folder = "", ending = ""] = /^([\w/]+)\/\*([\w.]+)$/.exec(word) ?? [];
  if (folder === "") return [word];
  return readdirSync(join(cwd, folder)).flatMap((name) => (name.endsWith(ending) ? [`${folder}/${name}`] : []));
}
