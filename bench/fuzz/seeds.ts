/** Real inputs: the golden files, the samples, and what else the readers get to see. */
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { makeKeyPair } from "../../samples/sandbox/sandbox.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

function filesBelow(folder: string, ending: string): Buffer[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true }).map(String).sort();
  return names.filter((name) => name.endsWith(ending)).map((name) => readFileSync(join(ROOT, folder, name)));
}

export const golden = (): Buffer[] => filesBelow("test/golden", ".csv");
/** The beginnings of the samples: whole ones are large, and all records look alike. */
const samples = (): Buffer[] => filesBelow("samples/exports", ".gz").map((file) => gunzipSync(file).subarray(0, 6000));

export const exports = (): Buffer[] => [...golden(), ...samples()];

export function zipped(): Buffer[] {
  const files = exports().map((file) => gzipSync(file, { level: 1 }));
  return [...files, Buffer.concat(files.slice(0, 3)), ...exports().slice(0, 2)];
}

/** Every SIGNAL_CONTENT of the golden files. */
export function contents(): Buffer[] {
  return golden().flatMap((file) => {
    const rows = parse(file, { bom: true, columns: true, relax_column_count: true, skip_records_with_error: true }) as Record<string, string>[];
    return rows.flatMap(({ SIGNAL_CONTENT }) => (SIGNAL_CONTENT ? [Buffer.from(SIGNAL_CONTENT)] : []));
  });
}

const texts = (all: readonly unknown[]): Buffer[] => all.map((one) => Buffer.from(typeof one === "string" ? one : JSON.stringify(one)));

const fault = { message: "Rate limit exceeded, retry in 1 second", path: ["exportSignals"], extensions: { code: "RATE_LIMITED", retryAfter: 1 } };

export const answers = (): Buffer[] =>
  texts([
    { data: { exportSignals: { dataJobId: "4d0f", destination: { path: "Export/Signals/2025-07-01/Signals_Export.csv.gz" } } } },
    { data: { exportSignals: null }, errors: [fault] },
    { data: { createImportJob: { id: "17" } }, errors: [{ message: "", errorType: "Unauthorized" }] },
    {
      data: { dataJob: { status: "COMPLETED", endedAt: "2025-07-01T00:00:00Z", errors: [{ code: "S3_FILE_METADATA_FAILED", message: "no file" }] } },
    },
    {
      data: {
        dataSets: {
          nodes: [
            {
              dataSetId: "1",
              name: "People",
              type: "REFERENCE_SET",
              size: 2,
              attributes: [{ name: "id", type: "TEXT", isKey: true, decimalPrecision: null }],
            },
          ],
          pageInfo: { hasNextPage: true, endCursor: "a" },
        },
      },
    },
    { data: { referenceSetRecords: { totalCount: 1, nodes: [{ fields: [{ name: "id", value: "1" }] }] } } },
    { data: { __typename: "Query" } },
    { errors: [fault, "text", null, 1] },
    { message: "Forbidden" },
    "<!doctype html><title>Bad gateway</title><p>Bad &amp; &#x67;ateway",
    "",
  ]);

export const configs = (): Buffer[] =>
  texts([
    '// comment\n{ "region": "us-east-1", "sftp": { "user": "a@example.com", "keyFile": "~/.ssh/key", }, /* more */ "limits": { "memory": "512MB" } }',
    {
      region: "eu-central-1",
      api: { keyFile: "k", timeoutSeconds: 3 },
      backfill: { from: "2025-07-01", types: "all" },
      contacts: { keys: ["Customer ID"] },
    },
    { sftp: { host: "h", user: "a@example.com", hostKeys: [`SHA256:${"a".repeat(43)}`], folders: ["Export/Signals"] }, publish: { to: "copy" } },
    {
      attribution: { windowDays: { email: 30 } },
      refsets: { limit: 5, folder: "refsets" },
      exports: { pollSeconds: 30, deadlineHours: 6 },
      warehouse: "a.duckdb",
    },
  ]);

export function knownHosts(): Buffer[] {
  const key = makeKeyPair().publicKey.split(" ").slice(0, 2).join(" ");
  const salt = Buffer.from("salt of twenty bytes");
  const hash = createHmac("sha1", salt).update("sftp.example.com").digest("base64");
  const names = [
    "sftp.example.com",
    "[sftp.example.com]:2222,10.0.0.1",
    "*.example.com,!old.example.com",
    "?ftp.*",
    `|1|${salt.toString("base64")}|${hash}`,
  ];
  return [...names.map((name) => `${name} ${key} comment\n`), `@revoked * ${key}\r\n# a comment\n\n@cert-authority * ${key}`].map((line) =>
    Buffer.from(line),
  );
}

export const names = (): Buffer[] =>
  texts([
    "Signals_Export_20250901.csv.gz",
    "Export/Signals/2025-09-01/a.csv",
    "./a/../b",
    "/sub_1/Export/Signals/",
    "Größe €.csv",
    "日本.csv",
    "a\\xFFb",
    "*2025-09*",
    "**/*.csv.gz",
    "{a,b{c,d}}*",
    "[!a-z]?[0-9]",
    "!Weekly_*",
    "\\*literal",
    "a*b*c*d*e*f*g*h",
  ]);

export const delimited = (): Buffer[] =>
  texts(['id,name\n1,Ana\n2,"Bo, Jr."\n', 'id,name\r\n1,"a ""quoted"" one"\r2,"two\nlines"\n', "a,b\n\n1,2\n", "\u{feff}x,y\n,\n"]);

export const jsonRows = (): Buffer[] =>
  texts([
    [{ id: "1", n: 1.5, ok: true, none: null }, { id: "2" }],
    '{"id":1}\n{"id":123456789012345678901234567890}\n',
    "[]",
    '[{"a":"\\u00e4\\n"},\n {"b":-1e-7}]',
  ]);
