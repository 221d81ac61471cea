/** Where messages arrive, and why they do not. */
import type { Mart } from "./mart.ts";
import { utcDay } from "./words.ts";

export const DELIVERABILITY_DAILY: Mart = {
  name: "deliverability_daily",
  about: "What became of the messages sent on a UTC day, by sender, recipient's domain and reason of failure: counts only.",
  columns: {
    sent_on: "The UTC day of the sends.",
    channel: "The channel: email, sms or whatsapp.",
    email_from_address: "The sender's address.",
    vmta_pool: "The pool of servers that sent it.",
    recipient_domain: "The domain of the contact's e-mail address, of e-mails.",
    failure_code: "The reason of the failure; NULL where none failed. Rates add up all reasons first.",
    sent: "Messages that were sent.",
    delivered: "Those of them whose delivery was told.",
    hard_bounced: "Sends that failed for good.",
    soft_bounced: "Sends that failed otherwise, and were not delivered after all.",
    complained: "Sends that the contact called abuse.",
    unsubscribed: "Sends in reply to which the contact unsubscribed.",
    opened: "Sends that a person opened, each once.",
    mpp_opened: "Sends that Apple's privacy protection opened, each once.",
  },
  sql: () => `SELECT ${utcDay("sent_at")} AS sent_on, channel, email_from_address, vmta_pool, recipient_domain, failure_code,
      count(*) AS sent, count(*) FILTER (delivered) AS delivered, count(*) FILTER (hard_bounced) AS hard_bounced, count(*) FILTER (soft_bounced) AS soft_bounced,
      count(*) FILTER (complained) AS complained, count(*) FILTER (unsubscribed) AS unsubscribed,
      count(*) FILTER (opens > bot_opens) AS opened, count(*) FILTER (mpp_opens > 0) AS mpp_opened
    FROM marts.sends GROUP BY ALL`,
};
