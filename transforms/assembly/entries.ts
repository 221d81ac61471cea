/** Texts that were found in rows: for each column a chain of entries. */

/** A text of a row. */
@unmanaged
export class Entry {
  /** The next one's place; 0 where there is none. */
  next: usize;
  row: u32;
  /** Where the text is, and how long. */
  start: usize;
  length: usize;
}

/** The first entry and the last one of a column; 0 where it has none. */
@unmanaged
class Chain {
  first: usize;
  last: usize;
}

/** A column that the row has, and its chain's last entry before that. */
@unmanaged
class Touched {
  column: u32;
  before: usize;
}

let columnCount: usize = 0;
/** Columns with lower numbers are filled by the row's own fields first. */
let firstOfContent: u32 = 0;
let chains: usize = 0;
/** For each column the row, by a number of its own, that had it last. */
let stamps: usize = 0;
let touched: usize = 0;
let touchedCount: usize = 0;

let row: u32 = 0;
let stamp: u32 = 0;
let next: usize = 0;
let last: usize = 0;
let firstOfRow: usize = 0;

/** Bytes of work that setColumns() wants. */
export function columnsWork(columns: u32): usize {
  return <usize>columns * (sizeof<u32>() + offsetof<Chain>() + offsetof<Touched>());
}

/** @param columns how many there are @param ofContent the first one that only content fills @param work room for columnsWork() bytes, that are 0 */
export function setColumns(columns: u32, ofContent: u32, work: usize): void {
  columnCount = columns;
  firstOfContent = ofContent;
  stamps = work;
  chains = stamps + columnCount * sizeof<u32>();
  touched = chains + columnCount * offsetof<Chain>();
}

function chainOf(column: u32): Chain {
  return changetype<Chain>(chains + <usize>column * offsetof<Chain>());
}

function touchedAt(index: usize): Touched {
  return changetype<Touched>(touched + index * offsetof<Touched>());
}

/** Forgets all. @param area where entries are to be, up to `areaEnd` */
export function beginEntries(area: usize, areaEnd: usize): void {
  memory.fill(chains, 0, columnCount * offsetof<Chain>());
  next = area;
  last = areaEnd - offsetof<Entry>();
}

/** Begins a row. */
export function beginRow(index: u32): void {
  row = index;
  stamp += 1;
  touchedCount = 0;
  firstOfRow = next;
}

/**
 * Adds a text of the row. What content says again of a column that the row's own fields have filled is not added.
 * @returns false where a column has a text of content already, or where there is no more room
 */
export function put(column: u32, start: usize, length: usize): bool {
  const seen = stamps + ((<usize>column) << 2);
  if (load<u32>(seen) == stamp) return column < firstOfContent;
  if (next > last) return false;
  store<u32>(seen, stamp);
  const chain = chainOf(column);
  const note = touchedAt(touchedCount);
  note.column = column;
  note.before = chain.last;
  touchedCount += 1;
  const place = next;
  next += offsetof<Entry>();
  const entry = changetype<Entry>(place);
  entry.next = 0;
  entry.row = row;
  entry.start = start;
  entry.length = length;
  append(chain, note.before, place);
  chain.last = place;
  return true;
}

/** Puts an entry, or 0, behind one of a chain, or first. */
function append(chain: Chain, before: usize, entry: usize): void {
  if (before == 0) chain.first = entry;
  else changetype<Entry>(before).next = entry;
}

/** Takes the row's texts back. */
export function takeBack(): void {
  while (touchedCount > 0) {
    touchedCount -= 1;
    const note = touchedAt(touchedCount);
    const chain = chainOf(note.column);
    chain.last = note.before;
    append(chain, note.before, 0);
  }
  next = firstOfRow;
}

/** The first entry of a column, 0 where it has none. */
export function firstEntry(column: u32): usize {
  return chainOf(column).first;
}
