/** The page's style sheet. Each color is said once, for light and for dark. */
import { MODEL_NAMES } from "../questions/campaign-revenue.ts";

/** Of the charts that lie behind each other, the one whose model is chosen. */
const CHOSEN = MODEL_NAMES.map((model) => `#model-${model}:checked ~ .of-${model}`).join(", ");

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fbfaf8, #171614);
  --card: light-dark(#ffffff, #211f1c);
  --ink: light-dark(#1d1b18, #efece6);
  --muted: light-dark(#5d5850, #b3ada2);
  --line: light-dark(#e6e2da, #3a3732);
  --email: light-dark(#2563c9, #74a3ff);
  --sms: light-dark(#b9540a, #f0954f);
  --whatsapp: light-dark(#0b8466, #44c9a3);
  --step-1: light-dark(#c7d9f5, #2b3f60);
  --step-2: light-dark(#6e9be4, #4a78c4);
  --step-3: light-dark(#1d4f9f, #b4cfff);
  --none: light-dark(#c3beb4, #5b574f);
  --good: light-dark(#0a6b52, #5fd0ae);
  --bad: light-dark(#a8331a, #ff9d80);
}
:root:has(#theme-light:checked) { color-scheme: light; }
:root:has(#theme-dark:checked) { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 908px; margin: 0 auto; padding: 28px 12px 48px; overflow-wrap: anywhere; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 6px; }
h2 { font-size: 15px; line-height: 1.3; margin: 32px 0 10px; color: var(--muted); font-weight: 600; }
h3 { font-size: 18px; line-height: 1.3; margin: 0 0 4px; text-wrap: balance; }
h4 { font-size: 14px; margin: 0; }
p { margin: 0; }
.lead, .about, .note { color: var(--muted); }
.lead { max-width: 70ch; }
.about { font-size: 14px; max-width: 78ch; }
.note { font-size: 13px; margin-top: 8px; }
header { display: flex; gap: 12px 24px; justify-content: space-between; align-items: start; margin-bottom: 20px; }
.themes { flex: none; margin-top: 4px; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.choice input { position: absolute; opacity: 0; }
.choice label { display: inline-block; padding: 4px 10px; border: 1px solid var(--line); border-radius: 7px; font-size: 13px; color: var(--muted); cursor: pointer; margin: 0 2px 6px 0; }
.choice input:checked + label { background: var(--ink); border-color: var(--ink); color: var(--card); }
.choice input:focus-visible + label { outline: 2px solid var(--email); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin: 0 0 16px; padding: 0; list-style: none; }
.card, .tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tiles li { padding: 12px 14px; min-width: 0; }
.tiles .name { font-size: 13px; color: var(--muted); display: block; }
.tiles .value { font-size: 23px; line-height: 1.35; font-weight: 650; font-variant-numeric: tabular-nums; display: block; }
.tiles .long { font-size: 18px; line-height: 1.725; }
.tiles .change { font-size: 13px; display: block; }
.tiles .more { font-size: 13px; color: var(--muted); display: block; }
.tiles + details { margin-bottom: 16px; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.card { padding: 18px 20px; margin-bottom: 16px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; margin: 10px 0 2px; padding: 0; font-size: 13px; color: var(--muted); }
.legend svg { width: 14px; height: 10px; margin-right: 6px; }
.chart { margin: 12px 0 0; }
.chart svg, .chart .wide, .chart .narrow { display: block; }
.chart svg { width: 100%; height: auto; font-size: 13px; color: var(--muted); overflow: visible; font-family: inherit; }
.chart .narrow { display: none; }
.chart .text { fill: var(--ink); }
.chart text { unicode-bidi: plaintext; }
.models { margin-top: 12px; }
.models > .chart { display: none; }
${CHOSEN} { display: block; }
.thirds { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px 20px; }
.answer { margin-top: 10px; }
details { display: inline-block; vertical-align: top; margin: 10px 18px 0 0; font-size: 14px; }
details[open] { display: block; margin-right: 0; }
summary { cursor: pointer; color: var(--muted); width: fit-content; border-radius: 4px; padding: 2px 4px; margin-left: -4px; }
summary:focus-visible, button:focus-visible, .scroll:focus-visible { outline: 2px solid var(--email); outline-offset: 2px; }
.scroll { overflow-x: auto; margin-top: 8px; border-radius: 4px; overflow-wrap: normal; }
table { border-collapse: collapse; font-size: 13px; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; min-width: 92px; }
th:last-child, td:last-child { padding-right: 2px; }
th:first-child { position: sticky; left: 0; background: var(--card); }
thead th { color: var(--muted); font-weight: 600; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 400; min-width: 190px; }
th.when, td.when { white-space: nowrap; overflow-wrap: normal; min-width: 0; }
th.number, td.number { text-align: right; white-space: nowrap; overflow-wrap: normal; min-width: 0; }
pre { margin: 8px 0 0; padding: 12px; background: var(--paper); border: 1px solid var(--line); border-radius: 7px; overflow-x: auto; font: 12.5px/1.5 ui-monospace, Menlo, Consolas, monospace; }
button { font: inherit; font-size: 13px; margin-top: 8px; padding: 3px 12px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px; cursor: pointer; }
footer { color: var(--muted); font-size: 14px; margin-top: 24px; }
footer p { margin-bottom: 8px; }
@media (max-width: 700px) {
  header { flex-direction: column; }
  main { padding-top: 20px; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .tiles .value { font-size: 20px; line-height: 1.5; }
  .tiles .long { font-size: 16px; line-height: 1.875; }
  .card { padding: 14px 14px; }
  td, tbody th { min-width: 124px; }
  .thirds { grid-template-columns: minmax(0, 1fr); }
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  .chart svg { max-width: 460px; }
}
@media print {
  :root, :root:has(#theme-dark:checked) { color-scheme: light; }
  body { background: none; font-size: 11pt; }
  main { max-width: none; padding: 0; }
  .card, .tiles li { break-inside: avoid; }
  .card:has(> .scroll) { break-inside: auto; }
  details, .choice > legend, .choice > label, .themes { display: none; }
  .choice > input:checked + label { display: inline-block; background: none; color: var(--ink); border: 0; padding: 0; }
  .scroll { overflow: visible; }
  tr { break-inside: avoid; }
}
`;
