/** What the operations of the sandbox's API do, and how a request with one is worked off. */
import { graphql } from "graphql";
import { z } from "zod";
import { isSignalhouseError } from "../../schemas/errors.ts";
import { type ApiFaults, strikes } from "./api-faults.ts";
import type { Jobs, SandboxJob } from "./api-jobs.ts";
import { type ExportArguments, refuse, SCHEMA, SCHEMA_WITHOUT_DATA_JOB } from "./api-schema.ts";
import type { AuthorizedKeys } from "./keys.ts";

/** What the operations work on. */
export interface Subscription {
  user: string;
  keys: AuthorizedKeys;
  jobs: Jobs;
  faults: ApiFaults;
}

/** An answer by HTTP: a text is HTML, anything else is sent as JSON. */
export interface Reply {
  status: number;
  body: unknown;
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

const operations = ({ user, keys, jobs }: Subscription) => ({
  dataJob({ id }: { id: string }) {
    const job = jobs.all.find((candidate) => candidate.id === id);
    return job && dataJob(job);
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

const dataJob = ({ id, name, status, acceptedAt, endedAt, error }: SandboxJob) => ({
  id,
  name,
  type: "EXPORT_SIGNALS",
  status,
  startedAt: time(acceptedAt),
  endedAt: endedAt === undefined ? null : time(endedAt),
  errors: error === undefined ? [] : [{ code: "EXPORT_FAILED", message: error }],
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
