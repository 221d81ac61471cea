/** Who is let in: whoever has the token, in a browser that was sent here by this machine's own address. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HOST } from "../common/listen.ts";

const secret = (): string => randomBytes(32).toString("base64url");

/** Compared by their hashes, so that the time that it takes tells nothing. */
function isSame(given: string | undefined, known: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(hash(given), hash(known));
}

export class Gate {
  /** Stands in the address that is printed, and nowhere else: it is exchanged for a cookie. */
  readonly token = secret();
  readonly #session = secret();
  readonly #cookie: string;
  readonly #hosts: readonly string[];

  constructor(port: number) {
    // To browsers all ports of a host are one site, which shares its cookies.
    this.#cookie = `signalhouse-${port}`;
    this.#hosts = [`${HOST}:${port}`, `localhost:${port}`];
  }

  /** The cookie that a token is exchanged for; undefined where it is another token. */
  cookieFor(token: string): string | undefined {
    return isSame(token, this.token) ? `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict` : undefined;
  }

  /** Whether a request came to this address: another name that was made to mean this machine is none. */
  isAddressed({ host }: IncomingHttpHeaders): boolean {
    return host !== undefined && this.#hosts.includes(host);
  }

  isKnown({ cookie = "" }: IncomingHttpHeaders): boolean {
    const cookies = cookie.split(";").map((part) => part.trim());
    return cookies.some((part) => part.startsWith(`${this.#cookie}=`) && isSame(part.slice(this.#cookie.length + 1), this.#session));
  }

  /** Whether a form was sent by one of these pages. */
  isOwn({ origin, host }: IncomingHttpHeaders): boolean {
    return origin === `http://${host}`;
  }
}
