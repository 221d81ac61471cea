/** Retention: what goes when, what stays, and that sums hold. */
import { expect, test } from "vitest";
import { readConfig, type RetentionConfig } from "../../../schemas/config.ts";
import { eraseExpired } from "../../../sinks/erasure/retention.ts";
import { sealAll } from "../../../sinks/seals.ts";
import { keptAndFilled } from "../../helpers/marts.ts";
import { behavior, message, order } from "../../helpers/signals.ts";
import { csv, memoryFile, type Scratch, scratchWarehouse } from "../../helpers/warehouse.ts";

const SIGNALS = [
  message("emailSend", "send-of-march", "03-01 09:00"),
  message("emailClick", "click-of-june", "06-01 09:00", { LINK_ID: "l" }),
  behavior("pageView", "view-of-march", "03-01 10:00"),
  behavior("pageView", "view-of-june", "06-01 10:00"),
  order("order-of-march", "03-01 11:00", 10, {}, { orderedItems: [{ productId: "p" }, { productId: "q" }] }),
  order("order-of-june", "06-01 11:00", 20, {}, { orderedItems: [{ productId: "p" }] }),
];

async function loaded(): Promise<Scratch> {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv([...SIGNALS, { SIGNAL_ID: "reject" }]))]);
  // When the file was loaded, and with it its reject.
  await scratch.run("UPDATE signalhouse.loads SET finished_at = TIMESTAMPTZ '2025-06-01 12:00:00Z'");
  await sealAll(scratch.warehouse.connection);
  return scratch;
}

const expired = (scratch: Scratch, retention: unknown, now: string) =>
  eraseExpired(scratch.warehouse.connection, (readConfig({ retention }, "a test") as { retention: RetentionConfig }).retention, {
    runId: 7n,
    now: Date.parse(now),
  });

const left = (scratch: Scratch) =>
  scratch.values("SELECT signal_key FROM marketing_signals UNION ALL SELECT signal_key FROM behavior_signals ORDER BY signal_key");

const OF_JUNE = ["click-of-june", "order-of-june", "view-of-june"];

test.each([
  ["of all", { days: 30 }, "2025-06-11T00:00:00Z", OF_JUNE, 1],
  [
    "to the second: what happened then is kept",
    { days: 92 },
    "2025-06-01T09:00:00Z",
    [...OF_JUNE, "order-of-march", "send-of-march", "view-of-march"],
    1,
  ],
  ["to the second: what happened before is not", { days: 92 }, "2025-06-01T09:00:01Z", [...OF_JUNE, "order-of-march", "view-of-march"], 1],
  [
    "of a type, in any case of letters",
    { daysOf: { PAGEVIEW: 5 } },
    "2025-06-11T00:00:00Z",
    ["click-of-june", "order-of-june", "order-of-march", "send-of-march"],
    1,
  ],
  [
    "of a table, but of a type",
    { days: 5, daysOf: { behavior_signals: 30, order: 300 } },
    "2025-06-11T00:00:00Z",
    ["order-of-june", "order-of-march", "view-of-june"],
    0,
  ],
  ["of rejects, by when they were loaded", { daysOf: { rejects: 5 } }, "2025-06-11T00:00:00Z", SIGNALS.map(({ SIGNAL_ID }) => SIGNAL_ID ?? ""), 0],
])("by days %s", async (_, retention, now, keys, rejects) => {
  const scratch = await loaded();
  await expired(scratch, retention, now);
  expect(await left(scratch)).toEqual(keys.toSorted());
  expect(await scratch.value("SELECT count(*) FROM signalhouse.rejects")).toBe(String(rejects));
  expect(await scratch.value("SELECT count(*) FROM order_items WHERE signal_key NOT IN (SELECT signal_key FROM behavior_signals)")).toBe("0");
  const { kept, filled } = await keptAndFilled(scratch);
  expect(kept).toEqual(filled);
  await scratch.prove();
});

test("what goes is counted, and noted as what it was", async () => {
  const scratch = await loaded();
  expect(await expired(scratch, { days: 30 }, "2025-06-11T00:00:00Z")).toEqual({
    marketing_signals: 1,
    behavior_signals: 2,
    order_items: 2,
    "marts.orders_once": 1,
    "marts.sends": 1,
  });
  expect(await scratch.rows("SELECT kind, run_id, table_name, load_id, rows FROM signalhouse.erasures ORDER BY table_name")).toEqual([
    { kind: "retention", run_id: "7", table_name: "behavior_signals", load_id: "1", rows: "2" },
    { kind: "retention", run_id: "7", table_name: "marketing_signals", load_id: "1", rows: "1" },
    { kind: "retention", run_id: "7", table_name: "order_items", load_id: "1", rows: "2" },
  ]);
  expect(await scratch.values("SELECT DISTINCT what FROM signalhouse.changes ORDER BY what")).toEqual(["load", "retention"]);
  // Nothing more is to go: nothing is written.
  expect(await expired(scratch, { days: 30 }, "2025-06-11T00:00:00Z")).toEqual({});
  expect(await scratch.value("SELECT count(*) FROM signalhouse.erasures")).toBe("3");
});

test("each run that loads erases what is older, what an old export brings again as well", async () => {
  const scratch = await scratchWarehouse();
  const { retention } = readConfig({ retention: { days: 30 } }, "a test");
  const tables: unknown[] = [];
  for (const path of ["a.csv", "b.csv"])
    await scratch.load(
      [
        memoryFile(
          path,
          path === "a.csv" ? 1 : 2,
          csv([...SIGNALS, behavior("pageView", "of-now", "03-01 10:00", {}, { SIGNAL_TIMESTAMP: new Date().toISOString() })]),
        ),
      ],
      {
        retention,
        onEvent: (event) => event.event === "expired" && tables.push(event.tables["behavior_signals"]),
      },
    );
  expect(await left(scratch)).toEqual(["of-now"]);
  expect(tables).toEqual([4, 4]);
});

test.each([
  [{ daysOf: { pageVeiw: 5 } }, "retention.daysOf.pageVeiw"],
  [{ days: 0 }, "retention.days"],
])("refuses %j", (retention, where) => {
  expect(() => readConfig({ retention }, "a test")).toThrow(where);
});
