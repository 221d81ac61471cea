/** privacy apply: what would be changed, what was, and that no file has any of it left; and what loads say. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../helpers/cli.ts";
import { TestClock } from "../helpers/clock.ts";
import { filesBelow } from "../helpers/published.ts";
import { behavior, message } from "../helpers/signals.ts";
import { csv, scratchFolder } from "../helpers/warehouse.ts";

const ADDRESS = "anna.of.somewhere@example.com";
const SIGNALS = [
  message("emailSend", "a", "03-01 09:00", { Email: ADDRESS }),
  behavior("pageView", "b", "03-01 10:01", { url: "https://shop/", ipAddress: "10.77.88.99.secret" }, { Email: ADDRESS }),
  // A reject that names her.
  { SIGNAL_ID: "r", Email: ADDRESS },
];
const PRIVACY = { columns: { Email: "pseudonym" }, fields: { ipAddress: "drop" } };

async function loaded(config: object = {}): Promise<{ cwd: string; clock: TestClock }> {
  const at = { cwd: scratchFolder(), clock: new TestClock("2025-09-10T08:00:00Z") };
  configure(at.cwd, config);
  writeFileSync(join(at.cwd, "a.csv"), csv(SIGNALS));
  expect(await cli(["load", "a.csv"], at)).toMatchObject({ code: 3 });
  return at;
}

const configure = (cwd: string, config: object) => writeFileSync(join(cwd, "signalhouse.config.json"), JSON.stringify(config));

const having = (cwd: string) =>
  [...filesBelow(cwd).keys()].filter((path) => path !== "a.csv" && /anna\.of|\.secret/i.test(readFileSync(join(cwd, path)).toString("latin1")));

test("a dry run says what would be changed; then it is, in every file, and the receipt has no value in it", async () => {
  const publish = { publish: { to: "published", contactColumns: ["Email"], contactIds: "plain", keepVersions: 10 } };
  const at = await loaded(publish);
  const { cwd } = at;
  expect(having(cwd)).toContain("signals.duckdb");
  configure(cwd, { ...publish, privacy: PRIVACY });
  const refused = await cli(["load", "a.csv"], at);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("signalhouse privacy apply --dry-run");

  const dry = await cli(["privacy", "apply", "--dry-run", "--json"], at);
  expect([dry.code, JSON.parse(dry.stdout)]).toEqual([
    0,
    expect.objectContaining({
      dry_run: true,
      applied_at: null,
      changed: { columns: { contact_email: 2 }, contents: { marketing_signals: 0, behavior_signals: 1 }, rejects: 1, reference_set_rows: 0, keys: 0 },
      proof: null,
    }),
  ]);
  expect(existsSync(join(cwd, "signals.duckdb.privacy-key"))).toBe(false);
  expect((await cli(["privacy", "apply", "--dry-run"], at)).stdout).toContain("would be changed");

  const { code, stdout, stderr } = await cli(["privacy", "apply", "-o", "receipt.json", "--json"], at);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const receipt = JSON.parse(stdout) as { proof: { files: number } };
  expect(receipt).toMatchObject({
    dry_run: false,
    applied_at: "2025-09-10T08:00:00.000Z",
    published_version: 2,
    proof: { ok: true, bytes: true, found: [] },
  });
  expect(receipt.proof.files).toBeGreaterThan(3);
  expect(JSON.parse(readFileSync(join(cwd, "receipt.json"), "utf8"))).toEqual(receipt);
  expect(statSync(join(cwd, "receipt.json")).mode & 0o777).toBe(0o600);
  expect(stderr).toContain("signals.duckdb.privacy-key, made now");
  expect(having(cwd)).toEqual([]);

  const again = await cli(["privacy", "apply"], at);
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("Nothing was to be changed.")]);
  expect(await cli(["load", "a.csv"], at)).toMatchObject({ code: 0 });
  expect(await cli(["verify"], at)).toMatchObject({ code: 0 });
});

test("one that ended before it published is gone on with, so that no version from before is left", async () => {
  const publish = { publish: { to: "published", contactColumns: ["Email"], contactIds: "plain", keepVersions: 10 } };
  const at = await loaded(publish);
  // All but the copy.
  configure(at.cwd, { privacy: PRIVACY });
  expect(await cli(["privacy", "apply"], at)).toMatchObject({ code: 0 });
  expect(having(at.cwd)).not.toEqual([]);
  configure(at.cwd, { ...publish, privacy: PRIVACY });
  expect(await cli(["privacy", "apply"], at)).toMatchObject({ code: 0, stdout: expect.stringContaining("Published: version 2") });
  expect(having(at.cwd)).toEqual([]);
});

test("a warehouse that is new takes it over, and makes the key; where it lists less, that is told", async () => {
  const at = await loaded({ privacy: PRIVACY });
  expect(having(at.cwd)).toEqual([]);
  expect(statSync(join(at.cwd, "signals.duckdb.privacy-key")).mode & 0o777).toBe(0o600);
  const shown = await cli(["rejects", "show", "1", "3"], at);
  expect(shown.stdout).toContain("psn_");
  configure(at.cwd, {});
  writeFileSync(join(at.cwd, "b.csv"), csv([SIGNALS[0] as Record<string, string>]));
  const { code, stderr } = await cli(["load", "b.csv"], at);
  expect([code, stderr]).toEqual([0, expect.stringContaining("columns.Email, fields.ipAddress")]);
});

test("a text that is not listed and has a listed value is told, and stays", async () => {
  const at = { cwd: scratchFolder(), clock: new TestClock("2025-09-10T08:00:00Z") };
  writeFileSync(
    join(at.cwd, "a.csv"),
    csv([
      message("emailSend", "a", "03-01 09:00", { Email: ADDRESS }),
      behavior("pageView", "b", "03-01 10:01", { url: `https://shop/?${ADDRESS}` }),
    ]),
  );
  configure(at.cwd, {});
  await cli(["load", "a.csv"], at);
  configure(at.cwd, { privacy: { columns: { Email: "pseudonym", "Loyalty Teir": "drop" }, fields: {} } });
  const { code, stderr, stdout } = await cli(["privacy", "apply"], at);
  expect([code, stderr]).toEqual([0, expect.stringContaining("1 row of behavior_signals")]);
  expect(stderr).toContain('privacy.columns lists "Loyalty Teir", and nothing of that name is known.');
  expect(stdout).toContain("Files were not searched byte by byte");
});

test("what is no warehouse is not made, and a receipt that cannot be written is told before anything is changed", async () => {
  const at = await loaded();
  for (const args of [
    ["privacy", "apply"],
    ["privacy", "apply", "--dry-run"],
  ])
    expect(await cli(args, at)).toMatchObject({ code: 2, stderr: expect.stringContaining("privacy lists nothing") });
  configure(at.cwd, { privacy: PRIVACY });
  expect(await cli(["privacy", "apply", "--warehouse", "other.duckdb"], at)).toMatchObject({ code: 1 });
  expect(existsSync(join(at.cwd, "other.duckdb"))).toBe(false);
  expect(await cli(["privacy", "apply", "-o", "signals.duckdb"], at)).toMatchObject({ code: 2 });
  expect(having(at.cwd)).toContain("signals.duckdb");
});
