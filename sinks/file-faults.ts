/** What the file system's refusals mean, in plain words. */
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { machineWords } from "./machine-words.ts";

type Meanings = Readonly<Record<string, string>>;

const EITHER_WAY: Meanings = {
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "its name is too long",
  EIO: "its disk does not work",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
};

const TO_READ: Meanings = { ...EITHER_WAY, ENOENT: "it is not there", EACCES: "you may not read it", EPERM: "you may not read it" };

const TO_WRITE: Meanings = {
  ...EITHER_WAY,
  ENOENT: "its folder is not there",
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  // Of making a folder.
  EEXIST: "a part of its path is no folder",
  EROFS: "its file system can only be read",
  ENOSPC: "there is no room left on its disk",
  EDQUOT: "your quota on its disk is used up",
  EFBIG: "its file system holds no file of that size",
};

/** Why something cannot be read, to stand behind its path: that is in the system's own words, too, and need not be told twice. */
export const whyNotRead = (error: unknown): string => meaning(error, TO_READ);

/** Why something cannot be written, to stand behind its path. */
export const whyNotWritten = (error: unknown): string => meaning(error, TO_WRITE);

/** Whether a process, or the machine, has too many files open, as the system tells Node, or DuckDB. */
function areTooMany(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EMFILE" || code === "ENFILE" || machineWords(error).includes("Too many open files");
}

/** Where no more files can be opened, whatever was being done fails, in its own words; that is told as what it is. Everything else as it is. */
export function explainTooMany(error: unknown): unknown {
  if (isSignalhouseError(error) || !areTooMany(error)) return error;
  return new SignalhouseError(
    "too_many_files",
    `this process may open no more files: ${messageOf(error)}`,
    "Allow more and run it again: `ulimit -n` shows how many it may, `ulimit -n 1024` is enough. Nothing is half done.",
    error,
  );
}

function meaning(error: unknown, meanings: Meanings): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  return Object.hasOwn(meanings, code) ? `${meanings[code]} (${code})` : messageOf(error);
}
