/** Connect's API, as far as signalhouse asks it. */
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { type DataJob, dataJobAnswer, type ExportAnswer, exportAnswer, type ExportRequest } from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { dataJobDocument, exportSignalsDocument, PING_DOCUMENT, registerKeyDocument } from "./operations.ts";
import { describeFaults, type Endpoint, type GraphqlFault, post } from "./post.ts";

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
      const { exportSignals } = await sendOnce(options, exportSignalsDocument(request), z.object({ exportSignals: exportAnswer }), request.jobName);
      return exportSignals;
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
  document: string,
  shape: z.ZodType<T>,
  instead: (errors: GraphqlFault[]) => T | undefined = () => undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const posted = await post(options, document);
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

/** Sends what makes a job: again only where it surely was not sent, or not let in. */
async function sendOnce<T>(options: ApiOptions, document: string, shape: z.ZodType<T>, jobName: string): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const posted = await post(options, document);
    if (posted.kind === "refused") throw refusal(posted.errors);
    if (posted.kind === "data") {
      const read = shape.safeParse(posted.data);
      if (read.success) return read.data;
      throw unanswered(jobName, misfit(options.endpoint));
    }
    if (posted.sent === "maybe") throw unanswered(jobName, posted.error);
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
