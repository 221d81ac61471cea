/** What somebody should look after: files, exports, rejects and drift, of the whole warehouse. */
import { KEPT_MS } from "../../../schemas/connect.ts";
import type { Question } from "../question.ts";

export interface TroubleRow {
  what: string;
  which: string | null;
  how_many: number;
  until: string | null;
}

const MOST_TROUBLES = 40;

/** What to do about each. */
const HELP: Readonly<Record<string, string>> = {
  "Export not loaded": "signalhouse sync",
  "File that failed": "signalhouse status",
  Reject: "signalhouse rejects list",
  Drift: "signalhouse drift",
};

export const TO_LOOK_AFTER: Question<TroubleRow> = {
  id: "to-look-after",
  title: "What should somebody look after?",
  definition: () =>
    "Of the whole warehouse, whatever the period: exports that have arrived and are not loaded, which Connect deletes 28 days after they were asked for; files that failed; rows that could not become records; and what the schema does not know.",
  sql: () =>
    `SELECT * FROM (
  SELECT 'Export not loaded' AS what, name AS which, 1 AS how_many, asked_at + INTERVAL ${KEPT_MS / 3_600_000} HOUR AS until
  FROM signalhouse.jobs WHERE kind = 'export' AND status = 'arrived'
  UNION ALL
  SELECT 'File that failed', error_code, count(*), NULL FROM signalhouse.loads WHERE status = 'failed' GROUP BY error_code
  UNION ALL
  SELECT 'Reject', code, count(*), NULL FROM signalhouse.rejects WHERE replayed_at IS NULL GROUP BY code
  UNION ALL
  SELECT 'Drift', reason, sum(records)::BIGINT, NULL FROM signalhouse.drift GROUP BY reason
)
ORDER BY what <> 'Export not loaded', until, what <> 'File that failed', what <> 'Reject', how_many DESC, which
LIMIT ${MOST_TROUBLES}`,
  columns: () => [
    { heading: "What", kind: "text", value: ({ what }) => what },
    { heading: "Which", kind: "text", value: ({ which }) => which },
    { heading: "How many", kind: "count", value: (row) => row.how_many },
    { heading: "Deleted (UTC)", kind: "time", value: ({ until }) => until },
    { heading: "See", kind: "text", value: ({ what }) => HELP[what] ?? null },
  ],
};
