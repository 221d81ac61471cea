import { describe, expect, test } from "vitest";
import { knownSignalType, LEGACY_BEHAVIOR_TYPES, LISTED_TYPES, placementOf, SIGNAL_TYPES, type SignalType } from "../../schemas/signal-types.ts";

/** As the vendor's page "Export signals from Connect" lists them. */
const BEHAVIOR =
  "addToCart browseAbandonment cartAbandonment error identification onSiteSearch order pageView productConfiguration productView richMediaInteraction";
const MARKETING = {
  email: "emailClick emailDelivery emailFailure emailInbound emailOpen emailSend",
  sms: "smsClick smsDelivery smsFailure smsInbound smsSend",
  whatsapp: "whatsAppClick whatsAppDelivery whatsAppFailure whatsAppInbound whatsAppOpen whatsAppSend",
};

test("those that are listed are the 28 of the vendor's page", () => {
  const documented = [BEHAVIOR, ...Object.values(MARKETING)].flatMap((types) => types.split(" "));
  expect(documented).toHaveLength(28);
  expect(LISTED_TYPES.toSorted()).toEqual(documented.toSorted());
});

test("three more are known, which are behavior unless CATEGORY says otherwise", () => {
  const more = Object.keys(SIGNAL_TYPES).filter((type) => !(LISTED_TYPES as readonly string[]).includes(type));
  expect(more).toEqual(["removedFromCart", "loggedIn", "accountRegistered"]);
  for (const type of more) {
    for (const category of [undefined, "", "Behavior", "other"]) expect(placementOf(type, category)).toMatchObject({ table: "behavior_signals" });
    expect(placementOf(type, "Marketing")).toEqual({ table: "marketing_signals", channel: undefined, action: undefined });
  }
});

test("each has its table, its channel and action, and a view of its own", () => {
  for (const type of BEHAVIOR.split(" ")) expect(placementOf(type, null)).toMatchObject({ table: "behavior_signals" });
  for (const [channel, types] of Object.entries(MARKETING)) {
    for (const type of types.split(" ")) {
      const action = type.slice(channel.length).toLowerCase();
      expect(placementOf(type, null)).toMatchObject({ table: "marketing_signals", channel, action });
    }
  }
  const views = Object.values(SIGNAL_TYPES).map(({ view }) => view);
  expect(views).toHaveLength(31);
  expect(new Set(views).size).toBe(views.length);
  expect(views.filter((view) => !/^[a-z]+(_[a-z]+)*s$/.test(view))).toEqual([]);
});

test.each<[string, SignalType | undefined]>([
  ["pageview", "pageView"],
  ["PAGEVIEW", "pageView"],
  ["WHATSAPPCLICK", "whatsAppClick"],
  ["emailclick", "emailClick"],
  ["constructor", undefined],
  ["__proto__", undefined],
  ["", undefined],
  ["pageViews", undefined],
  ["removedfromcart", "removedFromCart"],
])("%j is spelled %s", (name, type) => {
  expect(knownSignalType(name)).toBe(type);
});

test("a legacy behavior type is looked up by its name only", () => {
  expect(LEGACY_BEHAVIOR_TYPES.get("orderconfirmation")).toBe("order");
  expect(LEGACY_BEHAVIOR_TYPES.get("constructor")).toBeUndefined();
});

describe("a type that is new to us goes by CATEGORY, else by the shape of its name", () => {
  const behavior = { table: "behavior_signals" };
  const marketing = (channel?: string, action?: string) => ({ table: "marketing_signals", channel, action });
  test.each([
    ["productPurchase", "Behavior", behavior],
    ["formSubmit", undefined, behavior],
    ["pushClick", "behavior", behavior],
    ["pushClick", "Marketing", marketing("push", "click")],
    ["pushClick", undefined, marketing("push", "click")],
    ["pushClick", "", marketing("push", "click")],
    ["PUSH_OPEN", null, marketing("push", "open")],
    ["webPushDelivery", "Something else", marketing("webpush", "delivery")],
    ["levitation", "MARKETING", marketing()],
    ["click", undefined, behavior],
    ["clickSomething", undefined, behavior],
    ["constructor", undefined, behavior],
  ])("%s with CATEGORY %j", (type, category, expected) => {
    expect(placementOf(type, category)).toEqual(expected);
  });

  test("and CATEGORY does not move a listed one", () => {
    expect(placementOf("order", "Marketing")).toMatchObject(behavior);
    expect(placementOf("emailOpen", "Behavior")).toMatchObject({ table: "marketing_signals" });
  });
});
