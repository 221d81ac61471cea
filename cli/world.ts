/** What a command line takes from the process in which it runs. */
import { resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "../pipeline/common/clock.ts";
import { expandHome } from "../pipeline/sftp/paths.ts";

/**
 * All that commands take from outside of their arguments. main.ts makes it of the process; with another one a command line runs beside others in one
 * process, as in tests: it changes nothing that they share, and leaves nothing behind. Temporary files alone go where the process has them (TMPDIR).
 */
export interface World {
  /** Opens standard input, which is then read to its end or destroyed. */
  stdin: () => Keyboard;
  /** Takes results. Whoever gives it hears of its errors, such as a reader that went away. */
  stdout: Terminal;
  /** Takes everything else. */
  stderr: Terminal;
  env: Readonly<Record<string, string | undefined>>;
  /** The working folder: absolute, as are all folders here. */
  cwd: string;
  /** The user's home folder; `""` where there is none. */
  home: string;
  /** The program's file, as it was called. */
  script: string;
  /** The process's number, for monitoring. */
  pid: number;
  clock: Clock;
  /** Ends a command in good order. Its reason is a SignalhouseError `interrupted`. */
  signal: AbortSignal;
}

/** A stream that may be a terminal, on which progress is a bar as wide as there are columns. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** A stream that may be a terminal's keyboard. */
type Keyboard = Readable & { readonly isTTY?: boolean };

/**
 * The absolute path of what a user calls `path`: relative to the working folder; `~` is home, where no shell has said so before.
 * @throws SignalhouseError config_invalid where it is in a home folder that there is not
 */
export function localPath({ cwd, home }: Pick<World, "cwd" | "home">, path: string): string {
  return resolve(cwd, expandHome(path, home));
}
