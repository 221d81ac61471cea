/** What a header row says, as types: how the parts that read files and the parts that store them speak of it. */

import type { ExportColumn } from "./export-columns.ts";

/** Which column holds a contact attribute. `occurrence` tells apart headers that are written the same, from 1. */
export interface ContactColumn {
  header: string;
  occurrence: number;
  column: string;
}

/** What one field of a row is: a fixed column of the export, or a contact attribute. */
export type FieldMeaning = { header: string; column: string } & ({ contact: false; fixed: ExportColumn } | { contact: true });

/** What the fields of a file's rows are. */
export interface Header {
  /** As the file has it. */
  names: readonly string[];
  fields: readonly FieldMeaning[];
  /** Where the fixed columns stand. */
  positions: ReadonlyMap<string, number>;
  /** Contact columns that the warehouse does not have yet. */
  added: readonly ContactColumn[];
}

/** The fields that are contact attributes, by name; those of one name in their order. */
export const contactFields = ({ fields }: Pick<Header, "fields">): { header: string; position: number }[] =>
  fields
    .flatMap(({ contact, header }, position) => (contact ? [{ header, position }] : []))
    .toSorted((one, other) => (one.header < other.header ? -1 : Number(one.header > other.header)));
