import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/helpers/template.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only take turns, and the tests that kill processes want the machine to themselves.
    maxWorkers: 2,
  },
});
