/** What the operations of the sandbox's API do, and how a request with one is worked off. */
import { graphql } from "graphql";
import { z } from "zod";
import { isSignalhouseError } from "../../schemas/errors.ts";
import { type ApiFaults, strikes } from "./api-faults.ts";
import type { ImportArguments } from "./api-import-checks.ts";
import type { Imports } from "./api-imports.ts";
import type { Jobs, SandboxJob } from "./api-jobs.ts";
import { type ExportArguments, refuse, SCHEMA, SCHEMA_WITHOUT_DATA_JOB } from "./api-schema.ts";
import { dataSets, referenceSetRecords } from "./api-sets.ts";
import type { AuthorizedKeys } from "./keys.ts";

/** What the operations work on. */
export interface Subscription {
  user: string;
  keys: AuthorizedKeys;
  jobs: Jobs;
  imports: Imports;
  faults: ApiFaults;
}

/** An answer by HTTP: a text is HTML, anything else is sent as JSON. */
export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** How API Gateway answers by itself: not in the shape of GraphQL. */
export const gateway = (status: number, message: string): Reply => ({ status, body: { message } });

const requestBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** What is noted about a request while it is worked off. */
interface Notes {
  /** Whether a mutation was taken. */
  taken: boolean;
}

const operations = ({ user, keys, jobs, imports }: Subscription) => ({
  dataJob({ id }: { id: string }) {
    const isAsked = (job: { id: string }) => job.id === id;
    const job = jobs.all.find(isAsked);
    if (job) return dataJob("EXPORT_SIGNALS", job, job.error === undefined ? undefined : { code: "EXPORT_FAILED", message: job.error });
    const found = imports.all.find(isAsked);
    return found && dataJob("IMPORT", found, found.error && { code: found.error.code, message: found.error.message });
  },
  dataSets: (given: Parameters<typeof dataSets>[1]) => dataSets(imports.sets, given),
  referenceSetRecords({ dataSetId, first, after }: { dataSetId: string; first?: number | null; after?: string | null }) {
    const set = imports.sets.find(({ id }) => id === dataSetId);
    if (!set) throw refuse("DATA_SET_NOT_FOUND", `There is no data set "${dataSetId}"`);
    return referenceSetRecords(set, first, after);
  },
  createImportJob({ importInput }: { importInput: ImportArguments }, notes: Notes) {
    const { id } = imports.accept(importInput);
    notes.taken = true;
    return { id };
  },
  getConnectUser: () => ({ userLogin: user, publicKey: keys.newest }),
  async exportSignals(request: ExportArguments, notes: Notes) {
    const { id, path } = await jobs.accept(request);
    notes.taken = true;
    return { dataJobId: id, path, fileFormat: "CSV" };
  },
  updatePublicKeyForConnectUser({ publicKey }: { publicKey: string }, notes: Notes) {
    try {
      keys.register(publicKey);
    } catch (error) {
      throw isSignalhouseError(error) ? refuse("INVALID_PUBLIC_KEY", error.message) : error;
    }
    notes.taken = true;
    return { userLogin: user, publicKey: keys.newest };
  },
});

const time = (at: number) => new Date(at).toISOString();

interface AnyJob extends Pick<SandboxJob, "id" | "name" | "status" | "acceptedAt" | "endedAt"> {}

const dataJob = (type: string, { id, name, status, acceptedAt, endedAt }: AnyJob, error: { code: string; message: string } | undefined) => ({
  id,
  name,
  type,
  status,
  startedAt: time(acceptedAt),
  endedAt: endedAt === undefined ? null : time(endedAt),
  errors: error === undefined ? [] : [error],
});

/** @returns what works off the body of a request; it gives undefined where no answer is to come */
export function operator(subscription: Subscription): (body: string) => Promise<Reply | undefined> {
  const { faults } = subscription;
  const rootValue = operations(subscription);
  return async (body) => {
    const request = requestBody.safeParse(jsonOf(body));
    if (!request.success) return gateway(400, "Bad Request");
    const { query: source, variables: variableValues, operationName } = request.data;
    const schema = faults.noDataJob ? SCHEMA_WITHOUT_DATA_JOB : SCHEMA;
    const notes: Notes = { taken: false };
    const result = await graphql({ schema, source, rootValue, contextValue: notes, variableValues, operationName });
    if (notes.taken && strikes(faults, "timeOutAfterAccepting")) return gateway(504, "Endpoint request timed out");
    if (notes.taken && strikes(faults, "hangAfterAccepting")) return undefined;
    if (notes.taken && strikes(faults, "errorsAfterAccepting"))
      return { status: 200, body: { data: null, errors: [{ message: "Execution timed out" }] } };
    if (notes.taken && strikes(faults, "errorsBesideData"))
      return { status: 200, body: { ...result, errors: [refuse("INTERNAL_SERVER_ERROR", "The notification could not be sent").toJSON()] } };
    return { status: 200, body: result };
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
