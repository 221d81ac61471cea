/** From what somebody wants exported to what Connect is asked, checked by every rule of the vendor. */
import { checkExport, exportMoment, type ExportPlace, signalTypesOf } from "../../schemas/connect.ts";
import type { Wish } from "./ask.ts";
import { newJobName, placeFor, prefixFor } from "./file.ts";

/** An export in words. */
export interface ExportWords {
  /** Signal types such as emailClick, or the groups email, sms, whatsapp, behavior, all: a list, or a text with commas. */
  types: string | readonly string[];
  /** The window's start: a day in UTC (2025-07-01), or a time with its zone. */
  from: string;
  /** The window's end; a day is meant whole. */
  to: string;
  /** A name that no other job has; made up by default. */
  jobName?: string | undefined;
  /** The file, relative to the subscription's folder, ending in .csv; not beside `folder` or `prefix`. */
  path?: string | undefined;
  /** A folder that starts with Export/Signals. */
  folder?: string | undefined;
  /** What the file's name begins with, before Signals_Export.csv. */
  prefix?: string | undefined;
  /** Whom Connect tells when it is done: e-mail addresses. */
  notify?: readonly string[] | undefined;
  /** Ask even where the day's limits would be broken. */
  ignoreQuota?: boolean | undefined;
}

/** @throws SignalhouseError usage */
export function exportWish(words: ExportWords, now: number): Wish {
  const { types, from, to, notify, ignoreQuota = false } = words;
  const signalTypes = signalTypesOf(typeof types === "string" ? types : types.join(","));
  const start = exportMoment("--from", from, "start");
  const end = exportMoment("--to", to, "end");
  const jobName = words.jobName ?? newJobName(now);
  const window = { timestampStart: new Date(start).toISOString(), timestampEnd: new Date(end).toISOString() };
  const request = { jobName, signalTypes, ...window, place: placeOf(words, jobName), ...(notify ? { notify: [...notify] } : {}) };
  checkExport(request);
  return { request, signalTypes, windowStart: start, windowEnd: end + 1, ignoreQuota };
}

function placeOf({ path, folder, prefix }: ExportWords, jobName: string): ExportPlace {
  const given = { ...(folder === undefined ? {} : { parentFolder: folder }), ...(prefix === undefined ? {} : { namingPrefix: prefix }) };
  if (path !== undefined) return { path, ...given };
  if (folder === undefined && prefix === undefined) return placeFor(jobName);
  return { namingPrefix: prefixFor(jobName), ...given };
}
