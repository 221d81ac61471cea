/** From a payload to columns: field names of every generation, values that do not fit. */
import { CONTENT_FIELDS, type ContentField, ENVELOPE_FIELDS, ITEM_FIELDS, ITEMS_FIELD, MIRRORED_FIELDS, namesOf } from "../schemas/content-fields.ts";
import { EXPORT_COLUMNS, type ExportHeader } from "../schemas/export-columns.ts";
import { fitKind, type Fitted, type Kind, stringifyJson } from "../schemas/kinds.ts";
import { snakeCase } from "../schemas/names.ts";
import type { Drift, DriftReason, OrderItem } from "../schemas/record.ts";
import { knownSignalType } from "../schemas/signal-types.ts";
import { readJsonNow, repeatedIn } from "./json.ts";
import { isBlank, isObject, type JsonObject, opened, type Payload } from "./payload.ts";

/** Collects what fits no column, by the name that it came under. */
export class Leftovers {
  readonly #extra: JsonObject = Object.create(null) as JsonObject;
  readonly drift: Drift[] = [];
  #empty = true;
  /** The number that a name gets next: to try them all would take forever where a name comes often. */
  readonly #numbers = new Map<string, number>();

  /** @param kept what is kept already, by name */
  constructor(kept: Iterable<readonly [name: string, value: unknown]> = []) {
    for (const [name, value] of kept) this.keep(name, value);
  }

  /** Keeps a value. Where its name is taken already, it gets a number. */
  keep(name: string, value: unknown, reason?: DriftReason, field = name): void {
    let free = name;
    for (let number = this.#numbers.get(name) ?? 2; free in this.#extra; number += 1) {
      free = `${name}_${number}`;
      this.#numbers.set(name, number + 1);
    }
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
        else if (!saysNothing(value)) leftovers.keep(name, value, "does not fit");
      } else if (ENVELOPE_FIELDS.includes(name)) leftovers.keep(name, value);
      else claim(filled, targets.get(name), name, value, leftovers);
    }
  }
  settle(filled, expanded.columns, leftovers);
  for (const fields of [payload.own, ...payload.envelopes]) keepRepeated(fields, leftovers, "", "", type === "order" ? ITEMS_FIELD : undefined);
  return expanded;
}

/**
 * Keeps what the names of an object, and of those inside it, said before their last values: JSON may have a name several times.
 * @param path of the object, with what separates it from a name @param prefix what drift calls it besides @param except a name whose value sees to itself
 */
function keepRepeated(object: JsonObject, leftovers: Leftovers, path = "", prefix = "", except?: string): void {
  for (const [name, value] of Object.entries(object)) if (name !== except) keepRepeatedInside(value, leftovers, path + name, prefix);
  for (const [name, value] of repeatedIn(object)) leftovers.keep(path + name, value, "name stands twice", prefix + path + name);
}

function keepRepeatedInside(value: unknown, leftovers: Leftovers, path: string, prefix: string): void {
  if (Array.isArray(value)) for (const member of value as unknown[]) keepRepeatedInside(member, leftovers, `${path}[]`, prefix);
  else if (isObject(value)) keepRepeated(value, leftovers, `${path}.`, prefix);
}

/** Whether a field has no value: null, or, but for a text, a blank one. Some senders write all that is empty as `""`. */
const saysNothing = (value: unknown) => value === null || (typeof value === "string" && isBlank(value));

interface Claim {
  name: string;
  value: unknown;
  target: Target;
}

/** Gives a field's column to the first of its names that is there; another one goes to the leftovers. */
function claim(filled: Map<string, Claim>, target: Target | undefined, name: string, value: unknown, leftovers: Leftovers, prefix = ""): void {
  if (!target) return leftovers.keep(name, value, "unknown field", prefix + name);
  if (value === null || (target.kind !== "text" && saysNothing(value))) return;
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

/** The items of an order, which may stand as JSON text; undefined where the value is no list. An item that is no object is kept in the item's own `extra`. */
function itemsOf(value: unknown, drift: Drift[]): OrderItem[] | undefined {
  const said = typeof value === "string" ? readJsonNow(value) : { value };
  if (said.fault !== undefined) return undefined;
  const list = isObject(said.value) ? [said.value] : said.value;
  if (!Array.isArray(list)) return undefined;
  return list.map((member: unknown, index) => {
    const leftovers = new Leftovers();
    const columns: Record<string, unknown> = {};
    const item = opened(member);
    if (item.kind === "value") {
      const filled = new Map<string, Claim>();
      for (const [name, field] of Object.entries(item.value)) claim(filled, ITEM_TARGETS.get(name), name, field, leftovers, `${ITEMS_FIELD}[].`);
      settle(filled, columns, leftovers, `${ITEMS_FIELD}[].`);
      keepRepeated(item.value, leftovers, "", `${ITEMS_FIELD}[].`);
    } else leftovers.keep("item", member, "does not fit", `${ITEMS_FIELD}[]`);
    for (const seen of leftovers.drift) drift.push(seen);
    const extra = leftovers.json();
    return { item_no: index + 1, ...columns, ...(extra === undefined ? {} : { extra }) };
  });
}

/** The names under which a payload says again what a fixed column says. */
const MIRRORING: ReadonlyMap<ExportHeader, readonly string[]> = new Map(
  Object.values<ExportHeader>(MIRRORED_FIELDS).map((header) => [
    header,
    Object.entries<ExportHeader>(MIRRORED_FIELDS).flatMap(([name, of]) => (of === header ? [name] : [])),
  ]),
);

/** What the payload says again of a fixed column, as it came; undefined where it says nothing. */
export function mirrored({ own, envelopes }: Payload, header: ExportHeader): { name: string; value: unknown } | undefined {
  const isNothing = EXPORT_COLUMNS[header].kind === "text" ? (value: unknown) => value === null : saysNothing;
  for (const fields of [own, ...envelopes]) {
    for (const name of MIRRORING.get(header) ?? []) {
      if (Object.hasOwn(fields, name) && !isNothing(fields[name])) return { name, value: fields[name] };
    }
  }
  return undefined;
}
