/** From a parsed SIGNAL_CONTENT to columns: unwrapping, field names of every generation, values that do not fit. */
import {
  CONTENT_FIELDS,
  CONTENT_PATHS,
  type ContentField,
  ENVELOPE_FIELDS,
  ITEM_FIELDS,
  ITEMS_FIELD,
  MIRRORED_FIELDS,
  namesOf,
} from "../schemas/content-fields.ts";
import { fitKind, type Fitted, type Kind, LongNumber, stringifyJson } from "../schemas/kinds.ts";
import { snakeCase } from "../schemas/names.ts";
import type { Drift, DriftReason, OrderItem } from "../schemas/record.ts";
import { knownSignalType, LEGACY_BEHAVIOR_TYPES } from "../schemas/signal-types.ts";

type JsonObject = Record<string, unknown>;

/** A payload that was found in SIGNAL_CONTENT: its own fields first, then those of the envelopes around it. */
export interface Payload {
  own: JsonObject;
  envelopes: JsonObject[];
}

/** Collects what fits no column, by the name that it came under. */
export class Leftovers {
  readonly #extra: JsonObject = Object.create(null) as JsonObject;
  readonly drift: Drift[] = [];
  #empty = true;

  /** Keeps a value. Where its name is taken already, it gets a number. */
  keep(name: string, value: unknown, reason?: DriftReason, field = name): void {
    let free = name;
    for (let number = 2; free in this.#extra; number += 1) free = `${name}_${number}`;
    this.#extra[free] = value;
    this.#empty = false;
    if (reason) this.drift.push({ field, reason });
  }

  /** What the column is to hold of a value. All that it does not say is kept. */
  settle<T>(fitted: Fitted<T> | undefined, name: string, value: unknown, field = name): T | undefined {
    if (!fitted) this.keep(name, value, "does not fit", field);
    else if (fitted.rounded) this.keep(name, value, "rounded", field);
    return fitted?.value;
  }

  /** JSON text of everything kept; undefined where that is nothing. */
  json(): string | undefined {
    return this.#empty ? undefined : stringifyJson(this.#extra);
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LongNumber);

/**
 * The payload inside a parsed SIGNAL_CONTENT: the innermost, so long as it or an envelope around it names a signal type.
 * Undefined where the content is no object. Content that is JSON inside a JSON text is the caller's to parse.
 */
export function unwrap(content: unknown): Payload | undefined {
  if (!isObject(content)) return undefined;
  const found = CONTENT_PATHS.map((path) => follow(content, path)).filter((payload) => payload !== undefined);
  return found.findLast((payload) => typeOf(payload) !== undefined) ?? found.at(-1);
}

function follow(content: JsonObject, path: readonly string[]): Payload | undefined {
  let own = content;
  const envelopes: JsonObject[] = [];
  for (const key of path) {
    const inner = Object.hasOwn(own, key) ? own[key] : undefined;
    if (!isObject(inner)) return undefined;
    const { [key]: _inner, ...envelope } = own;
    envelopes.unshift(envelope);
    own = inner;
  }
  return { own, envelopes };
}

/** The signal type that a payload or an envelope around it names, in Connect's spelling where it is known: the innermost counts. */
export function typeOf({ own, envelopes }: Payload): string | undefined {
  return [own, ...envelopes].map(typeNamedBy).find((type) => type !== undefined);
}

function typeNamedBy({ signalType, behaviorType }: JsonObject): string | undefined {
  const name = [signalType, behaviorType].find((value) => typeof value === "string" && value !== "");
  return typeof name === "string" ? (knownSignalType(name) ?? LEGACY_BEHAVIOR_TYPES.get(name.toLowerCase()) ?? name) : undefined;
}

export interface Target {
  column: string;
  kind: Kind;
  letterCase?: ContentField["letterCase"];
  /** 0 for the field's own name, more for aliases: the lowest that is there fills the column. */
  rank: number;
}

/** Which column a content field fills, for one signal type. */
export function targetsOf(type: string): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  for (const [name, field] of Object.entries<ContentField>(CONTENT_FIELDS)) {
    namesOf(name, field, type).forEach((alias, rank) =>
      targets.set(alias, { column: snakeCase(name), kind: field.kind, letterCase: field.letterCase, rank }),
    );
  }
  return targets;
}

/** Which column of order_items a field of an item fills. */
export const ITEM_TARGETS: ReadonlyMap<string, Target> = new Map(
  Object.entries<{ kind: Kind; aliases?: readonly string[] }>(ITEM_FIELDS).flatMap(([name, { kind, aliases = [] }]) =>
    [name, ...aliases].map((alias, rank) => [alias, { column: snakeCase(name), kind, rank }] as const),
  ),
);

const targetsByType = new Map<string, ReadonlyMap<string, Target>>();

function cachedTargets(type: string): ReadonlyMap<string, Target> {
  // Types that are new to us share one entry: the cache must not grow with the data.
  const key = knownSignalType(type) ?? "";
  let targets = targetsByType.get(key);
  if (!targets) targetsByType.set(key, (targets = targetsOf(key)));
  return targets;
}

/** What a behavior signal's payload says, by column. */
export interface ExpandedContent {
  columns: Record<string, unknown>;
  items?: OrderItem[];
}

/**
 * Spreads a payload over the columns of behavior_signals. What fits none is kept in `leftovers`.
 * The fields that only repeat a fixed column are left to the caller, see mirrored().
 */
export function expandContent(payload: Payload, type: string, leftovers: Leftovers): ExpandedContent {
  const expanded: ExpandedContent = { columns: {} };
  const filled = new Map<string, Claim>();
  const targets = cachedTargets(type);
  for (const fields of [payload.own, ...payload.envelopes]) {
    for (const [name, value] of Object.entries(fields)) {
      if (Object.hasOwn(MIRRORED_FIELDS, name)) continue;
      if (name === ITEMS_FIELD && type === "order" && expanded.items === undefined) {
        const items = itemsOf(value, leftovers.drift);
        if (items) expanded.items = items;
        else if (value !== null) leftovers.keep(name, value, "does not fit");
      } else if (ENVELOPE_FIELDS.includes(name)) leftovers.keep(name, value);
      else claim(filled, targets.get(name), name, value, leftovers);
    }
  }
  settle(filled, expanded.columns, leftovers);
  return expanded;
}

interface Claim {
  name: string;
  value: unknown;
  target: Target;
}

/** Gives a field's column to the first of its names that is there; another one goes to the leftovers. */
function claim(filled: Map<string, Claim>, target: Target | undefined, name: string, value: unknown, leftovers: Leftovers, prefix = ""): void {
  if (!target) return leftovers.keep(name, value, "unknown field", prefix + name);
  if (value === null) return;
  const other = filled.get(target.column);
  if (!other) {
    filled.set(target.column, { name, value, target });
    return;
  }
  const loser = other.target.rank <= target.rank ? { name, value } : other;
  if (loser === other) filled.set(target.column, { name, value, target });
  leftovers.keep(loser.name, loser.value, "second name of a field", prefix + loser.name);
}

function settle(filled: Map<string, Claim>, columns: Record<string, unknown>, leftovers: Leftovers, prefix = ""): void {
  for (const [column, { name, value, target }] of filled) {
    const held = leftovers.settle(fit(value, target), name, value, prefix + name);
    if (held !== undefined) columns[column] = held;
  }
}

function fit(value: unknown, { kind, letterCase }: Target): Fitted<unknown> | undefined {
  if (kind === "text" && typeof value === "string") return { value: cased(value, letterCase), rounded: false };
  // Senders of an older generation write one URL where a list of them is documented.
  const single = kind === "texts" && typeof value === "string" && !value.startsWith("[");
  const fitted = fitKind(kind, single ? [value] : value);
  return typeof fitted?.value === "string" ? { ...fitted, value: cased(fitted.value, letterCase) } : fitted;
}

function cased(text: string, letterCase: Target["letterCase"]): string {
  if (letterCase === undefined) return text;
  return letterCase === "upper" ? text.toUpperCase() : text.toLowerCase();
}

/** The items of an order; undefined where the value is no list. An item that is no object is kept in the item's own `extra`. */
function itemsOf(value: unknown, drift: Drift[]): OrderItem[] | undefined {
  const list = isObject(value) ? [value] : value;
  if (!Array.isArray(list)) return undefined;
  return list.map((item: unknown, index) => {
    const leftovers = new Leftovers();
    const columns: Record<string, unknown> = {};
    if (isObject(item)) {
      const filled = new Map<string, Claim>();
      for (const [name, field] of Object.entries(item)) claim(filled, ITEM_TARGETS.get(name), name, field, leftovers, `${ITEMS_FIELD}[].`);
      settle(filled, columns, leftovers, `${ITEMS_FIELD}[].`);
    } else leftovers.keep("item", item, "does not fit", `${ITEMS_FIELD}[]`);
    for (const seen of leftovers.drift) drift.push(seen);
    const extra = leftovers.json();
    return { item_no: index + 1, ...columns, ...(extra === undefined ? {} : { extra }) };
  });
}

/** What the payload says again of a fixed column, as it came; undefined where it says nothing. */
export function mirrored({ own, envelopes }: Payload, header: string): { name: string; value: unknown } | undefined {
  for (const fields of [own, ...envelopes]) {
    for (const [name, of] of Object.entries(MIRRORED_FIELDS)) {
      if (of === header && Object.hasOwn(fields, name) && fields[name] !== null) return { name, value: fields[name] };
    }
  }
  return undefined;
}
