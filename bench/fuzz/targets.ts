/** What is tried, and what must be so whatever it reads. What it cannot read it refuses with a SignalhouseError, or gives as a reject. */
import { deepStrictEqual, equal } from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { parseConfig } from "../../schemas/config-text.ts";
import { connectApi } from "../../pipeline/connect-api/api.ts";
import { glob } from "../../pipeline/load/glob.ts";
import { knownKeys } from "../../pipeline/sftp/known-hosts.ts";
import { bytesOf, nameOf } from "../../pipeline/sftp/names.ts";
import { below, ownName, relativePath } from "../../pipeline/sftp/paths.ts";
import { readConfig } from "../../schemas/config.ts";
import { isSignalhouseError } from "../../schemas/errors.ts";
import { recordsOf } from "../../transforms/block.ts";
import { delimitedRows } from "../../transforms/delimited-rows.ts";
import { jsonRows } from "../../transforms/json-rows.ts";
import { readRecords } from "../../transforms/records.ts";
import { split } from "../../transforms/split.ts";
import { unzip } from "../../transforms/unzip.ts";
import { BothReaders, inPieces } from "./both-readers.ts";
import * as seeds from "./seeds.ts";

export interface Target {
  /** How much of the time it has beside others, which have 1. */
  weight?: number;
  /** What one may take, in milliseconds; by default a second. */
  mostMs?: number;
  /** Real inputs, to be changed. */
  seeds: () => Buffer[];
  /** Whether their first lines stay as they are, mostly. */
  keepsHeader?: true;
  /** Inputs of another kind. */
  arbitrary: fc.Arbitrary<Uint8Array | string>;
  /** Begins, and gives what reads an input and throws what is not as it must be. */
  begin: () => Promise<{ read: (bytes: Buffer) => Promise<void> | void }> | { read: (bytes: Buffer) => Promise<void> | void };
}

/** With more contact columns than this the warehouses slow down, and others take their place. */
const MOST_COLUMNS = 100;

const BYTES = fc.uint8Array({ maxLength: 300 });
const LIMITS = { maxRecordBytes: 16 * 1024, maxExpansionRatio: 200 };

/** What comes of reading: its result, or the code that it was refused with. @throws whatever else was thrown */
async function outcomeOf<T>(read: () => Promise<T> | T): Promise<T | { refused: string }> {
  try {
    return await read();
  } catch (error) {
    if (isSignalhouseError(error)) return { refused: error.code };
    throw error;
  }
}

async function all<T, R = T>(source: AsyncIterable<T>, of: (one: T) => R): Promise<R[]> {
  const found: R[] = [];
  for await (const one of source) found.push(of(one));
  return found;
}

/** The same, however the bytes come. */
async function sameInPieces<T>(bytes: Buffer, read: (source: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T | { refused: string }> {
  const whole = await outcomeOf(() => read(inPieces(bytes, Math.max(1, bytes.length))));
  deepStrictEqual(await outcomeOf(() => read(inPieces(bytes, 1 + (bytes.length % 50)))), whole);
  return whole;
}

function nodesText(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: 4 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}

const linesOf = (source: AsyncIterable<Uint8Array>) =>
  all(split(source, LIMITS.maxRecordBytes), (piece) =>
    piece.kind === "block" ? recordsOf(piece).map((record) => record.toString("latin1")) : [`${piece.code} ${piece.bytes.toString("latin1")}`],
  ).then((pieces) => pieces.flat());

const recordsIn = (source: AsyncIterable<Uint8Array>) =>
  all(readRecords(source, { ...LIMITS, contactColumns: [] }), ({ records }) => records).then((batches) => batches.flat());

/** Every record has its number, whatever became of it. */
function counted(records: readonly { record_no: number }[]): void {
  for (const [index, { record_no }] of records.entries()) equal(record_no, index + 1);
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

export const TARGETS: Record<string, Target> = {
  gunzip: {
    seeds: seeds.zipped,
    arbitrary: BYTES,
    begin: () => ({
      async read(bytes) {
        const text = await sameInPieces(bytes, async (source) =>
          Buffer.concat(await all(unzip(source, LIMITS.maxExpansionRatio), (chunk) => Buffer.from(chunk))),
        );
        const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
        const nodes = isGzip && Buffer.isBuffer(text) ? nodesText(bytes) : undefined;
        if (nodes) deepStrictEqual(text, nodes);
      },
    }),
  },
  splitter: {
    seeds: seeds.exports,
    arbitrary: fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", " ", "ä"), maxLength: 60 }),
    begin: () => ({ read: async (bytes) => void (await sameInPieces(bytes, linesOf)) }),
  },
  CSV: {
    seeds: seeds.exports,
    arbitrary: fc
      .array(fc.array(fc.constantFrom("SIGNAL_TYPE", "order", "{}", '"', "", "SIGNAL_ID", "a,b"), { maxLength: 4 }))
      .map((rows) => rows.map((row) => row.join(",")).join("\n")),
    begin: () => ({
      async read(bytes) {
        const records = await sameInPieces(bytes, recordsIn);
        if (Array.isArray(records)) counted(records);
      },
    }),
  },
  contents: {
    seeds: seeds.contents,
    arbitrary: fc.json({ maxDepth: 4 }),
    begin: () => ({
      async read(bytes) {
        const row = `order,id,2025-09-01T10:02:11.480Z,${quoted(bytes.toString("latin1"))}\n`;
        const file = Buffer.from(`SIGNAL_TYPE,SIGNAL_ID,SIGNAL_TIMESTAMP,SIGNAL_CONTENT\n${row}`, "latin1");
        const records = await outcomeOf(() => recordsIn(inPieces(file, file.length)));
        if (!Array.isArray(records)) return;
        counted(records);
        if (bytes.length < LIMITS.maxRecordBytes / 4) equal(records.length, 1);
      },
    }),
  },
  "GraphQL answers": {
    seeds: seeds.answers,
    arbitrary: fc.json({ maxDepth: 4 }),
    async begin() {
      let answer: Uint8Array = Buffer.alloc(0);
      const server = createServer((request, response) => {
        const { length } = answer;
        const status = [200, 200, 200, 400, 429, 503][length % 6] as number;
        request.resume().on("end", () => response.writeHead(status, { "content-type": "application/json" }).end(answer));
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const api = connectApi({ endpoint, apiKey: "a secret key", timeoutSeconds: 5, retries: 0 });
      const asked = [
        () => api.dataSets(),
        () => api.dataJob("1"),
        () => api.referenceSetRecords("1", 10),
        () => api.ping(),
        () => api.registerPublicKey("key"),
      ];
      return {
        async read(bytes) {
          answer = bytes;
          await outcomeOf<unknown>(asked[bytes.length % asked.length] as () => Promise<unknown>);
        },
      };
    },
  },
  config: {
    seeds: seeds.configs,
    arbitrary: fc.json({ maxDepth: 3 }),
    begin: () => ({ read: async (bytes) => void (await outcomeOf(() => readConfig(parseConfig(bytes.toString("utf8"), "it"), "it"))) }),
  },
  known_hosts: {
    seeds: seeds.knownHosts,
    arbitrary: fc.string({ unit: fc.constantFrom("*", "?", "!", ",", "a", "|", "1", " ", "\n"), maxLength: 60 }),
    begin: () => ({
      read(bytes) {
        for (const port of [22, 2222]) for (const { key } of knownKeys(bytes.toString("utf8"), "sftp.example.com", port)) equal(key.length > 4, true);
      },
    }),
  },
  "file names": {
    seeds: seeds.names,
    arbitrary: fc.string({ unit: fc.constantFrom("*", "?", "{", "}", ",", "[", "]", "!", "-", "a", "\\", "/"), maxLength: 30 }),
    begin: () => ({
      read(bytes) {
        const name = nameOf(bytes);
        deepStrictEqual(bytesOf(name), bytes);
        below("/home", relativePath(name));
        ownName("/Export/Signals", name);
        const short = name.slice(0, 200);
        glob(short.slice(0, short.length / 2))(short.slice(short.length / 2));
      },
    }),
  },
  "reference sets, delimited": {
    seeds: seeds.delimited,
    arbitrary: fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", " "), maxLength: 60 }),
    begin: () => ({
      read: async (bytes) => void (await sameInPieces(bytes, async (source) => (await all(delimitedRows(source, ","), (rows) => rows)).flat())),
    }),
  },
  "reference sets, JSON": {
    seeds: seeds.jsonRows,
    arbitrary: fc.json({ maxDepth: 3 }),
    begin: () => ({ read: async (bytes) => void (await sameInPieces(bytes, (source) => all(jsonRows(source), (row) => [...row]))) }),
  },
  "both readers": {
    // As much as all others together: an input takes a hundred times as long.
    weight: 10,
    // Each contact attribute is a column more of the two warehouses, and all views anew.
    keepsHeader: true,
    // Two loads, each with its transaction and its proof.
    mostMs: 10_000,
    seeds: seeds.golden,
    arbitrary: fc
      .array(fc.json({ maxDepth: 3 }), { maxLength: 4 })
      .map((contents) =>
        [
          "SIGNAL_TYPE,SIGNAL_ID,SIGNAL_TIMESTAMP,SIGNAL_CONTENT",
          ...contents.map((content, index) => `order,${index},2025-09-01T10:02:11.480Z,${quoted(content)}`),
        ].join("\n"),
      ),
    async begin() {
      let readers = await BothReaders.open();
      return {
        async read(bytes) {
          const byRow = await readers.load("row", [bytes]);
          const byVector = await readers.load("vector", [bytes], Math.max(1000, bytes.length));
          deepStrictEqual([byVector.results, byVector.tables], [byRow.results, byRow.tables]);
          deepStrictEqual(byRow.tables["broken"], []);
          if (readers.contactColumns <= MOST_COLUMNS) return;
          readers.close();
          readers = await BothReaders.open();
        },
      };
    },
  },
};
