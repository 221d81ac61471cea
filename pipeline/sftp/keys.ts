/** Who we are to the server: a private key file, an ssh-agent, or both. */
import { readFile, stat } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";
import { SignalhouseError, isSignalhouseError, messageOf } from "../../schemas/errors.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { readOwnFile } from "../common/own-file.ts";
import { Agent } from "./agent.ts";
import { formFault, fromPkcs8, keyText, withoutLineEnd, type KeyFault } from "./key-text.ts";
import { publicLine } from "./key-pair.ts";
import { fingerprint } from "./host-keys.ts";
import type { SftpOptions } from "./options.ts";
import { expandHome } from "./paths.ts";

/** A key that is offered to the server. */
export interface OfferedKey {
  /** As `ssh-ed25519 SHA256:…`. */
  name: string;
  /** The private one, or the public one of the agent's. */
  key: ParsedKey;
  /** What signs with it, where that is not the key itself. */
  agent?: Agent;
}

/** The keys with which we log in, in the order in which they are tried. */
export interface Credentials {
  offered: OfferedKey[];
  /** Their names, for messages. */
  keys: string[];
}

type KeyOptions = Pick<SftpOptions, "keyFile" | "agent" | "agentSocket" | "identitiesOnly" | "passphrase" | "home" | "signal">;

/**
 * Reads the private key and asks the agent for its keys. The parsed key stays in memory, so a reconnect needs neither file nor passphrase.
 * As in ssh, sftp.keyFile comes before the agent's other keys, may be the public half of one of them, and is the only one with sftp.identitiesOnly.
 * @throws SignalhouseError config_invalid, key_unreadable, key_file_open, key_passphrase; the signal's reason
 */
export async function readCredentials(options: KeyOptions): Promise<Credentials> {
  const { keyFile, identitiesOnly, home } = options;
  if (!keyFile && !options.agent) throw noKey();
  if (!keyFile && identitiesOnly) {
    throw new SignalhouseError("config_invalid", "sftp.identitiesOnly is set, but not sftp.keyFile", "Set sftp.keyFile: it says which key is meant.");
  }
  const loaded = options.agent ? await agentKeys(options.agentSocket, options.signal) : [];
  const chosen = keyFile ? await readChosenKey(expandHome(keyFile, home), loaded, options) : undefined;
  const others = identitiesOnly ? [] : loaded.filter(({ name }) => name !== chosen?.name);
  const offered = [...(chosen ? [chosen] : []), ...others];
  return { offered, keys: offered.map(({ name }) => name) };
}

/**
 * The public halves of the keys that log in, the key file's first, as lines of type, key and comment.
 * @throws SignalhouseError as readCredentials
 */
export async function readPublicKeys(options: KeyOptions): Promise<string[]> {
  return (await readCredentials(options)).offered.map(({ key }) => publicLine(key));
}

/** The key of sftp.keyFile: the file's own, or the agent's where the file has only its public half, or is locked and has that beside it. */
async function readChosenKey(path: string, loaded: readonly OfferedKey[], { agent, passphrase }: KeyOptions): Promise<OfferedKey> {
  if (!agent) return ownKey(await readPrivateKey(path, passphrase));
  const half = await publicHalf(path);
  if (half === undefined) {
    return await readPrivateKey(path, passphrase).then(ownKey, async (error: unknown) => {
      const beside = isSignalhouseError(error, "key_passphrase") && !passphrase ? await publicHalf(`${path}.pub`).catch(() => undefined) : undefined;
      const found = loaded.find(({ name }) => beside && name === nameOfKey(beside));
      if (found) return found;
      throw error;
    });
  }
  const found = loaded.find(({ name }) => name === nameOfKey(half));
  if (found) return found;
  throw new SignalhouseError(
    "key_unreadable",
    `${path} is the public half of ${nameOfKey(half)}, which the ssh-agent does not have`,
    `Add the private half to the agent: ssh-add ${path.replace(/\.pub$/, "")}`,
  );
}

/** The public key that a file holds; undefined where it holds something else. */
async function publicHalf(path: string): Promise<ParsedKey | undefined> {
  const read = async () => ((await stat(path)).isFile() ? await readFile(path) : Buffer.alloc(0));
  const text = await read().then(keyText, (error: unknown) => {
    throw unreadable(path, error);
  });
  const [key] = [ssh2.utils.parseKey(text)].flat();
  return key && !(key instanceof Error) && !key.isPrivateKey() ? key : undefined;
}

const ownKey = (key: ParsedKey): OfferedKey => ({ name: nameOfKey(key), key });

function noKey(): SignalhouseError {
  return new SignalhouseError(
    "config_invalid",
    "Neither sftp.keyFile nor sftp.agent is set",
    "Set one of them; `signalhouse keys generate` makes a key.",
  );
}

function nameOfKey(key: ParsedKey): string {
  return `${key.type} ${fingerprint(key.getPublicSSH())}`;
}

/**
 * A private key in any form that ssh2 reads (OpenSSH's, PEM, PuTTY's second one for RSA), or Node (PKCS #8).
 * @param passphrase may have a line end behind it that is not its own, as files and secrets have
 * @throws SignalhouseError key_unreadable, key_file_open, key_passphrase
 */
export async function readPrivateKey(path: string, passphrase?: string): Promise<ParsedKey> {
  return parsePrivateKey(keyText(await readKeyFile(path)), path, passphrase);
}

async function readKeyFile(path: string): Promise<Buffer> {
  const read = await readOwnFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if ("content" in read) return read.content;
  throw new SignalhouseError("key_file_open", `Private key ${path} can be used by other users (mode ${read.openMode})`, `Run: chmod 600 ${path}`);
}

function unreadable(path: string, error: unknown): SignalhouseError {
  return new SignalhouseError(
    "key_unreadable",
    `Private key ${path} cannot be read: ${whyNotRead(error)}`,
    "Check sftp.keyFile; `signalhouse keys generate` makes a key.",
    error,
  );
}

/** ssh2 tells its reasons in words only, and not always the right ones: a key that does not parse without a passphrase may just need one. */
function parsePrivateKey(text: string, path: string, passphrase?: string): ParsedKey {
  const passphrases = passphrase ? [...new Set([passphrase, withoutLineEnd(passphrase)])].filter((given) => given !== "") : [];
  const fault = formFault(text);
  if (fault) throw faultOf(fault, path);
  const converted = fromPkcs8(text, passphrases);
  if (typeof converted === "object") throw faultOf(converted, path);
  const form = converted ?? text;
  const [plain] = [ssh2.utils.parseKey(form)].flat();
  if (plain && !(plain instanceof Error)) {
    if (plain.isPrivateKey()) return plain;
    throw new SignalhouseError(
      "key_unreadable",
      `${path} is a public key`,
      "sftp.keyFile wants the private one, usually the same name without .pub; only with sftp.agent may it be the public one, of a key in the ssh-agent.",
    );
  }
  if (!plain || !/encrypted/i.test(plain.message)) {
    throw new SignalhouseError(
      "key_unreadable",
      `Private key ${path} is not understood: ${plain?.message ?? "it holds no key"}`,
      `Convert it to OpenSSH's format: ssh-keygen -p -f ${path}`,
    );
  }
  if (passphrases.length === 0) throw faultOf({ kind: "locked" }, path);
  for (const given of passphrases) {
    const [unlocked] = [ssh2.utils.parseKey(form, given)].flat();
    if (unlocked && !(unlocked instanceof Error)) return unlocked;
  }
  throw faultOf({ kind: "wrong passphrase" }, path);
}

function faultOf(fault: KeyFault, path: string): SignalhouseError {
  switch (fault.kind) {
    case "locked":
      return new SignalhouseError(
        "key_passphrase",
        `Private key ${path} needs a passphrase`,
        "Put it into the environment variable SIGNALHOUSE_KEY_PASSPHRASE, or load the key into ssh-agent and set sftp.agent.",
      );
    case "wrong passphrase":
      return new SignalhouseError("key_passphrase", `The passphrase does not open private key ${path}`, "Correct SIGNALHOUSE_KEY_PASSPHRASE.");
    default:
      return new SignalhouseError("key_unreadable", `Private key ${path} cannot be used: ${fault.what}`, `${fault.convert(path)}.`);
  }
}

async function agentKeys(socket: string | undefined, signal?: AbortSignal): Promise<OfferedKey[]> {
  if (!socket) {
    throw new SignalhouseError(
      "key_unreadable",
      "sftp.agent is set, but there is no ssh-agent: SSH_AUTH_SOCK is empty",
      "Start one: eval $(ssh-agent) && ssh-add",
    );
  }
  const agent = new Agent(socket);
  const keys = await agent.keys(signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new SignalhouseError(
      "key_unreadable",
      `The ssh-agent at ${socket} does not answer: ${messageOf(error)}`,
      "Start one: eval $(ssh-agent) && ssh-add",
      error,
    );
  });
  if (keys.length === 0) {
    throw new SignalhouseError(
      "key_unreadable",
      `The ssh-agent at ${socket} has no key that can be used: none of ed25519, ECDSA or RSA, without a certificate`,
      "Add one: ssh-add ~/.ssh/id_ed25519",
    );
  }
  return keys.map((key) => ({ name: nameOfKey(key), key, agent }));
}
