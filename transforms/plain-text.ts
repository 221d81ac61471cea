/** What calls itself text and is something else, told by its first bytes. */
import { SignalhouseError } from "../schemas/errors.ts";

const KINDS: readonly (readonly [what: string, hint: string, ...bytes: number[]])[] = [
  ["UTF-16 text", "Save it as UTF-8.", 0xff, 0xfe],
  ["UTF-16 text", "Save it as UTF-8.", 0xfe, 0xff],
  ["a gzip file", "Unpack it first.", 0x1f, 0x8b],
  ["a zip archive, as workbooks of spreadsheet programs are", "Save the sheet as CSV in UTF-8.", 0x50, 0x4b, 0x03, 0x04],
  ["a Parquet file", "Let its name end in .parquet.", 0x50, 0x41, 0x52, 0x31],
];
const HEAD_BYTES = 4;
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * A file's text as bytes, without the byte order mark that UTF-8 may begin with.
 * @param name how the file is called in messages
 * @throws SignalhouseError refset_invalid where the bytes are no text in UTF-8 to begin with
 */
export async function* plainText(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (!head) yield chunk;
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < HEAD_BYTES) continue;
      yield withoutMark(head, name);
      head = undefined;
    }
  }
  if (head) yield withoutMark(head, name);
}

function withoutMark(head: Buffer, name: string): Buffer {
  const kind = KINDS.find(([, , ...bytes]) => bytes.every((byte, at) => head[at] === byte)) ?? (isWide(head) ? KINDS[0] : undefined);
  if (kind) throw new SignalhouseError("refset_invalid", `${name} is ${kind[0]}, not text in UTF-8`, kind[1]);
  return head.subarray(0, UTF8_MARK.length).equals(UTF8_MARK) ? head.subarray(UTF8_MARK.length) : head;
}

/** UTF-16 without its mark: every other byte of plain letters is a zero. */
const isWide = (head: Buffer) => head.length >= HEAD_BYTES && ((head[0] === 0 && head[2] === 0) || (head[1] === 0 && head[3] === 0));
