/** Texts that were found in rows: for each column a chain of entries. An entry: the next one's place or 0, its row, where the text is, how long it is. */
const ENTRY_BYTES: usize = 16;

/** For each column the first entry and the last one, and the row, by a number of its own, that had it last. */
let chains: usize = 0;
let stamps: usize = 0;
let columnCount: usize = 0;
/** The columns that the row has, each with its chain's last entry before that. */
let touched: usize = 0;
let touchedCount: usize = 0;
let stamp: u32 = 0;
let next: usize = 0;
let last: usize = 0;
let firstOfRow: usize = 0;

/** @param columns how many there are @param work room for twenty bytes for each, that are 0 */
export function setColumns(columns: u32, work: usize): void {
  columnCount = columns;
  stamps = work;
  chains = stamps + ((<usize>columns) << 2);
  touched = chains + ((<usize>columns) << 3);
}

/** Forgets all. @param area where entries are to be, up to `areaEnd` */
export function beginEntries(area: usize, areaEnd: usize): void {
  memory.fill(chains, 0, columnCount << 3);
  next = area;
  last = areaEnd - ENTRY_BYTES;
}

/** Begins a row. */
export function beginRow(): void {
  stamp += 1;
  touchedCount = 0;
  firstOfRow = next;
}

/** Adds a text of the row. @returns false where the column has one already, or where there is no more room */
export function put(column: u32, row: u32, start: usize, length: usize): bool {
  const seen = stamps + ((<usize>column) << 2);
  if (load<u32>(seen) == stamp || next > last) return false;
  store<u32>(seen, stamp);
  const chain = chains + ((<usize>column) << 3);
  const before = <usize>load<u32>(chain + 4);
  const note = touched + (touchedCount << 3);
  store<u32>(note, column);
  store<u32>(note + 4, <u32>before);
  touchedCount += 1;
  const entry = next;
  next += ENTRY_BYTES;
  store<u32>(before == 0 ? chain : before, <u32>entry);
  store<u32>(chain + 4, <u32>entry);
  store<u32>(entry, 0);
  store<u32>(entry + 4, row);
  store<u32>(entry + 8, <u32>start);
  store<u32>(entry + 12, <u32>length);
  return true;
}

/** Takes the row's texts back. */
export function takeBack(): void {
  while (touchedCount > 0) {
    touchedCount -= 1;
    const note = touched + (touchedCount << 3);
    const chain = chains + ((<usize>load<u32>(note)) << 3);
    const before = <usize>load<u32>(note + 4);
    store<u32>(chain + 4, <u32>before);
    store<u32>(before == 0 ? chain : before, 0);
  }
  next = firstOfRow;
}

/** The first entry of a column, 0 where it has none. */
export function firstEntry(column: u32): usize {
  return load<u32>(chains + ((<usize>column) << 3));
}
