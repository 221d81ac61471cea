/** Where e-mails do not arrive, by the recipient's domain. */
import { type Question, share } from "../question.ts";
import { FEWEST, onDays } from "../scope.ts";

interface DomainRow {
  recipient_domain: string | null;
  sent: number;
  delivered: number;
  hard_bounced: number;
  soft_bounced: number;
  complained: number;
}

const MOST_DOMAINS = 10;

export const RECIPIENT_DOMAINS: Question<DomainRow> = {
  id: "recipient-domains",
  title: "Where do e-mails not arrive?",
  definition: () => `E-mails by the domain of the recipient: the ${MOST_DOMAINS} to which most were sent, of those with ${FEWEST} at least.`,
  sql: (scope) =>
    `SELECT recipient_domain, sum(sent) AS sent, sum(delivered) AS delivered, sum(hard_bounced) AS hard_bounced, sum(soft_bounced) AS soft_bounced,
  sum(complained) AS complained
FROM marts.deliverability_daily
WHERE channel = 'email' AND ${onDays("sent_on", scope)}
GROUP BY ALL
HAVING sum(sent) >= ${FEWEST}
ORDER BY sent DESC, recipient_domain
LIMIT ${MOST_DOMAINS}`,
  columns: () => [
    { heading: "Domain", kind: "text", value: (row) => row.recipient_domain ?? "Not known" },
    { heading: "Sent", kind: "count", value: ({ sent }) => sent },
    { heading: "Delivery rate", kind: "share", value: (row) => share(row.delivered, row.sent) },
    { heading: "Bounced for good", kind: "share", value: (row) => share(row.hard_bounced, row.sent) },
    { heading: "for now", kind: "share", value: (row) => share(row.soft_bounced, row.sent) },
    { heading: "Complaint rate", kind: "share", value: (row) => share(row.complained, row.delivered) },
  ],
};
