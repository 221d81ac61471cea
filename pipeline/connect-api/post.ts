/** One request to the GraphQL endpoint, and what came of it. */
import { z } from "zod";
import { serverWords } from "../../schemas/characters.ts";
import { exchange, type Exchanged } from "./exchange.ts";
import type { Failed, Way } from "./failed.ts";
import { type Fault, retryAfterOf } from "./meaning.ts";
import { misanswered, unanswered } from "./transport.ts";
import { isPage, textOfPage } from "./page.ts";
import { withoutSecret } from "./without-secret.ts";

export interface Endpoint {
  /** The address; Connect's has no path. */
  endpoint: string;
  apiKey: string;
  /** For the whole of a request, to the last byte of its answer. */
  timeoutSeconds: number;
  proxy?: URL | undefined;
  signal?: AbortSignal;
}

/** GraphQL's faults, without data. */
export interface Refused {
  kind: "refused";
  at: Way;
  status: number;
  faults: readonly Fault[];
  /** Milliseconds after which the server wants to be asked again, where it says so. */
  retryAfterMs: number | undefined;
}

/** What Connect said, as far as it got. `faults` beside data are what it says to be wrong all the same. */
export type Posted = { kind: "data"; data: unknown; faults: readonly Fault[] } | Refused | Failed;

/** A GraphQL document, and its variables where it has some. */
export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown>;
}

/** Firewalls before APIs refuse who does not say what it is; what is not asked for uncompressed need not come so. */
const HEADERS = { accept: "application/json", "accept-encoding": "identity", "content-type": "application/json", "user-agent": "signalhouse" };

/** Sends a request. @throws the signal's reason */
export async function post({ endpoint, apiKey, timeoutSeconds, proxy, signal }: Endpoint, request: GraphqlRequest): Promise<Posted> {
  const body = JSON.stringify(request);
  const headers = { ...HEADERS, "x-api-key": apiKey };
  const at: Way = { host: new URL(endpoint).host, proxy };
  const exchanged = await exchange({ endpoint, headers, body, timeoutMs: timeoutSeconds * 1000, proxy, signal });
  return exchanged.kind === "nothing" ? unanswered(at, timeoutSeconds, exchanged) : read(at, apiKey, exchanged);
}

/** `data` counts before faults, and what GraphQL says before the status. */
function read(at: Way, apiKey: string, { status, headers, body, isWhole }: Extract<Exchanged, { kind: "response" }>): Posted {
  // Out of what was read, whose escapes are read, too, and out of what is shown as it came.
  const clean = withoutSecret(apiKey, "(the API key)");
  const json = readJson(body, clean);
  const { data, errors } = answer.parse(json?.value);
  const faults = (errors ?? []).map(faultOf);
  if (hasData(data, faults)) return { kind: "data", data, faults };
  const header = (name: string) => [headers[name] ?? []].flat().map((value) => clean(value))[0];
  const now = Date.parse(header("date") ?? "") || Date.now();
  const retryAfterMs = retryAfterOf(header("retry-after"), now) ?? faults.find((fault) => fault.retryAfterMs !== undefined)?.retryAfterMs;
  if (faults.length > 0) return { kind: "refused", at, status, faults, retryAfterMs };
  const kind = json ? "json" : body.trim() === "" ? "nothing" : isPage(body) ? "page" : "text";
  const said = json ? wordsOf(json) : kind === "page" ? clean(textOfPage(body)) : serverWords(clean(body.slice(0, MOST_SAID)));
  return misanswered(at, { status, kind, said, isWhole, location: header("location"), retryAfterMs });
}

/** What a gateway says is its message. */
function wordsOf({ value, text }: Json): string {
  const read = z.object({ message: z.string() }).safeParse(value);
  return serverWords(read.success ? read.data.message : text);
}

/** Beside faults, fields that are all null are no data. */
function hasData(data: unknown, faults: readonly Fault[]): boolean {
  if (data === undefined || data === null) return false;
  return faults.length === 0 || typeof data !== "object" || Object.values(data).some((value) => value !== null);
}

/** What is not in the shape of GraphQL is nothing here: others answer in Connect's place, too. */
const answer = z.object({ data: z.unknown().optional(), errors: z.array(z.unknown()).nullish().catch(undefined) }).catch({ data: undefined });

const code = z.union([z.string(), z.number()]).transform(String).optional().catch(undefined);
const seconds = z.coerce.number().positive().optional().catch(undefined);

const fault = z.object({
  message: z.string().catch(""),
  /** AWS AppSync has it here. */
  errorType: code,
  extensions: z
    .object({ code, category: code, classification: code, errorType: code, retryAfter: seconds, retryAfterSeconds: seconds })
    .nullish()
    .catch(undefined),
});

const MOST_CODE_CHARACTERS = 80;
/** Characters of a body that are looked at to show its beginning. */
const MOST_SAID = 10_000;

function faultOf(given: unknown): Fault {
  const read = fault.safeParse(given);
  if (!read.success)
    return { message: serverWords(typeof given === "string" ? given : (JSON.stringify(given) ?? "")), codes: [], retryAfterMs: undefined };
  const { message, errorType, extensions } = read.data;
  const codes = [extensions?.code, extensions?.category, extensions?.errorType, extensions?.classification, errorType];
  const retryAfter = extensions?.retryAfter ?? extensions?.retryAfterSeconds;
  return {
    message: serverWords(message),
    codes: [...new Set(codes.flatMap((code) => (code ? [serverWords(code, MOST_CODE_CHARACTERS)] : [])))],
    retryAfterMs: retryAfter === undefined ? undefined : retryAfter * 1000,
  };
}

/** A body in JSON, read and written again without the API key. */
interface Json {
  value: unknown;
  text: string;
}

/** @returns undefined for what is no JSON, or nests deeper than anybody would look */
function readJson(body: string, clean: ReturnType<typeof withoutSecret>): Json | undefined {
  try {
    const value = clean(JSON.parse(body) as unknown);
    return { value, text: JSON.stringify(value) };
  } catch {
    return undefined;
  }
}
