/** Whose something is, where several signals say so. */

/** SQL that folds what signals say into a row each: the only contact, or none where they name several. @param pairs SQL that gives the key and contact_id, which is NULL for several */
export const ownersSql = (key: string, pairs: string): string =>
  `SELECT ${key}, CASE WHEN count(*) = 1 THEN min(contact_id) END AS contact_id, count(*) > 1 OR min(contact_id) IS NULL AS is_shared
   FROM (SELECT DISTINCT ${key}, contact_id FROM (${pairs})) GROUP BY ${key}`;
