import { SignalhouseError } from "../../schemas/errors.ts";

/** The expected failure that `promise` ends with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<SignalhouseError> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof SignalhouseError) return error;
  throw error;
}
