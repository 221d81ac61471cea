/** The campaigns of the sample shop and their messages, as data. The revenue that clicks bring is made so that some clearly do better. */
import type { ExportHeader } from "../../schemas/export-columns.ts";
import type { Channel } from "../../schemas/signal-types.ts";

/** Cells of a row by header. What is absent is null. */
export type Cells<H extends string = ExportHeader> = { readonly [Header in H]?: string | undefined };

export interface Campaign {
  id: string;
  name: string;
  description: string;
  type: "SCHEDULED" | "TRIGGERED" | "MULTISTEP";
  /** The signal that triggers it; a segment enters where there is none. */
  entrySignal?: string;
  tags: string[];
  status: "RUNNING" | "COMPLETED";
}

export interface Message {
  id: string;
  name: string;
  channel: Channel;
  campaign: Campaign;
  /** How often it is sent, relative to the other messages of its channel. */
  reach: number;
  /** The same among the messages that were clicked. */
  pull: number;
  links: string[];
  /** The message columns that do not change from send to send. */
  cells: Cells;
}

const uuid = (kind: number, number: number) => `c0ffee0${kind}-5a3e-4b1c-9d2f-${String(number).padStart(12, "0")}`;

/** An id that stands for something outside of the data: the same for the same campaign. */
export const campaignUuid = (campaign: Campaign, kind: number) => uuid(kind, Number(campaign.id.slice(-4)));

function campaign(number: number, name: string, type: Campaign["type"], description: string, tags: string[], entrySignal?: string): Campaign {
  const entry = entrySignal === undefined ? {} : { entrySignal };
  return { id: uuid(1, number), name, description, type, tags, status: "RUNNING", ...entry };
}

const autumn = campaign(1, "Autumn Living 2025", "SCHEDULED", "The autumn collection for everyone who bought in the last two years", [
  "autumn",
  "collection",
]);
const desk = campaign(2, "Back to the Desk", "SCHEDULED", 'Home office: the "quiet desk" story,\nwith three products of the month', ["office"]);
const wien = campaign(3, "Wien-Eröffnung 🎉", "SCHEDULED", "Einladung zur Eröffnung in der Mariahilfer Straße (nur Österreich)", [
  "store",
  "österreich",
]);
const flash = campaign(4, "Flash Friday: Lamps", "SCHEDULED", "48 hours, 20 % off all lamps", ["flash", "lamps"]);
const welcome = campaign(
  5,
  "Welcome Series",
  "MULTISTEP",
  "Greets new contacts and asks for their taste",
  ["welcome", "always on"],
  "identification",
);
const rescue = campaign(6, "Abandoned Cart Rescue", "TRIGGERED", "One hour after a cart was left", ["cart", "always on"], "cartAbandonment");
const thanks = campaign(7, "Order Follow-up", "TRIGGERED", "Thanks, care tips and what goes with it", ["service", "always on"], "order");

interface Draft {
  name: string;
  campaign: Campaign;
  reach: number;
  pull: number;
  cells: Cells;
}

const email = (subject: string, preHeader: string): Cells => ({
  EMAIL_SUBJECT: subject,
  EMAIL_PRE_HEADER: preHeader,
  EMAIL_FROM_ADDRESS: "hello@mail.fernhill.example",
  EMAIL_FROM_NAME: "Fernhill Home",
  EMAIL_REPLY_TO_ADDRESS: "service@fernhill.example",
  EMAIL_TAGS: '["newsletter"]',
  EMAIL_TRACKING_LEVEL: "unique",
  VMTA: "vmta-eu-17",
  VMTA_POOL: "marketing-eu",
  AUDIENCE_VARIABLES: '["First Name","Loyalty Tier"]',
});
const sms = (tags: string[], media: boolean): Cells => ({
  SMS_TAGS: JSON.stringify(tags),
  IS_MMS: String(media),
  INCLUDES_MEDIA: String(media),
  PLACEHOLDER_VARIABLES: '["shortLink"]',
});
const whatsApp = (template: string, body: string, category: string): Cells => ({
  WHATSAPP_MESSAGE_BODY: body,
  WHATSAPP_TAGS: '["whatsapp","service"]',
  WHATSAPP_TEMPLATE_CATEGORY: category,
  WHATSAPP_TEMPLATE_ID: template,
  WHATSAPP_TEMPLATE_NAME: template.replaceAll("-", "_"),
  WHATSAPP_TYPE: "Templated",
  INCLUDES_MEDIA: "true",
  PERSONALIZATION_VARIABLES: '["First Name"]',
});

const DRAFTS: Record<Channel, Draft[]> = {
  email: [
    {
      name: "Autumn lookbook",
      campaign: autumn,
      reach: 9,
      pull: 5,
      cells: email("Warm wood, soft light 🍂", "The autumn collection is here, and it smells of oak"),
    },
    {
      name: "Autumn last call",
      campaign: autumn,
      reach: 6,
      pull: 3,
      cells: email('Last call: "Autumn Living" ends on Sunday', "Free delivery, until midnight"),
    },
    { name: "Desk of the month", campaign: desk, reach: 6, pull: 2, cells: email("Your desk, but quiet", "Three things,\none calm afternoon") },
    {
      name: "Einladung Wien",
      campaign: wien,
      reach: 4,
      pull: 1,
      cells: email("Wir eröffnen in Wien – kommst du?", "Kaffee, Kuchen und größere Möbel"),
    },
    { name: "Welcome 1: hello", campaign: welcome, reach: 3, pull: 3, cells: email("Nice to meet you", "A small present is inside") },
    { name: "Welcome 2: your taste", campaign: welcome, reach: 2, pull: 1, cells: email("Oak or ash? 樫 or タモ?", "Two questions, thirty seconds") },
    {
      name: "Cart rescue e-mail",
      campaign: rescue,
      reach: 3,
      pull: 8,
      cells: { ...email("Still thinking it over?", "We kept your cart"), PRODUCT_VARIABLES: '["productName","unitPrice"]' },
    },
    {
      name: "Thank you",
      campaign: thanks,
      reach: 3,
      pull: 2,
      cells: { ...email("Thank you for your order", "And how to care for it"), REFERENCE_SET_VARIABLES: '["stores.openingHours"]' },
    },
  ],
  sms: [
    { name: "Flash Friday starts", campaign: flash, reach: 4, pull: 5, cells: sms(["flash", "lamps"], false) },
    { name: "Flash Friday, 3 hours left", campaign: flash, reach: 3, pull: 4, cells: sms(["flash", "reminder"], true) },
    { name: "Autumn SMS reminder", campaign: autumn, reach: 2, pull: 1, cells: sms(["autumn"], false) },
  ],
  whatsapp: [
    {
      name: "Cart rescue chat",
      campaign: rescue,
      reach: 2,
      pull: 5,
      cells: whatsApp("cart-rescue-2", 'Hi {{1}}, your cart says "hello" 👋\nShall we keep it until tomorrow?', "Marketing"),
    },
    {
      name: "Delivery update",
      campaign: thanks,
      reach: 3,
      pull: 1,
      cells: whatsApp("delivery-update-1", "Hi {{1}}, your order is on its way.\nTrack it here: {{2}}", "Transactional"),
    },
  ],
};

/** Every message, by channel. */
export const MESSAGES: Readonly<Record<Channel, readonly Message[]>> = {
  email: messages("email", 1),
  sms: messages("sms", 2),
  whatsapp: messages("whatsapp", 3),
};

function messages(channel: Channel, channelNumber: number): Message[] {
  return DRAFTS[channel].map((draft, index) => {
    const number = channelNumber * 100 + index + 1;
    const links = [1, 2, 3].map((link) => uuid(3, number * 10 + link));
    const cells: Cells = {
      MESSAGE_ID: uuid(2, number),
      MESSAGE_NAME: draft.name,
      MESSAGE_TAGS: JSON.stringify([channel, `reach-${draft.reach}`]),
      ...draft.cells,
    };
    return { ...draft, id: uuid(2, number), channel, links, cells };
  });
}
