/** Connect's API, as far as signalhouse asks it. */
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import {
  type DataJob,
  dataJobAnswer,
  type DataSet,
  dataSetsAnswer,
  type ExportAnswer,
  exportAnswer,
  type ExportRequest,
  importAnswer,
  type Records,
  recordsAnswer,
} from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { ImportInput } from "../../schemas/reference-set.ts";
import {
  CREATE_IMPORT_DOCUMENT,
  dataJobDocument,
  dataSetsDocument,
  exportSignalsDocument,
  PING_DOCUMENT,
  recordsDocument,
  registerKeyDocument,
} from "./operations.ts";
import { describeFaults, type Endpoint, type GraphqlFault, type GraphqlRequest, post } from "./post.ts";

export interface ApiOptions extends Endpoint {
  /** How often a request that may be repeated is, before it fails. */
  retries: number;
  /** Takes a line about a request that is repeated. */
  log?: (line: string) => void;
  /** Milliseconds before the first repeat; doubles with each, up to 30 s. */
  backoffMs?: number;
}

export interface ConnectApi {
  /**
   * Makes an export job. Never repeated where Connect may have taken it.
   * @throws SignalhouseError export_unanswered where that is not known; export_name_taken, quota_used_up, api_refused, api_key_refused,
   * api_unreachable, api_failed where it surely was not; the signal's reason
   */
  exportSignals(request: ExportRequest): Promise<ExportAnswer>;
  /**
   * Makes an import job. Never repeated where Connect may have taken it.
   * @returns its id
   * @throws SignalhouseError import_unanswered where that is not known; import_failed, api_refused, api_key_refused, api_unreachable, api_failed where
   * it surely was not; the signal's reason
   */
  createImportJob(input: ImportInput): Promise<string>;
  /** All data sets of the subscription, of whatever type. @throws SignalhouseError api_*; the signal's reason */
  dataSets(): Promise<DataSet[]>;
  /** The first rows of a reference set, and how many it has. @throws SignalhouseError api_*; the signal's reason */
  referenceSetRecords(id: string, first: number): Promise<Records>;
  /** How a job goes; undefined where the API cannot tell. @throws SignalhouseError api_*; the signal's reason */
  dataJob(id: string): Promise<DataJob | undefined>;
  /** Replaces the public key with which the API key's user logs in over SFTP. @throws SignalhouseError api_*; the signal's reason */
  registerPublicKey(publicKey: string): Promise<void>;
  /** Asks for nothing: tells whether API and key work. @throws SignalhouseError api_*; the signal's reason */
  ping(): Promise<void>;
}

/** The API at an endpoint. Nothing is held open between requests. */
export function connectApi(options: ApiOptions): ConnectApi {
  return {
    async exportSignals(request) {
      const query = exportSignalsDocument(request);
      const lost = (cause: SignalhouseError) => unanswered(request.jobName, cause);
      const { exportSignals } = await sendOnce(options, { query }, z.object({ exportSignals: exportAnswer }), { refusal, lost });
      return exportSignals;
    },
    async createImportJob(importInput) {
      const request = { query: CREATE_IMPORT_DOCUMENT, variables: { importInput } };
      const lost = (cause: SignalhouseError) => importUnanswered(importInput.jobName, cause);
      const { createImportJob } = await sendOnce(options, request, z.object({ createImportJob: importAnswer }), { refusal: importRefusal, lost });
      return createImportJob.id;
    },
    async dataSets() {
      const found: DataSet[] = [];
      for (let after: string | undefined; ;) {
        const { dataSets } = await send(options, dataSetsDocument(after), z.object({ dataSets: dataSetsAnswer }));
        found.push(...dataSets.nodes);
        const { hasNextPage, endCursor } = dataSets.pageInfo;
        if (!hasNextPage || !endCursor || endCursor === after) return found;
        after = endCursor;
      }
    },
    async referenceSetRecords(id, first) {
      const shape = z.object({ referenceSetRecords: recordsAnswer });
      return (await send(options, recordsDocument(id, first), shape)).referenceSetRecords;
    },
    async dataJob(id) {
      const { dataJob } = await send(options, dataJobDocument(id), z.object({ dataJob: dataJobAnswer.nullish() }), (errors) =>
        errors.some(({ message }) => /cannot query field/i.test(message)) ? { dataJob: undefined } : undefined,
      );
      return dataJob ?? undefined;
    },
    async registerPublicKey(publicKey) {
      await send(options, registerKeyDocument(publicKey), z.object({ updatePublicKeyForConnectUser: z.object({ publicKey: z.string() }) }));
    },
    async ping() {
      await send(options, PING_DOCUMENT, z.object({ __typename: z.string() }));
    },
  };
}

const LONGEST_WAIT_MS = 30_000;

/** Waits before a repeat: longer each time, and never exactly as long, so that many clients do not come back at once. */
async function pause({ backoffMs = 500, retries, signal, log }: ApiOptions, attempt: number, why: SignalhouseError): Promise<void> {
  const longest = Math.min(backoffMs * 2 ** attempt, LONGEST_WAIT_MS);
  const ms = Math.round(longest * (0.5 + Math.random() / 2));
  log?.(`${why.message}; asking again in ${ms} ms (${attempt + 1} of ${retries})`);
  await wait(ms, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

/** Sends what may be repeated without harm, until there is a proper answer. */
async function send<T>(
  options: ApiOptions,
  query: string,
  shape: z.ZodType<T>,
  instead: (errors: GraphqlFault[]) => T | undefined = () => undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const posted = await post(options, { query });
    if (posted.kind === "refused") {
      const other = instead(posted.errors);
      if (other !== undefined) return other;
      throw refusal(posted.errors);
    }
    const read = posted.kind === "data" ? shape.safeParse(posted.data) : undefined;
    if (read?.success) return read.data;
    const error = posted.kind === "failed" ? posted.error : misfit(options.endpoint);
    if (attempt >= options.retries) throw error;
    await pause(options, attempt, error);
  }
}

/** What becomes of a job that was refused, or whose answer got lost. */
interface JobErrors {
  refusal: (errors: readonly GraphqlFault[]) => SignalhouseError;
  lost: (cause: SignalhouseError) => SignalhouseError;
}

/** Sends what makes a job: again only where it surely was not sent, or not let in. */
async function sendOnce<T>(options: ApiOptions, request: GraphqlRequest, shape: z.ZodType<T>, errors: JobErrors): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const posted = await post(options, request);
    if (posted.kind === "refused") throw errors.refusal(posted.errors);
    if (posted.kind === "data") {
      const read = shape.safeParse(posted.data);
      if (read.success) return read.data;
      throw errors.lost(misfit(options.endpoint));
    }
    if (posted.sent === "maybe") throw errors.lost(posted.error);
    if (attempt >= options.retries) throw posted.error;
    await pause(options, attempt, posted.error);
  }
}

const misfit = (endpoint: string) =>
  new SignalhouseError(
    "api_failed",
    `Connect's API at ${new URL(endpoint).host} answered without the fields that were asked for`,
    "The API may have changed: look for a newer signalhouse, and report it.",
  );

const unanswered = (jobName: string, cause: SignalhouseError) =>
  new SignalhouseError(
    "export_unanswered",
    `it is not known whether Connect took the export "${jobName}": ${cause.message}`,
    "It is not asked for again blindly: signalhouse export --resume finds out, by its file and its name.",
    cause,
  );

const importUnanswered = (jobName: string, cause: SignalhouseError) =>
  new SignalhouseError(
    "import_unanswered",
    `it is not known whether Connect took the import "${jobName}": ${cause.message}`,
    "It is not asked for again blindly: the next push of this set, or signalhouse refset status --wait, finds out.",
    cause,
  );

/** A refused import. Source of the two codes: vendor page "Create a reference set", section "Possible error messages". */
function importRefusal(errors: readonly GraphqlFault[]): SignalhouseError {
  const said = describeFaults(errors);
  const known = importAdvice(said);
  if (known === undefined)
    return new SignalhouseError("api_refused", `Connect refused the import: ${said}`, "Correct what it names. Nothing was imported.");
  return new SignalhouseError("import_failed", `Connect refused the import: ${said}`, known);
}

/** What to do about an import's error message, where it is known. */
export function importAdvice(said: string): string | undefined {
  if (said.includes("S3_FILE_METADATA_FAILED"))
    return "Connect could not find or read the file at that folder and name. Push again; check sftp.root where it stays so: folders are meant relative to the subscription's.";
  if (said.includes("INPUT_VALIDATION_FAILED"))
    return "Connect did not accept the file or the request. Check what it names: the delimiter must be comma, tab or pipe, and the same throughout. See the job's report under Data management > Job monitoring.";
  return undefined;
}

/**
 * What a refusal means. Which codes Connect uses is on no page, so its words decide: a wrong guess only changes the hint, and whether an export is
 * put off.
 */
function refusal(errors: readonly GraphqlFault[]): SignalhouseError {
  const said = describeFaults(errors);
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
