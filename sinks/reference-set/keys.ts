/** Keys that tell no rows apart, and keys that hardly do. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { shown, UNSEEN } from "../../schemas/characters.ts";
import { quoteText } from "../../schemas/names.ts";
import { RULES, type Violation } from "../../schemas/reference-set.ts";
import { bare, guarded, onlyRow, rows } from "../sql.ts";
import { type Column, keySql } from "./cells.ts";

export interface KeyReport {
  /** Rows whose key an earlier row has: all of them, and the first ones. */
  count: number;
  violations: Violation[];
  /** Keys that are told apart by next to nothing. */
  warnings: string[];
}

const NONE: KeyReport = { count: 0, violations: [], warnings: [] };
/** Groups of keys that a warning shows, and keys of each. */
const SHOWN_GROUPS = 10;
const SHOWN_KEYS = 10;

/** Compares the keys of the view `cells`. */
export async function compareKeys(connection: DuckDBConnection, columns: readonly Column[], most: number): Promise<KeyReport> {
  const index = columns.findIndex(({ isKey }) => isKey);
  const column = columns[index];
  if (!column) return NONE;
  const key = keySql(column, `a${index + 1}`);
  // What is left of a key without blanks and what is not seen, in one Unicode form. Most keys have nothing of these.
  const form = `CASE WHEN regexp_full_match(key, '[!-~]*') THEN key ELSE nfc_normalize(regexp_replace(key, ${quoteText(UNSEEN)}, '', 'g')) END`;
  const keys = `SELECT row_no, key, form, lower(form) AS folded FROM (SELECT row_no, key, ${form} AS form FROM (SELECT row_no, ${key} AS key FROM cells) WHERE key IS NOT NULL)`;
  // Hashes take little room; only the rows whose hashes meet are looked at.
  const meeting = `SELECT hash(folded) AS h FROM (${keys}) GROUP BY h HAVING count(*) > 1`;
  const { found } = await onlyRow<{ found: bigint }>(connection, `SELECT count(*) AS found FROM (${meeting})`);
  if (found === 0n) return NONE;
  await connection.run(`CREATE TABLE alike AS SELECT * FROM (${keys}) WHERE hash(folded) IN (${meeting})`);
  const similar = await alike(connection, "form", "key");
  const inCase = await alike(connection, "folded", "form");
  return {
    ...(await doubledKeys(connection, column.name, most)),
    warnings: [
      ...warning(column.name, "blanks, invisible characters or Unicode form", similar),
      ...warning(column.name, "upper and lower case", inCase),
    ],
  };
}

async function doubledKeys(connection: DuckDBConnection, name: string, most: number): Promise<Pick<KeyReport, "count" | "violations">> {
  const doubled = `SELECT row_no, ${guarded("key")} AS key, min(row_no) OVER (PARTITION BY alike.key) AS first FROM alike QUALIFY row_no > first`;
  const { count } = await onlyRow<{ count: bigint }>(connection, `SELECT count(*) AS count FROM (${doubled})`);
  const told = await rows<{ row_no: bigint; key: string; first: bigint }>(connection, `${doubled} ORDER BY row_no LIMIT ${most}`);
  return {
    count: Number(count),
    violations: told.map(({ row_no, key, first }): Violation => ({
      rule: "key_duplicate",
      row: Number(row_no),
      column: name,
      value: bare(key),
      message: `row ${row_no}: the key "${name}" is ${shown(bare(key))}, as in row ${first} already, but ${RULES.key_duplicate}`,
    })),
  };
}

interface Alike {
  /** How many groups there are, and keys of this one. */
  groups: bigint;
  size: bigint;
  row_no: bigint;
  key: string;
  first_row: bigint;
}

/** Keys that are one in `same` and not in `other`, each with the first row that has it: how many groups, and the first ones of them. */
function alike(connection: DuckDBConnection, same: "form" | "folded", other: "key" | "form"): Promise<Alike[]> {
  return rows<Alike>(
    connection,
    `WITH each_one AS (SELECT ${same} AS same, min(row_no) AS row_no, arg_min(${guarded("key")}, row_no) AS key FROM alike GROUP BY ${same}, ${other}),
     several AS (SELECT *, min(row_no) OVER (PARTITION BY same) AS first_row, count(*) OVER (PARTITION BY same) AS size FROM each_one QUALIFY size > 1),
     numbered AS (
       SELECT *, dense_rank() OVER (ORDER BY first_row) AS number, row_number() OVER (PARTITION BY same ORDER BY row_no) AS place,
         count(*) FILTER (WHERE row_no = first_row) OVER () AS groups FROM several)
     SELECT groups, size, row_no, key, first_row FROM numbered WHERE number <= ${SHOWN_GROUPS} AND place <= ${SHOWN_KEYS} ORDER BY first_row, row_no`,
  );
}

function warning(name: string, what: string, found: readonly Alike[]): string[] {
  const [first] = found;
  if (!first) return [];
  const groups = new Map<bigint, Alike[]>();
  for (const one of found) groups.set(one.first_row, [...(groups.get(one.first_row) ?? []), one]);
  const texts = [...groups.values()].map((keys) => {
    const named = keys.map(({ row_no, key }) => `row ${row_no} ${shown(bare(key), true)}`).join(", ");
    return Number(keys[0]?.size) > keys.length ? `${named}, …` : named;
  });
  const more = Number(first.groups) - groups.size;
  return [
    `keys of "${name}" differ only in ${what}, and whether Connect tells them apart is not known: ${texts.join("; ")}${more > 0 ? `; and ${more} more such groups` : ""}`,
  ];
}
