import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { EXIT, exitCodeOf, printFailure } from "../../cli/failures.ts";
import { Output } from "../../cli/output.ts";
import { realClock } from "../../pipeline/common/clock.ts";
import { type ErrorCode, SignalhouseError } from "../../schemas/errors.ts";
import { cli } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

/** What is printed for a failure. */
function printed(error: unknown, debug = false): { stdout: string; stderr: string } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  printFailure(error, new Output({ stdout, stderr, clock: realClock }, { json: true, quiet: false, level: "info" }), debug);
  return { stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

test("an expected failure is its message, what to do, and its code", () => {
  const { stdout, stderr } = printed(new SignalhouseError("disk_full", "there is no room", "Free some."));
  expect(stderr).toBe("signalhouse: there is no room\n  -> Free some. [disk_full]\n");
  expect(JSON.parse(stdout)).toEqual({ error: { code: "disk_full", message: "there is no room", hint: "Free some." } });
});

test("anything else is a bug, and prints as one; the stack only with --debug", () => {
  const { stdout, stderr } = printed(new TypeError("x is undefined"));
  expect(stderr).toMatch(/^signalhouse: this is a bug in signalhouse: x is undefined\n {2}-> .*--debug/);
  expect(stderr).not.toContain("    at ");
  expect(JSON.parse(stdout)).toEqual({ error: { code: "bug", message: "x is undefined" } });
  expect(printed(new TypeError("x is undefined"), true).stderr).toMatch(/^ +at .*failures\.test/m);
});

test.each([
  ["usage", EXIT.usage],
  ["config_invalid", EXIT.usage],
  ["user_name_invalid", EXIT.usage],
  ["interrupted", EXIT.interrupted],
  ["login_refused", EXIT.failed],
] as const satisfies [ErrorCode, number][])("%s is exit code %i", (code, exit) => {
  expect(exitCodeOf(new SignalhouseError(code, "", ""))).toBe(exit);
});

test("a bug is exit code 1", () => {
  expect(exitCodeOf(new Error("x"))).toBe(EXIT.failed);
});

test("a command that can open no more files says so, and is no bug", async () => {
  const cwd = scratchFolder();
  // Where in a command it happens is chance; this one asks its clock for the time.
  const now = () => {
    throw Object.assign(new Error("EMFILE: too many open files, open 'a'"), { code: "EMFILE" });
  };
  const { code, stderr } = await cli(["init"], { cwd, clock: { ...realClock, now } });
  expect({ code, stderr }).toEqual({ code: EXIT.failed, stderr: expect.stringContaining("[too_many_files]") as string });
});
