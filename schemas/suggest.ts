/** "Did you mean": what somebody who mistyped a word may have meant. */
import leven from "leven";

/** More than so many letters apart, nothing is meant. */
const MOST_LETTERS = 3;
/** So much of a word may be wrong. */
const MOST_SHARE = 0.4;
/** A word that is longer is no slip of the fingers. */
const LONGEST = 64;

/**
 * The candidates that are nearest to a word, in their order; none where none is near. Letters' cases, dashes, underscores and blanks do not count;
 * a beginning counts as the whole.
 */
export function similar<T extends string>(word: string, candidates: readonly T[]): T[] {
  const wanted = folded(word);
  if (wanted.length === 0 || wanted.length > LONGEST) return [];
  const most = Math.min(MOST_LETTERS, Math.ceil(wanted.length * MOST_SHARE));
  const far = candidates.map((candidate) => {
    const whole = folded(candidate);
    const distance = leven(wanted, whole);
    return whole.startsWith(wanted) ? Math.min(distance, 1) : distance;
  });
  const nearest = Math.min(...far);
  return nearest > most ? [] : candidates.filter((_, index) => far[index] === nearest);
}

/** `Did you mean X or Y? `, to stand before a hint; nothing where there is nothing to say. */
export function didYouMean(meant: readonly string[]): string {
  if (meant.length === 0) return "";
  return `Did you mean ${[meant.slice(0, -1).join(", "), meant.at(-1)].filter(Boolean).join(" or ")}? `;
}

const folded = (text: string) => text.toLowerCase().replaceAll(/[-_\s]/g, "");
