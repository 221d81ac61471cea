/** What it means where an SFTP session gives no answer, or one that is an error. */
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { STATUS } from "./packets.ts";

/** What answers is no SFTP server: a login shell that talks, a menu, a program that is not there. @param said its first bytes, as Latin-1 @param exit how its program ended */
export function somethingElse(said: string, exit: string): SignalhouseError {
  // Its SFTP may begin behind that, and every packet begins with a zero.
  const words = serverWords(Buffer.from(said.replace(/\0[^]*/, ""), "latin1").toString("utf8"));
  const message = said === "" ? "its program ends at once" : words === "" ? "it sends something else" : `it says "${words}"`;
  return new SignalhouseError(
    "server_unfit",
    `The server lets us in, but in place of SFTP ${message}${exit}`,
    "Ask whoever runs the server to let this user use SFTP; a login shell must print nothing where it is no terminal (in .bashrc, for example).",
  );
}

/** What an answer that is an error means. @param code its status @param words the server's, in one line @param path what was asked for */
export function refusal(code: number, words: string, path: string): SignalhouseError {
  const cause = new StatusError(code, words);
  switch (code) {
    case STATUS.noSuchFile:
      return new SignalhouseError(
        "file_missing",
        `${path} is not on the server`,
        "Connect deletes export files after 28 days, and an import's file when it is done; list again, and ask for a new export where it is gone.",
        cause,
      );
    case STATUS.permissionDenied:
      return new SignalhouseError("sftp_failed", `The server denies access to ${path}`, "Check sftp.root and sftp.folders.", cause);
    case STATUS.noConnection:
    case STATUS.connectionLost:
      return new SignalhouseError("connection_lost", `The connection was lost: ${cause.message}`, "Try again later.", cause);
    default:
      return new SignalhouseError("sftp_failed", `The server refused a request for ${path}: ${cause.message}`, "Try again later.", cause);
  }
}

/** A status that is not "ok", with the server's words. */
class StatusError extends Error {
  readonly code: number;

  constructor(code: number, words: string) {
    super(`${words || "no reason given"} (status ${code})`);
    this.code = code;
  }
}

/** A directory's and a file's end come as an error. */
export function undefinedAtEnd(error: unknown): undefined {
  if (error instanceof SignalhouseError && error.cause instanceof StatusError && error.cause.code === STATUS.eof) return undefined;
  throw error;
}
