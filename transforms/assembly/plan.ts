/** What names mean, and where payloads nest: tables that transforms/content-plan.ts makes. */
import { ACTION_BITS } from "./action.ts";
import { Name, nameAt } from "./names.ts";

let nameCount: usize = 0;
let meanings: usize = 0;
let itemMeanings: usize = 0;

/** @param planMeanings for each type and name, then for each name of an item: what it means, in 16 bits @param types how many types there are @param count how many names */
export function setMeanings(planMeanings: usize, types: u32, count: u32): void {
  nameCount = count;
  meanings = planMeanings;
  itemMeanings = planMeanings + ((<usize>(types * count)) << 1);
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
  return meaning >> <u32>ACTION_BITS;
}

let nodes: usize = 0;
let payloads: usize = 0;

/** @param planNodes for each node, one where an object may nest, and each name: the node below, in a byte @param planPayloads for each node: whether a payload may be there, in a byte */
export function setNodes(planNodes: usize, planPayloads: usize): void {
  nodes = planNodes;
  payloads = planPayloads;
}

/** The node that a name leads to; 0 where it is a field like others. */
export function nodeBelow(node: usize, id: i32): usize {
  return load<u8>(nodes + node * nameCount + id);
}

export function isPayload(node: usize): bool {
  return load<u8>(payloads + node) != 0;
}

let itemColumns: usize = 0;
let itemExtra: u32 = 0;

/** @param columns the names of an item's columns @param extra which of them is that of what has no other */
export function setItemColumns(columns: usize, extra: u32): void {
  itemColumns = columns;
  itemExtra = extra;
}

export function itemColumnName(column: u32): Name {
  return nameAt(itemColumns, column);
}

export function itemExtraName(): Name {
  return nameAt(itemColumns, itemExtra);
}

/** The columns of the key, of the content itself, of what has no other, and of the content's hash. */
export let keyColumn: u32 = 0;
export let wholeColumn: u32 = 0;
export let extraColumn: u32 = 0;
export let hashColumn: u32 = 0;

/** @param key the column of the key @param whole that of the content itself @param extra that of what has none @param hash that of the content's hash */
export function setContentColumns(key: u32, whole: u32, extra: u32, hash: u32): void {
  keyColumn = key;
  wholeColumn = whole;
  extraColumn = extra;
  hashColumn = hash;
}
