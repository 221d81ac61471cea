import { describe, expect, test } from "vitest";
import { apiEndpoint, readConfig, sftpHost } from "../../schemas/config.ts";
import { isSignalhouseError, type SignalhouseError } from "../../schemas/errors.ts";

const minimal = { region: "eu-central-1", sftp: { user: "ana@example.com" } };

function faultOf(input: unknown): SignalhouseError {
  try {
    readConfig(input, "my.json");
  } catch (error) {
    if (isSignalhouseError(error)) return error;
    throw error;
  }
  throw new Error("it was taken");
}

test("an empty configuration is all defaults", () => {
  expect(readConfig({}, "my.json")).toEqual({
    onFailure: {},
    privacy: { columns: {}, fields: {} },
    refsets: { limit: 5, folder: "refsets" },
    retention: { daysOf: {} },
    warehouse: "signals.duckdb",
    encryption: {},
    publish: { contactColumns: [], contactIds: "hashed", keepVersions: 3, keepHours: 24 },
    api: { timeoutSeconds: 30, retries: 4 },
    exports: { pollSeconds: 30, deadlineHours: 6, lookMinutes: 15 },
    backfill: { types: "all", marginMinutes: 60, guessRowsPerDay: 20_000 },
    contacts: {},
    attribution: { windowDays: { email: 7, sms: 7, whatsapp: 7 } },
    limits: expect.objectContaining({ maxRecordBytes: 24 * 1024 * 1024, maxExpansionRatio: 200 }) as object,
  });
});

test("the SFTP server is the region's, or the one that is named", () => {
  expect(readConfig(minimal, "my.json").sftp).toMatchObject({
    port: 22,
    folders: ["Export/Signals"],
    knownHosts: ["~/.ssh/known_hosts"],
    hostKeys: [],
  });
  expect(sftpHost(readConfig(minimal, "my.json"))).toBe("s-0f495b8f35324396a.server.transfer.eu-central-1.amazonaws.com");
  expect(sftpHost(readConfig({ ...minimal, sftp: { ...minimal.sftp, host: "localhost" } }, "my.json"))).toBe("localhost");
  expect(sftpHost(readConfig({ sftp: { user: "ana", host: "localhost" } }, "my.json"))).toBe("localhost");
});

test("the API's endpoint is the region's, or the one that is named; in the clear only on this machine", () => {
  expect(apiEndpoint(readConfig({ region: "ap-southeast-2" }, "my.json"))).toBe("https://connect-gql-ap-3.goacoustic.com");
  expect(apiEndpoint(readConfig({ region: "us-east-1", api: { endpoint: "https://a.example" } }, "my.json"))).toBe("https://a.example");
  expect(apiEndpoint(readConfig({ api: { endpoint: "http://127.0.0.1:8080" } }, "my.json"))).toBe("http://127.0.0.1:8080");
  expect(() => apiEndpoint(readConfig({}, "my.json"))).toThrow(/neither region nor api.endpoint/);
});

describe("a wrong setting names itself", () => {
  test.each<[string, unknown]>([
    ["the file", null],
    ["the file", []],
    ["the file", "text"],
    ['"regions" is no setting, but region is', { regions: "eu-central-1" }],
    ['the file: .*hostKeys" is no setting; there are region, sftp, ', { hostKeys: [] }],
    ["api: expected settings in braces", { api: true }],
    ["sftp.agent: expected true or false", { ...minimal, sftp: { user: "ana", agent: "yes" } }],
    ["sftp.knownHosts: expected a list", { ...minimal, sftp: { user: "ana", knownHosts: "file" } }],
    ["region: expected one of us-east-1, eu-central-1, ap-southeast-2", { region: "eu-west-1" }],
    ["sftp.user: is missing", { ...minimal, sftp: {} }],
    ["sftp.port: expected at least 1", { ...minimal, sftp: { user: "ana", port: 0 } }],
    ["sftp.port: expected a number", { ...minimal, sftp: { user: "ana", port: "22" } }],
    ["sftp: .*passphrase", { ...minimal, sftp: { user: "ana", passphrase: "secret" } }],
    ["sftp.keyFile: expected a text that is not empty", { ...minimal, sftp: { user: "ana", keyFile: "" } }],
    ["sftp.hostKeys.1: expected SHA256", { ...minimal, sftp: { user: "ana", hostKeys: [`SHA256:${"a".repeat(43)}`, "md5"] } }],
    ["sftp.folders: expected at least 1 in the list", { ...minimal, sftp: { user: "ana", folders: [] } }],
    ["sftp.timeoutSeconds: expected more than 0", { ...minimal, sftp: { user: "ana", timeoutSeconds: 0 } }],
    ["sftp.retries", { ...minimal, sftp: { user: "ana", retries: -1 } }],
    ["sftp.host", { ...minimal, sftp: { user: "ana", host: "" } }],
    ["neither region nor sftp.host", { sftp: { user: "ana" } }],
    ["warehouse", { warehouse: "" }],
    ["api.endpoint: expected an https", { api: { endpoint: "http://connect.example.com" } }],
    ["api.endpoint: expected an https", { api: { endpoint: "connect.example.com" } }],
    ["api: .*key", { api: { key: "secret" } }],
    ["api.timeoutSeconds", { api: { timeoutSeconds: 0 } }],
    ["exports.pollSeconds", { exports: { pollSeconds: 0 } }],
    ["backfill.from: expected a day", { backfill: { from: "2025-13-01" } }],
    ["backfill.marginMinutes", { backfill: { marginMinutes: -1 } }],
    ["limits.maxRecordBytes", { limits: { maxRecordBytes: 10 } }],
    ["limits.maxExpansionRatio", { limits: { maxExpansionRatio: 0 } }],
    ["limits.threads: expected a whole number", { limits: { threads: 0.5 } }],
    ["limits.threads: expected at most 256", { limits: { threads: 999_999 } }],
    ["limits.memory: expected a text in quotes", { limits: { memory: 256 } }],
    ["limits.memory: expected a size", { limits: { memory: "lots" } }],
    ["limits.memory", { limits: { memory: "0MB" } }],
    ["limits.memory", { limits: { memory: "-1GB" } }],
    ["limits.memory", { limits: { memory: "512" } }],
    ["__proto__", JSON.parse('{"__proto__":{}}')],
  ])("%s", (name, input) => {
    const error = faultOf(input);
    expect(error.code).toBe("config_invalid");
    expect(error.message).toMatch(/^my\.json /);
    expect(error.message).toMatch(new RegExp(name));
    expect(error.message).not.toMatch(/secret|undefined|input|received/);
  });

  test("and all of them are named at once", () => {
    const { message } = faultOf({ warehouse: "", limits: { threads: 0 }, regoin: "x" });
    for (const name of ["warehouse", "limits.threads", "regoin"]) expect(message).toContain(name);
  });
});

test.each(["512MB", "1.5GB", "2GiB", "512 mb", "900KB"])("limits.memory may be %s, as in DuckDB", (memory) => {
  expect(readConfig({ limits: { memory, threads: 256 } }, "my.json").limits).toMatchObject({ memory, threads: 256 });
});

describe("the user name follows the vendor's rule", () => {
  test.each(["ana@example.com", "a_n-a.1@example.com", "ana", "a".repeat(100)])("%s is fine", (user) => {
    expect(readConfig({ ...minimal, sftp: { user } }, "my.json").sftp?.user).toBe(user);
  });

  test.each(["an", "a".repeat(101), 'ana"', "ana b", "änna", "ana\n", "ana/b"])("%j is refused", (user) => {
    expect(faultOf({ ...minimal, sftp: { user } })).toMatchObject({ code: "user_name_invalid" });
  });

  test("a plus is refused with the way out", () => {
    const error = faultOf({ ...minimal, sftp: { user: "ana+test@example.com" } });
    expect(error).toMatchObject({ code: "user_name_invalid", retryable: false });
    expect(error.hint).toMatch(/plus.*another address/);
  });
});

test("an endpoint with a user and a password is refused, and not shown", () => {
  const read = () => readConfig({ region: "us-east-1", api: { endpoint: "https://ana:secret-4711@a.example" } }, "my.json");
  expect(read).toThrow(/api\.endpoint: expected an https:\/\/ address without user and password/);
  expect(read).not.toThrow(/secret-4711/);
});
