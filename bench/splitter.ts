/** How fast Node's part of the vector path is: splitting, and the columns. */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Table } from "../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../schemas/tables.ts";
import { firstOf } from "../transforms/block.ts";
import { readHeader } from "../transforms/header.ts";
import { headerNames } from "../transforms/records.ts";
import { Router } from "../transforms/route.ts";
import { rowsOf } from "../transforms/rows.ts";
import { Splitter } from "../transforms/split.ts";
import { gunzipAlone, standardFile } from "./load.ts";
import { inTurn, median } from "./median.ts";

/** Bytes that a record may have. */
export const LIMIT = 64 * 1024 * 1024;
/** As gunzip gives them. */
const CHUNK = 256 * 1024;

/** How fast bytes are that go through Node's part of the vector path: of 200,000 records, unpacked in memory. */
export async function benchVectorSplitter(folder: string): Promise<object[]> {
  const file = await standardFile(folder, 200_000);
  const bytes = gunzipSync(await readFile(file));
  const [first] = [...new Splitter(LIMIT).push(bytes.subarray(0, 64 * 1024))];
  if (first?.kind !== "block") throw new Error("the file has no header");
  const header = readHeader(headerNames(rowsOf(firstOf(first).first, 1, LIMIT)[0]), []);
  const router = new Router(header, header.positions.get("SIGNAL_TYPE") as number, Object.keys(SIGNAL_TABLES) as Table[]);
  const pieces = function* () {
    for (let start = 0; start < bytes.length; start += CHUNK) yield bytes.subarray(start, start + CHUNK);
  };
  const blocks = function* () {
    const splitter = new Splitter(LIMIT);
    for (const piece of pieces()) yield* splitter.push(piece);
    yield* splitter.end();
  };
  const timed = (run: () => void | Promise<unknown>) => async () => {
    const start = performance.now();
    await run();
    return (performance.now() - start) / 1000;
  };
  const contenders = {
    "gunzip alone": timed(() => gunzipAlone(file)),
    "the splitter alone": timed(() => {
      for (const _block of blocks());
    }),
    "the splitter, and the columns": timed(() => {
      let routed = 0;
      for (const block of blocks()) {
        if (block.kind === "block") router.add(block, 0);
        routed += block.bytes.length;
        if (routed < 16 * CHUNK * 4) continue;
        router.take();
        routed = 0;
      }
      router.take();
    }),
  };
  const taken = await inTurn(contenders);
  return [...taken].map(([contender, seconds]) => ({ contender, "MB/s": Math.round(bytes.length / 1e6 / median(seconds)) }));
}
