/** What it means where no answer of the API came: nothing at all, or something that others say in its place. */
import { serverWords } from "../../schemas/characters.ts";
import { messageOf, SignalhouseError } from "../../schemas/errors.ts";
import type { Exchanged } from "./exchange.ts";
import { busy, type Failed, keyRefused, nameOf, trouble, type Way } from "./failed.ts";
import { shownProxy } from "./proxy.ts";

/** What is known of a response that is none of GraphQL. The API key is in none of it. */
export interface Strange {
  status: number;
  /** What the body is: Connect's gateway speaks JSON, whatever else stands in between has its own ways. */
  kind: "nothing" | "json" | "page" | "text";
  /** What it says, in one line. */
  said: string;
  isWhole: boolean;
  /** Where it sends on to. */
  location: string | undefined;
  retryAfterMs: number | undefined;
}

const unreachable = (sent: Failed["sent"], passes: boolean, message: string, hint: string): Failed => ({
  kind: "failed",
  sent,
  passes,
  error: new SignalhouseError("api_unreachable", message, hint),
});

/** No response came. */
export function unanswered(at: Way, timeoutSeconds: number, { isSent, cause }: Extract<Exchanged, { kind: "nothing" }>): Failed {
  if (cause === undefined && isSent) return trouble(at, `nothing, or not all of it, within ${timeoutSeconds} seconds`);
  if (cause === undefined)
    return unreachable("no", true, `${nameOf(at)} cannot be reached: no connection within ${timeoutSeconds} seconds`, LOOK(at));
  const { code, reason } = reasonOf(cause);
  const message = `${nameOf(at)} cannot be reached: ${reason}`;
  if (isSent) return unreachable("maybe", true, message, LOOK(at));
  const refused = at.proxy && /^Proxy response \((\d+)\)/.exec(reason)?.[1];
  if (at.proxy && refused) return proxyRefused(at.host, at.proxy, refused);
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/.test(code)) return unreachable("no", false, message, certificateHint(code));
  return unreachable("no", !/^(EPROTO|ERR_SSL|ERR_TLS|HPE_)/.test(code), message, LOOK(at));
}

const LOOK = ({ proxy }: Way): string =>
  `Check the network, ${proxy ? `the proxy ${shownProxy(proxy)} that HTTPS_PROXY names` : "a firewall, or a proxy that HTTPS_PROXY would have to name"}, and region or api.endpoint.`;

function certificateHint(code: string): string {
  if (/EXPIRED|NOT_YET_VALID/.test(code)) return "Check this machine's date, and whose certificate it is that has run out.";
  if (/ALTNAME/.test(code))
    return "Something else than Connect answers under this name: check region, api.endpoint, DNS, and a proxy that opens TLS.";
  return "Where a proxy or firewall of your network opens TLS, put its CA certificate into a file (PEM), and name that file in the environment variable NODE_EXTRA_CA_CERTS.";
}

function proxyRefused(host: string, proxy: URL, status: string): Failed {
  const message = `the proxy ${shownProxy(proxy)} does not let requests through to ${host} (HTTP ${status})`;
  const hint =
    status === "407"
      ? "It wants a login: write HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT, marks in both percent-encoded."
      : `Have ${host} allowed there, or name it in NO_PROXY where it can be reached without the proxy.`;
  return unreachable("no", false, message, hint);
}

/** The reason of an error, which may be several at a time: an address of each kind was tried, and none of them answered. */
function reasonOf(cause: unknown): { code: string; reason: string } {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const codes = errors.map((error) => (error as NodeJS.ErrnoException | undefined)?.code ?? "");
  const reasons = errors.map((error, index) => messageOf(error) || codes[index] || "no reason was given");
  return { code: codes.find(Boolean) ?? "", reason: serverWords([...new Set(reasons)].join("; ")) };
}

/** A response came, but none of GraphQL. */
export function misanswered(at: Way, { status, kind, said, isWhole, location, retryAfterMs }: Strange): Failed {
  const told = `HTTP ${status}: ${said || "nothing"}`;
  if (status === 429) return busy(at, told, retryAfterMs);
  // Most redirects have a page of their own, which says nothing more.
  if (status >= 300 && status < 400) return redirected(at, status, location);
  if (status === 407 || status === 511 || (status < 500 && kind === "page")) return byPage(at, status, said);
  if (status === 401 || status === 403) return kind === "text" ? byPage(at, status, said) : keyRefused(at, told);
  if (!isWhole) return trouble(at, `HTTP ${status} with more than is read of an answer: ${said}`);
  if (status < 400 || status >= 500 || status === 408) return trouble(at, told, retryAfterMs);
  const error = new SignalhouseError("api_refused", `${nameOf(at)} refused the request: ${told}`, "Nothing was done. Check region and api.endpoint.");
  return { kind: "failed", sent: "no", passes: false, error };
}

/** A web page in place of an answer. With a good status it is not known who sent it; with another one the request was not let through. */
function byPage(at: Way, status: number, said: string): Failed {
  return unreachable(
    status < 300 ? "maybe" : "no",
    status < 300,
    `${nameOf(at)} cannot be reached: something else answered (HTTP ${status}), which says: ${said || "nothing"}`,
    `It is a proxy, firewall or login page between here and Connect, or a wrong api.endpoint: have ${at.host} allowed there, or log in to the network.`,
  );
}

/** It is not followed: a key must not get to another server. */
function redirected(at: Way, status: number, location: string | undefined): Failed {
  const to = location !== undefined && URL.canParse(location) ? new URL(location).origin : "another address";
  return unreachable(
    "no",
    false,
    `${nameOf(at)} cannot be reached: something sends on to ${serverWords(to)} (HTTP ${status}), which is not followed, as the key must not get there`,
    "It is a proxy or login page between here and Connect, or a wrong api.endpoint.",
  );
}
