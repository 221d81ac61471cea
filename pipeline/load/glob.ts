/**
 * Globs: `*` and `?` within a name, `**` over folders, `[a-z]` and `[!a-z]`, `{one,other}`, `!` in front for whatever does not match, and `\` before a
 * character that is meant as it is.
 *
 * No library, because all make a regular expression that backtracks: a pattern with some stars can take hours over a name, and names are a server's. Here
 * a part of the pattern takes the set of positions that the parts before it lead to, and gives those that it leads to: time is the pattern's length times
 * the text's.
 */

/** By characters, not by halves of them. */
type Text = readonly string[];

/** From the positions where it begins to those where it ends; both rise, each is there once. */
type Part = (text: Text, from: readonly number[]) => readonly number[];

/** Whether a text as a whole is what the pattern says. */
export function glob(pattern: string): (text: string) => boolean {
  const isNegated = pattern.startsWith("!");
  const tokens = tokensOf(Array.from(isNegated ? pattern.slice(1) : pattern));
  const part = partOf(tokens, bracesIn(tokens), 0, tokens.length);
  return (given) => {
    const text = Array.from(given);
    return (part(text, [0]).at(-1) === text.length) !== isNegated;
  };
}

/** What a token is by itself; of a brace or a comma, what it is where it belongs to no braces. */
interface Token {
  sign?: "{" | "," | "}";
  part: Part;
}

const one =
  (fits: (character: string) => boolean): Part =>
  (text, from) =>
    from.filter((at) => at < text.length && fits(text[at] ?? "")).map((at) => at + 1);

const literal = (character: string) => one((other) => other === character);

const anyCharacter = one((character) => character !== "/");

const withinName: Part = (text, from) => {
  const to: number[] = [];
  for (const start of from) {
    // The run that an earlier position began has it already.
    if (start <= (to.at(-1) ?? -1)) continue;
    for (let at = start; at <= text.length; at++) {
      to.push(at);
      if (text[at] === "/") break;
    }
  }
  return to;
};

/** To the start of this folder's name, or of any below it. */
const overFolders: Part = (text, from) => {
  const starts = new Set(from);
  const [first = Infinity] = from;
  return [...text.keys()].filter((at) => starts.has(at) || (at > first && text[at - 1] === "/"));
};

const anything: Part = (text, [first = Infinity]) => Array.from({ length: Math.max(0, text.length + 1 - first) }, (_, index) => first + index);

function tokensOf(pattern: Text): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at] ?? "";
    const next = pattern[at + 1];
    if (character === "\\" && next !== undefined) {
      tokens.push({ part: literal(next) });
      at += 2;
    } else if (character === "*") {
      let end = at + 1;
      while (pattern[end] === "*") end++;
      const isWhole = end - at === 2 && isEdge(pattern[at - 1], "{") && isEdge(pattern[end], "}");
      // The slash behind it is its own: there may be no folder at all.
      const hasSlash = isWhole && pattern[end] === "/";
      tokens.push({ part: isWhole ? (hasSlash ? overFolders : anything) : withinName });
      at = hasSlash ? end + 1 : end;
    } else if (character === "[" && classEnd(pattern, at) > 0) {
      const end = classEnd(pattern, at);
      tokens.push({ part: classOf(pattern.slice(at + 1, end)) });
      at = end + 1;
    } else {
      const isSign = character === "{" || character === "," || character === "}";
      tokens.push({ part: character === "?" ? anyCharacter : literal(character), ...(isSign ? { sign: character } : {}) });
      at += 1;
    }
  }
  return tokens;
}

/** Whether a name of the pattern can begin or end beside this. */
const isEdge = (beside: string | undefined, brace: "{" | "}"): boolean => beside === undefined || ["/", ",", brace].includes(beside);

/** Where a class ends; 0 where it does not. A `]` at its very start is one of its characters. */
function classEnd(pattern: Text, start: number): number {
  const first = start + (isNot(pattern[start + 1]) ? 2 : 1);
  return Math.max(0, pattern.indexOf("]", first + 1));
}

const isNot = (character: string | undefined) => character === "!" || character === "^";

function classOf(written: Text): Part {
  const isNegated = isNot(written[0]);
  const characters = isNegated ? written.slice(1) : written;
  const ranges: [first: string, last: string][] = [];
  for (let at = 0; at < characters.length; at++) {
    const first = characters[at] ?? "";
    const last = characters[at + 1] === "-" ? characters[at + 2] : undefined;
    ranges.push([first, last ?? first]);
    if (last !== undefined) at += 2;
  }
  const code = (character: string) => character.codePointAt(0) ?? 0;
  const isIn = (character: string) => ranges.some(([first, last]) => code(first) <= code(character) && code(character) <= code(last));
  return one((character) => character !== "/" && isIn(character) !== isNegated);
}

/** For each brace that opens alternatives, where its commas and its other brace are. Braces without a comma, or without the other one, are none. */
function bracesIn(tokens: readonly Token[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  const open: { at: number; stops: number[] }[] = [];
  for (const [at, { sign }] of tokens.entries()) {
    if (sign === "{") open.push({ at, stops: [] });
    else if (sign === ",") open.at(-1)?.stops.push(at);
    else if (sign === "}") {
      const closed = open.pop();
      if (closed && closed.stops.length > 0) found.set(closed.at, [...closed.stops, at]);
    }
  }
  return found;
}

/** The tokens from `start` to before `end` as one part. */
function partOf(tokens: readonly Token[], braces: ReadonlyMap<number, readonly number[]>, start: number, end: number): Part {
  const parts: Part[] = [];
  for (let at = start; at < end; at++) {
    const stops = braces.get(at);
    if (stops) {
      const alternatives = stops.map((stop, index) => partOf(tokens, braces, (stops[index - 1] ?? at) + 1, stop));
      parts.push((text, from) => [...new Set(alternatives.flatMap((alternative) => alternative(text, from)))].toSorted((a, b) => a - b));
      at = stops.at(-1) ?? at;
    } else parts.push(tokens[at]?.part ?? anything);
  }
  return (text, from) => parts.reduce<readonly number[]>((positions, part) => part(text, positions), from);
}
