/** What Connect's GraphQL API is asked and what it answers, and the limits that hold for exports. */
import { z } from "zod";
import { SignalhouseError } from "./errors.ts";
import { CHANNELS, LISTED_TYPES, type ListedType, type Placement, SIGNAL_TYPES } from "./signal-types.ts";

/** What one UTC day allows. */
export interface DailyLimits {
  jobs: number;
  rows: number;
  bytes: number;
}

/** What was used of a UTC day. */
export interface DayUse extends DailyLimits {
  /** Connect has refused an export on this day. */
  usedUp: boolean;
}

/**
 * Source: vendor page "Export signals from Connect", section "Daily usage limits". It says neither where a day ends nor whether bytes are counted
 * before or after compression: we take UTC days and the bytes of the files.
 */
export const DAILY_LIMITS: DailyLimits = { jobs: 20, rows: 2_000_000, bytes: 1_000_000_000 };

export const DAY_MS = 86_400_000;

/** Connect deletes an export file so long after it was written. Source: vendor page "Export signals from Connect", section "File collection". */
export const KEPT_MS = 28 * DAY_MS;

/** Where Connect puts the file of an export: below Export/Signals, or at a path of its own. */
export type ExportPlace = { parentFolder?: string; namingPrefix?: string } | { path: string };

/** One `exportSignals`. */
export interface ExportRequest {
  /** Unique among all jobs of the subscription. */
  jobName: string;
  signalTypes: readonly string[];
  /** ISO 8601 in UTC with milliseconds; the first moment of the window. */
  timestampStart: string;
  /** The last moment of the window: the vendor's examples end with 23:59:59.999Z. */
  timestampEnd: string;
  /** Without it, Connect chooses. */
  place?: ExportPlace;
  /** E-mail addresses that are told when it is done. */
  notify?: readonly string[];
}

const usage = (message: string, hint: string) => new SignalhouseError("usage", message, hint);

/** The groups that --types takes beside single types: all, behavior, and the channels. */
const TYPE_GROUPS: Readonly<Record<string, readonly ListedType[]>> = {
  all: LISTED_TYPES,
  behavior: LISTED_TYPES.filter((type) => SIGNAL_TYPES[type].table === "behavior_signals"),
  ...Object.fromEntries(CHANNELS.map((channel) => [channel, LISTED_TYPES.filter((type) => (SIGNAL_TYPES[type] as Placement).channel === channel)])),
};

const KNOWN_TYPES = Object.keys(SIGNAL_TYPES);
/** Names that a type may have which is on no list: senders make some up. */
const TYPE_NAME = /^[A-Za-z]\w{0,99}$/;

/**
 * The signal types that a list such as `emailClick,order` or `email,behavior` means, each once, in the order of the vendor's page; those behind them that it does
 * not list, see unlistedTypes().
 * @throws SignalhouseError usage, naming what is no name of a type, or one in a spelling that Connect does not have
 */
export function signalTypesOf(list: string): string[] {
  const names = list.split(",").map((name) => name.trim());
  const wanted = new Set<string>();
  for (const name of names) {
    const group = Object.entries(TYPE_GROUPS).find(([known]) => known === name.toLowerCase())?.[1];
    if (group) for (const type of group) wanted.add(type);
    else {
      const near = KNOWN_TYPES.find((type) => type.toLowerCase() === name.toLowerCase());
      if (name === near || (near === undefined && TYPE_NAME.test(name))) {
        wanted.add(name);
        continue;
      }
      throw usage(
        `--types has "${name}", which is no signal type${near === undefined ? "" : `; Connect spells it ${near}`}`,
        `Give a list such as emailClick,order, or ${Object.keys(TYPE_GROUPS).join(", ")}. The types: ${LISTED_TYPES.join(", ")}.`,
      );
    }
  }
  return [...LISTED_TYPES.filter((type) => wanted.has(type)), ...unlistedTypes([...wanted])];
}

/** Those of some types that are not on the vendor's list: whether Connect exports them is not known. */
export const unlistedTypes = (types: readonly string[]): string[] => types.filter((type) => !(LISTED_TYPES as readonly string[]).includes(type));

/** Whether a text is a day of the calendar: Date.parse takes 2025-02-30 for March 2. */
export function isDay(text: string): boolean {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(day) && new Date(day).toISOString().startsWith(text);
}

/**
 * A moment that --from or --to says, in milliseconds: an ISO 8601 time with its zone, or a date. A date is a whole UTC day: its first moment as a
 * start, its last millisecond as an end.
 * @throws SignalhouseError usage
 */
export function exportMoment(option: string, text: string, edge: "start" | "end"): number {
  const wrong = (why: string) =>
    usage(`${option} is "${text}", ${why}`, "Write a day as 2025-07-01 (UTC) or a time with its zone as 2025-07-01T08:00:00Z.");
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text))
    throw wrong(/T\d\d:\d\d[\d:.]*$/.test(text) ? "a time without its zone" : "which is no ISO 8601 date or time");
  if (!isDay(text.slice(0, 10))) throw wrong("a day that does not exist");
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  if (text.length === 10) return edge === "start" ? day : day + DAY_MS - 1;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw wrong("a time that does not exist");
  return time;
}

/**
 * Checks everything that the vendor's page says about an export, before Connect is asked.
 * Source: vendor page "Export signals from Connect", sections "Mutation arguments", "Export object", "Custom file placement".
 * @throws SignalhouseError usage, naming the argument, the rule and an example
 */
export function checkExport(request: ExportRequest): void {
  const { jobName, signalTypes, timestampStart, timestampEnd, place, notify } = request;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (jobName.trim() === "" || jobName.length > 200 || /[\u0000-\u001f\u007f]/.test(jobName))
    throw usage(`--job-name is "${jobName}"`, 'Give a name of 1 to 200 characters in one line that no other job has, such as "July e-mail clicks".');
  if (signalTypes.length === 0) throw usage("--types is empty", "Name at least one, such as emailClick,order.");
  if (Date.parse(timestampStart) >= Date.parse(timestampEnd))
    throw usage(`--from ${timestampStart} is not before --to ${timestampEnd}`, "Give an earlier --from, such as --from 2025-07-01 --to 2025-07-31.");
  if (place) checkPlace(place);
  for (const address of notify ?? []) {
    if (!z.email().safeParse(address).success)
      throw usage(`--notify is "${address}", which is no e-mail address`, "Write it as data-team@example.com.");
  }
}

function checkPlace(place: ExportPlace): void {
  if ("path" in place) {
    const { path, ...others } = place as { path: string; parentFolder?: string; namingPrefix?: string };
    if (Object.keys(others).length > 0)
      throw usage("--path stands beside --folder or --prefix", "Give either --path, or --folder and --prefix: Connect takes one way only.");
    if (!/^[^/\\].*\.csv$/.test(path) || path.split("/").some((name) => name === "" || name === "." || name === ".." || name === ".csv"))
      throw usage(
        `--path is "${path}"`,
        'Give a path relative to the subscription\'s folder with a file name that ends in .csv, such as "Behavior Signals/Order/Demo_Export.csv".',
      );
    if (!/^[A-Za-z0-9 _./-]+$/.test(path))
      throw usage(`--path is "${path}"`, "Use letters, digits, spaces, -, _, . and / only, such as Orders/2025-07.csv.");
    return;
  }
  const { parentFolder, namingPrefix } = place;
  if (parentFolder !== undefined && !/^Export\/Signals(\/[A-Za-z0-9 _-]+)*$/.test(parentFolder))
    throw usage(
      `--folder is "${parentFolder}"`,
      "It starts with Export/Signals and has only letters, digits, spaces, -, _ and /, such as Export/Signals/Shopping_Funnel.",
    );
  if (namingPrefix !== undefined && !/^[A-Za-z0-9 _-]{1,100}$/.test(namingPrefix))
    throw usage(`--prefix is "${namingPrefix}"`, "Use 1 to 100 letters, digits, spaces, - and _, such as August_2025_.");
}

/**
 * The answer to `exportSignals`: the id alone shows that there is a job. Where faults left out the path, the file is found by its place. Source: the same
 * page, section "Response fields".
 */
export const exportAnswer = z.object({ dataJobId: z.string().min(1), path: z.string().min(1).optional().catch(undefined) });
export type ExportAnswer = z.infer<typeof exportAnswer>;

/**
 * The answer to `dataJob(id)`. It is on no page of the vendor, but was seen to work for import jobs; the values of `status` are not known, so a
 * job is over when it has an end or its status sounds so.
 */
export const dataJobAnswer = z.object({
  status: z.string().nullish(),
  endedAt: z.string().nullish(),
  errors: z.array(z.object({ code: z.string().nullish(), message: z.string().nullish() })).nullish(),
});
export type DataJob = z.infer<typeof dataJobAnswer>;

/** How far a job is, from what `dataJob` says. What is not understood is taken for running. */
export function dataJobState({ status, endedAt, errors }: DataJob): "running" | "done" | "failed" {
  const word = (status ?? "").toUpperCase();
  if (/FAIL|ERROR|CANCEL|ABORT/.test(word) || (endedAt && (errors ?? []).length > 0)) return "failed";
  return endedAt || /COMPLET|SUCCE/.test(word) ? "done" : "running";
}

/** The answer of `createImportJob`. */
export const importAnswer = z.object({ id: z.string().min(1) });

/** A data set, as `dataSets` has it: the audience, a reference set, … */
const dataSet = z.object({
  dataSetId: z.string(),
  name: z.string(),
  type: z.string(),
  size: z.number().nullish(),
  attributes: z.array(z.object({ name: z.string(), type: z.string(), identifyAs: z.object({ key: z.boolean().nullish() }).nullish() })).nullish(),
});
export type DataSet = z.infer<typeof dataSet>;

export const dataSetsAnswer = z.object({
  nodes: z.array(dataSet),
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
});

/** Rows of a reference set, as `referenceSetRecords` has them. */
export const recordsAnswer = z.object({
  totalCount: z.number(),
  nodes: z.array(z.object({ attributes: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number(), z.boolean()]).nullish() })) })),
});
export type Records = z.infer<typeof recordsAnswer>;
