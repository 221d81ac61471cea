import { describe, expect, test } from "vitest";
import { cut, day, moneyOf, share, shown, time } from "../../../sinks/report/page/format.ts";
import { html } from "../../../sinks/report/page/html.ts";
import { stepsOf } from "../../../sinks/report/scope.ts";

test.each([
  ["JPY", "1234.0000", "¥1,234", "¥1,234"],
  // What is there is said, places of the currency or not.
  ["JPY", "0.5000", "¥0.5", "¥1"],
  ["EUR", "1234.5000", "€1,234.50", "€1,235"],
  ["EUR", "12345678901234.5678", "€12,345,678,901,234.5678", "€12,345,678,901,235"],
  ["KWD", "1.5", "KWD 1.500", "KWD 2"],
  ["XQQ", "1234.5", "XQQ 1,234.50", "XQQ 1,235"],
  ["EURO", "1234.5", "1,234.50 EURO", "1,235 EURO"],
  ["€", "7", "7.00 €", "7 €"],
  [null, "7", "7.00", "7"],
  ["EUR", "-1234.5", "-€1,234.50", "-€1,235"],
])("an amount in %j: %s is %s, in whole units %s", (currency, amount, exact, whole) => {
  const money = moneyOf(currency);
  const blanks = (text: string) => text.replaceAll("\u00a0", " ");
  expect([money.exact(amount), money.whole(amount)].map(blanks)).toEqual([exact, whole]);
});

test.each([
  ["JPY", "333.3333", "¥333"],
  ["EUR", "33.3350", "€33.34"],
  ["EUR", "12345678901234.5678", "€12,345,678,901,234.57"],
  ["KWD", "1.3333", "KWD 1.333"],
  ["EURO", "33.3333", "33.33 EURO"],
  [null, "33.3333", "33.33"],
])("a part of an amount in %j: %s is %s", (currency, amount, written) => {
  expect(shown(amount, "part", moneyOf(currency)).replaceAll("\u00a0", " ")).toBe(written);
});

test.each([
  [0, "0 %"],
  [0.0001, "0.01 %"],
  [0.0734, "7.34 %"],
  [0.0994, "9.94 %"],
  [0.1044, "10.4 %"],
  [0.477, "47.7 %"],
  [1, "100.0 %"],
])("a share of %d is %s", (value, written) => {
  expect(share(value)).toBe(written);
});

test("days and times", () => {
  expect([day("2025-08-31"), day("2025-09-01", false), time("2025-09-05T23:59:52.695Z")]).toEqual(["31 Aug 2025", "1 Sep", "2025-09-05 23:59"]);
});

test.each([
  ["Autumn", 10, "Autumn"],
  ["Autumn  \n sale", 12, "Autumn sale"],
  ["Autumn sale", 8, "Autumn…"],
  ["👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2, "👩‍👩‍👧…"],
  ["a\u202eb", 10, "a\\u202eb"],
])("%j in %d characters is %j", (name, most, line) => {
  expect(cut(name, most)).toBe(line);
});

describe("html", () => {
  test("what is put in is text, in elements and in attributes", () => {
    const name = `<b>&"'`;
    expect(html`<i title="${name}">${name}</i>`.text).toBe('<i title="&lt;b&gt;&amp;&quot;&#39;">&lt;b&gt;&amp;&quot;&#39;</i>');
  });

  test("HTML stays, lists stand one after the other, and what is not there leaves nothing", () => {
    expect(html`${[html`<b>a</b>`, "<", 1]}${null}${undefined}${false}${0}`.text).toBe("<b>a</b>&lt;10");
  });

  test("control characters, marks of direction and halves of characters are shown as escapes", () => {
    expect(html`${"a\u0000\u001b\u202e\ud800\n"}`.text).toBe("a\\u0000\\u001b\\u202e\\ud800\n");
  });
});

test.each([
  [{ from: "2025-02-27", to: "2025-03-01", step: "day" }, ["2025-02-27", "2025-02-28", "2025-03-01"]],
  // A Monday, and the Sunday behind it.
  [{ from: "2025-03-03", to: "2025-03-09", step: "week" }, ["2025-03-03"]],
  [{ from: "2025-03-02", to: "2025-03-10", step: "week" }, ["2025-02-24", "2025-03-03", "2025-03-10"]],
] as const)("the steps of %j", (scope, steps) => {
  expect(stepsOf(scope)).toEqual(steps);
});
