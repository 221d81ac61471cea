/** What a page is asked for. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { assertDays } from "../report/period.ts";
import type { Subject } from "../report/question.ts";
import type { ReadCopy } from "../report/page/copy.ts";
import type { ReportOptions } from "../report/page/prepare.ts";
import type { ContactNames } from "./contacts.ts";

/** A request that has been let in. */
export interface Asked {
  /** "/", "/campaign", … */
  path: string;
  /** What stands behind the question mark. */
  params: URLSearchParams;
  /** What a form sends that is no question but something to do; undefined where there is none. */
  form?: URLSearchParams | undefined;
}

/** A published copy, as pages read it. */
interface SourceCopy extends ReadCopy {
  /** The folder that its views read. */
  folder: string;
}

/** What pages are made of. */
export interface Source {
  connection: DuckDBConnection;
  /** The published copy that it is; undefined where it is the warehouse. */
  copy: SourceCopy | undefined;
}

/** All that a page is made with. */
export interface Page extends Asked, Source {
  names: ContactNames;
  /** Milliseconds that a statement of the SQL box may take. */
  sqlMs: number;
}

/** One of the parameters; undefined where it is not there, or empty. @throws SignalhouseError usage */
export function param({ params }: Pick<Asked, "params">, name: string): string | undefined {
  const text = params.get(name)?.trim() ?? "";
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new SignalhouseError("usage", `"${name}" has a control character in it`, "Choose it on the page.");
  return text === "" ? undefined : text;
}

/** Parameters that lead from page to page. */
const KEPT = ["from", "to", "currency"] as const;

/** The period and the currency that are asked for. @throws SignalhouseError usage */
export function optionsOf(asked: Pick<Asked, "params">): Pick<ReportOptions, (typeof KEPT)[number]> {
  const options = { from: param(asked, "from"), to: param(asked, "to"), currency: param(asked, "currency") };
  assertDays(options, { from: "From", to: "To" });
  return options;
}

/** The address of a page: period and currency stay what they are. */
export function hrefTo({ params }: Pick<Asked, "params">, path: string, more: Readonly<Record<string, string>> = {}): string {
  const kept = KEPT.flatMap((name) => (params.get(name) ? [[name, params.get(name) as string] as const] : []));
  const query = new URLSearchParams({ ...more, ...Object.fromEntries(kept) }).toString();
  return query === "" ? path : `${path}?${query}`;
}

/** The address of what is known of something. */
export const hrefOf =
  (asked: Pick<Asked, "params">, names: ContactNames) =>
  ({ page, id }: Subject): string =>
    hrefTo(asked, `/${page}`, { id: page === "contact" ? names.refOf(id) : id });
