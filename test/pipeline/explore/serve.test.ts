/** The pages as a browser is given them: real requests to a server that listens, over a real warehouse. */
import { EventEmitter, once } from "node:events";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { doorTo } from "../../../pipeline/common/door.ts";
import { publish } from "../../../pipeline/publish.ts";
import { openForReading } from "../../../pipeline/read-copy.ts";
import { serve, type ServeOptions, type Serving } from "../../../pipeline/explore/serve.ts";
import { type Config, readConfig } from "../../../schemas/config.ts";
import { placeOf } from "../../../sinks/places.ts";
import { openWarehouse } from "../../../sinks/warehouse.ts";
import { ask, EVIL, PERSONAL, shopFolder, Visitor } from "../../helpers/explore.ts";
import { cells, type Element, numbers, read, section, text, tiles } from "../../helpers/report.ts";

let shop: Awaited<ReturnType<typeof shopFolder>>;
let config: Config;
let hiding: Serving;
let showing: Serving;
/** Each with the cookie. */
let masked: Visitor;
let open: Visitor;

const start = (options: Partial<ServeOptions> = {}): Promise<Serving> =>
  serve({
    port: 0,
    first: {},
    isPersonal: false,
    read: (work, signal) => doorTo(config, { signal }).toRead(({ connection }) => work({ connection, copy: undefined })),
    onBug: (error) => {
      throw error;
    },
    ...options,
  });

beforeAll(async () => {
  shop = await shopFolder();
  config = readConfig({ warehouse: `${shop.folder}/signals.duckdb` }, "the test");
  hiding = await start();
  showing = await start({ isPersonal: true });
  masked = await Visitor.by(hiding.url);
  open = await Visitor.by(showing.url);
});

afterAll(async () => {
  await hiding.close();
  await showing.close();
  shop.remove();
});

/** A server of the test's own, and who has come to it. */
async function started(options: Partial<ServeOptions>): Promise<{ serving: Serving; visitor: Visitor }> {
  const serving = await start(options);
  onTestFinished(() => serving.close());
  return { serving, visitor: await Visitor.by(serving.url) };
}

/** A page that is there. */
async function pageAt(visitor: Visitor, path: string): Promise<Element> {
  const { status, body } = await visitor.get(path);
  expect({ path, status }).toEqual({ path, status: 200 });
  return read(body);
}

/** Where a link in a section leads. */
function link(page: Element, id: string, name: string): string {
  const found = [...section(page, id).querySelectorAll("a")].find((anchor) => text(anchor) === name);
  return found?.getAttribute("href") ?? `there is no link ${name}`;
}

const DAYS = "from=2025-09-10&to=2025-09-10";

describe("what is chosen", () => {
  test("nothing: all campaigns, and what is of none", async () => {
    const page = await pageAt(masked, `/?${DAYS}`);
    expect(numbers(page, "campaign-revenue").map(([name, last]) => [name, last])).toEqual([
      ["Autumn", "€150.50"],
      ["spring", "€70.00"],
      ["No message", "€30.00"],
    ]);
    expect(tiles(page).map(([name, value]) => [name, value])).toEqual(
      expect.arrayContaining([
        ["Revenue", "€251"],
        ["Orders", "4"],
        ["Delivered", "6"],
      ]),
    );
    expect(page.querySelector(`section[aria-labelledby="signal-types"]`)).not.toBeNull();
  });

  test("a campaign: its own figures everywhere, and nothing of others", async () => {
    const page = await pageAt(masked, `/?${DAYS}&campaign=autumn`);
    expect(tiles(page).map(([name, value]) => [name, value])).toEqual(
      expect.arrayContaining([
        ["Revenue", "€151"],
        ["Orders", "2"],
        ["Delivered", "4"],
      ]),
    );
    expect(numbers(page, "campaign-revenue").map(([name, last]) => [name, last])).toEqual([["Autumn", "€150.50"]]);
    expect(numbers(page, "daily-revenue")).toEqual([["10 Sep 2025", "E-mail", "2", "€150.50"]]);
    expect(numbers(page, "messages").map((row) => [row[0], row[3], row.at(-1)])).toEqual([["Hello", "4", "€150.50"]]);
    const [engagement = []] = numbers(page, "engagement");
    expect([engagement[0], engagement[2], engagement[6]], "opened and clicked").toEqual(["10 Sep 2025", "1", "2"]);
    expect(page.querySelector(`section[aria-labelledby="signal-types"]`)).toBeNull();
    expect(page.querySelector("select[name=campaign] option[selected]")?.getAttribute("value")).toBe("autumn");
  });

  test("a currency", async () => {
    const page = await pageAt(masked, `/?${DAYS}&currency=usd`);
    expect(numbers(page, "campaign-revenue").map(([name, last]) => [name, last])).toEqual([["No message", "$10.00"]]);
    expect(page.querySelector("select[name=currency] option[selected]")?.getAttribute("value")).toBe("USD");
  });

  test("days without anything", async () => {
    const page = await pageAt(masked, "/?from=2020-01-01&to=2020-01-31");
    expect(text(section(page, "messages"))).toContain("No message was sent in the period.");
  });

  test.each([
    ["from=2025-02-30", 400, 'From is "2025-02-30", a day that does not exist'],
    ["from=yesterday", 400, 'From is "yesterday", which is no day'],
    ["from=2025-09-10T00:00:00Z", 400, 'From is "2025-09-10T00:00:00Z", which is no day'],
    ["from=2025-09-11&to=2025-09-10", 400, "From 2025-09-11 is behind To 2025-09-10"],
    ["from=0001-01-01&to=9999-12-31", 400, "is more than ten years"],
    ["currency=XXX", 404, "no order in the warehouse is in XXX"],
    ["campaign=winter", 404, 'no signal in the warehouse is of the campaign "winter"'],
    ["campaign=a%00b", 400, '"campaign" has a control character in it'],
  ])("%s is told in the page", async (query, status, message) => {
    const reply = await masked.get(`/?${query}`);
    expect(reply.status).toBe(status);
    const page = read(reply.body);
    expect(text(page.querySelector(".failure"))).toContain(message);
    expect(page.querySelector("nav a")?.getAttribute("href")).toMatch(/^\//);
  });
});

describe("the way down", () => {
  test("leads from the report to a campaign, its message, and what happened with a contact", async () => {
    const report = await pageAt(masked, `/?${DAYS}`);
    const toCampaign = link(report, "messages", "Autumn");
    expect(toCampaign).toBe(`/campaign?id=autumn&${DAYS}`);
    const campaign = await pageAt(masked, toCampaign);
    expect(text(campaign.querySelector("h1"))).toBe("How did “Autumn” do?");
    expect(numbers(campaign, "links")).toEqual([
      ["to-shop", "2", "1", "0"],
      ["to-sale", "1", "1", "1"],
    ]);
    const message = await pageAt(masked, link(campaign, "messages", "Hello"));
    expect(text(message.querySelector("h1"))).toBe("How did the message “Hello” do?");
    expect([...message.querySelectorAll("nav li")].map(text)).toEqual(["Report", "Autumn", "How did the message “Hello” do?"]);
    expect(numbers(message, "orders").map(([at, , number, , clicked, revenue]) => [at, number, clicked, revenue])).toEqual([
      ["2025-09-10 13:01", "o-2", "2025-09-10 10:07", "€50.00"],
      ["2025-09-10 13:00", "o-1", "2025-09-10 10:06", "€100.50"],
    ]);
    const [bea = "", ana = ""] = numbers(message, "clicks").map(([name]) => name);
    expect(numbers(message, "clicks").map(([, at, clicks]) => [at, clicks])).toEqual([
      ["2025-09-10 10:07", "1"],
      ["2025-09-10 10:06", "2"],
    ]);
    expect(bea).not.toBe(ana);
    const contact = await pageAt(masked, link(message, "clicks", ana));
    expect(text(contact.querySelector(".lead"))).toBe(ana);
    const facts = Object.fromEntries(
      [...contact.querySelectorAll("dt")].map((name, index) => [text(name), text([...contact.querySelectorAll("dd")][index] as Element)]),
    );
    expect(facts).toMatchObject({
      "First seen": "2025-09-10 10:00",
      "Last seen": "2025-09-11 08:00",
      "Last click": "2025-09-10 10:06",
      Orders: "1, worth €100.50",
    });
  });

  test("a timeline has pages, each signal in one of them", async () => {
    const message = await pageAt(masked, `/message?id=hello&${DAYS}`);
    const [, [name = ""] = []] = numbers(message, "clicks");
    const first = await pageAt(masked, link(message, "clicks", name));
    const second = await pageAt(masked, first.querySelector("a[rel=next]")?.getAttribute("href") ?? "");
    const rows = [...cells(first.querySelector("#timeline ~ .scroll table")), ...cells(second.querySelector("#timeline ~ .scroll table"))];
    // A send, a delivery, an open, two clicks, an order, a search, and 121 views.
    expect(rows).toHaveLength(128);
    expect(rows[0]).toEqual(["2025-09-11 08:00", "pageView", "–", "https://shop.example/last", "–"]);
    expect(rows.at(-1)).toEqual(["2025-09-10 10:00", "emailSend", "Hello", "–", "–"]);
    expect(rows).toContainEqual(["2025-09-10 13:00", "order", "–", "o-1", "€100.50"]);
    expect(second.querySelector("a[rel=next]")).toBeNull();
    expect(second.querySelector("a[rel=prev]")).not.toBeNull();
  });

  test.each([
    ["/campaign", 400],
    ["/campaign?id=nobody", 404],
    ["/message?id=nobody", 404],
    ["/contact?id=customer-ana", 404],
    ["/contact?id=", 400],
    ["/nowhere", 404],
    ["/sql/", 404],
    ["/__proto__", 404],
    ["//example.com", 404],
  ])("%s is %s", async (path, status) => {
    const reply = await masked.get(path);
    expect(reply.status).toBe(status);
    expect(read(reply.body).querySelector(".failure")).not.toBeNull();
  });
});

/** All pages that lead to Ana, and hers. */
async function bodies(visitor: Visitor): Promise<string> {
  const message = await visitor.get(`/message?id=hello&${DAYS}`);
  const [, [name = ""] = []] = numbers(read(message.body), "clicks");
  const first = await visitor.get(link(read(message.body), "clicks", name));
  const next = read(first.body).querySelector("a[rel=next]")?.getAttribute("href") ?? "";
  const others = [await visitor.get(`/campaign?id=autumn&${DAYS}`), await visitor.get(next)];
  return [message, first, ...others].map(({ body }) => body).join("\n");
}

describe("personal data", () => {
  test("is on no page, and in no link", async () => {
    const body = await bodies(masked);
    for (const value of [...PERSONAL, "ana%40example.com", "customer-bea"]) expect(body).not.toContain(value);
    expect(body).toContain("(e-mail address) or (phone number)");
    expect(body).toContain("attributes are hidden");
  });

  test("is shown where it is asked for, and in no link then either", async () => {
    const body = await bodies(open);
    for (const value of PERSONAL) expect(body).toContain(value);
    expect(body).not.toMatch(/href="[^"]*(customer-ana|example\.com)/);
  });
});

describe("names and addresses that would be something else", () => {
  test.each([
    ["/", 200],
    [`/campaign?id=${encodeURIComponent(EVIL)}`, 200],
    [`/message?id=${encodeURIComponent(EVIL)}`, 200],
    [`/campaign?id=${encodeURIComponent(`${EVIL}!`)}`, 404],
    [`/?from=${encodeURIComponent(EVIL)}`, 400],
    [`/?currency=${encodeURIComponent(EVIL)}`, 404],
    [`/contact?id=${encodeURIComponent(EVIL)}`, 404],
    [`/${encodeURIComponent(EVIL)}`, 404],
  ])("are text on %s", async (path, status) => {
    const reply = await masked.get(path);
    expect(reply.status).toBe(status);
    expect(reply.body).not.toMatch(/<script>alert|onerror|' OR 1=1 --(?!<)/i);
    expect([...read(reply.body).querySelectorAll("script")]).toHaveLength(1);
  });

  test("and so is SQL", async () => {
    const { body, status } = await open.sql(`SELECT '</textarea><script>alert(1)</script>' AS "<b>x</b>", 1 AS n UNION ALL SELECT 'b', 2`);
    expect(status).toBe(200);
    expect(body).not.toMatch(/<script>alert|<b>x/);
    expect(cells(section(read(body), "result").querySelector("table"))).toContainEqual(["</textarea><script>alert(1)</script>", "1"]);
  });
});

describe("who is let in", () => {
  const address = () => `127.0.0.1:${hiding.port}`;
  const known = () => ({ cookie: masked.cookie });

  test("whoever has the token, which is exchanged for a cookie", async () => {
    const { pathname, search } = new URL(hiding.url);
    const reply = await ask(hiding.port, pathname + search);
    expect(reply).toMatchObject({ status: 303, body: "", headers: { location: "/" } });
    expect(reply.headers["set-cookie"]?.[0]).toMatch(new RegExp(`^signalhouse-${hiding.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`));
    expect(reply.headers["set-cookie"]?.[0]).not.toContain(search.slice("?token=".length));
  });

  test.each<[string, () => { path?: string; headers?: Record<string, string>; method?: string }]>([
    ["nothing", () => ({})],
    ["a wrong token", () => ({ path: `/?token=${"A".repeat(43)}` })],
    ["a wrong token beside the cookie", () => ({ path: "/?token=x", headers: known() })],
    ["an empty token", () => ({ path: "/?token=", headers: known() })],
    ["the token of another one", () => ({ path: `/${new URL(showing.url).search}` })],
    ["the cookie of another one", () => ({ headers: { cookie: open.cookie } })],
    ["the token as a cookie", () => ({ headers: { cookie: `signalhouse-${hiding.port}=${new URL(hiding.url).searchParams.get("token")}` } })],
    ["another host", () => ({ headers: { ...known(), host: "evil.example" } })],
    ["another host with the port", () => ({ headers: { ...known(), host: `evil.example:${hiding.port}` } })],
    ["no port", () => ({ headers: { ...known(), host: "127.0.0.1" } })],
    ["a host that begins like it", () => ({ headers: { ...known(), host: `${address()}.evil.example` } })],
    ["a proxy's request", () => ({ path: `http://${address()}/`, headers: known() })],
    ["a form of no page", () => ({ path: "/sql", method: "POST", headers: known() })],
    ["a form of another page", () => ({ path: "/sql", method: "POST", headers: { ...known(), origin: "http://evil.example" } })],
    ["a form of another port", () => ({ path: "/sql", method: "POST", headers: { ...known(), origin: `http://127.0.0.1:${showing.port}` } })],
    ["a form of a page that hides where it is", () => ({ path: "/sql", method: "POST", headers: { ...known(), origin: "null" } })],
  ])("%s is refused, and told nothing", async (_, make) => {
    const { path = "/", ...options } = make();
    const { status, body, headers } = await ask(hiding.port, path, options);
    expect({ status, body, cookie: headers["set-cookie"] }).toEqual({ status: 403, body: "", cookie: undefined });
  });

  test("by the name localhost, too", async () => {
    expect(await ask(hiding.port, "/sql", { headers: { ...known(), host: `localhost:${hiding.port}` } })).toMatchObject({ status: 200 });
  });

  test("on no other address of the machine", async ({ skip }) => {
    const [other] = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).filter(({ family, internal }) => family === "IPv4" && !internal));
    if (!other) skip("the machine has no other address");
    const socket = connect(hiding.port, other?.address);
    onTestFinished(() => void socket.destroy());
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });
});

describe("what is taken", () => {
  const form = () => ({ cookie: masked.cookie, origin: `http://127.0.0.1:${hiding.port}`, "content-type": "application/x-www-form-urlencoded" });

  test.each<[string, number, () => Parameters<typeof ask>]>([
    ["a form where there is none", 405, () => [hiding.port, "/", { method: "POST", headers: form(), body: "a=b" }]],
    ["DELETE", 405, () => [hiding.port, "/", { method: "DELETE", headers: form() }]],
    ["64 KiB and more", 413, () => [hiding.port, "/sql", { method: "POST", headers: form(), body: `sql=${"x".repeat(64 * 1024)}` }]],
    ["what is no form", 413, () => [hiding.port, "/sql", { method: "POST", headers: { ...form(), "content-type": "application/json" }, body: "{}" }]],
    ["an address of 20 KiB", 431, () => [hiding.port, `/?campaign=${"x".repeat(20_000)}`, { headers: form() }]],
    ["the icon that browsers look for", 204, () => [hiding.port, "/favicon.ico", { headers: form() }]],
  ])("%s is answered with %s", async (_, status, make) => {
    expect(await ask(...make())).toMatchObject({ status });
  });

  test("HEAD, which has no body", async () => {
    const { status, body, headers } = await ask(hiding.port, "/sql", { method: "HEAD", headers: form() });
    expect({ status, body }).toEqual({ status: 200, body: "" });
    expect(Number(headers["content-length"])).toBeGreaterThan(1000);
  });

  test("an answer is kept by nobody, framed by nobody, and may ask for nothing", async () => {
    const { headers, body } = await masked.get("/sql");
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
      ) as string,
    });
    expect(body).not.toMatch(/(src|href|action)="(?!\/|#)/);
  });
});

describe("the SQL box", () => {
  const result = (body: string) => section(read(body), "result");

  test("has the result as a table, and as a chart", async () => {
    const { status, body } = await open.sql(
      "SELECT campaign_id, sum(sent) AS sent FROM marts.campaign_performance WHERE campaign_id IN ('autumn', 'spring') GROUP BY ALL ORDER BY 2 DESC",
    );
    expect(status).toBe(200);
    expect(cells(result(body).querySelector("table"))).toEqual([
      ["autumn", "4"],
      ["spring", "2"],
    ]);
    expect(text(result(body).querySelector("figcaption"))).toBe("sent by campaign_id");
    expect(read(body).querySelector("textarea")?.textContent).toContain("marts.campaign_performance");
  });

  test.each([
    ["by day", "SELECT day, day_number::DECIMAL(9, 2) AS n FROM (VALUES (DATE '2025-09-01', 1.5), (DATE '2025-09-02', 2)) t(day, day_number)", true],
    ["of one row", "SELECT 'a', 1", false],
    ["that begins with a number", "SELECT 1, 2 UNION ALL SELECT 2, 3", false],
    ["without a number", "SELECT 'a', 'b' UNION ALL SELECT 'c', 'd'", false],
    ["in which a name stands twice", "SELECT 'a', 1 UNION ALL SELECT 'a', 2", false],
  ])("has a chart of a result %s: %3$s", async (_, sql, hasChart) => {
    const { body } = await open.sql(sql);
    expect(result(body).querySelector("figure") !== null).toBe(hasChart);
  });

  test("says values as query does", async () => {
    const { body } = await open.sql(
      "SELECT NULL AS a, 'NULL' AS b, 12345678901234567890.1234 AS c, [1, 2] AS d, TIMESTAMPTZ '2025-09-10 12:00:00+00' AS e, 'x\ny' AS f",
    );
    expect(cells(result(body).querySelector("table"))).toEqual([
      ["NULL", '"NULL"', "12345678901234567890.1234", "[1,2]", "2025-09-10T12:00:00.000Z", String.raw`x\ny`],
    ]);
  });

  test("says its limits", async () => {
    expect(text(read((await open.get("/sql")).body).querySelector("label[for=statement]"))).toBe(
      "Statement: 10 seconds and 1,000 rows at most, times in UTC",
    );
  });

  test("shows a plan as it is drawn", async () => {
    const { body } = await open.sql("EXPLAIN SELECT count(*) FROM behavior_signals");
    expect(result(body).querySelector("pre")?.textContent).toContain("\n");
  });

  test("shows 1,000 rows, and says that there are more", async () => {
    const exactly = await open.sql("FROM range(1000)");
    expect(text(result(exactly.body).querySelector(".about"))).toBe("1,000 rows.");
    const { body } = await open.sql("FROM range(1001)");
    expect(text(result(body).querySelector(".about"))).toBe("The first 1,000 rows: signalhouse query gives all.");
    expect(cells(result(body).querySelector("table"))).toHaveLength(1000);
  });

  test("cuts long values, and many of them", async () => {
    const wide = Array.from({ length: 20 }, (_, index) => `repeat('x', 3000) AS c${index}`).join(", ");
    const { body } = await open.sql(`SELECT ${wide} FROM range(200)`);
    expect(body.length).toBeLessThan(3_000_000);
    expect(body).toContain(`>${"x".repeat(2000)}…<`);
    expect(text(result(body).querySelector(".about"))).toMatch(/^The first [\d,]+ rows: /);
  });

  test.each([
    ["SELEC 1", "syntax error"],
    ["FROM nowhere", "Table with name nowhere does not exist"],
    ["FROM order_item", 'Did you mean "order_items"?'],
    ["DELETE FROM behavior_signals", "query only reads"],
    ["COPY (SELECT 1) TO '/tmp/x.csv'", "query reads the warehouse only"],
    ["ATTACH '/tmp/x.db'", "query only reads"],
    ["SET memory_limit = '1GB'", "query only reads"],
    ["FROM read_csv('/etc/passwd')", "query reads the warehouse only"],
    ["FROM '/etc/passwd'", "query reads the warehouse only"],
    ["SELECT getenv('HOME')", "getenv"],
    ["", "there is no statement to run"],
    ["SELECT 1; SELECT 2", "only the last one may read"],
    ["CREATE TEMP TABLE t AS SELECT 1", "the last statement gives no result"],
  ])("%s: %s", async (sql, message) => {
    const { status, body } = await open.sql(sql);
    expect(status).toBe(400);
    expect(text(read(body).querySelector(".failure"))).toContain(message);
  });

  test("ends what takes too long, says so, and gives the warehouse back", async () => {
    const { visitor } = await started({ isPersonal: true, sqlMs: 300 });
    const begin = performance.now();
    const { status, body } = await visitor.sql("SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = 7");
    expect(status).toBe(400);
    expect(text(read(body).querySelector(".failure"))).toContain("the statement took longer than 0.3 seconds, and was ended");
    expect(performance.now() - begin).toBeLessThan(10_000);
    (await openWarehouse(placeOf(config.warehouse))).close();
  });

  test("is closed where personal data is hidden", async () => {
    const { status, body } = await masked.sql("SELECT contact_email FROM marketing_signals");
    expect(status).toBe(400);
    expect(text(read(body).querySelector(".failure"))).toContain("SQL cannot be held to that");
    expect(body).not.toContain("ana@example.com");
    expect((await masked.get("/sql")).body).not.toContain("<textarea");
  });
});

describe("while another process has the warehouse, the published copy", () => {
  let publishing: Config;
  beforeAll(async () => {
    publishing = readConfig({ warehouse: config.warehouse, publish: { to: join(shop.folder, "copy"), contactColumns: ["Email"] } }, "the test");
    await publish({ config: publishing });
  });

  async function busy(isPersonal: boolean): Promise<Visitor> {
    const held = await openWarehouse(placeOf(config.warehouse));
    onTestFinished(() => held.close());
    const read: ServeOptions["read"] = (work, signal) => openForReading(doorTo(publishing, { signal }), publishing, work, { signal });
    return (await started({ isPersonal, read })).visitor;
  }

  test("is shown, says what it is, and hides who contacts are", async () => {
    const visitor = await busy(false);
    const report = await pageAt(visitor, `/?${DAYS}`);
    expect([...report.querySelectorAll(".lead")].map(text).at(-1)).toMatch(
      /^This is the published copy as of 20.* UTC, since another process had the warehouse\.$/,
    );
    expect(numbers(report, "campaign-revenue").map(([name, last]) => [name, last])).toEqual([
      ["Autumn", "€150.50"],
      ["spring", "€70.00"],
      ["No message", "€30.00"],
    ]);
    const body = await bodies(visitor);
    for (const value of [...PERSONAL, "ana%40example.com", "customer-bea"]) expect(body).not.toContain(value);
    expect(body).toContain("(e-mail address) or (phone number)");
    expect(body).toContain("attributes are hidden");
    expect(body).toContain("A published copy has no attributes of contacts but those that publish.contactColumns names.");
    expect((await visitor.sql("SELECT contact_email FROM email_sends")).status).toBe(400);
  });

  test("has hashes in place of contacts' ids, and takes SQL, where personal data is shown", async () => {
    const visitor = await busy(true);
    const body = await bodies(visitor);
    expect(body).toContain("Contacts are called by hashes, as the published copy has them.");
    expect(body).toContain("ana@example.com");
    for (const value of ["customer-ana", "Ana Muster"]) expect(body).not.toContain(value);
    const { status, body: result } = await visitor.sql(
      "SELECT count(*) AS n, any_value(contact_email) AS mail FROM email_sends WHERE contact_email LIKE 'ana%'",
    );
    expect(status).toBe(200);
    expect(cells(section(read(result), "result").querySelector("table"))).toEqual([["1", "ana@example.com"]]);
    expect((await visitor.sql("FROM read_text('/etc/passwd')")).status).toBe(400);
  });
});

describe("the warehouse", () => {
  test("is open for no longer than a page takes", async () => {
    expect((await masked.get("/sql")).status).toBe(200);
    (await openWarehouse(placeOf(config.warehouse))).close();
  });

  test("that another one has is told of, and read again once it is free", async () => {
    const held = await openWarehouse(placeOf(config.warehouse));
    const { status, body } = await masked.get("/sql");
    held.close();
    expect(status).toBe(503);
    expect(text(read(body).querySelector(".failure"))).toContain("[warehouse_locked]");
    expect((await masked.get("/sql")).status).toBe(200);
  });

  test("is given back when whoever asked has gone away", async () => {
    const { visitor, slow } = await startedSlow();
    (await slow()).destroy();
    // Pages are made one after the other: this one comes when that one is given up.
    expect((await visitor.get("/sql")).status).toBe(200);
  });

  test("is given back at once at the end, whatever is running, and whoever holds a connection", async () => {
    const { serving, slow } = await startedSlow();
    const kept = connect(serving.port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void kept.destroy());
    await once(kept, "connect");
    await slow();
    const begin = performance.now();
    await serving.close();
    expect(performance.now() - begin).toBeLessThan(5_000);
    (await openWarehouse(placeOf(config.warehouse))).close();
  });

  /** A server, and a statement sent to it that would run for hours. */
  async function startedSlow() {
    const opened = new EventEmitter();
    const { serving, visitor } = await started({
      isPersonal: true,
      sqlMs: 600_000,
      read: (work, signal) =>
        doorTo(config, { signal }).toRead(({ connection }) => {
          opened.emit("opened");
          return work({ connection, copy: undefined });
        }),
    });
    const slow = async () => {
      const sent = request({
        host: "127.0.0.1",
        port: serving.port,
        path: "/sql",
        method: "POST",
        agent: false,
        headers: { cookie: visitor.cookie, origin: `http://127.0.0.1:${serving.port}`, "content-type": "application/x-www-form-urlencoded" },
      });
      sent.on("error", () => undefined);
      sent.end(new URLSearchParams({ sql: "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = 7" }).toString());
      await once(opened, "opened");
      return sent;
    };
    return { serving, visitor, slow };
  }
});

test("what nobody expected is a page, too, and is told of", async () => {
  const told: unknown[] = [];
  const { visitor } = await started({
    read: () => Promise.reject(new Error("no <b>such</b> thing")),
    onBug: (error) => void told.push(error),
  });
  const { status, body } = await visitor.get("/");
  expect(status).toBe(500);
  expect(text(read(body).querySelector(".failure"))).toContain("This is a bug in signalhouse: no <b>such</b> thing");
  expect(body).not.toContain("<b>such");
  expect(told).toHaveLength(1);
});
