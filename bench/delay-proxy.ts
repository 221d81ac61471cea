/** A TCP proxy in a process of its own that makes the way longer: every byte is later by half a round trip, in both directions. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

export interface DelayProxy {
  port: number;
  close(): Promise<void>;
}

/** Starts the proxy before a port of 127.0.0.1; it listens there too. */
export async function startDelayProxy(target: number, roundTripMs: number): Promise<DelayProxy> {
  const child = fork(fileURLToPath(import.meta.url), ["delay-proxy", String(target), String(roundTripMs)]);
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async close() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

/** Timers of the same length fire in the order in which they were set, so bytes keep theirs. Nothing waits for the reader: the window does. */
function delay(from: Socket, to: Socket, ms: number): void {
  from.on("data", (bytes) => setTimeout(() => to.write(bytes), ms));
  from.on("end", () => setTimeout(() => to.end(), ms));
  from.on("error", () => to.destroy());
}

async function serve(target: number, roundTripMs: number): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
    delay(client, upstream, roundTripMs / 2);
    delay(upstream, client, roundTripMs / 2);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send?.((server.address() as AddressInfo).port);
  process.once("disconnect", () => process.exit());
}

if (process.argv[2] === "delay-proxy") await serve(Number(process.argv[3]), Number(process.argv[4]));
