/** Whose a session is: the only contact of those of its signals that know one. */
import { withContact } from "./contact.ts";
import type { KeptMart, MartContext } from "./mart.ts";

export const SESSION_CONTACTS: KeptMart = {
  name: "session_contacts",
  about: "Sessions in which a signal says who it is, each with its contact.",
  columns: {
    tltsid: { type: "VARCHAR", about: "The session." },
    contact_id: { type: "VARCHAR", about: "The only contact that its signals name; NULL where they name several." },
    is_shared: { type: "BOOLEAN", about: "Whether they name several." },
  },
};

/** SQL that gives the sessions of behavior signals with the contacts that their own keys say. @param from those signals, as SQL that gives them */
export function sessionPairsSql(context: MartContext, from = "behavior_signals"): string {
  return `SELECT DISTINCT tltsid, known_contact AS contact_id FROM ${withContact(context, "behavior_signals", from)}
    WHERE tltsid IS NOT NULL AND is_test IS NOT TRUE AND known_contact IS NOT NULL`;
}
