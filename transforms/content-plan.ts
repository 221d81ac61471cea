/** What a name in SIGNAL_CONTENT means, as tables of numbers for transforms/assembly/ (plan.ts, names.ts): the same as transforms/content.ts makes of it. */
import { CONTENT_PATHS, ITEM_FIELDS, ITEMS_FIELD, MIRRORED_FIELDS } from "../schemas/content-fields.ts";
import { type ExportHeader, TIME_HEADERS } from "../schemas/export-columns.ts";
import type { Kind } from "../schemas/kinds.ts";
import { snakeCase } from "../schemas/names.ts";
import {
  CHECKED_COLUMNS,
  CONTENT_COLUMN,
  EXTRA_COLUMN,
  FOUND_COLUMNS,
  HASH_COLUMN,
  ITEMS_COLUMN,
  KEY_COLUMN,
  LIST_MARK,
  type PlainColumn,
} from "../schemas/plain-columns.ts";
import { SIGNAL_TYPES, type SignalType, TYPE_NAMES } from "../schemas/signal-types.ts";
import * as Action from "./assembly/action.ts";
import type { Assembly } from "./assembly.ts";
import { ITEM_TARGETS, type Target, targetsOf } from "./content.ts";

/** What becomes of a value of each kind. */
const KIND_ACTIONS: Readonly<Record<Kind, number>> = {
  text: Action.TEXT,
  decimal: Action.DECIMAL,
  boolean: Action.BOOLEAN,
  timestamp: Action.TIME,
  texts: Action.TEXTS,
  json: Action.JSON,
};
const NO_NODE = 0;

const ITEM_COLUMNS: readonly string[] = [...Object.keys(ITEM_FIELDS).map(snakeCase), EXTRA_COLUMN];

const meaning = (action: number, column: number) => action | (column << Action.ACTION_BITS);

/** The number of a column that is filled by what is found. */
export const foundNumber = (column: string): number => FOUND_COLUMNS.findIndex(({ name }) => name === column);

/** What becomes of the value of a checked column. */
export const checkedAction = ({ name, kind }: PlainColumn): number =>
  (TIME_HEADERS as readonly string[]).includes(name.toUpperCase()) ? Action.MOMENT : KIND_ACTIONS[kind];

/** What a name means that says again what a fixed column says. */
function mirroredMeaning(column: string): number {
  const checked = CHECKED_COLUMNS.find(({ name }) => name === column);
  return checked ? meaning(checkedAction(checked), foundNumber(column)) : Action.IGNORED;
}

/** What each name means in a type; of types whose content is not cut, nothing. */
function meaningsOf(type: string): Map<string, number> {
  if (SIGNAL_TYPES[type as SignalType].table !== "behavior_signals") return new Map();
  const fields = [...targetsOf(type)].map(([name, target]) => [name, meaning(actionOf(target), foundNumber(target.column))] as const);
  const mirrored = Object.entries<ExportHeader>(MIRRORED_FIELDS).map(([name, header]) => [name, mirroredMeaning(header.toLowerCase())] as const);
  const items = type === "order" ? [[ITEMS_FIELD, meaning(Action.ITEMS, foundNumber(ITEMS_COLUMN))] as const] : [];
  // Where a name is there twice the last one counts.
  return new Map([...fields, ...items, ...mirrored]);
}

const ITEM_MEANINGS = new Map(
  [...ITEM_TARGETS].map(([name, target]) => {
    // All are written as texts: transforms/assembly/items.ts.
    if (target.kind !== "text" && target.kind !== "decimal") throw new Error(`${name}: a ${target.kind} in an item is not cut`);
    return [name, meaning(actionOf(target), ITEM_COLUMNS.indexOf(target.column))] as const;
  }),
);

function actionOf({ kind, letterCase }: Pick<Target, "kind" | "letterCase">): number {
  return letterCase === undefined ? KIND_ACTIONS[kind] : Action.ASCII;
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
  const { code } = assembly;
  code.setListMark(LIST_MARK.charCodeAt(0));
  code.setNames(assembly.keepNames(names), names.length, assembly.keepZeros(code.namesWork(names.length)));
  const table = types.flatMap((meanings) => names.map((name) => meanings.get(name) ?? Action.UNKNOWN));
  code.setMeanings(assembly.keep(Uint16Array.from(table)), TYPE_NAMES.length, names.length);
  code.setNodes(assembly.keep(Uint8Array.from(below)), assembly.keep(Uint8Array.from(nodes, ({ isPayload }) => Number(isPayload))));
  code.setItemColumns(assembly.keepNames(ITEM_COLUMNS), ITEM_COLUMNS.indexOf(EXTRA_COLUMN));
  code.setContentColumns(foundNumber(KEY_COLUMN), foundNumber(CONTENT_COLUMN), foundNumber(EXTRA_COLUMN), foundNumber(HASH_COLUMN));
  code.setColumns(FOUND_COLUMNS.length, CHECKED_COLUMNS.length, assembly.keepZeros(code.columnsWork(FOUND_COLUMNS.length)));
}
