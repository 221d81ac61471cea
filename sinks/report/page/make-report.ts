/** The report as a file. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Period } from "../scope.ts";
import { answers } from "./answers.ts";
import { copyLines, type ReadCopy } from "./copy.ts";
import { pageOf } from "./page.ts";
import { prepare, type ReportOptions } from "./prepare.ts";

export interface Report {
  /** The page: one file, which needs no other. */
  html: string;
  /** The days that it is about, both included; null where the warehouse has no signals, and none were named. */
  period: Period | null;
  /** Null where orders name none, or there are none. */
  currency: string | null;
}

export const TITLE = "Campaign report";

/** What a report is to be about, and what it is read from. */
export interface MakeOptions extends ReportOptions {
  /** The published copy; undefined where it is the warehouse. */
  copy?: ReadCopy | undefined;
}

/**
 * Makes the report of a warehouse, or of a copy of it, which is only read: the same data, period and currency give the same bytes.
 * Memory: DuckDB's, and some megabytes; each table of the page is bounded.
 * @throws SignalhouseError not_found where no order is in the currency that is wished
 */
export async function makeReport(connection: DuckDBConnection, { copy, ...options }: MakeOptions = {}): Promise<Report> {
  const prepared = await prepare(connection, options);
  if (!prepared) return { html: emptyPage(copy), period: null, currency: null };
  const { context, lead } = prepared;
  const { from, to, currency } = context.scope;
  return {
    html: pageOf({ title: TITLE, lead: [...lead, ...copyLines(copy)], body: await answers(context), foot: FOOT }),
    period: { from, to },
    currency,
  };
}

export const FOOT = [
  "Opens and clicks count once a message sent, and those that Connect takes for a bot's are left out unless it is said. Orders count once, however often they were sent.",
  "What became of messages is told by the day of their send, so that the latest days still change.",
];

const emptyPage = (copy: ReadCopy | undefined): string =>
  pageOf({
    title: TITLE,
    lead: ["The warehouse has no signals yet.", ...copyLines(copy)],
    body: [],
    foot: ["Load exports with signalhouse sync or signalhouse load, then make the report anew."],
  });
