import { type Failure, tellFailure } from "../pipeline/on-failure.ts";
import type { Config } from "../schemas/config.ts";
import type { Context } from "./command.ts";

/** Tells whom onFailure of the configuration names of a failure that was printed before. Where that fails, a line says so, and nothing else changes. */
export async function tellOfFailure(
  { out, env, cwd, clock }: Pick<Context, "out" | "env" | "cwd" | "clock">,
  config: Config,
  failure: Failure,
): Promise<void> {
  const untold = await tellFailure(config, failure, { env, folder: cwd, now: clock.now() });
  for (const why of untold) out.trouble(`signalhouse: the failure could not be told to ${why}`);
}
