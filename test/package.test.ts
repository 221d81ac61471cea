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
