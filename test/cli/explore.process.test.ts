/** explore as a process, and its pages in a browser. */
import { once } from "node:events";
import { connect } from "node:net";
import axe from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { cli, spawnCli, startCli } from "../helpers/cli.ts";
import { browserMissing, startBrowser } from "../helpers/browser.ts";
import { ask, EVIL, shopFolder, Visitor } from "../helpers/explore.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

let shop: Awaited<ReturnType<typeof shopFolder>>;

beforeAll(async () => {
  shop = await shopFolder();
});
afterAll(() => shop.remove());

/** Starts it in this process. @returns the address that it prints */
async function started(...options: string[]): Promise<string> {
  const { said } = startCli(["explore", ...options], { cwd: shop.folder });
  return /http:\S+/.exec(await said(/Ctrl-C ends it/))?.[0] ?? "";
}

describe("the command", () => {
  test("prints the address, and what is hidden; as JSON, too", async () => {
    const { said, interrupt, ended } = startCli(["explore"], { cwd: shop.folder });
    expect(await said(/Ctrl-C ends it/)).toMatch(
      /^Open in a browser of this machine: http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\nWho contacts are is hidden; --show-personal shows it\. What people searched for is not\.\nCtrl-C ends it\.\n$/,
    );
    interrupt("SIGINT");
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
    const json = startCli(["explore", "--json", "--show-personal"], { cwd: shop.folder });
    expect(JSON.parse(await json.said(/\}\n/))).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/) as string,
      port: expect.any(Number) as number,
      personal: true,
    });
  });

  test("begins with the days and the currency that are named", async () => {
    const url = await started("--from", "2025-09-10", "--to", "2025-09-11", "--currency", "EUR");
    const { status, headers } = await ask(Number(new URL(url).port), `/${new URL(url).search}`);
    expect({ status, to: headers["location"] }).toEqual({ status: 303, to: "/?from=2025-09-10&to=2025-09-11&currency=EUR" });
  });

  test.each([
    [["--from", "soon"], 2, '--from is "soon"'],
    [["--from", "2025-09-02", "--to", "2025-09-01"], 2, "--from 2025-09-02 is behind --to 2025-09-01"],
    [["--port", "70000"], 2, '--port is "70000"'],
    [["--host", "0.0.0.0"], 2, "there is no option --host"],
  ])("%j is told", async (options, code, message) => {
    const ended = await cli(["explore", ...options], { cwd: shop.folder });
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(message) as string });
  });

  test("a port that is taken, and a warehouse that is not there, are told", async () => {
    const { port } = new URL(await started());
    expect(await cli(["explore", "--port", port], { cwd: shop.folder })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[port_taken]") as string,
    });
    expect(await cli(["explore"], { cwd: scratchFolder() })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[warehouse_missing]") as string,
    });
  });

  test("Ctrl-C ends the process at once, whoever holds a connection and whatever is running", async () => {
    const { child, said, ended } = spawnCli(["explore", "--show-personal"], { cwd: shop.folder });
    const url = /http:\S+/.exec(await said(/Ctrl-C ends it/))?.[0] ?? "";
    const visitor = await Visitor.by(url);
    const kept = connect(visitor.port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void kept.destroy());
    await once(kept, "connect");
    const running = visitor.sql("SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = 7").catch(() => "cut off");
    const begin = performance.now();
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0 });
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(await running).toBe("cut off");
    expect(await cli(["load", "export.csv"], { cwd: shop.folder }), "the warehouse is free").toMatchObject({ code: 0 });
  });
});

describe.skipIf(browserMissing)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  interface Visit {
    page: Page;
    /** What the browser said of errors, and what it asked for. */
    errors: string[];
    requests: string[];
  }

  async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context: BrowserContext = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const errors: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => void (["error", "warning"].includes(message.type()) && errors.push(message.text())));
    page.on("pageerror", (error) => void errors.push(error.message));
    page.on("request", (request) => void requests.push(request.url()));
    await page.goto(url);
    return { page, errors, requests };
  }

  /** What axe finds that keeps somebody from using the page. */
  async function findings(page: Page, options = "{}"): Promise<string[]> {
    // A tool of the test's own: the page's policy lets no other script in.
    const found = (await page.evaluate(
      `${axe.source}; axe.run(${options}).then(({ violations }) => violations.map(({ id, impact, nodes }) => [impact, id, nodes[0].html].join(" ")))`,
    )) as string[];
    return found.filter((finding) => /^(serious|critical)/.test(finding));
  }

  const DAYS = "from=2025-09-10&to=2025-09-10";

  test("the token is gone from the address, and the way down works by keyboard and without scripts", async () => {
    const url = await started();
    const { page, errors, requests } = await visit(url, { javaScriptEnabled: false });
    const { origin } = new URL(url);
    expect(page.url()).toBe(`${origin}/`);
    await page.getByRole("textbox", { name: "From" }).fill("2025-09-10");
    await page.getByRole("combobox", { name: "Campaign" }).selectOption("autumn");
    await page.getByRole("button", { name: "Show" }).press("Enter");
    expect(new URL(page.url()).searchParams.get("campaign")).toBe("autumn");
    await page.getByRole("link", { name: "more of it" }).press("Enter");
    await page.getByRole("heading", { level: 1, name: "How did “Autumn” do?" }).waitFor();
    await page.getByRole("link", { name: "Hello" }).first().press("Enter");
    await page
      .getByRole("link", { name: /^Contact / })
      .first()
      .press("Enter");
    await page.getByRole("heading", { level: 1, name: "What happened with this contact?" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Report" }).press("Enter");
    expect(new URL(page.url()).pathname).toBe("/");
    expect(errors).toEqual([]);
    expect(requests.filter((request) => !request.startsWith(`${origin}/`))).toEqual([]);
  });

  test("the SQL box runs what is written in it", async () => {
    const { page, errors } = await visit(await started("--show-personal"));
    await page.getByRole("link", { name: "Ask in SQL" }).click();
    await page.getByLabel(/^Statement/).fill("SELECT contact_email, count(*) AS n FROM marketing_signals GROUP BY ALL HAVING n > 1 ORDER BY 2 DESC");
    await page.getByRole("button", { name: "Run" }).click();
    await page
      .getByRole("cell", { name: "ana@example.com" })
      .or(page.getByRole("rowheader", { name: "ana@example.com" }))
      .waitFor();
    expect(errors).toEqual([]);
  });

  test("every page can be used by everybody, in light and dark, and on a phone", async () => {
    const url = await started("--show-personal");
    const { page, errors } = await visit(url);
    const { origin } = new URL(url);
    for (const path of [`/?${DAYS}`, `/message?id=hello&${DAYS}`, "the contact", `/campaign?id=${encodeURIComponent(EVIL)}`, "/sql"]) {
      if (path === "the contact") await page.getByRole("link", { name: "customer-ana" }).first().click();
      else await page.goto(origin + path);
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1280, height: 800 });
      expect({ path, findings: await findings(page) }).toEqual({ path, findings: [] });
      await page.emulateMedia({ colorScheme: "dark" });
      expect({ path, findings: await findings(page, '{ runOnly: ["color-contrast"] }') }).toEqual({ path, findings: [] });
      await page.setViewportSize({ width: 390, height: 844 });
      const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect({ path, wide }, "no page is wider than the screen").toEqual({ path, wide: 0 });
    }
    expect(errors).toEqual([]);
  });
});
