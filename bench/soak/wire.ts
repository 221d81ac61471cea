/** The way to a server of this machine, on which things go wrong: a TCP proxy on 127.0.0.1. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** What is wrong with it may be changed at any time. */
export interface Wire {
  readonly port: number;
  /** New connections are taken, and nothing comes of them until they are given up. */
  isDeaf: boolean;
  /** Bytes a second that each connection brings back; 0 = no limit. */
  bytesPerSecond: number;
  /** After how many bytes that it brought back a connection is cut; each is for one new connection. */
  cuts: number[];
  /** Nobody listens for so many milliseconds: connections are refused. Those that are there stay. */
  refuse(ms: number): Promise<void>;
  /** Cuts all connections. */
  drop(): void;
  close(): Promise<void>;
}

/** Stands before a port of 127.0.0.1. The caller closes it. */
export async function startWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;

  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.once("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  };
  const take = (socket: Socket): void => {
    const client = keep(socket);
    // What it says is read, or its end would not be heard of.
    if (wire.isDeaf) return void client.resume();
    const upstream = keep(connect({ port: target, host: "127.0.0.1", noDelay: true }));
    client.pipe(upstream);
    client.once("close", () => upstream.destroy());
    bringBack(upstream, client, wire)
      .catch(() => undefined) // one of the two broke off
      .finally(() => client.destroySoon());
  };
  const listen = async (): Promise<void> => {
    server = createServer({ noDelay: true }, take);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  };
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  await listen();
  const wire: Wire = {
    port,
    isDeaf: false,
    bytesPerSecond: 0,
    cuts: [],
    async refuse(ms) {
      if (!server.listening) return;
      server.close();
      await wait(ms);
      // Somebody may be going out by this port just now.
      while (!server.listening) await listen().catch(() => wait(50));
    },
    drop,
    async close() {
      drop();
      server.close();
      await once(server, "close");
    },
  };
  return wire;
}

async function bringBack(upstream: Socket, client: Socket, wire: Wire): Promise<void> {
  let left = wire.cuts.shift() ?? Infinity;
  for await (const chunk of upstream as AsyncIterable<Buffer>) {
    for (let rest = chunk; rest.length > 0;) {
      const { bytesPerSecond } = wire;
      const piece = rest.subarray(0, Math.min(left, bytesPerSecond > 0 ? Math.ceil(bytesPerSecond / 10) : Infinity));
      client.write(piece);
      left -= piece.length;
      if (left <= 0) return;
      rest = rest.subarray(piece.length);
      if (bytesPerSecond > 0) await wait(100);
    }
  }
}
