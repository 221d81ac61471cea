/** Reading the warehouse for a command, or the published copy while the warehouse is busy. */
import type { ReadOptions } from "../pipeline/common/door.ts";
import { type CopyAtHand, copyAtHand, openForReading, type Reading } from "../pipeline/read-copy.ts";
import type { Config } from "../schemas/config.ts";
import type { Context } from "./command.ts";
import { duration, time } from "./format.ts";
import { doorOf, type Way } from "./warehouse.ts";

interface EitherOptions extends ReadOptions {
  /** Milliseconds for which the warehouse is waited for; none by default. Where there is a copy nobody waits. */
  patience?: number;
}

/** Opens either for `work`. @throws SignalhouseError as openForReading */
export async function openEither<T>(
  context: Way,
  config: Config,
  work: (reading: Reading) => Promise<T>,
  { patience = 0, ...options }: EitherOptions,
): Promise<T> {
  const hasCopy = patience > 0 && (await copyAtHand(config)) !== undefined;
  return openForReading(doorOf(config, context, { patience: hasCopy ? 0 : patience }), config, work, { signal: context.signal, ...options });
}

/** The same, and says so where it is the copy. */
export const readingEither = <T>(context: Context, config: Config, work: (reading: Reading) => Promise<T>, options: EitherOptions): Promise<T> =>
  openEither(
    context,
    config,
    (reading) => {
      if (reading.copy) context.out.note(copyNote(reading.copy, context.clock.now()));
      return work(reading);
    },
    options,
  );

/** What is read, and how old it is. */
export const copyNote = ({ folder, publishedAt }: CopyAtHand, now: number): string =>
  `Another process has the warehouse: this is the published copy in ${folder}, as of ${time(new Date(publishedAt))} UTC, ${duration(now - publishedAt)} ago.`;

/** The folders that SQL reads files in, for runQuery(). */
export const foldersOf = (copy: CopyAtHand | undefined): { folders?: readonly string[] } => (copy ? { folders: [copy.folder] } : {});
