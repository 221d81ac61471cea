/** What a mart is. A new one is a file beside this one, an entry in index.ts and its section in docs/tables.md. */
import type { MartSettings } from "../../schemas/marts.ts";

/** A contact attribute that says who somebody is. */
export interface ContactKey {
  header: string;
  isPrimary: boolean;
  /** Its column; undefined as long as no file has brought it. */
  column: string | undefined;
  /** What its aliases begin with: the column's name without `contact_`. */
  name: string;
}

/** What the SQL of marts is made with. */
export interface MartContext extends MartSettings {
  /** The keys that the warehouse has columns for, or may have: the primary one first. */
  contactKeys: readonly ContactKey[];
  /** Names of the contact columns, in order. */
  contactColumns: readonly string[];
  /** Whether it is the published copy, whose signals have keyColumn()s in the place of what says who somebody is. */
  isPublished?: boolean;
  /** Whether the rows that are looked at are few beside all aliases, sessions and clicks. */
  areFew?: boolean;
}

interface Described {
  name: string;
  /** What its rows are, in one sentence: for people who meet it in another tool. */
  about: string;
}

/** A view of the schema `marts`. */
export interface Mart extends Described {
  /** What each column is, in order; contact columns, where it has them, are not among these. */
  columns: Readonly<Record<string, string>>;
  /** The SELECT that it is. */
  sql: (context: MartContext) => string;
}

/** A table of the schema `marts`, which each load keeps up (../keep-marts.ts). */
export interface KeptMart extends Described {
  columns: Readonly<Record<string, { type: string; about: string }>>;
}
