import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, nameOf } from "../../../pipeline/sftp/names.ts";

test.each([
  { bytes: "ü 1.csv", name: "ü 1.csv" },
  { bytes: "a\\b\\x4", name: "a\\b\\x4" },
  { bytes: Buffer.from("caf\xe9.csv", "latin1"), name: "caf\\xE9.csv" },
  { bytes: Buffer.from("\xc3\xbc\xff", "latin1"), name: "ü\\xFF" },
  { bytes: "a\\xFF", name: "a\\x5CxFF" },
  { bytes: Buffer.from([0xed, 0xa0, 0x80]), name: "\\xED\\xA0\\x80" },
  { bytes: Buffer.from([0xc0, 0xaf]), name: "\\xC0\\xAF" },
])("$name", ({ bytes, name }) => {
  expect(nameOf(Buffer.from(bytes as string))).toBe(name);
});

test("whatever a name's bytes are, its text is UTF-8 and gives them back", () => {
  const pieces = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom("\\", "\\x", "\\xF", "\\xFF", "\\x5C").map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const bytes = Buffer.concat(parts);
      const name = nameOf(bytes);
      expect(isUtf8(Buffer.from(name))).toBe(true);
      expect(bytesOf(name).equals(bytes)).toBe(true);
      if (isUtf8(bytes) && !bytes.includes(0) && !bytes.includes("\\")) expect(name).toBe(bytes.toString());
    }),
  );
});
