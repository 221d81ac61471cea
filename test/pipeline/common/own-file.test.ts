/** What is no file is refused where a key, a configuration or a list of hosts should be: a named pipe would be waited for, a device never ends. */
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../cli/config-file.ts";
import { readPlainFile } from "../../../pipeline/common/own-file.ts";
import { readApiKey } from "../../../pipeline/connect-api/key.ts";
import { readHostTrust } from "../../../pipeline/sftp/host-keys.ts";
import { readPrivateKey } from "../../../pipeline/sftp/keys.ts";
import { readConfig } from "../../../schemas/config.ts";
import { placeOf } from "../../../sinks/places.ts";
import { probeWarehouse } from "../../../sinks/probe.ts";
import { openWarehouse } from "../../../sinks/warehouse.ts";
import { cli } from "../../helpers/cli.ts";
import { failureOf } from "../../helpers/errors.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

const KINDS: { kind: string; make: (path: string) => unknown }[] = [
  { kind: "a named pipe", make: (path) => execFileSync("mkfifo", ["-m", "600", path]) },
  { kind: "a device", make: (path) => symlinkSync("/dev/null", path) },
  { kind: "a folder", make: (path) => mkdirSync(path, { mode: 0o700 }) },
  {
    kind: "a socket",
    async make(path) {
      const server = createServer().listen(path);
      await once(server, "listening");
      onTestFinished(() => void server.close());
    },
  },
];

const trustOf = (file: string) => readHostTrust({ ...readConfig({ sftp: { host: "h", user: "ana", knownHosts: [file] } }, "test").sftp!, host: "h" });

const READERS: { what: string; code: string; read: (path: string) => Promise<unknown> }[] = [
  { what: "the private key", code: "key_unreadable", read: (path) => readPrivateKey(path) },
  { what: "the API key", code: "api_key_missing", read: (keyFile) => readApiKey({ keyFile }) },
  { what: "known_hosts", code: "config_invalid", read: trustOf },
  { what: "the configuration", code: "config_invalid", read: (file) => loadConfig({ cwd: "/", home: "/" }, { file, warehouse: undefined }) },
  { what: "the warehouse", code: "warehouse_failed", read: (path) => openWarehouse(placeOf(path)) },
];

test.each(KINDS.flatMap((kind) => READERS.map((reader) => ({ ...kind, ...reader }))))("$what as $kind", async ({ kind, make, code, read }) => {
  const path = join(scratchFolder(), "file");
  await make(path);
  const failure = await failureOf(read(path));
  expect(failure.code).toBe(code);
  expect(failure.message).toContain(path);
  // Of a folder as a warehouse DuckDB tells.
  if (code !== "warehouse_failed" || kind !== "a folder") expect(failure.message).toContain(`is ${kind}, `);
});

test.each(KINDS)("public keys, definitions and rows of reference sets as $kind, on the command line", async ({ kind, make }) => {
  const cwd = scratchFolder();
  mkdirSync(join(cwd, "refsets"));
  for (const name of ["key.pub", "refsets/People.json", "rows.csv"]) await make(join(cwd, name));
  const env = { SIGNALHOUSE_API_KEY: "k" };
  writeFileSync(join(cwd, "signalhouse.config.json"), JSON.stringify({ region: "us-east-1" }));
  for (const args of [
    ["keys", "register", "--file", "key.pub"],
    ["refset", "validate", "People"],
    ["refset", "validate", "Rows", "--from", "rows.csv"],
  ]) {
    const { code, stderr } = await cli(args, { cwd, ...(args[0] === "keys" ? { env } : {}) });
    expect({ args, code: code === 0, stderr }).toEqual({ args, code: false, stderr: expect.stringContaining(`it is ${kind}, not a file`) as string });
  }
  // The doctor asks as others do.
  await make(join(cwd, "pipe.duckdb"));
  if (kind !== "a folder") expect((await failureOf(probeWarehouse(placeOf(join(cwd, "pipe.duckdb"))))).message).toContain(kind);
});

test("a file that is far too large for any key or configuration is not read", async () => {
  const path = join(scratchFolder(), "file");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 33);
  await expect(readPlainFile(path)).rejects.toThrow("more than any such file");
});
