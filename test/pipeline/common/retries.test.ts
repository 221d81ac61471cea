/** Trying again. */
import { expect, test } from "vitest";
import { Retries } from "../../../pipeline/common/retries.ts";

const make = (limit: number, lines: string[] = [], passes = true) =>
  new Retries({ limit, backoffMs: 0, doing: "asking", passes: () => passes, log: (line) => lines.push(line) });

test("so many times in a row, each told; then the failure itself is thrown", async () => {
  const lines: string[] = [];
  const retries = make(2, lines);
  await retries.again(new Error("first"));
  await retries.again(new Error("second"));
  await expect(retries.again(new Error("third"))).rejects.toThrow("third");
  expect(lines).toEqual(["first; asking again in 0 ms (1 of 2)", "second; asking again in 0 ms (2 of 2)"]);
});

test("the count starts anew where something came of an attempt", async () => {
  const retries = make(1);
  await retries.again(new Error("first"));
  retries.progress();
  await retries.again(new Error("second"));
  await expect(retries.again(new Error("third"))).rejects.toThrow("third");
});

test("what does not pass is thrown at once", async () => {
  await expect(make(5, [], false).again(new Error("for good"))).rejects.toThrow("for good");
});

test("an interruption ends it, before a wait and during it", async () => {
  const retries = new Retries({ limit: 1, backoffMs: 60_000, doing: "asking", passes: () => true, log: () => stop.abort(new Error("enough")) });
  const stop = new AbortController();
  await expect(retries.again(new Error("lost"), stop.signal)).rejects.toThrow("enough");
  await expect(retries.again(new Error("lost"), stop.signal)).rejects.toThrow("enough");
});

test("the wait doubles up to half a minute, and is never quite the same", async () => {
  const waits: number[] = [];
  const stop = new AbortController();
  for (let attempt = 0; attempt < 3; attempt++) {
    const lines: string[] = [];
    const retries = new Retries({ limit: 9, backoffMs: 1, doing: "asking", passes: () => true, log: (line) => lines.push(line) });
    for (let again = 0; again <= attempt; again++) await retries.again(new Error("lost"), stop.signal);
    waits.push(Number(/in (\d+) ms/.exec(lines.at(-1) ?? "")?.[1]));
  }
  for (const [attempt, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(Math.round(2 ** attempt / 2));
    expect(wait).toBeLessThanOrEqual(2 ** attempt);
  }
});
