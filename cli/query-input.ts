/** Where the SQL of `query` comes from, and what it is given. */
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { readPlainFile } from "../pipeline/common/own-file.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { whyNotRead } from "../sinks/file-faults.ts";
import type { Params } from "../sinks/query/params.ts";
import { localPath, type World } from "./world.ts";

const HOW = 'Write it behind query, in quotes, name a file with -f, or hand it over on standard input: signalhouse query "FROM orders"';

/**
 * The SQL: an argument, a file, or standard input, which `-` stands for, and which is read too where nothing else is said and it is no terminal.
 * @throws SignalhouseError usage
 */
export async function sqlOf(
  argument: string | undefined,
  file: string | undefined,
  world: Pick<World, "cwd" | "home" | "stdin" | "signal">,
): Promise<string> {
  if (argument !== undefined && file !== undefined)
    throw new SignalhouseError("usage", "the SQL stands behind query and in -f, too", "Give one of them.");
  const given = file ?? argument;
  if (file !== undefined && file !== "-") return withoutMark(await readSql(localPath(world, file)));
  if (given !== undefined && given !== "-") return given;
  const stdin = world.stdin();
  if (given === undefined && stdin.isTTY) throw new SignalhouseError("usage", "there is no SQL", HOW);
  return withoutMark(await text(addAbortSignal(world.signal, stdin)));
}

const withoutMark = (sql: string) => sql.replace(/^\uFEFF/, "");

async function readSql(path: string): Promise<string> {
  return readPlainFile(path).catch((error: unknown) => {
    throw new SignalhouseError(
      "usage",
      `${path} cannot be read: ${whyNotRead(error)}`,
      "Check the name behind -f; what comes through a pipe is read from standard input, with -f -.",
      error,
    );
  });
}

/** What --param says: texts by name. @throws SignalhouseError usage */
export function paramsOf(given: readonly string[] = []): Params {
  const params = new Map<string, string>();
  for (const item of given) {
    const [, name, value] = /^\$?(\w+)=(.*)$/s.exec(item) ?? [];
    if (name === undefined || value === undefined) {
      throw new SignalhouseError("usage", `--param is "${item}"`, "Write --param name=value; the SQL has it as $name.");
    }
    if (params.has(name)) throw new SignalhouseError("usage", `--param gives ${name} twice`, "Give it once.");
    params.set(name, value);
  }
  return params;
}
