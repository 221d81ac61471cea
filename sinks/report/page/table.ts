/** A question's numbers as a table. */
import type { Column } from "../question.ts";
import { type Money, shown } from "./format.ts";
import { type Html, html } from "./html.ts";

const isText = (kind: string) => kind === "text" || kind === "day" || kind === "time";

/** The table; it scrolls by itself where it is too wide. @param caption what it is, for those who hear it */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[], money: Money): Html {
  const side = (kind: string) => (isText(kind) ? "" : "number");
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
              ${columns.map(({ kind, value }, index) => {
                const text = html`<bdi>${shown(value(row), kind, money)}</bdi>`;
                return index === 0 ? html`<th scope="row" class="${side(kind)}">${text}</th>` : html`<td class="${side(kind)}">${text}</td>`;
              })}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
