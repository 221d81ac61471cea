/** What a report's page says, read out of its HTML. */
import { parseHTML } from "linkedom";

/** What is asked of an element here. */
export interface Element {
  textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

export const read = (html: string): Element => parseHTML(html).document;

/** The text of an element, its blanks as single ones. */
export const text = (element: Element | null): string => (element?.textContent ?? "").replace(/\s+/g, " ").trim();

/** The section of a question. */
export function section(page: Element, id: string): Element {
  const found = page.querySelector(`section[aria-labelledby="${id}"]`);
  if (!found) throw new Error(`the page has no section ${id}`);
  return found;
}

/** The rows of a table, without its headings. */
export const cells = (table: Element | null): string[][] =>
  [...(table?.querySelectorAll("tbody tr") ?? [])].map((row) => [...row.querySelectorAll("th, td")].map(text));

/** The numbers of a question. */
export const numbers = (page: Element, id: string): string[][] => cells(section(page, id).querySelector("table"));

/** The tiles: name, value, and what stands below. */
export const tiles = (page: Element): string[][] =>
  [...page.querySelectorAll(".tiles li")].map((tile) => [...tile.querySelectorAll("span")].map(text));

/** The SQL that the page has, by question. */
export const statements = (page: Element): Map<string, string> =>
  new Map([...page.querySelectorAll("pre")].map((pre) => [pre.getAttribute("id") ?? "", pre.textContent]));
