/** Contacts and messages as a tangled series has them beside the plain ones: with less to know them by, under other names, followed less closely. */
import { type Message, MESSAGES } from "./campaigns.ts";
import { type Contact, contactOf } from "./contacts.ts";

/** The same contact, of whom a row shows the e-mail address only, as its owner typed it. */
export function byMail(contact: Contact): Contact {
  const { customerId: _, cells, ...rest } = contact;
  const { "Customer ID": _id, "Phone Number": _phone, ...known } = cells;
  return { ...rest, cells: { ...known, Email: `  ${cells["Email"]?.toUpperCase() ?? ""} ` } };
}

/** A contact of a tangled series: some share a mailbox with their neighbour, of some nobody knows more than an e-mail address. */
export function tangledContact(seed: number, number: number): Contact {
  const contact = contactOf(seed, number);
  if (number % 11 === 10) return byMail(contact);
  if (number % 9 !== 8) return contact;
  return { ...contact, cells: { ...contact.cells, Email: contactOf(seed, number - 1).cells["Email"] } };
}

const NEW_NAMES = new WeakMap<Message, Message>();

/** A message under the later name of its campaign, where it gets one; the names of some messages change, too. */
export function renamed(message: Message): Message {
  const { campaign } = message;
  if (Number(campaign.id.slice(-1)) % 2 === 0) return message;
  let later = NEW_NAMES.get(message);
  if (!later) {
    const cells = { ...message.cells, MESSAGE_NAME: `${message.name} – zweite Fassung` };
    later = { ...message, campaign: { ...campaign, name: `${campaign.name}, extended` }, ...(message.reach > 3 && { cells }) };
    NEW_NAMES.set(message, later);
  }
  return later;
}

/** A message that is like the first one of its channel, but is followed less closely. */
function tracked(level: "opens_only" | "no_tracking", number: number): Message {
  const like = MESSAGES.email[0] as Message;
  const id = `${like.id.slice(0, -3)}${number}`;
  return { ...like, id, name: level, cells: { ...like.cells, MESSAGE_ID: id, MESSAGE_NAME: `Lookbook, ${level}`, EMAIL_TRACKING_LEVEL: level } };
}
export const OPENS_ONLY = tracked("opens_only", 191);
export const NO_TRACKING = tracked("no_tracking", 192);
