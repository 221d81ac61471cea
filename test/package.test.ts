import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./helpers/markdown.ts";

const json = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8")) as Record<string, Record<string, unknown>>;

test("it is decided of each dependency's install script whether it runs, so that npm ci has nothing to ask", () => {
  const packages = Object.entries(json("package-lock.json")["packages"] ?? {}) as [path: string, { hasInstallScript?: boolean; os?: string[] }][];
  // npm passes over those of other systems.
  const scripts = packages.filter(([path, { hasInstallScript, os }]) => path !== "" && hasInstallScript && (os?.includes("linux") ?? true));
  expect(Object.keys(json("package.json")["allowScripts"] ?? {}).sort()).toEqual(
    scripts.map(([path]) => path.replace(/^.*node_modules\//, "")).sort(),
  );
});

/** They have machine code, and stay where npm puts them. */
const NATIVE = ["@duckdb/node-bindings", "ssh2"];

test("what the command line leaves to npm is a dependency, and not one of a dependency, which some package managers hide", () => {
  const folder = join(ROOT, "dist/cli");
  const code = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  const named = code.flatMap((text) =>
    [...text.matchAll(/(?:\brequire\(|__require\(|\bimport\(|\bfrom )"((?:@[\w-]+\/)?[a-z][\w-]*)"/g)].map(([, name = ""]) => name),
  );
  const others = [...new Set(named)].filter((name) => !isBuiltin(name)).sort();
  expect(others).toEqual(NATIVE);
  expect(Object.keys(json("package.json")["dependencies"] ?? {})).toEqual(expect.arrayContaining(others));
});

test("of each package whose code is in the command line its licence is there, too", () => {
  const licences = readFileSync(join(ROOT, "dist/cli/LICENSES.txt"), "utf8");
  const bundled = Object.keys(json("package.json")["dependencies"] ?? {}).filter((name) => !NATIVE.includes(name));
  for (const name of bundled) expect(licences).toMatch(new RegExp(`^${name} [0-9].*\n\n[^]*?(?:Copyright|License)`, "m"));
});

interface Locked {
  integrity?: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
}

const locked = Object.entries(json("package-lock.json")["packages"] ?? {}).filter(([path]) => path !== "") as [path: string, Locked][];

test("of each package that npm installs the lock file has a checksum", () => {
  expect(locked.length).toBeGreaterThan(100);
  expect(locked.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""))).toEqual([]);
});

/** What may be passed on with a program of another licence. Some packages say theirs in an older form, which the lock file does not have. */
const LICENCES = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Unlicense"];
const UNSAID: Readonly<Record<string, string>> = { "node_modules/ssh2": "MIT", "node_modules/cpu-features": "MIT", "node_modules/buildcheck": "MIT" };

test("what users install has licences of this list alone", () => {
  const production = locked.filter(([, { dev, devOptional }]) => !dev && !devOptional);
  expect(production.length).toBeGreaterThan(50);
  const others = production.filter(([path, { license = UNSAID[path] }]) => !LICENCES.includes(license ?? ""));
  expect(others).toEqual([]);
});

test("the package has the program, the library, the samples that the sandbox serves and the docs, and nothing else", () => {
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT, encoding: "utf8" })) as [
    { files: { path: string }[]; unpackedSize: number },
  ];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  const known = [
    /^dist\/(cli|pipeline|samples|schemas|sinks|transforms)\/.*\.(js|d\.ts|txt)$/,
    /^docs\/[\w-]+\.md$/,
    /^samples\/exports\//,
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  ];
  expect(paths.filter((path) => !known.some((pattern) => pattern.test(path)))).toEqual([]);
  expect(paths).toEqual(
    expect.arrayContaining(["dist/cli/main.js", "dist/cli/LICENSES.txt", "dist/pipeline/index.js", "dist/pipeline/index.d.ts", "README.md"]),
  );
});

test("what a release runs is pinned by its commit", () => {
  const uses = [...readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8").matchAll(/uses: (.*)/g)].map(([, action]) => action);
  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action ?? ""))).toEqual([]);
});
