/** Requests to servers and proxies that do anything but answer: each ends in time, when it is interrupted, and with nothing left open. */
import { setTimeout as wait } from "node:timers/promises";
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type ApiOptions, connectApi } from "../../../pipeline/connect-api/api.ts";
import { proxyTo } from "../../../pipeline/connect-api/proxy.ts";
import type { ImportInput } from "../../../schemas/import-input.ts";
import type { SignalhouseError } from "../../../schemas/errors.ts";
import { EXPORT_REQUEST, apiServer, closedUrl } from "../../helpers/api-server.ts";
import { failureOf } from "../../helpers/errors.ts";
import { httpProxy, pour, rawServer, trickle } from "../../helpers/misbehaving.ts";

const KEY = "sk-very-secret-0815";

const api = (endpoint: string, options: Partial<ApiOptions> = {}) => {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  return { lines, connect: connectApi({ endpoint, apiKey: KEY, timeoutSeconds: 30, retries: 2, backoffMs: 1, log, ...options }) };
};

/** How something fails; nothing secret is in it, and it is one line. */
async function failure(work: Promise<unknown>): Promise<SignalhouseError> {
  const error = await failureOf(work);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/sk-very-secret|pass%40word|pass@word/);
  expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  return error;
}

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/** What a server does once it has a connection. */
const SHAPES: Record<string, (socket: Socket, ended: AbortSignal) => void> = {
  "nothing at all": () => undefined,
  "a part of the headers, then nothing": (socket) => socket.write("HTTP/1.1 200 O"),
  "headers that trickle": (socket, ended) => {
    socket.write(HEAD);
    trickle(socket, ended, "x");
  },
  "headers, then nothing": (socket) => socket.write(`${HEAD}content-length: 100\r\n\r\n`),
  "headers and a part of the body, then nothing": (socket) => socket.write(`${HEAD}content-length: 100\r\n\r\n{"data":`),
  "a body that trickles": (socket, ended) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    trickle(socket, ended, "1\r\n \r\n");
  },
  "a body that ends with the connection, which does not end": (socket, ended) => {
    socket.write(`${HEAD}\r\n`);
    trickle(socket, ended, " ");
  },
  "one announcement after the other": (socket, ended) => trickle(socket, ended, "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"),
};

describe.each(Object.entries(SHAPES))("%s", (_, serve) => {
  test("ends when the time is up; what was asked may have arrived", async () => {
    const server = await rawServer(serve);
    const { connect } = api(`http://127.0.0.1:${server.port}`, { timeoutSeconds: 0.15, retries: 0 });
    expect(await failure(connect.exportSignals(EXPORT_REQUEST))).toMatchObject({
      code: "export_unanswered",
      message: expect.stringMatching(/within 0\.15 seconds$/),
    });
    expect(await failure(connect.ping())).toMatchObject({ code: "api_failed", message: expect.stringMatching(/within 0\.15 seconds$/) });
    await server.idle();
  });

  test("ends with an interruption, whatever garbage was collected before", async () => {
    const server = await rawServer(serve);
    const interruption = new AbortController();
    const asking = api(`http://127.0.0.1:${server.port}`, { signal: interruption.signal })
      .connect.ping()
      .catch((error: unknown) => error);
    await expect.poll(() => server.received, { interval: 5 }).toContain("__typename");
    await collectGarbage();
    const reason = new Error("enough");
    interruption.abort(reason);
    expect(await asking).toBe(reason);
    await server.idle();
  });
});

/** What a long wait does to objects that nobody holds. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) {
    collect();
    await wait(1);
  }
}

test("an endless body is not read for longer than its bound", async () => {
  const server = await rawServer((socket, ended) => {
    socket.write(`${HEAD}\r\n`);
    pour(socket, ended, "x".repeat(65_536));
  });
  const { connect } = api(`http://127.0.0.1:${server.port}`, { retries: 0 });
  expect(await failure(connect.ping())).toMatchObject({ code: "api_failed", message: expect.stringContaining("more than is read of an answer") });
  expect(await failure(connect.exportSignals(EXPORT_REQUEST))).toMatchObject({ code: "export_unanswered" });
  await server.idle();
});

test.each([301, 302, 303, 307, 308])("redirects without end (%s) are not followed once", async (status) => {
  const server = await rawServer((socket) => {
    socket.once("data", () => socket.end(`HTTP/1.1 ${status} Moved\r\nlocation: https://login.example/?token=${KEY}\r\ncontent-length: 0\r\n\r\n`));
  });
  const { connect } = api(`http://127.0.0.1:${server.port}`);
  const error = await failure(connect.exportSignals(EXPORT_REQUEST));
  expect(error).toMatchObject({
    code: "api_unreachable",
    message: expect.stringMatching(new RegExp(`https://login\\.example \\(HTTP ${status}\\)`)),
  });
  expect(server.connections).toBe(1);
});

test("an answer that breaks off may stand for a request that was carried out", async () => {
  const server = await rawServer((socket) => {
    socket.once("data", () => socket.end(`${HEAD}content-length: 100\r\n\r\n{"data":`));
  });
  const { connect } = api(`http://127.0.0.1:${server.port}`);
  expect((await failure(connect.exportSignals(EXPORT_REQUEST))).code).toBe("export_unanswered");
  expect(server.connections).toBe(1);
});

describe("what surely was never sent ends at once, with its reason", () => {
  /** What becomes of both requests that make a job, and what is logged of it. */
  const tried = async (endpoint: string, options: Partial<ApiOptions> = {}) => {
    const { connect, lines } = api(endpoint, options);
    const asked = [await failure(connect.exportSignals(EXPORT_REQUEST)), await failure(connect.createImportJob({ jobName: "x" } as ImportInput))];
    return { asked: asked.map(({ code, message, hint }) => ({ code, message, hint })), lines };
  };
  const neverSent = (message: RegExp, hint: RegExp) => {
    const error = { code: "api_unreachable", message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string };
    return { asked: [error, error], lines: [] };
  };

  test("a connection that is refused", async () =>
    expect(await tried(await closedUrl())).toEqual(neverSent(/cannot be reached: connect ECONNREFUSED 127/, /region/)));
  test("a name that DNS does not know", async () =>
    expect(await tried("https://nowhere.invalid")).toEqual(neverSent(/nowhere\.invalid cannot be reached: getaddrinfo/, /region/)));

  test("a certificate of a CA that is not known", async () => {
    const server = await rawServer(() => undefined, { tls: true });
    expect(await tried(`https://127.0.0.1:${server.port}`)).toEqual(
      neverSent(/self-signed certificate/, /CA certificate into a file.*NODE_EXTRA_CA_CERTS/),
    );
    expect(server.received).toBe("");
  });

  test("a server without TLS", async () => {
    const server = await rawServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    expect(await tried(`https://127.0.0.1:${server.port}`)).toEqual(neverSent(/cannot be reached/, /api\.endpoint/));
  });

  test("a handshake that hangs", async () => {
    const server = await rawServer(() => undefined);
    expect(await tried(`https://127.0.0.1:${server.port}`, { timeoutSeconds: 0.1 })).toEqual(
      neverSent(/no connection within 0\.1 seconds/, /network/),
    );
    await server.idle();
  });

  test("a handshake that hangs, and is interrupted", async () => {
    const server = await rawServer(() => undefined);
    const interruption = new AbortController();
    const asking = api(`https://127.0.0.1:${server.port}`, { signal: interruption.signal })
      .connect.ping()
      .catch((error: unknown) => error);
    await expect.poll(() => server.received.length, { interval: 5 }).toBeGreaterThan(0);
    interruption.abort(new Error("enough"));
    expect(await asking).toMatchObject({ message: "enough" });
    await server.idle();
  });

  test.each<[string, number | "hang", RegExp, RegExp]>([
    ["wants a login", 407, /the proxy http:\/\/127\.0\.0\.1:\d+ does not let requests through to connect\.test \(HTTP 407\)/, /USER:PASSWORD/],
    ["blocks", 403, /does not let requests through to connect\.test \(HTTP 403\)/, /Have connect\.test allowed there.*NO_PROXY/],
    ["finds no way", 502, /does not let requests through to connect\.test \(HTTP 502\)/, /NO_PROXY/],
    ["hangs", "hang", /through the proxy http:\/\/127\.0\.0\.1:\d+, cannot be reached: no connection within 0\.1 seconds/, /HTTPS_PROXY/],
  ])("a proxy that %s", async (_, status, message, hint) => {
    const proxy = await httpProxy(0, status);
    const by = new URL(`http://ana:pass%40word@127.0.0.1:${proxy.port}`);
    expect(await tried("https://connect.test", { proxy: by, timeoutSeconds: status === "hang" ? 0.1 : 30 })).toEqual(neverSent(message, hint));
    expect(proxy.asked[0]).toEqual({ host: "connect.test:443", login: `Basic ${Buffer.from("ana:pass@word").toString("base64")}` });
    expect(proxy.asked).toHaveLength(2);
  });

  test("a proxy that is not there", async () =>
    expect(await tried("https://connect.test", { proxy: new URL(await closedUrl()) })).toEqual(
      neverSent(/through the proxy.*ECONNREFUSED/, /HTTPS_PROXY/),
    ));

  test("a certificate that is not known, behind a proxy", async () => {
    const server = await rawServer(() => undefined, { tls: true });
    const proxy = new URL(`http://127.0.0.1:${(await httpProxy(server.port)).port}`);
    expect(await tried("https://connect.test", { proxy })).toEqual(neverSent(/through the proxy.*self-signed certificate/, /NODE_EXTRA_CA_CERTS/));
    expect(server.received).toBe("");
    await server.idle();
  });

  test("a handshake behind a proxy that hangs leaves nothing open", async () => {
    const server = await rawServer(() => undefined);
    const proxy = new URL(`http://127.0.0.1:${(await httpProxy(server.port)).port}`);
    expect(await tried("https://connect.test", { proxy, timeoutSeconds: 0.1 })).toEqual(neverSent(/no connection within/, /HTTPS_PROXY/));
    await server.idle();
  });
});

describe("what asks for no change", () => {
  test("is repeated where the server may come back", async () => {
    const { connect, lines } = api(await closedUrl());
    expect((await failure(connect.ping())).code).toBe("api_unreachable");
    expect(lines).toHaveLength(2);
  });

  test("is not where a certificate or a proxy says no", async () => {
    const proxy = await httpProxy(0, 403);
    const { connect, lines } = api("https://connect.test", { proxy: new URL(`http://127.0.0.1:${proxy.port}`) });
    await failure(connect.ping());
    expect({ lines, asked: proxy.asked.length }).toEqual({ lines: [], asked: 1 });
  });
});

test("a signal that is aborted already asks nobody", async () => {
  const server = await apiServer({ body: { data: { __typename: "Query" } } });
  await expect(api(server.url, { signal: AbortSignal.abort(new Error("enough")) }).connect.ping()).rejects.toThrow("enough");
  expect(server.asked).toEqual([]);
});

describe("the proxy that the environment names", () => {
  const PROXY = "http://proxy.corp:3128";
  test.each<[string, Record<string, string>, string | undefined]>([
    ["none", {}, undefined],
    ["HTTPS_PROXY", { HTTPS_PROXY: PROXY }, PROXY],
    ["https_proxy", { https_proxy: PROXY, HTTPS_PROXY: "http://other:1" }, PROXY],
    ["an empty small one", { https_proxy: "", HTTPS_PROXY: PROXY }, undefined],
    ["without http://", { HTTPS_PROXY: "proxy.corp:3128" }, PROXY],
    ["by https", { HTTPS_PROXY: "https://proxy.corp" }, "https://proxy.corp"],
    ["HTTP_PROXY is for http", { HTTP_PROXY: PROXY }, undefined],
    ["NO_PROXY: all", { HTTPS_PROXY: PROXY, NO_PROXY: "*" }, undefined],
    ["NO_PROXY: the host", { HTTPS_PROXY: PROXY, NO_PROXY: "localhost, API.Example.com" }, undefined],
    ["NO_PROXY: its domain", { HTTPS_PROXY: PROXY, NO_PROXY: "a.org example.com" }, undefined],
    ["NO_PROXY: its domain, with a dot", { HTTPS_PROXY: PROXY, no_proxy: ".example.com" }, undefined],
    ["NO_PROXY: its domain, with a star", { HTTPS_PROXY: PROXY, NO_PROXY: "*.example.com" }, undefined],
    ["NO_PROXY: its port", { HTTPS_PROXY: PROXY, NO_PROXY: "example.com:443" }, undefined],
    ["NO_PROXY: another port", { HTTPS_PROXY: PROXY, NO_PROXY: "example.com:8443" }, PROXY],
    ["NO_PROXY: another name with the same end", { HTTPS_PROXY: PROXY, NO_PROXY: "ple.com, i.example.com," }, PROXY],
    ["no_proxy comes first", { HTTPS_PROXY: PROXY, no_proxy: "", NO_PROXY: "*" }, PROXY],
  ])("%s", (_, env, expected) => expect(proxyTo("https://api.example.com", env)?.origin).toBe(expected));

  test.each([
    ["https://[::1]:8443", "[::1]"],
    ["https://[::1]:8443", "::1"],
    ["https://[::1]:8443", "[::1]:8443"],
    ["https://10.0.0.7", "10.0.0.7"],
    ["http://127.0.0.1:80", ""],
  ])("%s is asked directly with NO_PROXY %j", (endpoint, list) => expect(proxyTo(endpoint, { HTTPS_PROXY: PROXY, NO_PROXY: list })).toBeUndefined());

  test.each(["http://", "://x", "a b", "socks5://ana:secret@proxy:1080", "http://ana:100%secret@proxy"])(
    "%j cannot be used, and is not shown",
    (value) => {
      const error = (() => {
        try {
          return proxyTo("https://api.example.com", { HTTPS_PROXY: value });
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining("HTTPS_PROXY"),
        hint: expect.stringContaining("http://HOST:PORT"),
      });
      expect((error as Error).message).not.toContain("secret");
    },
  );
});
