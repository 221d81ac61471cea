/**
 * The fields of SIGNAL_CONTENT, as data: one entry a field is the one place to add a field.
 * Sources: the vendor's signal pages, its SDK samples and older wordings of both; see docs/domain.md for how far to trust each.
 * A field fills its column in every behavior signal that carries it; `types` says for which signal types it is documented.
 */
import type { Kind } from "./kinds.ts";
import { BEHAVIOR_TYPES, type BehaviorType } from "./signal-types.ts";

export interface ContentField {
  kind: Kind;
  /** The signal types for which the field is documented: it appears in their views and TypeScript types. */
  types: readonly BehaviorType[];
  /** Other names under which senders of older generations write the field, for all signal types. */
  aliases?: readonly string[];
  /** The same, where a name means this field only in certain signal types. */
  aliasesByType?: Partial<Record<BehaviorType, readonly string[]>>;
  /** Spellings differ in case between senders: the column holds this one (signal_content keeps the original). */
  letterCase?: "upper" | "lower";
  values?: readonly string[];
}

const CART = ["addToCart", "removedFromCart"] as const;
const PRODUCT = [...CART, "productConfiguration", "productView"] as const;
const PRICED = [...PRODUCT, "cartAbandonment", "browseAbandonment"] as const;
const IDENTIFYING = ["identification", "loggedIn", "accountRegistered"] as const;
const ALL = BEHAVIOR_TYPES;

/** Columns of behavior_signals by the content field that fills them; the column is the field's name in snake_case. */
export const CONTENT_FIELDS = {
  effect: { kind: "text", types: ALL, values: ["positive", "negative", "neutral"] },
  productId: { kind: "text", types: PRICED },
  productName: { kind: "text", types: PRICED },
  itemQuantity: { kind: "decimal", types: [...CART, "cartAbandonment"], aliases: ["quantity"] },
  unitPrice: {
    kind: "decimal",
    types: PRICED,
    aliasesByType: { addToCart: ["price"], removedFromCart: ["price"], productView: ["price"], productConfiguration: ["price"] },
  },
  currency: { kind: "text", types: [...PRICED, "order"], aliasesByType: { order: ["orderCurrency"] } },
  discount: { kind: "decimal", types: PRICED },
  productCategory: { kind: "text", types: PRICED },
  productDescription: { kind: "text", types: PRODUCT },
  productUrls: { kind: "texts", types: PRODUCT, aliases: ["productUrl"] },
  imageUrls: { kind: "texts", types: PRODUCT, aliases: ["productImageUrl"] },
  shoppingCartUrl: { kind: "text", types: [...CART, "productView"] },
  promotionId: { kind: "text", types: CART },

  errorType: { kind: "text", types: ["error"], letterCase: "lower", values: ["user", "application"] },
  errorIdentifier: { kind: "text", types: ["error"] },
  errorText: { kind: "text", types: ["error"] },

  identifierName: { kind: "text", types: [...IDENTIFYING, "pageView"] },
  identifierValue: { kind: "text", types: [...IDENTIFYING, "pageView"] },
  identificationFromLogin: { kind: "boolean", types: IDENTIFYING },
  loginMethod: { kind: "text", types: IDENTIFYING },
  registrationMethod: { kind: "text", types: IDENTIFYING },
  optIn: { kind: "boolean", types: IDENTIFYING },

  searchTerm: { kind: "text", types: ["onSiteSearch"] },
  numberOfResults: { kind: "decimal", types: ["onSiteSearch"] },

  orderId: { kind: "text", types: ["order"] },
  orderValue: { kind: "decimal", types: ["order"], aliasesByType: { order: ["orderTotal", "price"] } },
  orderSubtotal: { kind: "decimal", types: ["order"] },
  orderShippingHandling: { kind: "decimal", types: ["order"], aliases: ["orderShip"] },
  orderTax: { kind: "decimal", types: ["order"] },
  orderDiscount: { kind: "decimal", types: ["order"] },

  url: { kind: "text", types: ["error", ...IDENTIFYING, "pageView", "productView", "richMediaInteraction"] },
  pageCategory: { kind: "text", types: ["pageView", "productView"] },
  pageTitle: { kind: "text", types: ["pageView"] },
  pageGroup: { kind: "text", types: ["pageView"] },

  configurationType: { kind: "text", types: ["productConfiguration"] },
  actionState: { kind: "text", types: ["productConfiguration"] },
  inventoryQuantity: { kind: "decimal", types: ["productConfiguration", "productView"] },

  availability: { kind: "text", types: ["productView"] },
  brandName: { kind: "text", types: [...CART, "productView"] },
  brandDescription: { kind: "text", types: ["productView"] },
  sku: { kind: "text", types: ["productView"], aliases: ["SKU"] },
  productStatus: { kind: "text", types: ["productView"] },
  model: { kind: "text", types: ["productView"] },
  msrp: { kind: "decimal", types: ["productView"], aliases: ["MSRP"] },
  productRating: { kind: "decimal", types: ["productView"] },
  virtualCategory: { kind: "text", types: ["productView"] },
  dateAdded: { kind: "text", types: ["productView"] },
  categories: { kind: "json", types: ["productView"] },
  attributes: { kind: "json", types: ["productView"] },
  additionalAttributes: { kind: "json", types: ["productView"] },

  mediaId: { kind: "text", types: ["richMediaInteraction"] },
  mediaName: { kind: "text", types: ["richMediaInteraction"] },
  mediaCategory: { kind: "text", types: ["richMediaInteraction"] },
  interactionType: {
    kind: "text",
    types: ["richMediaInteraction"],
    letterCase: "upper",
    values: ["LOAD", "LAUNCH", "PAUSE", "CONTINUE", "COMPLETE", "STOP", "ENLARGE"],
  },

  signalCustomAttributes: { kind: "json", types: ALL },
  audience: { kind: "json", types: ALL },
  consent: { kind: "json", types: ALL },
  sessionId: { kind: "text", types: ALL, aliases: ["session_id"] },
  /** A signal that was sent to try something: no view has it. */
  isTest: { kind: "boolean", types: ALL, aliases: ["test"] },
} as const satisfies Record<string, ContentField>;

/** The names under which a signal type's senders write a field: its own first. */
export function namesOf(name: string, { aliases = [], aliasesByType = {} }: Pick<ContentField, "aliases" | "aliasesByType">, type: string): string[] {
  return [name, ...aliases, ...(aliasesByType[type as BehaviorType] ?? [])];
}

/** Columns of order_items by the field of an ordered item that fills them. */
export const ITEM_FIELDS = {
  productId: { kind: "text" },
  productName: { kind: "text" },
  itemQuantity: { kind: "decimal", aliases: ["quantity"] },
  unitPrice: { kind: "decimal", aliases: ["price"] },
  currency: { kind: "text" },
  discount: { kind: "decimal" },
  productCategory: { kind: "text" },
} as const satisfies Record<string, { kind: Kind; aliases?: readonly string[] }>;

/** The field of an order that lists its items. They become rows of order_items. */
export const ITEMS_FIELD = "orderedItems";

/**
 * Content fields that say again what a fixed column says. They fill that column where it is empty; signal_content keeps them in any case.
 */
export const MIRRORED_FIELDS = {
  signalType: "SIGNAL_TYPE",
  behaviorType: "SIGNAL_TYPE",
  category: "CATEGORY",
  name: "NAME",
  description: "DESCRIPTION",
  signalTimestamp: "SIGNAL_TIMESTAMP",
  appKey: "ACOUSTIC_APP_KEY",
} as const;

/** Fields of the envelopes that have no column: they go to `extra` and are no drift. */
export const ENVELOPE_FIELDS: readonly string[] = ["identifiableAttributes"];

/**
 * Where the payload sits inside SIGNAL_CONTENT: by path, the last that is there counts; the empty path is the flat form.
 * The other keys on the way (audience, consent, appKey, the fields of a typed envelope, …) are read as fields of the payload too.
 */
export const CONTENT_PATHS = [
  [],
  ["signalContent"],
  ["signal"],
  ["signal", "signalContent"],
  ["signal", "data", "value"],
  ["signal", "data", "value", "signalContent"],
  ["data", "value"],
  ["data", "value", "signalContent"],
] as const satisfies readonly (readonly string[])[];
