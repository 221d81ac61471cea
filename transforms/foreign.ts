/** What a file is that is no export, as far as its first bytes tell. */
import { constants, inflateSync } from "node:zlib";

/** A kind of file that is not read. */
export interface Foreign {
  /** As in "the file is …". */
  what: string;
  /** What to do about it. */
  hint: string;
}

/** So many bytes tell every kind. A tar archive has its header in the first 512. */
export const HEAD_BYTES = 512;
/** More are not looked at. */
const MOST_BYTES = 4096;

const UNPACK = "Unpack it, and load the CSV or gzip file in it.";
const ENCODING = "Connect writes UTF-8: load the file as it was exported.";
const TABLE = "Connect writes CSV: load the file as it was exported.";
const PAGE = "A download that failed often leaves such a page in place of the file: look into it, and download the export again.";

/** Whether a file starts with some bytes, or has them at a certain place. */
const starts = (bytes: readonly number[] | string, at = 0) => {
  const magic = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes);
  return (head: Buffer) => head.subarray(at, at + magic.length).equals(magic);
};

/** Whether its text does, behind blanks and a byte order mark. */
const reads = (pattern: RegExp) => (head: Buffer) => pattern.test(head.toString("utf8").replace(/^[\s\ufeff]+/, ""));

/** The kinds, in the order in which they are tried. Where bytes are named, no text starts with them. */
const KINDS: readonly (Foreign & { is: (head: Buffer) => boolean })[] = [
  { what: "an Excel workbook or another Office document (.xlsx), not CSV", is: isOffice, hint: TABLE },
  { what: "a zip archive, not gzip or CSV", is: starts([0x50, 0x4b, 3, 4]), hint: UNPACK },
  { what: "an empty zip archive", is: starts([0x50, 0x4b, 5, 6]), hint: UNPACK },
  { what: "one part of a zip archive that was split", is: starts([0x50, 0x4b, 7, 8]), hint: UNPACK },
  { what: "a 7z archive", is: starts([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), hint: UNPACK },
  { what: "a rar archive", is: starts([0x52, 0x61, 0x72, 0x21, 0x1a, 7]), hint: UNPACK },
  { what: "a tar archive", is: isTar, hint: UNPACK },
  { what: "packed with bzip2", is: (head) => starts("BZh")(head) && (starts("1AY&SY", 4)(head) || starts("\x17rE8P\x90", 4)(head)), hint: UNPACK },
  { what: "packed with xz", is: starts([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), hint: UNPACK },
  { what: "packed with lzip", is: starts([0x4c, 0x5a, 0x49, 0x50, 1]), hint: UNPACK },
  { what: "packed with zstd", is: starts([0x28, 0xb5, 0x2f, 0xfd]), hint: UNPACK },
  { what: "packed with zstd or lz4", is: (head) => (head[0] ?? 0) >> 4 === 5 && starts([0x2a, 0x4d, 0x18], 1)(head), hint: UNPACK },
  { what: "packed with lz4", is: starts([0x04, 0x22, 0x4d, 0x18]), hint: UNPACK },
  { what: "packed with lz4, in its old form", is: starts([0x02, 0x21, 0x4c, 0x18]), hint: UNPACK },
  { what: "packed with snappy", is: starts([0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]), hint: UNPACK },
  { what: "packed with compress (.Z)", is: starts([0x1f, 0x9d]), hint: UNPACK },
  { what: "a zlib stream, not gzip", is: isZlib, hint: "Connect writes gzip: load the file as it was exported." },
  {
    what: "a gzip file written as Base64 text",
    is: (head) => /^H4sI[A-Za-z0-9+/]{6}/.test(head.toString("latin1", 0, 10)),
    hint: "Decode it, and load the gzip file.",
  },
  { what: "a Parquet file", is: starts("PAR1"), hint: TABLE },
  { what: "a Parquet file that is encrypted", is: starts("PARE"), hint: TABLE },
  { what: "an Avro file", is: starts("Obj\u0001"), hint: TABLE },
  { what: "an ORC file", is: (head) => starts("ORC")(head) && head.some((byte) => byte < 0x09), hint: TABLE },
  { what: "an Arrow file", is: starts("ARROW1"), hint: TABLE },
  { what: "an SQLite database", is: starts("SQLite format 3\0"), hint: TABLE },
  { what: "a DuckDB database", is: starts("DUCK", 8), hint: "A warehouse is named with --warehouse; what is loaded are exports." },
  { what: "an old Office document, such as .xls", is: starts([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), hint: TABLE },
  { what: "a PDF document", is: starts("%PDF-"), hint: TABLE },
  // UTF-32 before UTF-16, which begins with the same two bytes. Without a byte order mark: nearly all that stands in a header row is ASCII.
  { what: "UTF-32 text, not UTF-8", is: (head) => starts([0xff, 0xfe, 0, 0])(head) || starts([0, 0, 0xfe, 0xff])(head), hint: ENCODING },
  { what: "UTF-16 text, not UTF-8", is: (head) => starts([0xff, 0xfe])(head) || starts([0xfe, 0xff])(head), hint: ENCODING },
  {
    what: "UTF-32 text, not UTF-8",
    is: (head) => isWide(head, [0, 4], [1, 2, 3, 5, 6, 7]) || isWide(head, [3, 7], [0, 1, 2, 4, 5, 6]),
    hint: ENCODING,
  },
  { what: "UTF-16 text, not UTF-8", is: (head) => isWide(head, [0, 2], [1, 3]) || isWide(head, [1, 3], [0, 2]), hint: ENCODING },
  { what: "an HTML page", is: reads(/^<(?:!doctype\s+html|html|head|body|title|script)\b/i), hint: PAGE },
  { what: "XML", is: reads(/^<(?:[?!]|[a-z][\w:.-]*[\s/>])/i), hint: PAGE },
  { what: "JSON Lines", is: reads(/^\{\s*".*\}[^\S\n]*\n\s*\{/s), hint: TABLE },
  { what: "JSON", is: reads(/^(?:\{\s*["}]|\[\s*["{[\]\d-])/), hint: TABLE },
];

/** What a file is that is no text of an export; undefined where its first bytes do not say. @param head HEAD_BYTES of it or more, or all where it has fewer */
export function foreignKind(head: Buffer): Foreign | undefined {
  const start = head.subarray(0, MOST_BYTES);
  return KINDS.find(({ is }) => is(start));
}

/** A zip archive, of which the first file is one that Office documents begin with. */
function isOffice(head: Buffer): boolean {
  return starts([0x50, 0x4b, 3, 4])(head) && /^(?:\[Content_Types\]\.xml|_rels\/|docProps\/|xl\/)/.test(head.toString("latin1", 30, 60));
}

/** Whether characters of ASCII stand in some places, and zeros in others. */
const isWide = (head: Buffer, characters: readonly number[], zeros: readonly number[]) =>
  characters.every((at) => (head[at] ?? 0) >= 0x09 && (head[at] ?? 0) < 0x7f) && zeros.every((at) => head[at] === 0);

/** The header of a tar archive's first file has its own checksum: the sum of all its bytes, blanks in the checksum's place. */
function isTar(head: Buffer): boolean {
  if (head.length < 512) return false;
  const said = /^[ \0]*([0-7]{1,7})[ \0]/.exec(head.toString("latin1", 148, 156))?.[1];
  if (said === undefined) return false;
  const sum = head.subarray(0, 512).reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return sum === Number.parseInt(said, 8);
}

function isZlib(head: Buffer): boolean {
  if (head[0] !== 0x78 || head.length < 3 || head.readUInt16BE(0) % 31 !== 0) return false;
  try {
    return inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).length > 0;
  } catch {
    return false;
  }
}
