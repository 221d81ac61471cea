/** watch beside others that have the warehouse. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { cli, startCli, writeConfig } from "../helpers/cli.ts";
import { type ConnectPlace, connectPlace } from "../helpers/connect.ts";
import { putFile } from "../helpers/sandbox.ts";
import { csv, pageView } from "../helpers/warehouse.ts";

const within = ({ folder: cwd, clock }: ConnectPlace) => ({ cwd, clock });
const NEW = "Export/Signals/new.csv";
const put = ({ served }: ConnectPlace) => putFile(join(served, NEW), Buffer.from(csv([pageView("1")])), Date.UTC(2025, 6, 1));

test("a warehouse that somebody has for longer than a minute: it says for whom it waits, tells the cycle as failed, and loads in a later one", async () => {
  const at = await connectPlace();
  await cli(["load", "-"], { ...within(at), input: csv([pageView("0")]) });
  const holder = await openWarehouse(placeOf(at.config.warehouse));
  put(at);
  const { interrupt, said, ended } = startCli(["watch", "--every", "1s", "--health", "health.json"], within(at));
  try {
    await said(/waiting for the warehouse, for 60 s at most: .*signals\.duckdb is held by process \d+/);
    await said(/cycle of 6\d\.\d s: .*failed: the warehouse .* is held by .*\[warehouse_locked\]/);
    await said(/warehouse_locked[^]*cycle of [^]*warehouse_locked/);
    expect(JSON.parse(readFileSync(join(at.folder, "health.json"), "utf8"))).toMatchObject({ ok: false, error: { code: "warehouse_locked" } });
  } finally {
    holder.close();
  }
  await said(/cycle of [^\n]* 1 file loaded/);
  interrupt("SIGTERM");
  expect((await ended).code).toBe(0);
  expect(JSON.parse(readFileSync(join(at.folder, "health.json"), "utf8"))).toMatchObject({ ok: true, failures_in_a_row: 0 });
});

test("a reader is in nobody's way while there is nothing to write: no new file, an export that is under way, no day to ask for", async () => {
  const at = await connectPlace({ exports: { pollSeconds: 0.05, deadlineHours: 40 } });
  writeConfig(at.folder, { ...at.input, backfill: { from: "2025-07-09", types: "order" } });
  at.api.faults.neverArrives = 1;
  const day = ["--types", "order", "--from", "2025-07-09", "--to", "2025-07-09"];
  expect(await cli(["export", ...day], within(at))).toMatchObject({ code: 0, stdout: expect.stringContaining("asked") });
  const reader = await openWarehouse(placeOf(at.config.warehouse), { access: "read" });
  const { interrupt, said, ended } = startCli(["watch", "--every", "1s", "--health", "health.json"], within(at));
  try {
    const quiet = await said(/(cycle of [^\n]* 0 files loaded[^\n]*1 export under way\n[^]*){3}/);
    expect(quiet).not.toMatch(/waiting for the warehouse|warehouse_locked|not told in full/);
    put(at);
    await said(/waiting for the warehouse, .*held by process \d+/);
  } finally {
    reader.close();
  }
  await said(/cycle of [^\n]* 1 file loaded/);
  interrupt("SIGTERM");
  expect((await ended).code).toBe(0);
});

test("figures that nobody asked for are not looked up", async () => {
  const at = await connectPlace();
  const { interrupt, said, ended } = startCli(["watch", "--every", "1s"], within(at));
  await said(/cycle of/);
  // Before anybody could have looked.
  rmSync(at.config.warehouse);
  expect(await said(/cycle of[^]*cycle of/)).not.toContain("the health of this watch is not told in full");
  interrupt("SIGTERM");
  await ended;
});
