/** What stands between a client and Connect's API, and answers in its stead at times: gateways, proxies, and GraphQL servers on a bad day. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

const html = (response: ServerResponse, status: number, text: string) =>
  response.writeHead(status, { "content-type": "text/html" }).end(`<!doctype html>\n<title>${text}</title>\n<p>${text}`);
const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
const fault = (message: string, code: string) => ({ errors: [{ message, extensions: { code } }], data: null });

/** What comes in place of Connect's answer. */
const WRONG_ANSWERS = {
  "too many requests": (response) => json(response, 429, { message: "Too Many Requests" }, { "retry-after": "1" }),
  "too many requests, for how long nobody says": (response) => json(response, 429, { message: "Too Many Requests" }),
  unavailable: (response) => json(response, 503, { message: "Service Unavailable" }, { "retry-after": "1" }),
  "bad gateway": (response) => html(response, 502, "Bad gateway"),
  "gateway timeout": (response) => html(response, 504, "Gateway time-out"),
  "a proxy's block page": (response) => html(response, 403, "This site is blocked by your organisation"),
  "a login page": (response) => html(response, 200, "Please log in to the network"),
  redirect: (response) => response.writeHead(302, { location: "https://127.0.0.1:1/" }).end(),
  "no body": (response) => response.writeHead(200, { "content-type": "application/json" }).end(),
  "half a body": (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "900" });
    response.write('{"data":{"exportSignals":{"dataJobId":"', () => response.destroy());
  },
  "headers and then nothing": (response) => response.writeHead(200, { "content-type": "application/json" }).flushHeaders(),
  "a body that trickles": (response) => void keepWriting(response, " ", 200),
  "a body without end": (response) => void keepWriting(response, " ".repeat(64 * 1024), 20),
  "no answer": () => undefined,
  "a cut connection": (response) => response.destroy(),
  "a rate limit in GraphQL": (response) => json(response, 200, fault("Rate limit exceeded, retry in 1 second", "RATE_LIMITED")),
  "a server fault in GraphQL": (response) => json(response, 200, fault("Internal server error", "INTERNAL_SERVER_ERROR")),
  "a time-out in GraphQL": (response) => json(response, 200, fault("execution timed out", "TIMEOUT")),
} satisfies Record<string, (response: ServerResponse) => unknown>;

type WrongAnswer = keyof typeof WRONG_ANSWERS | "an answer with errors beside it";
export const WRONG = [...(Object.keys(WRONG_ANSWERS) as (keyof typeof WRONG_ANSWERS)[]), "an answer with errors beside it"] as const;

/** What happens to a request. */
interface Mishap {
  answer: WrongAnswer;
  /** Whether Connect gets the request before. */
  isTaken: boolean;
}

export interface Gateway {
  readonly port: number;
  /** What happens to the next requests, one each. */
  mishaps: Mishap[];
  close(): Promise<void>;
}

/** Stands before the API at `target`. The caller closes it. */
export async function startGateway(target: string): Promise<Gateway> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const mishap = gateway.mishaps.shift();
    const forward = () =>
      fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": String(request.headers["x-api-key"]) },
        body: Buffer.concat(chunks),
        signal: AbortSignal.timeout(30_000),
      });
    if (mishap && mishap.answer !== "an answer with errors beside it") {
      if (mishap.isTaken) await (await forward()).arrayBuffer();
      return void WRONG_ANSWERS[mishap.answer](response);
    }
    const real = await forward();
    const body = await real.text();
    if (mishap === undefined || !body.startsWith("{"))
      return void response.writeHead(real.status, { "content-type": real.headers.get("content-type") ?? "" }).end(body);
    const errors = [{ message: "The notification could not be sent", extensions: { code: "NOTIFICATION_FAILED" } }];
    json(response, real.status, { errors, ...(JSON.parse(body) as object) });
  };
  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    answer(request, response).catch(() => response.destroy()); // the client broke off, or Connect never answers
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gateway: Gateway = {
    port: (server.address() as AddressInfo).port,
    mishaps: [],
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return gateway;
}

/** Goes on until the client has had enough. */
async function keepWriting(response: ServerResponse, text: string, everyMs: number): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  while (!response.destroyed) {
    response.write(text);
    await wait(everyMs);
  }
}
