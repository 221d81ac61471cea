import { SignalhouseError } from "../../schemas/errors.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { readOwnFile } from "../common/own-file.ts";

const HOW =
  "Create one in Connect under Administration > General settings > API keys, and put it into the environment variable SIGNALHOUSE_API_KEY, " +
  "or into a file that only you can read (chmod 600) and name it as api.keyFile.";

/**
 * The API key: the environment's value, else the file's.
 * @throws SignalhouseError api_key_missing where there is none or it is no key, api_key_file_open where others can read the file
 */
export async function readApiKey({ environment, keyFile }: { environment?: string | undefined; keyFile?: string | undefined }): Promise<string> {
  const fromEnvironment = environment?.trim();
  if (fromEnvironment) return checked(fromEnvironment, "SIGNALHOUSE_API_KEY");
  if (keyFile === undefined) throw new SignalhouseError("api_key_missing", "there is no API key", HOW);
  return checked((await readKeyFile(keyFile)).trim(), keyFile);
}

async function readKeyFile(path: string): Promise<string> {
  const read = await readOwnFile(path).catch((error: unknown) => {
    throw new SignalhouseError("api_key_missing", `the API key's file ${path} cannot be read: ${whyNotRead(error)}`, HOW, error);
  });
  if ("content" in read) return read.content.toString("utf8");
  throw new SignalhouseError(
    "api_key_file_open",
    `the API key in ${path} can be read by other users (mode ${read.openMode})`,
    `Run: chmod 600 ${path}`,
  );
}

/** A key goes into an HTTP header: printable ASCII without blanks. The key itself is never shown. */
function checked(key: string, source: string): string {
  if (key === "") throw new SignalhouseError("api_key_missing", `${source} is empty`, HOW);
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new SignalhouseError("api_key_missing", `what is in ${source} is no API key: it has blanks, several lines or special characters`, HOW);
}
