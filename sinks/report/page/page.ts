/** The page around the answers: one file that asks no network for anything, and runs nothing but its own script. */
import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

const sha256 = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** What a browser may do with the page. */
const POLICY = `default-src 'none'; script-src ${sha256(SCRIPT)}; style-src ${sha256(STYLE)}; base-uri 'none'; form-action 'none'`;

export interface Page {
  title: string;
  /** What it is about: period, currency, what the data has. */
  lead: readonly string[];
  body: readonly Html[];
  foot: readonly string[];
}

const THEMES = { auto: "As the system", light: "Light", dark: "Dark" };

export function pageOf({ title, lead, body, foot }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${new Html(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <main>
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
