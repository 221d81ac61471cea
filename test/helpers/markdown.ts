/** Reading our own Markdown: sections, tables, code, links, command lines. Only what our pages use. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Every page for users, as paths from the root. */
export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "samples/README.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
];

/** What the pages' monthly.sql may have. */
export const MONTHLY_SQL = "SELECT count(*) AS orders FROM orders WHERE date_trunc('month', occurred_at) = $month::DATE";

export const readPage = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^ *```$/gm;

export interface CodeBlock {
  language: string;
  code: string;
}

export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(FENCE)].map(([, indent = "", language = "", code = ""]) => ({
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

const withoutCodeBlocks = (text: string): string => text.replaceAll(FENCE, "");

/** What stands in backticks outside of code blocks. */
export const inlineCode = (text: string): string[] => [...withoutCodeBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

interface Heading {
  level: number;
  title: string;
  at: number;
}

const headings = (text: string): Heading[] =>
  [...text.matchAll(/^(#{1,6}) (.+)$/gm)].map(({ 1: marks = "", 2: title = "", index }) => ({ level: marks.length, title, at: index }));

/** The text below a heading, those of lower level included. */
export function section(text: string, title: string): string {
  const plain = text.replaceAll(FENCE, (block) => block.replaceAll(/^( *)#/gm, "$1%"));
  const all = headings(plain);
  const index = all.findIndex((heading) => heading.title === title);
  const found = all[index];
  if (!found) throw new Error(`there is no heading "${title}"`);
  const next = all.slice(index + 1).find(({ level }) => level <= found.level);
  return text.slice(text.indexOf("\n", found.at), next?.at);
}

const isRule = (line = "") => /^\| ?---/.test(line);

/** The cells of all tables, without their heads. Backticks around a whole cell are left out, and escapes. */
export function tableRows(text: string): string[][] {
  const lines = withoutCodeBlocks(text).split("\n");
  const body = lines.filter((line, index) => line.startsWith("|") && !isRule(line) && !isRule(lines[index + 1]));
  return body.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) =>
        cell
          .trim()
          .replace(/^`([^`]*)`$/, "$1")
          .replaceAll(/\\([*_])/g, "$1"),
      ),
  );
}

/** The page with other rows in the table of a section that has this head, laid out as the formatter does. */
export function withTable(page: string, title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const text = section(page, title);
  const widths = head.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[], pad = " ") => `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0, pad)).join(" | ")} |\n`;
  const table = [
    line(head),
    line(
      head.map(() => ""),
      "-",
    ),
    ...rows.map((row) => line(row)),
  ].join("");
  const place = new RegExp(String.raw`^\|\s*${head.join(String.raw`\s*\|\s*`)}\s*\|\n(\|.*\n)*`, "m");
  return page.replace(text, () => text.replace(place, () => table));
}

/** The targets of all links that are no address on the web. */
export function relativeLinks(text: string): string[] {
  const plain = withoutCodeBlocks(text);
  const targets = [...plain.matchAll(/\]\(([^)\s]+)\)/g), ...plain.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
export const anchors = (text: string): string[] =>
  headings(withoutCodeBlocks(text)).map(({ title }) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** The words of a shell line, one list for each command in it. Comments are left out. */
function shellCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [word, double, single] of line.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)) {
    if (word.startsWith("#")) break;
    if (/^(&&|\|\|?|;;?|[<>]+)$/.test(word)) commands.push([]);
    else commands.at(-1)?.push(double ?? single ?? word);
  }
  return commands;
}

export interface CommandLine {
  line: string;
  args: string[];
}

/** The command lines of a page: whole ones in code blocks; in running text the arguments may be left out. */
export function commandLines(path: string): CommandLine[] {
  const text = readPage(path);
  const blocks = codeBlocks(text).flatMap(({ code }) => code.split("\n").flatMap(signalhouseLines));
  const inline = inlineCode(text).flatMap(signalhouseLines);
  return [...blocks, ...inline.map(({ line, args }) => ({ line, args: [...args, "--help"] }))];
}

/** The command lines of signalhouse in a line of shell. */
export function signalhouseLines(line: string): CommandLine[] {
  return shellCommands(line).flatMap((words) => {
    const at = words.findIndex((word) => /(^|[/=])signalhouse$|(^|\/)dist\/cli\/main\.js$/.test(word));
    const args = words.slice(at + 1);
    return at === -1 || args.length === 0 ? [] : [{ line, args }];
  });
}
