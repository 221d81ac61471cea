/** onFailure: somebody is told of a run that failed where nobody watches, and of nothing else. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tellFailure } from "../../pipeline/on-failure.ts";
import { apiServer, closedUrl } from "../helpers/api-server.ts";
import { cli, startCli, writeConfig } from "../helpers/cli.ts";
import { TestClock } from "../helpers/clock.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

const COMMAND = "cat >> told.jsonl";

/** A folder whose configuration names this; it has a good file, one with a reject, and one that is no export. */
function place(onFailure: Record<string, string>): { cwd: string; told: () => Record<string, unknown>[] } {
  const cwd = scratchFolder();
  writeConfig(cwd, { onFailure, sftp: { host: "127.0.0.1", port: 9, user: "ana", keyFile: "key" } });
  writeFileSync(join(cwd, "good.csv"), csv([pageView("1")]));
  writeFileSync(join(cwd, "rejects.csv"), csv([pageView("2"), { ...pageView("3"), SIGNAL_TIMESTAMP: "" }]));
  writeFileSync(join(cwd, "bad.csv"), "this,is\nno,export\n");
  const file = join(cwd, "told.jsonl");
  const told = () =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : [];
  return { cwd, told };
}

test("a run that fails is told with its message and what to do, to the command and to the webhook alike", async () => {
  const { url, asked } = await apiServer({ body: "ok" });
  const { cwd, told } = place({ command: COMMAND, webhook: `${url}/hook` });
  const clock = new TestClock("2025-09-01T06:15:00Z");
  const { code, stderr } = await cli(["sync"], { cwd, clock });
  expect(code).toBe(1);
  const document = {
    text: expect.stringMatching(/^signalhouse sync failed on .*: .*key cannot be read.* -> \S/) as string,
    command: "sync",
    exit_code: 1,
    code: "key_unreadable",
    message: expect.stringContaining(join(cwd, "key")) as string,
    hint: expect.stringMatching(/\S/) as string,
    host: hostname(),
    folder: cwd,
    at: expect.stringMatching(/^2025-09-01T06:1/) as string,
  };
  expect(told()).toEqual([document]);
  expect(asked).toMatchObject([{ method: "POST", url: "/hook", headers: { "content-type": "application/json" }, body: document }]);
  expect(stderr).not.toContain("could not be told");
});

test("what DuckDB says of a value is printed, and told to nobody", async () => {
  const failure = { command: "refset push", exitCode: 1, message: "Conversion Error: Could not convert string 'ana@example.com' to INT32" };
  const at = { env: process.env, folder: scratchFolder(), now: 0 };
  for (const code of ["query_failed", "bug"])
    expect(await tellFailure({ onFailure: { command: "cat >> told" } }, { ...failure, code }, at)).toEqual([]);
  const told = readFileSync(join(at.folder, "told"), "utf8");
  expect(told.match(/"message":"the message is not sent/gu)).toHaveLength(2);
  expect(told).not.toContain("ana@example.com");
});

test("an address that is a secret comes from the environment, before the configuration's", async () => {
  const { url, asked } = await apiServer({ body: "ok" });
  const { cwd } = place({ webhook: await closedUrl() });
  const { stderr } = await cli(["load", "missing.csv"], { cwd, env: { SIGNALHOUSE_FAILURE_WEBHOOK: `${url}/secret` } });
  expect(asked).toMatchObject([{ url: "/secret", body: { command: "load", code: "file_missing" } }]);
  expect(stderr).not.toContain("secret");
});

test("files that failed are told; what is no failure of a run that nobody watches is not", async () => {
  const { cwd, told } = place({ command: COMMAND });
  expect((await cli(["load", "good.csv"], { cwd })).code).toBe(0);
  expect((await cli(["load", "rejects.csv"], { cwd })).code).toBe(3);
  expect((await cli(["load", "--nonsense"], { cwd })).code).toBe(2);
  expect((await cli(["query", "nonsense"], { cwd })).code).toBe(1);
  expect((await cli(["load", "bad.csv"], { cwd, terminal: true })).code).toBe(1);
  expect(told()).toEqual([]);
  expect((await cli(["load", "bad.csv"], { cwd })).code).toBe(1);
  expect(told()).toMatchObject([
    { command: "load", exit_code: 1, code: null, hint: null, message: expect.stringContaining("signalhouse status") as string },
  ]);
});

test.each<[string, (url: string) => Record<string, string>, RegExp]>([
  ["a command that fails", () => ({ command: "exit 7" }), /could not be told to the command of onFailure: it ended with 7/],
  ["a webhook that refuses", (url) => ({ webhook: url }), /could not be told to the webhook of onFailure: it answered with HTTP 404/],
])("%s changes nothing: the failure is printed, and the exit code its own", async (_, onFailure, said) => {
  const { url } = await apiServer({ status: 404, body: "no such hook" });
  const { cwd } = place(onFailure(url));
  const { code, stderr } = await cli(["sync"], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
  expect(stderr).toContain("[key_unreadable]");
});

test("a watch tells the first of failing cycles, not each", async () => {
  const { cwd, told } = place({ command: COMMAND });
  const { said, interrupt, ended } = startCli(["watch", "--every", "1s"], { cwd, clock: new TestClock("2025-09-01T06:15:00Z") });
  await said(/(cycle of [^]*){3}/);
  interrupt("SIGTERM");
  expect((await ended).code).toBe(0);
  expect(told()).toMatchObject([{ command: "watch", code: "key_unreadable" }]);
});
