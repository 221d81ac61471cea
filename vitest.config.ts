import { defineConfig } from "vitest/config";
import { isLong } from "./test/helpers/often.ts";

/** Tests that try something at random, or at every step: `npm run test:long` tries it more often, `npm test` a part of it. */
const LONG = [
  "test/transforms/{expand,json,json-fault,route,split}.test.ts",
  "test/pipeline/{abort,backfill,bad-input,disk-full,exactly-once-property,identity,load-truth,long-runs,vector}.test.ts",
  "test/pipeline/{reference-set/push,sftp/reader}.test.ts",
  "test/samples/{generator,window}.test.ts",
  "test/sinks/contact-columns.test.ts",
  "test/sinks/marts/keep-up.test.ts",
  "test/sinks/query/sql-text.test.ts",
  "test/crash/*.test.ts",
  // What other versions of DuckDB make of a warehouse changes with them, and seldom with us.
  "test/{warehouse,published}-readers.test.ts",
  "test/{dbt,notebooks}.test.ts",
];

/** What runs processes of its own, and wants them to be quick. */
const PROCESSES = ["test/crash/*.test.ts", "test/docs-examples.test.ts", "test/**/*.process.test.ts"];

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
    projects: isLong
      ? [project("long", LONG)]
      : [
          project("pure", ["test/{schemas,transforms}/**/*.test.ts", "test/{architecture,package}.test.ts"]),
          project("flows", ["test/{sinks,pipeline,samples,cli}/**/*.test.ts", "test/docs.test.ts", "test/docs-commands.test.ts"], PROCESSES),
          project("process", PROCESSES),
        ],
  },
});
