/** Of how many signals it is known whose they are, and of how many orders which message led to them. */
import type { Question } from "../question.ts";
import { inPeriod, lastDays } from "../scope.ts";

export interface KnownRow {
  what: string;
  known: number;
  in_all: number;
}

/** Signals are many, and how they are told changes slowly. */
const LAST_DAYS = 7;

export const KNOWN_CONTACTS: Question<KnownRow> = {
  id: "known-contacts",
  title: "What is known of whose signals these are?",
  definition: () =>
    `Signals are those of the last ${LAST_DAYS} days of the period, orders those of all of it. What no contact is known of can be in no attribution but the direct one. An order names a message by its own MESSAGE_SIGNAL_ID, or by its visit's; the message is found where its signal is in the warehouse.`,
  sql: (scope) =>
    `WITH named AS (SELECT count(*) AS orders, count(led_by) AS led, count(click_key) AS found FROM marts.order_direct WHERE ${inPeriod("ordered_at", scope)})
SELECT 'Messages with a contact' AS what, count(contact_id) AS known, count(*) AS in_all FROM marts.marketing
WHERE ${inPeriod("occurred_at", lastDays(scope, LAST_DAYS))}
UNION ALL
SELECT 'Visits'' signals with a contact', count(contact_id), count(*) FROM marts.behavior
WHERE ${inPeriod("occurred_at", lastDays(scope, LAST_DAYS))}
UNION ALL
SELECT 'Orders with a contact', count(contact_id), count(*) FROM marts.orders_once WHERE ${inPeriod("ordered_at", scope)}
UNION ALL
SELECT 'Orders that name a message', led, orders FROM named
UNION ALL
SELECT 'Messages found of those that orders name', found, led FROM named`,
  columns: () => [
    { heading: "What", kind: "text", value: ({ what }) => what },
    { heading: "Known", kind: "count", value: ({ known }) => known },
    { heading: "In all", kind: "count", value: (row) => row.in_all },
    { heading: "Share", kind: "share", value: (row) => (row.in_all === 0 ? null : row.known / row.in_all) },
  ],
};
