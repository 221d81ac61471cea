/** Where the API key comes from. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { readApiKey } from "../../../pipeline/connect-api/key.ts";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

function keyFile(text: string, mode = 0o600): string {
  const path = join(scratchFolder(), "api-key");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test("the environment comes before the file, and blanks around it are no part of it", async () => {
  expect(await readApiKey({ environment: " abc\n", keyFile: "/nowhere" })).toBe("abc");
  expect(await readApiKey({ environment: "", keyFile: keyFile("from-file\n") })).toBe("from-file");
  expect(await readApiKey({ keyFile: keyFile("from-file", 0o400) })).toBe("from-file");
});

test.each<[string, () => Parameters<typeof readApiKey>[0], string, RegExp]>([
  ["none at all", () => ({}), "api_key_missing", /API keys.*SIGNALHOUSE_API_KEY.*api\.keyFile/s],
  ["a file that is not there", () => ({ keyFile: "/nowhere/key" }), "api_key_missing", /API keys/],
  ["an empty file", () => ({ keyFile: keyFile("\n") }), "api_key_missing", /API keys/],
  ["two lines", () => ({ keyFile: keyFile("secret-one\nsecret-two") }), "api_key_missing", /API keys/],
  ["a blank in the environment's", () => ({ environment: "secret one" }), "api_key_missing", /API keys/],
  ["special characters", () => ({ environment: "secrét" }), "api_key_missing", /API keys/],
  ["a file that others can read", () => ({ keyFile: keyFile("secret", 0o640) }), "api_key_file_open", /chmod 600/],
  ["a file that all can read", () => ({ keyFile: keyFile("secret", 0o644) }), "api_key_file_open", /chmod 600/],
])("%s", async (_, given, code, hint) => {
  const error: unknown = await readApiKey(given()).catch((reason: unknown) => reason);
  if (!(error instanceof SignalhouseError)) throw error;
  expect(error.code).toBe(code);
  expect(error.hint).toMatch(hint);
  expect(inspect(error, { depth: 10 })).not.toContain("secr");
});
