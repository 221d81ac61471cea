import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Digest } from "../../transforms/digest.ts";
import { unzip } from "../../transforms/unzip.ts";
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
          const file = Buffer.concat([...texts.map(gzip), Buffer.alloc(zeros)]);
          expect(await unzipped(file, sizes)).toBe(texts.join(""));
        },
      ),
    );
  });

  test("bytes of any kind come back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
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

describe("a file of another kind", () => {
  test.each<[string, Uint8Array, string]>([
    ["zip", Buffer.from([0x50, 0x4b, 3, 4, 0]), "zip"],
    ["UTF-16, little end first", Buffer.from("\ufeffa", "utf16le"), "UTF-16"],
    ["UTF-16, big end first", Buffer.from([0xfe, 0xff, 0, 0x61]), "UTF-16"],
  ])("%s is not_an_export, even byte by byte", async (_, bytes, name) => {
    for (const sizes of [undefined, [1]])
      await expect(unzipped(bytes, sizes)).rejects.toMatchObject({ code: "not_an_export", message: expect.stringContaining(name) as string });
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
