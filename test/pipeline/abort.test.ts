/** A load that is aborted: the warehouse is as before a file, or as after it. */
import { getEventListeners } from "node:events";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { LoadEvent } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { localFile } from "../../pipeline/load/local-files.ts";
import { sync } from "../../pipeline/sync.ts";
import { generateExports } from "../../samples/generator/exports.ts";
import { Random } from "../../samples/generator/random.ts";
import { exportServer } from "../helpers/sandbox.ts";
import { expectTruth } from "../helpers/truth.ts";
import { csv, memoryFile, pageView, scratchFolder, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";
import { some } from "../helpers/often.ts";

const STOP = new Error("stop");

const loadedPaths = (scratch: Scratch) => scratch.values("SELECT path FROM signalhouse.loads ORDER BY load_id");

test("a sync leaves nothing behind on the caller's signal, which may live as long as the process", async () => {
  const server = await exportServer();
  const { config } = server;
  server.put("Export/Signals/a.csv", csv([pageView("a")]), 1_000_000);
  const { signal } = new AbortController();
  const scratch = await scratchWarehouse();
  for (let round = 0; round < 3; round++) await sync({ config, warehouse: scratch.warehouse, signal });
  expect(await loadedPaths(scratch)).toEqual(["Export/Signals/a.csv"]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

describe("a load that is aborted", () => {
  test("at any event leaves whole files, in their order; the rest is loaded by the next run", async () => {
    const folder = scratchFolder();
    const truth = await generateExports({ seed: 41, rowsPerFile: 400, files: 4, overlap: 30, folder });
    const sources = await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path))));
    const paths = sources.map(({ path }) => path);
    const scratch = await scratchWarehouse();
    let done: unknown[] = [];
    let stopped = 0;
    for (let stopAt = 0; done.length < paths.length; stopAt = (stopAt + 1) % 6) {
      const abort = new AbortController();
      let events = 0;
      const onEvent = () => {
        if (events === stopAt) abort.abort(STOP);
        events += 1;
      };
      const load = scratch.load(sources.slice(done.length), { signal: abort.signal, onEvent });
      // The event that the last file is done comes too late to stop anything.
      const error = await load.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect([STOP, undefined]).toContain(error);
      if (error === STOP) stopped += 1;
      done = await loadedPaths(scratch);
      expect(done).toEqual(paths.slice(0, done.length));
    }
    expect(stopped).toBeGreaterThan(2);
    await expectTruth(scratch, truth, (path) => join(folder, path));
  });

  test("before it begins does nothing", async () => {
    const scratch = await scratchWarehouse();
    await expect(scratch.load([memoryFile("a.csv", 1, csv([pageView("1")]))], { signal: AbortSignal.abort(STOP) })).rejects.toBe(STOP);
    expect(await loadedPaths(scratch)).toEqual([]);
  });

  test("before a local file is opened leaves nothing open", async () => {
    const path = join(scratchFolder(), "a.csv");
    writeFileSync(path, csv([pageView("1")]));
    const file = await localFile(path);
    for (let time = 0; time < 20; time += 1) {
      const reading = file.open(AbortSignal.abort(STOP))[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toBe(STOP);
    }
    const open = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "closed meanwhile";
      }
    });
    expect(open.filter((target) => target === path)).toEqual([]);
  });

  test.each(["row", "vector"] as const)("as a file is opened, whose stream fails at once, tells of the abort (%s reader)", async (reader) => {
    const scratch = await scratchWarehouse();
    const abort = new AbortController();
    const source = memoryFile("a.csv", 1, csv([pageView("1")]));
    const stopping: Source = {
      ...source,
      open(signal) {
        abort.abort(STOP);
        return addAbortSignal(signal, new Readable({ read() {} }));
      },
    };
    await expect(scratch.load([stopping], { signal: abort.signal, reader })).rejects.toBe(STOP);
    expect(await loadedPaths(scratch)).toEqual([]);
    expect(await scratch.load([source], { reader })).toMatchObject([{ inserted: 1 }]);
  });

  test("once a file is read, but not merged, leaves nothing of it, and no failed file", async () => {
    const scratch = await scratchWarehouse();
    const abort = new AbortController();
    const source = memoryFile("a.csv", 1, csv([pageView("1")]));
    const stopping: Source = {
      ...source,
      async *open(signal) {
        yield* source.open(signal);
        abort.abort(STOP);
      },
    };
    await expect(scratch.load([stopping], { signal: abort.signal })).rejects.toBe(STOP);
    expect(await loadedPaths(scratch)).toEqual([]);
    expect(await scratch.load([source])).toMatchObject([{ inserted: 1 }]);
  });

  test("while a file is merged keeps that file, and drops the one that is read meanwhile", async () => {
    const scratch = await scratchWarehouse();
    const abort = new AbortController();
    const done: LoadEvent[] = [];
    const onEvent = (event: LoadEvent) => {
      if (event.event === "done") done.push(event);
    };
    const second = memoryFile("b.csv", 2, csv([pageView("2")]));
    const stopping: Source = {
      ...second,
      async *open(signal) {
        abort.abort(STOP);
        yield* second.open(signal);
      },
    };
    await expect(scratch.load([memoryFile("a.csv", 1, csv([pageView("1")])), stopping], { signal: abort.signal, onEvent })).rejects.toBe(STOP);
    expect(await loadedPaths(scratch)).toEqual(["a.csv"]);
    expect(done).toMatchObject([{ file: { path: "a.csv", status: "loaded" } }]);
  });

  test("while the server stalls ends at once, and lets go of it", async () => {
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    const truth = await generateExports({ seed: 42, rowsPerFile: 2_000, files: 1, overlap: 0, folder: server.folder });
    server.sandbox.faults.stallAfterBytes = 40_000;
    const abort = new AbortController();
    const onEvent = (event: { event: string }) => {
      if (event.event === "reading") abort.abort(STOP);
    };
    await expect(sync({ config: server.config, warehouse: scratch.warehouse, signal: abort.signal, onEvent })).rejects.toBe(STOP);
    server.sandbox.faults.stallAfterBytes = null;
    await scratch.prove();
    expect(await loadedPaths(scratch)).toEqual([]);
    await sync({ config: server.config, warehouse: scratch.warehouse });
    await expectTruth(scratch, truth);
  });
});

describe("a sync that is aborted at random moments", () => {
  test.each(some([1, 2, 3], 1))("leaves what a plain rerun completes to the truth (seed %i)", { tags: "long" }, async (seed) => {
    const random = new Random(seed, "block", 0);
    const scratch = await scratchWarehouse();
    const server = await exportServer();
    const truth = await generateExports({ seed, rowsPerFile: 500, files: 4, overlap: 40, folder: server.folder });
    for (let round = 0; round < 6; round += 1) {
      const abort = new AbortController();
      // A random number of events or of turns of the event loop away: while connecting, listing, reading or merging.
      let events = random.int(0, 12);
      let turns = random.int(0, 400);
      const tick = () => {
        if (turns-- <= 0) abort.abort(STOP);
        else if (!abort.signal.aborted) setImmediate(tick);
      };
      if (random.chance(50)) setImmediate(tick);
      const onEvent = () => {
        if (events-- <= 0) abort.abort(STOP);
      };
      const outcome = await sync({ config: server.config, warehouse: scratch.warehouse, signal: abort.signal, onEvent }).then(
        () => undefined,
        (error: unknown) => error,
      );
      abort.abort(STOP);
      expect([undefined, STOP]).toContain(outcome);
      await scratch.prove();
      const done = await loadedPaths(scratch);
      expect(done).toEqual(truth.files.slice(0, done.length).map(({ path }) => path));
    }
    await sync({ config: server.config, warehouse: scratch.warehouse });
    await expectTruth(scratch, truth);
  });
});
