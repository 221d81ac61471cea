/** Whatever is no id, or is one with blanks around it, comes with a hash of what the record says: a key is made of it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { bareId, isNoId } from "../../schemas/identity.ts";
import { contentHash } from "../../transforms/content-hash.ts";
import { meaningOf } from "../../transforms/header.ts";
import { Router } from "../../transforms/route.ts";
import { split } from "../../transforms/split.ts";
import { often } from "../helpers/often.ts";
import { parquetReader } from "../helpers/parquet.ts";
import { csvOf, piecesOf } from "./reading.ts";

const HEADER = ["TIMESTAMP", "SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT"];
const CONTENT = '{"url":"https://a.example"}';
const HASH = contentHash(CONTENT);
const parquet = parquetReader();

/** Ids, and the hashes that records with them get. */
async function hashesOf(ids: readonly string[]): Promise<[id: string, hash: string | undefined][]> {
  const router = new Router(meaningOf(HEADER, []), 2, ["behavior_signals"]);
  const bytes = Buffer.from(csvOf(ids.map((id) => ["2025-09-14T10:02:11.480Z", id, "pageView", CONTENT])));
  for await (const piece of split(piecesOf(bytes), 1024 * 1024)) if (piece.kind === "block") expect(router.add(piece, 0)).toEqual([]);
  const [part] = router.take();
  const rows = await parquet.rows(part?.file ?? []);
  return rows.map(({ record_no, content_hash }) => [ids[Number(record_no) - 1] as string, content_hash as string | undefined]);
}

const around = fc.string({
  unit: fc.constantFrom(...Array.from(" \t\r\n\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff\"'({<[)}>]")),
  maxLength: 3,
});
/** With letters that are not ASCII, but small ones of some that are. */
const inAnyCase = (text: string) =>
  fc.infiniteStream(fc.nat(9)).map((odd) =>
    Array.from(text, (letter) => {
      const number = odd.next().value ?? 0;
      if (number === 0) return letter.replace(/s/i, "\u017f").replace(/k/i, "\u212a");
      return number % 2 === 0 ? letter.toUpperCase() : letter;
    }).join(""),
  );
const repeated = (letters: string) => fc.string({ unit: fc.constantFrom(...Array.from(letters)), minLength: 1, maxLength: 45, size: "max" });
const digits = (least: number, most: number) => fc.string({ unit: fc.constantFrom(...Array.from("0123456789")), minLength: least, maxLength: most });

const NOTHING = fc
  .constantFrom(
    "",
    "null",
    "undefined",
    "undef",
    "none",
    "nil",
    "nan",
    "n/a",
    "na",
    "n.a.",
    "not set",
    "not_set",
    "notset",
    "unknown",
    "missing",
    "empty",
    "true",
    "false",
    "object object",
    "[object object]",
    "#n/a",
    "#null!",
    "#ref!",
    "#value!",
    "#name?",
    "#name",
    "#num!",
    "#div/0!",
    "-1",
  )
  .chain(inAnyCase);
/** Zeros, dashes and the like, of lengths on both sides of what is looked at by its letters. */
const ZEROS = fc.oneof(
  repeated("-_0.*?\u2013\u2014"),
  repeated("0"),
  repeated("-"),
  repeated("-_0."),
  fc.constantFrom("00000000-0000-0000-0000-000000000000", "0".repeat(31), "0".repeat(32), "0".repeat(33)),
);
const ONES = fc
  .tuple(fc.array(fc.constantFrom("", "-"), { minLength: 4, maxLength: 4 }))
  .map(([[a, b, c, d]]) => `ffffffff${a}ffff${b}ffff${c}ffff${d}ffffffffffff`)
  .chain(inAnyCase);
const FLOATS = fc
  .oneof(
    fc
      .tuple(fc.constantFrom("", "+", "-"), digits(1, 1), fc.constantFrom(".", ","), digits(1, 20), fc.constantFrom("e", "e+"), digits(1, 3))
      .map((parts) => parts.join("")),
    fc.tuple(fc.constantFrom("", "+", "-"), digits(1, 1), digits(1, 3)).map(([sign, digit, power]) => `${sign}${digit}e+${power}`),
    fc
      .tuple(fc.integer({ min: 1, max: 9 }), digits(14, 14), fc.integer({ min: 3, max: 20 }))
      .map(([first, rest, zeros]) => `${first}${rest}${"0".repeat(zeros)}`),
  )
  .chain(inAnyCase);
const NONE = fc.tuple(around, fc.oneof(NOTHING, ZEROS, ONES, FLOATS), around).map((parts) => parts.join(""));

const WORDS = fc.string({ unit: fc.constantFrom(...Array.from("abcdefgzABFG0129-_. ")), minLength: 1, maxLength: 70, size: "max" });
const BLANK_AROUND = fc
  .tuple(around, fc.oneof(fc.uuid(), WORDS, fc.string({ unit: "grapheme", maxLength: 40 })), around)
  .map((parts) => parts.join(""));

/** What a field cannot say: NUL is left, and half a character is none of UTF-8. */
const sayable = (id: string) => !id.includes("\0") && id.isWellFormed();

test("what is no id, or is not bare", { timeout: 300_000, tags: "long" }, async () => {
  let wanted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(NONE, BLANK_AROUND).filter(sayable), { minLength: 100, maxLength: 300 }), async (ids) => {
      for (const [id, hash] of await hashesOf(ids)) {
        if (!isNoId(id) && bareId(id) === id) continue;
        expect([id, hash]).toEqual([id, HASH]);
        wanted += 1;
      }
    }),
    { numRuns: often(30, 500) },
  );
  expect(wanted).toBeGreaterThan(often(1500, 25_000));
});

test("a UUID needs none, and no more does an id like one", async () => {
  await fc.assert(
    // One of digits alone, or with no letter but f, may be one that is all ones, or nothing but zeros.
    fc.asyncProperty(
      fc.array(
        fc.uuid().filter((id) => /[a-e]/.test(id)),
        { minLength: 100, maxLength: 100 },
      ),
      async (ids) => {
        for (const [id, hash] of await hashesOf([...ids, ...ids.map((id) => id.toUpperCase()), ...ids.map((id) => `a_${id}.b`)]))
          expect([id, hash]).toEqual([id, undefined]);
      },
    ),
    { numRuns: 10 },
  );
});
