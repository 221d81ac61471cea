/**
 * `refset push --wait`, killed between every two of its steps: run again, the set has exactly the rows, once, and nothing is left behind.
 * @module-tag long
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { realClock } from "../../pipeline/common/clock.ts";
import { pushSet, type PushWish } from "../../pipeline/reference-set/push.ts";
import { doorTo, PATIENCE_MS, readerOf } from "../../pipeline/common/door.ts";
import { importJobs } from "../../sinks/reference-set/imports.ts";
import { type ConnectPlace, connectPlace } from "../helpers/connect.ts";
import { some, steps } from "../helpers/often.ts";

const CHILD = fileURLToPath(new URL("push-child.mjs", import.meta.url));

const BEFORE = [
  { id: "1", name: "Ana" },
  { id: "2", name: "Bo" },
  { id: "3", name: "Cy" },
];
const AFTER = [
  { id: "1", name: "Ana" },
  { id: "2", name: "Bob" },
  { id: "4", name: "Di" },
];

async function place(): Promise<ConnectPlace> {
  const at = await connectPlace({ now: new Date().toISOString(), exports: { pollSeconds: 0.02, lookMinutes: 0, deadlineHours: 0.01 } });
  writeFileSync(join(at.folder, "before.json"), JSON.stringify(BEFORE));
  writeFileSync(join(at.folder, "after.json"), JSON.stringify(AFTER));
  return at;
}

type Push = Pick<PushWish, "mode" | "changed"> & { file: "before" | "after" };

function wishOf({ folder }: ConnectPlace, { file, ...push }: Push): PushWish {
  const definition = { source: { file: join(folder, `${file}.json`) }, key: "id", folder: "sets/people" };
  return { set: "People", maxErrors: 10, wait: true, ...push, definition };
}

/** In this process, which is not killed. */
async function pushHere(at: ConnectPlace, push: Push): Promise<void> {
  // The clock is the real one, as it is in the process that is killed.
  const context = { ...at.context, clock: realClock };
  const { prepared, outcome } = await pushSet(
    { ...context, readWarehouse: readerOf(doorTo(at.config, { signal: context.signal, patience: PATIENCE_MS })) },
    wishOf(at, push),
  );
  if (outcome?.error) throw outcome.error;
  expect(prepared.violations).toEqual([]);
}

/** In a process of its own, which kills itself where it is told to. */
async function run(at: ConnectPlace, push: Push, dieAt?: number): Promise<{ signal: string | null; output: string }> {
  const { input, api } = at;
  const wish = wishOf(at, push);
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ input, apiKey: api.key, wish, dieAt })], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return { signal, output };
}

/** What Connect has, what the warehouse says of it, and what was left on the server and beside the warehouse. */
async function expectExactly(at: ConnectPlace, step: number, rows: readonly { id: string; name: string }[]): Promise<void> {
  await at.api.idle();
  const byId = (a: { id?: unknown }, b: { id?: unknown }) => (String(a.id) < String(b.id) ? -1 : 1);
  const sets = at.api.sets.map(({ name, records }) => ({ name, rows: [...records.values()].map((record) => Object.fromEntries(record)).sort(byId) }));
  expect({ step, sets }).toEqual({ step, sets: [{ name: "People", rows: [...rows] }] });
  const { known, open, states } = await at.look(async (scratch) => ({
    known: await scratch.values("SELECT key FROM signalhouse.refset_rows WHERE pushed_at IS NOT NULL ORDER BY key"),
    open: await scratch.values("SELECT key FROM signalhouse.refset_rows WHERE pushed_at IS NULL"),
    states: (await importJobs(scratch.warehouse.connection)).map(({ status }) => status),
  }));
  expect({ step, known, open }).toEqual({ step, known: rows.map(({ id }) => id), open: [] });
  expect({ step, states: states.filter((status) => status !== "imported" && status !== "failed") }).toEqual({ step, states: [] });
  const left = readdirSync(at.served, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect({ step, left: left.map(({ name }) => name) }).toEqual({ step, left: [] });
  expect(readdirSync(at.folder).filter((name) => name.includes(".push-"))).toEqual([]);
}

const cases: { name: string; first: Push | undefined; push: Push; rows: typeof BEFORE }[] = [
  { name: "CREATE", first: undefined, push: { file: "before", changed: false }, rows: BEFORE },
  {
    name: "only what changed",
    first: { file: "before", changed: false },
    push: { file: "after", changed: true },
    rows: [...AFTER.slice(0, 2), ...BEFORE.slice(2), ...AFTER.slice(2)],
  },
  { name: "REPLACE", first: { file: "before", changed: false }, push: { file: "after", mode: "REPLACE", changed: false }, rows: AFTER },
];

test.each(some(cases, 2))("$name, killed between every two steps, then run again", { timeout: 300_000 }, async ({ first, push, rows }) => {
  const undisturbed = await place();
  if (first) await pushHere(undisturbed, first);
  const { output } = await run(undisturbed, push);
  expect(output).toContain("done");
  await expectExactly(undisturbed, 0, rows);
  const count = [...output.matchAll(/^\d+ /gm)].length;
  expect(count).toBeGreaterThan(12);

  // What comes before is the same for all of them.
  const writtenDown = Number(/^(\d+) uploading/m.exec(output)?.[1]) - 2;
  for (const step of steps(count, 2).filter((step) => !first || step >= writtenDown)) {
    const at = await place();
    if (first) await pushHere(at, first);
    const killed = await run(at, push, step);
    // The number of looks at an import that is under way is not always the same.
    if (killed.signal !== "SIGKILL") expect(killed.output).toContain("done");
    const [, path] = /uploading (\S+):/.exec(killed.output) ?? [];
    const isSent = killed.output.includes("is on the server, whole");
    if (path !== undefined && !isSent) {
      // What had come of it when the process was killed.
      mkdirSync(dirname(join(at.served, path)), { recursive: true });
      writeFileSync(join(at.served, path), "id,na");
    }
    await pushHere(at, push);
    await expectExactly(at, step, rows);
    await at.sandbox.close();
  }
});
