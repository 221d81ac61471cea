/** The report's page in a browser: its policy holds, nothing is asked for, and it can be read on a phone, by keyboard, and in light and dark. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeReport } from "../../../sinks/report/page/make-report.ts";
import { browserMissing, startBrowser } from "../../helpers/browser.ts";
import { click, delivery, of, order, send } from "../../helpers/mart-rows.ts";
import { csv, memoryFile, scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

const OPEN_ALL = `document.querySelectorAll("details").forEach((each) => { each.open = true; })`;

/** Two campaigns: one that is clicked first, and one that is clicked last. */
async function madePage(): Promise<string> {
  const scratch = await scratchWarehouse();
  const names = { first: `<script>alert("first")</script>`, last: `Autumn ${"sale ".repeat(40)}` };
  const contacts = Array.from({ length: 40 }, (_, n) => `C${n}`);
  const rows = contacts.flatMap((contact, n) => {
    const [early, late] = [
      { ...of("first", "m1"), CAMPAIGN_NAME: names.first },
      { ...of("last", "m2"), CAMPAIGN_NAME: names.last },
    ];
    return [
      send(`s${n}`, "08:00", contact, early),
      delivery(`d${n}`, "08:01", contact, early),
      click(`a${n}`, "08:10", contact, early),
      click(`b${n}`, "08:20", contact, late),
      order(`o${n}`, "+1 09:00", contact, "10.50", {}, { TLTSID: contact }),
    ];
  });
  await scratch.load([memoryFile("signals.csv", 1, csv(rows))]);
  const { html } = await makeReport(scratch.warehouse.connection, { from: "2025-09-08", to: "2025-09-12" });
  return html;
}

describe.skipIf(browserMissing)("in chromium", () => {
  let browser: Browser;
  let html = "";
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  /** The page as a file, as users open it, and what it has said and asked for. */
  async function opened({
    width = 1280,
    theme = "light",
    javaScript = true,
  }: { width?: number; theme?: "light" | "dark"; javaScript?: boolean } = {}) {
    html ||= await madePage();
    const file = join(scratchFolder(), "report.html");
    writeFileSync(file, html);
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, javaScriptEnabled: javaScript });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const heard: string[] = [];
    page.on("console", (message) => heard.push(message.text()));
    page.on("pageerror", (error) => heard.push(error.message));
    page.on("request", (request) => request.url() !== `file://${file}` && heard.push(request.url()));
    await page.goto(`file://${file}`);
    return { page, heard };
  }

  const visibleBars = (page: Page) =>
    page.locator(".models > .chart:visible .wide svg, .models > .chart:visible .narrow:visible svg").first().textContent();

  test("it says nothing, asks for nothing, and its policy lets nothing else in", async () => {
    const { page, heard } = await opened();
    expect(heard).toEqual([]);
    const refused = page.waitForEvent("requestfailed");
    await page.evaluate(`{
      document.body.insertAdjacentHTML("beforeend", '<img src="https://example.com/x.png"><p style="color: red">x</p>');
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
    }`);
    expect((await refused).failure()?.errorText).toBe("csp");
    await expect.poll(() => heard.filter((text) => text.includes("Content Security Policy")).length).toBe(3);
    expect(await page.evaluate("'ran' in window")).toBe(false);
  });

  test("the model that is chosen is shown, by pointer and by keyboard, without the script too", async () => {
    const { page } = await opened({ javaScript: false });
    expect(await page.locator(".models > .chart:visible").count()).toBe(1);
    expect(await visibleBars(page)).toContain("Autumn");
    await page.getByText("First click", { exact: true }).first().click();
    expect(await page.locator(".models > .chart:visible").count()).toBe(1);
    expect(await visibleBars(page)).toContain("<script>");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#model-linear").isChecked()).toBe(true);
    expect(await visibleBars(page)).toContain("€210");
    expect(await page.locator("button:visible").count()).toBe(0);
  });

  test("SQL is copied", async () => {
    const { page, heard } = await opened();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#campaign-revenue-sql").locator("xpath=..").locator("summary").click();
    await page.locator("[data-copies=campaign-revenue-sql]").click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toMatch(/^SELECT campaign_id, campaign_name, /);
    expect(heard).toEqual([]);
  });

  test.each([390, 768, 1280])("nothing scrolls sideways at %d pixels but tables by themselves", async (width) => {
    const { page } = await opened({ width });
    await page.evaluate(OPEN_ALL);
    expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
    const outside = await page.evaluate(`
      [...document.querySelectorAll(".chart text")]
        .filter((text) => text.getClientRects().length > 0)
        .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect(), card: text.closest(".card").getBoundingClientRect() }))
        .filter(({ box, card }) => box.left < card.left || box.right > card.right)
        .map(({ text }) => text)`);
    expect(outside).toEqual([]);
  });

  test.each(["light", "dark"] as const)("axe finds nothing serious in %s", async (theme) => {
    const { page } = await opened({ theme, width: 390 });
    await page.evaluate(OPEN_ALL);
    // What the page's policy refuses to itself, whoever looks at it may do.
    await page.evaluate(axe.source);
    const found = await page.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>("axe.run()");
    expect(found.violations.map(({ id, impact, nodes }) => [id, impact, nodes[0]?.html])).toEqual([]);
  });

  test("the switch of colors goes before the system's", async () => {
    const { page } = await opened({ theme: "dark" });
    const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await paper();
    await page.getByText("Light", { exact: true }).click();
    expect(await paper()).not.toBe(dark);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("details").first().isVisible()).toBe(false);
  });
});
