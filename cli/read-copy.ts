/** Reading the warehouse for a command, or the published copy while the warehouse is busy. */
import { type CopyAtHand, openForReading, type Reading } from "../pipeline/read-copy.ts";
import type { Config } from "../schemas/config.ts";
import type { Context } from "./command.ts";
import { duration, time } from "./format.ts";
import { doorOf } from "./warehouse.ts";

/** Opens either for `work`, and says so where it is the copy. Either may be of an older version. @throws SignalhouseError as openForReading */
export function readingEither<T>(context: Context, config: Config, work: (reading: Reading) => Promise<T>): Promise<T> {
  const { signal } = context;
  return openForReading(
    doorOf(config, context),
    config,
    (reading) => {
      if (reading.copy) context.out.note(copyNote(reading.copy, context.clock.now()));
      return work(reading);
    },
    { signal, mayLack: "anything" },
  );
}

/** What is read, and how old it is. */
export const copyNote = ({ folder, publishedAt }: CopyAtHand, now: number): string =>
  `Another process has the warehouse: this is the published copy in ${folder}, as of ${time(new Date(publishedAt))} UTC, ${duration(now - publishedAt)} ago.`;

/** The folders that SQL reads files in, for runQuery(). */
export const foldersOf = (copy: CopyAtHand | undefined): { folders?: readonly string[] } => (copy ? { folders: [copy.folder] } : {});
