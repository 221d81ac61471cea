import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../schemas/config-text.ts";
import { readConfig } from "../../schemas/config.ts";
import { cli } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const read = (path: string) => readConfig(parseConfig(readFileSync(path, "utf8"), path), path);

test("writes a configuration with what is given", async () => {
  const cwd = scratchFolder();
  const { code, stdout } = await cli(["init", "--region", "ap-southeast-2", "--user", "a@example.com", "--key", 'keys/"odd"'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("signalhouse keys trust");
  expect(read(join(cwd, "signalhouse.config.json"))).toMatchObject({
    region: "ap-southeast-2",
    sftp: { user: "a@example.com", keyFile: 'keys/"odd"' },
  });
});

test("without a user it says that one is missing, and a command that needs it does too", async () => {
  const cwd = scratchFolder();
  const { code, stdout } = await cli(["init", "--config", "mine.json", "--json"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ file: join(cwd, "mine.json"), next: expect.arrayContaining([expect.stringContaining('"user"')]) });
  const synced = await cli(["sync", "--config", "mine.json"], { cwd });
  expect([synced.code, synced.stderr]).toEqual([2, expect.stringContaining("sftp.user")]);
  const path = join(cwd, "mine.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"user": ""', '"user": "a@example.com"'));
  expect(read(path).sftp?.user).toBe("a@example.com");
});

test.each([
  [["--region", "mars"], "us-east-1, eu-central-1, ap-southeast-2"],
  [["--user", "a+b@example.com"], "plus"],
])("refuses %j and writes nothing", async (args, says) => {
  const cwd = scratchFolder();
  const { code, stderr } = await cli(["init", ...args], { cwd });
  expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  expect((await cli(["init"], { cwd })).code).toBe(0);
});

test("never overwrites", async () => {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "signalhouse.config.json"), "mine");
  const { code, stderr } = await cli(["init"], { cwd });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/there already[^]*--config/)]);
  expect(readFileSync(join(cwd, "signalhouse.config.json"), "utf8")).toBe("mine");
});
