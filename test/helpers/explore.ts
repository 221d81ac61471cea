/** A small warehouse of a shop, made by hand, and a browser's way to its pages. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request, type OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli } from "./cli.ts";
import { act, BOT, click, type CsvRow, delivery, of, open, order, send } from "./mart-rows.ts";
import { csv } from "./warehouse.ts";

/** Names that would be something else, if they were not escaped. */
export const EVIL = `<script>alert("1")</script>' OR 1=1 --`;

/** Ana's; no page says them, unless that is asked for. */
export const PERSONAL = ["ana@example.com", "+49 170 1234567", "customer-ana", "Ana Muster"];

const ANA: CsvRow = { Email: "ana@example.com", "Phone Number": "+49 170 1234567", Name: "Ana Muster" };
const ana = "customer-ana";
const BEA: CsvRow = { Email: "bea@example.org" };
const bea = "customer-bea";

/** Of Ana's page views, so that her timeline has two pages. */
const VIEWS = 120;

/**
 * Autumn (Hello) is sent to four, and earns 100.50 and 50 EUR; spring (Bloom) is sent to two, and earns 70 EUR; 30 EUR and 10 USD come by themselves.
 * All is of 2025-09-10, the latest view of the day after.
 */
const ROWS: readonly CsvRow[] = [
  ...[ana, bea, "c", "d"].flatMap((who, index) => {
    const own = who === ana ? ANA : who === bea ? BEA : {};
    return [send(`hello-${index}`, "10:00", who, own), delivery(`hello-d${index}`, "10:01", who, own)];
  }),
  open("hello-o0", "10:02", ana, ANA),
  click("hello-c0", "10:05", ana, { LINK_ID: "to-shop", ...ANA }),
  click("hello-c0b", "10:06", ana, { LINK_ID: "to-shop", ...ANA }),
  click("hello-c1", "10:07", bea, { LINK_ID: "to-sale", ...BEA }),
  click("hello-c2", "10:08", "c", { LINK_ID: "to-sale", ...BOT }),
  ...["c", "d"].flatMap((who, index) => [
    send(`bloom-${index}`, "11:00", who, of("spring", "Bloom")),
    delivery(`bloom-d${index}`, "11:01", who, of("spring", "Bloom")),
  ]),
  click("bloom-c0", "11:05", "c", { LINK_ID: "to-bloom", ...of("spring", "Bloom") }),
  send("evil-0", "12:00", "d", of(EVIL, EVIL)),
  order("o-1", "13:00", ana, "100.50", {}, ANA),
  order("o-2", "13:01", bea, "50", {}, BEA),
  order("o-3", "13:02", "c", "70"),
  order("o-4", "13:03", "d", "30"),
  order("o-5", "13:04", "d", "10", { currency: "USD" }),
  act("onSiteSearch", "s-1", "14:00", ana, { searchTerm: "ana@example.com or +49 170 1234567" }, ANA),
  ...Array.from({ length: VIEWS }, (_, index) =>
    act(
      "pageView",
      `v-${index}`,
      `15:${String(index % 60).padStart(2, "0")}`,
      ana,
      { url: `https://shop.example/${index}?mail=ana%40example.com` },
      ANA,
    ),
  ),
  act("pageView", "v-last", "+1 08:00", ana, { url: "https://shop.example/last" }, ANA),
];

/** Makes a folder with the warehouse. The caller removes it. */
export async function shopFolder(): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
  writeFileSync(join(folder, "signalhouse.config.json"), JSON.stringify({ contacts: { keys: ["Customer ID", "Email", "Phone Number"] } }));
  writeFileSync(join(folder, "export.csv"), csv(ROWS));
  const { code, stdout, stderr } = await cli(["load", "export.csv"], { cwd: folder });
  if (code !== 0) throw new Error(stdout + stderr);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** One request as it is written here, whatever a browser would make of it. */
export async function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body = "" }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Whoever has come by the printed address: the cookie goes with all requests. */
export class Visitor {
  readonly port: number;
  readonly cookie: string;

  private constructor(port: number, cookie: string) {
    this.port = port;
    this.cookie = cookie;
  }

  static async by(url: string): Promise<Visitor> {
    const { port, pathname, search } = new URL(url);
    const { headers } = await ask(Number(port), pathname + search);
    const [cookie = ""] = headers["set-cookie"] ?? [];
    return new Visitor(Number(port), cookie.replace(/;.*/, ""));
  }

  get(path: string): Promise<Reply> {
    return ask(this.port, path, { headers: { cookie: this.cookie } });
  }

  /** Sends the form of the SQL box. */
  sql(sql: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    const form = { cookie: this.cookie, origin: `http://127.0.0.1:${this.port}`, "content-type": "application/x-www-form-urlencoded", ...headers };
    return ask(this.port, "/sql", { method: "POST", headers: form, body: new URLSearchParams({ sql }).toString() });
  }
}
