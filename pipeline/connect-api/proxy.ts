/** Which proxy requests to the API go through, as the environment says. */
import { SignalhouseError } from "../../schemas/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable of the environment that names a proxy; undefined where none does. The one in small letters comes first, and turns it off where it is empty. */
export function proxyVariable(env: Environment): string | undefined {
  const name = ["https_proxy", "HTTPS_PROXY"].find((name) => env[name] !== undefined);
  return name !== undefined && env[name]?.trim() ? name : undefined;
}

const HOW =
  "Write it as http://HOST:PORT, with http://USER:PASSWORD@HOST:PORT where the proxy wants a login; marks in USER and PASSWORD percent-encoded.";

/**
 * The proxy through which an address is asked, by HTTPS_PROXY and NO_PROXY in either case of letters, as curl reads them; undefined where it is asked
 * directly, as `http:` addresses are, which only this machine may have.
 * @throws SignalhouseError config_invalid where the variable names no proxy that can be used; what it has may be a secret, and is not told
 */
export function proxyTo(endpoint: string, env: Environment): URL | undefined {
  const variable = proxyVariable(env);
  const url = new URL(endpoint);
  if (variable === undefined || url.protocol !== "https:" || isLeftOut(url, env["no_proxy"] ?? env["NO_PROXY"] ?? "")) return undefined;
  return proxyOf(variable, (env[variable] ?? "").trim());
}

function proxyOf(variable: string, value: string): URL {
  const text = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (!proxy?.hostname || !isDecodable(proxy.username + proxy.password))
    throw new SignalhouseError("config_invalid", `${variable} is no address of a proxy`, HOW);
  if (proxy.protocol === "http:" || proxy.protocol === "https:") return proxy;
  throw new SignalhouseError(
    "config_invalid",
    `${variable} names a proxy that is spoken to by ${proxy.protocol.replace(":", "")}; signalhouse speaks to proxies by http and https`,
    HOW,
  );
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

/** Whether NO_PROXY has the host: by its name, a domain above it with or without a dot before, or `*`; with a port, for that port only. */
function isLeftOut({ hostname, port }: URL, list: string): boolean {
  const host = bare(hostname);
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = "", ofPort] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (name === "*") return true;
      const domain = bare(name).replace(/^\*?\./, "");
      if (domain === "" || (ofPort !== undefined && ofPort !== (port || "443"))) return false;
      return host === domain || host.endsWith(`.${domain}`);
    });
}

/** A host without the brackets of an IPv6 address, and without the dot that ends a full name. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");

/** A proxy as it can be shown: without its user and password. */
export const shownProxy = ({ protocol, host }: URL): string => `${protocol}//${host}`;
