/** Who is behind each signal, by the four ways of knowing it. */
import type { Fact, Keys } from "./fact.ts";

export type Via = "primary" | "secondary" | "session" | "click";

export interface Person {
  contact: string;
  via: Via;
}

const addTo = <K, V>(sets: Map<K, Set<V>>, key: K, value: V): void => void (sets.get(key) ?? sets.set(key, new Set()).get(key))?.add(value);

/** The only member of a set. */
const only = <T>(set: ReadonlySet<T> | undefined): T | undefined => (set?.size === 1 ? [...set][0] : undefined);

/** All that signals tell about who is who. */
export class People {
  readonly #primaries = new Map<string, Set<string>>();
  readonly #sessions = new Map<string, Set<string>>();
  readonly #messages = new Map<string, string>();

  constructor(facts: readonly Fact[]) {
    for (const { keys } of facts) if (keys.primary !== undefined) for (const alias of keys.aliases) addTo(this.#primaries, alias, keys.primary);
    for (const fact of facts) {
      const contact = this.named(fact.keys)?.contact;
      if (contact === undefined) continue;
      if (fact.table === "marketing_signals") this.#messages.set(fact.key, contact);
      else if (fact.session !== undefined) addTo(this.#sessions, fact.session, contact);
    }
  }

  /** Aliases with the contact that has them, undefined where several have. */
  get aliases(): Map<string, string | undefined> {
    return new Map([...this.#primaries].map(([alias, contacts]) => [alias, only(contacts)]));
  }

  /** Sessions of exactly one contact, with it. */
  get sessions(): Map<string, string> {
    return new Map([...this.#sessions].flatMap(([session, contacts]) => (contacts.size === 1 ? [[session, only(contacts) as string]] : [])));
  }

  /** Whom a row names by its own keys. */
  named({ primary, aliases }: Keys): Person | undefined {
    if (primary !== undefined) return { contact: primary, via: "primary" };
    const known = aliases.map((alias) => only(this.#primaries.get(alias))).find((contact) => contact !== undefined);
    const contact = known ?? aliases.find((alias) => !this.#primaries.has(alias));
    return contact === undefined ? undefined : { contact, via: "secondary" };
  }

  /** Who is behind a signal. */
  of(fact: Fact): Person | undefined {
    const named = this.named(fact.keys);
    if (named || fact.table === "marketing_signals") return named;
    const bySession = fact.session === undefined ? undefined : only(this.#sessions.get(fact.session));
    if (bySession !== undefined) return { contact: bySession, via: "session" };
    const byClick = fact.cause === undefined ? undefined : this.#messages.get(fact.cause);
    return byClick === undefined ? undefined : { contact: byClick, via: "click" };
  }
}
