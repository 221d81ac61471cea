/** Connect's API, as far as signalhouse asks it. */
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
import type { SignalhouseError } from "../../schemas/errors.ts";
import type { ImportInput } from "../../schemas/reference-set.ts";
import { Retries } from "../common/retries.ts";
import { exportUnanswered, importRefusal, importUnanswered, misfit, refusal } from "./failures.ts";
import {
  CREATE_IMPORT_DOCUMENT,
  dataJobDocument,
  dataSetsDocument,
  exportSignalsDocument,
  PING_DOCUMENT,
  recordsDocument,
  registerKeyDocument,
} from "./operations.ts";
import { type Endpoint, type GraphqlFault, type GraphqlRequest, post } from "./post.ts";

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
      const lost = (cause: SignalhouseError) => exportUnanswered(request.jobName, cause);
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

const retriesOf = ({ retries: limit, backoffMs = 500, log = () => {} }: ApiOptions) =>
  new Retries({ limit, backoffMs, doing: "asking", passes: () => true, log });

/** Sends what may be repeated without harm, until there is a proper answer. */
async function send<T>(
  options: ApiOptions,
  query: string,
  shape: z.ZodType<T>,
  instead: (errors: GraphqlFault[]) => T | undefined = () => undefined,
): Promise<T> {
  const retries = retriesOf(options);
  for (;;) {
    const posted = await post(options, { query });
    if (posted.kind === "refused") {
      const other = instead(posted.errors);
      if (other !== undefined) return other;
      throw refusal(posted.errors);
    }
    const read = posted.kind === "data" ? shape.safeParse(posted.data) : undefined;
    if (read?.success) return read.data;
    await retries.again(posted.kind === "failed" ? posted.error : misfit(options.endpoint), options.signal);
  }
}

/** What becomes of a job that was refused, or whose answer got lost. */
interface JobErrors {
  refusal: (errors: readonly GraphqlFault[]) => SignalhouseError;
  lost: (cause: SignalhouseError) => SignalhouseError;
}

/** Sends what makes a job: again only where it surely was not sent, or not let in. */
async function sendOnce<T>(options: ApiOptions, request: GraphqlRequest, shape: z.ZodType<T>, errors: JobErrors): Promise<T> {
  const retries = retriesOf(options);
  for (;;) {
    const posted = await post(options, request);
    if (posted.kind === "refused") throw errors.refusal(posted.errors);
    if (posted.kind === "data") {
      const read = shape.safeParse(posted.data);
      if (read.success) return read.data;
      throw errors.lost(misfit(options.endpoint));
    }
    if (posted.sent === "maybe") throw errors.lost(posted.error);
    await retries.again(posted.error, options.signal);
  }
}
