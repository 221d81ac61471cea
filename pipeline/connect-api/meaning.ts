/**
 * What Connect means by the faults of an answer. Its codes are on no page: those that GraphQL servers use and that speak for themselves are read, then
 * the HTTP status; words only where neither tells. Pure.
 */

/** A fault as GraphQL tells it; `codes` are those of its extensions. */
export interface Fault {
  message: string;
  codes: readonly string[];
  /** Milliseconds after which the server wants to be asked again, where its extensions tell. */
  retryAfterMs: number | undefined;
}

/**
 * trouble: the server failed, and may have done what it was asked · key: it does not let the key in · often: it was asked too often · day: the day's limits
 * are reached · taken: the job's name is · long: a text is, such as the job's name · input: something else that was sent is wrong.
 */
export type Meaning = "trouble" | "key" | "often" | "day" | "taken" | "long" | "input";

/** From what asks for most care. */
const BY_CARE: readonly Meaning[] = ["trouble", "key", "often", "day", "taken", "long", "input"];

type Readings = readonly (readonly [Meaning, RegExp])[];

/** The first that fits counts. Codes are compared in SNAKE_CASE. */
const CODES: Readings = [
  ["often", /RATE_?LIMIT|RATE_EXCEEDED|THROTTL|TOO_MANY_REQUESTS|TOO_FAST|SLOW_DOWN|REQUEST_LIMIT|CONCURRENT|^429$/],
  ["long", /TOO_LONG|MAX_?LENGTH|LENGTH_|NAME.*(LENGTH|LIMIT|SIZE|MAX)/],
  ["taken", /NAME.*(UNIQUE|EXIST|TAKEN|DUPLICAT|CONFLICT|IN_USE)|(DUPLICATE|CONFLICTING|EXISTING)_(JOB_?)?NAME/],
  ["day", /QUOTA|DAILY|_DAY\b|DAY_|(EXPORT|JOB|ROW)S?_LIMIT|USAGE_LIMIT/],
  ["key", /UNAUTH|FORBIDDEN|ACCESS_DENIED|PERMISSION_DENIED|API_KEY|^40[13]$/],
  [
    "trouble",
    /INTERNAL|SERVER_(ERROR|FAULT)|TIME_?OUT|TIMED_OUT|UNAVAILABLE|DEADLINE|DOWNSTREAM|UPSTREAM|SUBREQUEST|GATEWAY|ABORTED|CANCEL|DATA_FETCHING|UNEXPECTED|UNKNOWN_ERROR|^UNKNOWN$|^408$|^5\d\d$/,
  ],
  ["input", /INPUT|BAD_REQUEST|INVALID|VALIDATION|PARSE|SYNTAX|ARGUMENT|NOT_FOUND|NOT_DEFINED|UNIQUE|EXIST|DUPLICAT|CONFLICT|^4\d\d$/],
];

function ofCode(code: string): Meaning | undefined {
  const plain = code
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/[\s.:/-]+/g, "_")
    .toUpperCase();
  return CODES.find(([, pattern]) => pattern.test(plain))?.[0];
}

function ofStatus(status: number): Meaning | undefined {
  if (status >= 500 || status === 408) return "trouble";
  if (status === 429) return "often";
  return status === 401 || status === 403 ? "key" : undefined;
}

/** A limit that is over in less is none of a day. */
const SHORT_MS = 60 * 60 * 1000;

/**
 * What faults mean, by their codes, else by the HTTP status; undefined where neither tells.
 * @param retryAfterMs when the server wants to be asked again, where it says so
 */
export function meaningOf(faults: readonly Fault[], status: number, retryAfterMs: number | undefined): Meaning | undefined {
  const found = faults.flatMap(({ codes }) => codes.flatMap((code) => ofCode(code) ?? []));
  const meaning = BY_CARE.find((known) => found.includes(known)) ?? ofStatus(status);
  const isShort = retryAfterMs !== undefined && retryAfterMs < SHORT_MS;
  return isShort && (meaning === undefined || meaning === "day") ? "often" : meaning;
}

/** What sounds as if the server had failed on the way: it is not known then what it has done. */
const TROUBLE =
  /\btim(e|ed|ing)[ -]?out\b|\binternal\b|server (error|fault)|(unexpected|unknown) (error|fault|failure)|went wrong|exception|deadline/i;

/** The same, where nothing more precise fits. */
const PERHAPS_TROUBLE = /unavailable|overload|try again/i;

const EXPORT_WORDS: Readings = [
  ["long", /too long|\blength\b|longer than|\d[ -](characters?|chars?)\b/i],
  ["taken", /\b(job ?)?name\b.*(exist|unique|duplicate|already|taken|in use)|(exist|unique|duplicate|already|taken|in use).*\b(job ?)?name\b/i],
  ["often", /rate.?limit|too many requests|throttl|slow down|too (often|fast|quickly)|per (second|minute|hour)|concurrent|at (a|the same) time\b/i],
  ["day", /\b(daily|day|today|tomorrow|midnight|quota)\b|24 ?h|(export|job)s? limit|limit of \d+ (export|job)s|too many (export|job)s/i],
];

/**
 * What a fault of an export may mean by its words, which is a guess: a wrong one changes only the hint and when it is asked for again.
 * @param meaning what its codes say: where they blame what was sent, the words can only tell what of it
 */
export function guessOfExport(said: string, meaning: "input" | undefined): Meaning | undefined {
  // What stands in quotes is ours: a job may be called "Daily limits".
  const plain = said.replace(/"[^"]*"/g, '""').replaceAll("_", " ");
  const guess = EXPORT_WORDS.find(([, pattern]) => pattern.test(plain))?.[0];
  if (meaning === "input") return guess === "taken" || guess === "long" ? guess : meaning;
  if (TROUBLE.test(plain)) return "trouble";
  const retryMs = retryTimeOf(plain);
  if (retryMs !== undefined) return retryMs < SHORT_MS ? "often" : "day";
  return guess ?? guessOfTrouble(plain);
}

/** Whether a fault without a code that is known sounds as if the server had failed. */
export const guessOfTrouble = (said: string): "trouble" | undefined => (TROUBLE.test(said) || PERHAPS_TROUBLE.test(said) ? "trouble" : undefined);

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, mi: 60_000, m: 60_000, s: 1000, h: 3_600_000 };

/** The time that words name, as in "retry in 30 seconds"; milliseconds. */
export function retryTimeOf(said: string): number | undefined {
  const unit = "ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?";
  const [, count, name = ""] = new RegExp(`(?:retry|again|wait)\\D{0,40}?\\b(\\d{1,6}(?:\\.\\d+)?) ?(${unit})\\b`, "i").exec(said) ?? [];
  if (count === undefined) return undefined;
  const short = name.toLowerCase().replace(/^milli.*/, "ms");
  return Math.ceil(Number(count) * (UNIT_MS[short.slice(0, 2)] ?? UNIT_MS[short.slice(0, 1)] ?? 1000));
}

/** The time that a Retry-After header names, seconds or a date, from `now`; milliseconds. Source: RFC 9110, section 10.2.3. */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
