/** What a sync does with each file. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planSync, type PlanOptions } from "../../../pipeline/load/plan.ts";
import type { RemoteFile } from "../../../pipeline/sftp/file.ts";
import type { KnownFile } from "../../../sinks/ledger.ts";

const file = (path: string, mtime = 10, size = 100): RemoteFile => ({ path, mtime, size });
const known = (status: KnownFile["status"], path: string, mtime = 10, size = 100): KnownFile => ({ path, mtime, size, status });
const A = "Export/Signals/2025-09-01/a.csv.gz";

describe("a file", () => {
  test.each<[string, RemoteFile, KnownFile[], PlanOptions, string]>([
    ["that is new", file(A), [], {}, "load: new"],
    ["that is new beside others", file(A), [known("loaded", "b.csv.gz")], {}, "load: new"],
    ["that is loaded", file(A), [known("loaded", A)], {}, "skip: loaded"],
    ["that is loaded, and older than --since", file(A), [known("loaded", A)], { since: 99 }, "skip: loaded"],
    ["that is loaded, and not named", file(A), [known("loaded", A)], { only: ["b*"] }, "skip: loaded"],
    ["with the bytes of another", file(A), [known("duplicate", A)], {}, "skip: same bytes as another file"],
    ["with another size", file(A, 10, 101), [known("loaded", A)], {}, "load: changed since it was loaded"],
    ["with another mtime", file(A, 11), [known("loaded", A)], {}, "load: changed since it was loaded"],
    ["with an earlier mtime", file(A, 9), [known("loaded", A)], {}, "load: changed since it was loaded"],
    ["that changed since it was found a duplicate", file(A, 11), [known("duplicate", A)], {}, "load: changed since it was loaded"],
    ["that changed, and is loaded as it is now too", file(A, 11), [known("loaded", A), known("loaded", A, 11)], {}, "skip: loaded"],
    ["that failed", file(A), [known("failed", A)], {}, "load: failed before"],
    ["that failed when it was shorter", file(A), [known("failed", A, 9, 50)], {}, "load: failed before"],
    ["that changed, and then failed", file(A, 11), [known("loaded", A), known("failed", A, 11)], {}, "load: changed since it was loaded"],
    ["that changed, and had failed before", file(A, 11), [known("failed", A, 9), known("loaded", A)], {}, "load: changed since it was loaded"],
    ["that is loaded, and failed later when it looked otherwise", file(A), [known("loaded", A), known("failed", A, 11)], {}, "skip: loaded"],
    ["that was dismissed", file(A), [known("dismissed", A)], {}, "skip: dismissed"],
    ["that changed since it was dismissed", file(A, 11), [known("dismissed", A)], {}, "load: failed before"],
    ["that is loaded, and was dismissed when it looked otherwise", file(A), [known("loaded", A), known("dismissed", A, 11)], {}, "skip: loaded"],
    ["on the edge of --since", file(A, 10), [], { since: 10 }, "load: new"],
    ["before --since", file(A, 9), [], { since: 10 }, "skip: before --since"],
    ["since the beginning of time", file(A, 0), [], { since: 0 }, "load: new"],
    ["named by its file name", file(A), [], { only: ["a.csv.gz"] }, "load: new"],
    ["named by a glob on its file name", file(A), [], { only: ["b*", "a.*"] }, "load: new"],
    ["named by a glob on its path", file(A), [], { only: ["Export/**/2025-09-*/*"] }, "load: new"],
    ["named by a folder's glob", file(A), [], { only: ["**/2025-09-01/**"] }, "load: new"],
    ["named by alternatives", file(A), [], { only: ["{a,b}.csv.gz"] }, "load: new"],
    ["of another day", file(A), [], { only: ["**/2025-09-02/**"] }, "skip: not named by --only"],
    ["with another name", file(A), [], { only: ["a.csv"] }, "skip: not named by --only"],
    ["where nothing is named", file(A), [], { only: [] }, "load: new"],
    ["whose name begins with a dot", file("Export/.a.csv.gz"), [], { only: ["*.gz"] }, "load: new"],
    ["that is plain CSV", file("a.csv"), [], {}, "load: new"],
    ["with an ending in capitals", file("A.CSV.GZ"), [], {}, "load: new"],
    ["that is gzip by its ending only", file("a.gz"), [], {}, "load: new"],
    ["that is still being uploaded under another name", file(`${A}.filepart`), [], {}, "skip: not .csv or .gz"],
    ["that is something else", file("README.txt"), [], { only: ["README.txt"] }, "skip: not .csv or .gz"],
    ["without an ending", file("csv"), [], {}, "skip: not .csv or .gz"],
  ])("%s", (_, listed, ledger, options, expected) => {
    const [{ file: planned, decision } = expect.fail("nothing is planned")] = planSync([listed], ledger, options);
    expect(planned).toBe(listed);
    expect(`${decision.action}: ${decision.why}`).toBe(expected);
  });
});

describe("--only", () => {
  test.each<[string, boolean]>([
    ["*2025-09*", true],
    ["2025-09-01", true],
    ["2025-*", true],
    ["Signals", true],
    ["a.csv.gz", true],
    ["*.gz", true],
    ["{a,b}.*", true],
    ["2025-09", false],
    ["signals", false],
    ["a", false],
    ["**", true],
    ["*/*", false],
    ["*/a.csv.gz", false],
    ["**/a.csv.gz", true],
    ["Export/**", true],
    ["Signals/**", false],
    ["Export/*/2025-09-??/*", true],
    ["Export/Signals/2025-09-01", false],
  ])("%s", (pattern, named) => {
    const [planned] = planSync([file(A)], [], { only: [pattern] });
    expect(planned?.decision.action).toBe(named ? "load" : "skip");
  });
  test("an empty pattern is a mistake", () => {
    expect(() => planSync([], [], { only: ["a", ""] })).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

test("files come oldest first, those of the same moment by path, whatever the order of the listing", () => {
  const files = [file("c.csv", 2), file("b.csv", 1), file("a.csv", 2), file("d.csv", 0)];
  for (const listing of [files, files.toReversed()]) {
    expect(planSync(listing, []).map(({ file: { path } }) => path)).toEqual(["d.csv", "b.csv", "a.csv", "c.csv"]);
  }
});

test("every file of the listing is planned once, and the listing stays as it is", () => {
  const files = fc.array(fc.record({ path: fc.constantFrom("a.csv", "b.gz", "c.txt"), mtime: fc.nat(3), size: fc.nat(2) }));
  const ledger = fc.array(
    fc.record({
      path: fc.constantFrom("a.csv", "b.gz"),
      mtime: fc.nat(3),
      size: fc.nat(2),
      status: fc.constantFrom("loaded", "duplicate", "failed"),
    }),
  );
  fc.assert(
    fc.property(files, ledger, (listing, entries) => {
      const before = structuredClone(listing);
      const planned = planSync(listing, entries);
      expect(listing).toEqual(before);
      expect(new Set(planned.map((plan) => plan.file))).toEqual(new Set(listing));
      expect(planned).toHaveLength(listing.length);
      for (const {
        file: { path, mtime, size },
        decision,
      } of planned) {
        const loaded = entries.some((entry) => entry.status !== "failed" && entry.path === path && entry.mtime === mtime && entry.size === size);
        expect(decision.action === "skip").toBe(loaded || path === "c.txt");
      }
    }),
  );
});
