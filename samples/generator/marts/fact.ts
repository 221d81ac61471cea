/** What the marts need to know of a signal: the generator's facts, without the ways of writing them. */
import { type Action, type Channel, SIGNAL_TYPES, type SignalType } from "../../../schemas/signal-types.ts";
import type { Cells } from "../campaigns.ts";
import type { Contact, Header } from "../contacts.ts";
import type { Behavior, Marketing, Signal } from "../signal.ts";

/** The contact columns that say who somebody is, the first one before all others. */
const CONTACT_KEYS = ["Customer ID", "Email", "Phone Number"] as const;
type ContactKey = (typeof CONTACT_KEYS)[number];

/** Whom a row names by itself. */
export interface Keys {
  /** The primary key. */
  primary?: string;
  /** Aliases by the other keys, `email:anna@x.example`, in the order of the keys. */
  aliases: readonly string[];
}

interface Base {
  type: SignalType;
  /** signal_key; of a signal without an id something that stands for it, which sorts like it. */
  key: string;
  /** When it happened, in milliseconds since 1970. */
  at: number;
  keys: Keys;
  /** The contact columns and consents as the row has them, by column; absent where the row has none of them. */
  attributes?: Readonly<Record<string, string | undefined>>;
}

export interface MarketingFact extends Base {
  table: "marketing_signals";
  channel: Channel;
  action: Action;
  campaign?: string;
  campaignName?: string;
  message?: string;
  messageName?: string;
  isBot: boolean;
  botReason?: string;
  classification?: string;
  classificationCode?: string;
  pool?: string;
  from?: string;
  tracking?: string;
  /** The e-mail address, as it is compared. */
  email?: string;
}

/** An item of an order. Amounts are in ten-thousandths. */
interface FactItem {
  product: string;
  pieces: bigint;
  price: bigint;
}

export interface BehaviorFact extends Base {
  table: "behavior_signals";
  session?: string;
  /** MESSAGE_SIGNAL_ID. */
  cause?: string;
  product?: string;
  /** Upper-case, without blanks. */
  currency?: string;
  order?: string;
  /** In ten-thousandths. */
  value?: bigint;
  items: readonly FactItem[];
  /** Without blanks, in lower case. */
  term?: string;
  results?: number;
}

export type Fact = MarketingFact | BehaviorFact;

/** By time, then by key. */
export const inTime = (one: Fact, other: Fact): number => one.at - other.at || (one.key < other.key ? -1 : 1);

/** A UTC day, "2025-09-01". */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** A header as a column: "Customer ID" is customer_id. */
const columnOf = (header: string) => header.toLowerCase().replaceAll(" ", "_");

const folded = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** What an identifier's name means, beside the headers themselves. */
const IDENTIFIERS = new Map<string, ContactKey>([
  ["contactkey", "Customer ID"],
  ["email", "Email"],
  ["sms", "Phone Number"],
  ["whatsapp", "Phone Number"],
  ["phone", "Phone Number"],
  ...CONTACT_KEYS.map((key) => [folded(key), key] as const),
]);

const bare: Record<ContactKey, (text: string) => string> = {
  "Customer ID": (text) => text.trim(),
  Email: (text) => text.trim().toLowerCase(),
  "Phone Number": (text) => text.replaceAll(/[^0-9+]/g, ""),
};

/**
 * Whom a row names.
 * @param cells by header, untouched
 * @param identifier of a signal by which somebody says who they are: it speaks where the column is empty
 */
export function keysOf(cells: Cells<Header>, identifier?: { name: string; value: string | undefined }): Keys {
  const meant = identifier && IDENTIFIERS.get(folded(identifier.name));
  const [primary, ...others] = CONTACT_KEYS.map((header) => {
    const own = bare[header](cells[header] ?? "");
    return own || (meant === header ? bare[header](identifier?.value ?? "") : "");
  });
  const aliases = others.flatMap((value, place) => (value ? [`${columnOf(CONTACT_KEYS[place + 1] as string)}:${value}`] : []));
  return { ...(primary && { primary }), aliases };
}

function attributesOf({ cells, tier }: Contact): Record<string, string | undefined> {
  const columns = Object.entries(cells).map(([header, cell]) => [
    header.startsWith("CONSENT_") ? columnOf(header) : `contact_${columnOf(header)}`,
    cell,
  ]);
  return { ...(Object.fromEntries(columns) as Record<string, string | undefined>), contact_loyalty_tier: tier };
}

/** Leaves out what is not there. */
const present = <T extends object>(facts: T) =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> };

const baseOf = ({ id, row, at, contact }: Signal) => ({
  key: id || `h:${String(row).padStart(12, "0")}`,
  at,
  ...(contact && { attributes: attributesOf(contact) }),
});

function marketingFact(signal: Marketing): MarketingFact {
  const { type, contact, message, botReason, classification, classificationCode } = signal;
  const { channel, action } = SIGNAL_TYPES[type];
  const { cells, campaign } = message;
  return {
    ...baseOf(signal),
    table: "marketing_signals",
    type,
    keys: keysOf(contact?.cells ?? {}),
    channel,
    action,
    isBot: botReason !== undefined,
    campaign: campaign.id,
    campaignName: campaign.name,
    ...present({
      message: cells.MESSAGE_ID,
      messageName: cells.MESSAGE_NAME,
      botReason,
      classification,
      classificationCode,
      pool: cells.VMTA_POOL,
      from: cells.EMAIL_FROM_ADDRESS,
      tracking: cells.EMAIL_TRACKING_LEVEL,
      email: contact && bare.Email(contact.cells["Email"] ?? ""),
    }),
  };
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);
const units = (hundredths: number | undefined) => (hundredths === undefined ? undefined : BigInt(hundredths) * 100n);

function behaviorFact(signal: Behavior): BehaviorFact {
  const { type, contact, session, fields, amounts, items } = signal;
  const { cause } = session;
  const name = text(fields["identifierName"]);
  const identifier = type === "identification" && name !== undefined ? { name, value: text(fields["identifierValue"]) } : undefined;
  return {
    ...baseOf(signal),
    table: "behavior_signals",
    type,
    keys: keysOf(contact?.cells ?? {}, identifier),
    session: session.id,
    items: items.map(({ product, amounts: { itemQuantity, unitPrice } }) => ({
      product: product.id,
      pieces: BigInt(itemQuantity) * 100n,
      price: BigInt(unitPrice) * 100n,
    })),
    ...present({
      cause: typeof cause === "string" ? cause : cause?.id,
      product: text(fields["productId"]),
      currency: text(fields["currency"])?.trim().toUpperCase(),
      order: text(fields["orderId"]),
      value: units(amounts.orderValue),
      term: text(fields["searchTerm"])?.trim().toLowerCase(),
      results: amounts.numberOfResults,
    }),
  };
}

/** The facts of signals, by time. */
export function factsOf(signals: Iterable<Signal>): Fact[] {
  const facts = [...signals].map((signal) => (signal.table === "marketing_signals" ? marketingFact(signal) : behaviorFact(signal)));
  return facts.sort(inTime);
}
