/** Names, and which of those that the plan has is read. */

/** Where a name stands: what Assembly.keepNames() writes, and what is noted of names in a content. */
@unmanaged
export class Name {
  start: usize;
  length: usize;
}

export function nameAt(names: usize, index: u32): Name {
  return changetype<Name>(names + <usize>index * offsetof<Name>());
}

export function isNamed(name: Name, start: usize, length: usize): bool {
  return name.length == length && memory.compare(name.start, start, length) == 0;
}

/** The hash of a name that has a byte more. */
export function hashWith(hash: u32, byte: u8): u32 {
  return hash * 31 + byte;
}

/** The names of the plan, and a hash table of them: in each slot the number of one, counted from 1, or 0. */
let names: usize = 0;
let slots: usize = 0;
let slotMask: u32 = 0;
/** When a name was seen last, in a content and in an item, and an item's column. */
let seenNames: usize = 0;
let seenItemNames: usize = 0;
let seenItemColumns: usize = 0;

/** Slots for so many names, a power of two: three of four stay free at least. */
function slotsFor(count: u32): u32 {
  let size: u32 = 1;
  while (size < count * 4) size *= 2;
  return size;
}

/** Bytes of work that setNames() wants. */
export function namesWork(count: u32): usize {
  return <usize>(slotsFor(count) + count * 3) * sizeof<u32>();
}

/** Says what names there are: their numbers are their places among them. @param work room for namesWork() bytes, that are 0 */
export function setNames(planNames: usize, count: u32, work: usize): void {
  const size = slotsFor(count);
  names = planNames;
  slots = work;
  slotMask = size - 1;
  seenNames = slots + ((<usize>size) << 2);
  seenItemNames = seenNames + ((<usize>count) << 2);
  seenItemColumns = seenItemNames + ((<usize>count) << 2);
  for (let id: u32 = 0; id < count; id += 1) {
    const name = nameAt(names, id);
    let hash: u32 = 0;
    for (let at = name.start; at < name.start + name.length; at += 1) hash = hashWith(hash, load<u8>(at));
    let slot = hash & slotMask;
    while (load<u32>(slots + (slot << 2)) != 0) slot = (slot + 1) & slotMask;
    store<u32>(slots + (slot << 2), id + 1);
  }
}

/** The number of a name; -1 where the plan has none such. */
export function nameId(start: usize, length: usize, hash: u32): i32 {
  let slot = hash & slotMask;
  while (true) {
    const id = load<u32>(slots + (slot << 2));
    if (id == 0) return -1;
    if (isNamed(nameAt(names, id - 1), start, length)) return <i32>id - 1;
    slot = (slot + 1) & slotMask;
  }
}

/** Whether a name was seen in a content already. @param now a number of the content's own, which is not 0 */
export function isNameSeen(id: i32, now: u32): bool {
  return isSeen(seenNames + ((<usize>id) << 2), now);
}

/** The same in an item. */
export function isItemNameSeen(id: i32, now: u32): bool {
  return isSeen(seenItemNames + ((<usize>id) << 2), now);
}

/** The same of an item's column, of which there are no more than names. */
export function isItemColumnSeen(column: u32, now: u32): bool {
  return isSeen(seenItemColumns + ((<usize>column) << 2), now);
}

function isSeen(place: usize, now: u32): bool {
  if (load<u32>(place) == now) return true;
  store<u32>(place, now);
  return false;
}
