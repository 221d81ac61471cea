/** What every place for a warehouse has to do. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EXTENSION_FILE } from "../../sinks/encryption.ts";
import { filePlace } from "../../sinks/file-place.ts";
import { memoryPlace } from "../../sinks/memory-place.ts";
import type { Place } from "../../sinks/place.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { failureOf } from "../helpers/errors.ts";
import { EXTENSIONS, extensionMissing } from "../helpers/extensions.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const ENCRYPTED = { key: "a key of the tests' own", extension: join(EXTENSIONS, EXTENSION_FILE) };

/** Each gives a place where nothing is yet, and a second way to the same place. */
const PLACES: Record<string, () => [Place, Place]> = {
  ...(extensionMissing()
    ? {}
    : {
        "an encrypted file": () => {
          const folder = scratchFolder();
          const find = () => Promise.resolve(ENCRYPTED);
          return [filePlace(join(folder, "signals.duckdb"), find), filePlace(join(folder, ".", "signals.duckdb"), find)];
        },
      }),
  "a file": () => {
    const folder = scratchFolder();
    return [filePlace(join(folder, "signals.duckdb")), filePlace(join(folder, ".", "signals.duckdb"))];
  },
};

const count = async (place: Place) => {
  const warehouse = await openWarehouse(place, { access: "read" });
  const reader = await warehouse.connection.runAndReadAll("SELECT count(*)::INTEGER FROM signalhouse.runs");
  warehouse.close();
  return reader.getRows()[0]?.[0];
};

const run = async (place: Place, sql: string) => {
  const warehouse = await openWarehouse(place);
  await warehouse.connection.run(sql);
  warehouse.close();
};

const NOTE = "INSERT INTO signalhouse.runs BY NAME SELECT 1 AS run_id, 'test' AS command, '0' AS version, now() AS started_at";
const note = (place: Place) => run(place, NOTE);

describe.each(Object.entries(PLACES))("%s", (_, make) => {
  test("has nothing at first, and is not made by reading", async () => {
    const [place] = make();
    expect([await place.exists(), await place.size()]).toEqual([false, 0]);
    const failure = await failureOf(openWarehouse(place, { access: "read" }));
    expect(failure).toMatchObject({ code: "warehouse_missing", message: `there is no warehouse at ${place.name}` });
    expect(await place.exists()).toBe(false);
  });

  test("is made by writing, and keeps what was written", async () => {
    const [place, again] = make();
    await note(place);
    expect(await place.exists()).toBe(true);
    expect(await again.size()).toBeGreaterThan(0);
    expect(await count(again)).toBe(1);
  });

  test("refuses to write where it was opened to read", async () => {
    const [place] = make();
    await note(place);
    const reader = await openWarehouse(place, { access: "read" });
    await expect(reader.connection.run("DELETE FROM signalhouse.runs")).rejects.toThrow(/read-only/);
    reader.close();
    expect(await count(place)).toBe(1);
  });

  test("is one writer's alone, by whatever way it is come to, until that closes it", async () => {
    const [place, again] = make();
    const writer = await openWarehouse(place);
    for (const access of ["read", "write"] as const)
      expect(await failureOf(openWarehouse(again, { access }))).toMatchObject({ code: "warehouse_locked", retryable: true });
    writer.close();
    writer.close();
    expect(await count(again)).toBe(0);
  });

  test("is shared by readers, who keep a writer out", async () => {
    const [place, again] = make();
    await note(place);
    const reader = await openWarehouse(place, { access: "read" });
    expect(await count(again)).toBe(1);
    expect(await failureOf(openWarehouse(again))).toMatchObject({ code: "warehouse_locked" });
    reader.close();
    await note(again);
    expect(await count(place)).toBe(2);
  });

  test("is given to one of two that make it at once", async () => {
    const [place, again] = make();
    const opened = await Promise.allSettled([openWarehouse(place), openWarehouse(again)]);
    for (const one of opened) if (one.status === "fulfilled") one.value.close();
    expect(opened.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await count(place)).toBe(0);
  });

  test("gives its lock back where opening fails", async () => {
    const [place, again] = make();
    await run(place, "UPDATE signalhouse.meta SET schema_version = 99");
    expect(await failureOf(openWarehouse(place))).toMatchObject({ code: "warehouse_newer" });
    const unlock = await again.lock("write");
    unlock();
    unlock();
    (await place.lock("write"))();
  });

  test("is free again where DuckDB cannot open it with its settings", async () => {
    const [place, again] = make();
    await note(place);
    expect(await failureOf(openWarehouse(place, { memory: "600KB" }))).toMatchObject({ code: "out_of_memory" });
    await note(again);
    expect(await count(place)).toBe(2);
  });

  test("has connections with transactions of their own", async () => {
    const [place] = make();
    const warehouse = await openWarehouse(place);
    const second = await warehouse.connect();
    await second.run("BEGIN");
    await second.run(NOTE);
    const seen = async () => (await warehouse.connection.runAndReadAll("SELECT count(*)::INTEGER FROM signalhouse.runs")).getRows()[0]?.[0];
    expect(await seen()).toBe(0);
    await second.run("COMMIT");
    expect(await seen()).toBe(1);
    second.disconnectSync();
    warehouse.close();
    expect(await count(place)).toBe(1);
  });
});

test("a place in memory is new each time that it is opened", async () => {
  const place = memoryPlace();
  await note(place);
  expect([await place.exists(), await place.size()]).toEqual([false, 0]);
  await note(place);
});
