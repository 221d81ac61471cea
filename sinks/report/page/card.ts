/** A question on the page: its title, its definition, the answer, the numbers and the SQL. */
import type { Question } from "../question.ts";
import type { Context } from "./context.ts";
import { type Html, html } from "./html.ts";
import { table } from "./table.ts";

/** What is shown of a question. */
export interface Answer<Row> {
  rows: readonly Row[];
  /** The chart; where there is none the numbers stand in its place. */
  figure?: Html | false | undefined;
  /** What to know of it. */
  notes?: readonly (string | undefined)[];
  /** Said instead where there are no rows. */
  empty: string;
}

export function card<Row>(context: Context, question: Question<Row>, { rows, figure, notes = [], empty }: Answer<Row>): Html {
  const { scope } = context;
  const { id, title } = question;
  if (rows.length === 0)
    return html`<section class="card" aria-labelledby="${id}">
      <h3 id="${id}">${title}</h3>
      <p class="note">${empty}</p>
    </section> `;
  const numbers = table(`The numbers: ${title}`, question.columns(scope), rows, context);
  return html`<section class="card" aria-labelledby="${id}">
    <h3 id="${id}">${title}</h3>
    <p class="about">${question.definition(scope)}</p>
    ${figure || numbers} ${notes.map((note) => note !== undefined && html`<p class="note">${note}</p>`)}
    ${
      figure &&
      html`<details>
        <summary>The numbers</summary>
        ${numbers}
      </details>`
    }
    ${sqlOf(question, scope)}
  </section> `;
}

/** The SQL of a question, which anybody can ask. */
export function sqlOf<Row>({ id, sql }: Question<Row>, scope: Context["scope"]): Html {
  const at = `${id}-sql`;
  return html`<details class="sql">
    <summary>The SQL</summary>
    <pre id="${at}" tabindex="0">${sql(scope)}</pre>
    <button type="button" data-copies="${at}" hidden>Copy</button>
  </details>`;
}

/** What the colors of a chart mean. */
export const legend = (series: readonly (readonly [name: string, color: string, isBroken?: boolean])[]): Html =>
  html`<ul class="legend">
    ${series.map(
      ([name, color, isBroken]) =>
        html`<li>
          <svg viewBox="0 0 14 10" aria-hidden="true">
            ${
              isBroken
                ? html`<path d="M0 5H14" stroke="${color}" stroke-width="2" stroke-dasharray="3 3" />`
                : html`<rect width="14" height="10" rx="2" fill="${color}" />`
            }</svg
          >${name}
        </li>`,
    )}
  </ul>`;
