/** An HTTP server that answers as it is told, and remembers what it was asked. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { ExportRequest } from "../../schemas/connect.ts";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An answer; `hang` never comes, `drop` cuts the connection once the request is read. */
export type Answer = { status?: number; body: unknown; headers?: Record<string, string> } | "hang" | "drop";

export interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  /** The JSON that it was sent, and of it what a GraphQL request asks. */
  body: unknown;
  query: string;
}

/** A port of 127.0.0.1 where nobody listens any more. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** An address where nothing listens any more. */
export const closedUrl = async (): Promise<string> => `http://127.0.0.1:${await closedPort()}`;

/** An export to ask for. */
export const EXPORT_REQUEST: ExportRequest = {
  jobName: "July",
  signalTypes: ["order"],
  timestampStart: "2025-07-01T00:00:00.000Z",
  timestampEnd: "2025-07-31T23:59:59.999Z",
};

/** Starts it; it ends with the test. The last answer is given again and again. */
export async function apiServer(...answers: Answer[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { query: string };
      asked.push({ method: request.method, url: request.url, headers: request.headers, body, query: body.query });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === "drop") response.destroy();
      else if (answer && answer !== "hang") {
        const { status = 200, body, headers = {} } = answer;
        response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
