/** A sandbox with both halves, and everything that asks it: real HTTP, real SFTP, a real warehouse; only the clock is the test's. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { connectApi } from "../../pipeline/connect-api/api.ts";
import type { ExportContext } from "../../pipeline/export/ask.ts";
import { writerOf } from "../../pipeline/common/door.ts";
import { generateWindow } from "../../samples/generator/window.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { type Sandbox, startSandbox } from "../../samples/sandbox/sandbox.ts";
import { type Config, type ConfigInput, readConfig } from "../../schemas/config.ts";
import type { DailyLimits } from "../../schemas/connect.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { TestClock } from "./clock.ts";
import { HOST_KEYS, KEY_PAIR } from "./sandbox.ts";
import { Scratch, scratchFolder } from "./warehouse.ts";

export interface ConnectPlace {
  folder: string;
  served: string;
  sandbox: Sandbox;
  api: NonNullable<Sandbox["api"]>;
  clock: TestClock;
  config: Config;
  /** What signalhouse.config.json has, which is in `folder`. */
  input: ConfigInput;
  context: ExportContext;
  /** What was logged. */
  log: string[];
  /** Looks into the warehouse, which must be proven by verify. */
  look<T>(work: (scratch: Scratch) => Promise<T>): Promise<T>;
  /** What the sandbox's shop has in a window, as the generator knows it. */
  truth(signalTypes: readonly string[], start: string, end: string): Promise<Truth>;
}

const SEED = 5;

/** Starts it; it ends with the test. */
export async function connectPlace({
  now = "2025-07-10T09:00:00Z",
  rowsPerDay = 200,
  limits,
  exports = {},
}: { now?: string; rowsPerDay?: number; limits?: DailyLimits; exports?: NonNullable<ConfigInput["exports"]> } = {}): Promise<ConnectPlace> {
  const folder = scratchFolder();
  const served = join(folder, "served");
  mkdirSync(join(served, "Export/Signals"), { recursive: true });
  writeFileSync(join(folder, "key"), KEY_PAIR.privateKey, { mode: 0o600 });
  const clock = new TestClock(now);
  const sandbox = await startSandbox({
    folder: served,
    authorizedKeys: [KEY_PAIR.publicKey],
    hostKeys: HOST_KEYS,
    api: { clock, rowsPerDay, seed: SEED, ...(limits ? { limits } : {}) },
  });
  onTestFinished(() => sandbox.close());
  const { host, port, user, fingerprints: hostKeys, api } = sandbox;
  if (!api) throw new Error("the sandbox has no API");
  clock.meanwhile = () => api.idle();
  writeFileSync(join(folder, "api-key"), api.key, { mode: 0o600 });
  const input: ConfigInput = {
    sftp: { host, port, user, keyFile: join(folder, "key"), hostKeys, knownHosts: [], retries: 1 },
    api: { endpoint: api.url, keyFile: join(folder, "api-key"), retries: 1, timeoutSeconds: 5 },
    exports,
    warehouse: join(folder, "signals.duckdb"),
  };
  writeFileSync(join(folder, "signalhouse.config.json"), JSON.stringify(input));
  const config = readConfig(input, "test");
  copyFileSync(inject("template"), config.warehouse);
  const log: string[] = [];
  const signal = new AbortController().signal;
  const context: ExportContext = {
    config,
    api: connectApi({ endpoint: api.url, apiKey: api.key, timeoutSeconds: 5, retries: 1, backoffMs: 1 }),
    useWarehouse: writerOf(config, signal),
    finish: writerOf(config, signal),
    clock,
    signal,
    log: (line) => log.push(line),
    ...(limits ? { limits } : {}),
  };
  return {
    folder,
    served,
    sandbox,
    api,
    clock,
    config,
    input,
    context,
    log,
    async look(work) {
      const scratch = new Scratch(await openWarehouse(placeOf(config.warehouse), { access: "read" }));
      try {
        await scratch.prove();
        return await work(scratch);
      } finally {
        scratch.warehouse.close();
      }
    },
    truth: (signalTypes, start, end) =>
      generateWindow({ seed: SEED, rowsPerDay, signalTypes, start: Date.parse(start), end: Date.parse(end), out: join(folder, "truth.csv.gz") }),
  };
}

/** What a warehouse has of what a truth names, of a stretch of time or of all: signals, and money. */
export async function found(scratch: Scratch, start = "1970-01-01", end = "2100-01-01"): Promise<{ signals: number; orderValue: string }> {
  const within = `WHERE occurred_at >= '${start}' AND occurred_at < '${end}'`;
  const count = async (table: string) => Number(await scratch.value(`SELECT count(*) FROM ${table} ${within}`));
  return {
    signals: (await count("marketing_signals")) + (await count("behavior_signals")),
    orderValue: String(await scratch.value(`SELECT coalesce(sum(order_value), 0)::DECIMAL(38, 4) FROM behavior_signals ${within}`)),
  };
}

/** The same of a truth. */
export function expected(truth: Truth): { signals: number; orderValue: string } {
  return { signals: truth.signals, orderValue: truth.sums["order_value"] ?? "0.0000" };
}
