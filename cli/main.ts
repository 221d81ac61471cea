#!/usr/bin/env node
/** The entry: runs the command line in the world of this process, whose signals end it. */
import { realClock } from "../pipeline/common/clock.ts";
import { homeFolder } from "../pipeline/sftp/paths.ts";
import { EXIT, interruptedBy } from "./failures.ts";
import { run } from "./run.ts";

// What it writes is the personal data of customers: the warehouse, DuckDB's own files beside it, results. What others may read says so itself.
process.umask(0o077);
const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // A second one ends it at once: a load is all or nothing in any case.
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruption.abort(interruptedBy(name));
  });
}
// Whoever reads our output may stop early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
// A terminal or log that went away must not end a load: it goes on without it.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
const { stdout, stderr, env, pid, argv } = process;
const [, script = "", ...args] = argv;
process.exitCode = await run(args, {
  stdin: () => process.stdin,
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  home: homeFolder(),
  script,
  pid,
  clock: realClock,
  signal: interruption.signal,
});
