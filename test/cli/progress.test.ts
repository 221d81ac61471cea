/** What is told while something takes long: on a terminal a line that goes on, in a log one line. */
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Output } from "../../cli/output.ts";
import { Progress } from "../../cli/progress.ts";
import { realClock } from "../../pipeline/common/clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function printing(isTTY: boolean, { quiet = false, columns = 80 } = {}) {
  const printed: string[] = [];
  const stream = () =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        printed.push(text);
        done();
      },
    });
  const out = new Output(
    { stdout: stream(), stderr: Object.assign(stream(), isTTY ? { isTTY, columns } : {}), clock: realClock },
    { json: false, quiet, level: "info" },
  );
  /** What stood on the terminal, line after line drawn. */
  const drawn = () => printed.filter((text) => /^[[\d]/.test(text));
  return { out, drawn, text: () => printed.join("") };
}

const READ = { event: "reading", path: "Export/a.csv.gz", bytes: 1000, size: 1000, records: 50 } as const;
const WRITING = { event: "writing", path: "Export/a.csv.gz", records: 50 } as const;

test("at 100 % a terminal shows that the file is being written, and for how long", () => {
  const { out, text, drawn } = printing(true, { columns: 60 });
  const progress = new Progress(out, 1000);
  progress.onEvent(READ);
  progress.onEvent(WRITING);
  vi.advanceTimersByTime(7500);
  expect(drawn().at(-1)).toBe("[================] 100%  writing into the warehouse 0:07  1…");
  expect(text()).toContain("writing into the warehouse 0:02");
  progress.stop();
  const length = text().length;
  vi.advanceTimersByTime(5000);
  expect(text()).toHaveLength(length);
});

test("a name on a terminal's bar drives no terminal, whatever is done with its file", () => {
  const { out, text } = printing(true, { columns: 200 });
  const progress = new Progress(out, 1000);
  const path = "Export/\nforged\u001b]0;mine\u0007\u202e.csv.gz";
  progress.onEvent({ ...READ, path });
  progress.onEvent({ ...WRITING, path });
  vi.advanceTimersByTime(2500);
  progress.stop();
  expect(text()).toMatch(/left .* \\nforged[^]*writing into the warehouse 0:02 .* \\nforged\\u001b\]0;mine\\u0007\\u202e\.csv\.gz/);
  for (const forged of ["\nforged", "\u001b]", "\u202e"]) expect(text()).not.toContain(forged);
});

test("the next file, which is read meanwhile, is what is shown", () => {
  const { out, text } = printing(true);
  const progress = new Progress(out, 5000);
  progress.onEvent(READ);
  progress.onEvent(WRITING);
  for (let bytes = 500; bytes <= 4000; bytes += 500) {
    progress.onEvent({ ...READ, path: "Export/b.csv.gz", size: 4000, bytes });
    vi.advanceTimersByTime(500);
  }
  expect(text()).toContain("b.csv.gz");
  expect(text()).not.toContain("writing");
  progress.stop();
});

test("a log has one line for it, where it takes longer than some seconds", () => {
  const { out, text } = printing(false);
  const progress = new Progress(out, 1000);
  progress.onEvent(READ);
  progress.onEvent(WRITING);
  vi.advanceTimersByTime(4000);
  expect(text()).toBe("");
  vi.advanceTimersByTime(60_000);
  expect(text()).toMatch(/^\S+Z writing Export\/a\.csv\.gz into the warehouse: 50 records\n$/);
  progress.stop();
});

test("what is waited for stands on a terminal with its time, and is gone when it is over", () => {
  const { out, text, drawn } = printing(true);
  out.waiting("waiting for rain");
  vi.advanceTimersByTime(65_300);
  expect(drawn().at(-1)).toBe("1:05  waiting for rain");
  out.waiting(undefined);
  const length = text().length;
  vi.advanceTimersByTime(5000);
  expect(text()).toHaveLength(length);
});

test("a wait that is set down for a look goes on behind it; hours later it is another one", () => {
  const { out, drawn } = printing(true);
  const waits = (ms: number) => {
    out.waiting("waiting for rain");
    vi.advanceTimersByTime(ms + 200);
    out.waiting(undefined);
    return drawn().at(-1);
  };
  expect(waits(30_000)).toBe("0:30  waiting for rain");
  vi.advanceTimersByTime(2000);
  expect(waits(30_000)).toBe("1:02  waiting for rain");
  vi.advanceTimersByTime(3_600_000);
  expect(waits(30_000)).toBe("0:30  waiting for rain");
  for (let minutes = 0; minutes < 3; minutes++) {
    out.waiting("waiting for snow");
    vi.advanceTimersByTime(61_000);
  }
  expect(drawn().at(-1)).toBe("3:03  waiting for snow");
  out.waiting(undefined);
});

test.each([
  [60, "x".repeat(200), `0:07  ${"x".repeat(53)}…`],
  [60, "日".repeat(100), `0:07  ${"日".repeat(26)}…`],
  [20, "a\u001b[2Jb\nc", "0:07  a\\u001b[2Jb\\nc"],
])("a terminal of %i columns shows the time, and no more than it has room for", (columns, what, shows) => {
  const { out, drawn } = printing(true, { columns });
  out.waiting(what);
  vi.advanceTimersByTime(7200);
  out.waiting(undefined);
  expect(drawn().at(-1)).toBe(shows);
});

test("a log has one line for it, however often it is said; --quiet has none", () => {
  const { out, text } = printing(false);
  for (let time = 0; time < 3; time++) {
    out.waiting("waiting for rain");
    out.waiting(undefined);
  }
  expect(text()).toMatch(/^\S+Z waiting for rain\n$/);
  const { out: quiet, text: nothing } = printing(true, { quiet: true });
  quiet.waiting("waiting for rain");
  expect(nothing()).toBe("");
});
