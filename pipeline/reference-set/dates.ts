/** The one format in which all dates of a file are written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type DateFormat, type Violation, WITH_TIME } from "../../schemas/reference-set.ts";
import type { Column } from "../../sinks/reference-set/cells.ts";
import { commonestDateFormat, type Looks } from "../../sinks/reference-set/looks.ts";

interface Dates {
  columns: Column[];
  violations: Violation[];
}

/**
 * Gives each column the file's date format: the one that is wished, else the one that all dates which are texts have, else with the time where some
 * column has times. A format that could be either of two is a violation: nobody but the user knows.
 */
export async function chooseDates(
  connection: DuckDBConnection,
  columns: readonly Column[],
  looks: ReadonlyMap<string, Looks>,
  wish: DateFormat | undefined,
): Promise<Dates> {
  const dates = columns.filter(({ type }) => type === "DATE");
  const texts = dates.filter(({ source }) => source.kind === "text" && (looks.get(source.column)?.values ?? 0) > 0);
  const timed = dates.find(({ source }) => source.kind === "timestamp");
  if (columns.some(({ normalize }) => normalize)) return normalized(columns, texts, looks, wish, timed !== undefined);
  const withFormat = (dateFormat: DateFormat, violations: Violation[] = []): Dates => ({
    columns: columns.map((column) => ({ ...column, dateFormat })),
    violations,
  });
  if (wish) return withFormat(wish);
  const [first] = texts;
  if (!first) return withFormat(timed || dates.length === 0 ? WITH_TIME : "YYYY-MM-DD");
  const shared = texts
    .map(({ source }) => looks.get(source.column)?.dates ?? [])
    .reduce((all, formats) => all.filter((format) => formats.includes(format)));
  const [format, other] = shared;
  if (format === undefined) return withFormat(await commonestDateFormat(connection, first.source.column));
  if (other !== undefined) {
    const message = `the dates of "${first.name}" can be read as ${shared.join(" or as ")}; say which with --date-format, or make it text with --types`;
    return withFormat(format, [{ rule: "date_format", column: first.name, message }]);
  }
  if (!timed || format === WITH_TIME) return withFormat(format);
  const message = `"${timed.name}" has times, but "${first.name}" has dates as ${format}, and a file has one format; --normalize writes all as ${WITH_TIME}`;
  return withFormat(format, [{ rule: "date_format", column: timed.name, message }]);
}

function normalized(
  columns: readonly Column[],
  texts: readonly Column[],
  looks: ReadonlyMap<string, Looks>,
  wish: DateFormat | undefined,
  isTimed: boolean,
): Dates {
  const violations: Violation[] = [];
  const dateFormat = wish ?? (isTimed || texts.some(({ source }) => looks.get(source.column)?.hasTimes) ? WITH_TIME : "YYYY-MM-DD");
  const slashedOf = ({ name, source }: Column): Column["slashed"] => {
    if (wish === "MM/DD/YYYY") return "monthFirst";
    const look = looks.get(source.column);
    if (!look?.hasSlashed || wish === "DD/MM/YYYY") return "dayFirst";
    const { dayFirst, monthFirst } = look.slashed;
    if (dayFirst && monthFirst) {
      const message = `the dates of "${name}" can be read with the day or with the month first; say which with --date-format DD/MM/YYYY or MM/DD/YYYY`;
      violations.push({ rule: "date_format", column: name, message });
    }
    return monthFirst && !dayFirst ? "monthFirst" : "dayFirst";
  };
  const slashed = new Map(texts.map((column) => [column, slashedOf(column)]));
  return { columns: columns.map((column) => ({ ...column, dateFormat, slashed: slashed.get(column) ?? "dayFirst" })), violations };
}
