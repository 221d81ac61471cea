/** The contacts of the sample shop. A contact is fixed by the seed and its number, so none needs to be kept. */
import type { ExportHeader } from "../../schemas/export-columns.ts";
import type { Cells } from "./campaigns.ts";
import { Random } from "./random.ts";

/** The headers of the contact attributes. "Tags" is one of them, though TAGS is a column of campaigns. */
export const CONTACT_HEADERS = [
  "Email",
  "Phone Number",
  "Customer ID",
  "First Name",
  "Last Name",
  "Loyalty Tier",
  "Birthday",
  "Country",
  "Tags",
] as const;

/** Every header of the sample exports. */
export type Header = ExportHeader | (typeof CONTACT_HEADERS)[number];

export interface Contact {
  /** From 0. */
  number: number;
  /** Absent where the row shows no more than an e-mail address. */
  customerId?: string;
  tier: (typeof TIERS)[number];
  /** TEMPORARY_LINKING_ID. */
  linkingId: string;
  /** All contact columns but the tier. */
  cells: Cells<Header>;
}

export const TIERS = ["Bronze", "Silver", "Gold", "Platinum"] as const;

const FIRST_NAMES = [
  "Ana",
  "Jürgen",
  "Zoë",
  "Łukasz",
  "Renée",
  "Søren",
  "Mia",
  "Noah",
  "Emma",
  "José",
  "陽菜",
  "Ольга",
  "Ben",
  "Leyla",
  "Finn",
  "Chloé",
];
const LAST_NAMES = [
  "Müller",
  "O'Neill",
  "García",
  "Nguyễn",
  "de Vries",
  "Kowalski",
  "佐藤",
  "Schröder",
  "Rossi",
  "Andersson",
  "Smith, Jr.",
  "Yılmaz",
  "Weiß",
  "Novák",
];
const COUNTRIES = ["DE", "DE", "DE", "AT", "AT", "CH", "NL", "FR", "SE", "GB"];
const TAGS = ["lamps", "outdoor;garden", "vip", 'nickname "Chef"', "newsletter, monthly", ""];
const CONSENTS = ["OPT_IN", "OPT_IN", "OPT_IN", "OPT_IN_UNVERIFIED", "OPT_OUT"];

/** The contact with a number. */
export function contactOf(seed: number, number: number): Contact {
  const random = new Random(seed, "contact", number);
  const customerId = `C-${String(100_000 + number)}`;
  const email = `${random.pick(["ana", "jay", "zoe", "luk", "ren", "mia", "noah", "emma"])}.${number}@example.com`;
  const day = `${random.int(1955, 2006)}-${pad(random.int(1, 12))}-${pad(random.int(1, 28))}`;
  const tags = random.pick(TAGS);
  return {
    number,
    customerId,
    tier: random.pick(TIERS),
    linkingId: `${random.int(1e8, 2e9)}-${number}`,
    cells: {
      CONSENT_EMAIL: random.pick(CONSENTS),
      CONSENT_SMS: random.pick(CONSENTS),
      CONSENT_WHATSAPP: random.chance(60) ? random.pick(CONSENTS) : undefined,
      Email: email,
      "Phone Number": `+49151${String(20_000_000 + number)}`,
      "Customer ID": customerId,
      "First Name": random.pick(FIRST_NAMES),
      "Last Name": random.pick(LAST_NAMES),
      Birthday: random.chance(70) ? day : undefined,
      Country: random.pick(COUNTRIES),
      Tags: tags || undefined,
    },
  };
}

const pad = (number: number) => String(number).padStart(2, "0");
