/** A request that came to nothing, and what that says about it. */
import { DAY_MS } from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { shownProxy } from "./proxy.ts";

export interface Failed {
  kind: "failed";
  /** "no" where the request surely did not get to Connect, or was not let in; "maybe" where it may have been carried out. */
  sent: "no" | "maybe";
  /** Whether the same request may go well in a moment. */
  passes: boolean;
  error: SignalhouseError;
  /** Milliseconds after which the server wants to be asked again, where it says so. */
  retryAfterMs?: number | undefined;
}

/** Where a request went. */
export interface Way {
  /** The API's, with a port where it is none of https. */
  host: string;
  proxy: URL | undefined;
}

/** The API, as messages call it. */
export const nameOf = ({ host, proxy }: Way): string => `Connect's API at ${host}${proxy ? `, through the proxy ${shownProxy(proxy)},` : ""}`;

/** Connect was asked too often: nothing was done, and it wants to be asked later. */
export class BusyError extends SignalhouseError {
  /** Milliseconds. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number | undefined) {
    super("api_busy", message, "Nothing was done. Ask again later, and let fewer processes ask at a time.");
    this.retryAfterMs = Math.min(Math.ceil(retryAfterMs ?? USUAL_MS), LONGEST_MS);
  }
}

/** Where Connect does not say when it wants to be asked again. */
const USUAL_MS = 60_000;

/** Later than that nobody means it. */
const LONGEST_MS = DAY_MS;

/** @param said Connect's own words; @param retryAfterMs when it wants to be asked again, where it says so */
export function busy(at: Way, said: string, retryAfterMs: number | undefined): Failed {
  const time = (ms: number) => (ms > LONGEST_MS ? "more than a day" : `${Math.ceil(ms / 1000)} seconds`);
  const later = retryAfterMs === undefined ? "" : `, and wants to be asked again in ${time(retryAfterMs)}`;
  const error = new BusyError(`${nameOf(at)} is asked too often${later}: ${said}`, retryAfterMs);
  return { kind: "failed", sent: "no", passes: true, error, retryAfterMs };
}

/** The key was not let in, so nothing was done. */
export function keyRefused(at: Way, said: string): Failed {
  const error = new SignalhouseError(
    "api_key_refused",
    `${nameOf(at)} refused the API key: ${said}`,
    "Check the key under Administration > General settings > API keys in Connect, and that region is your subscription's: a key of another region is refused too.",
  );
  return { kind: "failed", sent: "no", passes: false, error };
}

/** The server failed, or something on the way to it: it may have done what it was asked. */
export function trouble(at: Way, said: string, retryAfterMs?: number): Failed {
  const hint = "Try again in some minutes. Where it stays so, look at Connect's status page or ask Acoustic support.";
  const error = new SignalhouseError("api_failed", `${nameOf(at)} answered ${said}`, hint);
  return { kind: "failed", sent: "maybe", passes: true, error, retryAfterMs };
}
