/** Journeys that get into each other's way: what makes figures about contacts, sends and orders hard to get right. A tangled series has them among the plain ones. */
import type { Action } from "../../schemas/signal-types.ts";
import { type Message, MESSAGES } from "./campaigns.ts";
import type { Contact } from "./contacts.ts";
import { messageSignal } from "./journeys.ts";
import type { Random } from "./random.ts";
import type { Behavior, Marketing, Session, Signal } from "./signal.ts";
import { byMail, NO_TRACKING, OPENS_ONLY } from "./variants.ts";
import { visit, type VisitPlan } from "./visits.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a tangle is made of. */
export interface Plot {
  contact: Contact;
  /** Somebody else, or by chance the same. */
  other: Contact;
  /** Tells the tangle from every journey of the seed. */
  number: number;
  /** When it starts, in milliseconds since 1970. */
  at: number;
  random: Random;
}

/** The signals of a tangle, while it is made. */
class Scene {
  readonly signals: Signal[] = [];
  readonly contact: Contact;
  readonly other: Contact;
  readonly at: number;
  readonly random: Random;
  readonly #number: number;
  #sessions = 0;

  constructor({ contact, other, number, at, random }: Plot) {
    this.contact = contact;
    this.other = other;
    this.at = at;
    this.random = random;
    this.#number = number;
  }

  happens(action: Action, message: Message, at: number, more: Partial<Marketing> = {}, contact: Contact | undefined = this.contact): Marketing {
    const signal = { ...messageSignal(action, message, contact, at, this.random), ...more };
    this.signals.push(signal);
    return signal;
  }

  clicks(message: Message, at: number, contact = this.contact): Marketing {
    return this.happens("click", message, at, { linkId: this.random.pick(message.links) }, contact);
  }

  /** A send and its delivery. */
  reaches(message: Message, at: number, contact = this.contact): void {
    this.happens("send", message, at, {}, contact);
    this.happens("delivery", message, at + this.random.int(800, 5_000), {}, contact);
  }

  /** Sessions of a tangle have numbers far from each other, since orders are called by the last eight digits. */
  session(cause?: Marketing): Session {
    this.#sessions += 1;
    return { id: this.random.uuid(this.#number + this.#sessions * 0x0200_0000), ...(cause && { cause }) };
  }

  visits(plan: VisitPlan, at: number, visitor: { contact?: Contact }, session = this.session()): Behavior[] {
    const visited = visit(plan, session, visitor, at, this.random);
    this.signals.push(...visited);
    return visited;
  }

  /** Somebody says who they are, in a session that has begun. */
  identifies(session: readonly Behavior[], delay: number, identifierName: string, identifierValue: string | undefined): void {
    const [first] = session;
    if (!first) return;
    const fields = { identifierName, identifierValue, identificationFromLogin: true };
    const said = { type: "identification", name: "Login on account page", screen: "account", group: "session", form: "flat" } as const;
    this.signals.push({ ...first, ...said, at: first.at + delay, fields });
  }

  someMessage = (): Message => this.random.pick(MESSAGES[this.random.pick(["email", "email", "sms", "whatsapp"] as const)]);
}

const orderOf = (visited: readonly Behavior[]): Behavior | undefined => visited.find(({ type }) => type === "order");

/** What becomes of an order: the page is loaded again with other amounts, it is paid in francs, some of it is paid back. */
function afterwards(scene: Scene, visited: readonly Behavior[]): void {
  const { random } = scene;
  const order = orderOf(visited);
  if (!order) return;
  const value = order.amounts.orderValue ?? 0;
  if (random.chance(35)) order.fields = { ...order.fields, currency: random.pick(["CHF", " chf "]) };
  if (random.chance(40)) {
    const amounts = { ...order.amounts, orderValue: value - random.int(0, 900) };
    scene.signals.push({ ...order, amounts, at: order.at + random.int(40_000, 4 * MINUTE) });
  }
  if (random.chance(40)) {
    const { orderId, ...fields } = order.fields;
    const back = { ...fields, orderId: `R-${String(orderId)}` };
    const amounts = { orderValue: -random.int(1, value) };
    scene.signals.push({
      ...order,
      session: scene.session(),
      fields: back,
      amounts,
      items: [],
      form: "flat",
      at: order.at + random.int(HOUR, 9 * DAY),
    });
  }
}

const IDENTIFIERS: readonly (readonly [name: string, value: "Customer ID" | "Email" | "Phone Number"])[] = [
  ["Customer ID", "Customer ID"],
  ["customer_id", "Customer ID"],
  ["contactKey", "Customer ID"],
  ["e-mail", "Email"],
  ["EMAIL", "Email"],
  ["phone", "Phone Number"],
  ["Phone Number", "Phone Number"],
];

const PLOTS = {
  /** Several messages with several clicks each, bots before people, and an order that names none of them, or the first one. */
  courted(scene: Scene) {
    const { random, at } = scene;
    const clicks: Marketing[] = [];
    let time = at;
    for (let messages = random.int(2, 4); messages > 0; messages--) {
      const message = scene.someMessage();
      scene.reaches(message, time);
      if (random.chance(40)) scene.happens("click", message, time + 5_100, { linkId: message.links[0] as string, botReason: "USER_AGENT" });
      if (message.channel !== "sms") scene.happens("open", message, time + random.int(MINUTE, HOUR));
      for (let times = random.int(1, 3); times > 0; times--) clicks.push(scene.clicks(message, time + random.int(HOUR, 2 * DAY)));
      time += random.int(2 * HOUR, 3 * DAY);
    }
    const cause = random.chance(30) ? clicks[0] : undefined;
    afterwards(scene, scene.visits("buy", time + random.int(-DAY, 3 * DAY), { contact: scene.contact }, scene.session(cause)));
  },

  /** A cart is left, perhaps another one, and bought within a week, or later. */
  rescued(scene: Scene) {
    const { random, at, contact } = scene;
    scene.visits("fillCart", at, { contact });
    if (random.chance(40)) scene.visits("fillCart", at + random.int(DAY, 3 * DAY), { contact });
    const bought = at + random.int(4 * HOUR, 10 * DAY);
    scene.visits("buy", bought, { contact });
    if (random.chance(30)) scene.visits("buy", bought + random.int(HOUR, DAY), { contact });
  },

  /** All that is known is an e-mail address. */
  byMail(scene: Scene) {
    const { random, at } = scene;
    const contact = byMail(scene.contact);
    const message = random.pick(MESSAGES.email);
    scene.reaches(message, at, contact);
    scene.happens("open", message, at + 2 * MINUTE, {}, contact);
    const click = scene.clicks(message, at + 3 * MINUTE, contact);
    scene.visits(random.pick(["browse", "buy"] as const), at + 4 * MINUTE, random.chance(50) ? { contact } : {}, scene.session(click));
  },

  /** A session of somebody whom only an identification signal tells. */
  identified(scene: Scene) {
    const { random, at, contact } = scene;
    const [name, value] = random.pick(IDENTIFIERS);
    const visited = scene.visits(random.pick(["fillCart", "buy"] as const), at, {});
    scene.identifies(visited, 700, name, contact.cells[value]);
    afterwards(scene, visited);
  },

  /** A session of two people, which is nobody's. */
  together(scene: Scene) {
    const { random, at, contact, other } = scene;
    const click = random.chance(50) ? scene.clicks(scene.someMessage(), at) : undefined;
    const visited = scene.visits("buy", at + 20 * MINUTE, {}, scene.session(click));
    scene.identifies(visited, 700, "Customer ID", contact.customerId);
    scene.identifies(visited, 1_400, "Customer ID", other.customerId);
  },

  /** Only the page on which somebody landed knows the click. */
  landed(scene: Scene) {
    const { at, contact } = scene;
    const message = scene.someMessage();
    scene.reaches(message, at);
    const click = scene.clicks(message, at + HOUR);
    const visited = scene.visits("buy", at + HOUR + 3_000, { contact });
    for (const signal of visited.slice(0, 1)) signal.session = { ...signal.session, cause: click };
    afterwards(scene, visited);
  },

  /** The same message twice; what is told of it too early, just in time, late, or too late. */
  sentAgain(scene: Scene) {
    const { random, at } = scene;
    const message = random.pick(MESSAGES.email);
    const again = at + random.int(2 * HOUR, 4 * DAY);
    scene.happens("open", message, at - 6 * MINUTE);
    scene.happens("open", message, at - 2 * MINUTE);
    scene.reaches(message, at);
    scene.clicks(message, at + HOUR);
    scene.reaches(message, again);
    scene.happens("open", message, again - random.int(1, 9) * MINUTE);
    scene.clicks(message, again + HOUR);
    if (random.chance(20)) scene.happens("open", message, again + 89 * DAY);
    if (random.chance(20)) scene.clicks(message, again + 91 * DAY);
  },

  /** Messages that are followed less closely than others, whatever comes back. */
  untracked(scene: Scene) {
    const { random, at } = scene;
    const message = random.pick([OPENS_ONLY, NO_TRACKING]);
    scene.reaches(message, at);
    if (message === OPENS_ONLY) scene.happens("open", message, at + HOUR, random.chance(50) ? { botReason: "APPLE_MPP" } : {});
    if (random.chance(20)) scene.clicks(message, at + 2 * HOUR);
  },

  /** Signals without a send, and a failure that was none in the end, or one that came late. */
  stray(scene: Scene) {
    const { random, at } = scene;
    const message = scene.someMessage();
    switch (random.int(1, 4)) {
      case 1:
        scene.happens("delivery", message, at);
        scene.clicks(message, at + HOUR);
        scene.happens("click", message, at + HOUR, { linkId: message.links[1] as string, botReason: "USER_AGENT" });
        break;
      case 2:
        scene.happens("send", message, at);
        scene.happens("failure", message, at + 900, { classification: "TEMPORARY", classificationCode: "SYSTEM" });
        scene.happens("delivery", message, at + HOUR);
        break;
      case 3:
        scene.reaches(message, at);
        scene.happens("failure", message, at + HOUR, { classification: "PERMANENT", classificationCode: "BAD_RECIPIENT" });
        break;
      default:
        scene.reaches(message, at);
        scene.happens("inbound", message, at + HOUR, { classification: random.pick(["UNSUBSCRIBE", "ABUSE"]) });
    }
  },
} satisfies Record<string, (scene: Scene) => void>;

type Tangle = keyof typeof PLOTS;

/** Every tangle as often as it is to come among the journeys of a deck. */
export const TANGLES: readonly Tangle[] = [
  ...Array.from({ length: 3 }, (): Tangle => "courted"),
  ...Array.from({ length: 2 }, (): Tangle => "rescued"),
  "byMail",
  "byMail",
  "identified",
  "identified",
  "together",
  "landed",
  "sentAgain",
  "untracked",
  "untracked",
  "stray",
  "stray",
];

/** The signals of a tangle; each message signal stands before the visit that it leads to. It may last some days. */
export function tangleSignals(tangle: Tangle, plot: Plot): Signal[] {
  const scene = new Scene(plot);
  PLOTS[tangle](scene);
  return scene.signals;
}
