/** What the page says of messages. */
import { share } from "../question.ts";
import { DELIVERABILITY, type DeliverabilityRow } from "../questions/deliverability.ts";
import { ENGAGEMENT, type EngagementRow } from "../questions/engagement.ts";
import { MESSAGES, MOST_MESSAGES } from "../questions/messages.ts";
import { RECIPIENT_DOMAINS } from "../questions/recipient-domains.ts";
import { channelName } from "../questions/words.ts";
import { FEWEST } from "../scope.ts";
import { card, legend } from "./card.ts";
import { CHANNEL_COLORS, presentChannels } from "./channels.ts";
import { asked, type Context } from "./context.ts";
import { count } from "./format.ts";
import { type Html, html } from "./html.ts";
import { lines } from "./lines.ts";

/** Said where a share may be left out. */
const FEW = `Shares of fewer than ${FEWEST} are not shown.`;

const NO_EMAIL = "No e-mail was sent in the period.";

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
  // A chart in which nothing is drawn looks as if there were nothing.
  const isDrawn = all.some(({ values }) => [...values.values()].some((value) => value !== null));
  return card(context, ENGAGEMENT, {
    rows,
    figure:
      isDrawn &&
      html`${legend(all.map(({ name, color, isBroken }) => [name, color, isBroken] as const))}
        <div class="chart">${chart}</div>`,
    empty: NO_EMAIL,
    notes: [FEW, isDrawn ? axis.note : undefined],
  });
}

/** Bounces, complaints and unsubscribes over time: a chart each, whose shares are of different sizes. */
export async function deliverability(context: Context): Promise<Html> {
  const { draw, axis } = context;
  const rows = await asked(context, DELIVERABILITY);
  const present = presentChannels(rows).filter((channel) => channel !== null);
  const channels = present.filter((channel) => rows.some((row) => row.channel === channel && row.sent >= FEWEST));
  const few = present.filter((channel) => !channels.includes(channel)).map(channelName);
  const chart = (title: string, of: (row: DeliverabilityRow) => number, by: (row: DeliverabilityRow) => number) => {
    const all = channels.map((channel) => ({
      name: channelName(channel),
      color: CHANNEL_COLORS[channel] ?? "var(--none)",
      isBroken: false,
      values: new Map(rows.filter((row) => row.channel === channel).map((row) => [row.day, share(of(row), by(row))])),
    }));
    return html`<div>
      <h4>${title}</h4>
      ${lines(draw, `${title} over time by channel`, { ...axis, lines: all, width: "third" })}
    </div>`;
  };
  const charts = [
    chart(
      "Bounces",
      (row) => row.bounced,
      (row) => row.sent,
    ),
    chart(
      "Complaints",
      (row) => row.complained,
      (row) => row.delivered,
    ),
    chart(
      "Unsubscribes",
      (row) => row.unsubscribed,
      (row) => row.delivered,
    ),
  ];
  const colors = legend(channels.map((channel) => [channelName(channel), CHANNEL_COLORS[channel] ?? "var(--none)"]));
  return card(context, DELIVERABILITY, {
    rows,
    figure:
      channels.length > 0 &&
      html`${colors}
        <div class="chart thirds">${charts}</div>`,
    empty: "No message was sent in the period.",
    notes: [few.length > 0 ? `${FEW} Of ${few.join(" and ")} there are too few at a time.` : FEW, channels.length > 0 ? axis.note : undefined],
  });
}

/** Delivery by the recipients' domains. */
export async function recipientDomains(context: Context): Promise<Html> {
  const rows = await asked(context, RECIPIENT_DOMAINS);
  return card(context, RECIPIENT_DOMAINS, { rows, empty: `No domain was sent ${FEWEST} e-mails in the period.` });
}

/** Each message. */
export async function messages(context: Context): Promise<Html> {
  const rows = await asked(context, MESSAGES);
  const more = (rows[0]?.messages ?? 0) - rows.length;
  return card(context, MESSAGES, {
    rows,
    empty: "No message was sent in the period.",
    notes: [more > 0 ? `The first ${MOST_MESSAGES}; ${count(more)} more are not here.` : undefined, FEW],
  });
}
