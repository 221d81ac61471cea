import { messageOf } from "../../schemas/errors.ts";

/** Thrown where all records of a file have to be read one by one. */
export class NotPlain extends Error {}

/** Whether an error is what bytes or values bring up, rather than a full disk, or a bug in a statement. */
export const isOfTheData = (error: unknown): boolean =>
  error instanceof NotPlain || /^(Invalid Input|Conversion|Out of Range) Error/.test(messageOf(error));
