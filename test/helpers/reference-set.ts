/** Making a reference set's file on this machine. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ConnectView, Prepared } from "../../pipeline/reference-set/prepare.ts";
import { writeReferenceSet } from "../../pipeline/reference-set/push.ts";
import { doorTo, PATIENCE_MS, readerOf } from "../../pipeline/common/door.ts";
import { readConfig } from "../../schemas/config.ts";
import type { ImportMode, RefsetDefinition, RefsetSource } from "../../schemas/reference-set.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { scratchFolder } from "./warehouse.ts";

export interface Made extends Prepared {
  /** What was written. */
  text: string | undefined;
}

export interface MakeOptions extends RefsetDefinition {
  set?: string;
  mode?: ImportMode;
  view?: ConnectView;
  maxErrors?: number;
}

/** Writes a set's file from a file of this content, or a query. */
export async function make(source: { name: string; content: string | Uint8Array } | { query: string }, options: MakeOptions = {}): Promise<Made> {
  const { set = "Orders", mode, view, maxErrors = 100, ...definition } = options;
  const folder = scratchFolder();
  const config = readConfig({ warehouse: join(folder, "w.duckdb") }, "test");
  let from: RefsetSource;
  if ("name" in source) {
    writeFileSync(join(folder, source.name), source.content);
    from = { file: join(folder, source.name) };
  } else {
    (await openWarehouse(placeOf(config.warehouse))).close();
    from = source;
  }
  const { signal } = new AbortController();
  const readWarehouse = readerOf(doorTo(config, { signal, patience: PATIENCE_MS }));
  const out = join(folder, "out");
  const wish = { set, definition: { ...definition, source: from }, mode, changed: false, maxErrors };
  try {
    const prepared = await writeReferenceSet({ config, readWarehouse, signal }, wish, view, out);
    return { ...prepared, text: existsSync(out) ? readFileSync(out, "utf8") : undefined };
  } finally {
    expect(readdirSync(folder).filter((name) => name.startsWith("w.duckdb."))).toEqual([]);
  }
}

export const csv = (content: string | Uint8Array) => ({ name: "a.csv", content });
export const types = ({ columns }: Prepared) => Object.fromEntries(columns.map(({ name, type }) => [name, type]));
/** Each violation's rule, row, column and value. */
export const told = ({ violations }: Prepared) => violations.map(({ rule, row, column, value }) => [rule, row, column, value]);
