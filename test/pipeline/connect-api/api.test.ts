/** What can come of a request to Connect's API, from a real server. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type ApiOptions, connectApi, type ConnectApi } from "../../../pipeline/connect-api/api.ts";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { EXPORT_REQUEST, type Answer, apiServer, closedUrl } from "../../helpers/api-server.ts";

const KEY = "sk-very-secret-0815";
const TAKEN = { data: { exportSignals: { dataJobId: "j1", path: "Export/a.csv", fileFormat: "CSV" } } };
const GATEWAY = { message: "Endpoint request timed out" };
const refused = (message: string, code?: string): Answer => ({
  body: { data: null, errors: [{ message, path: ["x"], ...(code ? { extensions: { code } } : {}) }] },
});

async function api(answers: Answer[], options: Partial<ApiOptions> = {}) {
  const server = await apiServer(...answers);
  return { ...server, api: connectApi({ endpoint: server.url, apiKey: KEY, timeoutSeconds: 5, retries: 2, backoffMs: 1, ...options }) };
}

/** How something fails; the key must not be in it, however deep one looks. */
async function failure(work: Promise<unknown>): Promise<SignalhouseError> {
  const error: unknown = await work.then(
    (value) => {
      throw new Error(`it was answered: ${inspect(value)}`);
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof SignalhouseError)) throw error;
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(KEY);
  return error;
}

test("asks as the vendor says: POST to the root, JSON, the key in its header", async () => {
  const { api: connect, asked } = await api([{ body: TAKEN }]);
  expect(await connect.exportSignals(EXPORT_REQUEST)).toEqual({ dataJobId: "j1", path: "Export/a.csv" });
  const headers = { "x-api-key": KEY, "content-type": "application/json" };
  // Firewalls before APIs refuse who does not name itself; a compressed answer would not be read.
  const manners = { "user-agent": "signalhouse", accept: "application/json", "accept-encoding": "identity" };
  expect(asked).toMatchObject([{ method: "POST", url: "/", headers: { ...headers, ...manners } }]);
});

describe("exportSignals is sent once where Connect may have taken it", () => {
  test.each<[string, Answer]>([
    ["no answer in time", "hang"],
    ["a lost connection", "drop"],
    ["a gateway's time-out", { status: 504, body: GATEWAY }],
    ["a gateway's time-out with status 200", { body: GATEWAY }],
    ["a server error", { status: 500, body: "oops" }],
    ["a page of HTML", { body: "<html>log in</html>" }],
    ["nothing", { body: "" }],
    ["JSON that is no answer", { body: [1] }],
    ["an answer without data", { body: { data: null } }],
    ["an answer without an id", { body: { data: { exportSignals: { path: "a.csv", fileFormat: "CSV" } } } }],
    ["the key", { status: 502, body: `bad key ${KEY}` }],
  ])("%s", async (_, answer) => {
    const { api: connect, asked } = await api([answer, { body: TAKEN }], { timeoutSeconds: 0.3 });
    const error = await failure(connect.exportSignals(EXPORT_REQUEST));
    expect(error).toMatchObject({
      code: "export_unanswered",
      message: expect.stringContaining('"July"'),
      hint: expect.stringContaining("export --resume"),
    });
    expect(asked).toHaveLength(1);
  });
});

describe("and again where it surely was not taken", () => {
  test("too many requests", async () => {
    const { api: connect, asked } = await api([{ status: 429, body: "slow down" }, { body: TAKEN }]);
    expect(await connect.exportSignals(EXPORT_REQUEST)).toMatchObject({ dataJobId: "j1" });
    expect(asked).toHaveLength(2);
  });

  test("a server that is not there, until the retries are used up", async () => {
    const lines: string[] = [];
    const gone = await closedUrl();
    const connect = connectApi({ endpoint: gone, apiKey: KEY, timeoutSeconds: 5, retries: 2, backoffMs: 1, log: (line) => lines.push(line) });
    const error = await failure(connect.exportSignals(EXPORT_REQUEST));
    expect(error).toMatchObject({
      code: "api_unreachable",
      message: expect.stringContaining(new URL(gone).host),
      hint: expect.stringContaining("region"),
    });
    expect(lines.every((line) => !line.includes(KEY))).toBe(true);
  });
});

describe("a refusal is never repeated, and says why", () => {
  test.each<[string, Answer, string, RegExp]>([
    ["the wrong key", { status: 403, body: { message: "Forbidden" } }, "api_key_refused", /API keys.*region/s],
    ["no key", { status: 401, body: "" }, "api_key_refused", /region/],
    ["an argument", refused("Unknown signal type", "INVALID_ARGUMENT"), "api_refused", /Correct/],
    ["an argument, with status 400", { status: 400, body: { errors: [{ message: "Syntax Error" }] } }, "api_refused", /Correct/],
    ["the name", refused('Job name "July" already exists'), "export_name_taken", /--job-name/],
    ["the name, by its code", refused("refused", "JOB_NAME_NOT_UNIQUE"), "export_name_taken", /--job-name/],
    ["the day's limit", refused("Daily export limit reached"), "quota_used_up", /next UTC day/],
    ["the day's limit, by its code", refused("no", "QUOTA_EXCEEDED"), "quota_used_up", /next UTC day/],
  ])("%s", async (_, answer, code, hint) => {
    const { api: connect, asked } = await api([answer]);
    const error = await failure(connect.exportSignals(EXPORT_REQUEST));
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
    expect(asked).toHaveLength(1);
  });

  test("its codes and categories are told", async () => {
    const { api: connect } = await api([
      { body: { errors: [{ message: "m", extensions: { code: "INVALID_ATTRIBUTE_VALUE", category: "PHONE_FORMAT" } }] } },
    ]);
    expect((await failure(connect.ping())).message).toContain("INVALID_ATTRIBUTE_VALUE, PHONE_FORMAT");
  });
});

describe("what does no harm is repeated", () => {
  const PONG = { body: { data: { __typename: "Query" } } };
  test.each<[string, Answer]>([
    ["a server error", { status: 503, body: "" }],
    ["a gateway's time-out", { body: GATEWAY }],
    ["a lost connection", "drop"],
    ["no answer in time", "hang"],
    ["a page of HTML", { body: "<html>" }],
    ["too many requests", { status: 429, body: "" }],
    ["an answer without its fields", { body: { data: {} } }],
  ])("after %s", async (_, answer) => {
    const { api: connect, asked } = await api([answer, answer, PONG], { timeoutSeconds: 0.3 });
    await connect.ping();
    expect(asked).toHaveLength(3);
  });

  test("but not for ever", async () => {
    const { api: connect, asked } = await api([{ status: 503, body: "Service Unavailable" }]);
    expect(await failure(connect.ping())).toMatchObject({ code: "api_failed", message: expect.stringMatching(/503.*Service Unavailable/) });
    expect(asked).toHaveLength(3);
  });
});

describe("dataJob", () => {
  test("tells how a job goes", async () => {
    const { api: connect, asked } = await api([{ body: { data: { dataJob: { status: "RUNNING", endedAt: null, errors: [] } } } }]);
    expect(await connect.dataJob('a"b')).toEqual({ status: "RUNNING", endedAt: null, errors: [] });
    expect(asked[0]?.query).toContain('dataJob(id: "a\\"b")');
  });

  test.each<[string, Answer]>([
    ["an API that has none", refused('Cannot query field "dataJob" on type "Query".')],
    ["a job that is not known", { body: { data: { dataJob: null } } }],
  ])("of %s is undefined", async (_, answer) => expect(await (await api([answer])).api.dataJob("j1")).toBeUndefined());
});

test("a public key is registered", async () => {
  const { api: connect, asked } = await api([{ body: { data: { updatePublicKeyForConnectUser: { publicKey: "ssh-ed25519 AAAA" } } } }]);
  await connect.registerPublicKey("ssh-ed25519 AAAA ana");
  expect(asked[0]?.query).toContain('updatePublicKeyForConnectUser(publicKey: "ssh-ed25519 AAAA ana")');
});

test("a redirect is not followed: the key must not get to another server", async () => {
  const elsewhere = await apiServer({ body: TAKEN });
  const { api: connect } = await api([{ status: 307, body: "", headers: { location: elsewhere.url } }], { retries: 0 });
  await failure(connect.ping());
  expect(elsewhere.asked).toEqual([]);
});

test("an answer without end is not read to its end", async () => {
  const { api: connect } = await api([{ body: "x".repeat(3_000_000) }], { retries: 0 });
  expect((await failure(connect.ping())).message.length).toBeLessThan(600);
});

test.each<[string, (api: ConnectApi) => Promise<unknown>]>([
  ["a request that hangs", (connect) => connect.exportSignals(EXPORT_REQUEST)],
  ["a wait before a repeat", (connect) => connect.ping()],
])("an abort ends %s with its reason", async (_, ask) => {
  const controller = new AbortController();
  const { api: connect, asked } = await api([ask.toString().includes("ping") ? { status: 503, body: "" } : "hang"], {
    signal: controller.signal,
    backoffMs: 60_000,
  });
  const asking = ask(connect).catch((error: unknown) => error);
  await expect.poll(() => asked.length).toBe(1);
  const reason = new Error("enough");
  controller.abort(reason);
  expect(await asking).toBe(reason);
});

describe("what the server says", () => {
  const escaped = Array.from(KEY, (character) => `\\u00${character.charCodeAt(0).toString(16)}`).join("");
  test.each<[string, Answer]>([
    ["in JSON's escapes", { body: `{"errors":[{"message":"no such key: ${escaped}"}]}` }],
    ["in JSON's escapes, in a code", { body: `{"errors":[{"message":"no","extensions":{"code":"${escaped}"}}]}` }],
    ["in an answer that makes no sense", { status: 500, body: `{"message":"no such key: ${escaped}"}` }],
    ["across the place where it is cut", { status: 500, body: `${"x".repeat(190)}${KEY}` }],
  ])("has no key, even %s", async (_, answer) => {
    const { api: connect } = await api([answer], { retries: 0 });
    const { message } = await failure(connect.exportSignals(EXPORT_REQUEST));
    expect(JSON.parse(`"${message.replaceAll('"', String.raw`\"`)}"`)).not.toContain(KEY.slice(0, 10));
  });

  test("is one line with a bound, however much it is", async () => {
    const message = `first\nsecond\u001b[2J${"x".repeat(10_000)}`;
    const errors = Array.from({ length: 50 }, () => ({ message, extensions: { code: "C".repeat(1000) } }));
    const { api: connect } = await api([{ body: { errors } }]);
    const refused = await failure(connect.exportSignals(EXPORT_REQUEST));
    expect(refused.message).toMatch(/first second\\u001b\[2Jx+… \(C+…\); .*; and 45 more$/);
    expect(refused.message.length).toBeLessThan(4001);
  });
});

test("data sets come a page at a time, and end where a page leads back", async () => {
  const set = (name: string) => ({ dataSetId: name, name, type: "REFERENCE_SET" });
  const page = (name: string, endCursor: string): Answer => ({
    body: { data: { dataSets: { nodes: [set(name)], pageInfo: { hasNextPage: true, endCursor } } } },
  });
  const { api: connect, asked } = await api([page("a", "1"), page("b", "2"), page("c", "1"), { status: 500, body: "" }]);
  expect(await connect.dataSets()).toMatchObject([set("a"), set("b"), set("c")]);
  expect(asked.map(({ query }) => /after: "(\d)"/.exec(query)?.[1])).toEqual([undefined, "1", "2"]);
});
