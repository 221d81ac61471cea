/**
 * forget, killed before each of its steps: the rows are there or gone, the file is the old one or the new one, and the same again does the rest and leaves nothing behind.
 * @module-tag long
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { steps } from "../helpers/often.ts";
import { publishScratch } from "../helpers/published.ts";
import { csv, memoryFile, pageView, Scratch, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const CHILD = fileURLToPath(new URL("forget-child.mjs", import.meta.url));
const EMAIL = "anna@example.com";
const CONFIG = { contacts: { keys: ["Email"] } };

interface Place {
  warehouse: string;
  to: string;
}

/** A published warehouse with two signals of hers, and three of others. */
async function prepared(folder: string): Promise<Place> {
  const scratch = await scratchWarehouse({ path: join(folder, "signals.duckdb") });
  const rows = ["1", "2", "3", "4", "5"].map((id) => pageView(id, `page ${id}`, { Email: Number(id) < 3 ? EMAIL : `other${id}@example.com` }));
  await scratch.load([memoryFile("a.csv", 1, csv(rows))]);
  const to = join(folder, "copy");
  await publishScratch(scratch, to, { keepVersions: 1, keepHours: 0 });
  scratch.warehouse.close();
  return { warehouse: scratch.path, to };
}

function copyOf({ warehouse, to }: Place, folder: string): Place {
  const copy = { warehouse: join(folder, "signals.duckdb"), to: join(folder, "copy") };
  for (const ending of ["", ".publish-key"])
    if (existsSync(`${warehouse}${ending}`)) copyFileSync(`${warehouse}${ending}`, `${copy.warehouse}${ending}`);
  cpSync(to, copy.to, { recursive: true, verbatimSymlinks: true });
  return copy;
}

async function forget({ warehouse, to }: Place, dieAt?: number): Promise<{ code: number | null; signal: string | null; output: string }> {
  const input = { ...CONFIG, warehouse, publish: { to, keepVersions: 1, keepHours: 0 } };
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ input, email: EMAIL, dieAt })], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, output };
}

/** What is read of a warehouse as it stands: signals, those of hers, and whether the ledger holds. */
async function found({ warehouse }: Place): Promise<[number, number]> {
  // A copy, so that nothing of what was left is cleaned up by looking.
  const folder = scratchFolder();
  for (const ending of ["", ".wal"])
    if (existsSync(`${warehouse}${ending}`)) copyFileSync(`${warehouse}${ending}`, join(folder, `signals.duckdb${ending}`));
  const scratch: Scratch = await scratchWarehouse({ path: join(folder, "signals.duckdb") });
  await scratch.prove();
  const [row] = await scratch.rows(`SELECT count(*)::INTEGER AS n, count(*) FILTER (contact_email = '${EMAIL}')::INTEGER AS hers FROM page_views`);
  scratch.warehouse.close();
  return [row?.["n"] as number, row?.["hers"] as number];
}

const leftBeside = ({ warehouse }: Place) => readdirSync(dirname(warehouse)).filter((name) => name.startsWith(`${basename(warehouse)}.rewrite-`));

test("killed before each step: before or after, and the same again does the rest", { timeout: 300_000 }, async () => {
  const place = await prepared(scratchFolder());
  const whole = copyOf(place, scratchFolder());
  const { output } = await forget(whole);
  expect(output).toMatch(/forgot \{"ok":true,"tables":\{.*"behavior_signals":2/);
  expect([await found(whole), leftBeside(whole)]).toEqual([[3, 0], []]);
  const names = [...output.matchAll(/^\d+ (.*)$/gm)].map(([, name = ""]) => name);
  const erased = names.indexOf("file") + 1;
  const [made, switched] = [names.indexOf("make") + 1, names.indexOf("switch") + 1];
  expect(names.slice(0, erased)).toEqual(["key", "rows", "file"]);
  expect(switched).toBeGreaterThan(made);
  for (const step of steps(names.length, 4)) {
    const at = copyOf(place, scratchFolder());
    expect(await forget(at, step)).toMatchObject({ signal: "SIGKILL" });
    expect([step, await found(at)]).toEqual([step, step < erased ? [5, 2] : [3, 0]]);
    // After the switch the folder has its lock alone.
    expect([step, leftBeside(at).length]).toEqual([step, step >= made && step <= switched + 1 ? 1 : 0]);
    expect([step, readFileSync(at.warehouse).includes(EMAIL)]).toEqual([step, step <= switched]);
    if (leftBeside(at).length > 0 && step % 2 === 0) {
      // Whoever opens it to write next takes it away.
      const scratch = await scratchWarehouse({ path: at.warehouse });
      scratch.warehouse.close();
      expect([step, leftBeside(at)]).toEqual([step, []]);
    }
    const again = await forget(at);
    expect([step, again.code, again.output]).toEqual([step, 0, expect.stringContaining('"ok":true')]);
    expect([step, await found(at), leftBeside(at), readFileSync(at.warehouse).includes(EMAIL)]).toEqual([step, [3, 0], [], false]);
  }
});
