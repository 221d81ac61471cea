/** The notebooks ask the same, in whatever language they are. */
import { expect, test } from "vitest";
import { readPage } from "../helpers/markdown.ts";

interface Cell {
  cell_type: string;
  source: string[];
  outputs?: unknown[];
  execution_count?: unknown;
}

const cells = (JSON.parse(readPage("samples/notebooks/campaigns.ipynb")) as { cells: Cell[] }).cells;
const code = cells.filter(({ cell_type }) => cell_type === "code");

const sqlOf = (text: string, quote: string) =>
  [...text.matchAll(new RegExp(String.raw`ask\(${quote}\n([^]*?)${quote}\)`, "g"))].map(([, sql = ""]) => sql.replaceAll(/\s+/g, " ").trim());

test("the SQL of the three is one", () => {
  const jupyter = sqlOf(code.map(({ source }) => source.join("")).join("\n"), '"""');
  expect(jupyter).toHaveLength(5);
  expect(sqlOf(readPage("samples/notebooks/campaigns.marimo.py"), '"""')).toEqual(jupyter);
  expect(sqlOf(readPage("samples/notebooks/campaigns.ts"), "`")).toEqual(jupyter);
});

test("a notebook has no outputs, which would be somebody's data", () => {
  for (const { outputs, execution_count } of code) expect({ outputs, execution_count }).toEqual({ outputs: [], execution_count: null });
});
