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
import type { ImportInput } from "../../schemas/import-input.ts";
import type { Clock } from "../common/clock.ts";
import { Retries } from "../common/retries.ts";
import { BusyError, type Failed } from "./failed.ts";
import { type Asked, exportUnanswered, graphqlFaults, importUnanswered, misfit, refusal } from "./failures.ts";
import type { Fault } from "./meaning.ts";
import {
  CREATE_IMPORT_DOCUMENT,
  dataJobDocument,
  dataSetsDocument,
  exportSignalsDocument,
  PING_DOCUMENT,
  recordsDocument,
  registerKeyDocument,
} from "./operations.ts";
import { type Endpoint, type GraphqlRequest, post, type Posted } from "./post.ts";

export interface ApiOptions extends Endpoint {
  /** How often a request that may be repeated is, before it fails. */
  retries: number;
  /** Takes a line about a request that is repeated, and about what Connect said beside an answer. */
  log?: (line: string) => void;
  /** The machine's by default: waits before a repeat go by it. */
  clock?: Clock;
  /** Milliseconds before the first repeat; doubles with each, up to 30 s. */
  backoffMs?: number;
}

export interface ConnectApi {
  /**
   * Makes an export job. It is repeated only where Connect said that it was asked too often: then it has not taken it.
   * @throws SignalhouseError export_unanswered where it is not known whether it did; export_name_taken, quota_used_up, api_busy, api_refused,
   * api_key_refused, api_unreachable where it surely did not; the signal's reason
   */
  exportSignals(request: ExportRequest): Promise<ExportAnswer>;
  /**
   * Makes an import job. It is repeated only where Connect said that it was asked too often: then it has not taken it.
   * @returns its id
   * @throws SignalhouseError import_unanswered where it is not known whether it did; import_failed, api_busy, api_refused, api_key_refused,
   * api_unreachable where it surely did not; the signal's reason
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
      const { exportSignals } = await sendOnce(options, { query }, z.object({ exportSignals: exportAnswer }), "export", lost);
      return exportSignals;
    },
    async createImportJob(importInput) {
      const request = { query: CREATE_IMPORT_DOCUMENT, variables: { importInput } };
      const lost = (cause: SignalhouseError) => importUnanswered(importInput.jobName, cause);
      const { createImportJob } = await sendOnce(options, request, z.object({ createImportJob: importAnswer }), "import", lost);
      return createImportJob.id;
    },
    async dataSets() {
      const found: DataSet[] = [];
      const cursors = new Set<string>();
      for (let after: string | undefined; ;) {
        const { dataSets } = await send(options, dataSetsDocument(after), z.object({ dataSets: dataSetsAnswer }));
        found.push(...dataSets.nodes);
        const { hasNextPage, endCursor } = dataSets.pageInfo;
        // Pages that lead back to one that was read have no end.
        if (!hasNextPage || !endCursor || cursors.has(endCursor)) return found;
        cursors.add((after = endCursor));
      }
    },
    async referenceSetRecords(id, first) {
      const shape = z.object({ referenceSetRecords: recordsAnswer });
      return (await send(options, recordsDocument(id, first), shape)).referenceSetRecords;
    },
    async dataJob(id) {
      const { dataJob } = await send(options, dataJobDocument(id), z.object({ dataJob: dataJobAnswer.nullish() }), (faults) =>
        faults.some(({ message }) => /cannot query field/i.test(message)) ? { dataJob: undefined } : undefined,
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

const retriesOf = ({ retries: limit, backoffMs = 500, log = () => {}, clock }: ApiOptions) =>
  new Retries({ limit, backoffMs, doing: "asking", passes: () => true, log, ...(clock ? { clock } : {}) });

/** Sends what may be repeated without harm, until there is a proper answer. */
async function send<T>(
  options: ApiOptions,
  query: string,
  shape: z.ZodType<T>,
  instead: (faults: readonly Fault[]) => T | undefined = () => undefined,
): Promise<T> {
  const retries = retriesOf(options);
  for (;;) {
    const posted = await post(options, { query });
    const other = posted.kind === "refused" ? instead(posted.faults) : undefined;
    if (other !== undefined) return other;
    const read = readAs(options, posted, shape, "answer");
    if ("value" in read) return read.value;
    if (!read.passes) throw read.error;
    await retries.again(read.error, options.signal, read.retryAfterMs);
  }
}

/** Sends what makes a job: again only where Connect said that it was asked too often. @param lost what it comes to where it may have been taken */
async function sendOnce<T>(
  options: ApiOptions,
  request: GraphqlRequest,
  shape: z.ZodType<T>,
  asked: Asked,
  lost: (cause: SignalhouseError) => SignalhouseError,
): Promise<T> {
  const retries = retriesOf(options);
  for (;;) {
    const read = readAs(options, await post(options, request), shape, asked);
    if ("value" in read) return read.value;
    if (read.sent === "maybe") throw lost(read.error);
    if (!(read.error instanceof BusyError)) throw read.error;
    await retries.again(read.error, options.signal, read.retryAfterMs);
  }
}

/** What was asked for, where it is there; else what it comes to. What is there counts, whatever is said beside it. */
function readAs<T>({ endpoint, log = () => {} }: ApiOptions, posted: Posted, shape: z.ZodType<T>, asked: Asked): { value: T } | Failed {
  if (posted.kind === "failed") return posted;
  if (posted.kind === "refused") return refusal(posted, asked);
  const read = shape.safeParse(posted.data);
  if (!read.success) return { kind: "failed", sent: "maybe", passes: true, error: misfit(endpoint, posted.faults) };
  if (posted.faults.length > 0) log(`Connect answered, and said beside it: ${graphqlFaults(posted.faults)}`);
  return { value: read.data };
}
