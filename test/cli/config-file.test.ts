import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../cli/config-file.ts";
import { parseConfig } from "../../schemas/config-text.ts";
import { configTemplate } from "../../cli/config-template.ts";
import { readConfig } from "../../schemas/config.ts";
import { failureOf } from "../helpers/errors.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

describe("parseConfig", () => {
  test("takes comments, trailing commas and a byte order mark", () => {
    expect(parseConfig('\uFEFF// one\n{ "a": 1, /* two */ "b": [2,], }', "x.json")).toEqual({ a: 1, b: [2] });
  });
  test.each([
    ['{\n  "a": 1\n  "b": 2\n}', "x.json, line 3, column 3: not valid JSON: comma expected"],
    ["{ a: 1 }", "x.json, line 1, column 3: not valid JSON"],
    ["", "x.json, line 1, column 1: not valid JSON: value expected"],
  ])("%j is refused with the place", (text, message) => {
    expect(() => parseConfig(text, "x.json")).toThrow(message);
  });
});

describe("loadConfig", () => {
  const world = { cwd: "/work", home: "/home/ana" };

  test("paths in a file are relative to its folder, --warehouse to the working directory, ~ is home", async () => {
    const folder = scratchFolder();
    const file = join(folder, "my.json");
    writeFileSync(
      file,
      '{ "sftp": { "host": "h", "user": "abc", "keyFile": "keys/id", "knownHosts": ["~/known", "hosts"] }, "warehouse": "data/w.duckdb" }',
    );
    const { config } = await loadConfig(world, { file, warehouse: undefined });
    expect([config.warehouse, config.sftp?.keyFile, config.sftp?.knownHosts[1]]).toEqual(
      ["data/w.duckdb", "keys/id", "hosts"].map((path) => join(folder, path)),
    );
    expect(config.sftp?.knownHosts[0]).toBe("/home/ana/known");
    const warehouseOf = async (warehouse: string) => (await loadConfig(world, { file, warehouse })).config.warehouse;
    expect(await warehouseOf("w.duckdb")).toBe("/work/w.duckdb");
    expect(await warehouseOf("~/w.duckdb")).toBe("/home/ana/w.duckdb");
  });
  test("the file is relative to the working directory, ~ is home", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "my.json"), '{ "warehouse": "w.duckdb" }');
    for (const given of [
      { world: { cwd: folder, home: "/home/ana" }, file: "my.json" },
      { world: { cwd: "/work", home: folder }, file: "~/my.json" },
    ])
      expect(await loadConfig(given.world, { file: given.file, warehouse: undefined })).toMatchObject({
        file: join(folder, "my.json"),
        config: { warehouse: join(folder, "w.duckdb") },
      });
  });
  test("a file that is named has to be there", async () => {
    const { code, message } = await failureOf(loadConfig(world, { file: join(scratchFolder(), "no.json"), warehouse: undefined }));
    expect([code, message]).toEqual(["config_invalid", expect.stringContaining("no.json")]);
  });
  test("what cannot be read is no missing file", async () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, "dir.json"));
    expect((await failureOf(loadConfig(world, { file: join(folder, "dir.json"), warehouse: undefined }))).code).toBe("config_invalid");
  });
});

describe("the configuration that init writes", () => {
  const given = { region: "eu-central-1", user: "a@example.com", keyFile: "~/.ssh/id" };
  const defaults = readConfig({ region: given.region, sftp: { user: given.user, keyFile: given.keyFile } }, "the defaults");

  test("is valid and means the defaults", () => {
    expect(readConfig(parseConfig(configTemplate(given), "template"), "template")).toEqual(defaults);
  });
  test("what it has commented out is valid too, and is the default where there is one", () => {
    const all = configTemplate(given).replace(/^( *)\/\/ (")/gm, "$1$2");
    const examples = { root: "/sub_1234", host: "sftp.example.com" };
    const config = readConfig(parseConfig(all, "template"), "template");
    expect(config).toEqual({
      ...defaults,
      publish: { ...defaults.publish, to: "published", contactColumns: ["Loyalty Tier"] },
      sftp: { ...defaults.sftp, root: examples.root, host: examples.host },
      api: { ...defaults.api, endpoint: "https://connect-gql-us-1.goacoustic.com", keyFile: "~/.config/signalhouse/api-key" },
      encryption: { keyFile: "~/.config/signalhouse/warehouse-key" },
      backfill: { ...defaults.backfill, from: "2025-01-01", to: "2025-06-30" },
      contacts: { keys: ["Customer ID", "Email", "Mobile Number"] },
      onFailure: { command: "mail -s 'A run failed' ana@example.com", webhook: "https://hooks.example.com/T0123" },
      retention: { days: 730, daysOf: { pageView: 90, rejects: 30 } },
      privacy: { columns: { Email: "pseudonym", "Mobile Number": "drop" }, fields: { ipAddress: "drop", searchTerm: "pseudonym" } },
    });
  });
});
