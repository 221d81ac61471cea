/** What follows when something was erased: the warehouse's file is written anew, what is published of it follows, and all of it is searched. */
import type { Config } from "../schemas/config.ts";
import type { Needles } from "../sinks/erasure/needles.ts";
import { filesBelow, filesBeside, readParquet, readTables, type Search, searchFiles } from "../sinks/erasure/proof.ts";
import { isRewritingDue, rewriteFile } from "../sinks/rewrite.ts";
import { interruptible } from "../sinks/interrupt.ts";
import { removeErased } from "../sinks/publish/index.ts";
import { lastErasure } from "../sinks/publish/watermark.ts";
import type { Clock } from "./common/clock.ts";
import type { Door } from "./common/door.ts";
import { keyFileOf, PRIVACY_KEY, PUBLISH_KEY } from "./common/warehouse-key.ts";
import { type PublishContext, publishChanges } from "./publish.ts";

export interface ErasingContext {
  door: Door;
  clock: Clock;
  signal: AbortSignal;
  /** The privacy key, where it is not that of the file beside the warehouse. */
  privacyKey?: string | undefined;
  /** For the published copy. */
  publish: PublishContext;
  /** Is told before each step. */
  step: (name: "rows" | "file" | "copy" | "proof") => void;
  /** Is told before each step of writing the file anew. */
  rewriting?: (name: string) => void;
}

/** Writes the warehouse's file anew, where something was erased since that was last done. */
export async function rewriteWhereDue({ door, signal, rewriting: step }: Pick<ErasingContext, "door" | "signal" | "rewriting">): Promise<void> {
  await door.toWrite(async (warehouse) => {
    if (!(await isRewritingDue(warehouse))) return;
    const how = { encryption: await door.place.encryption(), left: "The rows are erased, but their bytes are still in the file.", step };
    await interruptible(warehouse.connection, signal, () => rewriteFile(warehouse, how));
  });
}

/** Publishes what is left, and takes away at once what was published before. @returns the version; null where there is no copy */
export async function publishWithout(config: Config, { door, clock, signal, publish, step }: ErasingContext): Promise<number | null> {
  const { to } = config.publish;
  if (to === undefined) return null;
  step("copy");
  await publishChanges(config, publish);
  const erased = await door.toRead(lastErasure, { isLimited: true });
  // Who reads live.duckdb is still shown the version before, for a moment.
  const wait = (until: number) => clock.wait(Math.max(0, until - clock.now()), signal);
  return removeErased(to, erased, wait);
}

/** Searches the warehouse, what lies beside it, and the published copy. */
export async function searchAll({ warehouse, publish: { to } }: Config, { door }: Pick<ErasingContext, "door">, needles: Needles): Promise<Search> {
  const copied = to === undefined ? [] : await filesBelow(to);
  const isParquet = (file: string) => file.endsWith(".parquet");
  const read = await door.toRead(
    async ({ connection }) => {
      const tables = await readTables(connection, needles);
      const files = await readParquet(connection, copied.filter(isParquet), needles);
      return { tables: tables.tables, found: [...tables.found, ...files.found], isPart: tables.isPart || files.isPart };
    },
    { isLimited: true },
  );
  const keys = [PRIVACY_KEY, PUBLISH_KEY].map((use) => keyFileOf(use, warehouse));
  const files = [...(warehouse === ":memory:" ? [] : await filesBeside(warehouse)), ...copied].filter((file) => !keys.includes(file));
  if (needles.distinct === undefined) return { tables: 0, files: 0, bytes: false, found: [] };
  // Where rows have it still, or others have it as a part of theirs, so have the bytes.
  const bytes = !read.isPart && read.found.length === 0;
  const searched = bytes ? files : copied.filter(isParquet);
  return { tables: read.tables, files: searched.length, bytes, found: [...read.found, ...(bytes ? await searchFiles(files, needles) : [])] };
}
