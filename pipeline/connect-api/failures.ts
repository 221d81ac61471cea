/** What Connect's refusals, faults and silence mean, in words. */
import type { DataJob } from "../../schemas/connect.ts";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { GraphqlFault } from "./post.ts";

/** Where Connect tells how a job went. */
export const JOB_MONITORING = "Data management > Job monitoring";
export const SEE_REPORT = `See the job's report under ${JOB_MONITORING} in Connect.`;

export const misfit = (endpoint: string) =>
  new SignalhouseError(
    "api_failed",
    `Connect's API at ${new URL(endpoint).host} answered without the fields that were asked for`,
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

/**
 * What a refusal means. Which codes Connect uses is on no page, so its words decide: a wrong guess only changes the hint, and whether an export is
 * put off.
 */
export function refusal(errors: readonly GraphqlFault[]): SignalhouseError {
  const said = graphqlFaults(errors);
  if (/limit|quota|exceed|unavailable for the day/i.test(said.replaceAll("_", " "))) {
    return new SignalhouseError(
      "quota_used_up",
      `Connect refused the export: ${said}`,
      "It is put off to the next UTC day; signalhouse export --resume asks then.",
    );
  }
  if (/name/i.test(said) && /exist|unique|duplicate|already/i.test(said)) {
    return new SignalhouseError("export_name_taken", `Connect refused the name: ${said}`, "Give another --job-name: Connect takes each name once.");
  }
  return new SignalhouseError("api_refused", `Connect refused the request: ${said}`, "Correct what it names. Nothing was done.");
}

/** A refused import. */
export function importRefusal(errors: readonly GraphqlFault[]): SignalhouseError {
  const said = graphqlFaults(errors);
  const known = importAdvice(said);
  if (known === undefined)
    return new SignalhouseError("api_refused", `Connect refused the import: ${said}`, "Correct what it names. Nothing was imported.");
  return new SignalhouseError("import_failed", `Connect refused the import: ${said}`, known);
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

/** GraphQL's faults in one line. */
function graphqlFaults(errors: readonly GraphqlFault[]): string {
  return several(
    errors.map(({ message, extensions }) => {
      const codes = [extensions?.code, extensions?.category].filter(Boolean).join(", ");
      return serverWords(message) + (codes ? ` (${serverWords(codes, 100)})` : "");
    }),
  );
}

/** So many faults are told, of however many there are. */
const MOST_FAULTS = 5;

function several(faults: readonly string[]): string {
  const more = faults.length - MOST_FAULTS;
  return faults.slice(0, MOST_FAULTS).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** The faults that `dataJob` tells of a job, in one line; empty where it tells none. */
export function jobFaults({ errors }: DataJob): string {
  return several((errors ?? []).map(({ code, message }) => serverWords([code, message].filter(Boolean).join(": "))));
}
