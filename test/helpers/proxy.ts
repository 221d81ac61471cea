/** A TCP proxy on 127.0.0.1 that a test can make slow, deaf or short. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Proxy {
  port: number;
  /** Milliseconds that every byte is later, each way. */
  delayMs: number;
  /** A connection is cut once it has brought so many bytes to the client, counted from the last cut; each is used once. */
  cuts: number[];
  /** Connections so far. */
  connections: number;
  /** Bytes that went to the client so far. */
  received: number;
  close(): Promise<void>;
}

/** @param target the port of 127.0.0.1 that it stands before */
export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let sinceCut = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy()));
    return socket;
  };
  const server = createServer({ noDelay: true }, (socket) => {
    const client = keep(socket);
    const upstream = keep(connect({ port: target, host: "127.0.0.1", noDelay: true }));
    proxy.connections += 1;
    const later = (act: () => void) => (proxy.delayMs > 0 ? void setTimeout(act, proxy.delayMs) : act());
    client.on("data", (bytes) => later(() => upstream.write(bytes))).on("close", () => upstream.destroy());
    upstream.on("close", () => later(() => client.destroySoon()));
    upstream.on("data", (bytes) => {
      const cut = proxy.cuts[0];
      const passed = cut === undefined ? bytes : bytes.subarray(0, Math.max(0, cut - sinceCut));
      proxy.received += passed.length;
      sinceCut = cut === undefined ? 0 : sinceCut + passed.length;
      later(() => client.write(passed));
      if (cut === undefined || sinceCut < cut) return;
      proxy.cuts.shift();
      sinceCut = 0;
      upstream.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    cuts: [],
    connections: 0,
    received: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
