/**
 * A real `signalhouse sync`, killed at random moments: a plain rerun ends with exactly the truth.
 * @module-tag long
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { generateExports } from "../../samples/generator/exports.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { makeKeyPair, type Sandbox, startSandbox } from "../../samples/sandbox/sandbox.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { expectTruth } from "../helpers/truth.ts";
import { LOAD_READER, Scratch, scratchFolder } from "../helpers/warehouse.ts";
import { isLong, often } from "../helpers/often.ts";

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KILLS = often(1, 15);

interface Place {
  folder: string;
  warehouse: string;
  sandbox: Sandbox;
  truth: Truth;
}

/** Overlapping exports on a sandbox, and a configuration for it. */
async function place(): Promise<Place> {
  const folder = scratchFolder();
  const served = join(folder, "served");
  await mkdir(served);
  const truth = await generateExports({ folder: served, files: 3, rowsPerFile: 400, overlap: 30, seed: 7 });
  const keys = makeKeyPair();
  const sandbox = await startSandbox({ folder: served, authorizedKeys: [keys.publicKey] });
  onTestFinished(() => sandbox.close());
  await writeFile(join(folder, "key"), keys.privateKey, { mode: 0o600 });
  const { host, port, user, fingerprints: hostKeys } = sandbox;
  const warehouse = join(folder, "signals.duckdb");
  const config = { sftp: { host, port, user, keyFile: join(folder, "key"), hostKeys }, warehouse };
  await writeFile(join(folder, "signalhouse.config.json"), JSON.stringify(config));
  return { folder, warehouse, sandbox, truth };
}

function startSync({ folder }: Place): { child: ChildProcess; ended: Promise<{ code: number | null; signal: string | null; output: string }> } {
  const child = spawn(process.execPath, [CLI, "sync", ...(LOAD_READER ? ["--reader", LOAD_READER] : [])], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ended: once(child, "close").then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, output })) };
}

/** A plain run, undisturbed. */
async function finish(at: Place): Promise<void> {
  const { code, output } = await startSync(at).ended;
  expect(code, output).toBe(0);
}

/** The warehouse as a plain rerun leaves it, against the truth. */
async function expectWhole({ warehouse, truth }: Place): Promise<void> {
  const scratch = new Scratch(await openWarehouse(placeOf(warehouse), { access: "read" }));
  try {
    await expectTruth(scratch, truth);
    // By the reader that was asked for; of itself a file of this size takes the vector path.
    const byDuckdb = await scratch.value("SELECT sum(records - row_path_records) > 0 FROM signalhouse.loads");
    expect(byDuckdb).toBe(LOAD_READER !== "row");
  } finally {
    scratch.warehouse.close();
  }
}

/** Between runs, each file is there whole or not at all, and the ledger holds. */
async function expectConsistent({ warehouse, truth }: Place): Promise<number> {
  // A kill before the warehouse was first created leaves nothing to look at, or a file without the tables.
  if (!existsSync(warehouse)) return 0;
  const scratch = new Scratch(await openWarehouse(placeOf(warehouse)));
  try {
    await scratch.prove();
    const loaded = (await scratch.ledger()).filter(({ status }) => status === "loaded");
    // Oldest first: what is there is the beginning of the files, each with the truth's counts.
    expect(loaded.map(({ path }) => path)).toEqual(truth.files.slice(0, loaded.length).map(({ path }) => path));
    return loaded.length;
  } finally {
    scratch.warehouse.close();
  }
}

async function removeWarehouse({ warehouse }: Place): Promise<void> {
  for (const path of [warehouse, `${warehouse}.wal`, `${warehouse}.tmp`]) await rm(path, { recursive: true, force: true });
}

/** How long an undisturbed run takes: the kills fall anywhere into it. */
async function durationOf(at: Place): Promise<number> {
  const start = performance.now();
  await finish(at);
  return performance.now() - start;
}

test(`${KILLS} times kill -9 at a random moment, then a plain rerun`, { timeout: 300_000 }, async () => {
  const at = await place();
  const duration = await durationOf(at);
  await expectWhole(at);
  await removeWarehouse(at);
  let kills = 0;
  const found = new Set<number>();
  while (kills < KILLS) {
    const { child, ended } = startSync(at);
    // The moment of the kill is what is random here; nothing waits for it.
    await Promise.race([delay(Math.random() * duration), ended]);
    child.kill("SIGKILL");
    const { code, signal, output } = await ended;
    if (signal === "SIGKILL") kills += 1;
    else expect(code, output).toBe(0);
    const files = await expectConsistent(at);
    found.add(files);
    if (files < at.truth.files.length) continue;
    await finish(at);
    await expectWhole(at);
    await removeWarehouse(at);
  }
  await finish(at);
  await expectWhole(at);
  // The kills fell into different phases, or they prove little.
  if (isLong) expect(found.size).toBeGreaterThan(1);
});

test("SIGINT at random moments: exit code 130, nothing half-loaded, then a plain rerun", { timeout: 120_000 }, async () => {
  const at = await place();
  const duration = await durationOf(at);
  await expectWhole(at);
  await removeWarehouse(at);
  let interrupted = 0;
  while (interrupted < often(1, 5)) {
    const { child, ended } = startSync(at);
    await Promise.race([delay(Math.random() * duration), ended]);
    child.kill("SIGINT");
    const { code, signal, output } = await ended;
    // Before the command has begun, Node itself ends with the signal; once it is done, it ends with 0.
    expect([130, 0, null], output).toContain(code);
    if (code === null) expect(signal).toBe("SIGINT");
    if (code === 130) {
      interrupted += 1;
      expect(output).toContain("nterrupted");
    }
    if ((await expectConsistent(at)) === at.truth.files.length) await removeWarehouse(at);
  }
  await finish(at);
  await expectWhole(at);
});

test("two syncs at once: the second says who holds the warehouse and leaves", async () => {
  const at = await place();
  // The first one holds the warehouse while it waits for the server.
  at.sandbox.faults.stallAfterBytes = 1000;
  const first = startSync(at);
  // It opens the warehouse first; what it says then is about the connection.
  await once(first.child.stderr as Readable, "data");
  const second = await startSync(at).ended;
  expect(second.code).toBe(1);
  expect(second.output).toContain(String(first.child.pid));
  expect(second.output).toContain("warehouse");
  at.sandbox.faults.stallAfterBytes = null;
  const { code, output } = await first.ended;
  expect(code, output).toBe(0);
  await expectWhole(at);
});
