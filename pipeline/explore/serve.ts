/** Serving pages to the browsers of this machine: who is let in, what is taken, and what an answer says of itself. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Answer, kindOf } from "../../sinks/explore/page/answer.ts";
import type { Asked } from "../../sinks/explore/asked.ts";
import { STYLE } from "../../sinks/explore/page/style.ts";
import { policyOf } from "../../sinks/report/page/page.ts";
import { HOST, listen } from "../common/listen.ts";
import { Explorer, type ExplorerOptions } from "./explorer.ts";
import { Gate } from "./gate.ts";

/** Of a request's head, and of a form. */
const MOST_HEAD_BYTES = 16 * 1024;
const MOST_FORM_BYTES = 64 * 1024;
const MOST_CONNECTIONS = 64;
const HEAD_MS = 10_000;
const REQUEST_MS = 30_000;

const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": `${policyOf({ style: STYLE })}; frame-ancestors 'none'`,
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  // With no-referrer browsers would not say either which page a form is of.
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export interface ServeOptions extends ExplorerOptions {
  /** 0 is a free one. */
  port: number;
  /** What the first page is asked for. */
  first: Readonly<Record<string, string | undefined>>;
}

export interface Serving {
  port: number;
  /** The address to open, with the token. */
  url: string;
  /** Ends it at once: connections are cut, and the page that is being made is given up. What that read is closed when this returns. */
  close(): Promise<void>;
}

/**
 * Serves pages on 127.0.0.1. The caller closes it.
 * Memory: that of one page, and 64 KiB for each of 64 connections.
 * @throws SignalhouseError port_taken
 */
export async function serve({ port: wish, first, ...options }: ServeOptions): Promise<Serving> {
  const explorer = new Explorer(options);
  const stop = new AbortController();
  const server = createServer({ maxHeaderSize: MOST_HEAD_BYTES, headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS });
  server.maxConnections = MOST_CONNECTIONS;
  const port = await listen(server, wish, "explore");
  const gate = new Gate(port);
  server.on("request", (request, response) => {
    respond(request, response, { explorer, gate, first: addressOfFirst(first), signal: stop.signal }).catch((error: unknown) => {
      response.destroy();
      if (!stop.signal.aborted && !request.destroyed) options.onBug(error);
    });
  });
  return {
    port,
    url: `http://${HOST}:${port}/?token=${gate.token}`,
    async close() {
      stop.abort();
      server.close();
      server.closeAllConnections();
      await explorer.idle();
    },
  };
}

interface Inside {
  explorer: Explorer;
  gate: Gate;
  /** The address of the first page. */
  first: string;
  signal: AbortSignal;
}

async function respond(request: IncomingMessage, response: ServerResponse, { explorer, gate, first, signal }: Inside): Promise<void> {
  const { headers, method } = request;
  const address = gate.isAddressed(headers) ? addressOf(request.url) : undefined;
  if (!address) return refuse(response, 403);
  const { pathname: path, searchParams: params } = address;
  const token = params.get("token");
  if (token !== null) {
    const cookie = gate.cookieFor(token);
    if (cookie === undefined) return refuse(response, 403);
    return refuse(response, 303, { "Set-Cookie": cookie, Location: first });
  }
  if (!gate.isKnown(headers)) return refuse(response, 403);
  if (method === "POST") {
    if (!gate.isOwn(headers)) return refuse(response, 403);
    if (kindOf(path) !== "form") return refuse(response, 405);
    const form = await formOf(request);
    if (!form) return refuse(response, 413, { Connection: "close" });
    return show(response, method, await made(explorer, { path, params, form }, response, signal));
  }
  if (method !== "GET" && method !== "HEAD") return refuse(response, 405);
  // Browsers ask for it by themselves.
  if (path === "/favicon.ico") return refuse(response, 204);
  show(response, method, await made(explorer, { path, params }, response, signal));
}

/** The page; whoever goes away before it is there ends what is made. */
async function made(explorer: Explorer, asked: Asked, response: ServerResponse, signal: AbortSignal): Promise<Answer> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return explorer.answer(asked, AbortSignal.any([signal, gone.signal]));
}

function addressOfFirst(params: ServeOptions["first"]): string {
  const given = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]));
  return given.length === 0 ? "/" : `/?${new URLSearchParams(given).toString()}`;
}

/** @returns undefined where it is none of ours: those of proxies begin with a scheme */
function addressOf(url = "/"): URL | undefined {
  const whole = `http://${HOST}${url}`;
  return url.startsWith("/") && URL.canParse(whole) ? new URL(whole) : undefined;
}

/** What a form has sent; undefined where it is too much, or no form. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** An answer that says nothing. */
function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...HEADERS, ...headers, "Content-Length": 0 });
  response.end();
}

function show(response: ServerResponse, method: string, { status, html }: Answer): void {
  const bytes = Buffer.from(html);
  response.writeHead(status, { ...HEADERS, "Content-Length": bytes.length });
  response.end(method === "HEAD" ? undefined : bytes);
}
