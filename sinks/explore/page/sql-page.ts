/** The SQL box: what query takes, and its result as a table and a chart. */
import type { DuckDBConnection, Json } from "@duckdb/node-api";
import { isSignalhouseError, SignalhouseError } from "../../../schemas/errors.ts";
import { interruptible } from "../../interrupt.ts";
import { nameIn, type Relation, relationsOf } from "../../query/catalog.ts";
import { type QueryResult, readQuery } from "../../query/run.ts";
import { cellOf, textOf } from "../../query/texts.ts";
import { count, moneyOf } from "../../report/page/format.ts";
import { type Html, html } from "../../report/page/html.ts";
import { drawing } from "../../report/page/plot.ts";
import { table } from "../../report/page/table.ts";
import type { Page } from "../asked.ts";
import { failureCard, frame } from "./frame.ts";
import { quickChart } from "./quick-chart.ts";

const MOST_ROWS = 1_000;
/** Of a value. */
const MOST_CHARACTERS = 2_000;
/** Of all values together. */
const MOST_IN_ALL = 2_000_000;

const EXAMPLE = "SELECT signal_type, count(*) AS signals FROM behavior_signals GROUP BY ALL ORDER BY signals DESC";

/** @returns the page, and whether its statement ran */
export async function sqlPage(page: Page): Promise<{ html: string; ran: boolean }> {
  const { connection, copy, form, names, sqlMs } = page;
  const sql = form?.get("sql") ?? undefined;
  if (!names.isPersonal) return { html: sheet(page, [refused()]), ran: sql === undefined };
  const known = await relationsOf(connection);
  const box = boxOf(sql ?? EXAMPLE, sqlMs);
  if (sql === undefined) return { html: sheet(page, [box, tables(known)]), ran: true };
  try {
    const read = await runWithin(connection, sql, { sqlMs, folders: copy ? [copy.folder] : [] });
    return { html: sheet(page, [box, await answer(read), tables(known)]), ran: true };
  } catch (error) {
    if (!isSignalhouseError(error, "usage", "query_failed", "out_of_memory")) throw error;
    return { html: sheet(page, [box, failureCard(error), tables(known)]), ran: false };
  }
}

const sheet = (page: Page, body: readonly Html[]): string =>
  frame(page, {
    title: "What do you want to ask?",
    lead: ["SQL that reads the warehouse, and nothing else: what signalhouse query takes."],
    body,
    foot: [],
  });

const refused = (): Html =>
  failureCard({
    code: "usage",
    message: "Personal data is hidden, and SQL cannot be held to that.",
    hint: "Where you may see it, end explore, and start it with --show-personal.",
  });

const boxOf = (sql: string, sqlMs: number): Html =>
  html`<form class="card" method="post" action="/sql">
    <label for="statement">Statement: ${sqlMs / 1000} seconds and ${count(MOST_ROWS)} rows at most, times in UTC</label>
    <textarea id="statement" name="sql" rows="8" spellcheck="false" autocapitalize="off" autocomplete="off" required>${sql}</textarea>
    <button type="submit">Run</button>
  </form> `;

const tables = (relations: readonly Relation[]): Html =>
  html`<details>
    <summary>The tables and views</summary>
    ${table(
      "The tables and views",
      [
        { heading: "Name", kind: "text", value: nameIn },
        { heading: "What it has", kind: "text", value: ({ comment }) => comment },
      ],
      relations,
      { money: moneyOf(null) },
    )}
  </details>`;

interface Read {
  columns: QueryResult["columns"];
  isPlan: boolean;
  rows: Json[][];
  hasMore: boolean;
}

/** Runs a statement, and reads the first rows of its result. @throws SignalhouseError as runQuery; query_failed where it takes too long */
async function runWithin(
  connection: DuckDBConnection,
  sql: string,
  { sqlMs, folders }: { sqlMs: number; folders: readonly string[] },
): Promise<Read> {
  const limit = AbortSignal.timeout(sqlMs);
  try {
    return await interruptible(connection, limit, async () => {
      const result = await readQuery(connection, sql, { folders });
      return { ...result, ...(await firstRows(result)) };
    });
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new SignalhouseError(
      "query_failed",
      `the statement took longer than ${sqlMs / 1000} seconds, and was ended`,
      "Ask for less, such as a shorter period, or run it with signalhouse query, which has no limit.",
      error,
    );
  }
}

async function firstRows({ rows: batches, isPlan }: QueryResult): Promise<Pick<Read, "rows" | "hasMore">> {
  const rows: Json[][] = [];
  let characters = 0;
  for await (const batch of batches) {
    for (const row of batch) {
      if (rows.length === MOST_ROWS || characters > MOST_IN_ALL) return { rows, hasMore: true };
      const cells = isPlan ? row : row.map(shortened);
      characters += cells.reduce<number>((sum, cell) => sum + (typeof cell === "string" ? cell.length : 8), 0);
      rows.push(cells);
    }
  }
  return { rows, hasMore: false };
}

/** A value's text as query has it, as far as it has room; numbers as they are. */
function shortened(value: Json): Json {
  if (typeof value === "number") return value;
  const text = cellOf(value, MOST_CHARACTERS + 1);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

async function answer({ columns, isPlan, rows, hasMore }: Read): Promise<Html> {
  const found = `${count(rows.length)} ${rows.length === 1 ? "row" : "rows"}`;
  const said = hasMore ? `The first ${found}: signalhouse query gives all.` : `${found}.`;
  const fields = columns.map(({ name, isNumber }, index) => ({
    heading: name,
    kind: isNumber ? ("number" as const) : ("verbatim" as const),
    value: (row: readonly Json[]) => row[index] as string | number | null,
  }));
  return html`<section class="card" aria-labelledby="result">
    <h3 id="result">Result</h3>
    <p class="about">${said}</p>
    ${isPlan ? html`<pre tabindex="0">${rows.map((row) => `${textOf(row.at(-1) ?? null).trimEnd()}\n`)}</pre>` : quickChart(await drawing(), { columns }, rows)}
    ${!isPlan && table("Result", fields, rows, { money: moneyOf(null) })}
  </section> `;
}
