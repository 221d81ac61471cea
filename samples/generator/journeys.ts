/** What happens to one contact: a message is sent, perhaps read, perhaps clicked, and a visit to the shop may follow. */
import { NULL_TEXT } from "../../schemas/kinds.ts";
import { type Action, type Channel, SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { type Message, MESSAGES } from "./campaigns.ts";
import type { Contact } from "./contacts.ts";
import type { Random } from "./random.ts";
import type { Marketing, Signal } from "./signal.ts";
import { visit, type VisitPlan } from "./visits.ts";

type Outcome = "ignored" | "opened" | "browsed" | "bought" | "bots" | "failed" | "answered";

/** A journey: a message and how it ends, or a visit that no message of ours caused. */
type Journey = { channel: Channel; outcome: Outcome } | { channel: "none" | "unknown message"; plan: VisitPlan };

/** How often each journey comes. All journeys of the deck together show every signal type, about half of them behavior. */
const SHARES: readonly (readonly [times: number, journey: Journey])[] = [
  [18, { channel: "email", outcome: "ignored" }],
  [8, { channel: "email", outcome: "opened" }],
  [4, { channel: "email", outcome: "browsed" }],
  [3, { channel: "email", outcome: "bought" }],
  [2, { channel: "email", outcome: "bots" }],
  [2, { channel: "email", outcome: "failed" }],
  [1, { channel: "email", outcome: "answered" }],
  [4, { channel: "sms", outcome: "ignored" }],
  [1, { channel: "sms", outcome: "browsed" }],
  [1, { channel: "sms", outcome: "bought" }],
  [1, { channel: "sms", outcome: "bots" }],
  [1, { channel: "sms", outcome: "failed" }],
  [1, { channel: "sms", outcome: "answered" }],
  [2, { channel: "whatsapp", outcome: "ignored" }],
  [2, { channel: "whatsapp", outcome: "opened" }],
  [1, { channel: "whatsapp", outcome: "browsed" }],
  [1, { channel: "whatsapp", outcome: "bought" }],
  [1, { channel: "whatsapp", outcome: "failed" }],
  [1, { channel: "whatsapp", outcome: "answered" }],
  [5, { channel: "none", plan: "browse" }],
  [2, { channel: "none", plan: "fillCart" }],
  [1, { channel: "none", plan: "buy" }],
  [1, { channel: "unknown message", plan: "buy" }],
];

/** Every journey as often as it is to come. */
export const DECK: readonly Journey[] = SHARES.flatMap(([times, journey]) => Array.from({ length: times }, () => journey));

const REACHED = weighted("reach");
const CLICKED = weighted("pull");

function weighted(weight: "reach" | "pull"): Record<Channel, Message[]> {
  const repeat = (channel: Channel) => MESSAGES[channel].flatMap((message) => Array.from({ length: message[weight] }, () => message));
  return { email: repeat("email"), sms: repeat("sms"), whatsapp: repeat("whatsapp") };
}

/** A signal of a message; its block gives it its number and its id. */
export function messageSignal(action: Action, message: Message, contact: Contact | undefined, at: number, random: Random): Marketing {
  const type = TYPES.get(`${message.channel} ${action}`);
  if (!type) throw new Error(`There is no ${action} in ${message.channel}`);
  const who = contact ? { contact } : {};
  return { table: "marketing_signals", type, row: -1, id: "", at, ...who, nullText: random.chance(2) ? NULL_TEXT : "", message };
}

const TYPES = new Map(
  Object.entries(SIGNAL_TYPES).flatMap(([type, place]) =>
    "channel" in place ? [[`${place.channel} ${place.action}`, type as Marketing["type"]]] : [],
  ),
);

/**
 * The signals of a journey in the order in which they happen; each message signal stands before the visit that it leads to.
 * @param number tells the journey from every other one of the seed
 * @param at when it starts, in milliseconds since 1970
 */
export function signalsOf(journey: Journey, contact: Contact, number: number, at: number, random: Random): Signal[] {
  if (!("outcome" in journey)) {
    const cause = journey.channel === "unknown message" ? { cause: random.uuid(0xffff_0000_0000 + number) } : {};
    const known = random.chance(60) ? { contact } : {};
    return visit(journey.plan, { id: random.uuid(number), ...cause }, known, at, random);
  }
  const { channel, outcome } = journey;
  const clicked = outcome === "browsed" || outcome === "bought";
  const message = random.pick((clicked ? CLICKED : REACHED)[channel]);
  const signals: Signal[] = [];
  let time = at;

  const happens = (action: Action, delay: number, more: Partial<Marketing> = {}): Marketing => {
    time += delay;
    const signal: Marketing = { ...messageSignal(action, message, contact, time, random), ...more };
    signals.push(signal);
    return signal;
  };
  const opens = (more: Partial<Marketing> = {}) => (channel === "sms" ? undefined : happens("open", random.int(60_000, 1_200_000), more));

  happens("send", 0);
  if (outcome === "failed") {
    const [classification, classificationCode] = random.pick(FAILURES);
    happens("failure", random.int(500, 9_000), { classification, classificationCode });
    return signals;
  }
  happens("delivery", random.int(800, 5_000));
  switch (outcome) {
    case "ignored":
      break;
    case "opened":
      opens();
      break;
    case "answered":
      opens();
      happens("inbound", random.int(20_000, 600_000), {
        classification: random.pick(["UNSUBSCRIBE", "UNSUBSCRIBE", "ABUSE", "OTHER", "DOI_CONFIRM"]),
      });
      break;
    case "bots":
      if (channel === "email") happens("open", 400, { botReason: random.pick(["APPLE_MPP", "DELIVERY_OPEN_THRESHOLD"]) });
      for (const linkId of message.links)
        happens("click", random.int(40, 300), { linkId, botReason: random.pick(["CLICK_TIME_THRESHOLD", "USER_AGENT", "CLICK_COUNT_THRESHOLD"]) });
      break;
    default: {
      opens();
      const click = happens("click", random.int(3_000, 90_000), { linkId: random.pick(message.links) });
      const plan = outcome === "bought" ? "buy" : random.pick(["browse", "fillCart"] as const);
      signals.push(...visit(plan, { id: random.uuid(number), cause: click }, { contact }, time + random.int(900, 4_000), random));
    }
  }
  return signals;
}

const FAILURES = [
  ["PERMANENT", "BAD_RECIPIENT"],
  ["PERMANENT", "BAD_CONTENT"],
  ["TEMPORARY", "SYSTEM"],
  ["TEMPORARY", "RESTRICTION"],
] as const;
