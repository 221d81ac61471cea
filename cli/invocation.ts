import { basename, relative } from "node:path";
import type { World } from "./world.ts";

/**
 * How a user who is in `folder` calls this program the way it was called now: for commands that are printed to be typed.
 * Without it they would not work for somebody who has a clone and nothing installed.
 */
export function invocation({ env, script }: Pick<World, "env" | "script">, folder: string): string {
  if (env["npm_command"] === "exec") return "npx signalhouse";
  if (basename(script) !== "main.js") return "signalhouse";
  const near = relative(folder, script);
  return `node ${near.length < script.length ? near : script}`;
}
