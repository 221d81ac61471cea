/** What answers mean: data before errors, codes and the HTTP status before words, and pages of others. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type ApiOptions, connectApi, type ConnectApi } from "../../../pipeline/connect-api/api.ts";
import { BusyError } from "../../../pipeline/connect-api/failed.ts";
import { textOfPage } from "../../../pipeline/connect-api/page.ts";
import type { SignalhouseError } from "../../../schemas/errors.ts";
import type { ImportInput } from "../../../schemas/import-input.ts";
import { EXPORT_REQUEST, type Answer, apiServer } from "../../helpers/api-server.ts";
import { TestClock } from "../../helpers/clock.ts";
import { failureOf } from "../../helpers/errors.ts";

const KEY = 'sk-"very\\secret"-zebra';
const JOB = { dataJobId: "j1", path: "Export/a.csv" };
const TAKEN: Answer = { body: { data: { exportSignals: { ...JOB, fileFormat: "CSV" } } } };
const NOW = "2025-07-10T09:00:00.000Z";

async function api(answers: Answer[], options: Partial<ApiOptions> = {}) {
  const server = await apiServer(...answers);
  const clock = new TestClock(NOW);
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const connect = connectApi({ endpoint: server.url, apiKey: KEY, timeoutSeconds: 5, retries: 2, backoffMs: 1, clock, log, ...options });
  return { asked: server.asked, connect, lines, waited: () => clock.now() - Date.parse(NOW) };
}

const askExport = (connect: ConnectApi) => connect.exportSignals(EXPORT_REQUEST);
const askImport = (connect: ConnectApi) => connect.createImportJob({ jobName: "x" } as ImportInput);

async function failure(work: Promise<unknown>): Promise<SignalhouseError> {
  const error = await failureOf(work);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("zebra");
  expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  expect(error.message.length).toBeLessThan(3000);
  return error;
}

/** An answer of GraphQL without data. */
const faulty = (
  message: string,
  code?: string | number,
  more: { status?: number; headers?: Record<string, string>; extensions?: object } = {},
): Answer => ({
  ...(more.status ? { status: more.status } : {}),
  ...(more.headers ? { headers: more.headers } : {}),
  body: { data: { exportSignals: null }, errors: [{ message, extensions: { ...(code === undefined ? {} : { code }), ...more.extensions } }] },
});

describe("data comes before errors", () => {
  const errors = [{ message: "could not notify ana@example.com", extensions: { code: "INTERNAL_SERVER_ERROR" } }];
  test.each([200, 500])("a job with an id was taken, whatever else is said (HTTP %s)", async (status) => {
    const { connect, asked, lines } = await api([{ status, body: { data: { exportSignals: JOB }, errors } }]);
    expect(await askExport(connect)).toEqual(JOB);
    expect(asked).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining("could not notify ana@example.com (INTERNAL_SERVER_ERROR)")]);
  });

  test("an import with an id was taken", async () => {
    const { connect } = await api([{ body: { data: { createImportJob: { id: "i1" } }, errors } }]);
    expect(await askImport(connect)).toBe("i1");
  });

  test("data that is not whole may stand for a job", async () => {
    const { connect } = await api([
      { body: { data: { exportSignals: { path: "a.csv" } }, errors: [{ message: "no", extensions: { code: "INVALID_ARGUMENT" } }] } },
    ]);
    const error = await failure(askExport(connect));
    expect(error).toMatchObject({ code: "export_unanswered", message: expect.stringMatching(/without the fields.*: no \(INVALID_ARGUMENT\)$/) });
  });

  test.each([{}, { path: null, fileFormat: null }])("a job with an id and nothing else was taken (%o)", async (rest) => {
    const { connect } = await api([{ body: { data: { exportSignals: { dataJobId: "j1", ...rest } }, errors } }]);
    expect(await askExport(connect)).toEqual({ dataJobId: "j1" });
  });

  test("a job that is not told of because of a fault is not unknown", async () => {
    const { connect, asked } = await api([{ body: { data: { dataJob: null }, errors } }, { body: { data: { dataJob: { status: "RUNNING" } } } }]);
    expect(await connect.dataJob("j1")).toEqual({ status: "RUNNING" });
    expect(asked).toHaveLength(2);
  });

  test("errors that are in no known shape do not hide data", async () => {
    const { connect } = await api([{ body: { data: { exportSignals: JOB }, errors: "none" } }]);
    expect(await askExport(connect)).toEqual(JOB);
  });
});

describe("a server's own fault may stand for a job that was taken", () => {
  const CASES: [string, Answer][] = [
    ["INTERNAL_SERVER_ERROR", faulty("no", "INTERNAL_SERVER_ERROR")],
    ["a code that says timeout", faulty("no", "REQUEST_TIMEOUT")],
    ["a code in another spelling", faulty("no", "ExecutionTimedOut")],
    ["a code as a number", faulty("no", 503)],
    ["graphql-java's class", faulty("no", undefined, { extensions: { classification: "DataFetchingException" } })],
    ["AppSync's type", { body: { data: null, errors: [{ message: "no", errorType: "InternalFailure" }] } }],
    ["words without a code", faulty("Execution timed out")],
    ["words without a code, with a time", faulty("Execution timed out. Retry in 30 seconds")],
    ["words about something unexpected", faulty("An unexpected error occurred")],
    ["words of a gateway", faulty("Service temporarily unavailable, please try again")],
    ["the HTTP status", faulty("no", undefined, { status: 502 })],
    [
      "one fault of several",
      {
        body: {
          errors: [
            { message: "a", extensions: { code: "INVALID_ARGUMENT" } },
            { message: "b", extensions: { code: "INTERNAL" } },
          ],
        },
      },
    ],
    ["a code, though the words sound like the day's limits", faulty("Daily export limit reached", "INTERNAL_SERVER_ERROR")],
    ["no fault in words", { body: { errors: [null] } }],
  ];
  test.each(CASES.slice(0, -1))("%s", async (_, answer) => {
    for (const [ask, code] of [
      [askExport, "export_unanswered"],
      [askImport, "import_unanswered"],
    ] as const) {
      const { connect, asked } = await api([answer, TAKEN]);
      expect((await failure(ask(connect))).code).toBe(code);
      expect(asked).toHaveLength(1);
    }
  });

  test("what asks for no change is asked again", async () => {
    const { connect, asked } = await api([faulty("no", "INTERNAL_SERVER_ERROR"), { body: { data: { __typename: "Query" } } }]);
    await connect.ping();
    expect(asked).toHaveLength(2);
  });
});

describe("what a refused export means", () => {
  const GUESS = /guessed from its words/;
  test.each<[string, Answer, string, RegExp, boolean]>([
    ["the day's limits, by code", faulty("no", "DAILY_LIMIT_REACHED"), "quota_used_up", /next UTC day/, false],
    ["the day's limits, by code and status", faulty("no", "QUOTA_EXCEEDED", { status: 403 }), "quota_used_up", /next UTC day/, false],
    ["the day's limits, by words", faulty("Daily export limit reached"), "quota_used_up", /next UTC day/, true],
    ["the day's limits, in the page's words", faulty("Export is unavailable for the day"), "quota_used_up", /next UTC day/, true],
    [
      "the day's limits, by words beside a code that says nothing",
      faulty("20 jobs per day exceeded", "EXPORT_REFUSED"),
      "quota_used_up",
      /next/,
      true,
    ],
    ["the day's limits, with the hours until tomorrow", faulty("Export limit reached, try again in 14 hours"), "quota_used_up", /next UTC day/, true],
    ["the name, by code", faulty("no", "JOB_NAME_NOT_UNIQUE"), "export_name_taken", /--job-name/, false],
    ["the name, by words", faulty('Job name "July" already exists', "BAD_USER_INPUT"), "export_name_taken", /--job-name/, true],
    ["a name that is too long, by code", faulty("no", "JOB_NAME_TOO_LONG"), "api_refused", /Shorten.*--job-name/, false],
    ["a name that is too long, by a limit's code", faulty("no", "NAME_LENGTH_LIMIT_EXCEEDED"), "api_refused", /--job-name/, false],
    ["a name that is too long, by words", faulty("jobName exceeds the limit of 100 characters"), "api_refused", /--job-name/, true],
    ["a name that is too long, by other words", faulty("job_name: max length exceeded", "INVALID_ARGUMENT"), "api_refused", /--job-name/, true],
    ["an argument", faulty("signalTypes is empty", "INVALID_ARGUMENT"), "api_refused", /Correct/, false],
    ["an argument, whatever its words sound like", faulty("No more than 10 types a day: quota", "INVALID_ARGUMENT"), "api_refused", /Correct/, false],
    ["an argument that names a job in quotes", faulty('"Daily limit" has an unknown type', "EXPORT_REFUSED"), "api_refused", /Correct/, false],
    ["a path that is taken", faulty("There is a file a.csv already", "PATH_NOT_UNIQUE"), "api_refused", /Correct/, false],
    ["the key, by code", faulty("no", "UNAUTHENTICATED"), "api_key_refused", /API keys/, false],
    ["the key, by status", faulty("Not allowed", undefined, { status: 403 }), "api_key_refused", /API keys/, false],
  ])("%s", async (_, answer, code, hint, isGuess) => {
    const { connect, asked } = await api([answer]);
    const error = await failure(askExport(connect));
    expect({ code: error.code, hint: error.hint }).toEqual({ code, hint: expect.stringMatching(hint) });
    expect(GUESS.test(error.message)).toBe(isGuess);
    expect(asked).toHaveLength(1);
  });

  test("of anything else words do not tell", async () => {
    const { connect } = await api([faulty("Daily limit reached: the name exists")]);
    expect((await failure(askImport(connect))).code).toBe("api_refused");
    expect((await failure(connect.ping())).code).toBe("api_refused");
  });

  test("an import's own codes come first", async () => {
    const { connect } = await api([faulty("S3_FILE_METADATA_FAILED. The file is unavailable.")]);
    expect((await failure(askImport(connect))).code).toBe("import_failed");
  });
});

describe("who is asked too often is left alone for as long as it wants", () => {
  const later = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000).toUTCString();
  test.each<[string, Answer, number]>([
    ["Retry-After in seconds", { status: 429, headers: { "retry-after": "42" }, body: "slow down" }, 42],
    ["Retry-After as a date, by the server's clock", { status: 429, headers: { "retry-after": later(42), date: later(0) }, body: "" }, 42],
    ["a code and words", faulty("Rate limit exceeded. Retry in 30 seconds.", "RATE_LIMITED"), 30],
    ["a code and its time", faulty("no", "TOO_MANY_REQUESTS", { extensions: { retryAfter: 7 } }), 7],
    ["a quota that is over in a moment", faulty("no", "QUOTA_EXCEEDED", { headers: { "retry-after": "20" } }), 20],
    ["words alone", faulty("Too many requests, retry after 2 minutes"), 120],
    ["a limit of what goes on at a time", faulty("no", "CONCURRENT_JOB_LIMIT", { extensions: { retryAfter: 9 } }), 9],
    ["the same in words", faulty("Too many concurrent exports: 3 are running", undefined, { headers: { "retry-after": "8" } }), 8],
    ["words alone, with a limit", faulty("Export limit exceeded, please wait 45 s"), 45],
  ])("%s", async (_, answer, seconds) => {
    const { connect, asked, waited, lines } = await api([answer, TAKEN]);
    expect(await askExport(connect)).toEqual(JOB);
    expect({ asked: asked.length, waited: waited() }).toEqual({ asked: 2, waited: seconds * 1000 });
    expect(lines).toEqual([expect.stringMatching(/asked too often.*asking again in/)]);
  });

  test("what asks for no change, too, and a server that is down for a while", async () => {
    const { connect, waited } = await api([
      { status: 503, headers: { "retry-after": "60" }, body: "" },
      faulty("no", 429, { extensions: { retryAfter: 5 } }),
      { body: { data: { __typename: "Query" } } },
    ]);
    await connect.ping();
    expect(waited()).toBe(65_000);
  });

  test("but not for hours, nor for ever", async () => {
    const hours = await api([{ status: 429, headers: { "retry-after": "7200" }, body: "" }]);
    const long = await failure(askExport(hours.connect));
    expect(long).toMatchObject({ code: "api_busy", retryAfterMs: 7_200_000, message: expect.stringContaining("in 7200 seconds") });
    expect(hours.asked).toHaveLength(1);
    const years = await api([faulty("no", "RATE_LIMITED", { extensions: { retryAfter: 1e300 } })]);
    const longest = await failure(askExport(years.connect));
    expect(longest).toMatchObject({ code: "api_busy", retryAfterMs: 86_400_000, message: expect.stringContaining("in more than a day") });
    const ever = await api([{ status: 429, body: "" }]);
    const error = await failure(askExport(ever.connect));
    expect(error).toBeInstanceOf(BusyError);
    expect(error).toMatchObject({ code: "api_busy", retryAfterMs: 60_000 });
    expect(ever.asked).toHaveLength(3);
  });
});

describe("what others answer in Connect's place", () => {
  const PAGE = `<!DOCTYPE html><html><head><title>Access&nbsp;Denied</title><style>b{}</style></head>\r\n<body><script>var x="<b>";</script><!-- no -->
    <p>Blocked by <b>policy</b> &#35;42 \u2028 ${"for ever and ever ".repeat(99)}</p></body></html>`;
  const said = /Access Denied Blocked by policy #42 for ever/;

  test.each([403, 401, 404, 407, 511])("a page with HTTP %s is shown as text, and blames no key", async (status) => {
    const { connect, asked } = await api([{ status, headers: { "content-type": "text/html" }, body: PAGE }]);
    const error = await failure(askExport(connect));
    expect(error).toMatchObject({
      code: "api_unreachable",
      message: expect.stringMatching(said),
      hint: expect.stringMatching(/proxy, firewall or login page/),
    });
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).not.toMatch(/[<>]|var x/);
    expect(asked).toHaveLength(1);
  });

  test("a redirect is named, and not followed, whatever page it has", async () => {
    const { connect, asked } = await api([{ status: 302, headers: { location: "https://login.example/?from=here" }, body: PAGE }, TAKEN]);
    const error = await failure(askExport(connect));
    expect(error).toMatchObject({ code: "api_unreachable", message: expect.stringMatching(/sends on to https:\/\/login\.example \(HTTP 302\)/) });
    expect(asked).toHaveLength(1);
  });

  test("a page with HTTP 200 is shown as text; whether the request got through is not known", async () => {
    const { connect } = await api([{ body: PAGE }]);
    expect(await failure(askExport(connect))).toMatchObject({ code: "export_unanswered", message: expect.stringMatching(said) });
    expect(await failure(connect.ping())).toMatchObject({ code: "api_unreachable", message: expect.stringMatching(said) });
  });

  test("words that are no gateway's blame no key either", async () => {
    const { connect } = await api([{ status: 403, body: "Zscaler: this site is not allowed" }]);
    expect(await failure(askExport(connect))).toMatchObject({ code: "api_unreachable", message: expect.stringContaining("Zscaler: this site") });
  });

  test("a gateway's page with HTTP 502 is a server's fault, shown as text", async () => {
    const { connect } = await api([{ status: 502, body: "<html><h1>502 Bad Gateway</h1></html>" }]);
    expect(await failure(askExport(connect))).toMatchObject({
      code: "export_unanswered",
      message: expect.stringMatching(/HTTP 502: 502 Bad Gateway$/),
    });
  });

  test.each<[number, unknown]>([
    [403, { message: "Forbidden" }],
    [401, ""],
  ])("Connect's gateway with HTTP %s refuses the key", async (status, body) => {
    const { connect } = await api([{ status, body }]);
    expect((await failure(askExport(connect))).code).toBe("api_key_refused");
  });

  test.each<[number, unknown]>([
    [404, { message: "Not Found" }],
    [413, { message: "Request Too Long" }],
    [400, "bad"],
  ])("HTTP %s was surely not carried out, and is not asked again", async (status, body) => {
    const { connect, asked } = await api([{ status, body }]);
    expect(await failure(askExport(connect))).toMatchObject({ code: "api_refused", hint: expect.stringContaining("api.endpoint") });
    await failure(connect.ping());
    expect(asked).toHaveLength(2);
  });

  test("JSON that nests without end is no answer", async () => {
    const { connect } = await api([{ body: "[".repeat(500_000) + "]".repeat(500_000) }]);
    expect((await failure(askExport(connect))).code).toBe("export_unanswered");
  });

  test("pages that are cut, empty or odd have a text", () => {
    const texts = ["<p", "<script>x", "<!-- x", "", "&#x110000;&#1114112;a&bogus;", "<p>a<p>b", "<style>".repeat(9_999)];
    expect(texts.map(textOfPage)).toEqual(["", "", "", "", "a&bogus;", "a b", ""]);
  });
});

test("the key is in nothing that is told, however it is written, and a long message is cut", async () => {
  const escaped = Array.from(KEY, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  const { connect, lines } = await api([
    { body: `{"errors": [{"message": "key ${escaped} ${"x".repeat(9_000)}", "extensions": {"code": "${escaped}"}}]}` },
    { body: { errors: Array.from({ length: 999 }, (_, index) => ({ message: `fault ${index} ${"y\n".repeat(999)}` })) } },
    { status: 429, body: JSON.stringify({ message: KEY }) },
    { status: 503, body: `<p>${Array.from(KEY, (character) => `&#${character.charCodeAt(0)};`).join("")}` },
    { body: { data: { __typename: "Query" }, errors: [{ message: KEY }] } },
  ]);
  expect((await failure(connect.ping())).message).toContain("(the API key)");
  expect((await failure(connect.ping())).message).toContain("and 994 more");
  await connect.ping();
  expect(lines).toHaveLength(3);
  expect(lines.join("")).not.toContain("zebra");
});
