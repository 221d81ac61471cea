/** What Connect demands of an export. Written apart from the client's own checks, which are tested against it. */
import { SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { type ExportArguments, refuse, type SftpTarget } from "./api-schema.ts";

/** An export that Connect would make. Times are in milliseconds since 1970. */
export interface Wanted {
  signalTypes: readonly string[];
  start: number;
  end: number;
  target: SftpTarget;
}

/** Source: vendor page "Export signals from Connect". @throws GraphQLError INVALID_ARGUMENT, naming the argument */
export function checkArguments({ jobName, export: { signals }, notifications, to }: ExportArguments): Wanted {
  demand(jobName.trim() !== "", "jobName is empty");
  demand(signals.signalTypes.length > 0, "signalTypes is empty");
  const unknown = signals.signalTypes.find((type) => !Object.hasOwn(SIGNAL_TYPES, type));
  demand(unknown === undefined, `Unknown signal type "${unknown}"`);
  const start = moment("timestampStart", signals.timestampStart);
  const end = moment("timestampEnd", signals.timestampEnd);
  demand(start < end, "timestampStart must be before timestampEnd");
  for (const { destination } of notifications ?? []) demand(/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(destination), `"${destination}" is no e-mail address`);
  const target = to?.sftp ?? {};
  checkTarget(target);
  return { signalTypes: signals.signalTypes, start, end, target };
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw refuse("INVALID_ARGUMENT", otherwise);
}

/** An ISO 8601 time of a day that exists, in milliseconds. */
function moment(name: string, value: unknown): number {
  const [, day] = (typeof value === "string" && /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(value)) || [];
  // Date.parse takes 2025-02-30 for March 2.
  const exists = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  const time = exists ? Date.parse(String(value)) : Number.NaN;
  demand(!Number.isNaN(time), `${name} is no ISO 8601 time`);
  return time;
}

function checkTarget({ parentFolder, namingPrefix, path }: SftpTarget): void {
  if (parentFolder) {
    demand(/^Export\/Signals(\/|$)/.test(parentFolder), "parentFolder must start with Export/Signals");
    demand(/^[A-Za-z0-9 _-]+(\/[A-Za-z0-9 _-]+)*$/.test(parentFolder), "parentFolder has a character that is not allowed");
  }
  if (namingPrefix) demand(/^[A-Za-z0-9 _-]+$/.test(namingPrefix), "namingPrefix has a character that is not allowed");
  if (path === undefined || path === null) return;
  demand(!parentFolder && !namingPrefix, "path cannot be combined with parentFolder or namingPrefix");
  demand(path.endsWith(".csv"), "path must end with .csv");
  // The page does not say which characters a path may have. This one becomes a file on the user's disk: it must lead nowhere else.
  const stays = path.split("/").every((name) => /^[^.\s\\:\p{Cc}][^\\:\p{Cc}]*$/u.test(name));
  demand(stays, "path must be relative to the subscription directory");
}
