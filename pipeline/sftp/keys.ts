/** Who we are to the server: a private key file, an ssh-agent, or both. */
import ssh2, { type AnyAuthMethod, type ParsedKey } from "ssh2";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import { readOwnFile } from "../common/own-file.ts";
import { publicLine } from "./key-pair.ts";
import { fingerprint } from "./host-keys.ts";
import type { SftpOptions } from "./options.ts";
import { expandHome } from "./paths.ts";

/** The ways to log in, in the order in which they are tried, and the keys behind them, for messages. */
export interface Credentials {
  methods: AnyAuthMethod[];
  /** As `ssh-ed25519 SHA256:…`. */
  keys: string[];
}

/**
 * Reads the private key and asks the agent for its keys. The parsed key stays in memory, so a reconnect needs neither file nor passphrase.
 * @throws SignalhouseError config_invalid, key_unreadable, key_file_open, key_passphrase
 */
export async function readCredentials(options: SftpOptions): Promise<Credentials> {
  const credentials: Credentials = { methods: [], keys: [] };
  if (options.keyFile) {
    const key = await readPrivateKey(expandHome(options.keyFile, options.home), options.passphrase);
    credentials.methods.push({ type: "publickey", username: options.user, key });
    credentials.keys.push(describe(key));
  }
  if (options.agent) {
    const keys = await agentKeys(options.agentSocket);
    credentials.methods.push({ type: "agent", username: options.user, agent: options.agentSocket ?? "" });
    credentials.keys.push(...keys.map(describe));
  }
  if (credentials.methods.length === 0) throw noKey();
  return credentials;
}

/**
 * The public halves of the keys that log in, the key file's first, as lines of type, key and comment.
 * @throws SignalhouseError as readCredentials
 */
export async function readPublicKeys(options: Pick<SftpOptions, "keyFile" | "agent" | "agentSocket" | "passphrase" | "home">): Promise<string[]> {
  const keys = [
    ...(options.keyFile ? [await readPrivateKey(expandHome(options.keyFile, options.home), options.passphrase)] : []),
    ...(options.agent ? await agentKeys(options.agentSocket) : []),
  ];
  if (keys.length === 0) throw noKey();
  return keys.map(publicLine);
}

function noKey(): SignalhouseError {
  return new SignalhouseError(
    "config_invalid",
    "Neither sftp.keyFile nor sftp.agent is set",
    "Set one of them; `signalhouse keys generate` makes a key.",
  );
}

function describe(key: ParsedKey): string {
  return `${key.type} ${fingerprint(key.getPublicSSH())}`;
}

/**
 * A private key in any format that ssh2 reads (OpenSSH, PEM, PuTTY).
 * @throws SignalhouseError key_unreadable, key_file_open, key_passphrase
 */
export async function readPrivateKey(path: string, passphrase?: string): Promise<ParsedKey> {
  return parsePrivateKey(await readKeyFile(path), path, passphrase);
}

async function readKeyFile(path: string): Promise<Buffer> {
  const read = await readOwnFile(path).catch((error: unknown) => {
    throw new SignalhouseError(
      "key_unreadable",
      `Private key ${path} cannot be read: ${messageOf(error)}`,
      "Check sftp.keyFile; `signalhouse keys generate` makes a key.",
      error,
    );
  });
  if ("content" in read) return read.content;
  throw new SignalhouseError("key_file_open", `Private key ${path} can be used by other users (mode ${read.openMode})`, `Run: chmod 600 ${path}`);
}

/** ssh2 tells its reasons in words only, and not always the right ones: a key that does not parse without a passphrase may just need one. */
function parsePrivateKey(content: Buffer, path: string, passphrase?: string): ParsedKey {
  const [plain] = [ssh2.utils.parseKey(content)].flat();
  if (plain && !(plain instanceof Error)) {
    if (plain.isPrivateKey()) return plain;
    throw new SignalhouseError(
      "key_unreadable",
      `${path} is a public key`,
      "sftp.keyFile wants the private one, usually the same name without .pub.",
    );
  }
  if (!plain || !/encrypted/i.test(plain.message)) {
    const reason = plain?.message ?? "it holds no key";
    throw new SignalhouseError(
      "key_unreadable",
      `Private key ${path} is not understood: ${reason}`,
      `Convert it to OpenSSH's format: ssh-keygen -p -f ${path}`,
    );
  }
  if (!passphrase) {
    throw new SignalhouseError(
      "key_passphrase",
      `Private key ${path} needs a passphrase`,
      "Put it into the environment variable SIGNALHOUSE_KEY_PASSPHRASE, or load the key into ssh-agent and set sftp.agent.",
    );
  }
  const [unlocked] = [ssh2.utils.parseKey(content, passphrase)].flat();
  if (!unlocked || unlocked instanceof Error) {
    throw new SignalhouseError("key_passphrase", `The passphrase does not open private key ${path}`, "Correct SIGNALHOUSE_KEY_PASSPHRASE.");
  }
  return unlocked;
}

async function agentKeys(socket: string | undefined): Promise<ParsedKey[]> {
  if (!socket) {
    throw new SignalhouseError(
      "key_unreadable",
      "sftp.agent is set, but there is no ssh-agent: SSH_AUTH_SOCK is empty",
      "Start one: eval $(ssh-agent) && ssh-add",
    );
  }
  const keys = await new Promise<readonly unknown[]>((resolve, reject) => {
    ssh2.createAgent(socket).getIdentities((error, found) => (error ? reject(error) : resolve(found ?? [])));
  }).catch((error: unknown) => {
    throw new SignalhouseError(
      "key_unreadable",
      `The ssh-agent at ${socket} does not answer: ${messageOf(error)}`,
      "Start one: eval $(ssh-agent) && ssh-add",
      error,
    );
  });
  if (keys.length === 0) {
    throw new SignalhouseError("key_unreadable", `The ssh-agent at ${socket} has no keys`, "Add one: ssh-add ~/.ssh/id_ed25519");
  }
  return keys as ParsedKey[];
}
