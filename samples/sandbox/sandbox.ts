/** A local Connect for tests, benchmarks, `signalhouse sandbox` and `signalhouse demo`: its SFTP server and its GraphQL API. */
export type { ApiOptions, SandboxApi } from "./api.ts";
export type { ApiFaults } from "./api-faults.ts";
export { makeKeyPair } from "../../pipeline/sftp/key-pair.ts";
export { startSandbox } from "./sftp-server.ts";
export type { SandboxJob } from "./api-jobs.ts";
export type { Sandbox, SandboxOptions } from "./sftp-server.ts";
