/** Imports go one way: the folders stand in an order, and none imports from one behind it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./helpers/markdown.ts";

/** From what knows nothing to what knows all. */
const ORDER = [
  "schemas",
  "transforms",
  "sinks/views",
  "sinks/marts",
  "sinks",
  "sinks/publish",
  "sinks/query",
  "sinks/erasure",
  "sinks/report",
  "sinks/report/questions",
  "sinks/report/page",
  "sinks/explore",
  "sinks/explore/questions",
  "sinks/explore/page",
  "sinks/vector",
  "sinks/reference-set",
  "pipeline/common",
  "pipeline/sftp",
  "pipeline/connect-api",
  "pipeline/vector",
  "pipeline/load",
  "pipeline/jobs",
  "pipeline/export",
  "pipeline/reference-set",
  "pipeline/explore",
  "pipeline",
  "samples/generator",
  "samples/generator/marts",
  "samples/sandbox",
  "samples/notebooks",
  "samples",
  "cli",
];

const sources = (folder: string): string[] => readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith(".ts") ? [`${folder}/${name}`] : []));

/** What a file imports of ours. */
const importsOf = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(/(?:from |import\()"(\.[^"]+\.ts)"/g)].map(([, path]) =>
    normalize(join(dirname(file), path as string)),
  );

const TOP = ["schemas", "transforms", "sinks", "pipeline", "samples", "cli"];

test("every folder with sources has its place", () => {
  const inside = TOP.flatMap((top) => readdirSync(join(ROOT, top), { recursive: true }).map((path) => join(top, String(path))));
  const folders = inside.filter((path) => path.endsWith(".ts")).map(dirname);
  expect([...new Set(folders)].filter((folder) => folder !== "transforms/assembly").toSorted()).toEqual(ORDER.toSorted());
});

test.each(ORDER.map((folder, place) => [folder, place] as const))("%s imports nothing that stands behind it", (folder, place) => {
  const behind = sources(folder).flatMap((file) =>
    importsOf(file).flatMap((imported) => (ORDER.indexOf(dirname(imported)) > place ? [`${file} imports ${imported}`] : [])),
  );
  expect(behind).toEqual([]);
});
