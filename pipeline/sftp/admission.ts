/** One attempt to be let in: the keys that are offered in turn, and what the server, or the ssh-agent, makes of them. */
import ssh2, { type AnyAuthMethod, type AuthHandlerMiddleware, type IdentityCallback, type ParsedKey, type SignCallback } from "ssh2";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import type { Agent } from "./agent.ts";
import type { OfferedKey } from "./keys.ts";
import { serverName, type SftpOptions } from "./options.ts";

/**
 * What an RSA key signs with, in this order; never SHA-1. ssh2 would choose one of them by what the server says, and servers say more than they take:
 * OpenSSH lists rsa-sha2-256 even where sshd_config takes only rsa-sha2-512.
 */
const RSA = [
  { algorithm: "rsa-sha2-512", hash: "sha512" },
  { algorithm: "rsa-sha2-256", hash: "sha256" },
] as const;

/** What servers call the ways to log in, in words. */
const WAYS: Readonly<Record<string, string>> = {
  password: "a password",
  "keyboard-interactive": "answers to questions (keyboard-interactive, such as a one-time code)",
  publickey: "a second key",
  hostbased: "this machine's own key (hostbased)",
  "gssapi-with-mic": "Kerberos (gssapi-with-mic)",
};

interface Offer {
  offered: OfferedKey;
  method: AnyAuthMethod;
}

export class Admission {
  readonly #options: SftpOptions;
  readonly #offers: Offer[];
  /** What was offered so far. */
  readonly #made: Offer[] = [];
  /** The agent's key that is to sign at the moment. */
  #signing: OfferedKey | undefined;
  /** Why the agent did not sign. */
  #agentFault: { offered: OfferedKey; why: string } | undefined;
  /** Keys that the server asked a signature of, and got one. */
  readonly #signed = new Set<OfferedKey>();
  /** The server took a key and wants more. */
  #partial = false;
  /** What the server lets in with, or wants beside a key. */
  #ways: readonly string[] = [];
  /** The server was asked what it lets in with. */
  #isAsked = false;
  #isOver = false;

  constructor(options: SftpOptions, keys: readonly OfferedKey[]) {
    this.#options = options;
    const rsa = keys.filter(({ key }) => key.type === "ssh-rsa");
    const [best, other] = RSA;
    this.#offers = [
      ...keys.map((offered) => this.#offer(offered, rsa.includes(offered) ? variant(offered.key, best) : offered.key, best.hash)),
      ...rsa.map((offered) => this.#offer(offered, variant(offered.key, other), other.hash)),
    ];
  }

  /** For ssh2: what is tried next. Where no key has helped, the server is asked what would. */
  readonly next: AuthHandlerMiddleware = (ways, partial, answer) => {
    if (partial) this.#partial = true;
    if (partial || ways) this.#ways = ways;
    const offer = this.#offers[this.#made.length];
    if (offer) {
      this.#made.push(offer);
      return answer(offer.method);
    }
    const wasAsked = this.#isAsked;
    this.#isAsked = true;
    // False ends it; the types do not have it.
    return answer(wasAsked ? (false as never) : { type: "none", username: this.#options.user });
  };

  /** The attempt is over, however it went: nobody waits for the agent any more. */
  end(): void {
    this.#isOver = true;
    this.#signing?.agent?.giveUp();
  }

  /** Whether an error is that of one key, so that another one may still be let in. */
  goesOn(error: unknown): boolean {
    const { level } = error as { level?: string };
    return level === "agent" || (level === "client-authentication" && messageOf(error).startsWith("Error signing"));
  }

  /** Whether we wait for the agent. */
  get isSigning(): boolean {
    return this.#signing !== undefined;
  }

  /** Why the server did not let us in. @param error what ssh2 says */
  fault(error: unknown): SignalhouseError {
    const { user } = this.#options;
    const name = serverName(this.#options);
    const refused = (message: string, hint: string) => new SignalhouseError("login_refused", message, hint, error);
    const made = [...new Set(this.#made.map(({ offered }) => offered))];
    const names = made.map((key) => key.name).join(", ");
    if (this.#signing) return agentFault(this.#signing, "it has not answered; it may wait for somebody to confirm or to touch a token", error);
    // Where all were offered, it does not matter that the server takes no further question.
    if (/too many auth/i.test(messageOf(error)) && made.length < new Set(this.#offers.map(({ offered }) => offered)).size) {
      return refused(
        `${name} does not look at more keys of ${user}, after ${made.length}: ${names}`,
        "Choose one: set sftp.identitiesOnly to true and sftp.keyFile to the key, or to its public half (FILE.pub) where the ssh-agent has the private one.",
      );
    }
    const signed = [...this.#signed].at(-1);
    const more = this.#ways.filter((way) => way !== "publickey" || this.#partial);
    const wanted = more.map((way) => WAYS[way] ?? way).join(" or ");
    if (this.#partial || (signed && !this.#ways.includes("publickey") && more.length > 0)) {
      return refused(
        `${name} takes the key ${signed?.name ?? names} of ${user}, but wants a second factor, too: ${wanted}`,
        "signalhouse runs without anybody there to answer: ask whoever runs the server to let this user in with the key alone.",
      );
    }
    if (this.#agentFault) return agentFault(this.#agentFault.offered, this.#agentFault.why, error);
    if (signed?.agent) {
      return refused(
        `${name} takes the key ${signed.name} of ${user}, but does not let in with what the ssh-agent signs with it`,
        "It may want a second key; or the agent knows no SHA-2 for RSA keys: use another agent, a key of another type, or sftp.keyFile.",
      );
    }
    if (this.#ways.length > 0 && !this.#ways.includes("publickey")) {
      return refused(
        `${name} takes no keys of ${user}, only ${wanted}`,
        "Check sftp.user, sftp.host and sftp.port; signalhouse logs in with keys only.",
      );
    }
    const isDisconnect = typeof (error as { code?: unknown }).code === "number";
    return refused(
      `${name} does not let ${user} in with ${made.length === 1 ? "the key" : "any of the keys"} ${names}${isDisconnect ? `: ${serverWords(messageOf(error))}` : ""}`,
      "Register this public key with Connect (mutation updatePublicKeyForConnectUser), by a Connect user with exactly this e-mail address. A new key may take some minutes to work.",
    );
  }

  #offer(offered: OfferedKey, key: ParsedKey, hash: "sha256" | "sha512"): Offer {
    const { user: username } = this.#options;
    const { agent } = offered;
    if (!agent) return { offered, method: { type: "publickey", username, key: this.#noting(offered, key) } };
    const sign = (data: Buffer, done: SignCallback) => this.#sign(offered, agent, data, hash, done);
    return { offered, method: { type: "agent", username, agent: new OneKey(key, sign) } };
  }

  /** A key that tells when the server wants its signature. */
  #noting(offered: OfferedKey, key: ParsedKey): ParsedKey {
    const sign = (...given: Parameters<ParsedKey["sign"]>) => {
      this.#signed.add(offered);
      return key.sign(...given);
    };
    return derived(key, { sign });
  }

  #sign(offered: OfferedKey, agent: Agent, data: Buffer, hash: "sha256" | "sha512", done: SignCallback): void {
    this.#signing = offered;
    agent.sign(offered.key, data, hash, (error, signature) => {
      if (this.#isOver) return;
      this.#signing = undefined;
      if (error) this.#agentFault ??= { offered, why: serverWords(messageOf(error)) };
      else this.#signed.add(offered);
      done(error, signature);
    });
  }
}

function agentFault({ name }: OfferedKey, why: string, cause: unknown): SignalhouseError {
  return new SignalhouseError(
    "key_unreadable",
    `The ssh-agent does not sign with ${name}: ${why}`,
    "See whether it is locked (ssh-add -X), asks for a confirmation (ssh-add -c) or for a token; else set sftp.keyFile, which needs no agent.",
    cause,
  );
}

/** An RSA key that is offered, and signs, with one algorithm. ssh2 takes a key's type for its algorithm. */
function variant(key: ParsedKey, { algorithm, hash }: (typeof RSA)[number]): ParsedKey {
  return derived(key, { type: algorithm as ParsedKey["type"], sign: (data) => key.sign(data, hash) });
}

const derived = (key: ParsedKey, changes: Partial<ParsedKey>): ParsedKey => Object.assign(Object.create(key) as ParsedKey, changes);

/** An agent that has one key. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #sign: (data: Buffer, done: SignCallback) => void;

  constructor(key: ParsedKey, sign: (data: Buffer, done: SignCallback) => void) {
    super();
    this.#key = key;
    this.#sign = sign;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(undefined, [this.#key]);
  }

  override sign(_key: ParsedKey, data: Buffer, options: unknown, done?: SignCallback): void {
    this.#sign(data, (typeof options === "function" ? options : done) as SignCallback);
  }
}
