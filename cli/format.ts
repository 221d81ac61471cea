/** Values and tables as people read them. */
import textWidth from "fast-string-truncated-width";
import prettyBytes from "pretty-bytes";
import { oneLine } from "../schemas/characters.ts";

/** A whole number with thousands separators, whatever the machine's language. By itself: to load what V8 knows of languages takes longer than most commands need for all they print. */
export function number(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** An amount of money from its exact text, to at least two places: "-1234.5000" is "-1,234.50". */
export function money(text: string): string {
  // Apart, for "-0" has no sign as a whole number.
  const sign = text.startsWith("-") ? "-" : "";
  const [whole = "0", fraction = ""] = text.slice(sign.length).split(".");
  return `${sign}${number(BigInt(whole))}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
}

/** "1 file", "2,000 files". */
export function count(value: number | bigint, noun: string): string {
  return `${number(value)} ${noun}${BigInt(value) === 1n ? "" : "s"}`;
}

/** A size: "1.23 MB". */
export function bytes(size: number | bigint): string {
  return prettyBytes(Number(size));
}

/** A time in UTC, to the second: "2025-09-14 10:02:11". Empty where there is none. */
export function time(value: Date | number | null): string {
  return value === null ? "" : new Date(value).toISOString().slice(0, 19).replace("T", " ");
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A length of time in its largest unit: "3 days". */
export function duration(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return count(Math.floor(seconds / length), unit);
}

/** A length of time as a clock shows it: "1:02:03", "0:07". */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** Text in lines of so many columns. A word that is longer has a line of its own. @param text or its words, which may have blanks in them */
export function wrap(text: string | readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const word of typeof text === "string" ? text.split(/\s+/) : text) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A line in so many columns of a terminal, as the terminal counts them; where it is longer, its end is cut. */
export function fitted(line: string, columns: number): string {
  const { index, truncated } = textWidth(line, { limit: columns, ellipsis: "…" });
  return truncated ? `${line.slice(0, index)}…` : line;
}

/** A column of a table: its heading, and the side on which its cells stand. */
export type Heading = string | { right: string };

const GAP = "  ";

/** A table without borders, as its lines. Cells that are numbers get thousands separators; columns of numbers are declared with `right`. */
export function table(headings: readonly Heading[], rows: readonly (readonly (string | number | bigint)[])[]): string[] {
  const titles = headings.map((heading) => (typeof heading === "string" ? heading : heading.right));
  const shown = [titles, ...rows].map((row) => row.map((cell) => (typeof cell === "string" ? oneLine(cell) : number(cell))));
  const widths = shown.map((row) => row.map((cell) => textWidth(cell).width));
  const columns = headings.map((heading, index) => ({
    isRight: typeof heading !== "string",
    width: widths.reduce((most, row) => Math.max(most, row[index] ?? 0), 0),
  }));
  const padded = (cell: string, width: number, column: (typeof columns)[number] | undefined) => {
    const blanks = " ".repeat((column?.width ?? width) - width);
    return column?.isRight ? blanks + cell : cell + blanks;
  };
  return shown.map((row, line) =>
    row
      .map((cell, index) => padded(cell, widths[line]?.[index] ?? 0, columns[index]))
      .join(GAP)
      .trimEnd(),
  );
}
