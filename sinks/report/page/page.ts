/** The page around the answers: it needs no other file, asks no network for anything, and runs nothing but its own script. */
import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

const sha256 = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** What a page has beside what the report has, where pages are served. */
export interface Served {
  /** The way back and on, above the title. */
  above: Html;
  /** Style of its own, behind that of all pages. */
  style: string;
}

/** What a browser may do with the page: a report that is a file has no forms. */
export const policyOf = (served?: Pick<Served, "style">): string =>
  `default-src 'none'; script-src ${sha256(SCRIPT)}; style-src ${sha256(STYLE + (served?.style ?? ""))}; base-uri 'none'; form-action ${served ? "'self'" : "'none'"}`;

export interface Page {
  title: string;
  /** What it is about: period, currency, what the data has. */
  lead: readonly string[];
  body: readonly Html[];
  foot: readonly string[];
  served?: Served | undefined;
}

const THEMES = { auto: "As the system", light: "Light", dark: "Dark" };

export function pageOf({ title, lead, body, foot, served }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(served)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${new Html(`<style>${STYLE}${served?.style ?? ""}</style>`)}
      </head>
      <body>
        <main>
          ${served?.above}
          <header>
            <div>
              <h1>${title}</h1>
              ${lead.map((line) => html`<p class="lead">${line}</p> `)}
            </div>
            <fieldset class="themes choice">
              <legend class="unseen">Colors</legend>
              ${Object.entries(THEMES).map(
                ([name, text]) =>
                  html`<input type="radio" name="theme" id="theme-${name}" ${name === "auto" && html` checked`} /><label for="theme-${name}"
                      >${text}</label
                    >`,
              )}
            </fieldset>
          </header>
          ${body}
          <footer>${foot.map((line) => html`<p>${line}</p> `)}</footer>
        </main>
        ${new Html(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `.text;
}
