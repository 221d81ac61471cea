import { readFileSync } from "node:fs";
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

test("of each package whose code is in the command line its licence is there, too", () => {
  const licences = readFileSync(join(ROOT, "dist/cli/LICENSES.txt"), "utf8");
  // ssh2 has machine code, and stays where npm puts it.
  const bundled = Object.keys(json("package.json")["dependencies"] ?? {}).filter((name) => name !== "ssh2");
  for (const name of bundled) expect(licences).toMatch(new RegExp(`^${name} [0-9].*\n\n[^]*?(?:Copyright|License)`, "m"));
});
