/** A local Connect for tests, benchmarks, `signalhouse sandbox` and `signalhouse demo`. */
export { makeKeyPair } from "./keys.ts";
export { startSandbox } from "./sftp-server.ts";
export type { Sandbox, SandboxOptions } from "./sftp-server.ts";
