/** What the tests of steps share. */
import { isSignalhouseError } from "../../schemas/errors.ts";

/** 9:00 on a day in July. */
export const NINE = Date.parse("2025-07-10T09:00:00Z");
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const TOMORROW = Date.parse("2025-07-11T00:00:00Z");

/** A step with its errors as code, message and hint, so that all three are compared. */
export function plain(step: unknown): unknown {
  if (isSignalhouseError(step)) return { code: step.code, message: step.message, hint: step.hint };
  if (typeof step !== "object" || step === null || Array.isArray(step)) return step;
  return Object.fromEntries(Object.entries(step).map(([name, value]) => [name, plain(value)]));
}
