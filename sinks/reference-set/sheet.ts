/** The file's lines, as views over the staged source: nothing is held, and each time that they are read they are the same. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { DELIMITER_NAMES, type DelimiterName, DELIMITERS } from "../../schemas/reference-set.ts";
import { foldOf } from "../../schemas/privacy.ts";
import { useKeyedHash } from "../keyed-hash.ts";
import { pseudonymSql } from "../pseudonym-sql.ts";
import { onlyRow, rows } from "../sql.ts";
import { cellSql, type Column } from "./cells.ts";

/** How a field is quoted where it must be. Source: RFC 4180, section 2. */
const quoted = (cell: string) => `'"' || replace(${cell}, '"', '""') || '"'`;

/** Cells of these types never have a delimiter, a quote or a line's end. */
const NEVER_QUOTED = ["NUMBER", "BOOLEAN", "DATE"];

function lineSql(columns: readonly Column[], delimiter: string): string {
  const cells = columns.map(({ type, isPhone }, index) => {
    const cell = `a${index + 1}`;
    if (isPhone || NEVER_QUOTED.includes(type)) return `coalesce(${cell}, '')`;
    return `CASE WHEN ${cell} IS NULL THEN '' WHEN ${needsQuotes(cell, delimiter)} THEN ${quoted(cell)} ELSE ${cell} END`;
  });
  return `concat_ws(${quoteText(delimiter)}, ${cells.join(", ")})`;
}

const needsQuotes = (cell: string, delimiter: string) => `contains(${cell}, ${quoteText(delimiter)}) OR ${hasQuoteOrEnd(cell)}`;
const hasQuoteOrEnd = (cell: string) => `contains(${cell}, '"') OR contains(${cell}, chr(10)) OR contains(${cell}, chr(13))`;

/** The header row's fields are quoted by the same rule. */
function headerLine(columns: readonly Column[], delimiter: string): string {
  const field = (name: string) => (name.includes(delimiter) || /["\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  return `${columns.map(({ name }) => field(name)).join(delimiter)}\n`;
}

/** The view `cells`: the source's columns, and a1, a2, … as they stand in the file before quoting. */
export async function createCells(connection: DuckDBConnection, columns: readonly Column[]): Promise<void> {
  const cells = columns.map((column, index) => `${cellSql(column)} AS a${index + 1}`);
  await connection.run(`CREATE VIEW cells AS SELECT *, ${cells.join(", ")} FROM source`);
}

export interface Punctuation {
  delimiter: DelimiterName;
  /** Fields are quoted, because values have the delimiter, a quote or a line's end. */
  quotes: boolean;
}

/** The delimiter: the one that is wished, else one that no value and no name has, else the comma. */
export async function choosePunctuation(
  connection: DuckDBConnection,
  columns: readonly Column[],
  wish: DelimiterName | "auto",
): Promise<Punctuation> {
  const texts = columns.flatMap(({ type, isPhone }, index) => (isPhone || NEVER_QUOTED.includes(type) ? [] : [`a${index + 1}`]));
  const names = columns.map(({ name }) => name).join("");
  const any = (test: (cell: string) => string) => (texts.length === 0 ? "false" : `coalesce(bool_or(${texts.map(test).join(" OR ")}), false)`);
  const asked = DELIMITER_NAMES.map((name) => `${any((cell) => `contains(${cell}, ${quoteText(DELIMITERS[name])})`)} AS "${name}"`);
  const found = await onlyRow<Record<DelimiterName | "ends", boolean>>(
    connection,
    `SELECT ${asked.join(", ")}, ${any(hasQuoteOrEnd)} AS ends FROM cells`,
  );
  const occurs = (name: DelimiterName) => found[name] || names.includes(DELIMITERS[name]);
  const delimiter = wish === "auto" ? (DELIMITER_NAMES.find((name) => !occurs(name)) ?? "comma") : wish;
  return { delimiter, quotes: occurs(delimiter) || found.ends || names.includes('"') };
}

/**
 * The views `sheet` (key, row_hash, line) and `sending`, which has those rows of it that are to be sent.
 * @param onlyChanged leave out rows that the table `pushed` has
 * @param privacy where the configuration lists a column, so that nobody can try by what is remembered of rows what was in them
 */
export async function createSheet(
  connection: DuckDBConnection,
  columns: readonly Column[],
  delimiter: DelimiterName,
  onlyChanged: boolean,
  privacy?: SheetPrivacy,
): Promise<void> {
  const key = `a${columns.findIndex(({ isKey }) => isKey) + 1}`;
  // A row under other names or types is another row.
  const shape = JSON.stringify(columns.map(({ name, type }) => [name, type]));
  const said = `${quoteText(shape)} || ${lineSql(columns, ",")}`;
  if (privacy) await useKeyedHash(connection, HASH, privacy.secret);
  const name = columns.find(({ isKey }) => isKey)?.name ?? "";
  const own = privacy?.lists(name) ? pseudonymSql(foldOf(name, []), key, HASH) : key;
  // Whoever takes the rows over has no such hashes: they are made here, once.
  await connection.run(
    `CREATE ${privacy ? "TABLE" : "VIEW"} sheet AS SELECT row_no, ${own} AS key, md5_number(${privacy ? `${HASH}(${said})` : said}) AS row_hash,
     ${lineSql(columns, DELIMITERS[delimiter])} AS line FROM cells`,
  );
  await connection.run(`CREATE VIEW sending AS SELECT key, row_hash, line FROM sheet ${onlyChanged ? CHANGED : ""}`);
}

/** What of a set's rows is not to be remembered as it is. */
export interface SheetPrivacy {
  secret: Buffer;
  /** Whether the configuration lists a column of this name. */
  lists: (name: string) => boolean;
}

/** A macro of keyed hashes. */
const HASH = "row_keyed_hash";

const CHANGED = "WHERE NOT EXISTS (FROM pushed WHERE pushed.key = sheet.key AND pushed.row_hash = sheet.row_hash)";

export interface Sending {
  /** Rows, without the header. */
  rows: number;
  /** Bytes of the file. */
  bytes: number;
}

/** How large the file is going to be. */
export async function sendingSize(
  connection: DuckDBConnection,
  columns: readonly Column[],
  delimiter: DelimiterName,
  header: boolean,
): Promise<Sending> {
  const { rows, bytes } = await onlyRow<{ rows: bigint; bytes: bigint }>(
    connection,
    "SELECT count(*) AS rows, coalesce(sum(strlen(line) + 1), 0)::BIGINT AS bytes FROM sending",
  );
  const head = header ? Buffer.byteLength(headerLine(columns, DELIMITERS[delimiter])) : 0;
  return { rows: Number(rows), bytes: Number(bytes) + head };
}

/** What is different from the last push. */
export interface Changes {
  /** Rows that are new or not as they were. */
  changed: number;
  /** Rows that are no longer there: all of them counted, the first ones by key. */
  goneCount: number;
  gone: string[];
}

/** Compares the view `sheet` with the table `pushed`. */
export async function changesOf(connection: DuckDBConnection, most: number): Promise<Changes> {
  const gone = "FROM pushed WHERE NOT EXISTS (FROM sheet WHERE sheet.key = pushed.key)";
  const { changed, gone_count } = await onlyRow<{ changed: bigint; gone_count: bigint }>(
    connection,
    `SELECT (SELECT count(*) FROM sheet ${CHANGED}) AS changed, (SELECT count(*) ${gone}) AS gone_count`,
  );
  const keys = gone_count === 0n ? [] : await rows<{ key: string }>(connection, `SELECT key ${gone} ORDER BY key LIMIT ${most}`);
  return { changed: Number(changed), goneCount: Number(gone_count), gone: keys.map(({ key }) => key) };
}

/** The file's bytes, in pieces of about 2,000 rows: UTF-8 without a BOM, lines that end with LF. Holds one piece. */
export async function* fileBytes(
  connection: DuckDBConnection,
  columns: readonly Column[],
  delimiter: DelimiterName,
  header: boolean,
): AsyncGenerator<Buffer, undefined> {
  if (header) yield Buffer.from(headerLine(columns, DELIMITERS[delimiter]));
  // The line end before each line guards a U+FEFF at its start, as in guarded(): that of the first line goes, and the last line gets one.
  const result = await connection.stream("SELECT chr(10) || line FROM sending");
  let isFirst = true;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    const lines = chunk.getColumnValues(0).join("");
    yield Buffer.from(isFirst ? lines.slice(1) : lines);
    isFirst = false;
  }
  if (!isFirst) yield Buffer.from("\n");
}
