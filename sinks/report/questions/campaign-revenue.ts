/** Which campaigns brought revenue, by each model. */
import { type Column, subjectOf, type Question } from "../question.ts";
import { inCurrency, inPeriod, onlyOf } from "../scope.ts";
import { nameOf, windowText } from "./words.ts";

/** The models of marts.attribution, as people call them; the first is shown first. */
export const MODELS = {
  last: "Last click",
  first: "First click",
  linear: "Linear",
  time_decay: "Time decay",
  position_based: "Position based",
  direct: "Direct",
} as const;
export type Model = keyof typeof MODELS;
export const MODEL_NAMES = Object.keys(MODELS) as Model[];

export interface CampaignRow extends Record<Model, string | null> {
  campaign_id: string | null;
  campaign_name: string | null;
  /** False in the row of what no message earned. */
  after_message: boolean;
}

/** Those that share an order among several messages, to ten-thousandths. */
const SHARING: readonly Model[] = ["linear", "time_decay", "position_based"];

/** More campaigns are in no table that somebody reads. */
export const MOST_CAMPAIGNS = 200;

export const campaignName = ({ campaign_id, campaign_name, after_message }: CampaignRow): string =>
  after_message ? nameOf(campaign_name, campaign_id, "Messages of no campaign") : "No message";

export const CAMPAIGN_REVENUE: Question<CampaignRow> = {
  id: "campaign-revenue",
  title: "Which campaigns brought revenue?",
  definition: (scope) =>
    `Each order counts once, for the messages that its contact clicked in the ${windowText(scope)} before it, bots left out; models differ in how they share it. ` +
    "Direct counts the message that the order or its visit names.",
  sql: (scope) =>
    `SELECT campaign_id, campaign_name, touches > 0 AS after_message,
  ${MODEL_NAMES.map((model) => `sum(revenue) FILTER (model = '${model}') AS "${model}"`).join(",\n  ")}
FROM marts.attribution LEFT JOIN marts.campaign_names USING (campaign_id)
WHERE ${inCurrency(scope)} AND ${inPeriod("ordered_at", scope)}${onlyOf(scope)}
GROUP BY ALL
ORDER BY after_message DESC, "last" DESC NULLS LAST, campaign_id
LIMIT ${MOST_CAMPAIGNS}`,
  columns: () => [
    { heading: "Campaign", kind: "text", value: campaignName, leadsTo: ({ campaign_id }) => subjectOf("campaign", campaign_id) },
    ...MODEL_NAMES.map((model): Column<CampaignRow> => ({
      heading: MODELS[model],
      kind: SHARING.includes(model) ? "part" : "amount",
      value: (row) => row[model],
    })),
  ],
};
