/** What all parts of a page are made with. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { ofKept } from "../kept.ts";
import { type Question, rowsOf, type Subject } from "../question.ts";
import type { Scope } from "../scope.ts";
import type { Money } from "./format.ts";
import type { Draw } from "./plot.ts";
import type { TimeAxis } from "./time-axis.ts";

export interface Context {
  connection: DuckDBConnection;
  scope: Scope;
  axis: TimeAxis;
  money: Money;
  draw: Draw;
  /** Where the page of something is, where pages are served; a report that is a file leads nowhere. */
  hrefOf?: ((subject: Subject) => string) | undefined;
}

/** A question's rows. */
export const asked = <Row>({ connection, scope }: Context, { sql }: Question<Row>): Promise<Row[]> => rowsOf(connection, ofKept(sql(scope)));
