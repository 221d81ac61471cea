import { once } from "node:events";
import type { Server } from "node:net";
import { SignalhouseError } from "../../schemas/errors.ts";

/** The sandbox is for this machine only. */
export const HOST = "127.0.0.1";

/** Listens on 127.0.0.1. @returns the port, a free one where `port` is 0 @throws SignalhouseError port_taken */
export async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new SignalhouseError("port_taken", `The sandbox cannot listen on ${HOST}:${port}`, "Choose another port, or 0 for a free one.", error);
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}
