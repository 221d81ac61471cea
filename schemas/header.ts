/** What a header row says, as types: how the parts that read files and the parts that store them speak of it. */

import type { ExportColumn } from "./export-columns.ts";

/** No warehouse can have more contact columns, whatever the configuration says. */
export const MOST_CONTACT_COLUMNS = 10_000;

/** Which column holds a contact attribute. `occurrence` tells apart headers that are written the same, from 1; from 2 where it is also the name of a fixed column. */
export interface ContactColumn {
  header: string;
  occurrence: number;
  column: string;
}

/** What one field of a row is: a fixed column of the export, or a contact attribute. Its header is free of blanks and quotes, as cleanName() has it. */
export type FieldMeaning = { header: string; column: string } & ({ contact: false; fixed: ExportColumn } | { contact: true; occurrence: number });

/** A fixed column whose name stands more than once in a header row: a contact attribute has the same name. */
export interface RepeatedName {
  header: string;
  /** The place of the export's own column in the row, from 1. */
  place: number;
  /** The places of the others, and the contact columns that they are. */
  others: { place: number; column: string }[];
  /** Whether the columns beside them say which is which; else the first one is taken for the export's own. */
  decided: boolean;
}

/** A contact column that a load has added. */
export interface NewColumn {
  column: string;
  header: string;
  /** A column that there was before, or beside, whose name differs only in case, blanks, punctuation and accents, or not at all. */
  like?: { column: string; header: string };
}

/** A header row behind the first one: a file that was joined from several. */
export interface LaterHeader {
  /** It holds for the records behind this one. */
  after: number;
  /** As the file has it. */
  names: readonly string[];
}

/** What the fields of a file's rows are. */
export interface Header {
  /** As the file has it. */
  names: readonly string[];
  fields: readonly FieldMeaning[];
  /** Where the fixed columns stand. */
  positions: ReadonlyMap<string, number>;
  /** The fixed columns whose names stand more than once. */
  repeated: readonly RepeatedName[];
  /** Contact columns that the warehouse does not have yet. */
  added: readonly ContactColumn[];
  /** Whether records come without what privacy lists: the text of one that could not be looked into is not kept. */
  isPrivate?: boolean;
}

/** The fields that are contact attributes, by name; those of one name in their order. */
export const contactFields = ({ fields }: Pick<Header, "fields">): { header: string; position: number }[] =>
  fields
    .flatMap(({ contact, header }, position) => (contact ? [{ header, position }] : []))
    .toSorted((one, other) => (one.header < other.header ? -1 : Number(one.header > other.header)));
