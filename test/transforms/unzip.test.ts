import { createHash } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Digest } from "../../transforms/digest.ts";
import { unzip } from "../../transforms/unzip.ts";
import { tarOf } from "../helpers/tar.ts";
import { collect, gzip, piecesOf } from "./reading.ts";

const TEXT = "SIGNAL_ID,SIGNAL_TYPE\n1,order\n";
const unzipped = async (bytes: Uint8Array, sizes?: readonly number[], ratio = 200) => String(await collect(unzip(piecesOf(bytes, sizes), ratio)));
const failure = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) as string });

/** Every size of chunk that can make a difference to a small file, and all of it at once. */
const SIZES: { sizes?: number[] }[] = [{ sizes: [1] }, { sizes: [2] }, { sizes: [3] }, { sizes: [7] }, { sizes: [64] }, {}];

describe("gzip or not is told by the bytes", () => {
  test.each(SIZES)("in chunks of $sizes", async ({ sizes }) => {
    expect(await unzipped(gzip(TEXT), sizes)).toBe(TEXT);
    expect(await unzipped(Buffer.from(TEXT), sizes)).toBe(TEXT);
  });

  test.each(["a", "ab", "abc", "\n", "P", "PK"])("a file as short as %j is what it is", async (text) => {
    expect(await unzipped(Buffer.from(text))).toBe(text);
    expect(await unzipped(gzip(text))).toBe(text);
  });

  test("several members in a row are one file", async () => {
    const members = fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        members,
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        fc.nat(40),
        async (texts, sizes, zeros) => {
          // It begins as an export does: what begins as something else is refused.
          const all = ["SIGNAL_ID", ...texts];
          const file = Buffer.concat([...all.map(gzip), Buffer.alloc(zeros)]);
          expect(await unzipped(file, sizes)).toBe(all.join(""));
        },
      ),
    );
  });

  test("bytes of any kind come back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (some) => {
        const bytes = Buffer.concat([Buffer.from("SIGNAL_ID"), some]);
        expect((await collect(unzip(piecesOf(gzip(bytes), [11]), 200))).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe("a file that is not whole", () => {
  const file = gzip(TEXT);

  test.each(SIZES)("is gzip_truncated at every byte, in chunks of $sizes", async ({ sizes }) => {
    await expect(unzipped(file.subarray(0, 0), sizes)).rejects.toMatchObject({ code: "file_empty", retryable: true });
    for (let length = 1; length < file.length; length += 1) {
      await expect(unzipped(file.subarray(0, length), sizes), `${length} bytes`).rejects.toMatchObject({ code: "gzip_truncated", retryable: true });
    }
  });

  test("is gzip_truncated in its second member too, but for the cut between the two, which cannot be told", async () => {
    const both = Buffer.concat([file, gzip("2,order\n")]);
    for (let length = file.length + 1; length < both.length; length += 1) {
      await expect(unzipped(both.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({ code: "gzip_truncated" });
    }
    expect(await unzipped(both.subarray(0, file.length))).toBe(TEXT);
  });
});

describe("a file that is damaged", () => {
  test("is gzip_corrupt, or shows its damage later: no flipped bit goes unseen", async () => {
    const file = gzip("a text that is long enough to be packed, packed, packed");
    for (let at = 2; at < file.length; at += 1) {
      const copy = Buffer.from(file);
      copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at);
      // The time, the extra flags and the operating system in the header are not checked by anybody.
      if (at >= 4 && at < 10) expect(await unzipped(copy)).toContain("packed");
      else
        await expect(unzipped(copy), `byte ${at}`).rejects.toMatchObject({
          code: expect.stringMatching(/^gzip_(corrupt|truncated)$/) as string,
          retryable: true,
        });
    }
  });

  test.each<[string, Uint8Array]>([
    ["garbage behind it", Buffer.concat([gzip(TEXT), Buffer.from("garbage")])],
    ["a damaged second member", Buffer.concat([gzip(TEXT), gzip(TEXT).fill(0xff, 12, 20)])],
    ["a member behind padding", Buffer.concat([gzip(TEXT), Buffer.alloc(1000), gzip(TEXT)])],
    ["a member behind much padding", Buffer.concat([gzip(TEXT), Buffer.alloc(3_000_000), gzip(TEXT)])],
    ["a byte behind padding", Buffer.concat([gzip(TEXT), Buffer.alloc(10), Buffer.from("x")])],
  ])("with %s is gzip_corrupt: nothing is left out silently", async (_, bytes) => {
    for (const sizes of [undefined, [50], [4096]])
      await expect(unzipped(bytes, sizes)).rejects.toMatchObject(failure("gzip_corrupt", /damaged|data behind/));
  });

  test("with zeros behind it is whole, and is read to its last byte", async () => {
    const file = Buffer.concat([gzip(TEXT), Buffer.alloc(5_000_000)]);
    const digest = new Digest();
    expect(String(await collect(unzip(digest.through(piecesOf(file, [4096])), 200)))).toBe(TEXT);
    expect(digest.bytes).toBe(file.length);
    expect(digest.sha256()).toBe(createHash("sha256").update(file).digest("hex"));
  });
});

const wide = (text: string, bytes: number, at: number) =>
  Buffer.from([...Buffer.from(text)].flatMap((byte) => Array.from({ length: bytes }, (_, index) => (index === at ? byte : 0))));
const zip = (name: string) => Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), Buffer.alloc(26), Buffer.from(name)]);

describe("a file of another kind", () => {
  const KINDS: [string, Uint8Array, string][] = [
    ["zip", zip("Signals_Export.csv"), "a zip archive"],
    ["an empty zip", Buffer.from([0x50, 0x4b, 5, 6, ...Buffer.alloc(18)]), "zip archive"],
    ["a split zip", Buffer.from([0x50, 0x4b, 7, 8, 0x50, 0x4b, 3, 4]), "zip archive"],
    ["xlsx", zip("[Content_Types].xml"), "an Excel workbook"],
    ["xlsx of another program", zip("xl/workbook.xml"), "an Excel workbook"],
    ["7z", Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), "7z"],
    ["rar", Buffer.from("Rar!\x1a\x07\x01\0", "latin1"), "rar"],
    ["tar", tarOf("Signals_Export.csv", TEXT), "a tar archive"],
    ["tar by GNU", tarOf("Signals_Export.csv", TEXT, "ustar  \0"), "a tar archive"],
    ["tar before POSIX", tarOf("Signals_Export.csv", TEXT, ""), "a tar archive"],
    ["bzip2", Buffer.from("BZh91AY&SY\x80", "latin1"), "bzip2"],
    ["bzip2 of nothing", Buffer.from("BZh9\x17rE8P\x90", "latin1"), "bzip2"],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), "xz"],
    ["lzip", Buffer.from("LZIP\x01"), "lzip"],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 4]), "zstd"],
    ["zstd behind a frame to skip", Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 0]), "zstd"],
    ["lz4", Buffer.from([4, 0x22, 0x4d, 0x18, 0x64]), "lz4"],
    ["lz4 as it was", Buffer.from([2, 0x21, 0x4c, 0x18]), "lz4"],
    ["snappy", Buffer.from("\xff\x06\0\0sNaPpY", "latin1"), "snappy"],
    ["compress", Buffer.from([0x1f, 0x9d, 0x90]), "compress"],
    ["zlib", deflateSync(TEXT), "zlib"],
    ["zlib, packed well", deflateSync(TEXT, { level: 9 }), "zlib"],
    ["Base64 of gzip", Buffer.from(gzip(TEXT).toString("base64")), "Base64"],
    ["Parquet", Buffer.from("PAR1\x15\x04"), "Parquet"],
    ["Avro", Buffer.from("Obj\x01\x04"), "Avro"],
    ["ORC", Buffer.from("ORC\n\x03\0"), "ORC"],
    ["Arrow", Buffer.from("ARROW1\0\0"), "Arrow"],
    ["SQLite", Buffer.from("SQLite format 3\0"), "SQLite"],
    ["DuckDB", Buffer.concat([Buffer.alloc(8, 1), Buffer.from("DUCK")]), "a DuckDB database"],
    ["xls", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), ".xls"],
    ["PDF", Buffer.from("%PDF-1.7\n"), "PDF"],
    ["UTF-16, little end first", Buffer.from("\ufeffa", "utf16le"), "UTF-16"],
    ["UTF-16, big end first", Buffer.from([0xfe, 0xff, 0, 0x61]), "UTF-16"],
    ["UTF-16 without a mark, little end first", wide(TEXT, 2, 0), "UTF-16"],
    ["UTF-16 without a mark, big end first", wide(TEXT, 2, 1), "UTF-16"],
    ["UTF-32, little end first", Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), wide(TEXT, 4, 0)]), "UTF-32"],
    ["UTF-32, big end first", Buffer.concat([Buffer.from([0, 0, 0xfe, 0xff]), wide(TEXT, 4, 3)]), "UTF-32"],
    ["UTF-32 without a mark, little end first", wide(TEXT, 4, 0), "UTF-32"],
    ["UTF-32 without a mark, big end first", wide(TEXT, 4, 3), "UTF-32"],
    ["HTML", Buffer.from("\n <!DOCTYPE html><html>"), "an HTML page"],
    ["HTML without a doctype", Buffer.from("<html lang='en'>"), "an HTML page"],
    ["XML", Buffer.from('\ufeff<?xml version="1.0"?><Error/>'), "XML"],
    ["XML without a declaration", Buffer.from("<Error><Code>AccessDenied</Code></Error>"), "XML"],
    ["JSON", Buffer.from('[\n  {"SIGNAL_ID": "1"}\n]'), "JSON"],
    ["a JSON object", Buffer.from('{ "errors": [] }'), "JSON"],
    ["JSON Lines", Buffer.from('{"SIGNAL_ID":"1"}\r\n{"SIGNAL_ID":"2"}\r\n'), "JSON Lines"],
  ];

  test.each(KINDS)("%s is not_an_export, even byte by byte, and within gzip", async (_, bytes, name) => {
    const message = expect.stringContaining(name) as string;
    for (const sizes of [undefined, [1]]) await expect(unzipped(bytes, sizes)).rejects.toMatchObject({ code: "not_an_export", message });
    for (const packed of [gzip(bytes), gzip(gzip(bytes))])
      await expect(unzipped(packed)).rejects.toMatchObject({
        code: "not_an_export",
        message: expect.stringMatching(/^what is in the gzip file is /) as string,
      });
    await expect(unzipped(gzip(bytes))).rejects.toMatchObject({ message });
  });

  test.each([
    "PARTY,SIGNAL_TYPE\n",
    "ORCHID,SIGNAL_TYPE\n",
    "BZh9,SIGNAL_TYPE\n",
    "x^,SIGNAL_TYPE\n",
    "H4sI,SIGNAL_TYPE\n",
    "[Email],SIGNAL_TYPE\n",
    "<Email>,SIGNAL_TYPE\n".replace("<", "< "),
    `${"Email,".repeat(100)}SIGNAL_TYPE\n`,
    '"{SIGNAL_ID}",SIGNAL_TYPE\n',
    "7z,Rar!,%PDF,LZIP\n",
  ])("text that resembles one is text: %j", async (text) => {
    expect(await unzipped(Buffer.from(text))).toBe(text);
    expect(await unzipped(gzip(text))).toBe(text);
  });
});

describe("gzip within gzip", () => {
  const wrapped = (times: number) => Array.from({ length: times }).reduce<Buffer>((bytes) => gzip(bytes), Buffer.from(TEXT));

  test.each([2, 3, 4])("%i times is unpacked, in any chunks", async (times) => {
    for (const sizes of [undefined, [1], [7]]) expect(await unzipped(wrapped(times), sizes)).toBe(TEXT);
  });

  test("more often is not_an_export", async () => {
    await expect(unzipped(wrapped(5))).rejects.toMatchObject(failure("not_an_export", /gzip within gzip, more than 4 times/));
  });

  test("of several members is one file", async () => {
    expect(await unzipped(gzip(Buffer.concat([gzip(TEXT), gzip("2,order\n")])))).toBe(`${TEXT}2,order\n`);
    expect(await unzipped(Buffer.concat([gzip(gzip(TEXT)), gzip(gzip("2,order\n"))]))).toBe(`${TEXT}2,order\n`);
  });

  test("that ends too early, or is damaged, is told as such", async () => {
    await expect(unzipped(gzip(gzip(TEXT).subarray(0, 20)))).rejects.toMatchObject({ code: "gzip_truncated" });
    await expect(unzipped(gzip(Buffer.concat([gzip(TEXT), Buffer.from("garbage")])))).rejects.toMatchObject({ code: "gzip_corrupt" });
  });

  test("of nothing is no text", async () => {
    expect(await unzipped(gzip(gzip("")))).toBe("");
  });
});

describe("a gzip bomb", () => {
  const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));

  test("is refused after a bounded number of bytes", async () => {
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of unzip(piecesOf(bomb), 200)) bytes += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({
      code: "gzip_bomb",
      retryable: false,
      hint: expect.stringContaining("limits.maxExpansionRatio") as string,
    });
    expect(bytes).toBeLessThan(70 * 1024 * 1024);
  });

  test("is one, too, where no layer by itself expands beyond the limit", async () => {
    // A megabyte out of some seven kilobytes, a hundred times: those pack well, as they are the same.
    const member = gzip(
      Buffer.concat([Buffer.from(Array.from({ length: 7000 }, (_, index) => (Math.sin(index) * 1e6) & 0xff)), Buffer.alloc(1_000_000)]),
    );
    expect(1_000_000 / member.length).toBeLessThan(200);
    const inner = Buffer.concat(Array.from({ length: 100 }, () => member));
    const outer = gzip(inner);
    expect(inner.length / outer.length).toBeLessThan(200);
    await expect(unzipped(outer)).rejects.toMatchObject({ code: "gzip_bomb" });
  });

  test("is taken where the limit allows it", async () => {
    let bytes = 0;
    for await (const chunk of unzip(piecesOf(bomb), 2000)) bytes += chunk.length;
    expect(bytes).toBe(80 * 1024 * 1024);
  });
});

describe("the source", () => {
  function watched(bytes: Uint8Array, fail?: Error) {
    const state = { closed: false, given: 0 };
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of piecesOf(bytes, [1000])) {
          state.given += piece.length;
          yield piece;
        }
        if (fail) throw fail;
      } finally {
        state.closed = true;
      }
    }
    return { state, source: source() };
  }
  // Random bytes, so that the packed file is large too.
  const large = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => (Math.sin(index) * 1e6) & 0xff));

  test.each([
    ["gzip", gzip(large)],
    ["plain", large],
  ])("is closed when %s is left early, and is not read ahead without bound", async (_, bytes) => {
    const { state, source } = watched(bytes);
    for await (const chunk of unzip(source, 200)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(state.closed).toBe(true);
    expect(state.given).toBeLessThan(1_000_000);
  });

  test.each([
    ["gzip", gzip(large)],
    ["plain", large],
    ["zip", Buffer.from("PK\u0003\u0004")],
    ["damaged gzip", gzip(large).fill(0xff, 3000, 3100)],
  ])("is closed at the end of %s", async (_, bytes) => {
    const { state, source } = watched(bytes);
    await collect(unzip(source, 200)).catch(() => undefined);
    expect(state.closed).toBe(true);
  });

  test.each([
    ["gzip", gzip(large)],
    ["plain", large],
    ["a gzip's padding", Buffer.concat([gzip("a"), Buffer.alloc(100_000)])],
  ])("keeps its own error, in %s", async (_, bytes) => {
    const error = new Error("the line is dead");
    await expect(collect(unzip(watched(bytes, error).source, 200))).rejects.toBe(error);
  });
});
