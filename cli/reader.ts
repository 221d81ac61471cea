/** How a command that loads is to read. */
import { type Reader, READERS } from "../pipeline/load/load-files.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import type { Output } from "./output.ts";

export const READER_OPTIONS = {
  reader: {
    type: "string",
    value: "READER",
    choices: READERS,
    help: "how records are read: vector, plain ones by DuckDB, many at a time, is the default; row, all of them one by one; both mean the same",
  },
  path: { type: "string", value: "READER", choices: READERS, help: "what --reader was called before", hidden: true },
} as const;

/** The reader that is asked for; undefined where the default is meant. @throws SignalhouseError usage */
export function chosenReader({ reader, path }: { reader?: Reader; path?: Reader }, out: Output): Reader | undefined {
  if (path === undefined) return reader;
  if (reader !== undefined) throw new SignalhouseError("usage", "--path stands beside --reader", "Give --reader: --path is its older name.");
  out.note(`--path is called --reader now: write --reader ${path}`);
  return path;
}
