/**
 * `npm run soak`: two `signalhouse watch` for hours against a local Connect that misbehaves at random. One goes on all the time, and must not grow; the other one is killed and ended
 * now and then. Others read both warehouses meanwhile. In the end everything is as if nothing had happened, or this says what is not, and exits with 1.
 *
 * SOAK_MINUTES (120) how long things go wrong · SOAK_SEED (1) what goes wrong · SOAK_FOLDER (a temporary one) where everything lies; it stays where something was found.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { generateExports } from "../samples/generator/exports.ts";
import { Random } from "../samples/generator/random.ts";
import { makeKeyPair, startSandbox } from "../samples/sandbox/sandbox.ts";
import type { ConfigInput } from "../schemas/config.ts";
import { checkWarehouse, expectedFigures, type FinalFile, leftIn, partsInMemory } from "./soak/check.ts";
import { endOf, temporaryFolder } from "./soak/command.ts";
import { startGateway } from "./soak/gateway.ts";
import { quartersOf } from "./soak/growth.ts";
import { Happenings } from "./soak/happenings.ts";
import { type Edges, Misbehaviour } from "./soak/misbehaviour.ts";
import { Shop } from "./soak/shop.ts";
import { Watcher } from "./soak/watcher.ts";
import { API_SHOP, Windows } from "./soak/windows.ts";
import { startWire } from "./soak/wire.ts";

const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 120);
const SEED = Number(process.env["SOAK_SEED"] ?? 1);
const READER = fileURLToPath(new URL("run-reader.js", import.meta.url));

/** Seconds between two of a kind, on average. */
const PACE = { file: 8, rubbish: 60, window: 15, mishap: 4, reader: 90, end: 60, sample: Math.min(10, (MINUTES * 60) / 48) };
/** Looks at the watches from one line of progress to the next. */
const LOOKS_PER_LINE = 12;
const ROWS_PER_FILE = 1500;
/** So long may nothing be heard of a watch: a reader has the warehouse for as long as 80 seconds, and a cycle has slow files. */
const MOST_SECONDS_OF_A_CYCLE = 240;
/** So long it may take until everything is loaded once all is well. */
const MOST_SECONDS_TO_DRAIN = 300;

/** Does something again and again, at random moments, until the signal is aborted. Each begins when the one before is over. */
async function everySoOften(seconds: number, random: Random, signal: AbortSignal, act: () => Promise<void> | void): Promise<void> {
  for (;;) {
    await wait(random.int(0, 2000) * seconds, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await act();
  }
}

const streams = { shop: 1, rubbish: 2, windows: 3, asking: 4, misbehaviour: 5, mishaps: 6, readers: 7, ends: 8 };
const randomFor = (stream: keyof typeof streams) => new Random(SEED, "soak", streams[stream]);

const happened = new Happenings();
const folder = process.env["SOAK_FOLDER"] ?? mkdtempSync(join(tmpdir(), "signalhouse-soak-"));
const [pool, served] = [join(folder, "pool"), join(folder, "served")];
mkdirSync(join(served, "Export/Signals"), { recursive: true });
console.log(`Soak of ${MINUTES} minutes, seed ${SEED}, in ${folder}`);
const inMemoryBefore = new Set(await partsInMemory());

// What there is: exports whose truth is known, and a local Connect behind ways that break.
const files = Math.max(5, Math.round((MINUTES * 60) / PACE.file));
const truth = await generateExports({ rowsPerFile: ROWS_PER_FILE, files, overlap: 20, seed: SEED, folder: pool });
const keys = makeKeyPair();
const limits = { jobs: Infinity, rows: Infinity, bytes: Infinity };
const sandbox = await startSandbox({ folder: served, authorizedKeys: [keys.publicKey], api: { ...API_SHOP, limits, delayMs: 1500 } });
const { api } = sandbox;
if (!api) throw new Error("the sandbox has no API");
const gateway = await startGateway(api.url);
const [sftpWire, apiWire] = await Promise.all([startWire(sandbox.port), startWire(gateway.port)]);
const edges: Edges = { sandbox, api, sftpWire, apiWire, gateway };

writeFileSync(join(folder, "key"), keys.privateKey, { mode: 0o600 });
writeFileSync(join(folder, "api-key"), api.key, { mode: 0o600 });
const { host, user, fingerprints } = sandbox;
const config: ConfigInput = {
  sftp: { host, port: sftpWire.port, user, keyFile: join(folder, "key"), hostKeys: fingerprints, knownHosts: [], timeoutSeconds: 5, retries: 2 },
  api: { endpoint: `http://127.0.0.1:${apiWire.port}/`, keyFile: join(folder, "api-key"), timeoutSeconds: 3, retries: 1 },
  exports: { pollSeconds: 1, lookMinutes: 0.2, deadlineHours: 0.05 },
};
const steady = new Watcher("steady", join(folder, "steady"), config, happened);
const shaken = new Watcher("shaken", join(folder, "shaken"), config, happened);
const watchers = [steady, shaken];
const shop = new Shop(pool, served, truth.files, sandbox.faults, randomFor("shop"), happened);
const windows = new Windows(api, watchers, randomFor("asking"), happened);
const misbehaviour = new Misbehaviour(edges, randomFor("mishaps"), happened);

/** Somebody has a warehouse open for a while. */
async function read(random: Random): Promise<void> {
  const { name, warehouse } = random.pick(watchers);
  const seconds = random.chance(10) ? 80 : random.int(1, 15);
  happened.count(`a reader has the warehouse for ${seconds === 80 ? "longer than a minute" : "some seconds"}`);
  const end = await endOf(spawn(process.execPath, [READER, warehouse, String(seconds)], { stdio: ["ignore", "ignore", "inherit"] }), 200_000);
  if (end !== 0) happened.find(`${name}: the reader of its warehouse ended with ${end}`);
}

/** The one that is shaken ends, and is started again after a while. */
async function shake(random: Random): Promise<void> {
  const signal = random.pick(["SIGTERM", "SIGKILL"] as const);
  happened.count(`watch: ${signal}`);
  await shaken.end(signal);
  await wait(random.int(0, 4000));
  shaken.start();
}

/** Whoever asked for an export takes a file away that came without bytes. */
function sweep(): void {
  for (const { path, size } of filesOnServer())
    if (size === 0 && !shop.rubbish.has(path) && path.includes("/signalhouse/")) rmSync(join(served, path));
}

function filesOnServer(): FinalFile[] {
  const entries = readdirSync(served, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => {
    const place = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = statSync(place);
    return { path: relative(served, place), size, mtime: Math.floor(mtimeMs / 1000) * 1000 };
  });
}

// Whatever ends this process ends those that it started.
process.once("exit", () => watchers.forEach((watcher) => watcher.kill()));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

// Things go wrong.
const startedAt = performance.now();
for (const watcher of watchers) watcher.start();
const over = new AbortController();
const observing = new AbortController();
const observe = (async () => {
  for (let looks = 1; !observing.signal.aborted; looks += 1) {
    await wait(PACE.sample * 1000, undefined, { signal: observing.signal }).catch(() => undefined);
    for (const watcher of watchers) await watcher.look(MOST_SECONDS_OF_A_CYCLE);
    if (looks % LOOKS_PER_LINE === 0)
      console.log(`${Math.round((performance.now() - startedAt) / 60_000)} min: ${watchers.map((watcher) => watcher.state).join("; ")}`);
  }
})();
const often = (seconds: number, stream: keyof typeof streams, act: (random: Random) => Promise<void> | void) => {
  const random = randomFor(stream);
  return everySoOften(seconds, random, over.signal, () => act(random));
};
const end = setTimeout(() => over.abort(), MINUTES * 60_000);
const everything = [
  often(PACE.file, "shop", () => shop.publish()),
  often(PACE.rubbish, "rubbish", () => shop.litter()),
  often(PACE.window, "windows", () => windows.askNext()),
  often(PACE.mishap, "misbehaviour", () => misbehaviour.strike()),
  often(PACE.reader, "readers", read),
  often(PACE.end, "ends", shake),
];
await Promise.all(everything);
clearTimeout(end);

// All is well again, and everything that is left comes.
console.log("All is well from now on.");
await misbehaviour.end();
await shop.finish();
for (const deadline = Date.now() + MOST_SECONDS_TO_DRAIN * 1000; (await windows.askMissing(20_000)) > 0; await wait(1000)) {
  if (Date.now() < deadline) continue;
  happened.find("exports that were asked for have no file, though all is well");
  break;
}
sweep();
await settle();
observing.abort();
await observe;
for (const watcher of watchers) await watcher.end("SIGTERM");

/** Waits until each watch has gone round three times without anything new. */
async function settle(): Promise<void> {
  const deadline = Date.now() + MOST_SECONDS_TO_DRAIN * 1000;
  for (const watcher of watchers) {
    let last = watcher.totals;
    while (watcher.totals.cycles < last.cycles + 3) {
      await wait(500);
      if (watcher.totals.filesLoaded !== last.filesLoaded) last = watcher.totals;
      if (Date.now() < deadline) continue;
      happened.find(`${watcher.name}: it has not come to rest in ${MOST_SECONDS_TO_DRAIN} s; see ${watcher.log}`);
      return;
    }
  }
}

// Is it as if nothing had happened?
const truths = [truth, await windows.truth(join(folder, "windows.csv.gz"))];
const expected = {
  figures: expectedFigures(truths),
  files: filesOnServer().filter(({ path }) => !shop.rubbish.has(path)),
  rubbish: shop.rubbish,
};
for (const { name, warehouse, folder, log } of watchers) {
  for (const wrong of await checkWarehouse(warehouse, expected)) happened.find(`${name}: ${wrong}`);
  for (const left of await leftIn(folder, temporaryFolder(folder))) happened.find(`${name}: ${left} is left`);
  const said = readFileSync(log, "utf8");
  if (/\[bug\]|this is a bug|Please report/i.test(said)) happened.find(`${name}: it takes something for a bug of its own; see ${log}`);
  if (said.includes(api.key)) happened.find(`${name}: the API key is in ${log}`);
}
// Other loads of this machine have theirs there for a moment.
let parts: string[] = [];
for (let look = 0; look < 60; look += 1) {
  parts = (await partsInMemory()).filter((path) => !inMemoryBefore.has(path));
  if (parts.length === 0) break;
  await wait(1000);
}
for (const part of parts) happened.find(`${part} is left`);
await Promise.all([sandbox.close(), sftpWire.close(), apiWire.close(), gateway.close()]);

const growth = quartersOf(steady.samples);
for (const grown of growth.grown) happened.find(`steady: ${grown}`);

const seconds = (performance.now() - startedAt) / 1000;
const last = steady.samples.at(-1);
console.log("\nThe watch that goes on all the time (medians of the quarters of its life)");
console.table(growth.rows);
console.table(
  watchers.map(({ name, starts, totals, samples, longestGapSeconds }) => ({
    watch: name,
    starts,
    cycles: totals.cycles,
    "of them failed": totals.failed,
    "files loaded": totals.filesLoaded,
    "attempts failed": totals.filesFailed,
    "most RSS MiB": Math.round(Math.max(...samples.map(({ rssMiB }) => rssMiB))),
    "longest time without a cycle (s)": longestGapSeconds,
  })),
);
console.table([
  {
    minutes: Math.round(seconds / 60),
    seed: SEED,
    "export files": truth.files.length,
    "exports asked for": windows.asked,
    "by commands": windows.commands,
    "taken by Connect": api.jobs.length,
    signals: truths.reduce((total, { signals }) => total + signals, 0),
    "SFTP connections": sandbox.stats.connections,
    "% of a core (steady)": last ? Math.round((last.cpuSeconds / seconds) * 100) : "",
  },
]);
console.table(happened.counts.map(([what, times]) => ({ what, times })));
console.log(
  happened.findings.length === 0
    ? "Everything is as if nothing had happened."
    : `${happened.findings.length} findings:\n${happened.findings.join("\n")}`,
);
if (happened.findings.length === 0 && process.env["SOAK_FOLDER"] === undefined) rmSync(folder, { recursive: true });
process.exitCode = happened.findings.length === 0 ? 0 : 1;
