/** What is in the server's folders and is not loaded is said: by sync, ls and doctor. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { cli, writeConfig } from "../helpers/cli.ts";
import { startOddServer } from "../helpers/odd-server.ts";
import { sshdMissing, startSshd } from "../helpers/sshd.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe.skipIf(sshdMissing)("links and names of OpenSSH", () => {
  test("what can be loaded is, once; the rest is said", async () => {
    const sshd = await startSshd();
    onTestFinished(() => sshd.close());
    const { host, port, keyFile, fingerprints: hostKeys, folder } = sshd;
    const cwd = scratchFolder();
    writeConfig(cwd, { sftp: { host, port, user: userInfo().username, keyFile, hostKeys } });
    const signals = join(folder, "Export/Signals");
    mkdirSync(signals, { recursive: true });
    mkdirSync(join(folder, "archive"));
    writeFileSync(join(folder, "archive/a.csv"), csv([pageView("a")]));
    writeFileSync(Buffer.from(`${signals}/b\xff.csv`, "latin1"), csv([pageView("b")]));
    writeFileSync(Buffer.from(`${signals}/b\xfe.csv`, "latin1"), csv([pageView("c")]));
    symlinkSync("../../archive", join(signals, "archive"));
    symlinkSync("archive/a.csv", join(signals, "same.csv"));
    symlinkSync("/etc", join(signals, "out"));
    symlinkSync("gone.csv", join(signals, "gone.csv"));

    const passedOver = [
      { path: "Export/Signals/gone.csv", why: "it is a link that leads nowhere" },
      { path: "Export/Signals/out", why: "it is a link that leads out of the subscription's folder, to /etc" },
    ];
    const lines = passedOver.map(({ path, why }) => `passed over: ${path}: ${why}`);
    const dry = await cli(["sync", "--dry-run"], { cwd });
    for (const line of lines) expect(dry.stderr).toContain(line);
    const first = await cli(["sync", "--json"], { cwd });
    expect(json(first.stdout)).toMatchObject({ passed_over: passedOver, totals: { records: 3, inserted: 3 } });
    expect(json(first.stdout)["files"]).toMatchObject(
      ["b\\xFE.csv", "b\\xFF.csv", "same.csv"].map((name) => ({ path: `Export/Signals/${name}`, status: "loaded" })),
    );
    const second = await cli(["sync"], { cwd });
    expect(second).toMatchObject({ code: 0, stdout: "Nothing new: of 3 files on the server, 3 loaded.\n" });
    for (const line of lines) expect(second.stderr).toContain(line);
    expect(json((await cli(["ls", "--json"], { cwd })).stdout)).toMatchObject({ passed_over: passedOver });
    const listing = (await cli(["ls"], { cwd })).stdout;
    for (const line of lines) expect(listing).toContain(line);
    const doctor = (await cli(["doctor"], { cwd })).stdout;
    for (const line of lines) expect(doctor).toContain(line);
  });
});

test("a file of which the server does not say its size or time fails with its name; the others are loaded", async () => {
  const content = Buffer.from(csv([pageView("a")]));
  const whole = { name: "a.csv", size: content.length };
  const server = await startOddServer({
    folders: { "/Export/Signals": [whole, { name: "b.csv", size: null }, { name: "c.csv", size: content.length, mtime: null }] },
    stats: { "/Export/Signals/a.csv": whole, "/Export/Signals/b.csv": { name: "", size: null } },
    content,
  });
  onTestFinished(() => server.close());
  const { host, port, user, keyFile, hostKeys } = server.sftp;
  const cwd = scratchFolder();
  writeConfig(cwd, { sftp: { host, port, user, ...(keyFile === undefined ? {} : { keyFile }), hostKeys } });
  const [size, time] = [
    "The server does not say the size of Export/Signals/b.csv",
    "The server does not say the time of last change of Export/Signals/c.csv",
  ];
  for (const options of [[], ["--since", "2020-01-01"]]) {
    const { code, stderr } = await cli(["sync", ...options], { cwd });
    expect([code, stderr.includes(size), stderr.includes(time)]).toEqual([1, true, true]);
  }
  const failed = { size: null, mtime: null, state: "unreadable" };
  const listed = json((await cli(["ls", "--json"], { cwd })).stdout)["files"] as { path: string }[];
  expect(listed.toSorted((one, other) => (one.path < other.path ? -1 : 1))).toMatchObject([
    { path: "Export/Signals/a.csv", state: "loaded" },
    { path: "Export/Signals/b.csv", ...failed, fault: size },
    { path: "Export/Signals/c.csv", ...failed, fault: time },
  ]);
  expect((await cli(["ls"], { cwd })).stdout).toContain(`<- ${size}`);
  expect((await cli(["doctor"], { cwd })).stdout).toContain(`${size}; ${time}`);
});

test("doctor does not tell the same of thousands of files", async () => {
  const names = Array.from({ length: 1000 }, (_, number) => ({ name: `${number}.csv`, mtime: null }));
  const server = await startOddServer({ folders: { "/Export/Signals": names }, stats: {} });
  onTestFinished(() => server.close());
  const { host, port, user, keyFile, hostKeys } = server.sftp;
  const cwd = scratchFolder();
  writeConfig(cwd, { sftp: { host, port, user, ...(keyFile === undefined ? {} : { keyFile }), hostKeys } });
  const { stdout } = await cli(["doctor"], { cwd });
  expect(stdout.split("does not say").length - 1).toBe(20);
  expect(stdout).toContain("and 980 others like these; signalhouse ls lists them");
});
