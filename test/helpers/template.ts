/** Makes an empty warehouse once for all tests, of which they take copies: to make one takes twenty times as long as to copy it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The path of the empty warehouse. */
    template: string;
  }
}

export default async function makeTemplate(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "signalhouse-template-"));
  const path = join(folder, "signals.duckdb");
  (await openWarehouse(placeOf(path))).close();
  project.provide("template", path);
  return () => rmSync(folder, { recursive: true, force: true });
}
