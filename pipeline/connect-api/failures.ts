/** What Connect's refusals, faults and silence mean, in words. */
import type { DataJob } from "../../schemas/connect.ts";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { busy, type Failed, keyRefused, trouble } from "./failed.ts";
import { type Fault, guessOfExport, guessOfTrouble, type Meaning, meaningOf, retryTimeOf } from "./meaning.ts";
import type { Refused } from "./post.ts";

/** Where Connect tells how a job went. */
export const JOB_MONITORING = "Data management > Job monitoring";
export const SEE_REPORT = `See the job's report under ${JOB_MONITORING} in Connect.`;

/** @param faults what it says to be wrong, which is why */
export const misfit = (endpoint: string, faults: readonly Fault[]) =>
  new SignalhouseError(
    "api_failed",
    `Connect's API at ${new URL(endpoint).host} answered without the fields that were asked for${faults.length > 0 ? `: ${graphqlFaults(faults)}` : ""}`,
    "The API may have changed: look for a newer signalhouse, and report it.",
  );

export const exportUnanswered = (jobName: string, cause: SignalhouseError) =>
  new SignalhouseError(
    "export_unanswered",
    `it is not known whether Connect took the export "${jobName}": ${cause.message}`,
    "It is not asked for again blindly: signalhouse export --resume finds out, by its file and its name.",
    cause,
  );

export const importUnanswered = (jobName: string, cause: SignalhouseError) =>
  new SignalhouseError(
    "import_unanswered",
    `it is not known whether Connect took the import "${jobName}": ${cause.message}`,
    "It is not asked for again blindly: the next push of this set, or signalhouse refset status --wait, finds out.",
    cause,
  );

/** What was asked for: the meaning of a refusal depends on it. */
export type Asked = "export" | "import" | "answer";

/** What a refusal comes to. Words tell it of exports alone, where its codes and the HTTP status do not; which is then said to be a guess. */
export function refusal({ at, status, faults, retryAfterMs }: Refused, asked: Asked): Failed {
  const said = graphqlFaults(faults);
  // An import's own codes are known, and stand in its words.
  if (asked === "import" && importAdvice(said) !== undefined) return refusedFor(importRefused(said));
  const words = faults.map(({ message }) => message).join("; ");
  const named = meaningOf(faults, status, retryAfterMs);
  const isOpen = named === undefined || named === "input";
  const meaning = isOpen && asked === "export" ? guessOfExport(words, named) : (named ?? guessOfTrouble(words));
  const told = meaning === named ? said : `${said} (what this means is guessed from its words)`;
  if (meaning === "trouble") return trouble(at, `with a fault of its own: ${told}`, retryAfterMs);
  if (meaning === "often") return busy(at, told, retryAfterMs ?? retryTimeOf(words));
  if (meaning === "key") return keyRefused(at, told);
  return refusedFor(asked === "import" ? importRefused(told) : refused(asked, meaning, told));
}

const refusedFor = (error: SignalhouseError): Failed => ({ kind: "failed", sent: "no", passes: false, error });

function refused(asked: Asked, meaning: Meaning | undefined, told: string): SignalhouseError {
  if (meaning === "day" && asked === "export") {
    const hint = "It is put off to the next UTC day; signalhouse export --resume asks then.";
    return new SignalhouseError("quota_used_up", `Connect refused the export for the day's limits: ${told}`, hint);
  }
  if (meaning === "taken" && asked === "export") {
    return new SignalhouseError("export_name_taken", `Connect refused the name: ${told}`, "Give another --job-name: Connect takes each name once.");
  }
  if (meaning === "long") {
    const hint = "Shorten what it names, such as the job's name by --job-name. Nothing was done.";
    return new SignalhouseError("api_refused", `Connect refused something as too long: ${told}`, hint);
  }
  return new SignalhouseError("api_refused", `Connect refused the request: ${told}`, "Correct what it names. Nothing was done.");
}

function importRefused(told: string): SignalhouseError {
  const known = importAdvice(told);
  if (known === undefined)
    return new SignalhouseError("api_refused", `Connect refused the import: ${told}`, "Correct what it names. Nothing was imported.");
  return new SignalhouseError("import_failed", `Connect refused the import: ${told}`, known);
}

/**
 * What to do about an import's error message, where it is known. Source of the two codes: vendor page "Create a reference set", section "Possible
 * error messages".
 */
export function importAdvice(said: string): string | undefined {
  if (said.includes("S3_FILE_METADATA_FAILED"))
    return "Connect could not find or read the file at that folder and name. Push again; check sftp.root where it stays so: folders are meant relative to the subscription's.";
  if (said.includes("INPUT_VALIDATION_FAILED"))
    return `Connect did not accept the file or the request. Check what it names: the delimiter must be comma, tab or pipe, and the same throughout. See the job's report under ${JOB_MONITORING}.`;
  return undefined;
}

/** Faults that are told of one answer. */
const MOST_FAULTS = 5;

function several(faults: readonly string[]): string {
  const more = faults.length - MOST_FAULTS;
  return faults.slice(0, MOST_FAULTS).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** GraphQL's faults in one line, with a bound. */
export const graphqlFaults = (faults: readonly Fault[]): string =>
  several(faults.map(({ message, codes }) => (codes.length > 0 ? `${message} (${codes.join(", ")})` : message).trim())) || "no reason was given";

/** The faults that `dataJob` tells of a job, in one line; empty where it tells none. */
export const jobFaults = ({ errors }: DataJob): string =>
  several((errors ?? []).map(({ code, message }) => serverWords([code, message].filter(Boolean).join(": "))));
