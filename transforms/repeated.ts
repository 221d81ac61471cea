/** A fixed column's name that stands more than once in a header row: which one is the export's, and which are contact attributes. */
import { EXPORT_COLUMNS, exportColumn } from "../schemas/export-columns.ts";

/** The vendor's order of columns. */
const ORDER = new Map(Object.keys(EXPORT_COLUMNS).map((name, index) => [name, index]));

/** Which of the places of a name is the export's own column. */
export interface Choice {
  position: number;
  /** Whether the columns beside the places say so. */
  decided: boolean;
}

/**
 * Chooses, by the fixed columns that stand nearest on both sides, among those that stand once: they are the ones that come before and after it in the vendor's
 * order; or at least they are on its right side; or at least no contact attribute stands between. Where none of that tells two places apart, the first is taken.
 * @param places of the name in the header row, in order; more than one @param names of the row, cleaned
 */
export function choosePlace(name: string, places: readonly number[], names: readonly string[], anchors: ReadonlySet<number>): Choice {
  const own = ORDER.get(name) as number;
  const ranks = [...anchors].map((position) => ORDER.get(names[position] as string) as number);
  const expected = { before: Math.max(...ranks.filter((rank) => rank < own)), behind: Math.min(...ranks.filter((rank) => rank > own)) };
  const scored = places.map((position) => ({ position, score: scoreOf(position, names, anchors, own, expected) }));
  const [best, second] = scored.toSorted((a, b) => compare(b.score, a.score) || a.position - b.position);
  if (!best || !second) throw new Error(`${name} stands once only`);
  return { position: best.position, decided: compare(best.score, second.score) > 0 };
}

function scoreOf(
  position: number,
  names: readonly string[],
  anchors: ReadonlySet<number>,
  own: number,
  expected: { before: number; behind: number },
): readonly number[] {
  const left = nearest(position, -1, names, anchors) ?? { rank: -Infinity, isNear: false };
  const right = nearest(position, 1, names, anchors) ?? { rank: Infinity, isNear: false };
  return [
    Number(left.rank === expected.before) + Number(right.rank === expected.behind),
    Number(left.rank < own) + Number(right.rank > own),
    Number(left.isNear) + Number(right.isNear),
  ];
}

/** The nearest fixed column on one side that stands once, and whether neither a contact attribute nor another place of the name stands between; undefined where there is none. */
function nearest(from: number, step: 1 | -1, names: readonly string[], anchors: ReadonlySet<number>): { rank: number; isNear: boolean } | undefined {
  let isNear = true;
  for (let position = from + step; position >= 0 && position < names.length; position += step) {
    const name = names[position] as string;
    if (anchors.has(position)) return { rank: ORDER.get(name) as number, isNear };
    // Its twin, too: the one beside a column is nearer to it.
    if (!exportColumn(name) || name === names[from]) isNear = false;
  }
  return undefined;
}

/** The first difference counts. */
function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : (one[at] as number) - (other[at] as number);
}
