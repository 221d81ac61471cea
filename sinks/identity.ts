/** Which signal a row is, in SQL: see schemas/identity.ts. */
import { BLANKS, CONTENT_KEY, LONGEST_NO_ID, NO_ID } from "../schemas/identity.ts";
import { quoteText } from "../schemas/names.ts";

/**
 * The value of key_hash. MD5 rather than DuckDB's hash(), which may be another one in another version of DuckDB: a row that is not found any more would be doubled.
 * @param key SQL that gives a signal_key
 */
export const keyHash = (key: string): string => `CAST(md5_number(${key}) >> 64 AS UBIGINT)`;

/** Whether a text is an id that is none. */
export const isNoId = (text: string): string => `(length(${text}) <= ${LONGEST_NO_ID} AND regexp_full_match(${text}, ${quoteText(`(?i)${NO_ID}`)}))`;

/** An id without blanks around it. DuckDB's trim() of such characters takes a microsecond, so that it has only what may have some: an id without any, which nearly all are, is told in a tenth of that. */
export const bareId = (id: string): string => `CASE WHEN regexp_full_match(${id}, '[!-~]+') THEN ${id} ELSE trim(${id}, ${quoteText(BLANKS)}) END`;

/** Whether a key may have been made of what a signal says. */
export const mayBeContentKey = (key: string): string => `starts_with(${key}, ${quoteText(CONTENT_KEY.prefix)})`;
