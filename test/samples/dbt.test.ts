/** What the dbt project knows of the warehouse is what the warehouse says of itself. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { DESCRIBED } from "../../sinks/described.ts";
import { ROOT } from "../helpers/markdown.ts";

/** A text in YAML: JSON's is one. */
const text = (value: string) => JSON.stringify(value);

/** The tables and views of a schema as a source. */
function source(name: string, schema: string): string[] {
  const tables = DESCRIBED.filter((described) => described.schema === schema).flatMap(({ name, about, columns }) => [
    `      - name: ${name}`,
    `        description: ${text(about)}`,
    "        columns:",
    ...Object.entries(columns).flatMap(([column, about]) => [`          - name: ${column}`, `            description: ${text(about)}`]),
  ]);
  return [`  - name: ${name}`, "    database: signals", `    schema: ${schema}`, "    tables:", ...tables];
}

/** `npx vitest run test/samples/dbt.test.ts -u` writes it anew. */
test("models/sources.yml has every table and view, with what it says", async () => {
  const lines = [
    "# Written by a test, from what the warehouse says of itself.",
    "version: 2",
    "sources:",
    ...source("signals", "main"),
    ...source("marts", "marts"),
  ];
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(join(ROOT, "samples/dbt/models/sources.yml"));
});
