/** What served pages have beside the report's style sheet. */
export const STYLE = `
a { color: var(--email); text-underline-offset: 2px; }
a:focus-visible, input:focus-visible, select:focus-visible, textarea:focus-visible { outline: 2px solid var(--email); outline-offset: 2px; border-radius: 4px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 24px; justify-content: space-between; font-size: 14px; margin-bottom: 16px; }
nav ol { display: flex; flex-wrap: wrap; list-style: none; margin: 0; padding: 0; min-width: 0; }
nav li + li::before { content: "›"; color: var(--muted); margin: 0 8px; }
form.filter { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; margin-bottom: 20px; }
form label { display: block; font-size: 13px; color: var(--muted); }
form.filter label { flex: 0 1 auto; min-width: 0; max-width: 100%; }
form.filter input, form.filter select { display: block; height: 34px; margin-top: 2px; max-width: 260px; }
input, select, textarea { font: inherit; font-size: 14px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 4px 8px; }
form.filter button { height: 34px; margin: 0; padding: 0 14px; }
textarea { display: block; width: 100%; margin-top: 4px; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; resize: vertical; }
.failure { border-left: 4px solid var(--bad); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 20px; margin: 10px 0 0; font-size: 14px; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.pages { display: flex; gap: 16px; margin-top: 12px; font-size: 14px; }
@media print { nav, form, .pages { display: none; } }
`;
