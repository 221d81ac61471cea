import { defineConfig } from "vitest/config";
import { isLong } from "./test/helpers/often.ts";

/** What runs processes of its own, and wants them to be quick. */
const PROCESSES = ["test/crash/*.test.ts", "test/docs-examples.test.ts", "test/**/*.process.test.ts"];

/** What other versions of DuckDB and other tools make of a warehouse changes with them, and seldom with us: only `npm run test:long` has it. */
const OTHERS = ["test/{warehouse,published}-readers.test.ts", "test/{dbt,notebooks}.test.ts"];

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  // Files that share nothing but modules need not load those anew, which takes longer than most tests.
  test: { name, include, exclude, isolate: false },
});

export default defineConfig({
  test: {
    globalSetup: ["test/helpers/template.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for comes late on a machine that has other work: a second, which is the default, says nothing.
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more workers only take turns, and the tests that kill processes want the machine to themselves.
    maxWorkers: 2,
    reporters: ["default", "./test/helpers/slowest.ts"],
    tags: [
      {
        name: "long",
        description: "What `npm run test:long` runs: all that is tried at random, or at every step, of which `npm test` tries a part.",
      },
    ],
    projects: [
      project("pure", ["test/{schemas,transforms}/**/*.test.ts", "test/{architecture,package}.test.ts"]),
      project("flows", ["test/{sinks,pipeline,samples,cli}/**/*.test.ts", "test/docs.test.ts", "test/docs-commands.test.ts"], PROCESSES),
      project("process", PROCESSES),
      ...(isLong ? [project("others", OTHERS)] : []),
    ],
  },
});
