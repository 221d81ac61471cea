/** What the doctor says of a system that runs: how things have gone since a time, and for how long they can go on. */
import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { packageVersion } from "../pipeline/common/package.ts";
import type { RemoteFile } from "../pipeline/sftp/server.ts";
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError, SignalhouseError } from "../schemas/errors.ts";
import { newDrift } from "../sinks/drift.ts";
import { growthOf } from "../sinks/growth.ts";
import { knownFiles } from "../sinks/ledger.ts";
import { currentManifest } from "../sinks/publish/open.ts";
import { rejectsSince } from "../sinks/rejects.ts";
import { otherVersions } from "../sinks/runs.ts";
import { lastLoad, newestOf, signalTypes } from "../sinks/status.ts";
import type { Checklist, Finding } from "./checklist.ts";
import type { Context } from "./command.ts";
import type { LoadedConfig } from "./config-file.ts";
import { bytes, count, duration, time } from "./format.ts";
import { serverFiles, URGENT_DAYS } from "./server-files.ts";
import { doorOf } from "./warehouse.ts";

/** What was found before. */
export interface Ground {
  configuration: Finding<LoadedConfig>;
  /** The files on the server. */
  listing: Finding<RemoteFile[]>;
  /** The warehouse that can be written to; its value is undefined where there is none yet. */
  warehouse: Finding<string | undefined>;
  /** Milliseconds since the epoch. */
  since: number;
}

/** Less room than for so many days is a failure. */
const LEAST_DAYS = 7;
/** Less than for so many wants a look. */
const FEW_DAYS = 30;
/** More than for so many says no more. */
const MANY_DAYS = 3650;
/** Fields that are told by name. */
const MOST_FIELDS = 5;

/** Adds what there is to say of a warehouse that has been loaded; nothing where there is none, or it is of an older version. */
export async function checkRunning(context: Context, list: Checklist, ground: Ground): Promise<void> {
  const { configuration, warehouse } = ground;
  if (!configuration.value || !warehouse.ok || warehouse.value === undefined) return;
  const { config } = configuration.value;
  try {
    await doorOf(config, context).toRead(({ connection }) => lookAround(context, list, config, connection, ground));
  } catch (error) {
    if (!isSignalhouseError(error, "warehouse_older", "warehouse_locked", "warehouse_missing")) throw error;
    list.leaveOut("freshness", error.message);
  }
}

async function lookAround(
  { clock }: Context,
  list: Checklist,
  config: Config,
  connection: DuckDBConnection,
  { listing, since }: Ground,
): Promise<void> {
  const now = clock.now();
  const last = await lastLoad(connection);
  if (!last) return list.leaveOut("freshness", "nothing is loaded yet");
  const newest = newestOf(await signalTypes(connection));
  const from = time(since);

  await list.check("freshness", [], async () => {
    const detail = `the last file was loaded ${duration(now - last.finished_at.getTime())} ago; ${newest ? `the newest signal is of ${time(newest)} UTC` : "it has no signals"}`;
    if (last.finished_at.getTime() >= since) return { detail, value: undefined };
    throw new SignalhouseError(
      "export_late",
      `no file was loaded since ${from} UTC: ${detail}`,
      "See what the last runs did: signalhouse status; and what is on the server: signalhouse ls. Where files come less often, give --since.",
    );
  });
  await list.check("rejects", [], async () => {
    const { rejects, load_id } = await rejectsSince(connection, since);
    return {
      detail: `${rejects === 0n ? "none" : count(rejects, "row")} since ${from} UTC`,
      value: undefined,
      look: load_id === null ? undefined : `Look at them: signalhouse rejects list --load ${load_id}`,
    };
  });
  await list.check("drift", [], async () => {
    const drift = await newDrift(connection, since);
    const named = [...new Set(drift.map(({ signal_type, field, reason }) => `${signal_type} ${field} (${reason})`))];
    const more = named.length > MOST_FIELDS ? [`and ${named.length - MOST_FIELDS} more`] : [];
    return {
      detail: drift.length === 0 ? `nothing new since ${from} UTC` : `new since ${from} UTC: ${[...named.slice(0, MOST_FIELDS), ...more].join(", ")}`,
      value: undefined,
      look: drift.length === 0 ? undefined : "Nothing is lost, it is in the column extra. See: signalhouse drift",
    };
  });
  await list.check("exports", [listing], async (files) => {
    const urgent = serverFiles(files, await knownFiles(connection), now).filter((file) => file.urgent);
    const [soonest] = urgent;
    if (!soonest) return { detail: `none that is not loaded is deleted within ${URGENT_DAYS} days`, value: undefined };
    return {
      detail: `${count(urgent.length, "file")} not loaded and deleted within ${URGENT_DAYS} days, the first ${soonest.path}`,
      value: undefined,
      look: "Run signalhouse sync; where it fails, it says why.",
    };
  });
  await list.check("versions", [], async () => {
    const mine = packageVersion();
    const others = await otherVersions(connection, mine, since);
    if (others.length === 0) return { detail: `no run since ${from} UTC was by another one than this, ${mine}`, value: undefined };
    return {
      detail: `runs since ${from} UTC were by ${others.join(", ")}, and this is ${mine}`,
      value: undefined,
      look: "Look which signalhouse cron or a service calls, and upgrade that; right after an upgrade the next run ends this.",
    };
  });
  await checkRoom(list, config, connection, now);
}

/** A folder that grows. */
interface Growing {
  path: string;
  what: string;
  /** Bytes that it has now. */
  size: number;
}

/** For how many days the disks have room, if all goes on as in the last month. */
async function checkRoom(list: Checklist, config: Config, connection: DuckDBConnection, now: number): Promise<void> {
  const growth = await growthOf(connection, now);
  if (!growth) return list.leaveOut("room", "it has too few days yet to tell how quickly it grows");
  const disks = new Map<number, Growing[]>();
  for (const growing of await growingOf(config)) {
    const { dev } = await stat(growing.path);
    disks.set(dev, [...(disks.get(dev) ?? []), growing]);
  }
  for (const folders of disks.values()) {
    const what = folders.map((folder) => folder.what).join(" and ");
    await list.check(disks.size === 1 ? "room" : `room of ${what}`, [], async () => {
      const { bavail, bsize } = await statfs(folders[0]?.path ?? ".");
      const free = bavail * bsize;
      const aDay = (folders.reduce((sum, { size }) => sum + size, 0) / growth.signals) * growth.signalsADay;
      const days = Math.floor(free / aDay);
      const detail = `${bytes(free)} free, and ${what} grow${folders.length > 1 ? "" : "s"} by ${bytes(Math.round(aDay))} a day: room for ${days > MANY_DAYS ? "more than ten years" : count(days, "day")}`;
      const fix = `Free some room, or have less kept: retention.days, publish.keepHours (docs/privacy.md, docs/operations.md).`;
      if (days >= LEAST_DAYS) return { detail, value: undefined, look: days < FEW_DAYS ? fix : undefined };
      throw new SignalhouseError("disk_full", detail, fix);
    });
  }
}

async function growingOf({ warehouse, publish: { to } }: Config): Promise<Growing[]> {
  const file = { path: dirname(warehouse), what: "the warehouse", size: (await stat(warehouse)).size };
  const manifest = to === undefined ? undefined : await currentManifest(to);
  if (to === undefined || !manifest) return [file];
  const size = manifest.tables.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0);
  return [file, { path: to, what: "the published copy", size }];
}
