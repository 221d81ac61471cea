import { DAILY_LIMITS } from "../schemas/connect.ts";
import { PATIENCE_MS } from "../pipeline/common/door.ts";
import type { Failure } from "../pipeline/on-failure.ts";
import { type Cycle, watch } from "../pipeline/watch.ts";
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { replaceFile, writeRefused } from "../sinks/whole-file.ts";
import { type Context, defineCommand } from "./command.ts";
import { exportContext } from "./api.ts";
import { EXIT } from "./failures.ts";
import { Health } from "./health.ts";
import { count, number } from "./format.ts";
import { publishAfter } from "./publish-changes.ts";
import { secrets, sftpOf } from "./server.ts";
import { tellOfFailure } from "./telling.ts";
import { doorOf } from "./warehouse.ts";
import { localPath } from "./world.ts";

const LEAST_MS = 1000;

export const command = defineCommand({
  usage: "[--every 15m] [options]",
  about:
    "Stays and does, every so often, what sync does; goes on with exports under way, and where backfill.from is set asks for the days that are missing, each " +
    "new one included. Writes a log line a cycle. A cycle that fails does not end it. SIGTERM and Ctrl-C end it well, between two files.",
  options: {
    every: { type: "string", value: "TIME", help: "from the start of a cycle to the next: 30s, 15m, 6h; 15m by default" },
    health: { type: "string", value: "FILE", help: "write a JSON file on the last cycle, for monitoring" },
    metrics: { type: "string", value: "FILE", help: "write figures in Prometheus' text format, for node_exporter's textfile collector" },
  },
  isUnattended: true,
  examples: ["watch --every 15m", "watch --every 1h --health /run/signalhouse/health.json --metrics /var/lib/node_exporter/signalhouse.prom"],
  async run(context, { values }) {
    const { out, clock, signal, pid } = context;
    const { config, file } = await context.config();
    sftpOf(config, file);
    const everyMs = durationOf("--every", values.every ?? "15m");
    const exports = await asker(config, context);
    const door = exports?.door ?? doorOf(config, context, { patience: PATIENCE_MS });
    // Nobody is waited for to look at figures.
    const glance = doorOf(config, context);
    let isFailing = false;
    const health = new Health({ pid, startedAt: clock.now(), everyMs, limits: DAILY_LIMITS });
    await watch({
      config,
      door,
      clock,
      signal,
      secrets: secrets(context),
      everyMs,
      ...(exports ? { exports } : {}),
      log: (line) => out.log("debug", line),
      async onCycle(cycle) {
        out.log(cycle.error ? "error" : "info", cycleLine(cycle));
        // The first failure of some in a row is told: those after it say nothing new.
        const failure = failureOf(cycle);
        if (failure && !isFailing && !out.isWatched) await tellOfFailure(context, config, { command: "watch", exitCode: EXIT.failed, ...failure });
        // Whoever has the warehouse says nothing of what failed before.
        if (cycle.error?.code !== "warehouse_locked") isFailing = failure !== undefined;
        // The next cycle tries again.
        await publishAfter(context, config).catch(
          (error: unknown) => signal.aborted || out.log("error", `nothing was published: ${failureText(error)}`),
        );
        if (values.health === undefined && values.metrics === undefined) return;
        // Figures that cannot be had, or told, are no reason to end.
        const telling = (advice: string) => (error: unknown) =>
          signal.aborted || out.log("warn", `the health of this watch is not told in full: ${messageOf(error)} -> ${advice}; it goes on`);
        await health
          .note(cycle, (work) => glance.toRead(work, { isLimited: true }))
          .catch(telling("its figures of the warehouse are those of an earlier cycle"));
        const untold = telling("check the files of --health and --metrics");
        if (values.health !== undefined) await publish(localPath(context, values.health), health.json()).catch(untold);
        if (values.metrics !== undefined) await publish(localPath(context, values.metrics), health.prometheus()).catch(untold);
      },
    });
    return EXIT.done;
  },
});

/** What of a cycle somebody should know; undefined where all went well, or only had to wait. */
function failureOf({ error, files, exports }: Cycle): Pick<Failure, "code" | "message" | "hint"> | undefined {
  if (error?.code === "warehouse_locked") return undefined;
  const failed = files.filter(({ status }) => status === "failed").map(({ path }) => path);
  const fault = error ?? exports.find((outcome) => outcome.error)?.error;
  if (fault) return { code: fault.code, message: fault.message, hint: fault.hint };
  if (failed.length === 0) return undefined;
  return { message: `${count(failed.length, "file")} failed: ${failed.join(", ")}`, hint: "See: signalhouse status" };
}

const failureText = (error: unknown) => (isSignalhouseError(error) ? `${error.message} -> ${error.hint} [${error.code}]` : messageOf(error));

/** Without an API key watch only loads; where a backfill is configured, it is needed. */
async function asker(config: Config, context: Context) {
  try {
    return await exportContext(config, context);
  } catch (error) {
    if (config.backfill.from !== undefined || !isSignalhouseError(error, "api_key_missing", "config_invalid")) throw error;
    context.out.log("info", `${error.message}: exports are loaded, not asked for`);
    return undefined;
  }
}

function cycleLine({ files, exports, error, startedAt, finishedAt }: Cycle): string {
  const failed = files.filter(({ status }) => status === "failed");
  const loaded = files.flatMap((file) => (file.status === "failed" ? [] : [file]));
  const sum = (field: "records" | "inserted" | "rejected") => loaded.reduce((total, file) => total + file[field], 0);
  const parts = [
    `${count(loaded.length, "file")} loaded`,
    `${number(sum("records"))} records, ${number(sum("inserted"))} new, ${number(sum("rejected"))} rejected`,
    ...(failed.length > 0 ? [`${count(failed.length, "file")} failed: ${failed.map(({ path }) => path).join(", ")}`] : []),
    ...(exports.length > 0 ? [`${count(exports.length, "export")} under way`] : []),
    ...exports.flatMap((outcome) => (outcome.error ? [outcome.error.message] : [])),
    ...(error ? [`failed: ${error.message} -> ${error.hint} [${error.code}]`] : []),
  ];
  return `cycle of ${((finishedAt - startedAt) / 1000).toFixed(1)} s: ${parts.join("; ")}`;
}

/** Milliseconds that `30s`, `15m` or `6h` means. @throws SignalhouseError usage */
function durationOf(name: string, text: string): number {
  const [, digits, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? [];
  const ms = Number(digits) * ({ s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ""] ?? Number.NaN);
  if (ms >= LEAST_MS) return ms;
  throw new SignalhouseError("usage", `${name} is "${text}"`, "Write it as 30s, 15m or 6h; a second at least.");
}

/** Monitoring runs as a user of its own. */
async function publish(path: string, text: string): Promise<void> {
  await replaceFile(path, text, 0o644).catch((error: unknown) => {
    throw writeRefused(path, error, "");
  });
}
