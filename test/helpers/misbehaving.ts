/** Servers and proxies for HTTP that do as a test likes, down to the byte. All of them listen on 127.0.0.1 and end with the test. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, STATUS_CODES } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { onTestFinished } from "vitest";
import { CERTIFICATE, CERTIFICATE_KEY } from "./certificate.ts";

export interface RawServer {
  port: number;
  /** Connections so far. */
  connections: number;
  /** What came in on all connections, as text. */
  received: string;
  /** Settles when no connection is open. */
  idle(): Promise<void>;
}

/** @param serve gets each connection, and what ends with it: timers have to stop then */
export async function rawServer(serve: (socket: Socket, ended: AbortSignal) => void, { tls = false } = {}): Promise<RawServer> {
  const options = { noDelay: true, cert: CERTIFICATE, key: CERTIFICATE_KEY };
  const server: Server = tls ? createTlsServer(options) : createServer(options);
  const raw: RawServer = { port: 0, connections: 0, received: "", idle };
  const open = new Set<Socket>();
  server.on("tlsClientError", () => undefined);
  // Of a TLS server, too, these are the connections as they come in.
  server.on("connection", (socket: Socket) => {
    raw.connections += 1;
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
  });
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    const ended = new AbortController();
    socket
      .on("error", () => undefined)
      .on("close", () => ended.abort())
      .on("data", (bytes: Buffer) => (raw.received += bytes.toString("latin1")));
    serve(socket, ended.signal);
  });
  async function idle(): Promise<void> {
    for (const socket of open) await new Promise((resolve) => socket.once("close", resolve));
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  raw.port = (server.address() as AddressInfo).port;
  return raw;
}

/** Writes a piece again and again, every few milliseconds, until the connection ends. */
export function trickle(socket: Socket, ended: AbortSignal, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 5);
  ended.addEventListener("abort", () => clearInterval(timer));
}

/** Writes a piece as quickly as it is read, until the connection ends. */
export function pour(socket: Socket, ended: AbortSignal, piece: string): void {
  const more = () => {
    while (!ended.aborted && socket.write(piece));
  };
  socket.on("drain", more);
  more();
}

export interface HttpProxy {
  port: number;
  /** What it was asked to connect to. */
  asked: { host: string; login: string | undefined }[];
}

/** A proxy as networks have them: CONNECT leads, whatever host it names, to a port of this machine. @param status the refusal; undefined lets through, "hang" never answers */
export async function httpProxy(target: number, status?: number | "hang"): Promise<HttpProxy> {
  const proxy: HttpProxy = { port: 0, asked: [] };
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket)));
    return socket;
  };
  const server = createHttpServer((_, response) => response.writeHead(400).end("this is a proxy"));
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    keep(socket);
    proxy.asked.push({ host: request.url ?? "", login: request.headers["proxy-authorization"] });
    if (status === "hang") return;
    if (status !== undefined) {
      const page = "<html><h1>Blocked by policy</h1></html>";
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\n\r\n${page}`);
      return;
    }
    const upstream = keep(connect(target, "127.0.0.1", () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n")));
    upstream.pipe(socket).on("close", () => upstream.destroy());
    socket.pipe(upstream).on("close", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
