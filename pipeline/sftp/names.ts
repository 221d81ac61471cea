/**
 * File names of a server as text, and back. SFTP version 3 says nothing of their encoding: they are bytes, which nearly always are UTF-8. Bytes that
 * are not are written `\xFF`, so that two names never become one, and a file is asked for by the bytes that were listed.
 */
import { isUtf8 } from "node:buffer";

/** Runs of well-formed UTF-8, and after them bytes that are in none; on bytes read as Latin-1. Source: RFC 3629, section 4. */
const PIECES =
  // oxlint-disable-next-line no-control-regex
  /((?:[\x01-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+)|([^])/g;

/** What stands for a byte; a name that has it already gets its backslash written so, too. */
const ESCAPE = /\\x([0-9A-F]{2})/g;

/** A name's bytes as text; UTF-8 as it is. */
export function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes) && !bytes.includes(0)) return plain(bytes.toString("utf8"));
  return bytes
    .toString("latin1")
    .replace(PIECES, (piece: string, text: string | undefined) =>
      text === undefined ? escaped(piece.charCodeAt(0)) : plain(Buffer.from(text, "latin1").toString("utf8")),
    );
}

/** The bytes of a name, or of a path, that `nameOf` gave. */
export function bytesOf(name: string): Buffer {
  const parts = name.split(ESCAPE);
  return Buffer.concat(parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part, "utf8") : Buffer.from(part, "hex"))));
}

const plain = (text: string) => text.replace(ESCAPE, `${escaped(0x5c)}x$1`);

function escaped(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
