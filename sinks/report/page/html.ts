/** HTML as a template: what is put in is text, and escaped, unless it is such HTML itself. */
import { safeLines } from "../../../schemas/characters.ts";

/** HTML that is safe to put into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | null | undefined | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** A text as HTML, within elements and within quoted attributes. What drives a terminal or turns text round is shown as an escape here, too. */
const escaped = (text: string): string => safeLines(text).replace(/[&<>"']/g, (sign) => ESCAPES[sign] as string);

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return part === null || part === undefined || part === false ? "" : part.map(textOf).join("");
}

/** html`<b title="${name}">${name}</b>`: attributes stand in double quotes. Lists are put in one after the other, and what is not there leaves nothing. How a template is indented does not matter. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, index) => text.replace(/\n\s*/g, "\n") + textOf(parts[index])).join(""));
