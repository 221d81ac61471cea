/**
 * publish, killed before each of its steps: what was published is whole, and the next publish has all and leaves nothing behind.
 * @module-tag long
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { act, click, open, order, send } from "../helpers/mart-rows.ts";
import { steps } from "../helpers/often.ts";
import { asScratch, currentOf, filesBelow, manifestOf, publishScratch, versionsIn } from "../helpers/published.ts";
import { csv, memoryFile, type Row, type Scratch, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const CHILD = fileURLToPath(new URL("publish-child.mjs", import.meta.url));

interface Place {
  /** The warehouse as it was published once, and as it is now. */
  warehouse: string;
  to: string;
}

const input = ({ warehouse, to }: Place) => ({ warehouse, publish: { to, keepVersions: 1, keepHours: 0 } });

/** A warehouse that was published, and has changed since in months of several tables. */
async function prepared(folder: string): Promise<{ place: Place; before: Row[]; after: Row[] }> {
  const scratch = await scratchWarehouse({ path: join(folder, "signals.duckdb") });
  const to = join(folder, "copy");
  await scratch.load([
    memoryFile("a.csv", 1, csv([send("s1", "10:00", "C1"), order("o1", "+61 10:00", "C1", "10"), act("pageView", "v1", "10:00", "C1")])),
  ]);
  await publishScratch(scratch, to, { keepVersions: 1, keepHours: 0 });
  const before = await sums(scratch);
  await scratch.load([
    memoryFile("b.csv", 2, csv([open("p1", "+1 10:00", "C1"), click("c1", "+1 10:05", "C1"), order("o2", "+30 10:00", "C1", "7")])),
  ]);
  const after = await sums(scratch);
  scratch.warehouse.close();
  return { place: { warehouse: scratch.path, to }, before, after };
}

const sums = (of: Scratch): Promise<Row[]> =>
  of.rows(`SELECT (SELECT count(*)::INTEGER FROM marketing_signals) AS marketing, (SELECT count(*)::INTEGER FROM behavior_signals) AS behavior,
    (SELECT sum(order_value) FROM orders) AS revenue, (SELECT sum(opens)::INTEGER FROM marts.sends) AS opens, (SELECT count(*)::INTEGER FROM marts.contact_timeline) AS timeline,
    (SELECT sum(revenue) FROM marts.attribution WHERE model = 'last') AS attributed, (SELECT count(*)::INTEGER FROM signalhouse.loads) AS loads`);

function start(place: Place, more: { dieAt?: number; waits?: boolean } = {}) {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ input: input(place), ...more })], { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, ended: once(child, "close").then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, output })) };
}

/** A copy of a place, links and all. */
function copyOf({ warehouse, to }: Place, folder: string): Place {
  const copy = { warehouse: join(folder, "signals.duckdb"), to: join(folder, "copy") };
  for (const ending of ["", ".publish-key"]) copyFileSync(`${warehouse}${ending}`, `${copy.warehouse}${ending}`);
  cpSync(to, copy.to, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** What an undisturbed publish leaves: the versions that are to be kept, their files, and nothing besides. */
async function expectTidy(to: string): Promise<void> {
  const { version, kept } = await manifestOf(to);
  expect(versionsIn(to)).toEqual([...kept, version].map(String));
  const files = versionsIn(to).flatMap((number) => [...filesBelow(join(to, "versions", number)).keys()].filter((path) => path.includes("/")));
  expect([...filesBelow(join(to, "store")).keys()].sort()).toEqual([...new Set(files)].sort());
  expect([...filesBelow(to).keys()].filter((path) => path.includes("unfinished"))).toEqual([]);
}

test("killed before each step: the old version or the new one is whole, and the next publish has all", { timeout: 300_000 }, async () => {
  const { place, before, after } = await prepared(scratchFolder());
  const undisturbed = copyOf(place, scratchFolder());
  const whole = await start(undisturbed).ended;
  expect(whole.output).toContain("published 2");
  expect(await sums(await asScratch(join(undisturbed.to, "current/signals.duckdb")))).toEqual(after);
  await expectTidy(undisturbed.to);
  const names = [...whole.output.matchAll(/^\d+ (.*)$/gm)].map(([, name = ""]) => name);
  const switched = names.indexOf("switch") + 1;
  expect(switched).toBeGreaterThan(10);
  for (const step of steps(names.length, 3)) {
    const at = copyOf(place, scratchFolder());
    expect(await start(at, { dieAt: step }).ended).toMatchObject({ signal: "SIGKILL" });
    const isNew = step > switched;
    expect([step, names[step - 1], currentOf(at.to)]).toEqual([step, names[step - 1], isNew ? "versions/2" : "versions/1"]);
    const copy = await asScratch(join(at.to, "current/signals.duckdb"));
    await copy.run(`SET VARIABLE signalhouse_copy = '${at.to}'`);
    expect([step, await sums(copy)]).toEqual([step, isNew ? after : before]);
    const { code, output } = await start(at).ended;
    expect([step, code, output]).toEqual([step, 0, expect.stringContaining("published 2")]);
    await expectTidy(at.to);
    const found = await asScratch(join(at.to, "current/signals.duckdb"));
    expect([step, await sums(found)]).toEqual([step, after]);
  }
});

test("two at once: one publishes, the other one says so or finds nothing left to do", { timeout: 120_000 }, async () => {
  const { place, after } = await prepared(scratchFolder());
  const both = [start(place, { waits: true }), start(place, { waits: true })];
  for (const { child } of both) child.stdin.write("go\n");
  const ended = await Promise.all(both.map((one) => one.ended));
  const done = ended.filter(({ code }) => code === 0);
  expect(done.length).toBeGreaterThan(0);
  for (const { code, output } of ended) expect(output).toContain(code === 0 ? "published 2" : "publish_under_way");
  expect(existsSync(join(place.to, "versions/3"))).toBe(false);
  expect(await sums(await asScratch(join(place.to, "current/signals.duckdb")))).toEqual(after);
  await expectTidy(place.to);
});
