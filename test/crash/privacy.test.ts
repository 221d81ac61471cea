/**
 * privacy apply, killed before its statements: the warehouse is as before or as after, and the same again does the rest.
 * @module-tag long
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { behavior, message } from "../helpers/signals.ts";
import { csv, memoryFile, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";
import { steps } from "../helpers/often.ts";

const CHILD = fileURLToPath(new URL("privacy-child.mjs", import.meta.url));
const ANNA = "anna.of.somewhere@example.com";
const PRIVACY = { columns: { Email: "pseudonym" }, fields: { ipAddress: "drop" } } as const;

async function apply(warehouse: string, dieAt?: number): Promise<{ output: string; signal: string | null }> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ input: { warehouse, privacy: PRIVACY }, dieAt })], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return { output, signal };
}

/** How many values are as they came, and how many rows have pseudonyms. */
async function found(path: string): Promise<unknown> {
  const scratch = await scratchWarehouse({ path });
  const counts = await scratch.rows(
    `SELECT count(*) FILTER (contact_email = '${ANNA}')::INTEGER AS plain, count(*) FILTER (starts_with(contact_email, 'psn_'))::INTEGER AS hidden FROM marketing_signals`,
  );
  const contents = await scratch.value("SELECT count(*)::INTEGER FROM behavior_signals WHERE contains(signal_content::VARCHAR, 'ipAddress')");
  await scratch.prove();
  scratch.warehouse.close();
  return { ...counts[0], contents };
}

const BEFORE = { plain: 30, hidden: 0, contents: 30 };
const AFTER = { plain: 0, hidden: 30, contents: 0 };

test("killed before any of its statements", { timeout: 600_000 }, async () => {
  const path = join(scratchFolder(), "signals.duckdb");
  const scratch = await scratchWarehouse({ path });
  const numbers = Array.from({ length: 30 }, (_, number) => String(number));
  const rows = numbers.flatMap((number) => [
    message("emailSend", number, "03-01 09:00", { Email: ANNA }),
    behavior("pageView", number, "03-01 09:01", { ipAddress: `10.77.88.${number}.secret` }),
  ]);
  await scratch.load([memoryFile("a.csv", 1, csv(rows))]);
  scratch.warehouse.close();
  expect(await found(path)).toEqual(BEFORE);
  const copyOf = () => {
    const copy = join(scratchFolder(), "signals.duckdb");
    copyFileSync(path, copy);
    return copy;
  };
  const { output } = await apply(copyOf());
  const [, count] = /^true (\d+)$/m.exec(output) ?? [];
  expect({ output, count: Number(count) > 20 }).toMatchObject({ count: true });
  for (const dieAt of steps(Number(count), 4)) {
    const copy = copyOf();
    expect(await apply(copy, dieAt)).toMatchObject({ signal: "SIGKILL" });
    expect([BEFORE, AFTER]).toContainEqual(await found(copy));
    expect(await apply(copy)).toMatchObject({ output: expect.stringMatching(/^true /) });
    expect(await found(copy)).toEqual(AFTER);
    const folder = join(copy, "..");
    expect(readdirSync(folder).toSorted()).toEqual(["signals.duckdb", "signals.duckdb.privacy-key"]);
    expect(readFileSync(copy).toString("latin1")).not.toMatch(/anna\.of\.somewhere|\.secret/);
  }
});
