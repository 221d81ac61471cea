import type { FindEncryption } from "./encryption.ts";
import { filePlace } from "./file-place.ts";
import { memoryPlace } from "./memory-place.ts";
import type { Place } from "./place.ts";

/** The place that a configuration or a command line means. */
export function placeOf(warehouse: string, encryption?: FindEncryption): Place {
  return warehouse === ":memory:" ? memoryPlace() : filePlace(warehouse, encryption);
}
