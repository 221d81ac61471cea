/** A line of `ls -l`, which an SFTP listing carries for people to read. */
import { constants } from "node:fs";
import type { Attributes } from "ssh2";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HALF_A_YEAR = 182 * 24 * 60 * 60;

/** @param now Unix seconds; older than half a year, the line has the year in place of the time (UTC) */
export function longName(name: string, { mode, size, mtime }: Attributes, now = Date.now() / 1000): string {
  const date = new Date(mtime * 1000);
  const time = date.toISOString().slice(11, 16);
  const recent = mtime > now - HALF_A_YEAR && mtime <= now;
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${recent ? time : ` ${date.getUTCFullYear()}`}`;
  const kind = (mode & constants.S_IFMT) === constants.S_IFDIR ? "d" : "-";
  const rights = "rwxrwxrwx"
    .split("")
    .map((right, bit) => (mode & (0o400 >> bit) ? right : "-"))
    .join("");
  return `${kind}${rights}   1 -        -        ${String(size).padStart(12)} ${day} ${name}`;
}
