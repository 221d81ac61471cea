import type { Violation } from "../../schemas/reference-set.ts";
import type { SourceColumn } from "../../sinks/reference-set/source.ts";

/** A source whose rows are in the scratch file. */
export interface Staged {
  columns: SourceColumn[];
  /** What could not be read: the first of it, and all counted. */
  violations: Violation[];
  violationCount: number;
  /** Rows that are not among those staged. */
  leftOut: number;
}
