/** All marts. */
import { ATTRIBUTION } from "./attribution.ts";
import { BEHAVIOR } from "./behavior.ts";
import { CAMPAIGN_DAILY } from "./campaign-daily.ts";
import { CAMPAIGN_PERFORMANCE } from "./campaign-performance.ts";
import { CART_RECOVERY } from "./cart-recovery.ts";
import { CLICKS } from "./clicks.ts";
import { CONSENTED } from "./consented.ts";
import { CONTACT_ALIASES } from "./contact-aliases.ts";
import { CONTACT_REVENUE } from "./contact-revenue.ts";
import { CONTACT_STATES } from "./contact-states.ts";
import { CONTACT_TIMELINE } from "./contact-timeline.ts";
import { CONTACTS } from "./contacts.ts";
import { DAILY } from "./daily.ts";
import { DELIVERABILITY_DAILY } from "./deliverability-daily.ts";
import { MARKETING } from "./marketing.ts";
import type { KeptMart, Mart } from "./mart.ts";
import { CAMPAIGN_NAMES, MESSAGE_NAMES } from "./names.ts";
import { ORDER_DIRECT } from "./order-direct.ts";
import { ORDER_TOUCHES } from "./order-touches.ts";
import { ORDERS_ONCE } from "./orders-once.ts";
import { PRODUCT_DAILY, PRODUCT_REVENUE_DAILY } from "./products.ts";
import { SEARCH_TERMS } from "./search-terms.ts";
import { ORPHANS, SENDS } from "./sends.ts";
import { SESSION_CONTACTS } from "./session-contacts.ts";
import { SESSIONS } from "./sessions.ts";

/** The tables of the schema `marts`, which each load keeps up. */
export const KEPT_MARTS: readonly KeptMart[] = [CONTACT_ALIASES, SESSION_CONTACTS, CLICKS, SENDS, ORPHANS, ORDERS_ONCE, CONTACT_STATES];

/** Its views, in the order in which they are made: one that reads another stands behind it. */
export const MARTS: readonly Mart[] = [
  MARKETING,
  BEHAVIOR,
  CAMPAIGN_NAMES,
  MESSAGE_NAMES,
  CAMPAIGN_DAILY,
  CAMPAIGN_PERFORMANCE,
  ORDER_TOUCHES,
  ORDER_DIRECT,
  ATTRIBUTION,
  CONTACTS,
  CONTACT_REVENUE,
  CONTACT_TIMELINE,
  CONSENTED,
  SESSIONS,
  PRODUCT_DAILY,
  PRODUCT_REVENUE_DAILY,
  CART_RECOVERY,
  DELIVERABILITY_DAILY,
  SEARCH_TERMS,
  DAILY,
];
