import { expect, test } from "vitest";
import { plainText } from "../../transforms/plain-text.ts";
import { failureOf } from "../helpers/errors.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of plainText(inPieces(bytes, size), "a.csv")) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

test.each(["", "a", "ab", "id,v\n", "ä", "\n\n\n\n"])("%j is text, with a byte order mark and without", async (text) => {
  for (const size of [1, 2, 1000]) {
    expect(await read(Buffer.from(text), size)).toBe(text);
    expect(await read(Buffer.from(`\ufeff${text}`), size)).toBe(text);
  }
});

const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
test.each<[string, Uint8Array]>([
  ["UTF-16 text", Buffer.from("\ufeffid,v\n", "utf16le")],
  ["UTF-16 text", utf16be("\ufeffid,v\n")],
  ["UTF-16 text", Buffer.from("id,v\n", "utf16le")],
  ["UTF-16 text", utf16be("id,v\n")],
  ["a gzip file", Buffer.from([0x1f, 0x8b, 8, 0, 0])],
  ["a zip archive", Buffer.from("PK\x03\x04....")],
  ["a Parquet file", Buffer.from("PAR1....")],
])("%s is told", async (what, bytes) => {
  for (const size of [1, 1000]) {
    const failure = await failureOf(read(bytes, size));
    expect(failure.code).toBe("refset_invalid");
    expect(failure.message).toContain(`a.csv is ${what}`);
  }
});
