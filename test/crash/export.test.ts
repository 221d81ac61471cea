/**
 * `export --wait --sync`, killed between every two of its steps: resumed, exactly one job was asked for and everything is loaded once.
 * @module-tag long
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { realClock } from "../../pipeline/common/clock.ts";
import { awaitExports } from "../../pipeline/export/arrive.ts";
import { askForExport, type Wish } from "../../pipeline/export/ask.ts";
import { placeFor } from "../../pipeline/export/file.ts";
import { OPEN_EXPORTS } from "../../schemas/jobs.ts";
import type { SignalType } from "../../schemas/signal-types.ts";
import { exportJobs } from "../../sinks/jobs.ts";
import { type ConnectPlace, connectPlace, expected, found } from "../helpers/connect.ts";
import { often, steps } from "../helpers/often.ts";

const CHILD = fileURLToPath(new URL("export-child.mjs", import.meta.url));
const TYPES: SignalType[] = ["order", "emailClick"];
const START = "2025-07-01T00:00:00.000Z";
const END = "2025-07-02T23:59:59.999Z";

const wish: Wish = {
  request: { jobName: "July", signalTypes: TYPES, timestampStart: START, timestampEnd: END, place: placeFor("July") },
  signalTypes: TYPES,
  windowStart: Date.parse(START),
  windowEnd: Date.parse(END) + 1,
};

const place = () => connectPlace({ now: new Date().toISOString(), exports: { pollSeconds: 0.02, lookMinutes: 0, deadlineHours: 0.1 } });

/** In a process of its own, which kills itself where it is told to. */
async function run({ input, api }: ConnectPlace, options: { wish?: Wish; dieAt?: number }): Promise<{ signal: string | null; output: string }> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ input, apiKey: api.key, ...options })], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return { signal, output };
}

/** In this process, which is not killed: what the user typed, or with no wish, what is under way. */
async function runHere(at: ConnectPlace, typed?: Wish): Promise<void> {
  // The clock is the real one, as it is in the process that is killed.
  const context = { ...at.context, clock: realClock };
  const underWay = () => context.useWarehouse(({ connection }) => exportJobs(connection, ...OPEN_EXPORTS));
  for (const { error } of await awaitExports(context, typed ? [await askForExport(context, typed)] : await underWay(), { load: true })) {
    if (error) throw error;
  }
}

/** One job, its file loaded once, all that the shop has of it. */
async function expectOnce(at: ConnectPlace, step: number): Promise<void> {
  expect({ step, jobs: at.api.jobs.length }).toEqual({ step, jobs: 1 });
  const truth = await at.truth(TYPES, START, END);
  expect(truth.signals).toBeGreaterThan(5);
  const { all, loads, jobs } = await at.look(async (scratch) => ({
    all: await found(scratch),
    loads: await scratch.values("SELECT count(*) FROM signalhouse.loads"),
    jobs: await exportJobs(scratch.warehouse.connection),
  }));
  expect(all).toEqual(expected(truth));
  expect(loads).toEqual(["1"]);
  expect(jobs).toMatchObject([{ status: "loaded" }]);
}

test("killed between every two steps, then resumed", { timeout: 300_000 }, async () => {
  const undisturbed = await place();
  const { output } = await run(undisturbed, { wish });
  expect(output).toContain("done");
  await expectOnce(undisturbed, 0);
  const count = [...output.matchAll(/^\d+ /gm)].length;
  expect(count).toBeGreaterThan(12);

  for (const step of steps(count, 2)) {
    const at = await place();
    const { signal, output } = await run(at, { wish, dieAt: step });
    // Where the file came sooner, there were fewer steps.
    if (signal !== "SIGKILL") {
      expect(output).toContain("done");
      continue;
    }
    // Killed before it was written down, nothing is under way: the user's own command is typed again.
    const written = await at.context.useWarehouse(({ connection }) => exportJobs(connection));
    await runHere(at, written.length === 0 ? wish : undefined);
    await expectOnce(at, step);
    await at.sandbox.close();
  }
});

test("killed while Connect's answer hangs", async () => {
  const at = await place();
  at.api.faults.hangAfterAccepting = 1;
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ input: at.input, apiKey: at.api.key, wish })], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await expect.poll(() => at.api.jobs.length, { timeout: 20_000 }).toBe(1);
  child.kill("SIGKILL");
  await once(child, "close");
  await at.api.idle();
  await runHere(at);
  await expectOnce(at, -1);
});

test("killed again and again while it is resumed", { timeout: 120_000 }, async () => {
  const at = await place();
  expect((await run(at, { wish, dieAt: 5 })).signal).toBe("SIGKILL");
  for (let step = 1; step <= often(3, 6); step++) await run(at, { dieAt: step });
  await runHere(at);
  await expectOnce(at, -2);
});
