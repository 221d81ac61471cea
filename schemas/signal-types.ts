/** The signal types that are known, those first that Connect's page lists. */

export type Table = "marketing_signals" | "behavior_signals";
/** The channels of messages. */
export const CHANNELS = ["email", "sms", "whatsapp"] as const;
export type Channel = (typeof CHANNELS)[number];
export type Action = "send" | "delivery" | "open" | "click" | "failure" | "inbound";

// The view of a type is called as several of its signals are.
const behavior = (view: string) => ({ table: "behavior_signals", view }) as const;
const marketing = <C extends Channel, A extends Action>(view: string, channel: C, action: A) =>
  ({ table: "marketing_signals", view, channel, action }) as const;

/** The 28 that Connect says that it exports. Source: vendor page "Export signals from Connect", section "Signal types". */
const LISTED = {
  addToCart: behavior("add_to_carts"),
  browseAbandonment: behavior("browse_abandonments"),
  cartAbandonment: behavior("cart_abandonments"),
  error: behavior("errors"),
  identification: behavior("identifications"),
  onSiteSearch: behavior("on_site_searches"),
  order: behavior("orders"),
  pageView: behavior("page_views"),
  productConfiguration: behavior("product_configurations"),
  productView: behavior("product_views"),
  richMediaInteraction: behavior("rich_media_interactions"),
  emailSend: marketing("email_sends", "email", "send"),
  emailDelivery: marketing("email_deliveries", "email", "delivery"),
  emailOpen: marketing("email_opens", "email", "open"),
  emailClick: marketing("email_clicks", "email", "click"),
  emailFailure: marketing("email_failures", "email", "failure"),
  emailInbound: marketing("email_inbounds", "email", "inbound"),
  smsSend: marketing("sms_sends", "sms", "send"),
  smsDelivery: marketing("sms_deliveries", "sms", "delivery"),
  smsClick: marketing("sms_clicks", "sms", "click"),
  smsFailure: marketing("sms_failures", "sms", "failure"),
  smsInbound: marketing("sms_inbounds", "sms", "inbound"),
  whatsAppSend: marketing("whatsapp_sends", "whatsapp", "send"),
  whatsAppDelivery: marketing("whatsapp_deliveries", "whatsapp", "delivery"),
  whatsAppOpen: marketing("whatsapp_opens", "whatsapp", "open"),
  whatsAppClick: marketing("whatsapp_clicks", "whatsapp", "click"),
  whatsAppFailure: marketing("whatsapp_failures", "whatsapp", "failure"),
  whatsAppInbound: marketing("whatsapp_inbounds", "whatsapp", "inbound"),
} as const;

/** Each signal type, in Connect's spelling, with its table, its view and, for marketing, its channel and action. */
export const SIGNAL_TYPES = {
  ...LISTED,
  // Documented for web and apps; whether they are exported is on no page.
  removedFromCart: behavior("removed_from_carts"),
  loggedIn: behavior("log_ins"),
  accountRegistered: behavior("account_registrations"),
} as const;

export type SignalType = keyof typeof SIGNAL_TYPES;
export type ListedType = keyof typeof LISTED;
/** The types that Connect's page lists, in its order: what an export asks for unless it is told otherwise. */
export const LISTED_TYPES = Object.keys(LISTED) as readonly ListedType[];
/** All of them: the index of a type's name is its number, where it has one. */
export const TYPE_NAMES: readonly string[] = Object.keys(SIGNAL_TYPES);
export type BehaviorType = { [T in SignalType]: (typeof SIGNAL_TYPES)[T]["table"] extends "behavior_signals" ? T : never }[SignalType];
export type MarketingType = Exclude<SignalType, BehaviorType>;
/** The behavior types, in the order of the page. */
export const BEHAVIOR_TYPES = TYPE_NAMES.filter((type) => SIGNAL_TYPES[type as SignalType].table === "behavior_signals") as readonly BehaviorType[];

/** Values of the legacy content field behaviorType that mean a signal type of another name (domain: older SDK payloads). */
export const LEGACY_BEHAVIOR_TYPES: ReadonlyMap<string, SignalType> = new Map([["orderconfirmation", "order"]]);

const CANONICAL = new Map(Object.keys(SIGNAL_TYPES).map((type) => [type.toLowerCase(), type as SignalType]));

/** The known signal type that `name` spells, whatever its case; undefined where it is new to us. */
export function knownSignalType(name: string): SignalType | undefined {
  return CANONICAL.get(name.toLowerCase());
}

/** Where a signal goes: its table and, for marketing, channel and action (undefined where the name does not tell). */
export interface Placement {
  table: Table;
  channel?: string | undefined;
  action?: string | undefined;
}

const MARKETING_SHAPE = /^(\w+?)_?(send|delivery|open|click|failure|inbound)$/i;

/** Whether Connect's page lists a type, and so says what it is. */
export const isListed = (type: SignalType): boolean => Object.hasOwn(LISTED, type);

/** Where a signal of a type that is on no page of Connect's exports goes: by CATEGORY, else as the type is known, else by the shape of its name (`pushClick` is marketing). */
export function placementOf(type: string, category: string | null | undefined): Placement {
  const known = knownSignalType(type);
  if (known && (isListed(known) || category?.toLowerCase() !== "marketing")) return SIGNAL_TYPES[known];
  const shape = MARKETING_SHAPE.exec(type);
  const marketing = { table: "marketing_signals", channel: shape?.[1]?.toLowerCase(), action: shape?.[2]?.toLowerCase() } as const;
  switch (category?.toLowerCase()) {
    case "marketing":
      return marketing;
    case "behavior":
      return { table: "behavior_signals" };
    default:
      return shape ? marketing : { table: "behavior_signals" };
  }
}
