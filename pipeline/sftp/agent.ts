import type { Duplex } from "node:stream";
import ssh2, { type BaseAgent, type OpenSSHAgent, type ParsedKey, type SignCallback } from "ssh2";
import { orAborted } from "./abort.ts";

/** How long an ssh-agent may take to tell its keys. */
const AGENT_MS = 10_000;

/** An ssh-agent. ssh2 waits for its answers for ever, on sockets that keep the process alive: here they are ours to end. */
export class Agent {
  readonly #agent: BaseAgent;
  readonly #open = new Set<Duplex>();

  constructor(socket: string) {
    // Each kind of agent that ssh2 makes, Windows' too, is one of these.
    const agent = ssh2.createAgent(socket) as OpenSSHAgent;
    const getStream = agent.getStream.bind(agent);
    agent.getStream = (done) =>
      getStream((error, stream) => {
        if (stream) this.#open.add(stream.once("close", () => this.#open.delete(stream)));
        done(error, stream);
      });
    this.#agent = agent;
  }

  /** Its keys, of the types that ssh2 knows. @throws what ssh2 says; the signal's reason; a TimeoutError after ten seconds */
  async keys(signal?: AbortSignal): Promise<readonly ParsedKey[]> {
    const limit = AbortSignal.timeout(AGENT_MS);
    const found = new Promise<readonly unknown[]>((resolve, reject) => {
      this.#agent.getIdentities((error, keys) => (error ? reject(error) : resolve(keys ?? [])));
    });
    try {
      return (await orAborted(found, signal ? AbortSignal.any([signal, limit]) : limit)) as readonly ParsedKey[];
    } finally {
      this.giveUp();
    }
  }

  /** Signs with one of its keys; an RSA key by `hash`. It may wait for a person: see `giveUp`. */
  sign(key: ParsedKey, data: Buffer, hash: "sha256" | "sha512", done: SignCallback): void {
    this.#agent.sign(key, data, key.type === "ssh-rsa" ? { hash } : {}, done);
  }

  /** Ends what was asked and not answered; it fails. */
  giveUp(): void {
    for (const stream of this.#open) stream.destroy();
  }
}
