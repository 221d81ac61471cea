import type { DuckDBConnection } from "@duckdb/node-api";
import { plainRows } from "./plain-rows.ts";

/** What a campaign's clicks led to, in one channel. */
export interface CampaignRevenue {
  campaign_id: string | null;
  /** The latest. */
  campaign_name: string | null;
  channel: string;
  /** All clicks, by people and by machines, whatever they led to; for each currency the same. */
  clicks: bigint;
  /** Orders, each once, that a click led to. */
  orders: bigint;
  currency: string | null;
  /** Decimal text. */
  revenue: string | null;
}

/** The orders that campaigns' messages led to directly, beside their clicks, by campaign, channel and currency; most revenue first. */
export async function campaignRevenue(connection: DuckDBConnection): Promise<CampaignRevenue[]> {
  return plainRows(
    connection,
    `WITH earned AS (
       SELECT campaign_id, channel, currency, count(*) AS orders, sum(revenue) AS revenue
       FROM marts.attribution WHERE model = 'direct' AND touches > 0 GROUP BY ALL
     ), clicked AS (
       SELECT campaign_id, channel, count(*) AS clicks FROM marts.clicks GROUP BY ALL
     )
     SELECT e.campaign_id, n.campaign_name, e.channel, coalesce(c.clicks, 0) AS clicks, e.orders, e.currency, e.revenue::VARCHAR AS revenue
     FROM earned e LEFT JOIN clicked c ON c.campaign_id IS NOT DISTINCT FROM e.campaign_id AND c.channel = e.channel LEFT JOIN marts.campaign_names n ON n.campaign_id = e.campaign_id
     ORDER BY e.revenue DESC NULLS LAST, e.campaign_id, e.channel`,
  );
}
