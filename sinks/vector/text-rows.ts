/** Records of one table in Parquet files: as text, or as they were read. */
import { quoteText } from "../../schemas/names.ts";
import type { Projection } from "./projection.ts";

/** Records of one table, as text. */
export interface TextRows {
  /** Parquet with their record_no and the fields that the projection reads. */
  files: readonly string[];
  records: number;
  /** No record_no is lower, or higher; of the table no other rows of the load lie between. */
  first: number;
  last: number;
}

/** Files, and how what is in them is read: the text itself, or what a lane has made of it. */
export interface ReadRows {
  projection: Projection;
  files: readonly string[];
}

export const sourceOf = (files: readonly string[]): string => `read_parquet([${files.map(quoteText).join(", ")}])`;
