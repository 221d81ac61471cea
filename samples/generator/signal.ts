/** A signal as the generator knows it: the facts, before they become a row. The truth is counted from here. */
import type { NULL_TEXT } from "../../schemas/kinds.ts";
import { type BehaviorType, type MarketingType, type SignalType, TYPE_NAMES } from "../../schemas/signal-types.ts";
import type { Message } from "./campaigns.ts";
import type { Contact } from "./contacts.ts";
import type { Product } from "./products.ts";

/** The signal types that the shop has no signals of, with the reason. */
export const NOT_SENT = {
  removedFromCart: "not on Connect's list of what it exports",
  loggedIn: "not on Connect's list of what it exports",
  accountRegistered: "not on Connect's list of what it exports",
} as const satisfies { readonly [T in SignalType]?: string };

/** All others: each is in any export that is not small. */
export type SentType = Exclude<SignalType, keyof typeof NOT_SENT>;
export type SentBehavior = BehaviorType & SentType;
export const SENT_TYPES = TYPE_NAMES.filter((type) => !Object.hasOwn(NOT_SENT, type)) as readonly SentType[];

interface Base {
  /** 0-based place among all signals of the seed; set when its block is complete. */
  row: number;
  /** SIGNAL_ID; empty for a few behavior signals. */
  id: string;
  /** When it happened, in milliseconds since 1970. */
  at: number;
  /** Absent for visitors whom nobody knows. */
  contact?: Contact;
  /** How this row writes null. */
  nullText: "" | typeof NULL_TEXT;
}

export interface Marketing extends Base {
  table: "marketing_signals";
  type: MarketingType & SentType;
  message: Message;
  linkId?: string;
  /** Why it is taken for a bot's; opens and clicks only. */
  botReason?: string;
  classification?: string;
  classificationCode?: string;
}

/** A visit to the shop. */
export interface Session {
  id: string;
  /** What led to it: the click, or the id of a message signal that no file has. */
  cause?: Marketing | string;
}

/** Content fields that hold an amount. */
export const AMOUNTS = [
  "itemQuantity",
  "unitPrice",
  "discount",
  "numberOfResults",
  "inventoryQuantity",
  "msrp",
  "productRating",
  "orderValue",
  "orderSubtotal",
  "orderShippingHandling",
  "orderTax",
  "orderDiscount",
] as const;

/** Amounts by content field, all in hundredths. */
export type Amounts = { [Field in (typeof AMOUNTS)[number]]?: number };

export interface Item {
  product: Product;
  /** In hundredths, as all amounts. */
  amounts: { itemQuantity: number; unitPrice: number; discount?: number };
}

/** The column whose time is the first that a behavior row has. */
export type Clock = "SIGNAL_TIMESTAMP" | "signalTimestamp" | "TIMESTAMP" | "RECEIVED_TIMESTAMP" | "OBSERVED_TIMESTAMP";

export interface Behavior extends Base {
  table: "behavior_signals";
  type: SentBehavior;
  session: Session;
  name: string;
  description: string | undefined;
  screen: string;
  /** SIGNAL_GROUP. */
  group: string;
  effect: "positive" | "negative";
  /** Content fields that hold no amount. */
  fields: Record<string, unknown>;
  amounts: Amounts;
  /** The items of an order. */
  items: Item[];
  clock: Clock;
  form: Form;
}

export type Signal = Marketing | Behavior;

/** How a sender writes SIGNAL_CONTENT. */
export type Form = keyof typeof FORMS;

interface FormFacts {
  /** Fields that the schema does not know, under the names that drift gives them. */
  unknown?: readonly string[];
  /** Fields whose value fits no number; of these, a signal has those that it has at all. */
  unfit?: readonly (keyof Amounts)[];
  /** The signal types for which the form makes sense; all where it is absent. */
  types?: readonly SentBehavior[];
}

const PRODUCT_TYPES = ["addToCart", "productView", "productConfiguration"] as const;

/**
 * The ways of writing SIGNAL_CONTENT that senders of different generations have. Nearly all rows are "flat".
 * Sources: the vendor's signal pages, older wordings of them, and the payloads of its SDK samples; see docs/domain.md.
 */
const FORMS = {
  flat: {},
  /** Indented JSON: a cell with line ends. */
  indented: {},
  /** `{signalContent, audience}`, as the mobile SDKs send it. */
  nested: {},
  /** `{signal: {appKey, identifiableAttributes, signalContent, sessionId}}`, as it is imported. */
  envelope: {},
  /** `{data: {value}}`, as iOS sends it. */
  wire: {},
  /** quantity, price, productUrl, orderShip, orderCurrency, orderTotal, behaviorType. */
  oldNames: { types: [...PRODUCT_TYPES, "order"] },
  /** Numbers as texts: "5.99". */
  quotedNumbers: { types: [...PRODUCT_TYPES, "order", "onSiteSearch"] },
  /** A discount of "10%". */
  percent: { types: ["addToCart", "productView", "order"], unfit: ["discount", "orderDiscount"] },
  lowerCaseType: {},
  /** The column SIGNAL_TYPE is empty: only the content tells the type. */
  typeInContent: {},
  customField: { unknown: ["abTestVariant"] },
  /** An integer that no double holds. */
  longInteger: { unknown: ["loyaltyCardNumber"] },
  itemField: { types: ["order"], unknown: ["orderedItems[].giftWrap"] },
} as const satisfies Record<string, FormFacts>;

/** The forms that a signal of a type can have, other than flat. */
export function oddForms(type: SentBehavior): Form[] {
  const names = Object.keys(FORMS) as Form[];
  return names.filter((name) => name !== "flat" && ((FORMS[name] as FormFacts).types?.includes(type) ?? true));
}

/** The fields that the schema does not know in a signal's content. */
export const unknownFields = ({ form }: Behavior): readonly string[] => (FORMS[form] as FormFacts).unknown ?? [];

/** The fields in a signal's content whose value fits no number, so that their column is null. */
export const unfitFields = ({ form, amounts }: Behavior): (keyof Amounts)[] =>
  ((FORMS[form] as FormFacts).unfit ?? []).filter((field) => amounts[field] !== undefined);
