import { join, relative } from "node:path";
import { askForExport } from "../pipeline/export/ask.ts";
import { awaitExports } from "../pipeline/export/arrive.ts";
import { exportWish } from "../pipeline/export/wish.ts";
import type { FileResult } from "../pipeline/load/load-files.ts";
import { publishWarehouse } from "../pipeline/publish.ts";
import { sync } from "../pipeline/sync.ts";
import { campaignRevenue } from "../sinks/revenue.ts";
import { ledger, signalTypes, tableCounts } from "../sinks/status.ts";
import { verifyWarehouse } from "../sinks/verify.ts";
import { type Context, defineCommand } from "./command.ts";
import { loadConfig } from "./config-file.ts";
import { exportContext, noteRun } from "./api.ts";
import { EXIT } from "./failures.ts";
import { count, money, number, table, time } from "./format.ts";
import { invocation } from "./invocation.ts";
import { claimFolder, copySampleExports, startLocalConnect } from "./local-connect.ts";
import { publishContext } from "./publish-changes.ts";
import { publishLine } from "./publish.ts";
import { writeReport } from "./report.ts";
import { doorOf, reading, running } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Shows the whole way without a Connect account: starts a local Connect, asks it for an export, waits for the file, loads it and older ones over SFTP " +
    "into ./demo/signals.duckdb, looks at what came of it, and publishes and reports it. Run again, it starts its folder anew. --config and --warehouse do not apply: it writes both into its folder.",
  options: { out: { type: "string", value: "DIR", help: "the folder that it writes; ./demo by default" } },
  examples: ["demo"],
  async run(given, { values }) {
    const { out } = given;
    const folder = localPath(given, values.out ?? "demo");
    await claimFolder(folder, "demo");
    await copySampleExports(join(folder, "exports"));
    const { sandbox, api, configFile } = await startLocalConnect(folder, join(folder, "exports"), {
      clock: given.clock,
      delayMs: 500,
      pollSeconds: 0.25,
    });
    const context = { ...given, configFile, config: () => loadConfig(given, { file: configFile, warehouse: undefined }) };
    try {
      out.print([`A local Connect answers at ${api.url} and serves files over SFTP on ${sandbox.host}:${sandbox.port}.`]);
      out.print(["", `  signalhouse export --types all --from ${DAYS.from} --to ${DAYS.to} --sync`]);
      out.print(await exportFrom(context));
      out.print(["", "  signalhouse sync"]);
      out.print([await syncFrom(context)]);
    } finally {
      await sandbox.close();
    }
    const ok = await reading(context, async (connection) => {
      const found = {
        ledger: await ledger(connection),
        tables: await tableCounts(connection),
        signal_types: await signalTypes(connection),
        revenue: await campaignRevenue(connection),
        checks: await verifyWarehouse(connection),
      };
      out.result({ folder, ...found }, () => tour(found));
      return found.checks.every((check) => check.ok);
    });
    out.print(["", "  signalhouse publish --to published", `  ${await publishTo(context, join(folder, "published"))}`]);
    const report = join(folder, "report.html");
    await writeReport(context, report, {});
    out.print(["", "  signalhouse report -o report.html", `  Open it in a browser: ${report}`]);
    out.print(["", ...next(given, folder)]);
    return ok ? EXIT.done : EXIT.failed;
  },
});

/** The days that the demo asks for; the sample exports have those before. */
const DAYS = { from: "2025-09-04", to: "2025-09-05" };

/** What `signalhouse export --sync` does. @returns what came of it */
async function exportFrom(context: Context): Promise<string[]> {
  const { config } = await context.config();
  const flow = { ...(await exportContext(config, context)), log: (line: string) => context.out.log("debug", line), waiting: undefined };
  const wish = exportWish({ types: "all", ...DAYS }, context.clock.now());
  let file: FileResult | undefined;
  await noteRun(flow, context, "export", async (runId) => {
    const job = await askForExport(flow, wish);
    const [outcome] = await awaitExports(flow, [job], { load: true, runId });
    if (outcome?.error) throw outcome.error;
    file = outcome?.file;
    return EXIT.done;
  });
  const records = file && file.status !== "failed" ? number(file.records) : "no";
  return [`  Connect took it as a job (exportSignals), put ${file?.path ?? "a file"} on the server,`, `  and its ${records} records are loaded.`];
}

/** What `signalhouse sync` does. @returns what came of it */
async function syncFrom(context: Context): Promise<string> {
  const { out, signal } = context;
  let files: readonly FileResult[] = [];
  await running(context, "sync", async (warehouse, config, runId) => {
    ({ files } = await sync({ config, warehouse, runId, signal, log: (line) => out.log("debug", line) }));
    return EXIT.done;
  });
  return `  ${count(files.length, "older export")} on the server ${files.length === 1 ? "is" : "are"} loaded too.`;
}

/** What `signalhouse publish` does. @returns what came of it */
async function publishTo(context: Context, to: string): Promise<string> {
  const { config } = await context.config();
  const { door, signal, clock } = publishContext(context, doorOf(config, context));
  return publishLine(await publishWarehouse({ ...config, publish: { ...config.publish, to } }, { door, signal, ...(clock ? { clock } : {}) }));
}

interface Found {
  ledger: Awaited<ReturnType<typeof ledger>>;
  tables: Awaited<ReturnType<typeof tableCounts>>;
  signal_types: Awaited<ReturnType<typeof signalTypes>>;
  revenue: Awaited<ReturnType<typeof campaignRevenue>>;
  checks: Awaited<ReturnType<typeof verifyWarehouse>>;
}

function tour(found: Found): string[] {
  const counts = ["records", "inserted", "updated", "unchanged", "rejected"] as const;
  const sections: [string, string[]][] = [
    [
      "The ledger (signalhouse.loads): the exports overlap, and every record is counted once",
      table(
        ["file", "written (UTC)", ...counts.map((right) => ({ right }))],
        found.ledger.map((load) => [load.path, time(load.mtime), ...counts.map((name) => load[name])]),
      ),
    ],
    [
      "The tables",
      table(
        ["table", { right: "rows" }],
        found.tables.map((row) => [row.table, row.rows]),
      ),
    ],
    [
      `The signals: ${found.signal_types.length} types, each with a view of its own`,
      inTwo(found.signal_types.map((row) => [row.signal_type, number(row.rows)])),
    ],
    [
      "What campaigns led to: all clicks, and orders by the model direct (view marts.attribution)",
      table(
        ["campaign", "channel", { right: "clicks" }, { right: "orders" }, { right: "revenue" }, "currency"],
        found.revenue.map((row) => [
          row.campaign_name ?? "(no campaign)",
          row.channel,
          row.clicks,
          row.orders,
          money(row.revenue ?? "0"),
          row.currency ?? "",
        ]),
      ),
    ],
    ["Verified", found.checks.map(({ name, ok, detail }) => `${ok ? "ok    " : "FAILED"}  ${name}${ok ? "" : `: ${detail}`}`)],
  ];
  return sections.flatMap(([title, body]) => ["", title, "", ...body.map((line) => `  ${line}`)]);
}

/** A long list of two columns beside each other. */
function inTwo(rows: readonly (readonly [string, string])[]): string[] {
  const half = Math.ceil(rows.length / 2);
  const pairs = rows.slice(0, half).map((row, index) => [...row, ...(rows[half + index] ?? ["", ""])]);
  return table(["type", { right: "rows" }, "type", { right: "rows" }], pairs);
}

function next(context: Context, folder: string): string[] {
  const call = invocation(context, folder);
  const commands = [
    `cd ${relative(context.cwd, folder) || "."}`,
    `${call} status`,
    `${call} query "SELECT occurred_at, order_id, order_value, currency, campaign_name FROM message_behavior WHERE signal_type = 'order' AND matched"`,
    `${call} query "FROM email_clicks" -o clicks.parquet`,
    `${call} drift`,
    `${call} verify`,
  ];
  return [
    `The warehouse is ${join(folder, "signals.duckdb")}: any tool that speaks DuckDB opens it. Notebooks and BI tools open ${join(folder, "published", "current", "signals.duckdb")}, where`,
    "no load waits for them. Try next:",
    "",
    ...commands.map((command) => `  ${command}`),
    "",
    `${call} explore serves the report on this machine, with filters and a way down to each message, until Ctrl-C.`,
    `The demo's server is gone; ${call} sandbox starts one that stays. With your own account: ${call} init`,
  ];
}
