/** Staging a delimited text file with a header row. Lines that are no rows are broken rules, and so are headers among the rows. */
import { createReadStream } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { folded, shown } from "../../schemas/characters.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { DELIMITER_NAMES, type DelimiterName, DELIMITERS, RULES } from "../../schemas/reference-set.ts";
import { TextTable } from "../../sinks/reference-set/text-table.ts";
import { type BrokenRow, type DelimitedRow, delimitedRows } from "../../transforms/delimited-rows.ts";
import { plainText } from "../../transforms/plain-text.ts";
import type { Staged } from "./staged.ts";
import { Violations } from "./violations.ts";

/**
 * Stages what can be read.
 * @param most broken rules that are told
 * @throws SignalhouseError usage where there is no header, refset_invalid where it is no text in UTF-8 at all
 */
export async function stageDelimited(connection: DuckDBConnection, file: string, delimiter: DelimiterName, most: number): Promise<Staged> {
  const violations = new Violations(most);
  let header: Header | undefined;
  let leftOut = 0;
  for await (const rows of delimitedRows(plainText(createReadStream(file), file), DELIMITERS[delimiter])) {
    for (const row of rows) {
      if (header) leftOut += stageRow(header, row, delimiter, violations) ? 0 : 1;
      else header = await readHeader(connection, file, row);
    }
  }
  if (!header) throw new SignalhouseError("usage", `${file} is empty`, "The first row has the columns' names; rows follow.");
  header.table.end();
  return { columns: header.table.columns, violations: violations.told, violationCount: violations.count, leftOut };
}

interface Header {
  names: readonly string[];
  /** As they are compared. */
  folded: readonly string[];
  table: TextTable;
}

async function readHeader(connection: DuckDBConnection, file: string, row: DelimitedRow | BrokenRow): Promise<Header> {
  const fault = row.kind === "broken" ? row.reason : row.notUtf8 ? "it is not UTF-8" : undefined;
  if (row.kind === "row" && fault === undefined) {
    return { names: row.fields, folded: row.fields.map(folded), table: await TextTable.create(connection, row.fields) };
  }
  const hint = "The first row has the columns' names in UTF-8, with the file's delimiter between them.";
  throw new SignalhouseError("usage", `the header row of ${file} cannot be read: ${fault}`, hint);
}

/** @returns whether the row was staged */
function stageRow(header: Header, row: DelimitedRow | BrokenRow, delimiter: DelimiterName, violations: Violations): boolean {
  const { names, table } = header;
  const place = `row ${row.row} (line ${row.line})`;
  const broken = (value: string, what: string) => {
    violations.add({ rule: "delimiter", row: row.row, value, message: `${place} ${what}` });
    return false;
  };
  if (row.kind === "broken") return broken(row.text, `cannot be read: ${row.reason}`);
  const { fields, notUtf8 = [] } = row;
  if (fields.length !== names.length) {
    const text = fields.join(DELIMITERS[delimiter]);
    const other = fields.length === 1 ? DELIMITER_NAMES.find((name) => name !== delimiter && text.includes(DELIMITERS[name])) : undefined;
    return broken(
      text,
      other ? `has a ${other} where the file's delimiter is the ${delimiter}` : `has ${fields.length} fields, but the header ${names.length}`,
    );
  }
  for (const index of notUtf8) {
    const [column = "", value = ""] = [names[index], fields[index]];
    violations.add({
      rule: "encoding",
      row: row.row,
      column,
      value,
      message: `${place}: "${column}" is not UTF-8, but ${RULES.encoding}; save the file as UTF-8`,
    });
  }
  if (isHeader(fields, header)) {
    const what = `${place} has the columns' names again (${fields.map((field) => shown(field)).join(", ")})`;
    const message = `${what}, but ${RULES.header_repeated}; take it out, as where files were put together`;
    violations.add({ rule: "header_repeated", row: row.row, value: fields.join(DELIMITERS[delimiter]), message });
    return false;
  }
  if (notUtf8.length > 0) return false;
  table.add(row.row, fields);
  return true;
}

/** From this many names on, they are no values by chance in another order either. */
const TELLING_NAMES = 3;

/** Whether a row is the header once more, whatever its case and blanks; of several files put together, each may have its columns in an order of its own. */
function isHeader(fields: readonly string[], { folded: names }: Header): boolean {
  if (!names.includes(folded(fields[0] ?? ""))) return false;
  const again = fields.map(folded);
  if (again.every((name, index) => name === names[index])) return again.some((name) => name !== "");
  return names.length >= TELLING_NAMES && again.toSorted().join("\n") === names.toSorted().join("\n");
}
