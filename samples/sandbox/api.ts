/** The sandbox's GraphQL API: lets requests in, has them worked off, and answers as the faults say. */
import { randomBytes } from "node:crypto";
import { once, setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { type Clock, realClock } from "../../pipeline/common/clock.ts";
import { DAILY_LIMITS, type DailyLimits } from "../../schemas/connect.ts";
import { type ApiFaults, noApiFaults, strikes } from "./api-faults.ts";
import { Imports, type SandboxImport } from "./api-imports.ts";
import { Jobs, type SandboxJob } from "./api-jobs.ts";
import { gateway, operator, type Reply } from "./api-operations.ts";
import type { SandboxSet } from "./api-sets.ts";
import type { AuthorizedKeys } from "./keys.ts";
import { HOST, listen } from "../../pipeline/common/listen.ts";
import { Works } from "./works.ts";

export interface ApiOptions {
  /** By default a free one. */
  port?: number;
  /** By default made up. */
  apiKey?: string;
  /** The machine's by default. It tells the days of the limits, the times of jobs and files, and when delayMs are over. */
  clock?: Clock;
  /** Milliseconds after which an export or import that was taken begins to be worked on; 0 by default. */
  delayMs?: number;
  /** How many signals the shop has on an average day; 400 by default. */
  rowsPerDay?: number;
  /** Which shop it is; 1 by default. */
  seed?: number;
  /** By default Connect's. */
  limits?: DailyLimits;
  /** How many reference sets there may be; 5 by default. */
  maxReferenceSets?: number;
}

export interface SandboxApi {
  readonly url: string;
  /** What `x-api-key` must be. */
  readonly key: string;
  /** May be changed at any time. */
  readonly faults: ApiFaults;
  /** All exports that were taken, in order. */
  readonly jobs: readonly SandboxJob[];
  /** All imports that were taken, in order. */
  readonly imports: readonly SandboxImport[];
  /** The reference sets, with their rows. */
  readonly sets: readonly SandboxSet[];
  /** Waits until all jobs that were taken are over, but for those that never are. */
  idle(): Promise<void>;
}

/** The same for who started it. */
export interface Api extends SandboxApi {
  /** Gives up exports that were not begun, waits for those that were, and ends all connections. */
  close(): Promise<void>;
}

/** The rest of the sandbox, as the API needs it. */
interface Surroundings {
  /** The served folder's real path. */
  root: string;
  user: string;
  keys: AuthorizedKeys;
}

const MAX_REQUEST_BYTES = 1024 * 1024;

/** Starts the API on 127.0.0.1. The caller ends it with close(). @throws SignalhouseError port_taken */
export async function startApi(options: ApiOptions, { root, user, keys }: Surroundings): Promise<Api> {
  const { apiKey: key = `sandbox-${randomBytes(18).toString("base64url")}`, clock = realClock, delayMs = 0 } = options;
  const { rowsPerDay = 400, seed = 1, limits = DAILY_LIMITS } = options;
  const faults = noApiFaults();
  const now = () => clock.now();
  const works = new Works(delayMs, clock);
  const jobs = new Jobs({ root, seed, rowsPerDay, limits, works, now, faults });
  const imports = new Imports({ root, maxReferenceSets: options.maxReferenceSets ?? 5, works, now, faults });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each request that is late
  const work = operator({ user, keys, jobs, imports, faults });

  /** @returns undefined where no answer is ever to come */
  const reply = async (request: IncomingMessage): Promise<Reply | undefined> => {
    const body = await bodyOf(request);
    if (faults.latencyMs > 0) await wait(faults.latencyMs, undefined, { signal: closing.signal });
    if (strikes(faults, "tooManyRequests")) return { ...gateway(429, "Too Many Requests"), headers: { "retry-after": "20" } };
    if (strikes(faults, "serverErrors")) return gateway(503, "Service Unavailable");
    if (strikes(faults, "malformed")) return { status: 200, body: "<!doctype html><title>Please log in to the network</title>" };
    if (request.headers["x-api-key"] !== key) return gateway(403, "Forbidden");
    if (request.method !== "POST" || request.url !== "/") return gateway(404, "Not Found");
    return body === undefined ? gateway(413, "Request Too Long") : await work(body);
  };

  const server = createServer((request, response) => {
    reply(request)
      .then((answer) => answer && send(response, answer, answer.status === 200 && strikes(faults, "hangInBody")))
      .catch(() => response.destroy()); // the client broke off, or the sandbox is closed
  });
  const port = await listen(server, options.port ?? 0, "The sandbox");

  const close = async (): Promise<void> => {
    const ended = once(server, "close");
    closing.abort();
    server.close();
    server.closeAllConnections();
    await Promise.all([ended, works.close()]);
    await jobs.close();
  };
  const { all, sets } = imports;
  return { url: `http://${HOST}:${port}/`, key, faults, jobs: jobs.all, imports: all, sets, idle: () => works.idle(), close };
}

/** @param hangs after a part of it */
function send(response: ServerResponse, { status, body, headers }: Reply, hangs: boolean): void {
  const isText = typeof body === "string";
  const text = isText ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": isText ? "text/html" : "application/json", ...headers });
  if (hangs) response.write(text.slice(0, text.length / 2));
  else response.end(text);
}

/** @returns undefined where it is too long */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_REQUEST_BYTES ? Buffer.concat(chunks).toString("utf8") : undefined;
}
