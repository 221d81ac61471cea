/** Listening on this machine, for this machine only. */
import { once } from "node:events";
import type { Server } from "node:net";
import { SignalhouseError } from "../../schemas/errors.ts";

export const HOST = "127.0.0.1";

/** Listens on 127.0.0.1. @param who what messages call it @returns the port, a free one where `port` is 0 @throws SignalhouseError port_taken */
export async function listen(server: Server, port: number, who: string): Promise<number> {
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new SignalhouseError("port_taken", `${who} cannot listen on ${HOST}:${port}`, "Choose another port, or 0 for a free one.", error);
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}
