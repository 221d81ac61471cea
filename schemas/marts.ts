/** What the marts are made by, as the configuration and the warehouse keep it: who is one contact, and how long a click earns orders. */
import { spellingOf } from "./names.ts";
import type { Channel } from "./signal-types.ts";

/** How the values of a key are compared: e-mail addresses without regard to case, phone numbers by digits alone. */
type KeyKind = "email" | "phone" | "other";

/** How the marts are made. Kept in signalhouse.meta, because whoever opens the warehouse later must mean the same contacts. */
export interface MartSettings {
  /** Headers of the contact attributes that say who somebody is, the primary one first. */
  keys: readonly string[];
  /** What has chosen them: their names, as the first exports brought them, or the configuration. */
  chosenBy: "names" | "configuration";
  /** Days before an order in which a click counts as a touch, by the channel of its message. */
  windowDays: Readonly<Record<Channel, number>>;
  /** The data set whose contacts the warehouse has; null where none is named. */
  dataset: string | null;
  /** Whether it has those of several, so that contact ids begin with their data set's. */
  isQualified: boolean;
}

/** What a configuration says of them. Keys that it does not name stay as the warehouse has them. */
export interface MartWishes {
  keys?: readonly string[] | undefined;
  windowDays?: Readonly<Record<Channel, number>> | undefined;
}

export const WINDOW_DAYS: Readonly<Record<Channel, number>> = { email: 7, sms: 7, whatsapp: 7 };

/** After so many days a touch weighs half as much, in the model time_decay. */
export const HALF_LIFE_DAYS = 7;

const PRIMARY = [
  "customerid",
  "customernumber",
  "customerno",
  "customerkey",
  "contactkey",
  "contactid",
  "uniqueid",
  "crmid",
  "memberid",
  "userid",
  "clientid",
];
const EMAIL = ["email", "emailaddress", "mail", "mailaddress", "emailid"];
const PHONE = [
  "phone",
  "phonenumber",
  "mobile",
  "mobilenumber",
  "mobilephone",
  "mobilephonenumber",
  "cellphone",
  "sms",
  "smsnumber",
  "smsphonenumber",
  "whatsapp",
  "whatsappnumber",
  "whatsappphonenumber",
];

/** What a header's name says of its values, where it is one that keys are known to have. */
export function namedAs(header: string): "customer" | "email" | "phone" | undefined {
  const kind = keyKind(header);
  if (kind !== "other") return kind;
  return PRIMARY.includes(spellingOf(header)) ? "customer" : undefined;
}

/** The place of a header's name among those that keys are known to have, from 0, the likeliest first; Infinity where it is none. */
export function nameRank(header: string): number {
  const rank = [...PRIMARY, ...EMAIL, ...PHONE].indexOf(spellingOf(header));
  return rank < 0 ? Infinity : rank;
}

/** What a key's header says of its values. */
export function keyKind(header: string): KeyKind {
  const spelling = spellingOf(header);
  if (EMAIL.includes(spelling)) return "email";
  return PHONE.includes(spelling) ? "phone" : "other";
}

/** The keys that are taken where nobody has said which: an attribute with a name that customer numbers have, else the first that there is of e-mail and phone; then all of those. */
export function defaultKeys(headers: readonly string[]): string[] {
  const named = (spellings: readonly string[]) =>
    headers
      .filter((header) => spellings.includes(spellingOf(header)))
      .toSorted((a, b) => spellings.indexOf(spellingOf(a)) - spellings.indexOf(spellingOf(b)));
  return [...named(PRIMARY).slice(0, 1), ...named(EMAIL), ...named(PHONE)];
}

/** The names by which identification signals may mean a key, as spellingOf() has them. Source: the vendor's signal pages, of several generations (docs/domain.md). */
export function identifierNames(header: string, isPrimary: boolean): string[] {
  const kind = keyKind(header);
  const names = [spellingOf(header), ...(isPrimary ? ["contactkey"] : []), ...(kind === "email" ? EMAIL : []), ...(kind === "phone" ? PHONE : [])];
  return [...new Set(names)];
}
