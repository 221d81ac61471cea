/** What a server, a file's name or an error has put into a line ends none, forges none, and drives no terminal, wherever it is printed or written. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Ended } from "../helpers/cli.ts";
import { cli, startCli, workplace } from "../helpers/cli.ts";
import { putFile } from "../helpers/sandbox.ts";
import { csv, pageView } from "../helpers/warehouse.ts";

const FORGED = "2025-09-01T00:00:00Z loaded forged";
/** A name that ends the line that it is in, takes a terminal's screen, and turns round what follows. */
const nasty = (name: string) => `Export/Signals/x\n${FORGED}.csv: 1 record\r\u001b[2J\u0085\u2028\u202e${name}.csv`;

/** The lines that were printed, none of which is forged, or drives a terminal. */
function honest({ stdout = "", stderr = "" }: Partial<Ended>): string {
  const text = stdout + stderr;
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
  expect(text).not.toMatch(/^2025-09-01/m);
  return text;
}

test("names on the server", async () => {
  const { folder: cwd, exports } = await workplace({ files: 1 });
  putFile(join(exports, nasty("good")), Buffer.from(csv([pageView("1")])), Date.UTC(2025, 8, 20));
  putFile(join(exports, nasty("bad")), Buffer.from("no header\n"), Date.UTC(2025, 8, 21));
  putFile(join(exports, nasty("rejected")), Buffer.from(`${csv([pageView("2")])}half a record"\n`), Date.UTC(2025, 8, 22));
  const shown = String.raw`x\n${FORGED}`;
  const commands = ["ls", "sync --dry-run", "sync", "sync --quiet", "status", "rejects list", "ls --json", "status --json", "sync --json"];
  for (const command of commands) expect(`${command}: ${honest(await cli(command.split(" "), { cwd }))}`).toContain(shown);
  honest(await cli(["query", "FROM signalhouse.loads"], { cwd }));
  const bar = await cli(["sync", "--warehouse", "other.duckdb"], { cwd, terminal: true });
  expect(bar.stderr).toContain(`records/s  ${shown}`);
  for (const forged of ["\n2025-09-01", "\u001b[2J", "\u0085", "\u2028", "\u202e"]) expect(bar.stdout + bar.stderr).not.toContain(forged);
});

test("a watch's log, its health file and its figures", async () => {
  const { folder: cwd, exports } = await workplace({ files: 1 });
  putFile(join(exports, nasty("bad")), Buffer.from("no header\n"), Date.UTC(2025, 8, 21));
  const args = ["watch", "--every", "1h", "--health", "health.json", "--metrics", "signalhouse.prom"];
  const { said, interrupt, ended } = startCli(args, { cwd });
  await said(/cycle of .* 1 file failed/);
  interrupt("SIGTERM");
  expect(honest(await ended)).toContain("1 file failed");
  for (const file of ["health.json", "signalhouse.prom"]) honest({ stdout: readFileSync(join(cwd, file), "utf8") });
});

test.each([
  ["a command line", ["no\n2025-09-01T00:00:00Z loaded", "\u001b[2J"]],
  ["an option", ["sync", "--since", `2025\n${FORGED}`]],
  ["a local file", ["load", nasty("missing")]],
  ["a bad file, with --debug", ["load", "--debug", "x"]],
  ["a warehouse's path", ["status", "--warehouse", `w\n${FORGED}\u001b[2J/w.duckdb`]],
  ["SQL, and what DuckDB says of it", ["query", `SELECT\n"${FORGED}\n\u001b[2J" FROM\nnowhere`]],
  ["a conversion's text", ["query", `SELECT CAST(E'\\n${FORGED}\\x1b[2J' AS INTEGER)`]],
  ["a job's name", ["export", "--types", "order", "--from", "2025-07-01", "--to", "2025-07-01", "--job-name", `a\n${FORGED}`]],
])("%s", async (_, args) => {
  const { folder: cwd } = await workplace({ files: 1 });
  writeFileSync(join(cwd, "x"), `not\n${FORGED}\u001b[2J,"`);
  await cli(["load", "-"], { cwd, input: csv([pageView("1")]) });
  const ended = await cli(args, { cwd });
  expect(ended.code).not.toBe(0);
  honest(ended);
});

test("data is printed as it is, but for a terminal", async () => {
  const { folder: cwd } = await workplace({ files: 1 });
  const sql = "SELECT 'a' || chr(27) || '[2J' || chr(8238) || chr(133) AS text";
  const args = ["query", "--format", "csv", sql];
  await cli(["load", "-"], { cwd, input: csv([pageView("1")]) });
  expect((await cli(args, { cwd, terminal: true })).stdout).toBe("text\na\\u001b[2J\\u202e\\u0085\n");
  expect((await cli(args, { cwd })).stdout).toBe("text\na\u001b[2J\u202e\u0085\n");
  const json = ["query", "--format", "json", sql];
  for (const terminal of [false, true]) expect(JSON.parse((await cli(json, { cwd, terminal })).stdout)).toEqual([{ text: "a\u001b[2J\u202e\u0085" }]);
});
