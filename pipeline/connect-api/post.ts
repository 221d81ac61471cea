/** One request to the GraphQL endpoint, and what can come of it. */
import { z } from "zod";
import { serverWords } from "../../schemas/characters.ts";
import { messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { withoutSecret } from "./without-secret.ts";

export interface Endpoint {
  /** The address; requests go to its root path. */
  endpoint: string;
  apiKey: string;
  timeoutSeconds: number;
  signal?: AbortSignal;
}

/** What Connect said, as far as it got: whether the request may have been carried out is for the caller to judge. */
export type Posted =
  | { kind: "data"; data: unknown }
  /** GraphQL errors: understood, and not done. */
  | { kind: "refused"; errors: GraphqlFault[] }
  /** `sent: "no"` where the request surely did not get there; `"maybe"` where it may have been carried out. */
  | { kind: "failed"; sent: "no" | "maybe"; error: SignalhouseError };

const graphqlFault = z.object({
  message: z.string(),
  extensions: z.object({ code: z.string().nullish(), category: z.string().nullish() }).nullish(),
});
export type GraphqlFault = z.infer<typeof graphqlFault>;

const answer = z.object({ data: z.unknown().optional(), errors: z.array(graphqlFault).nullish() });

const MOST_BYTES = 1024 * 1024;
/** Characters of a body that are looked at to show its beginning. */
const MOST_SAID = 10_000;

/** These come before anything was sent. */
const UNSENT = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"]);

/** A GraphQL document, and its variables where it has some. */
export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown>;
}

/** Sends a request. @throws SignalhouseError api_key_refused; the signal's reason */
export async function post({ endpoint, apiKey, timeoutSeconds, signal }: Endpoint, request: GraphqlRequest): Promise<Posted> {
  const { host } = new URL(endpoint);
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  let response: Response;
  let body: string;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body: JSON.stringify(request),
      // A key must not follow to another server.
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    body = await textOf(response);
  } catch (error) {
    signal?.throwIfAborted();
    return unreached(host, timeoutSeconds, timeout.aborted, error);
  }
  return read(host, response.status, body, withoutSecret(apiKey, "(the API key)"));
}

function unreached(host: string, timeoutSeconds: number, timedOut: boolean, error: unknown): Posted {
  if (timedOut) return failed("maybe", "api_failed", `Connect's API at ${host} did not answer within ${timeoutSeconds} seconds`, TRY_AGAIN);
  // fetch says "fetch failed"; the reason is its cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code;
  const reason = messageOf(cause) || code || "no reason was given";
  const sent = code !== undefined && UNSENT.has(code) ? "no" : "maybe";
  return failed(
    sent,
    "api_unreachable",
    `Connect's API at ${host} cannot be reached: ${reason}`,
    "Check the network, a proxy or firewall, and region or api.endpoint.",
  );
}

const TRY_AGAIN = "Try again in some minutes. Where it stays so, look at Connect's status page or ask Acoustic support.";

const failed = (sent: "no" | "maybe", code: "api_failed" | "api_unreachable", message: string, hint: string): Posted => ({
  kind: "failed",
  sent,
  error: new SignalhouseError(code, message, hint),
});

/** @param clean takes the key out of what is shown of an answer: out of its texts once their escapes are read, and out of a body as it is */
function read(host: string, status: number, body: string, clean: ReturnType<typeof withoutSecret>): Posted {
  if (status === 401 || status === 403) {
    throw new SignalhouseError(
      "api_key_refused",
      `Connect's API at ${host} refused the API key (HTTP ${status})`,
      "Check the key under Administration > General settings > API keys in Connect, and that region is your subscription's: a key of another region is refused too.",
    );
  }
  const said = body.trim() === "" ? "nothing" : serverWords(clean(body.slice(0, MOST_SAID)), 200);
  const strange = failed(status === 429 ? "no" : "maybe", "api_failed", `Connect's API at ${host} answered HTTP ${status}: ${said}`, TRY_AGAIN);
  const parsed = answer.safeParse(clean(parseJson(body)));
  if (status >= 500 || status === 429 || !parsed.success) return strange;
  const { data, errors } = parsed.data;
  if (errors && errors.length > 0) return { kind: "refused", errors };
  // The gateway in front of GraphQL answers {"message": …}.
  return data === undefined || data === null ? strange : { kind: "data", data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The body as text; the rest of one that is too long is not read. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
