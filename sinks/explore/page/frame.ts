/** What is around each page: the way back, what is chosen, and what went wrong. */
import type { SignalhouseError } from "../../../schemas/errors.ts";
import { type Html, html } from "../../report/page/html.ts";
import { copyLines } from "../../report/page/copy.ts";
import { pageOf, type Page as Sheet } from "../../report/page/page.ts";
import { type Asked, hrefTo, type Source } from "../asked.ts";
import { STYLE } from "./style.ts";

/** A step on the way to a page: its name, and where it is. */
export type Crumb = readonly [name: string, href: string];

/** @param crumbs the pages above this one, but for the report */
export function frame(
  asked: Pick<Asked, "path" | "params"> & Partial<Pick<Source, "copy">>,
  sheet: Omit<Sheet, "served">,
  crumbs: readonly Crumb[] = [],
): string {
  const isReport = asked.path === "/";
  const above = html`<nav aria-label="Pages">
    <ol>
      ${[["Report", hrefTo(asked, "/")] as const, ...crumbs].map(
        ([name, href]) => html`<li>${isReport ? html`<span aria-current="page">${name}</span>` : html`<a href="${href}">${name}</a>`}</li>`,
      )}
      ${!isReport && html`<li aria-current="page">${sheet.title}</li>`}
    </ol>
    ${asked.path !== "/sql" && html`<a href="/sql">Ask in SQL</a>`}
  </nav> `;
  return pageOf({ ...sheet, lead: [...sheet.lead, ...copyLines(asked.copy)], served: { above, style: STYLE } });
}

/** What went wrong, and what to do. */
export const failureCard = ({ message, hint, code }: Pick<SignalhouseError, "message" | "hint"> & { code: string }): Html =>
  html`<section class="card failure" role="alert">
    <p>${message}</p>
    <p class="note">${hint} [${code}]</p>
  </section> `;

export interface Choice {
  value: string;
  text: string;
}

/** A list to choose from. @param none what it means to choose nothing */
export function chooser(name: string, label: string, { choices, chosen, none }: { choices: readonly Choice[]; chosen: string; none?: string }): Html {
  const all = [...(none === undefined ? [] : [{ value: "", text: none }]), ...choices];
  return html`<label
    >${label}<select name="${name}">
      ${all.map(({ value, text }) => html`<option value="${value}" ${value === chosen && html` selected`}>${text}</option>`)}
    </select></label
  >`;
}

/** The form that chooses the period, and what a page has beside it. @param kept parameters that stay as they are */
export function filterForm(
  { path }: Pick<Asked, "path">,
  days: { from: string; to: string },
  choosers: readonly Html[],
  kept: Readonly<Record<string, string>> = {},
): Html {
  return html`<form class="filter" method="get" action="${path}">
    <label>From<input type="date" name="from" value="${days.from}" /></label>
    <label>To<input type="date" name="to" value="${days.to}" /></label>
    ${choosers} ${Object.entries(kept).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button type="submit">Show</button>
  </form> `;
}
