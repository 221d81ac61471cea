/** All marts. */
import { BEHAVIOR } from "./behavior.ts";
import { CLICKS } from "./clicks.ts";
import { CONTACT_ALIASES } from "./contact-aliases.ts";
import { MARKETING } from "./marketing.ts";
import type { KeptMart, Mart } from "./mart.ts";
import { ORDERS_ONCE } from "./orders-once.ts";
import { ORPHANS, SENDS } from "./sends.ts";
import { SESSION_CONTACTS } from "./session-contacts.ts";

/** The tables of the schema `marts`, which each load keeps up. */
export const KEPT_MARTS: readonly KeptMart[] = [CONTACT_ALIASES, SESSION_CONTACTS, CLICKS, SENDS, ORPHANS, ORDERS_ONCE];

/** Its views, in the order in which they are made: one that reads another stands behind it. */
export const MARTS: readonly Mart[] = [MARKETING, BEHAVIOR];
