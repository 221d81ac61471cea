/**
 * The fields of SIGNAL_CONTENT, as data: one entry a field is the one place to add a field.
 * Sources: the vendor's signal pages, its SDK samples and older wordings of both; see docs/domain.md for how far to trust each.
 * A field fills its column in every behavior signal that carries it; `types` says for which signal types it is documented.
 */
import type { Kind } from "./kinds.ts";
import { BEHAVIOR_TYPES, type BehaviorType } from "./signal-types.ts";

export interface ContentField {
  kind: Kind;
  /** What its values say, without `values` and where they come from. */
  about: string;
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
  effect: { kind: "text", about: "What the signal means for the sender's business.", types: ALL, values: ["positive", "negative", "neutral"] },
  productId: { kind: "text", about: "Id of the product.", types: PRICED },
  productName: { kind: "text", about: "Name of the product.", types: PRICED },
  itemQuantity: { kind: "decimal", about: "How many pieces of the product.", types: [...CART, "cartAbandonment"], aliases: ["quantity"] },
  unitPrice: {
    kind: "decimal",
    about: "Price of one piece, in currency.",
    types: PRICED,
    aliasesByType: { addToCart: ["price"], removedFromCart: ["price"], productView: ["price"], productConfiguration: ["price"] },
  },
  currency: {
    kind: "text",
    about: "Currency of the amounts, as an ISO 4217 code such as EUR.",
    types: [...PRICED, "order"],
    aliasesByType: { order: ["orderCurrency"] },
  },
  discount: { kind: "decimal", about: "Amount off the price, in currency.", types: PRICED },
  productCategory: { kind: "text", about: "Category of the product, a free text.", types: PRICED },
  productDescription: { kind: "text", about: "Description of the product.", types: PRODUCT },
  productUrls: { kind: "texts", about: "Addresses of the product's pages.", types: PRODUCT, aliases: ["productUrl"] },
  imageUrls: { kind: "texts", about: "Addresses of the product's pictures.", types: PRODUCT, aliases: ["productImageUrl"] },
  shoppingCartUrl: { kind: "text", about: "Address of the cart.", types: [...CART, "productView"] },
  promotionId: { kind: "text", about: "Id of the promotion.", types: CART },

  errorType: { kind: "text", about: "Whose the error is, in lower case.", types: ["error"], letterCase: "lower", values: ["user", "application"] },
  errorIdentifier: { kind: "text", about: "Id of the error.", types: ["error"] },
  errorText: { kind: "text", about: "Message of the error.", types: ["error"] },

  identifierName: {
    kind: "text",
    about: "What identifies the contact, for example `email` or an attribute's name.",
    types: [...IDENTIFYING, "pageView"],
  },
  identifierValue: { kind: "text", about: "The value that identifies the contact: personal data.", types: [...IDENTIFYING, "pageView"] },
  identificationFromLogin: { kind: "boolean", about: "Whether the contact is known from a login.", types: IDENTIFYING },
  loginMethod: { kind: "text", about: "How the contact logged in.", types: IDENTIFYING },
  registrationMethod: { kind: "text", about: "How the contact registered.", types: IDENTIFYING },
  optIn: { kind: "boolean", about: "Whether the contact opted in with it.", types: IDENTIFYING },

  searchTerm: { kind: "text", about: "What was searched for on the site.", types: ["onSiteSearch"] },
  numberOfResults: { kind: "decimal", about: "How many results the search had.", types: ["onSiteSearch"] },

  orderId: { kind: "text", about: "Number of the order.", types: ["order"] },
  orderValue: { kind: "decimal", about: "Total of the order, in currency.", types: ["order"], aliasesByType: { order: ["orderTotal", "price"] } },
  orderSubtotal: { kind: "decimal", about: "Subtotal of the order, in currency.", types: ["order"] },
  orderShippingHandling: { kind: "decimal", about: "Shipping and handling of the order, in currency.", types: ["order"], aliases: ["orderShip"] },
  orderTax: { kind: "decimal", about: "Tax of the order, in currency.", types: ["order"] },
  orderDiscount: { kind: "decimal", about: "Discount on the order, in currency.", types: ["order"] },

  url: {
    kind: "text",
    about: "Address of the page, screen or media.",
    types: ["error", ...IDENTIFYING, "pageView", "productView", "richMediaInteraction"],
  },
  pageCategory: { kind: "text", about: "Category of the page, a free text.", types: ["pageView", "productView"] },
  pageTitle: { kind: "text", about: "Title of the page.", types: ["pageView"] },
  pageGroup: { kind: "text", about: "Group that the page belongs to.", types: ["pageView"] },

  configurationType: { kind: "text", about: "What was configured of the product, for example the color.", types: ["productConfiguration"] },
  actionState: { kind: "text", about: "The value that was chosen.", types: ["productConfiguration"] },
  inventoryQuantity: { kind: "decimal", about: "Pieces in stock.", types: ["productConfiguration", "productView"] },

  availability: { kind: "text", about: "Whether the product can be had, a free text.", types: ["productView"] },
  brandName: { kind: "text", about: "Name of the brand.", types: [...CART, "productView"] },
  brandDescription: { kind: "text", about: "Description of the brand.", types: ["productView"] },
  sku: { kind: "text", about: "Stock keeping unit of the product.", types: ["productView"], aliases: ["SKU"] },
  productStatus: { kind: "text", about: "Status of the product, a free text.", types: ["productView"] },
  model: { kind: "text", about: "Model of the product.", types: ["productView"] },
  msrp: { kind: "decimal", about: "Price that the manufacturer suggests, in currency.", types: ["productView"], aliases: ["MSRP"] },
  productRating: { kind: "decimal", about: "Rating of the product, on the sender's own scale.", types: ["productView"] },
  virtualCategory: { kind: "text", about: "Virtual category of the product.", types: ["productView"] },
  dateAdded: { kind: "text", about: "When the product was added to the sender's catalog, as sent.", types: ["productView"] },
  categories: { kind: "json", about: "Categories of the product, as sent.", types: ["productView"] },
  attributes: { kind: "json", about: "Attributes of the product, as sent.", types: ["productView"] },
  additionalAttributes: { kind: "json", about: "Further attributes of the product, as sent.", types: ["productView"] },

  mediaId: { kind: "text", about: "Id of the media, often its address.", types: ["richMediaInteraction"] },
  mediaName: { kind: "text", about: "Name of the media.", types: ["richMediaInteraction"] },
  mediaCategory: { kind: "text", about: "Category of the media, for example video.", types: ["richMediaInteraction"] },
  interactionType: {
    kind: "text",
    about: "What was done with the media, in upper case.",
    types: ["richMediaInteraction"],
    letterCase: "upper",
    values: ["LOAD", "LAUNCH", "PAUSE", "CONTINUE", "COMPLETE", "STOP", "ENLARGE"],
  },

  signalCustomAttributes: { kind: "json", about: "The sender's own attributes of the signal, as sent.", types: ALL },
  audience: { kind: "json", about: "Contact attributes that came with the signal: personal data.", types: ALL },
  consent: { kind: "json", about: "Consent that came with the signal.", types: ALL },
  sessionId: { kind: "text", about: "Id of the session, as the payload or its envelope has it.", types: ALL, aliases: ["session_id"] },
  /** A signal that was sent to try something: no view has it. */
  isTest: {
    kind: "boolean",
    about: "Whether the signal was sent to try something; null where nothing is said. No view has signals for which it is true.",
    types: ALL,
    aliases: ["test"],
  },
} as const satisfies Record<string, ContentField>;

/** The names under which a signal type's senders write a field: its own first. */
export function namesOf(name: string, { aliases = [], aliasesByType = {} }: Pick<ContentField, "aliases" | "aliasesByType">, type: string): string[] {
  return [name, ...aliases, ...(aliasesByType[type as BehaviorType] ?? [])];
}

/** Columns of order_items by the field of an ordered item that fills them. */
export const ITEM_FIELDS = {
  productId: { kind: "text", about: "Id of the product." },
  productName: { kind: "text", about: "Name of the product." },
  itemQuantity: { kind: "decimal", about: "How many pieces of the product.", aliases: ["quantity"] },
  unitPrice: {
    kind: "decimal",
    about: "Price of one piece, in currency. A line's total is not sent: it is item_quantity times unit_price.",
    aliases: ["price"],
  },
  currency: { kind: "text", about: "Currency of the item's amounts, as an ISO 4217 code such as EUR." },
  discount: { kind: "decimal", about: "Amount off the price, in currency." },
  productCategory: { kind: "text", about: "Category of the product, a free text." },
} as const satisfies Record<string, Pick<ContentField, "kind" | "about" | "aliases">>;

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

/** The names on the way. */
export const CONTENT_PATHS_NAMES: readonly string[] = [...new Set(CONTENT_PATHS.flat())];

/** Fields that hold contact attributes by their names. */
export const ATTRIBUTE_FIELDS: readonly string[] = ["audience", ...ENVELOPE_FIELDS];
