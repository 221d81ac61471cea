/** Where jobs can stand. */
import { expect, test } from "vitest";
import {
  AWAITED_EXPORTS,
  COUNTED_EXPORTS,
  EXPORT_STATES,
  IMPORT_STATES,
  isAtConnect,
  LOADABLE_EXPORTS,
  OPEN_EXPORTS,
  OPEN_IMPORTS,
  SOUGHT_EXPORTS,
} from "../../schemas/jobs.ts";

test.each([
  ["open exports", OPEN_EXPORTS, ["postponed", "asking", "asked", "arrived"]],
  ["exports whose file is to come", AWAITED_EXPORTS, ["postponed", "asking", "asked"]],
  ["exports whose file is looked for", SOUGHT_EXPORTS, ["asking", "asked", "arrived"]],
  ["exports that a load ends", LOADABLE_EXPORTS, ["asked", "arrived"]],
  ["exports that count for their day", COUNTED_EXPORTS, ["asking", "asked", "arrived", "loaded"]],
  ["open imports", OPEN_IMPORTS, ["uploading", "asking", "asked"]],
])("%s", (_, states, expected) => expect(states).toEqual(expected));

test("Connect is, or may be, at what is asking or asked", () => {
  const all = [...Object.keys(EXPORT_STATES), ...Object.keys(IMPORT_STATES)] as Parameters<typeof isAtConnect>[0][];
  expect(new Set(all.filter(isAtConnect))).toEqual(new Set(["asking", "asked"]));
});

test.each([EXPORT_STATES, IMPORT_STATES])("every state that comes next is one, and from each a job can end", (states) => {
  const next: Readonly<Record<string, { next: readonly string[] }>> = states;
  for (const { next: names } of Object.values(next)) expect(Object.keys(states)).toEqual(expect.arrayContaining([...names]));
  const ends = (status: string, seen: readonly string[] = []): boolean =>
    next[status]?.next.length === 0 || (next[status]?.next ?? []).some((name) => !seen.includes(name) && ends(name, [...seen, status]));
  expect(Object.keys(states).filter((status) => !ends(status))).toEqual([]);
});
