/** Changing one setting of a configuration that somebody has written, and nothing else in it: comments, order and layout stay. */
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";

/** A configuration's text with a setting of it: changed in its place, else at the end of its section, which is made at the end where there is none. */
export function withSetting(text: string, section: string, name: string, value: unknown): string {
  if (text.startsWith("\uFEFF")) return `\uFEFF${withSetting(text.slice(1), section, name, value)}`;
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root?.type !== "object") throw new Error("a configuration is an object");
  const written = oneLine(value);
  const known = findNodeAtLocation(root, [section, name]);
  if (known) return text.slice(0, known.offset) + written + text.slice(known.offset + known.length);
  const there = findNodeAtLocation(root, [section]);
  if (there?.type === "object") return withProperty(text, there, `${JSON.stringify(name)}: ${written}`);
  return withProperty(text, root, `${JSON.stringify(section)}: { ${JSON.stringify(name)}: ${written} }`);
}

const oneLine = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(", ")}]` : JSON.stringify(value);

/** The text with one more property in an object of it. */
function withProperty(text: string, object: Node, property: string): string {
  const last = object.children?.at(-1);
  const end = object.offset + object.length - 1;
  const behind = last ? last.offset + last.length : object.offset + 1;
  const hasComma = !last || commaBehind(text, behind, end);
  const lineOfEnd = text.lastIndexOf("\n", end - 1) + 1;
  // In one line with what is before it: there it stays.
  if (lineOfEnd <= object.offset || text.slice(lineOfEnd, end).trim() !== "") {
    const inside = text.slice(behind, end).trimEnd();
    return `${text.slice(0, behind)}${hasComma ? "" : ","}${inside} ${property} ${text.slice(end)}`;
  }
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const indent = last ? indentAt(text, last.offset) : `${indentAt(text, end)}  `;
  return `${text.slice(0, behind)}${hasComma ? "" : ","}${text.slice(behind, lineOfEnd)}${indent}${property},${eol}${text.slice(lineOfEnd)}`;
}

/** The blanks that the line of a place begins with. */
const indentAt = (text: string, offset: number): string => /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", offset - 1) + 1))?.[0] ?? "";

/** Whether a comma stands between two places, where nothing else but comments may. */
const commaBehind = (text: string, from: number, to: number): boolean =>
  /^(\s|\/\/[^\n]*(\n|$)|\/\*([^*]|\*(?!\/))*\*\/)*,/.test(text.slice(from, to));
