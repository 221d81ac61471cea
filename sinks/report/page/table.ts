/** A question's numbers as a table. */
import type { Column, Kind } from "../question.ts";
import type { Context } from "./context.ts";
import { shown } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What its style goes by. */
const CLASSES: Readonly<Partial<Record<Kind, string>>> = { text: "", verbatim: "", day: "when", time: "when" };

/** The table; it scrolls by itself where it is too wide. @param caption what it is, for those who hear it */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { money, hrefOf }: Pick<Context, "money" | "hrefOf">,
): Html {
  const side = (kind: Kind) => CLASSES[kind] ?? "number";
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <thead>
        <tr>
          ${columns.map(({ heading, kind }) => html`<th scope="col" class="${side(kind)}">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map(({ kind, value, leadsTo }, index) => {
                const subject = hrefOf && leadsTo?.(row);
                const plain = html`<bdi>${shown(value(row), kind, money)}</bdi>`;
                const text = subject ? html`<a href="${hrefOf(subject)}">${plain}</a>` : plain;
                return index === 0 ? html`<th scope="row" class="${side(kind)}">${text}</th>` : html`<td class="${side(kind)}">${text}</td>`;
              })}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
