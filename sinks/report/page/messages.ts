/** What the page says of messages. */
import { share } from "../question.ts";
import { ENGAGEMENT, type EngagementRow } from "../questions/engagement.ts";
import { FEWEST } from "../scope.ts";
import { card, legend } from "./card.ts";
import { asked, type Context } from "./context.ts";
import { type Html, html } from "./html.ts";
import { lines } from "./lines.ts";

/** Said where a share may be left out. */
export const FEW = `Shares of fewer than ${FEWEST} are not shown.`;

/** Opens and clicks over time, with and without bots. */
export async function engagement(context: Context): Promise<Html> {
  const { draw, axis } = context;
  const rows = await asked(context, ENGAGEMENT);
  const line = (name: string, color: string, isBroken: boolean, of: (row: EngagementRow) => number, by: (row: EngagementRow) => number) => ({
    name,
    color,
    isBroken,
    values: new Map(rows.map((row) => [row.day, share(of(row), by(row))])),
  });
  const all = [
    line(
      "Opened by people",
      "var(--email)",
      false,
      (row) => row.opened,
      (row) => row.trackable_opens,
    ),
    line(
      "Opened, with bots",
      "var(--email)",
      true,
      (row) => row.opened_with_bots,
      (row) => row.trackable_opens,
    ),
    line(
      "Clicked by people",
      "var(--sms)",
      false,
      (row) => row.clicked,
      (row) => row.trackable_clicks,
    ),
    line(
      "Clicked, with bots",
      "var(--sms)",
      true,
      (row) => row.clicked_with_bots,
      (row) => row.trackable_clicks,
    ),
  ];
  const chart = lines(draw, "Open rate and click rate over time", { ...axis, lines: all });
  return card(context, ENGAGEMENT, {
    rows,
    figure: html`${legend(all.map(({ name, color, isBroken }) => [name, color, isBroken] as const))}
      <div class="chart">${chart}</div>`,
    empty: "No e-mail was sent in the period.",
    notes: [FEW, axis.note],
  });
}
