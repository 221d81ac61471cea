import { once } from "node:events";
import type { ClientChannel } from "ssh2";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import { orAborted } from "./abort.ts";
import { Channel } from "./channel.ts";
import type { HostTrust } from "./host-keys.ts";
import type { Credentials } from "./keys.ts";
import { login, type Login } from "./login.ts";
import { serverName, type Pace, type SftpOptions } from "./options.ts";

/**
 * A round trip of this many milliseconds is worth one more channel. ssh2 grants the server 2 MiB a channel and renews the grant when half of it is
 * used, which comes to 1 MiB in each round trip: so this aims at 100 MB/s.
 */
const MS_PER_CHANNEL = 10;

/** How long a server may take to say goodbye. */
const GOODBYE_MS = 1000;

export type ConnectionOptions = SftpOptions & { pace: Pace };

/** One SSH connection with its SFTP channels. It is up until it is lost, and never comes back: a new one is opened. */
export class Connection {
  /** Channels that one file is worth reading through: more where the way is long. They are opened as soon as that is known. */
  width = 1;
  readonly #login: Login;
  readonly #options: ConnectionOptions;
  readonly #onLost: () => void;
  readonly #channels: Promise<Channel>[] = [];
  readonly #open = new Set<Channel>();
  /** Aborted when the connection is lost. */
  readonly #life = new AbortController();

  private constructor(session: Login, options: ConnectionOptions, onLost: () => void) {
    this.#login = session;
    this.#options = options;
    this.#onLost = onLost;
    const lost = (why: string) =>
      this.fail(new SignalhouseError("connection_lost", `The connection to ${serverName(options)} was lost: ${why}`, "Try again later."));
    session.client
      .on("error", (error) => lost(serverWords(messageOf(error))))
      .on("end", () => lost("the server closed it"))
      .on("close", () => lost("it broke off"));
  }

  /**
   * Connects, logs in and opens the first channel.
   * @param onLost called once, as soon as the connection is of no more use
   * @param signal ends the connection, now or later, and with it all that is asked on it
   * @throws SignalhouseError as `login`, and sftp_failed, server_stalled
   */
  static async open(
    options: ConnectionOptions,
    credentials: Credentials,
    trust: HostTrust,
    signal: AbortSignal,
    onLost: () => void,
  ): Promise<Connection> {
    const connection = new Connection(await login(options, credentials, trust, signal), options, onLost);
    const stop = () => connection.fail(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    connection.#login.socket.once("close", () => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
    try {
      const channel = await connection.channel(0);
      // Nobody waits for this: a read that begins meanwhile gets wider when it is known.
      void connection.#measure(channel).catch(() => {});
      return connection;
    } catch (error) {
      connection.fail(error);
      throw error;
    }
  }

  /** The channel of that number, opened when first asked for. A server may grant fewer than asked: then it throws sftp_failed. */
  channel(number: number): Promise<Channel> {
    return (this.#channels[number] ??= this.#openChannel());
  }

  /** Ends the connection at once; whatever is asked is rejected with `reason`. */
  fail(reason: unknown): void {
    if (this.#life.signal.aborted) return;
    this.#lose(reason);
    this.#login.socket.destroy();
  }

  /** The same, but says goodbye to the server first. */
  async close(reason: unknown): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#lose(reason);
    const { client, socket } = this.#login;
    client.end();
    await once(socket, "close", { signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => {});
    socket.destroy();
  }

  #lose(reason: unknown): void {
    this.#life.abort(reason);
    for (const channel of this.#open) channel.fail(reason);
    this.#onLost();
  }

  async #measure(channel: Channel): Promise<void> {
    const asked = performance.now();
    await channel.realpath(".");
    const roundTripMs = performance.now() - asked;
    this.width = Math.max(1, Math.min(this.#options.pace.maxChannels, Math.ceil(roundTripMs / MS_PER_CHANNEL)));
    // A server may grant fewer; whoever wants to use the others hears of it.
    for (let number = 1; number < this.width; number += 1) this.channel(number).catch(() => {});
  }

  async #openChannel(): Promise<Channel> {
    const silenceMs = this.#options.timeoutSeconds * 1000;
    const onSilence = () =>
      this.fail(
        new SignalhouseError(
          "server_stalled",
          `${serverName(this.#options)} did not answer for ${this.#options.timeoutSeconds} s`,
          "Try again later.",
        ),
      );
    const clock = setTimeout(onSilence, silenceMs);
    // ssh2 may say nothing when the connection is lost meanwhile, or hand out a channel that is dead.
    const stream = await orAborted(this.#startSftp(), this.#life.signal).finally(() => clearTimeout(clock));
    this.#life.signal.throwIfAborted();
    const channel = new Channel(stream, { silenceMs, onSilence, onLost: (error) => this.fail(error) });
    this.#open.add(channel);
    try {
      await channel.begin();
      return channel;
    } catch (error) {
      this.#open.delete(channel);
      stream.destroy();
      throw error;
    }
  }

  #startSftp(): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.#life.signal.throwIfAborted();
      this.#login.client.subsys("sftp", (error, stream) => {
        if (!error) return resolve(stream);
        reject(sftpRefused(error, serverName(this.#options)));
      });
    });
  }
}

/** Why a channel is never granted: it is prohibited, or of a type that is not known. Source: RFC 4254, section 5.1. */
const NEVER_GRANTED: readonly unknown[] = [1, 3];

/** ssh2 gives the reason of a channel that is not granted as a number; a subsystem that is not there has none. */
function sftpRefused(error: Error, name: string): SignalhouseError {
  const { reason } = error as { reason?: unknown };
  if (reason === undefined || NEVER_GRANTED.includes(reason)) {
    return new SignalhouseError(
      "server_unfit",
      `${name} lets us in, but has no SFTP`,
      "Check sftp.host and sftp.port; else ask whoever runs the server to switch on the subsystem sftp for this user.",
      error,
    );
  }
  return new SignalhouseError("sftp_failed", `${name} opens no SFTP session: ${serverWords(messageOf(error))}`, "Try again later.", error);
}
