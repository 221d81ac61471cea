/** What campaigns and messages are called: names change, and the latest counts. */
import type { Mart } from "./mart.ts";

/**
 * SQL that gives the latest name of each thing. The latest time is found without keys, which are long to compare; only where two names share it do the keys decide.
 * @param thing `campaign` or `message`
 */
const latestNames = (thing: string): string => {
  const named = `FROM main.marketing_signals WHERE ${thing}_id IS NOT NULL AND ${thing}_name IS NOT NULL`;
  return `WITH told AS (
     SELECT ${thing}_id, ${thing}_name, max(occurred_at) AS told_at ${named} GROUP BY ${thing}_id, ${thing}_name
   ), latest AS (
     FROM told QUALIFY told_at = max(told_at) OVER (PARTITION BY ${thing}_id)
   ), ties AS (
     SELECT ${thing}_id, told_at FROM latest GROUP BY ${thing}_id, told_at HAVING count(*) > 1
   ), decided AS (
     SELECT ${thing}_id, arg_max(${thing}_name, (signal_key, signal_type)) AS ${thing}_name ${named}
       AND (${thing}_id, occurred_at) IN (FROM ties) GROUP BY ${thing}_id
   )
   SELECT l.${thing}_id, coalesce(any_value(d.${thing}_name), any_value(l.${thing}_name)) AS ${thing}_name
   FROM latest l LEFT JOIN decided d ON d.${thing}_id = l.${thing}_id GROUP BY l.${thing}_id`;
};

export const CAMPAIGN_NAMES: Mart = {
  name: "campaign_names",
  about: "Campaigns that have a name, each with its latest: a campaign that was renamed is one campaign.",
  columns: { campaign_id: "The campaign.", campaign_name: "Its latest name, by the signals that tell one." },
  sql: () => latestNames("campaign"),
};

export const MESSAGE_NAMES: Mart = {
  name: "message_names",
  about: "Messages that have a name, each with its latest.",
  columns: { message_id: "The message.", message_name: "Its latest name, by the signals that tell one." },
  sql: () => latestNames("message"),
};
