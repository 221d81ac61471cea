/** A query's result as a table to look at: its first rows, in as many columns as a terminal has room for. */
import textWidth from "fast-string-truncated-width";
import type { Json } from "@duckdb/node-api";
import { oneLine } from "../schemas/characters.ts";
import type { QueryResult } from "../sinks/query/run.ts";
import { cellOf, textOf } from "../sinks/query/texts.ts";
import { fitted, number, table, wrap } from "./format.ts";
import type { Output } from "./output.ts";
import { planFormat } from "./result-formats.ts";

/** A table is for looking at; everything comes in the other formats. */
const TABLE_ROWS = 1000;
const CELL_WIDTH = 100;
/** What a cell can need of a text, however it is escaped. */
const CELL_CHARACTERS = 4 * CELL_WIDTH;
/** Between two columns. */
const GAP = 2;

export async function printTable(result: QueryResult, out: Output): Promise<void> {
  if (result.isPlan) return void (await planFormat(result, (text) => out.write(text)));
  const room = out.screen?.columns;
  const most = Math.min(CELL_WIDTH, room ?? CELL_WIDTH);
  let isCut = false;
  const cell = (value: Json | undefined) => {
    const whole = cellOf(value, CELL_CHARACTERS);
    const shown = fitted(whole, most);
    isCut ||= shown !== whole || (value !== null && value !== undefined && textOf(value).length > CELL_CHARACTERS);
    return shown;
  };
  const { cells, hasMore } = await firstRows(result, cell);
  const names = result.columns.map(({ name }) => fitted(oneLine(name), most));
  const kept = room === undefined ? names.map((_, index) => index) : columnsThatFit([names, ...cells], room);
  const headings = kept.map((index) => (result.columns[index]?.isNumber ? { right: names[index] ?? "" } : (names[index] ?? "")));
  const lines = table(
    headings,
    cells.map((row) => kept.map((index) => row[index] ?? "")),
  );
  await out.write(`${lines.join("\n")}\n`);
  if (hasMore) out.note(`only the first ${number(TABLE_ROWS)} rows are shown; --format csv, --format json and -o FILE give all`);
  if (isCut) out.note("long values are cut; --format csv, --format json and -o FILE give them whole");
  if (kept.length < names.length) {
    const missing = names.filter((_, index) => !kept.includes(index));
    out.note(...wrap(`the terminal has no room for ${missing.join(", ")}; --format line shows every column`, room ?? CELL_WIDTH));
  }
}

/** Only what is shown of them is kept: values may be large. */
async function firstRows({ rows }: QueryResult, cell: (value: Json) => string): Promise<{ cells: string[][]; hasMore: boolean }> {
  const cells: string[][] = [];
  for await (const batch of rows) {
    for (const row of batch) {
      if (cells.length === TABLE_ROWS) return { cells, hasMore: true };
      cells.push(row.map(cell));
    }
  }
  return { cells, hasMore: false };
}

/** The columns, by their places, that stand side by side in so much room: from the left, each that still fits, and the first one in any case. */
function columnsThatFit(lines: readonly (readonly string[])[], room: number): number[] {
  const widths = (lines[0] ?? []).map((_, index) => lines.reduce((most, line) => Math.max(most, textWidth(line[index] ?? "").width), 0));
  let used = -GAP;
  return widths.flatMap((width, index) => {
    if (index > 0 && used + GAP + width > room) return [];
    used += GAP + width;
    return [index];
  });
}
