/** How failures are printed, and the exit code that they mean. */
import { inspect } from "node:util";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { type Outcome, OUTCOMES } from "../schemas/outcomes.ts";
import type { Output } from "./output.ts";

export const EXIT = OUTCOMES;

/** How a command ended that threw `error`. */
export function outcomeOfError(error: unknown): Outcome {
  if (isSignalhouseError(error, "usage", "config_invalid", "user_name_invalid")) return "usage";
  return isSignalhouseError(error, "interrupted") ? "interrupted" : "failed";
}

/** The exit code of a command that ended with `error`. */
export const exitCodeOf = (error: unknown): number => EXIT[outcomeOfError(error)];

/** A failure as the JSON document has it. */
export function failureDocument(error: unknown): { code: string; message: string; hint?: string } {
  if (!isSignalhouseError(error)) return { code: "bug", message: messageOf(error) };
  const { code, message, hint } = error;
  return { code, message, hint };
}

/** What a command that a signal ends throws, in the end: the reason of the World's signal. */
export const interruptedBy = (signal: "SIGINT" | "SIGTERM"): SignalhouseError =>
  new SignalhouseError("interrupted", `interrupted by ${signal}`, "Nothing is half done. Run it again to go on.");

/** An expected failure in lines: what happened, and what to do. */
export const failureLines = ({ message, hint, code }: SignalhouseError): string[] => [`signalhouse: ${message}`, `  -> ${hint} [${code}]`];

/** Prints a failure. The stack only with `debug`: an expected failure says by itself what to do. */
export function printFailure(error: unknown, out: Output, debug: boolean): void {
  const lines = isSignalhouseError(error)
    ? failureLines(error)
    : [`signalhouse: this is a bug in signalhouse: ${messageOf(error)}`, `  -> Please report it${debug ? "." : ", with what --debug prints."}`];
  // The stack has lines of its own, and perhaps some of a cause's message: none of them begins as a line of ours does.
  const stack = debug
    ? [
        "",
        ...inspect(error)
          .split("\n")
          .map((line) => `    ${line}`),
      ]
    : [];
  out.trouble(...lines, ...stack);
  out.failure({ error: failureDocument(error) });
}
