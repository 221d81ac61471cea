/** What became of each message that was sent to a contact. */
import type { KeptMart } from "./mart.ts";
import { days } from "./words.ts";

export const SENDS: KeptMart = {
  name: "sends",
  about: "Each message as it was sent to a contact, with what became of it.",
  columns: {
    send_key: { type: "VARCHAR", about: "The signal_key of the send, within its channel." },
    sent_at: { type: "TIMESTAMPTZ", about: "When it was sent." },
    channel: { type: "VARCHAR", about: "The channel: email, sms or whatsapp." },
    campaign_id: { type: "VARCHAR", about: "The campaign; NULL where the message is of none." },
    message_id: { type: "VARCHAR", about: "The message." },
    contact_id: { type: "VARCHAR", about: "The contact; NULL where nothing says whose it is: nothing can belong to such a send." },
    contact_via: { type: "VARCHAR", about: "How the contact was found, as in marts.marketing." },
    email_from_address: { type: "VARCHAR", about: "The sender's address." },
    vmta_pool: { type: "VARCHAR", about: "The pool of servers that sent it." },
    tracking_level: { type: "VARCHAR", about: "What is tracked of the message: unique, aggregate, opens_only or no_tracking." },
    recipient_domain: { type: "VARCHAR", about: "The domain of the contact's e-mail address, of e-mails." },
    delivered: { type: "BOOLEAN", about: "Whether a delivery was told." },
    opens: { type: "INTEGER", about: "How often it was opened, by people and by machines." },
    bot_opens: { type: "INTEGER", about: "Opens by machines." },
    mpp_opens: { type: "INTEGER", about: "Those of them by Apple's privacy protection." },
    clicks: { type: "INTEGER", about: "How often a link in it was clicked, by people and by machines." },
    bot_clicks: { type: "INTEGER", about: "Clicks by machines." },
    first_open_at: { type: "TIMESTAMPTZ", about: "When it was first opened by a person." },
    first_click_at: { type: "TIMESTAMPTZ", about: "When it was first clicked by a person." },
    hard_bounced: { type: "BOOLEAN", about: "Whether it failed for good (PERMANENT)." },
    soft_bounced: { type: "BOOLEAN", about: "Whether it failed otherwise, and was not delivered after all." },
    failure_code: { type: "VARCHAR", about: "The reason of its failure; of several the last by name." },
    unsubscribed: { type: "BOOLEAN", about: "Whether the contact unsubscribed in reply." },
    complained: { type: "BOOLEAN", about: "Whether the contact called it abuse in reply." },
  },
};

export const ORPHANS: KeptMart = {
  name: "orphans",
  about: "Each delivery, open, click, failure or reply that belongs to no send in the warehouse: it is in totals, and in no rate.",
  columns: {
    signal_type: { type: "VARCHAR", about: "Its type." },
    signal_key: { type: "VARCHAR", about: "Its key within the type." },
    occurred_at: { type: "TIMESTAMPTZ", about: "When it happened." },
    channel: { type: "VARCHAR", about: "The channel: email, sms or whatsapp." },
    action: { type: "VARCHAR", about: "What happened: delivery, open, click, failure or inbound." },
    campaign_id: { type: "VARCHAR", about: "The campaign." },
    message_id: { type: "VARCHAR", about: "The message." },
    contact_id: { type: "VARCHAR", about: "The contact; NULL where nothing says whose it is." },
    is_bot: { type: "BOOLEAN", about: "Whether Connect says that a machine did it." },
  },
};

/** The columns of marts.marketing that the following have use for. */
export const EVENT_COLUMNS =
  "signal_type, signal_key, occurred_at, channel, action, campaign_id, message_id, link_id, is_bot, bot_detection_reason, classification, classification_code, " +
  "email_from_address, email_tracking_level, vmta_pool, recipient_domain, contact_id, contact_via";

/** Clocks of servers differ: an event may seem to be so long before its send. */
export const CLOCKS = "INTERVAL 5 MINUTE";
/** What comes later belongs to no send. */
export const LONGEST = days(90);

/**
 * SQL that gives the events that belong to a send, by their row_id, with its key and time: of the same contact, channel and message the latest that is at or before them.
 * A window rather than an ASOF join, which carries all columns, and takes fifty times as long where it has not the memory for that.
 * @param events a table with EVENT_COLUMNS, of sends and all else: all that a send may have to do with are there
 * @param part a condition on what is looked at of it, by contact_id
 */
export const belongingSql = (events: string, part = "true"): string =>
  `SELECT row_id, send_key FROM (
     SELECT row_id, action, occurred_at, last_value(CASE WHEN action = 'send' THEN signal_key END IGNORE NULLS) OVER w AS send_key,
       last_value(CASE WHEN action = 'send' THEN occurred_at END IGNORE NULLS) OVER w AS sent_at
     FROM (SELECT rowid AS row_id, *, CASE WHEN action = 'send' THEN occurred_at ELSE occurred_at + ${CLOCKS} END AS until FROM ${events} WHERE contact_id IS NOT NULL AND message_id IS NOT NULL AND ${part})
     WINDOW w AS (PARTITION BY contact_id, channel, message_id ORDER BY until, action <> 'send', signal_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
   ) WHERE action <> 'send' AND occurred_at <= sent_at + ${LONGEST}`;

/** SQL that gives the rows of marts.sends. @param belonging what belongingSql() gives of the same events */
export const sendsSql = (events: string, belonging: string, part = "true"): string =>
  `WITH folded AS (
     SELECT channel, send_key,
       bool_or(action = 'delivery') AS delivered,
       count(*) FILTER (action = 'open')::INTEGER AS opens,
       count(*) FILTER (action = 'open' AND is_bot)::INTEGER AS bot_opens,
       count(*) FILTER (action = 'open' AND bot_detection_reason = 'APPLE_MPP')::INTEGER AS mpp_opens,
       count(*) FILTER (action = 'click')::INTEGER AS clicks,
       count(*) FILTER (action = 'click' AND is_bot)::INTEGER AS bot_clicks,
       min(occurred_at) FILTER (action = 'open' AND NOT is_bot) AS first_open_at,
       min(occurred_at) FILTER (action = 'click' AND NOT is_bot) AS first_click_at,
       bool_or(action = 'failure') AS failed,
       coalesce(bool_or(action = 'failure' AND classification = 'PERMANENT'), false) AS hard_bounced,
       max(classification_code) FILTER (action = 'failure') AS failure_code,
       coalesce(bool_or(action = 'inbound' AND classification = 'UNSUBSCRIBE'), false) AS unsubscribed,
       coalesce(bool_or(action = 'inbound' AND classification = 'ABUSE'), false) AS complained
     FROM ${events} e JOIN ${belonging} b ON b.row_id = e.rowid GROUP BY ALL
   )
   SELECT s.signal_key AS send_key, s.occurred_at AS sent_at, s.channel, s.campaign_id, s.message_id, s.contact_id, s.contact_via, s.email_from_address, s.vmta_pool,
     s.email_tracking_level AS tracking_level, s.recipient_domain,
     coalesce(f.delivered, false) AS delivered, coalesce(f.opens, 0) AS opens, coalesce(f.bot_opens, 0) AS bot_opens, coalesce(f.mpp_opens, 0) AS mpp_opens,
     coalesce(f.clicks, 0) AS clicks, coalesce(f.bot_clicks, 0) AS bot_clicks, f.first_open_at, f.first_click_at,
     coalesce(f.hard_bounced, false) AS hard_bounced, coalesce(f.failed AND NOT f.delivered AND NOT f.hard_bounced, false) AS soft_bounced, f.failure_code,
     coalesce(f.unsubscribed, false) AS unsubscribed, coalesce(f.complained, false) AS complained
   FROM ${events} s LEFT JOIN folded f ON f.channel = s.channel AND f.send_key = s.signal_key
   WHERE s.action = 'send' AND ${part}`;

/** SQL that gives the rows of marts.orphans. */
export const orphansSql = (events: string, belonging: string, part = "true"): string =>
  `SELECT signal_type, signal_key, occurred_at, channel, action, campaign_id, message_id, contact_id, is_bot FROM ${events} e
   WHERE action <> 'send' AND ${part} AND rowid NOT IN (SELECT row_id FROM ${belonging})`;
