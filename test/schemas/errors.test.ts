import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { REJECT_CODES } from "../../schemas/reject-codes.ts";

const root = join(import.meta.dirname, "../..");
const code = ["schemas", "transforms", "sinks", "pipeline", "cli", "samples"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(root, folder, name)))
  .filter((path) => path.endsWith(".ts") && !/schemas\/(errors|reject-codes)\.ts$/.test(path))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

test("every code is used", () => {
  const codes = [...Object.keys(ERROR_CODES), ...Object.keys(REJECT_CODES)];
  expect(codes.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
});

describe("SignalhouseError", () => {
  const error = new SignalhouseError("gzip_truncated", "what happened", "what to do", new Error("cause"));

  test("carries its code, hint and cause, and tells whether trying again may help", () => {
    expect(error).toMatchObject({ name: "SignalhouseError", code: "gzip_truncated", message: "what happened", hint: "what to do", retryable: true });
    expect(error.cause).toEqual(new Error("cause"));
    expect(new SignalhouseError("usage", "a", "b")).toMatchObject({ retryable: false });
    expect(new SignalhouseError("usage", "a", "b")).not.toHaveProperty("cause");
  });

  test.each<[unknown, ErrorCode[], boolean]>([
    [error, [], true],
    [error, ["gzip_truncated", "usage"], true],
    [error, ["usage"], false],
    [new Error("gzip_truncated"), [], false],
    [undefined, [], false],
  ])("is told from others: %s of %j is %s", (thrown, codes, expected) => {
    expect(isSignalhouseError(thrown, ...codes)).toBe(expected);
  });

  test("messageOf reads whatever was thrown", () => {
    expect([error, "text", null].map(messageOf)).toEqual(["what happened", "text", "null"]);
  });
});

test("an error's message and hint are one line each, with a bound", () => {
  const { message, hint } = new SignalhouseError("bug", `a\nb\u202e${"x".repeat(1e6)}`, "c\u001b[2J\u2028d");
  expect(message).toMatch(/^a\\nb\\u202ex+…$/);
  expect(message).toHaveLength(4000);
  expect(hint).toBe(String.raw`c\u001b[2J\u2028d`);
});
