/** What a name in SIGNAL_CONTENT means, as tables of numbers for transforms/assembly/plan.ts: the same as transforms/content.ts makes of it. */
import { CONTENT_TEXTS, EXTRA_TEXT, fieldText, HASH_TEXT, ITEMS_TEXT, mirrorText, WHOLE_TEXT } from "../schemas/content-columns.ts";
import { CONTENT_PATHS, ITEM_FIELDS, ITEMS_FIELD, MIRRORED_FIELDS } from "../schemas/content-fields.ts";
import { EXPORT_COLUMNS, type ExportHeader } from "../schemas/export-columns.ts";
import { snakeCase } from "../schemas/names.ts";
import { SIGNAL_TYPES, type SignalType, TYPE_NAMES } from "../schemas/signal-types.ts";
import type { Assembly } from "./assembly.ts";
import { ITEM_TARGETS, type Target, targetsOf } from "./content.ts";

/** transforms/assembly/plan.ts has the same numbers. */
const ACTIONS = { unknown: 0, ignored: 1, text: 2, ascii: 3, decimal: 4, boolean: 5, texts: 6, json: 7, items: 8, timestamp: 9 } as const;
const ACTION_BITS = 4;
const NO_NODE = 0;

const ITEM_COLUMNS: readonly string[] = Object.keys(ITEM_FIELDS).map(snakeCase);

/** What each name means in a type; of types whose content is not cut, nothing. */
function meaningsOf(type: string): Map<string, number> {
  if (SIGNAL_TYPES[type as SignalType].table !== "behavior_signals") return new Map();
  const meaning = (action: number, text: string) => action | (CONTENT_TEXTS.indexOf(text) << ACTION_BITS);
  const fields = [...targetsOf(type)].map(([name, target]) => [name, meaning(actionOf(target), fieldText(target.column))] as const);
  const mirrored = Object.entries<ExportHeader>(MIRRORED_FIELDS).map(
    ([name, header]) => [name, header === "SIGNAL_TYPE" ? ACTIONS.ignored : meaning(actionOf(EXPORT_COLUMNS[header]), mirrorText(header))] as const,
  );
  const items = type === "order" ? [[ITEMS_FIELD, meaning(ACTIONS.items, ITEMS_TEXT)] as const] : [];
  // Where a name is there twice the last one counts.
  return new Map([...fields, ...items, ...mirrored]);
}

const ITEM_MEANINGS = new Map(
  [...ITEM_TARGETS].map(([name, target]) => {
    // All are written as texts: transforms/assembly/items.ts.
    if (target.kind !== "text" && target.kind !== "decimal") throw new Error(`${name}: a ${target.kind} in an item is not cut`);
    return [name, actionOf(target) | (ITEM_COLUMNS.indexOf(target.column) << ACTION_BITS)] as const;
  }),
);

function actionOf({ kind, letterCase }: Pick<Target, "kind" | "letterCase">): number {
  return letterCase === undefined ? ACTIONS[kind] : ACTIONS.ascii;
}

/** Where objects may nest: each start of a path, the whole of one being a payload. The first one is the content itself. */
function nodesOf(): { path: string; isPayload: boolean }[] {
  const all: readonly (readonly string[])[] = CONTENT_PATHS;
  const paths = new Set(all.map((path) => path.join(".")));
  const starts = all.flatMap((path) => path.map((_, length) => path.slice(0, length).join(".")));
  return [...new Set([...starts, ...paths])].map((path) => ({ path, isPayload: paths.has(path) }));
}

/** Puts the plan into a memory whose code is to read content, for good. */
export function placePlan(assembly: Assembly): void {
  const types = [...TYPE_NAMES.map(meaningsOf), ITEM_MEANINGS];
  const names = [...new Set([...types.flatMap((meanings) => [...meanings.keys()]), ...CONTENT_PATHS.flat()])];
  const nodes = nodesOf();
  const below = nodes.flatMap(({ path }) =>
    names.map((name) => {
      const node = nodes.findIndex((other) => other.path === (path === "" ? name : `${path}.${name}`));
      return node === -1 ? NO_NODE : node;
    }),
  );
  const slots = slotsOf(names, assembly);
  assembly.code.setPlan(
    assembly.keep(Uint32Array.from(slots)),
    slots.length / 3 - 1,
    names.length,
    assembly.keep(Uint16Array.from(types.flatMap((meanings) => names.map((name) => meanings.get(name) ?? ACTIONS.unknown)))),
    TYPE_NAMES.length,
    assembly.keep(Uint8Array.from(below)),
    assembly.keep(Uint8Array.from(nodes, ({ isPayload }) => Number(isPayload))),
    assembly.keepNames(ITEM_COLUMNS),
    CONTENT_TEXTS.indexOf(WHOLE_TEXT),
    CONTENT_TEXTS.indexOf(EXTRA_TEXT),
    CONTENT_TEXTS.indexOf(HASH_TEXT),
    assembly.keep(new Uint8Array(names.length * 12)),
  );
  assembly.code.setColumns(CONTENT_TEXTS.length, assembly.keep(new Uint8Array(CONTENT_TEXTS.length * 20)));
}

/** A hash table: for each slot the number of a name, counted from 1, its place and its length. */
function slotsOf(names: readonly string[], assembly: Assembly): number[] {
  const count = 2 ** Math.ceil(Math.log2(names.length * 4));
  const slots: [id: number, at: number, length: number][] = Array.from({ length: count }, () => [0, 0, 0]);
  for (const [id, name] of names.entries()) {
    let hash = 0;
    for (const byte of Buffer.from(name)) hash = (Math.imul(hash, 31) + byte) >>> 0;
    let slot = hash % count;
    while (slots[slot]?.[0] !== 0) slot = (slot + 1) % count;
    slots[slot] = [id + 1, ...assembly.keepName(name)];
  }
  return slots.flat();
}
