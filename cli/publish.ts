import { PATIENCE_MS } from "../pipeline/common/door.ts";
import { publishWarehouse, type PublishResult } from "../pipeline/publish.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { bytes, count, number } from "./format.ts";
import { publishContext } from "./publish-changes.ts";
import { doorOf } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "[--to DIR] [options]",
  about:
    "Writes what is new of the warehouse into a copy that notebooks, BI tools and scripts read without waiting, and without keeping a load waiting: Parquet files by month, and two small DuckDB " +
    "files over them, current/signals.duckdb and live.duckdb. Readers see the version before until the new one is whole. Contact attributes, contents and addresses are left out, and contact ids " +
    "are hashed. With publish.to in the configuration, each run that changes the warehouse publishes by itself.",
  options: { to: { type: "string", value: "DIR", help: "the folder of the copy; publish.to of the configuration by default" } },
  isUnattended: true,
  examples: ["publish --to published", "publish --to published --json"],
  async run(context, { values }) {
    const { config } = await context.config();
    const to = values.to === undefined ? config.publish.to : localPath(context, values.to);
    const door = doorOf(config, context, { patience: PATIENCE_MS });
    const result = await publishWarehouse(
      { ...config, publish: { ...config.publish, ...(to === undefined ? {} : { to }) } },
      publishContext(context, door),
    );
    context.out.result(publishDocument(result, to), () => [publishLine(result)]);
    return EXIT.done;
  },
});

const publishDocument = (result: PublishResult, folder: string | undefined) => ({
  folder,
  version: result.version,
  is_new: result.isNew,
  published_at: result.publishedAt,
  files: result.files,
  files_written: result.filesWritten,
  rows: result.rows,
  bytes: result.bytes,
  unknown_columns: result.unknownColumns,
});

/** What a publish did, in a line. */
export function publishLine({ isNew, version, filesWritten, files, rows, bytes: size }: PublishResult): string {
  if (!isNew) return `Nothing new: version ${number(version)} has all that the warehouse has.`;
  return `Published version ${number(version)}: ${number(filesWritten)} of ${count(files, "file")} written, ${count(rows, "row")}, ${bytes(size)} in all.`;
}
