/** What names mean, and where payloads nest: tables that transforms/content-plan.ts makes. */
import { nameHash, nameLength, nameStart } from "./json";

/** What becomes of a field: transforms/content-plan.ts has the same numbers. */
export const UNKNOWN: u32 = 0;
export const IGNORED: u32 = 1;
export const TEXT: u32 = 2;
export const ASCII: u32 = 3;
export const DECIMAL: u32 = 4;
export const BOOLEAN: u32 = 5;
export const TEXTS: u32 = 6;
export const JSON: u32 = 7;
export const ITEMS: u32 = 8;
export const TIME: u32 = 9;
/** A meaning has an action in its lowest bits, and a column above them. */
const ACTION_BITS: u32 = 4;

let slots: usize = 0;
let slotMask: u32 = 0;
let nameCount: usize = 0;
let meanings: usize = 0;
let itemMeanings: usize = 0;
let nodes: usize = 0;
let payloads: usize = 0;
let itemColumns: usize = 0;
/** When a name was seen last, in a content and in an item, and an item's column. */
let seenNames: usize = 0;
let seenItemNames: usize = 0;
let seenItemColumns: usize = 0;
export let wholeColumn: u32 = 0;
export let extraColumn: u32 = 0;
export let hashColumn: u32 = 0;

/**
 * @param planSlots a power of two, of which `mask` is one less: id + 1 of a name (0: none), its place, its length @param count how many names there are
 * @param planMeanings for each type and name, then for each name of an item: what it means, in 16 bits @param types how many types there are
 * @param planNodes for each node, one where an object may nest, and each name: the node below @param planPayloads for each node: whether a payload may be there
 * @param planItemColumns place and length of an item's columns' names @param whole the column of the content itself @param extra that of what has none @param hash that of its hash
 * @param work room for twelve bytes for each name, that are 0
 */
export function setPlan(
  planSlots: usize,
  mask: u32,
  count: u32,
  planMeanings: usize,
  types: u32,
  planNodes: usize,
  planPayloads: usize,
  planItemColumns: usize,
  whole: u32,
  extra: u32,
  hash: u32,
  work: usize,
): void {
  slots = planSlots;
  slotMask = mask;
  nameCount = count;
  meanings = planMeanings;
  itemMeanings = planMeanings + ((<usize>(types * count)) << 1);
  nodes = planNodes;
  payloads = planPayloads;
  itemColumns = planItemColumns;
  wholeColumn = whole;
  extraColumn = extra;
  hashColumn = hash;
  seenNames = work;
  seenItemNames = seenNames + ((<usize>count) << 2);
  seenItemColumns = seenItemNames + ((<usize>count) << 2);
}

/** The id of the name that was read last; -1 where the plan has none such. */
export function nameId(): i32 {
  let slot = nameHash & slotMask;
  while (true) {
    const entry = slots + <usize>slot * 12;
    const id = load<u32>(entry);
    if (id == 0) return -1;
    if (<usize>load<u32>(entry + 8) == nameLength && memory.compare(load<u32>(entry + 4), nameStart, nameLength) == 0) return <i32>id - 1;
    slot = (slot + 1) & slotMask;
  }
}

export function meaningOf(type: u32, id: i32): u32 {
  return load<u16>(meanings + ((<usize>type * nameCount + id) << 1));
}

export function itemMeaningOf(id: i32): u32 {
  return load<u16>(itemMeanings + ((<usize>id) << 1));
}

export function actionIn(meaning: u32): u32 {
  return meaning & ((1 << ACTION_BITS) - 1);
}

export function columnIn(meaning: u32): u32 {
  return meaning >> ACTION_BITS;
}

/** The node that a name leads to; 0 where it is a field like others. */
export function nodeBelow(node: usize, id: i32): usize {
  return load<u8>(nodes + node * nameCount + id);
}

export function isPayload(node: usize): bool {
  return load<u8>(payloads + node) != 0;
}

export function itemColumnName(column: u32): usize {
  return load<u32>(itemColumns + ((<usize>column) << 3));
}

export function itemColumnLength(column: u32): usize {
  return load<u32>(itemColumns + ((<usize>column) << 3) + 4);
}

/** Whether a name was seen in a content already. @param now a number of the content's own, which is not 0 */
export function isNameSeen(id: i32, now: u32): bool {
  return isSeen(seenNames + ((<usize>id) << 2), now);
}

/** The same in an item. */
export function isItemNameSeen(id: i32, now: u32): bool {
  return isSeen(seenItemNames + ((<usize>id) << 2), now);
}

export function isItemColumnSeen(column: u32, now: u32): bool {
  return isSeen(seenItemColumns + ((<usize>column) << 2), now);
}

function isSeen(place: usize, now: u32): bool {
  if (load<u32>(place) == now) return true;
  store<u32>(place, now);
  return false;
}
