import type { DuckDBConnection } from "@duckdb/node-api";
import { plainRows } from "./plain-rows.ts";

/** The orders that a campaign's clicks led to. */
export interface CampaignRevenue {
  campaign_id: string | null;
  campaign_name: string | null;
  channel: string;
  /** Clicks that were followed by an order. */
  clicks: bigint;
  orders: bigint;
  currency: string | null;
  /** Decimal text. */
  revenue: string | null;
}

/** Orders that came from a click, by campaign, channel and currency; most orders first. */
export async function campaignRevenue(connection: DuckDBConnection): Promise<CampaignRevenue[]> {
  return plainRows(
    connection,
    `SELECT campaign_id, campaign_name, message_channel AS channel, count(DISTINCT message_signal_id) AS clicks, count(*) AS orders, currency,
       sum(order_value)::VARCHAR AS revenue
     FROM message_behavior
     WHERE signal_type = 'order' AND message_signal_type LIKE '%Click'
     GROUP BY campaign_id, campaign_name, message_channel, currency ORDER BY sum(order_value) DESC NULLS LAST, campaign_id`,
  );
}
