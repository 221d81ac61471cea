/** One HTTP request and its response, whatever the other side does. */
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { ADDRESS_MS } from "../common/addresses.ts";

export interface Exchange {
  endpoint: string;
  headers: Record<string, string>;
  body: string;
  /** By when the whole of the response has to be there; milliseconds. */
  timeoutMs: number;
  proxy?: URL | undefined;
  signal?: AbortSignal | undefined;
}

/** What came of it. */
export type Exchanged =
  | { kind: "response"; status: number; headers: Readonly<Record<string, string | string[] | undefined>>; body: string; isWhole: boolean }
  /** No response: `isSent` tells whether anything of the request was written to the API; `cause` is missing where the time was up. */
  | { kind: "nothing"; isSent: boolean; cause?: unknown };

/** Bytes of a body that are read at most: some thousand times what the API answers. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Sends a request over a connection of its own, and reads the response to its end, its bound, the time that is up or the abort, whichever comes first.
 * Not fetch: its abort is lost to garbage collection while a body is read (Node 20 and 22), it knows no proxies (Node 20), and does not tell what was
 * sent. Here the response is raced by a timer and a listener that nothing can collect, and the connection is gone when this returns. Redirects are not
 * followed: a key must not get to another server.
 * @throws the signal's reason
 */
export async function exchange({ endpoint, headers, body, timeoutMs, proxy, signal }: Exchange): Promise<Exchanged> {
  signal?.throwIfAborted();
  const { origin, pathname, search } = new URL(endpoint);
  const closing = new AbortController();
  const dispatcher = dispatcherTo(proxy, closing.signal);
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  try {
    return await new Promise<Exchanged>((resolve, reject) => {
      let isSent = false;
      const receiver = new Receiver(
        () => (isSent = true),
        (ended) => resolve("cause" in ended ? { kind: "nothing", isSent, cause: ended.cause } : ended),
      );
      timer = setTimeout(() => resolve({ kind: "nothing", isSent }), timeoutMs);
      onAbort = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", onAbort);
      dispatcher.dispatch({ origin, path: `${pathname}${search}`, method: "POST", headers, body }, receiver);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    closing.abort();
    await dispatcher.destroy();
  }
}

/** Whatever its state, a connection ends with the signal: destroying the dispatcher alone leaves those that are still being made. */
function dispatcherTo(proxy: URL | undefined, signal: AbortSignal): Dispatcher {
  // The exchange has its own time limit.
  const connect = { timeout: 0, signal, autoSelectFamilyAttemptTimeout: ADDRESS_MS };
  const options = { connect, headersTimeout: 0, bodyTimeout: 0 };
  if (!proxy) return new Agent(options);
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const token = proxy.username ? { token: `Basic ${Buffer.from(login).toString("base64")}` } : {};
  return new ProxyAgent({ ...options, ...token, uri: proxy.origin, proxyTls: connect, requestTls: connect });
}

type Ended = Extract<Exchanged, { kind: "response" }> | { cause: unknown };

/** Takes what a connection gives. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #onSend: () => void;
  readonly #onEnd: (ended: Ended) => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: Readonly<Record<string, string | string[] | undefined>> = {};

  constructor(onSend: () => void, onEnd: (ended: Ended) => void) {
    this.#onSend = onSend;
    this.#onEnd = onEnd;
  }

  /** The connection stands, through the proxy and TLS; the next thing is that the request is written. */
  onRequestStart(): void {
    this.#onSend();
  }

  /** Comes for 103 and its like, too; the last one counts. */
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#bytes > MOST_BYTES) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) this.#end(false);
  }

  onResponseEnd(): void {
    this.#end(true);
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#onEnd({ cause });
  }

  #end(isWhole: boolean): void {
    const body = Buffer.concat(this.#chunks).toString("utf8");
    this.#onEnd({ kind: "response", status: this.#status, headers: this.#headers, body, isWhole });
  }
}
