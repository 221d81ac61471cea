import { expect, test } from "vitest";
import { loadFiles, type LoadContext } from "../../../pipeline/load/load-files.ts";
import { csv, memoryFile, pageView, scratchWarehouse } from "../../helpers/warehouse.ts";

/** Loads a file of page views and counts the connections that it took: record by record it is one, on the vector path several. */
async function connectionsOf(views: number, options: Pick<LoadContext, "reader"> & { once?: boolean }): Promise<number> {
  const { warehouse } = await scratchWarehouse();
  let connections = 0;
  const connect = () => {
    connections += 1;
    return warehouse.connect();
  };
  const text = csv(Array.from({ length: views }, (_, index) => pageView(String(index))));
  const { once = false, reader } = options;
  const source = { ...memoryFile("a.csv", 0, text), once };
  const limits = { maxRecordBytes: 1_000_000, maxExpansionRatio: 200, threads: 2 };
  const context = { warehouse: { ...warehouse, connect }, limits, runId: null, reader, signal: new AbortController().signal };
  expect(await loadFiles([source], context)).toMatchObject([{ status: "loaded", records: views, inserted: views }]);
  return connections;
}

test.each<[what: string, views: number, options: Parameters<typeof connectionsOf>[1], isVector: boolean]>([
  ["a small file is read record by record", 1, { reader: undefined }, false],
  ["a larger one is not", 1000, { reader: undefined }, true],
  ["nor one that is asked for so", 1, { reader: "vector" }, true],
  ["a larger one is, where that is asked for", 1000, { reader: "row" }, false],
  ["of standard input nobody knows how much it is", 1, { reader: undefined, once: true }, true],
])("%s", async (_, views, options, isVector) => {
  const connections = await connectionsOf(views, options);
  if (isVector) expect(connections).toBeGreaterThan(1);
  else expect(connections).toBe(1);
});
