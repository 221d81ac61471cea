/** Staging a JSON file of rows. */
import { createReadStream } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { shown } from "../../schemas/characters.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { RULES } from "../../schemas/reference-set.ts";
import { RowsTable } from "../../sinks/reference-set/rows-table.ts";
import { jsonRows } from "../../transforms/json-rows.ts";
import { plainText } from "../../transforms/plain-text.ts";
import type { Staged } from "./staged.ts";
import { Violations } from "./violations.ts";

/**
 * Stages the rows whose texts a database can hold.
 * @param most broken rules that are told
 * @throws SignalhouseError refset_invalid where it cannot be read as rows, or has none
 */
export async function stageJson(connection: DuckDBConnection, file: string, most: number): Promise<Staged> {
  const table = new RowsTable(connection);
  const violations = new Violations(most);
  let rowNo = 0;
  let leftOut = 0;
  for await (const row of jsonRows(plainText(createReadStream(file), file))) {
    rowNo += 1;
    // Half of a pair is valid in JSON, and would be written as another character.
    const halves = [...row].filter(([, cell]) => cell?.text.isWellFormed() === false);
    for (const [column, cell] of halves) {
      const value = cell?.text ?? "";
      violations.add({
        rule: "characters",
        row: rowNo,
        column,
        value,
        message: `row ${rowNo}: "${column}" is ${shown(value)}, but ${RULES.characters}`,
      });
    }
    if (halves.length === 0) await table.add(rowNo, row);
    else {
      leftOut += 1;
      await table.know(row.keys());
    }
  }
  const columns = await table.end();
  if (columns.length > 0) return { columns, violations: violations.told, violationCount: violations.count, leftOut };
  throw new SignalhouseError("refset_invalid", `${file} has no rows with values`, "It takes an array of objects, or one object a line.");
}
