/** Signals by day, beside what was asked for. */
import { expect, test } from "vitest";
import { changeJob, writeJob } from "../../../sinks/jobs.ts";
import { behavior, loadSignals, message } from "../../helpers/signals.ts";
import { scratchWarehouse } from "../../helpers/warehouse.ts";

const page = (id: string, time: string, content: Record<string, unknown> = {}) => behavior("pageView", id, time, content);
const DAILY = "SELECT strftime(day, '%m-%d') AS day, signal_type, signals, asked, is_gap FROM marts.daily ORDER BY ALL";
type Window = readonly [from: string, to: string, ...types: string[]];

test.each([
  { what: "a whole day in one window", windows: [["03-02T00:00", "03-03T00:00", "pageView"]], asked: ["03-02"] },
  {
    what: "days in windows that touch and overlap, within days",
    windows: [
      ["03-01T12:00", "03-02T06:00", "pageView"],
      ["03-02T06:00", "03-03T12:00", "pageView"],
      ["03-03T10:00", "03-04T00:00", "pageView"],
    ],
    asked: ["03-02", "03-03"],
  },
  {
    what: "no day of which a part lacks",
    windows: [
      ["03-02T00:00", "03-02T12:00", "pageView"],
      ["03-02T12:01", "03-03T00:00", "pageView"],
    ],
    asked: [],
  },
  {
    what: "a day between a long window and one within it",
    windows: [
      ["03-01T00:00", "03-04T00:00", "pageView"],
      ["03-01T06:00", "03-01T07:00", "pageView"],
      ["03-03T00:00", "03-04T00:00", "pageView"],
    ],
    asked: ["03-01", "03-02", "03-03"],
  },
  { what: "nothing of other types", windows: [["03-01T00:00", "03-04T00:00", "order"]], asked: [] },
  { what: "nothing that is not loaded", windows: [["03-01T00:00", "03-04T00:00", "pageView"]], status: "arrived", asked: [] },
  { what: "nothing where files were only loaded", windows: [], asked: [] },
] as { what: string; windows: Window[]; status?: "arrived"; asked: string[] }[])("exports cover $what", async ({ windows, status, asked }) => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [page("1", "03-01 00:30"), page("2", "03-01 23:30"), page("3", "03-03 12:00")]);
  const { connection } = scratch.warehouse;
  for (const [n, [from, to, ...signalTypes]] of windows.entries()) {
    const request = {} as Parameters<typeof writeJob>[1]["request"];
    const times = { windowStart: Date.parse(`2025-${from}Z`), windowEnd: Date.parse(`2025-${to}Z`), askedAt: 0, notBefore: null };
    await writeJob(connection, { name: `job ${n}`, status: "asked", request, signalTypes, expectedRows: 1, ...times });
    await changeJob(connection, `job ${n}`, { status: status ?? "loaded" });
  }
  const rows = await scratch.rows(DAILY);
  const signals: Record<string, string> = { "03-01": "2", "03-02": "0", "03-03": "1" };
  expect(rows.filter((row) => row["signal_type"] === "pageView")).toEqual(
    Object.entries(signals).map(([day, count]) => ({
      day,
      signal_type: "pageView",
      signals: count,
      asked: asked.includes(day),
      is_gap: asked.includes(day) && count === "0",
    })),
  );
});

test("each type has each day from the first to the last, tests are no signals, and a clock that was wrong makes no decades", async () => {
  const scratch = await scratchWarehouse();
  await loadSignals(scratch, [
    page("1", "03-01 10:00"),
    page("2", "03-02 10:00", { test: true }),
    message("emailSend", "3", "03-03 10:00"),
    { ...page("4", "03-01 10:00"), SIGNAL_TIMESTAMP: "1970-01-01T00:00:00Z" },
  ]);
  const row = (day: string, signal_type: string, signals: number) => ({ day, signal_type, signals: String(signals), asked: false, is_gap: false });
  expect(await scratch.rows(DAILY)).toEqual([
    row("01-01", "emailSend", 0),
    row("01-01", "pageView", 1),
    row("03-01", "emailSend", 0),
    row("03-01", "pageView", 1),
    row("03-02", "emailSend", 0),
    row("03-02", "pageView", 0),
    row("03-03", "emailSend", 1),
    row("03-03", "pageView", 0),
  ]);
});
