/** The command `npm run generate`: writes generated exports and the truth about them. See samples/README.md. */
import { parseArgs } from "node:util";
import { isSignalhouseError } from "../schemas/errors.ts";
import { generateExport, generateExports } from "./generator/exports.ts";
import type { Truth } from "./generator/truth.ts";

const USAGE = `Usage: npm run generate -- --rows N --seed S --out FILE
       npm run generate -- --rows N --seed S --out FOLDER --files N [--overlap PERCENT]
       Both take [--days N] [--tangled].

  --rows     records of each file
  --seed     0 to 2147483647: the same seed writes the same bytes
  --out      a name ending in .csv or .csv.gz; with --files, a folder
  --files    write so many exports, one after the other
  --overlap  how many percent of each repeat the one before, 0 to 50 (default 10)
  --days     how many days a file spans, 1 to 366 (default 1)
  --tangled  journeys that get into each other's way: late orders, refunds, shared mailboxes, and more
`;

function generate(): Promise<Truth> | undefined {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { rows: text, seed: text, out: text, files: text, overlap: text, days: text, tangled: flag, help: flag },
  });
  const { rows, seed, out, files, overlap, days, tangled = false } = values;
  if (values.help || rows === undefined || seed === undefined || out === undefined) return undefined;
  const choices = { seed: Number(seed), days: Number(days ?? 1), tangled };
  if (files === undefined) return generateExport({ ...choices, rows: Number(rows), out });
  return generateExports({ ...choices, rowsPerFile: Number(rows), files: Number(files), overlap: Number(overlap ?? 10), folder: out });
}

try {
  const truth = await generate();
  if (truth) {
    process.stdout.write(`${truth.records} records in ${truth.files.length} files, ${truth.signals} signals\n`);
  } else {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  }
} catch (error) {
  if (!isSignalhouseError(error) && !(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}. ${isSignalhouseError(error) ? error.hint : USAGE}\n`);
  process.exitCode = 2;
}
