/** Pseudonyms in SQL: those of schemas/privacy.ts. */
import { quoteText } from "../schemas/names.ts";
import { type Fold, PSEUDONYM, PSEUDONYM_OF, PSEUDONYM_PREFIX } from "../schemas/privacy.ts";
import { foldSql } from "./marts/contact.ts";

/** SQL of a pseudonym; NULL where nothing is left of a value. @param hash the name of a macro of keyed hashes */
export const pseudonymSql = (fold: Exclude<Fold, "look">, value: string, hash: string): string =>
  `CASE WHEN ${isPseudonymSql(value)} THEN ${value} ELSE ${quoteText(PSEUDONYM_PREFIX)} || ${hash}(${quoteText(PSEUDONYM_OF)} || ${foldSql(fold, value)}) END`;

export const isPseudonymSql = (value: string): string => `regexp_full_match(${value}, ${quoteText(PSEUDONYM)})`;
