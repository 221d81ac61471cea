/** What of the server's folders is not listed as a file: nothing is left out without a word. */
import type { PassedOver } from "../pipeline/sftp/server.ts";
import { count } from "./format.ts";

/** Entries that are told one by one; --json has them all. */
const MOST = 20;

/** A line for each, and one for those beyond the first twenty. */
export function passedOverLines(passedOver: readonly PassedOver[]): string[] {
  const more = passedOver.length - MOST;
  return [
    ...passedOver.slice(0, MOST).map(({ path, why }) => `passed over: ${path}: ${why}`),
    ...(more > 0 ? [`passed over, too: ${count(more, "other")}; signalhouse ls --json lists them all`] : []),
  ];
}
