/** Marketing signals, narrow, with their contact: what the marts of messages read. */
import { eachWay, recipientDomain, withContact } from "./contact.ts";
import type { Mart, MartContext } from "./mart.ts";

export const MARKETING: Mart = {
  name: "marketing",
  about: "Each marketing signal, with its contact.",
  columns: {
    signal_type: "Its type.",
    signal_key: "Its key within the type.",
    signal_id: "Its id as sent.",
    occurred_at: "When it happened.",
    channel: "The channel: email, sms or whatsapp.",
    action: "What happened: send, delivery, open, click, failure or inbound.",
    campaign_id: "The campaign.",
    campaign_name: "The campaign's name at that time.",
    message_id: "The message.",
    message_name: "The message's name at that time.",
    link_id: "The link that was clicked.",
    is_bot: "Whether Connect says that a machine opened or clicked.",
    bot_detection_reason: "Why it says so; APPLE_MPP is Apple's privacy protection.",
    classification: "What kind of failure or reply it is.",
    classification_code: "The reason of a failure.",
    email_from_address: "The sender's address.",
    email_subject: "The subject.",
    email_tracking_level: "What is tracked of the message: unique, aggregate, opens_only or no_tracking.",
    vmta_pool: "The pool of servers that sent it.",
    entry_signal: "The signal that triggered the campaign.",
    recipient_domain: "The domain of the contact's e-mail address, of e-mails.",
    contact_id: "The contact; NULL where nothing says whose it is.",
    contact_via: "How the contact was found: primary (its own primary key) or secondary (an e-mail address or phone number of one contact).",
  },
  sql: (context) => {
    const narrow = (rows: string) => narrowSql(context, rows);
    return eachWay(context, "marketing_signals", narrow, narrow);
  },
};

/**
 * SQL that gives the rows of the view.
 * @param from the rows of marketing_signals that are meant, as SQL that gives them
 * @param more SQL of further columns, of a row whose alias is m
 */
export const marketingSql = (context: MartContext, from: string, more = ""): string =>
  narrowSql(context, withContact(context, "marketing_signals", from), more);

/** @param rows as withContact() gives them */
function narrowSql(context: MartContext, rows: string, more = ""): string {
  return `SELECT m.signal_type, m.signal_key, m.signal_id, m.occurred_at, m.channel, m.action, m.campaign_id, m.campaign_name, m.message_id, m.message_name, m.link_id,
      m.bot_detected IS TRUE AS is_bot, m.bot_detection_reason, m.classification, m.classification_code, m.email_from_address, m.email_subject, m.email_tracking_level,
      m.vmta_pool, m.entry_signal,
      ${recipientDomain(context, "m")} AS recipient_domain,
      m.known_contact AS contact_id, m.known_via AS contact_via${more}
    FROM ${rows} m`;
}

/** SQL that gives contact_id, channel, message_id and occurred_at of marketing signals, which need have no more than that, and contact columns. */
export function whoseSql(context: MartContext, from: string): string {
  return `SELECT known_contact AS contact_id, channel, message_id, occurred_at FROM ${withContact(context, "marketing_signals", from)}`;
}
