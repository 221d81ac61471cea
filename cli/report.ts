import type { Reading } from "../pipeline/read-copy.ts";
import { REPORT_MEMORY } from "../pipeline/report.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { makeReport, type Report } from "../sinks/report/page/make-report.ts";
import type { ReportOptions } from "../sinks/report/page/prepare.ts";
import { assertDays } from "../sinks/report/period.ts";
import { replaceFile, writeRefused } from "../sinks/whole-file.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { assertNotOver } from "./query-output.ts";
import { readingEither } from "./read-copy.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "-o FILE [options]",
  about:
    "Writes a page that answers what people ask of campaigns: revenue, opens and clicks, deliverability, products, carts, searches, and how whole the data is. It is one HTML file, " +
    "which asks no network for anything: it can be mailed, printed, and opened anywhere. Each chart has its numbers and its SQL with it. The same data gives the same file. " +
    "While another process has the warehouse, it reads the published copy, where there is one, and says so.",
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "the file to write, such as report.html" },
    from: { type: "string", value: "DAY", help: "the first day (UTC); 27 days before the last one by default" },
    to: { type: "string", value: "DAY", help: "the last day; the last one that the warehouse has whole by default" },
    currency: { type: "string", value: "CODE", help: "the currency of the amounts; that of most orders by default" },
  },
  isUnattended: true,
  examples: ["report -o report.html", "report -o september.html --from 2025-09-01 --to 2025-09-30 --currency EUR"],
  async run(context, { values }) {
    const { out } = context;
    if (values.output === undefined)
      throw new SignalhouseError("usage", "there is no file to write to", "Name one: signalhouse report -o report.html");
    const path = localPath(context, values.output);
    const { from, to, currency } = values;
    assertDays({ from, to });
    const { config, file: configFile } = await context.config();
    await assertNotOver(path, { "the warehouse": config.warehouse, "the configuration": configFile });
    const { period, currency: used } = await writeReport(context, path, { from, to, currency });
    out.result({ file: path, from: period?.from ?? null, to: period?.to ?? null, currency: used }, () => [
      `Wrote the report to ${path}: ${period ? `${period.from} to ${period.to} (UTC)${used === null ? "" : `, amounts in ${used}`}` : "the warehouse has no signals yet"}`,
    ]);
    return EXIT.done;
  },
});

/** Makes the report of the configuration's warehouse, or of its published copy while that is busy, and writes it. */
export async function writeReport(context: Context, path: string, options: ReportOptions): Promise<Report> {
  const { config } = await context.config();
  const make = ({ connection, copy }: Reading) => makeReport(connection, { ...options, copy });
  const report = await readingEither(context, config, make, { memory: REPORT_MEMORY });
  // Campaigns and what they earn are nobody else's business.
  await replaceFile(path, report.html, 0o600).catch((error: unknown) => {
    throw writeRefused(path, error, "Name another file with -o.");
  });
  return report;
}
