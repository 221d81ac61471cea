/** Windows of time for some signal types. Pure. */

/** An interval of time for some types; milliseconds, the end is exclusive. */
export interface Span {
  types: readonly string[];
  start: number;
  end: number;
}

/** An interval of time. */
export type Interval = Pick<Span, "start" | "end">;

/** What of an interval none of the others cover, in order. */
export function uncovered({ start, end }: Interval, others: readonly Interval[]): Interval[] {
  const holes: Interval[] = [];
  let from = start;
  for (const other of others.toSorted((one, two) => one.start - two.start)) {
    if (other.start >= end) break;
    if (other.start > from) holes.push({ start: from, end: other.start });
    from = Math.max(from, other.end);
  }
  if (from < end) holes.push({ start: from, end });
  return holes;
}

/** What of `span` is not in `covered`, oldest first, in as few spans as there are sets of types with the same hole. */
export function missingOf(span: Span, covered: readonly Span[]): Span[] {
  const holes = new Map<string, Span & { types: string[] }>();
  for (const type of span.types) {
    const own = covered.filter(({ types }) => types.includes(type));
    for (const { start, end } of uncovered(span, own)) {
      const key = `${start} ${end}`;
      const hole = holes.get(key);
      if (hole) hole.types.push(type);
      else holes.set(key, { types: [type], start, end });
    }
  }
  return [...holes.values()].toSorted((one, two) => one.start - two.start || one.end - two.end);
}
