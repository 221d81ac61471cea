import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Clock } from "../../../pipeline/common/clock.ts";
import { type DoorOptions, doorTo, type OutcomeOf } from "../../../pipeline/common/door.ts";
import { readConfig } from "../../../schemas/config.ts";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { placeOf } from "../../../sinks/places.ts";
import { openWarehouse, type Warehouse } from "../../../sinks/warehouse.ts";
import { failureOf } from "../../helpers/errors.ts";
import { scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

const door = (warehouse: string, options: Partial<DoorOptions> = {}) =>
  doorTo({ ...readConfig({}, "the defaults"), warehouse }, { signal: new AbortController().signal, ...options });

const missingPath = () => join(scratchFolder(), "signals.duckdb");

const rows = async ({ connection }: Warehouse, sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();

/** A warehouse that nobody has open. */
async function closed(...statements: string[]): Promise<string> {
  const scratch = await scratchWarehouse();
  for (const sql of statements) await scratch.run(sql);
  scratch.warehouse.close();
  return scratch.path;
}

const OLDER = ["ALTER TABLE signalhouse.loads DROP COLUMN later_headers", "UPDATE signalhouse.meta SET schema_version = 1"];

const OUTCOME: OutcomeOf<unknown> = { result: () => "rejected", error: () => "failed" };

describe("to read", () => {
  test("there must be a warehouse, and none is made", async () => {
    const path = missingPath();
    expect(await failureOf(door(path).toRead(async () => undefined))).toMatchObject({ code: "warehouse_missing" });
    expect(existsSync(path)).toBe(false);
  });

  test("one of an older version is refused, unless any will do", async () => {
    const path = await closed(...OLDER);
    const failure = await failureOf(door(path).toRead(async () => undefined));
    expect(failure).toMatchObject({ code: "warehouse_older", hint: expect.stringContaining("signalhouse sync") as string });
    expect(await door(path).toRead((warehouse) => rows(warehouse, "SELECT schema_version FROM signalhouse.meta"), { mayLack: "anything" })).toEqual([
      { schema_version: 1 },
    ]);
  });

  test("an abort ends the statement that is running", async () => {
    const aborting = new AbortController();
    const endless = "SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 8";
    const reading = door(await closed(), { signal: aborting.signal }).toRead((warehouse) => {
      const running = rows(warehouse, endless);
      aborting.abort();
      return running;
    });
    await expect(reading).rejects.toThrow(/interrupt/i);
  });
});

describe("to plan", () => {
  test("an empty warehouse stands for one that is not there", async () => {
    const path = missingPath();
    expect(await door(path).toPlan((warehouse) => rows(warehouse, "SELECT * FROM signalhouse.loads"))).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });
});

describe("to write", () => {
  test("two at the same time have it one after the other, where the second is patient", async () => {
    const opened = door(missingPath(), { patience: 10_000 });
    const seen: string[] = [];
    const use = (name: string) =>
      opened.toWrite(async (warehouse) => {
        seen.push(`${name} begins`);
        await rows(warehouse, "SELECT 1");
        seen.push(`${name} ends`);
      });
    await Promise.all([use("one"), use("other")]);
    const [first] = seen[0]?.split(" ") ?? [];
    const second = first === "one" ? "other" : "one";
    expect(seen).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
  });

  test("it is closed after a failure, too, and can be opened again", async () => {
    const opened = door(missingPath());
    await expect(opened.toWrite(() => Promise.reject(new Error("in the work")))).rejects.toThrow("in the work");
    expect(await opened.toWrite((warehouse) => rows(warehouse, "SELECT * FROM signalhouse.loads"))).toEqual([]);
  });

  test("another one is waited for as long as patience lasts", async () => {
    const path = await closed();
    let now = 0;
    let holder: Warehouse | undefined = await openWarehouse(placeOf(path));
    const clock: Clock = {
      now: () => now,
      wait: async (ms) => {
        now += ms;
        if (now < 5000) return;
        holder?.close();
        holder = undefined;
      },
    };
    expect(await failureOf(door(path, { patience: 2000, clock }).toWrite(async () => undefined))).toMatchObject({ code: "warehouse_locked" });
    const told: (string | undefined)[] = [];
    await door(path, { patience: 60_000, clock, waiting: (what) => told.push(what) }).toWrite(async () => undefined);
    expect(now).toBeGreaterThanOrEqual(5000);
    // Once, and that it is over.
    expect(told).toEqual([expect.stringMatching(/^waiting for the warehouse, for 60 s at most: .+signals\.duckdb/), undefined]);
  });
});

describe("a run", () => {
  const RUNS = "SELECT run_id::INTEGER AS id, command, exit_code, error, finished_at IS NOT NULL AS ended FROM signalhouse.runs ORDER BY run_id";

  test("is noted with how it ended, without holding the warehouse meanwhile", async () => {
    const path = missingPath();
    const opened = door(path);
    const result = await opened.withRun("test", OUTCOME, async (runId) => {
      (await openWarehouse(placeOf(path))).close();
      return runId;
    });
    expect(result).toBe(1n);
    await expect(opened.withRun("again", OUTCOME, () => Promise.reject(new SignalhouseError("usage", "what went wrong", "")))).rejects.toThrow(
      "what went wrong",
    );
    expect(await opened.toRead((warehouse) => rows(warehouse, RUNS))).toEqual([
      { id: 1, command: "test", exit_code: 3, error: null, ended: true },
      { id: 2, command: "again", exit_code: 1, error: "what went wrong", ended: true },
    ]);
  });

  test("that is interrupted is noted as such, although nothing else is opened any more", async () => {
    const aborting = new AbortController();
    const opened = door(missingPath(), { signal: aborting.signal });
    const running = opened.withRun("test", { result: () => "done", error: () => "interrupted" }, async () => {
      aborting.abort(new SignalhouseError("interrupted", "interrupted by a test", ""));
      await opened.toWrite(async () => undefined);
    });
    await expect(running).rejects.toThrow("interrupted by a test");
    expect(await door(opened.place.name).toRead((warehouse) => rows(warehouse, RUNS))).toEqual([
      { id: 1, command: "test", exit_code: 130, error: "interrupted by a test", ended: true },
    ]);
  });

  test("whose end cannot be noted, since somebody has the warehouse, gives its result all the same", async () => {
    const opened = door(missingPath());
    let holder: Warehouse | undefined;
    expect(
      await opened.withRun("test", OUTCOME, async () => {
        holder = await openWarehouse(opened.place);
        return "result";
      }),
    ).toBe("result");
    holder?.close();
  });

  test("that has the warehouse all the time is noted in it", async () => {
    const opened = door(missingPath());
    const seen = await opened.toRun("test", OUTCOME, (warehouse) => rows(warehouse, RUNS));
    expect(seen).toEqual([{ id: 1, command: "test", exit_code: null, error: null, ended: false }]);
  });
});
