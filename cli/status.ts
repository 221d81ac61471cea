import type { DuckDBConnection } from "@duckdb/node-api";
import { GUESSED_BYTES_PER_ROW } from "../pipeline/export/ask.ts";
import { quotaLeft, utcDay } from "../pipeline/jobs/quota.ts";
import { type CopyAtHand, copyAtHand } from "../pipeline/read-copy.ts";
import { DAILY_LIMITS } from "../schemas/connect.ts";
import { OPEN_EXPORTS } from "../schemas/jobs.ts";
import { exportJobs, usedOfDay } from "../sinks/jobs.ts";
import { readStatus, type RunRow, type Status } from "../sinks/status.ts";
import { keysInEffect } from "../sinks/mart-settings.ts";
import { leftOutText } from "./amounts.ts";
import { defineCommand } from "./command.ts";
import { effectText, keysDocument } from "./contact-keys.ts";
import { jobDocument } from "./export-report.ts";
import { EXIT } from "./failures.ts";
import { bytes, count, duration, number, table, time } from "./format.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "What the warehouse holds: rows per table and signal type, how fresh they are, what says who a contact is, the last runs, and what is waiting for you: failed files, rejects, drift.",
  options: {},
  examples: ["status", "status --json"],
  run: (context) =>
    reading(context, async (connection, { warehouse, contacts, publish }, { place }) => {
      const status = await readStatus(connection);
      const now = context.clock.now();
      const asked = await askedOf(connection, now);
      const size = await place.size();
      const keys = await keysInEffect(connection);
      const copy = await copyAtHand({ publish });
      const published = publish.to === undefined ? null : copyDocument(publish.to, copy);
      const document = { warehouse, size_bytes: size, ...status, ...asked, contact_keys: keysDocument(keys), published };
      context.out.result(document, () => lines({ warehouse, size, status, asked, keys: effectText(keys, contacts.keys), published, now }));
      return EXIT.done;
    }),
});

/** The published copy, for a JSON document; without a version where nothing is published yet. */
const copyDocument = (folder: string, copy: CopyAtHand | undefined) => ({
  folder,
  version: copy?.version ?? null,
  published_at: copy ? new Date(copy.publishedAt) : null,
});

/** What Connect was asked for: today's share of its limits, and the exports that are under way. */
async function askedOf(connection: DuckDBConnection, now: number) {
  const day = utcDay(now);
  const used = await usedOfDay(connection, Date.parse(day), GUESSED_BYTES_PER_ROW);
  const left = quotaLeft(DAILY_LIMITS, used);
  const open = await exportJobs(connection, ...OPEN_EXPORTS);
  return {
    quota: {
      day,
      used: { jobs: used.jobs, rows: used.rows, bytes: Math.round(used.bytes) },
      left: { ...left, bytes: Math.round(left.bytes) },
      used_up: used.usedUp,
    },
    exports: open.map((job) => jobDocument({ job })),
  };
}

interface Shown {
  warehouse: string;
  /** In bytes. */
  size: number;
  status: Status;
  asked: Awaited<ReturnType<typeof askedOf>>;
  /** What says who a contact is, in words. */
  keys: string;
  /** Null where none is configured. */
  published: ReturnType<typeof copyDocument> | null;
  now: number;
}

function lines({ warehouse, size, status, asked: { quota, exports }, keys, published, now }: Shown): string[] {
  const ago = (at: Date) => `${time(at)} UTC, ${duration(now - at.getTime())} ago`;
  const { files, last_load } = status;
  const facts = [
    ["warehouse", `${warehouse}, ${bytes(size)}`],
    ["newest signal", status.newest_signal ? ago(status.newest_signal) : "none yet"],
    ["last load", last_load ? `${ago(last_load.finished_at)}: ${last_load.path}` : "none yet"],
    [
      "files",
      `${number(files.loaded)} loaded, ${number(files.duplicate)} with the same bytes, ${number(files.failed)} failed${files.dismissed > 0n ? `, ${number(files.dismissed)} dismissed` : ""}`,
    ],
    ["rejects", status.rejects > 0n ? `${number(status.rejects)} not replayed; see: signalhouse rejects list` : "none"],
    [
      "quota left today",
      quota.used_up
        ? "none: Connect said that the day's limits are reached"
        : `${count(quota.left.jobs, "export")}, ${number(quota.left.rows)} rows, ${bytes(quota.left.bytes)}`,
    ],
    ["drift", status.drift_kinds > 0n ? `${count(status.drift_kinds, "kind")}; see: signalhouse drift` : "none"],
    ["contacts by", keys],
    ...(published
      ? [
          [
            "published",
            published.published_at
              ? `version ${number(published.version ?? 0)}, ${ago(published.published_at)}, in ${published.folder}`
              : "nothing yet; see: signalhouse publish",
          ],
        ]
      : []),
    ["amounts", leftOutText(status.amounts_left_out) ?? "none left out of decimal columns"],
  ];
  const sections = [
    table(["", ""], facts).slice(1),
    table(
      ["table", { right: "rows" }],
      status.tables.map((row) => [row.table, row.rows]),
    ),
    ...section(
      ["signal type", { right: "rows" }, "newest (UTC)"],
      status.signal_types.map((row) => [row.signal_type, row.rows, time(row.newest)]),
    ),
    ...section(
      ["failed file", "when (UTC)", "why"],
      status.failed_files.map((row) => [row.path, time(row.finished_at), `${row.error ?? ""} (${row.error_code ?? ""})`]),
    ),
    ...section(
      ["export", "status", "from", "to"],
      exports.map(({ name, status, from, to }) => [name, status, from, to]),
    ),
    ...section(
      ["run", "started (UTC)", { right: "files" }, "ended"],
      status.runs.map((run) => [run.command, time(run.started_at), run.files, ending(run)]),
    ),
  ];
  return sections.flatMap((section, index) => (index === 0 ? section : ["", ...section]));
}

function section(...[headings, rows]: Parameters<typeof table>): string[][] {
  return rows.length === 0 ? [] : [table(headings, rows)];
}

const ENDINGS: Readonly<Record<number, string>> = {
  [EXIT.done]: "done",
  [EXIT.failed]: "failed",
  [EXIT.usage]: "failed",
  [EXIT.rejected]: "done, with rejects",
  [EXIT.interrupted]: "interrupted",
};

function ending({ finished_at, exit_code, error }: RunRow): string {
  if (finished_at === null || exit_code === null) return "not: it was killed, or is running";
  return `${ENDINGS[exit_code] ?? `exit code ${exit_code}`}${error === null || exit_code === EXIT.interrupted ? "" : `: ${error}`}`;
}
