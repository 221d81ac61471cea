/** Time zones, as the machine's Node knows them. */
import { SignalhouseError } from "../../schemas/errors.ts";

/** What a zone's clocks show: so many milliseconds more than UTC at a time, and what ISO 8601 writes behind it. */
export type Zone = (ms: number) => { offset: number; suffix: string };

export const utc: Zone = () => ({ offset: 0, suffix: "Z" });

/** No zone changes its offset within less. */
const STEP_MS = 15 * 60 * 1000;
const MOST_KEPT = 100_000;

/** @param name as the IANA has it: `Europe/Berlin`, UTC. @throws SignalhouseError usage where there is no such zone */
export function zoneOf(name: string): Zone {
  if (/^(etc\/)?utc$/i.test(name)) return utc;
  const format = formatOf(name);
  const kept = new Map<number, ReturnType<Zone>>();
  return (ms) => {
    const step = Math.floor(ms / STEP_MS);
    const known = kept.get(step);
    if (known) return known;
    if (kept.size > MOST_KEPT) kept.clear();
    const found = offsetAt(format, step * STEP_MS);
    kept.set(step, found);
    return found;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  } catch (error) {
    throw noZone(timeZone, error);
  }
}

export const noZone = (name: string, cause: unknown): SignalhouseError =>
  new SignalhouseError("usage", `there is no time zone "${name}"`, "Give one as the IANA names it, such as Europe/Berlin or UTC.", cause);

function offsetAt(format: Intl.DateTimeFormat, ms: number): ReturnType<Zone> {
  const isDate = Math.abs(ms) <= 8.64e15;
  const name = isDate ? format.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value : undefined;
  const [, sign = "+", hours = "00", minutes = "00", seconds = "00"] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? "") ?? [];
  const length = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  const suffix = `${sign}${hours}:${minutes}${seconds === "00" ? "" : `:${seconds}`}`;
  return { offset: sign === "-" ? -length : length, suffix };
}
