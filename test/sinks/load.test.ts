import { describe, expect, test } from "vitest";
import { Load, type ReadFile } from "../../sinks/load.ts";
import { meaningOf } from "../../transforms/header.ts";
import { expandRows } from "../../transforms/records.ts";
import { rowsOf } from "../../transforms/rows.ts";
import { Splitter } from "../../transforms/split.ts";
import { csv, pageView, type Scratch, scratchWarehouse } from "../helpers/warehouse.ts";

const file = (path: string, sha256 = path): ReadFile => ({ path, size: 1, mtime: 1_000, sha256, startedAt: 0, runId: null });

/** Has a page view of this id staged in a load. */
async function stage({ warehouse }: Scratch, id: string, isDirect = false): Promise<Load> {
  const view = pageView(id, "a page", { "Loyalty Tier": "gold" });
  const load = await Load.open(warehouse);
  const header = meaningOf(Object.keys(view), warehouse.contactColumns);
  await load.begin(header, isDirect);
  const splitter = new Splitter(1_000_000);
  const pieces = [...splitter.push(Buffer.from(csv([view]).split("\n")[1] ?? "")), ...splitter.end()];
  load.append(
    await expandRows(
      pieces.flatMap((piece) => rowsOf(piece, 1, 1_000_000)),
      header,
    ),
  );
  return load;
}

const loaded = (scratch: Scratch) => scratch.values("SELECT signal_key FROM behavior_signals ORDER BY ALL");
const columns = (scratch: Scratch) => scratch.values("SELECT column_name FROM signalhouse.schema_changes ORDER BY ALL");

describe.each([{ isDirect: false }, { isDirect: true }])("a load (rows straight into the tables: $isDirect)", ({ isDirect }) => {
  test("is in the warehouse as a whole once it is committed, and nothing of it before", async () => {
    const scratch = await scratchWarehouse();
    const load = await stage(scratch, "1", isDirect);
    expect([await loaded(scratch), await columns(scratch)]).toEqual([[], []]);
    expect(await load.commit(file("a.csv"))).toMatchObject({
      status: "loaded",
      records: 1,
      inserted: 1,
      newColumns: [{ column: "contact_loyalty_tier" }],
    });
    await load.close();
    expect(await loaded(scratch)).toEqual(["1"]);
    expect(await scratch.counts("a.csv")).toEqual({ records: 1, inserted: 1, updated: 0, unchanged: 0, rejected: 0 });
    await scratch.prove();
  });

  test("leaves nothing where it is abandoned or closed, as often as that is said, and lets the next one in", async () => {
    const scratch = await scratchWarehouse();
    const left = await stage(scratch, "1", isDirect);
    await left.abandon();
    await left.abandon();
    await left.close();
    await left.close();
    const next = await stage(scratch, "2", isDirect);
    expect(await next.commit(file("b.csv"))).toMatchObject({ loadId: 1n, inserted: 1 });
    await next.abandon();
    await next.close();
    expect(await loaded(scratch)).toEqual(["2"]);
    expect(await scratch.ledger()).toHaveLength(1);
  });

  test("leaves nothing where committing fails", async () => {
    const scratch = await scratchWarehouse();
    await scratch.run("DROP TABLE signalhouse.drift");
    await scratch.run("CREATE TABLE signalhouse.drift (load_id BIGINT CHECK (false))");
    const load = await stage(scratch, "null", isDirect);
    await expect(load.commit(file("a.csv"))).rejects.toThrow();
    await load.close();
    expect([await loaded(scratch), await columns(scratch), await scratch.ledger()]).toEqual([[], [], []]);
  });

  test("of bytes that are there as a later export is noted, and adds nothing", async () => {
    const scratch = await scratchWarehouse();
    const first = await stage(scratch, "1", isDirect);
    await first.commit({ ...file("b.csv", "same"), mtime: 2_000 });
    await first.close();
    const copy = await stage(scratch, "1", isDirect);
    const result = await copy.commit(file("a.csv", "same"));
    await copy.close();
    expect(result).toMatchObject({ status: "duplicate", duplicateOf: "b.csv", records: 0, inserted: 0, newColumns: [] });
    expect(await loaded(scratch)).toEqual(["1"]);
    await scratch.prove();
  });
});

test("has the memory that it was held to until a signal is there twice or much text was read one by one, and at its end all", async () => {
  const scratch = await scratchWarehouse({ memory: "1GB" });
  const memory = () => scratch.value("SELECT current_setting('memory_limit')");
  const held: unknown[] = [];
  for (const { id, characters } of [
    { id: "1", characters: 1 },
    { id: "2", characters: 1 },
    { id: "2", characters: 1 },
    { id: "3", characters: 33 * 1024 * 1024 },
  ]) {
    const load = await stage(scratch, id);
    load.append([{ kind: "reject", record_no: 2, code: "no_signal_type", reason: "", raw: "x".repeat(characters) }]);
    await scratch.run("SET memory_limit = '320MB'");
    await load.commit(file(`${held.length}.csv`));
    held.push(await memory());
    await load.close();
    expect(await memory()).toBe("953.6 MiB");
  }
  expect(held).toEqual(["305.1 MiB", "305.1 MiB", "953.6 MiB", "953.6 MiB"]);
});

test("records of a load that was opened and never begun cannot be told from an empty file", async () => {
  const scratch = await scratchWarehouse();
  const load = await Load.open(scratch.warehouse);
  expect(await load.commit(file("empty.csv"))).toMatchObject({ status: "loaded", records: 0 });
  await load.close();
  await scratch.prove();
});
