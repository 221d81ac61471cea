import { expect, test } from "vitest";
import { SignalhouseError } from "../../schemas/errors.ts";
import { explainDuckdb } from "../../sinks/duckdb-errors.ts";
import { explainTooMany } from "../../sinks/file-faults.ts";

const ofNode = (code: string) => Object.assign(new Error(`${code}: too many open files, open '/a/b'`), { code });

test.each([
  ["Node, of the process", ofNode("EMFILE")],
  ["Node, of the machine", ofNode("ENFILE")],
  ["DuckDB", new Error('IO Error: Cannot open file "/a/b": Too many open files')],
])("too many open files, as they are told by %s", (_by, error) => {
  for (const explained of [explainTooMany(error), explainDuckdb(error, "w.duckdb")])
    expect(explained).toMatchObject({ code: "too_many_files", hint: expect.stringContaining("ulimit -n") as string, cause: error });
});

test.each([
  ["what is explained already", new SignalhouseError("disk_full", "Too many open files", "Free some.")],
  ["what data says", new Error("Conversion Error: Could not convert string 'Too many open files' to INT32")],
  ["another fault", new TypeError("x is undefined")],
  ["what is no error", undefined],
])("%s stays as it is", (_what, error) => {
  expect(explainTooMany(error)).toBe(error);
});
