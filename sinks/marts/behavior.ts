/** Behavior signals, narrow, with their contact: what the marts of visits and orders read. */
import { eachWay, gathered, withContact } from "./contact.ts";
import type { Mart, MartContext } from "./mart.ts";

export const BEHAVIOR: Mart = {
  name: "behavior",
  about: "Each behavior signal, without those that were sent as a test, with its contact.",
  columns: {
    signal_type: "Its type.",
    signal_key: "Its key within the type.",
    occurred_at: "When it happened.",
    tltsid: "The session.",
    acoustic_app_key: "The web site or app.",
    message_signal_id: "The id of the click that led there.",
    product_id: "The product.",
    product_name: "The product's name.",
    product_category: "The product's category.",
    item_quantity: "How many pieces went into the cart.",
    unit_price: "The price of a piece, in the signal's currency.",
    currency: "The currency as sent.",
    order_id: "The order's number.",
    order_value: "What the order is worth, in the signal's currency.",
    url: "The page.",
    page_category: "The kind of page.",
    search_term: "What was searched for.",
    number_of_results: "How much was found.",
    identifier_name: "What an identification says who somebody is by.",
    contact_id: "The contact; NULL where nothing says whose it is.",
    contact_via:
      "How the contact was found: primary (its own primary key), secondary (an e-mail address or phone number of one contact), session (its session's only contact) or click (that of the click that led there).",
  },
  sql: (context) =>
    eachWay(
      context,
      "behavior_signals",
      (rows) => ledSql(context, rows),
      (rows) => narrowSql(`${rows} b`, "b.known_contact", "b.known_via"),
    ),
};

/**
 * SQL that gives the rows of the view.
 * @param from the rows of behavior_signals that are meant, as SQL that gives them
 * @param more SQL of further columns, of a row whose alias is b
 */
export const behaviorSql = (context: MartContext, from: string, more = ""): string =>
  ledSql(context, withContact(context, "behavior_signals", from), more);

/** SQL of rows that may be somebody's by their session or click. @param rows as withContact() gives them */
function ledSql(context: MartContext, rows: string, more = ""): string {
  const unknown = (column: string) => `CASE WHEN known_contact IS NULL THEN ${column} END`;
  const { first, all, named } = gathered(
    context,
    "led",
    `SELECT *, ${unknown("tltsid")} AS session_named, ${unknown("message_signal_id")} AS click_named FROM ${rows}`,
  );
  return `${first} ${narrowSql(
    `${all} b
    LEFT JOIN ${named("marts.session_contacts", "tltsid", "session_named")} s ON s.tltsid = b.session_named
    LEFT JOIN (SELECT signal_key, contact_id FROM ${named("marts.clicks", "signal_key", "click_named")} WHERE is_named) c ON c.signal_key = b.click_named`,
    "coalesce(b.known_contact, s.contact_id, c.contact_id)",
    "coalesce(b.known_via, CASE WHEN s.contact_id IS NOT NULL THEN 'session' WHEN c.contact_id IS NOT NULL THEN 'click' END)",
    more,
  )}`;
}

/** @param from rows, with the alias b */
const narrowSql = (from: string, contact: string, via: string, more = ""): string =>
  `SELECT b.signal_type, b.signal_key, b.occurred_at, b.tltsid, b.acoustic_app_key, b.message_signal_id, b.product_id, b.product_name, b.product_category,
      b.item_quantity, b.unit_price, b.currency, b.order_id, b.order_value, b.url, b.page_category, b.search_term, b.number_of_results, b.identifier_name,
      ${contact} AS contact_id, ${via} AS contact_via${more}
    FROM ${from} WHERE b.is_test IS NOT TRUE`;
